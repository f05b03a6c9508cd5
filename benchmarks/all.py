"""All benchmarks with one command, and the page with their figures.

    python benchmarks/all.py [--quick] [--only engine,commands] [--out DIR]

Each benchmark is a script beside this one that prints JSON; it runs by itself, one after the other, so that none
disturbs another. What failed, or needs a peer that is not installed, is told on the page and the rest goes on. Figures
are worth reading only from a machine that does nothing else; `--quick` is for seeing that all of it works.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ketamind.doctor import examine
from ketamind.provenance import provenance, provenance_words
from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Benchmark:
    """A script with its arguments, in full and quick."""

    name: str
    title: str
    words: str
    script: str
    full: Sequence[str]
    quick: Sequence[str]


BENCHMARKS = (
    Benchmark(
        *("commands", "What a person waits for", "From the shell to the answer, the fastest of several tries."),
        *("commands.py", ("--tries", "5"), ("--tries", "1")),
    ),
    Benchmark(
        *(
            "engine",
            "Engine",
            "The human chain beside other engines at equal achieved error, processor time of one thread.",
        ),
        "engine.py",
        ("--scaling", "--stream", "10000"),
        ("--patients", "64", "--peers", ""),
    ),
    Benchmark(
        *(
            "robustness",
            "Engine under doubled variability",
            "How many patients are solved, and how near the reference.",
        ),
        *("engine.py", ("--robustness", "100000"), ("--robustness", "64", "--checked", "2")),
    ),
    Benchmark(
        *(
            "cortex",
            "Spiking cortex",
            "Seconds of computing for a simulated second, beside Brian2 where it is installed.",
        ),
        *("cortex.py", ("--json",), ("--scaling", "--cells", "1000", "--seconds", "0.2", "--json")),
    ),
    Benchmark(
        *("cortex_scaling", "Spiking cortex by size", "1,000 to 100,000 cells."),
        *("cortex.py", ("--scaling", "--json"), ()),
    ),
    Benchmark(
        *("page", "Page", "In a real browser: first sight, slider to redraw, twenty browsers at once."),
        *("page.py", (), ("--moves", "5", "--browsers", "2")),
    ),
)


@dataclass(frozen=True)
class Result:
    """What a benchmark printed, or why it did not."""

    benchmark: Benchmark
    seconds: float
    found: dict[str, Any] | None
    problem: str = ""


def run(benchmark: Benchmark, quick: bool) -> Result:
    """Run one script by itself."""
    words = [sys.executable, str(HERE / benchmark.script), *(benchmark.quick if quick else benchmark.full)]
    start = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=HERE.parent)
    seconds = time.perf_counter() - start
    if done.returncode:
        return Result(benchmark, seconds, None, (done.stderr.strip().splitlines() or ["no message"])[-1])
    try:
        return Result(benchmark, seconds, as_table(json.loads(done.stdout)))
    except ValueError:
        return Result(benchmark, seconds, None, "printed no JSON")


def as_table(found: Any) -> dict[str, Any]:
    """The figures as one object, whatever the script printed."""
    return found if isinstance(found, dict) else {"results": found}


def flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every figure under the path of its keys."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{name}, {key}" if name else str(key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from flat(inner, f"{name} {place + 1}")
    else:
        yield name.replace("_", " "), number(value, 4) if isinstance(value, int | float) else str(value)


def section(result: Result) -> Section:
    """A part of the page."""
    told = [result.benchmark.words, f"`{result.benchmark.script}` took {result.seconds:.0f} s."]
    if result.found is None:
        return Section(result.benchmark.title, (*told, f"It gave no figures: {result.problem}"))
    parts: list[Picture | Grid] = [Picture(f, words) for f, words in figures(result)]
    return Section(result.benchmark.title, told, (*parts, Grid(("figure", "value"), list(flat(result.found)))))


def figures(result: Result) -> Iterator[tuple[Figure, str]]:
    """Figures of the benchmarks that have some."""
    found = result.found or {}
    if result.benchmark.name == "commands":
        yield bars({n: t["wall_s"] for n, t in found.items()}, "seconds"), "Seconds from the shell to the answer."
    if "work_precision" in found:
        yield work_precision(found), "Patients a second against the largest relative error achieved, one thread."


def bars(values: dict[str, float], label: str) -> Figure:
    """Horizontal bars."""
    figure = Figure(figsize=(7, 0.4 * len(values) + 0.8), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(values)[::-1], list(values.values())[::-1], color="#1B57B3")
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def work_precision(found: dict[str, Any]) -> Figure:
    """Speed against achieved error, for the engine and its peers."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, points in {"ketamind": found["work_precision"], **found["peer_work_precision"]}.items():
        axes.loglog([p["error"] for p in points], [p["patients_per_second"] for p in points], "o-", label=name)
    axes.set(xlabel="largest relative error achieved", ylabel="patients a second")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def machine() -> Section:
    """What it was measured on."""
    rows = [(f.name, f.found) for f in examine().findings if not f.name.startswith("extra")]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return Section("Machine", (), (Grid(("what", "found"), [*rows, ("load before", load)]),))


def main() -> int:
    """Run what is asked for and write the page; 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="names separated by commas")
    parser.add_argument("--out", type=Path, default=Path("benchmarks-out"))
    given = parser.parse_args()
    wanted = [n for n in given.only.split(",") if n] or [b.name for b in BENCHMARKS]
    if unknown := set(wanted) - {b.name for b in BENCHMARKS}:
        parser.error(
            f"no benchmark is called {', '.join(sorted(unknown))}; known: {', '.join(b.name for b in BENCHMARKS)}"
        )
    here = machine()
    results = []
    for benchmark in (b for b in BENCHMARKS if b.name in wanted and (b.quick or not given.quick)):
        print(f"{benchmark.title} ...", file=sys.stderr, flush=True)
        results.append(run(benchmark, given.quick))
    given.out.mkdir(parents=True, exist_ok=True)
    kept = {r.benchmark.name: r.found if r.found is not None else {"problem": r.problem} for r in results}
    text = json.dumps({**kept, "provenance": provenance()}, indent=1)
    (given.out / "benchmarks.json").write_text(text + "\n", encoding="utf-8")
    lead = "Quick sizes: these show that the benchmarks work, not how fast it is." if given.quick else "Measured here."
    sections = [here, *(section(r) for r in results)]
    page = report_html("Benchmarks of ketamind", lead, sections, provenance_words(provenance()))
    print(write_report(given.out / "index.html", page))
    return int(any(r.found is None for r in results))


if __name__ == "__main__":
    sys.exit(main())
