"""Commands that set the model beside published experiments."""

from pathlib import Path
from typing import Annotated

import typer

from ketamind.cli.common import Json, Out, Seed, Without, app, names, print_json, progress, tell, writable
from ketamind.errors import BadValue


@app.command()
def score(
    experiments: Annotated[
        Path | None, typer.Option(help="A table of experiments, or a folder of them; those shipped if left out.")
    ] = None,
    domain: Annotated[str, typer.Option(help="One domain only, such as clinical.")] = "",
    hypothesis: Annotated[
        str, typer.Option(help="A rival account by name, or a TOML file of your own.", metavar="NAME_OR_FILE")
    ] = "",
    without: Without = "",
    people: Annotated[int, typer.Option(help="Virtual patients in each arm of a trial.", min=20, max=100_000)] = 400,
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Predict published experiments and count which agree, beside what a naive guess gets."""
    from ketamind.evidence.hypotheses import SHIPPED, load_hypothesis, score_hypothesis
    from ketamind.evidence.score import load
    from ketamind.studies.calibrate.result import left_out_measures

    account = load_hypothesis(hypothesis or SHIPPED).less(names(without))
    rows, refused = load(experiments)
    folder = writable(out)
    with progress("simulating arms", len(rows)) as (advance, _):
        found = score_hypothesis(
            account, rows, seed=seed, domain=domain, people=people, refused=refused, progress=advance
        )
    left_out = left_out_measures(account.name)
    if folder is not None:
        from ketamind.report.score_report import write_score_report

        tell(f"report: {write_score_report(found, folder)}")
    if as_json:
        print_json({**found.as_json(), "cross_validated": left_out})
    else:
        print(found.as_text())
        for name, value in left_out.items():
            print(f"{name.replace('_', ' ')}, studies left out of the calibration: {value:.3g}")


@app.command()
def compare(
    hypotheses: Annotated[
        str, typer.Option(help="Hypotheses by name or file, separated by commas; all if left out.", metavar="A,B,...")
    ] = "",
    experiments: Annotated[
        Path | None, typer.Option(help="A table of experiments, or a folder of them; those shipped if left out.")
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Compute anew and store with the package, half a minute each.")
    ] = False,
    people: Annotated[int, typer.Option(help="Virtual patients in each arm of a trial.", min=20, max=100_000)] = 400,
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Set rival accounts of ketamine side by side on the published experiments. Ctrl-C keeps what is finished."""
    from ketamind.evidence.score import load
    from ketamind.studies.compare import compare as set_side_by_side

    if renew and experiments is not None:
        raise BadValue("--renew stores the shipped experiments only; leave out --renew or --experiments.")
    rows, refused = load(experiments) if experiments is not None else (None, [])
    folder = writable(out)
    for file, line in refused:
        tell(f"{file}, line {line.line} ({line.id}) was not read: {line.reason}")
    with progress("simulating arms", 1) as (advance, describe):
        found = set_side_by_side(
            names(hypotheses),
            renew=renew,
            seed=seed,
            people=people,
            experiments=rows,
            progress=advance,
            describe=describe,
        )
    if folder is not None:
        from ketamind.report.compare_report import write_compare_report

        tell(f"report: {write_compare_report(found, folder)}")
    if as_json:
        print_json(found.as_json())
    else:
        print(found.as_text())
    if found.unfinished:
        raise typer.Exit(130)


@app.command()
def claims(
    only: Annotated[
        str, typer.Option("--claims", help="Claims by id, separated by commas; all if left out.", metavar="A,B,...")
    ] = "",
    hypotheses: Annotated[
        str, typer.Option(help="Hypotheses by name or file, separated by commas; all if left out.", metavar="A,B,...")
    ] = "",
    renew: Annotated[
        bool, typer.Option("--renew", help="Compute anew and store with the package, half a minute a hypothesis.")
    ] = False,
    people: Annotated[int, typer.Option(help="Virtual patients in each arm of a trial.", min=20, max=100_000)] = 100,
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Put what is claimed of ketamine to the model and to the literature. Ctrl-C keeps what is finished."""
    from ketamind.studies.claims import claims as put_to_the_model

    folder = writable(out)
    with progress("testing claims", 1) as (advance, describe):
        found = put_to_the_model(
            names(only),
            hypotheses=names(hypotheses),
            renew=renew,
            seed=seed,
            people=people,
            progress=advance,
            describe=describe,
        )
    if folder is not None:
        from ketamind.report.claims_report import write_claims_report

        tell(f"report: {write_claims_report(found, folder)}")
    if as_json:
        print_json(found.as_json())
    else:
        print(found.as_text())
    if found.unfinished:
        raise typer.Exit(130)
