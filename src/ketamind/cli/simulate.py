"""Commands that simulate a protocol, and that show what the model is made of."""

from pathlib import Path
from typing import Annotated

import typer

from ketamind.cli.common import (
    Json,
    Manipulation,
    Out,
    Seed,
    Species,
    Without,
    Words,
    app,
    names,
    print_json,
    progress,
    tell,
    writable,
)


@app.command()
def run(
    protocol: Words,
    patient: Annotated[str, typer.Option(help="One patient, such as weight_kg=82,age=70.", metavar="K=V,...")] = "",
    population: Annotated[
        str, typer.Option(help="A population of virtual patients, such as trd.", metavar="NAME")
    ] = "",
    patients: Annotated[int, typer.Option(help="How many virtual patients.", min=1, max=1_000_000)] = 200,
    species: Species = "human",
    days: Annotated[float, typer.Option(help="How long the run lasts.")] = 14.0,
    without: Without = "",
    manipulation: Manipulation = "",
    observe: Annotated[str, typer.Option(help="Such as madrs@24h,cadss@40min.", metavar="NAME@TIME,...")] = "",
    seed: Seed = 0,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Simulate a protocol and print, or write, what comes of it."""
    from ketamind.simulation import parse_observations, simulate
    from ketamind.simulation.who import protocol_from, who_is_meant
    from ketamind.studies.summary import summarise

    given = protocol_from(" ".join(protocol))
    who = who_is_meant(patient, population, species)
    wanted = parse_observations(observe)
    many = patients if population else 1
    folder = writable(out)
    with progress("simulating", many) as (advance, _):
        result = simulate(
            given,
            days,
            patient=who,
            patients=many,
            seed=seed,
            without=names(without),
            manipulation=manipulation,
            observe=() if folder is not None or not wanted else tuple(dict.fromkeys(o.name for o in wanted)),
            progress=advance,
        )
    summary = summarise(result, wanted)
    if folder is not None:
        from ketamind.report.run_report import write_run_report

        tell(f"report: {write_run_report(result, summary, folder)}")
    if as_json:
        print_json(summary.as_json())
    else:
        print(summary.as_text())


@app.command()
def demo(
    patients: Annotated[int, typer.Option(help="Virtual patients in each arm.", min=10, max=100_000)] = 400,
    seed: Seed = 1,
    as_json: Json = False,
    out: Out = Path("demo-out"),
) -> None:
    """Simulate a published trial (Murrough 2013: ketamine against midazolam) beside its own numbers."""
    from ketamind.studies.demo import run_demo

    folder = writable(out)
    with progress("simulating Murrough 2013", 2 * patients) as (advance, describe):
        if folder is None:
            result, path = run_demo(patients, seed, progress=advance), None
        else:
            from ketamind.report.demo_report import OBSERVED, write_demo_report

            result = run_demo(patients, seed, OBSERVED, advance)
            describe("writing the report")
            path = write_demo_report(result, folder)
    if path is not None:
        tell(f"report: {path}")
    if as_json:
        print_json(result.as_json())
    else:
        print(result.as_text())


@app.command()
def mechanisms(species: Species = "human", as_json: Json = False) -> None:
    """List what can be switched off, and what each does."""
    from ketamind.studies.explain import list_mechanisms

    found = list_mechanisms(species)
    if as_json:
        print_json({"mechanisms": [m.as_json() for m in found]})
    else:
        print("\n".join(m.as_text() for m in found))


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="A parameter, mechanism or observable.")],
    species: Species = "human",
    as_json: Json = False,
) -> None:
    """Show value, unit, range, source and equations behind a name."""
    from ketamind.studies.explain import explain as look_up

    found = look_up(name, species)
    if as_json:
        print_json(found.as_json())
    else:
        print(found.as_text())
