"""The command that calibrates the model on the published experiments."""

from itertools import product
from typing import Annotated

import typer

from ketamind.cli.common import Json, Out, Seed, app, print_json, tell, writable
from ketamind.errors import BadValue


@app.command()
def calibrate(
    stage: Annotated[str, typer.Option(help="One stage; all, in order, if left out.")] = "",
    hypothesis: Annotated[
        str, typer.Option(help="A rival account by name, or a TOML file of your own.", metavar="NAME_OR_FILE")
    ] = "",
    effort: Annotated[float, typer.Option(help="Share of the planned runs of the model; less is rougher.")] = 1.0,
    all_hypotheses: Annotated[
        bool, typer.Option("--all-hypotheses", help="Each shipped account in turn, and their scores side by side.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Show what the package keeps, without computing.")] = False,
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Learn parameters from published experiments: draws, what is informed, studies left out. Takes many minutes."""
    from ketamind.evidence.hypotheses import SHIPPED, load_hypothesis, shipped_hypotheses
    from ketamind.studies import calibrate as study

    if not 0.01 <= effort <= 100:
        raise BadValue(f"--effort {effort:g} is outside 0.01 to 100.")
    accounts = list(shipped_hypotheses()) if all_hypotheses else [load_hypothesis(hypothesis or SHIPPED)]
    chosen = [study.plan_of(stage).name] if stage else [plan.name for plan in study.plans()]
    folder = writable(out)
    found = []
    for name, account in product(chosen, accounts):
        if show:
            kept = study.stored(name, account.name)
            if kept is not None:
                found.append(kept)
            continue
        one = study.calibrate(name, account, seed, effort, tell, recover=not all_hypotheses)
        if folder is not None:
            study.store(one, folder)
            if all_hypotheses:
                study.store_score(one, folder)
        found.append(one.as_json())
        if not as_json:
            print(one.as_text())
    if show and not found:
        raise BadValue(f"no calibration of '{accounts[0].name}' is kept with the package; run without --show.")
    if as_json:
        print_json({"calibrations": found})
    elif show:
        print("\n\n".join(study.text_of(one) for one in found))
