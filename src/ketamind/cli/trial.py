"""The command that runs virtual trials."""

from pathlib import Path
from typing import Annotated

import typer

from ketamind.cli.common import Json, Out, Seed, app, print_json, progress, tell, writable
from ketamind.errors import BadValue


@app.command()
def trial(
    name: Annotated[str, typer.Argument(help="A shipped trial, a TOML file, `list` or `all`.", metavar="NAME_OR_FILE")],
    patients: Annotated[
        int, typer.Option(help="Virtual patients in all arms together; 400 an arm if left out.", min=0, max=100_000_000)
    ] = 0,
    seed: Seed = 1,
    workers: Annotated[int, typer.Option(help="Shards solved at a time; one a processor if left out.", min=0)] = 0,
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler to work instead.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run in --out.")] = False,
    ensemble: Annotated[
        Path | None, typer.Option(help="CSV of parameter draws, whose doubt the ranges then cover.", metavar="FILE")
    ] = None,
    blinding: Annotated[
        bool, typer.Option("--blinding", help="Also with nothing felt of the drug, and with nothing expected.")
    ] = False,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Run a virtual trial, analyse it, and set its publication beside it."""
    from ketamind.studies.trials import read_ensemble, report_trial, survey, usual_patients
    from ketamind.trials import load_trial, shipped_trials

    if name == "list":
        print("\n".join(f"{n:<24}{load_trial(n).title}" for n in shipped_trials()))
        return
    draws = read_ensemble(ensemble) if ensemble is not None else ()
    if name == "all":
        with progress("all shipped trials", len(shipped_trials())) as (advance, _):
            found = survey(seed, draws, advance)
        if as_json:
            print_json(found.as_json())
        else:
            print(found.as_text())
        return
    if resume and out is None:
        raise BadValue("--resume needs --out, the folder of the interrupted run.")
    chosen = load_trial(name)
    folder = writable(out)
    many = patients or usual_patients(chosen)
    with progress(f"simulating {chosen.name}", many) as (advance, describe):
        result = report_trial(
            chosen,
            many,
            seed,
            folder=folder,
            workers=workers or None,
            scheduler=scheduler,
            resume=resume,
            ensemble=draws,
            blinding=blinding or None,
            progress=advance,
        )
        if folder is not None:
            from ketamind.report.trial_report import write_trial_report

            describe("writing the report")
            path = write_trial_report(result, folder)
    if folder is not None:
        tell(f"report: {path}")
    if as_json:
        print_json(result.as_json())
    else:
        print(result.as_text())
