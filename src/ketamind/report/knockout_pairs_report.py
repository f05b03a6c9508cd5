"""Figures of knock-outs in pairs and of the published antagonist studies."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ketamind.evidence.score import Row
from ketamind.report.html import Grid, Picture, Section, number
from ketamind.report.style import CAPTION, HAIRLINE, INK, NEUTRAL, RC, STAGE
from ketamind.studies.antagonists import taken_away
from ketamind.studies.knockout_pairs import NOTABLE, Pairs

Floats = NDArray[np.float64]
PAIR_WORDS = (
    "On the diagonal and below: what is left of the effect with one mechanism off, or with two. Above: how far the two "
    "losses interact, in percent of the intact effect. Over nil (orange) the losses overlap, as on one path; under nil "
    "(purple) each mechanism stands in for the other. Mechanisms that change no outcome are left out, and so are "
    "outcomes on which no two mechanisms interact."
)
STUDY_WORDS = (
    "Each row of the shipped experiments that tells what was left of an effect when something was taken away: 1 is all "
    "of it, 0 nothing. The model is judged by thirds. None of these runs is the protocol above; each has its own dose, "
    "species and time."
)


def pairs_section(pairs: Pairs) -> Section:
    """Heat maps of pairs, one an outcome, and the largest interactions in numbers."""
    more = np.nan_to_num(np.abs(pairs.interaction())).max(axis=(0, 1))
    shown = [k for k in range(len(pairs.observations)) if more[k] > NOTABLE]
    rows = [
        (f"{a} + {b}", outcome, f"{number(100 * left)} %", f"{number(100 * more)} %")
        for a, b, outcome, left, more in pairs.strongest(20)
    ]
    parts: list[Picture | Grid] = []
    if shown and len(pairs.notable()) > 1:
        parts.append(Picture(pairs_figure(pairs, shown), "Left: effect of the dose left; above the diagonal: change."))
    if rows:
        parts.append(Grid(("two mechanisms off", "outcome", "effect left", "interaction"), rows))
    return Section("Mechanisms in pairs", (PAIR_WORDS,), parts)


def pairs_figure(pairs: Pairs, outcomes: Sequence[int]) -> Figure:
    """A matrix an outcome: effect left on and below the diagonal, interaction above it."""
    which = list(pairs.notable())
    names = [pairs.mechanisms[i] for i in which]
    left = pairs.left()[np.ix_(which, which)]
    more = pairs.interaction()[np.ix_(which, which)]
    columns = min(2, len(outcomes))
    rows = -(-len(outcomes) // columns)
    side = 1.3 + 0.24 * len(names)
    with mpl.rc_context({**RC, "axes.grid": False}):
        figure = Figure(figsize=(max(side * columns, 4.5), side * rows * 0.92), layout="constrained")
        grid = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
        for axes, k in zip(grid, outcomes, strict=False):
            _matrix(axes, left[..., k], more[..., k], names)
            axes.set_title(pairs.observations[k].text)
        for axes in grid[len(outcomes) :]:
            axes.set_visible(False)
    return figure


def _matrix(axes: Axes, left: Floats, more: Floats, names: Sequence[str]) -> None:
    count = len(names)
    upper = np.triu(np.ones((count, count), dtype=bool), 1)
    axes.imshow(np.ma.array(np.clip(left, 0, 1.5), mask=upper), cmap="Blues", vmin=0, vmax=1.5)
    axes.imshow(np.ma.array(np.clip(more, -1, 1), mask=~upper), cmap="PuOr_r", vmin=-1, vmax=1)
    for i in range(count):
        for j in range(count):
            value, dark = (more[i, j], abs(more[i, j]) > 0.7) if upper[i, j] else (left[i, j], left[i, j] > 0.9)
            if not upper[i, j] or abs(value) >= 0.005:
                colour = "white" if dark else INK
                axes.text(j, i, f"{round(100 * value) + 0}", ha="center", va="center", color=colour, fontsize=5.5)
    axes.set_xticks(range(count), names, rotation=90, fontsize=6.5)
    axes.set_yticks(range(count), names, fontsize=6.5)
    axes.tick_params(length=0)


def studies_section(rows: Sequence[Row]) -> Section:
    """Published and predicted share left, study by study."""
    grid = Grid(
        ("study", "species", "taken away", "outcome", "published", "predicted", "verdict"),
        [
            (
                r.experiment.citation,
                r.experiment.species,
                taken_away(r),
                _outcome(r),
                number(r.experiment.value),
                _shown(r),
                r.outcome.replace("_", " "),
            )
            for r in rows
        ],
    )
    counted = sum(r.outcome == "agree" for r in rows)
    caption = f"{counted} of {len(rows)} agree. Diamonds: published; circles: predicted, filled where they agree."
    return Section("Published antagonist studies", (STUDY_WORDS,), (Picture(studies_figure(rows), caption), grid))


def studies_figure(rows: Sequence[Row]) -> Figure:
    """A line a study: published and predicted share of the effect left."""
    shown = [r for r in rows if r.predicted is not None and np.isfinite(r.predicted)]
    with mpl.rc_context({**RC, "axes.grid.axis": "x"}):
        figure = Figure(figsize=(7.2, 0.6 + 0.2 * len(shown)), layout="constrained")
        axes = figure.subplots()
        for edge in (1 / 3, 2 / 3):
            axes.axvline(edge, color=HAIRLINE, lw=1.2)
        for y, row in enumerate(reversed(shown)):
            predicted = float(np.clip(row.predicted or 0.0, -0.1, 1.3))
            agrees = row.outcome == "agree"
            colour = STAGE["circuit"] if agrees else "#C04D00"
            axes.plot([row.experiment.value, predicted], [y, y], color=NEUTRAL, lw=0.8, zorder=1)
            axes.plot(row.experiment.value, y, "D", ms=4.5, mfc="none", mec=INK, zorder=3)
            axes.plot(predicted, y, "o", ms=5, color=colour if agrees else "white", markeredgecolor=colour)
        labels = [f"{r.experiment.citation.split(' (')[0]}: {taken_away(r)}, {_outcome(r)}" for r in reversed(shown)]
        axes.set_yticks(range(len(shown)), labels, fontsize=6.5, color=CAPTION)
        axes.set_xlim(-0.15, 1.35)
        axes.set_ylim(-0.7, len(shown) - 0.3)
        axes.set_xlabel("share of the effect left")
    return figure


def _outcome(row: Row) -> str:
    e = row.experiment
    return e.observable + ("" if e.time_h is None else f" at {e.time_h:.3g} h")


def _shown(row: Row) -> str:
    return "-" if row.predicted is None or not np.isfinite(row.predicted) else f"{row.predicted:.2f}"
