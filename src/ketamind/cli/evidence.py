"""Commands that set the model beside published experiments."""

from pathlib import Path
from typing import Annotated

import typer

from ketamind.cli.common import Json, Out, Seed, Without, app, names, print_json, progress, tell, writable


@app.command()
def score(
    experiments: Annotated[
        Path | None, typer.Option(help="A table of experiments, or a folder of them; those shipped if left out.")
    ] = None,
    domain: Annotated[str, typer.Option(help="One domain only, such as clinical.")] = "",
    without: Without = "",
    people: Annotated[int, typer.Option(help="Virtual patients in each arm of a trial.", min=20, max=100_000)] = 400,
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Predict published experiments and count which agree, beside what a naive guess gets."""
    from ketamind.evidence.courses import Laboratory
    from ketamind.evidence.score import load, score_experiments

    rows, refused = load(experiments)
    folder = writable(out)
    with progress("simulating arms", len(rows)) as (advance, _):
        lab = Laboratory(without=names(without), seed=seed)
        found = score_experiments(rows, lab, domain, people, refused, advance)
    if folder is not None:
        from ketamind.report.score_report import write_score_report

        tell(f"report: {write_score_report(found, folder)}")
    if as_json:
        print_json(found.as_json())
    else:
        print(found.as_text())
