"""Parts that reports share: figures on disk, tables of numbers, contributions, guesses, provenance."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ketamind.declare import Model
from ketamind.errors import BadFile
from ketamind.evidence.matching import Published, published
from ketamind.protocols import Patient, Protocol
from ketamind.report.figures import Point, knockout_figure
from ketamind.report.html import Grid, Picture, Section, number
from ketamind.simulation import Run
from ketamind.studies.knockouts import Knockouts
from ketamind.studies.summary import Summary

CHAIN_WORDS = (
    "From top to bottom: blood, receptors, cells, synapses, mood; grey spans are the doses. Time is stretched so that "
    "minutes and weeks are both readable. Lines are the median, bands 5 to 95 % of the patients simulated."
)
GUESSED = ("assumed", "none", "memory")


def save_figure(figure: Figure, stem: Path) -> None:
    """Write a figure as SVG and PNG. Raises BadFile if the place cannot be written."""
    try:
        for suffix, options in ((".svg", {"metadata": {"Date": None}}), (".png", {"dpi": 200})):
            part = stem.with_suffix(".part")
            figure.savefig(part, format=suffix[1:], **options)
            part.replace(stem.with_suffix(suffix))
    except OSError as problem:
        raise BadFile(f"cannot write '{stem}': {problem.strerror or problem}. Choose another folder.") from None


def points_for(run: Run, protocol: Protocol, patient: Patient) -> tuple[Point, ...]:
    """Published values to lay over a run; a change from baseline is added to the run's own mean at the start."""
    return tuple(_point(run, p) for p in published(protocol, patient) if p.observable in run.data)


def _point(run: Run, value: Published) -> Point:
    start = float(np.mean(np.asarray(run[value.observable].values)[0])) if value.relative else 0.0
    return Point(value.observable, value.time_h, start + value.value, value.half_width, value.experiment.citation)


def caption(points: Sequence[Point]) -> str:
    """What a chain figure shows, with the sources of its published points."""
    if not points:
        return "No published values for this setting are among the shipped experiments."
    sources = "; ".join(sorted({p.source for p in points}))
    return (
        "Hollow diamonds: published values for this setting, with the published spread where there is one "
        f"(changes are drawn from the simulated baseline). Sources: {sources}."
    )


def numbers_grid(summary: Summary) -> Grid:
    """The numbers of a summary as a table."""
    rows = []
    for observation, (text, value) in zip(summary.observations, summary.values().items(), strict=True):
        attributes = summary.run[observation.name].attrs
        rows.append([attributes["long_name"], text, number(value), str(attributes["units"]), attributes["given_by"]])
    return Grid(("what", "name and time", "value", "unit", "computed by"), rows)


def contributions_section(table: Knockouts) -> Section:
    """What each mechanism contributes: the effect left without it."""
    names = [o.text for o in table.observations]
    left = table.left()
    rows = [["effect of the dose", *(number(table.intact[n]) for n in names)]]
    rows += [[m, *(_share(left[m][n]) for n in names)] for m in left]
    words = (
        "The effect of the dose is its difference from the same brain given saline, in one typical patient. Below, "
        "what is left of it when a mechanism is switched off or an antagonist is given. Mechanisms interact, so that "
        "shares need not add up."
    )
    shown = {m: row for m, row in left.items() if any(abs(v - 1) > 0.02 for v in row.values() if v == v)}
    parts: list[Picture | Grid] = []
    if shown:
        parts.append(Picture(knockout_figure(shown, table.intact), "Effect left, by mechanism that is off."))
    parts.append(Grid(("mechanism off", *names), rows))
    return Section("What each mechanism contributes", (words,), parts)


def guesses_section(model: Model) -> Section:
    """How well the numbers behind a run are founded, and which are guesses."""
    rows = [r for r in model.rows.values() if not r.id.startswith("manipulation.")]
    counts = {kind: sum(r.verified == kind for r in rows) for kind in dict.fromkeys(r.verified for r in rows)}
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items(), key=lambda c: -c[1]))
    words = (
        f"The model rests on {len(rows)} numbers: {told}. Those below have no published source that was seen; "
        "`ketamind explain NAME` shows each with its range.",
    )
    guessed = [r for r in rows if r.verified in GUESSED]
    grid = Grid(
        ("name", "meaning", "value", "range", "unit", "how known"),
        [
            [r.id, r.meaning, number(r.value), f"{number(r.low)} to {number(r.high)}", r.unit, r.verified]
            for r in guessed
        ],
    )
    return Section("Numbers that rest on guesses", words, (grid,))


def provenance_line(run: Run) -> str:
    """Version, seed and parameter hash, in one line."""
    facts = run.provenance
    return ", ".join(f"{key} {value}" for key, value in facts.items() if value not in ("", [], None))


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if share == share else "-"
