"""The report of a sensitivity study: Sobol indices of each outcome, as a figure and in numbers."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import save_figure
from ketamind.report.style import INK, NEUTRAL, RC, STAGE
from ketamind.studies.sensitivity import Sensitivity

WORDS = (
    "Each parameter is drawn from the range of its table, the tables' value as the median. The first-order index is "
    "the share of the variance of an outcome that would go if that parameter were known; the total index is the share "
    "that would stay if all others were known. A total well over its first order means that the parameter acts "
    "together with others. Lines are 95 % intervals; an index whose interval holds nil is not told from nil, and a "
    "small one can come out below nil."
)
SHOWN = 10


def write_sensitivity_report(found: Sensitivity, folder: Path) -> Path:
    """Write `report.html` and the figure into the folder; returns the report's path."""
    figure = sensitivity_figure(found)
    save_figure(figure, folder / "sensitivity")
    sections = [
        Section("What each outcome depends on", (WORDS, _basis(found)), (Picture(figure, _caption(found)),)),
        *(_outcome_section(found, k) for k in range(len(found.observations))),
    ]
    lead = f"Which numbers of the model matter under {found.protocol.words()}; one typical patient."
    facts = f"patient {found.patient.words()}, seed {found.seed}, parameters {found.fingerprint}"
    return write_report(folder / "report.html", report_html("Sensitivity", lead, sections, facts))


def sensitivity_figure(found: Sensitivity) -> Figure:
    """A panel an outcome: first-order and total indices of the parameters that matter most."""
    count = min(SHOWN, len(found.parameters))
    columns = min(2, len(found.observations))
    rows = -(-len(found.observations) // columns)
    with mpl.rc_context({**RC, "axes.grid.axis": "x"}):
        figure = Figure(figsize=(3.9 * columns, (0.24 * count + 0.8) * rows), layout="constrained")
        grid = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
        for k, axes in enumerate(grid[: len(found.observations)]):
            _panel(axes, found, k, count)
        for axes in grid[len(found.observations) :]:
            axes.set_visible(False)
    return figure


def _panel(axes: Axes, found: Sensitivity, k: int, count: int) -> None:
    f, which = found.indices, found.ranked(k)[:count][::-1]
    y = np.arange(len(which))
    axes.barh(y, f.total[k, which], height=0.62, color=STAGE["circuit"], alpha=0.25)
    axes.errorbar(f.total[k, which], y - 0.15, xerr=f.total_width[k, which], fmt="|", color=STAGE["circuit"], ms=8)
    axes.errorbar(f.first[k, which], y + 0.15, xerr=f.first_width[k, which], fmt="o", color=INK, ms=3.5, lw=1)
    axes.axvline(0, color=NEUTRAL, lw=0.8)
    axes.set_yticks(y, [found.parameters[i].id for i in which], fontsize=7)
    largest = float((f.total[k, which] + f.total_width[k, which]).max(initial=0.0))
    axes.set_xlim(-0.1, min(max(largest, 0.5), 1.2) + 0.02)
    axes.set_title(found.observations[k].text)


def _caption(found: Sensitivity) -> str:
    return "Bars and blue lines: total index with its 95 % interval; dots: first order. " + (
        f"Chosen from {found.screened} parameters by a small design; the others keep their value."
        if found.screened
        else "Parameters as asked."
    )


def _basis(found: Sensitivity) -> str:
    f = found.indices
    told = f"{f.points} samples of {len(found.parameters)} parameters, seed {found.seed}."
    if f.failed:
        reasons = "; ".join(found.reasons)
        told += f" {f.failed} runs could not be solved, and {f.dropped} samples were left out with them ({reasons}):"
        told += " the indices hold for the part of the ranges in which the brain has a steady state."
    return told + (" Interrupted before its end." if f.interrupted else "")


def _outcome_section(found: Sensitivity, k: int) -> Section:
    f = found.indices
    grid = Grid(
        ("parameter", "meaning", "range", "unit", "how known", "first order", "total"),
        [
            (
                row.id,
                row.meaning,
                f"{number(row.low)} to {number(row.high)}",
                row.unit,
                row.verified,
                _with_width(f.first[k, i], f.first_width[k, i]),
                _with_width(f.total[k, i], f.total_width[k, i]),
            )
            for i, row in ((i, found.parameters[i]) for i in found.ranked(k))
        ],
    )
    words = f"Mean {number(f.mean[k])}, standard deviation {number(f.sd[k])} over the draws."
    return Section(found.observations[k].text, (words,), (grid,))


def _with_width(value: float, width: float) -> str:
    return f"{value:.2f} ± {width:.2f}".replace("-", "−")
