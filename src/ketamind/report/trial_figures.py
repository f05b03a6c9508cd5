"""Figures of a trial: scores by visit with bands and published points, published against simulated, relapse, power."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ketamind.report.style import CAPTION, CELL, NEUTRAL, RC, STAGE, time_axis
from ketamind.studies.published import Comparison
from ketamind.studies.trials import TrialReport
from ketamind.trials.gathered import ArmData
from ketamind.trials.trial import Reading

Floats = NDArray[np.float64]
COLOURS = (STAGE["readouts"], NEUTRAL, STAGE["circuit"], STAGE["opioid"], CELL["sst"], CELL["pv"])
DASHES = ("-", "--", "-.", ":", (0, (6, 2)), (0, (4, 1.5, 1, 1.5)))
BAND = 1.96


def visits_figure(report: TrialReport, scale: str) -> Figure:
    """Mean of a scale by visit in each arm: 95 % interval for an arm of the published size, and published points."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        axes = figure.subplots()
        visits = [r for r in report.trial.readings if r.observable == scale]
        hours = np.array([r.time_h for r in visits])
        for k, (name, arm) in enumerate(report.data.arms.items()):
            colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
            mean, half = _means(arm, visits)
            axes.fill_between(hours, mean - half, mean + half, color=colour, alpha=0.15, lw=0)
            axes.plot(hours, mean, color=colour, ls=dash, lw=1.8, marker="o", ms=3, label=name)
            for time_h, value, width in _points(report, name, scale):
                error = None if width is None else [[width], [width]]
                axes.errorbar([time_h], [value], yerr=error, fmt="D", mfc="white", mec=colour, ecolor=colour, ms=6)
        axes.set_title(f"{scale.upper()}, points: mean and 95 % of arms of the published size; diamonds as published")
        axes.legend(loc="upper right")
        time_axis(axes, float(hours[-1]), labels=True)
    return figure


def _means(arm: ArmData, visits: Sequence[Reading]) -> tuple[Floats, Floats]:
    moments = [arm.levels[r.column] for r in visits]
    mean = np.array([m.mean for m in moments])
    return mean, np.array([BAND * m.sd / np.sqrt(arm.arm.n) for m in moments])


def _points(report: TrialReport, arm: str, scale: str) -> list[tuple[float, float, float | None]]:
    """Published levels, or changes counted from the simulated baseline."""
    start = report.data.arms[arm].levels[Reading(scale, 0.0).column].mean
    found = []
    for c in report.comparisons:
        if (
            c.arm == arm
            and not c.versus
            and c.time_h is not None
            and c.what in (f"change of {scale}", f"level of {scale}")
        ):
            shift = start if c.what.startswith("change") else 0.0
            found.append((c.time_h, shift + c.published, c.published_half_width))
    return found


def forest_figure(comparisons: Sequence[Comparison], most: int = 40) -> Figure:
    """Each published number beside the range of simulated trials, in units of half that range about its middle."""
    shown = [c for c in comparisons if np.isfinite([c.low, c.high]).all()][:most]
    with mpl.rc_context({**RC, "axes.grid.axis": "x"}):
        figure = Figure(figsize=(7.2, 0.8 + 0.26 * max(1, len(shown))), layout="constrained")
        axes = figure.subplots()
        for row, c in enumerate(shown):
            middle, half = 0.5 * (c.low + c.high), max(0.5 * (c.high - c.low), 1e-9)
            place = float(np.clip((c.published - middle) / half, -3, 3))
            axes.plot([-1, 1], [row, row], color=NEUTRAL, lw=4, alpha=0.5, solid_capstyle="butt")
            axes.plot([(c.simulated - middle) / half], [row], "|", color="black", ms=8)
            face = "black" if c.primary else "white"
            colour = STAGE["circuit"] if c.inside else STAGE["pharmacokinetics"]
            axes.plot([place], [row], "D", mec=colour, mfc=colour if face == "black" else "white", ms=6)
        labels = [f"{c.label} [{c.unit}]" + (" *" if c.calibrated_on else "") for c in shown]
        axes.set_yticks(range(len(shown)), labels, fontsize=6.5)
        axes.invert_yaxis()
        axes.set_xlim(-3.2, 3.2)
        axes.set_xticks([-3, -1, 0, 1, 3], ["", "2.5 %", "", "97.5 %", ""])
        figure.suptitle(
            "Published (diamond; filled: primary) in the range of simulated trials (bar)", x=0.01, ha="left"
        )
    return figure


def relapse_figure(report: TrialReport) -> Figure:
    """Share without relapse over time, with 95 % bands."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        axes = figure.subplots()
        for k, (name, curve) in enumerate(report.analysis.curves.items()):
            colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
            days = np.concatenate([[0.0], curve.time_h / 24])
            free, low, high = (np.concatenate([[1.0], v]) for v in (curve.free, curve.low, curve.high))
            axes.step(days, 100 * free, where="post", color=colour, ls=dash, lw=1.8, label=f"{name} (n = {curve.n})")
            axes.fill_between(days, 100 * low, 100 * high, step="post", color=colour, alpha=0.15, lw=0)
        axes.set_ylim(0, 101)
        axes.set_xlabel("days")
        axes.set_title("Without relapse, %: Kaplan-Meier with 95 % interval")
        axes.legend(loc="lower left")
    return figure


def power_figure(report: TrialReport) -> Figure:
    """Power over patients in each arm."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 2.8), layout="constrained")
        axes = figure.subplots()
        sizes = [p.per_arm for p in report.analysis.power]
        low, power, high = (
            np.array([100 * getattr(p, n) for p in report.analysis.power]) for n in ("low", "power", "high")
        )
        axes.fill_between(sizes, low, high, color=STAGE["circuit"], alpha=0.2, lw=0)
        axes.plot(sizes, power, color=STAGE["circuit"], lw=1.8, marker="o", ms=3)
        axes.axhline(80, color=CAPTION, lw=0.8, ls=":")
        axes.set_xscale("log")
        axes.set_xticks(sizes, [str(s) for s in sizes])
        axes.set_xticks([], minor=True)
        axes.set_ylim(0, 101)
        axes.set_xlabel("patients in each arm")
        axes.set_title(f"Power, %: {report.analysis.power_of}")
    return figure
