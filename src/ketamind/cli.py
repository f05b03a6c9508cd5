"""The command line: words in, numbers, files and figures out. Bad input gives one message and exit status 2."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ketamind.errors import BadFile, BadValue, KetamindError

RESEARCH_ONLY = "For research and teaching. Not medical advice."

app = typer.Typer(
    name="ketamind",
    help=f"How ketamine works in the brain, from a dose to a mood curve. {RESEARCH_ONLY}",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output, nothing else there.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the report, figures and data.", metavar="DIR")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the virtual patients.", min=0)]
Words = Annotated[list[str], typer.Argument(help="The protocol in plain words, or a TOML file.", metavar="PROTOCOL...")]
Without = Annotated[str, typer.Option("--without", help="Mechanisms to switch off, separated by commas.")]
Manipulation = Annotated[str, typer.Option("--manipulation", help="Such as block:mtorc1 or knockdown:glun2b@sst.")]
Species = Annotated[str, typer.Option("--species", help="human, mouse or rat.")]


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
    folder = _writable(out)
    with _progress("simulating", many) as (advance, _):
        result = simulate(
            given,
            days,
            patient=who,
            patients=many,
            seed=seed,
            without=_names(without),
            manipulation=manipulation,
            observe=() if folder is not None or not wanted else tuple(dict.fromkeys(o.name for o in wanted)),
            progress=advance,
        )
    summary = summarise(result, wanted)
    if folder is not None:
        from ketamind.report.run_report import write_run_report

        _tell(f"report: {write_run_report(result, summary, folder)}")
    if as_json:
        _print_json(summary.as_json())
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

    folder = _writable(out)
    with _progress("simulating Murrough 2013", 2 * patients) as (advance, describe):
        if folder is None:
            result, path = run_demo(patients, seed, progress=advance), None
        else:
            from ketamind.report.demo_report import OBSERVED, write_demo_report

            result = run_demo(patients, seed, OBSERVED, advance)
            describe("writing the report")
            path = write_demo_report(result, folder)
    if path is not None:
        _tell(f"report: {path}")
    if as_json:
        _print_json(result.as_json())
    else:
        print(result.as_text())


@app.command()
def mechanisms(species: Species = "human", as_json: Json = False) -> None:
    """List what can be switched off, and what each does."""
    from ketamind.studies.explain import list_mechanisms

    found = list_mechanisms(species)
    if as_json:
        _print_json({"mechanisms": [m.as_json() for m in found]})
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
        _print_json(found.as_json())
    else:
        print(found.as_text())


@app.command()
def knockouts(
    protocol: Words,
    mechanism: Annotated[
        str, typer.Option("--mechanisms", help="Mechanisms or antagonists such as naltrexone; all if left out.")
    ] = "",
    observe: Annotated[str, typer.Option(help="Outcomes, such as madrs@24h,cadss@40min.")] = "",
    species: Species = "human",
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Switch each mechanism off, and give each antagonist, in turn; show what is left of the effect."""
    from ketamind.simulation.who import protocol_from
    from ketamind.studies.knockouts import knock_out

    folder = _writable(out)
    table = knock_out(protocol_from(" ".join(protocol)), _names(mechanism), observe, species=species)
    if folder is not None:
        from ketamind.report.knockout_report import write_knockout_report

        _tell(f"report: {write_knockout_report(table, folder)}")
    if as_json:
        _print_json(table.as_json())
    else:
        print(table.as_text())


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
    folder = _writable(out)
    with _progress("simulating arms", len(rows)) as (advance, _):
        lab = Laboratory(without=_names(without), seed=seed)
        found = score_experiments(rows, lab, domain, people, refused, advance)
    if folder is not None:
        from ketamind.report.score_report import write_score_report

        _tell(f"report: {write_score_report(found, folder)}")
    if as_json:
        _print_json(found.as_json())
    else:
        print(found.as_text())


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
        with _progress("all shipped trials", len(shipped_trials())) as (advance, _):
            found = survey(seed, draws, advance)
        if as_json:
            _print_json(found.as_json())
        else:
            print(found.as_text())
        return
    if resume and out is None:
        raise BadValue("--resume needs --out, the folder of the interrupted run.")
    chosen = load_trial(name)
    folder = _writable(out)
    many = patients or usual_patients(chosen)
    with _progress(f"simulating {chosen.name}", many) as (advance, describe):
        result = report_trial(
            chosen,
            many,
            seed,
            folder=folder,
            workers=workers or None,
            scheduler=scheduler,
            resume=resume,
            ensemble=draws,
            progress=advance,
        )
        if folder is not None:
            from ketamind.report.trial_report import write_trial_report

            describe("writing the report")
            path = write_trial_report(result, folder)
    if folder is not None:
        _tell(f"report: {path}")
    if as_json:
        _print_json(result.as_json())
    else:
        print(result.as_text())


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

    folder = _writable(out)
    words = " ".join(dose or ["0.5 mg/kg ketamine iv over 40 min"])
    with _progress("schedules", 1) as (advance, _):
        front = search(
            words,
            _numbers(amounts),
            population=population,
            weeks=weeks,
            patients=patients,
            seed=seed,
            progress=advance,
        )
    if folder is not None:
        from ketamind.report.optimise_report import write_optimise_report

        _tell(f"report: {write_optimise_report(front, folder)}")
    if as_json:
        _print_json(front.as_json())
    else:
        print(front.as_text())


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False) -> None:
    if version:
        from ketamind import __version__

        print(__version__)
        raise typer.Exit


def main() -> None:
    """Entry point: every expected problem is one message on standard error and exit status 2."""
    try:
        app()
    except KetamindError as problem:
        print(f"ketamind: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("ketamind: stopped.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _names(words: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in words.split(",") if part.strip())


def _numbers(words: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in _names(words))
    except ValueError:
        raise BadValue(f"'{words}' is not numbers separated by commas, such as 0.25,0.5,1.") from None


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, allow_nan=False))


def _tell(message: str) -> None:
    print(message, file=sys.stderr)


def _writable(folder: Path | None) -> Path | None:
    """The folder, made and tried before any work is done. Raises BadFile."""
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".ketamind-probe"
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise BadFile(f"cannot write into '{folder}': {problem.strerror or problem}. Choose another folder.") from None
    return folder


@contextmanager
def _progress(what: str, total: int) -> Iterator[tuple[Callable[[int, int], None] | None, Callable[[str], None]]]:
    """A progress bar on standard error where a person is watching; what the work calls as it advances."""
    if not sys.stderr.isatty():
        yield None, lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield (
            lambda done, of: bar.update(task, completed=done, total=of),
            lambda words: bar.update(task, description=words),
        )
