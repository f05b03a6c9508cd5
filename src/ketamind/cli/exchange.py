"""Commands that write for other tools, read from them, and fit a person's or a population's own samples."""

from pathlib import Path
from typing import Annotated

import typer

from ketamind.cli.common import (
    Json,
    Manipulation,
    Out,
    Seed,
    Without,
    app,
    names,
    print_json,
    progress,
    tell,
    writable,
)

PROTOCOL = typer.Argument(help="The protocol in plain words, or a TOML file.", metavar="[PROTOCOL]...")
Place = Annotated[Path | None, typer.Option("--out", help="File (for petab: folder) to write.", metavar="PATH")]


@app.command()
def export(
    protocol: Annotated[list[str] | None, PROTOCOL] = None,
    kind: Annotated[str, typer.Option("--format", help="One of the formats; `list` shows them.")] = "list",
    out: Place = None,
    trial: Annotated[str, typer.Option(help="For events: a trial instead of a protocol.", metavar="NAME_OR_FILE")] = "",
    patient: Annotated[str, typer.Option(help="A population in words, such as trd.")] = "",
    days: Annotated[float, typer.Option(help="How long the run lasts.")] = 14.0,
    without: Without = "",
    manipulation: Manipulation = "",
    observe: Annotated[str, typer.Option(help="Outputs to carry, separated by commas; `all` for every one.")] = "",
    weight_kg: Annotated[float, typer.Option("--weight", help="For events: body weight, kg.")] = 70.0,
    columns: Annotated[str, typer.Option("--names", help="For events: nonmem or adppk.")] = "nonmem",
    at: Annotated[str, typer.Option(help="For the cortex: which moment after the first dose.")] = "40 min",
    cells: Annotated[int, typer.Option(help="For the cortex: how many cells.")] = 1000,
    seconds: Annotated[float, typer.Option(help="For the cortex: how many seconds.")] = 3.0,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Write a simulation, a trial or the calibration in a format that other tools read."""
    from ketamind.exchange.formats import FORMATS, Export, perform

    if kind == "list":
        if as_json:
            print_json({"formats": FORMATS})
        else:
            print("\n".join(f"{name:10}{words}" for name, words in FORMATS.items()))
        return
    request = Export(
        protocol=" ".join(protocol or []),
        kind=kind,
        out=out,
        trial=trial,
        patient=patient,
        days=days,
        without=names(without),
        manipulation=manipulation,
        observe=names(observe),
        weight_kg=weight_kg,
        columns=columns,
        at=at,
        cells=cells,
        seconds=seconds,
        seed=seed,
    )
    done = perform(request)
    if as_json:
        print_json(done)
    else:
        tell("\n".join([f"written: {done['written']}", *(f"not carried: {loss}" for loss in done["not_carried"])]))


@app.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(help="An event table, SBML model, archive or run of another tool.")],
    stage: Annotated[str, typer.Option(help="For SBML: which mechanism it takes the place of.")] = "",
    subject: Annotated[str, typer.Option(help="For event tables: one subject only.")] = "",
    toml: Annotated[bool, typer.Option("--toml", help="For event tables: protocols as TOML.")] = False,
    as_json: Json = False,
) -> None:
    """Read another tool's file and say what it holds in the words of this one."""
    from ketamind.exchange.formats import describe

    found = describe(file, stage, subject, toml)
    if as_json:
        print_json(found.facts)
    else:
        print(found.text)


@app.command()
def fit(
    data: Annotated[Path, typer.Argument(help="Event table (NONMEM or ADPPK names) with doses and samples.")],
    parameters: Annotated[str, typer.Option(help="Quantities or table rows to fit, separated by commas.")] = "CL,V_1",
    individual: Annotated[
        bool, typer.Option("--individual", help="Each person alone, with the table's values and spread as prior.")
    ] = False,
    observable: Annotated[str, typer.Option(help="What DV is where the table does not say.")] = "venous_ketamine",
    unit: Annotated[str, typer.Option(help="Unit of DV where the table does not say, such as ng/mL.")] = "",
    drug: Annotated[str, typer.Option(help="Drug of doses where the table does not say.")] = "ketamine",
    route: Annotated[str, typer.Option(help="Route of doses where the table does not say.")] = "iv",
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Fit ketamine's pharmacokinetics to people's own samples."""
    from ketamind.exchange.population import read_people
    from ketamind.studies.fit import fit as fit_people

    subjects, losses = read_people(data, observable=observable, unit=unit, drug=drug, route=route)
    folder = writable(out)
    with progress(f"fitting {len(subjects)} subjects", 30) as (advance, _):
        found = fit_people(
            subjects, names(parameters), population=False if individual else None, progress=advance, losses=losses
        )
    if folder is not None:
        from ketamind.report.fit_report import write_fit_report

        tell(f"report: {write_fit_report(found, folder, seed)}")
    if as_json:
        print_json(found.as_json())
    else:
        print(found.as_text())
