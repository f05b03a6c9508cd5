"""The report of a knock-out study: a table, and the course of each outcome with and without each mechanism."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from ketamind.evidence.score import Row
from ketamind.report.html import Picture, Section, report_html, write_report
from ketamind.report.knockout_pairs_report import pairs_section, studies_section
from ketamind.report.parts import contributions_section, provenance_line, save_figure
from ketamind.report.style import NEUTRAL, RC, STAGE, time_axis
from ketamind.studies.knockout_pairs import NOTABLE, Pairs
from ketamind.studies.knockouts import Knockouts


def write_knockout_report(
    table: Knockouts, folder: Path, pairs: Pairs | None = None, published: Sequence[Row] = ()
) -> Path:
    """Write `report.html` and its figures into the folder; returns the report's path."""
    pictures = []
    for name in _that_matter(table):
        figure = course_figure(table, name)
        save_figure(figure, folder / f"without-{name}")
        pictures.append(Picture(figure, f"Without {name}: coloured; intact: grey, dashed."))
    sections = [contributions_section(table)]
    if pairs is not None:
        sections.append(pairs_section(pairs))
    if published:
        sections.append(studies_section(published))
    for section, name in zip(sections[1:], ("pairs", "published"), strict=False):
        for part in section.parts:
            if isinstance(part, Picture):
                save_figure(part.figure, folder / name)
    sections.append(Section("Course with and without each mechanism", (), pictures))
    lead = f"Each mechanism off, each antagonist given, in turn; one typical patient: {table.protocol.words()}."
    html = report_html("Knock-outs", lead, sections, provenance_line(table.runs["intact"]))
    return write_report(folder / "report.html", html)


def _that_matter(table: Knockouts) -> list[str]:
    """What changes some outcome when it is off, or everything that was asked for if that is little."""
    left = table.left()
    found = [n for n, row in left.items() if any(abs(share - 1) > NOTABLE for share in row.values())]
    return found or list(left)


def course_figure(table: Knockouts, mechanism: str) -> Figure:
    """Each outcome over time, intact and without one mechanism."""
    names = list(dict.fromkeys(o.name for o in table.observations))
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 1.5 * rows + 0.3), layout="constrained")
        grid = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
        for axes, name in zip(grid, names, strict=False):
            intact, without = table.runs["intact"], table.runs[mechanism]
            axes.plot(intact.times_h, intact.band(name)[1], color=NEUTRAL, lw=1.2, ls="--")
            axes.plot(without.times_h, without.band(name)[1], color=STAGE["circuit"], lw=1.6)
            axes.set_title(f"{name}, {intact[name].attrs['units']}".removesuffix(", 1"))
            axes.locator_params(axis="y", nbins=4)
            axes.margins(y=0.08)
            time_axis(axes, float(intact.times_h[-1]), labels=True, crowded=True)
        for axes in grid[len(names) :]:
            axes.set_visible(False)
    return figure
