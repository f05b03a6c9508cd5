"""The report of a search for schedules: the front as a figure and a table, every schedule as a file."""

import json
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from ketamind.errors import BadFile
from ketamind.provenance import stamped
from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import save_figure
from ketamind.report.style import NEUTRAL, RC, STAGE
from ketamind.studies.optimise import Front, schedule_words


def write_optimise_report(front: Front, folder: Path) -> Path:
    """Write `report.html`, `result.json` and the figure into the folder; returns the report's path."""
    figure = front_figure(front)
    save_figure(figure, folder / "front")
    try:
        (folder / "result.json").write_text(json.dumps(stamped(front.as_json()), indent=2) + "\n", encoding="utf-8")
    except OSError as problem:
        raise BadFile(f"cannot write into '{folder}': {problem.strerror or problem}. Choose another folder.") from None
    words = (
        "Remission is the share of weekly ratings of 12 points or less from week 2 on; dissociation the mean CADSS at "
        "the end of a dose; visits the doses given. The last column is the share of draws of the patients in which "
        "the schedule is on the front. Doubt about parameters is not in it."
    )
    parts = (Picture(figure, "Filled: on the front. Size: visits."), _table(front))
    tried = f"{len(front.candidates)} schedules of {front.dose} over {front.weeks} weeks"
    lead = f"{tried}, {front.patients} virtual patients."
    facts = f"population {front.population}, seed {front.seed}"
    html = report_html("Schedules on the Pareto front", lead, [Section("The front", (words,), parts)], facts)
    return write_report(folder / "report.html", html)


def front_figure(front: Front) -> Figure:
    """Remission over dissociation; marks are larger the more visits a schedule takes."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        axes = figure.subplots()
        for c in front.candidates:
            size = 10 + 6 * c.visits
            colour = STAGE["readouts"] if c.on_front else NEUTRAL
            face = colour if c.on_front else "none"
            axes.scatter([c.dissociation], [c.remission], s=size, facecolors=face, edgecolors=colour, alpha=0.7, lw=0.8)
        axes.set_xlabel("dissociation at the end of a dose, CADSS points")
        axes.set_title(f"In remission, % of weekly ratings over {front.weeks} weeks")
    return figure


def _table(front: Front) -> Grid:
    rows = [
        (
            schedule_words(c),
            str(c.visits),
            f"{number(c.remission)} ({number(c.remission_low)} to {number(c.remission_high)})",
            f"{number(c.dissociation)} ({number(c.dissociation_low)} to {number(c.dissociation_high)})",
            f"{100 * c.front_probability:.0f} %",
        )
        for c in front.best()
    ]
    return Grid(("schedule", "visits", "remission, %", "CADSS", "on the front in"), rows)
