"""Commands that ask questions of the model."""

from pathlib import Path
from typing import Annotated

import typer

from ketamind.cli.common import (
    Json,
    Out,
    Seed,
    Species,
    Without,
    Words,
    app,
    names,
    numbers,
    print_json,
    progress,
    tell,
    writable,
)


@app.command()
def knockouts(
    protocol: Words,
    mechanism: Annotated[
        str, typer.Option("--mechanisms", help="Mechanisms or antagonists such as naltrexone; all if left out.")
    ] = "",
    observe: Annotated[str, typer.Option(help="Outcomes, such as madrs@24h,cadss@40min.")] = "",
    species: Species = "human",
    alone: Annotated[bool, typer.Option("--alone", help="One at a time only: no pairs, no published studies.")] = False,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Switch mechanisms off, alone and in pairs, and give antagonists; show what is left of the effect."""
    from ketamind.simulation.who import protocol_from
    from ketamind.studies.antagonists import antagonist_studies, studies_text
    from ketamind.studies.knockout_pairs import knock_out_pairs
    from ketamind.studies.knockouts import ANTAGONISTS, knock_out

    folder = writable(out)
    given, chosen = protocol_from(" ".join(protocol)), names(mechanism)
    table = knock_out(given, chosen, observe, species=species)
    two = [n for n in chosen if n not in ANTAGONISTS]
    pairs = None if alone or (chosen and len(two) < 2) else knock_out_pairs(given, two, observe, species=species)
    with progress("published studies", 1) as (advance, _):
        published = () if alone else antagonist_studies(advance)
    if folder is not None:
        from ketamind.report.knockout_report import write_knockout_report

        tell(f"report: {write_knockout_report(table, folder, pairs, published)}")
    if as_json:
        both = {"pairs": pairs.as_json() if pairs else [], "published": [r.as_json() for r in published]}
        print_json(table.as_json() | both)
        return
    print(table.as_text())
    if pairs is not None:
        print("\n" + pairs.as_text())
    if published:
        print("\n" + studies_text(published))


@app.command()
def sensitivity(
    protocol: Words,
    observe: Annotated[str, typer.Option(help="Outcomes, such as madrs@24h,cadss@40min.")] = "",
    parameters: Annotated[
        str, typer.Option(help="Parameters, or beginnings of names such as nmda; the 24 that matter most if left out.")
    ] = "",
    samples: Annotated[int, typer.Option(help="Samples, each of two runs and one a parameter.", min=16)] = 256,
    patient: Annotated[str, typer.Option(help="The typical patient, such as population=trd,weight_kg=82.")] = "",
    without: Without = "",
    species: Species = "human",
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Tell which parameters outcomes depend on: Sobol indices over the ranges of the tables."""
    from ketamind.simulation.who import protocol_from, who_is_meant
    from ketamind.studies.sensitivity import sensitivity as study

    folder = writable(out)
    with progress("samples", samples) as (advance, _):
        found = study(
            protocol_from(" ".join(protocol)),
            observe,
            names(parameters),
            samples=samples,
            patient=who_is_meant(patient, "", species),
            without=names(without),
            seed=seed,
            progress=advance,
        )
    if folder is not None:
        from ketamind.report.sensitivity_report import write_sensitivity_report

        tell(f"report: {write_sensitivity_report(found, folder)}")
    if as_json:
        print_json(found.as_json())
    else:
        print(found.as_text())


@app.command()
def discriminate(
    a: Annotated[str, typer.Argument(help="A hypothesis by name, or a TOML file.", metavar="A")],
    b: Annotated[str, typer.Argument(help="Its rival.", metavar="B")],
    protocols: Annotated[
        Path | None, typer.Option(help="TOML file of studies to choose from, in place of those shipped.")
    ] = None,
    size: Annotated[int, typer.Option(help="Subjects in each group.")] = 20,
    draws: Annotated[int, typer.Option(help="Parameter draws of each hypothesis.")] = 32,
    people: Annotated[int, typer.Option(help="Drawn subjects behind the spread between them.")] = 24,
    doubt: Annotated[float, typer.Option(help="Share of the tables' ranges that is in doubt, 0 to 1.")] = 1.0,
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Find the study that tells two hypotheses apart best, and how many subjects it needs."""
    from ketamind.evidence.hypotheses import load_hypothesis
    from ketamind.studies.candidates import load_candidates
    from ketamind.studies.discriminate import discriminate as study

    folder = writable(out)
    given = load_candidates(protocols) if protocols is not None else None
    one, other = load_hypothesis(a), load_hypothesis(b)
    with progress("studies", 1) as (advance, _):
        found = study(
            *(one, other, given),
            size=size,
            draws=draws,
            people=people,
            doubt=doubt,
            seed=seed,
            progress=advance,
        )
    if folder is not None:
        from ketamind.report.discriminate_report import write_discriminate_report

        tell(f"report: {write_discriminate_report(found, folder)}")
    if as_json:
        print_json(found.as_json())
    else:
        print(found.as_text())


@app.command()
def optimise(
    dose: Annotated[
        list[str] | None, typer.Argument(help="One dose in words; 0.5 mg/kg ketamine iv over 40 min if left out.")
    ] = None,
    amounts: Annotated[str, typer.Option(help="Amounts to try, such as 0.25,0.5,1.", metavar="A,B,...")] = "",
    population: Annotated[str, typer.Option(help="A population of virtual patients.")] = "trd;setting=parallel",
    weeks: Annotated[int, typer.Option(help="How long remission is to be kept.")] = 12,
    patients: Annotated[int, typer.Option(help="How many virtual patients.", min=10, max=100_000)] = 200,
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Find schedules that keep remission with least dissociation and fewest visits."""
    from ketamind.studies.optimise import optimise as search

    folder = writable(out)
    words = " ".join(dose or ["0.5 mg/kg ketamine iv over 40 min"])
    with progress("schedules", 1) as (advance, _):
        front = search(
            words,
            numbers(amounts),
            population=population,
            weeks=weeks,
            patients=patients,
            seed=seed,
            progress=advance,
        )
    if folder is not None:
        from ketamind.report.optimise_report import write_optimise_report

        tell(f"report: {write_optimise_report(front, folder)}")
    if as_json:
        print_json(front.as_json())
    else:
        print(front.as_text())
