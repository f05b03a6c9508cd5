"""The report of a pharmacokinetic fit: numbers, goodness of fit, and visual predictive checks."""

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ketamind.errors import BadFile
from ketamind.provenance import stamped
from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import save_figure
from ketamind.report.style import INK, NEUTRAL, RC, STAGE
from ketamind.studies.fit import Check, Fit, check

BLOOD = STAGE["pharmacokinetics"]
MODEL = STAGE["circuit"]


def write_fit_report(found: Fit, folder: Path, seed: int = 1) -> Path:
    """Write `report.html`, `result.json` and the figures into the folder; returns the report's path."""
    fits = goodness_figure(found)
    checks = check_figure(check(found, seed))
    save_figure(fits, folder / "goodness_of_fit")
    save_figure(checks, folder / "visual_predictive_check")
    try:
        (folder / "result.json").write_text(json.dumps(stamped(found.as_json()), indent=2) + "\n", encoding="utf-8")
    except OSError as problem:
        raise BadFile(f"cannot write into '{folder}': {problem.strerror or problem}. Choose another folder.") from None
    sections = [
        Section("What was found", _words(found), (_table(found),)),
        Section(
            "Goodness of fit",
            ("Samples over predictions for the typical person and with each person's own values; residuals are in "
             "standard deviations of the error.",),
            (Picture(fits, "Lines: equal, or no residual. Each point is a sample."),),
        ),
        Section(
            "Visual predictive check",
            ("Replicates of the same doses and sampling times in other people of the fitted population; samples are "
             "corrected to the typical prediction of their bin.",),
            (Picture(checks, "Lines: 5th, 50th and 95th percentile of the samples. Bands: 90 % of the same percentiles "
                     "over replicates."),),
        ),
    ]  # fmt: skip
    told = found.as_json()
    lead = f"{told['kind'].capitalize()} fit of {told['subjects']} subjects, {told['samples']} samples."
    html = report_html("Fit of ketamine's pharmacokinetics", lead, sections, f"seed {seed}")
    return write_report(folder / "report.html", html)


def _words(found: Fit) -> tuple[str, ...]:
    words = [f"-2 log likelihood {found.minus_two_log_likelihood:.2f} after {found.rounds} rounds."]
    if not found.converged:
        words.append("Not converged: take these numbers for a start only.")
    return (*words, *(f"Set aside: {loss}." for loss in found.losses))


def _table(found: Fit) -> Grid:
    rows = [
        (
            name,
            f"{number(q['value'])} {q['unit']}",
            f"{100 * q['relative_standard_error']:.0f} %" if found.population else "fixed",
            f"{100 * q['between_people']:.0f} %",
            f"{100 * q['shrinkage']:.0f} %",
        )
        for name, q in found.as_json()["quantities"].items()
    ]
    rows += [(f"error, {o}", f"{100 * s:.0f} %", "", "", "") for o, s in found.as_json()["error"].items()]
    return Grid(("quantity", "typical value", "standard error", "between people", "shrinkage"), rows)


def goodness_figure(found: Fit) -> Figure:
    """Samples over predictions, and residuals over time and prediction."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 6.4), layout="constrained")
        axes = figure.subplots(2, 2)
        seen = np.exp(found.design.logs)
        typical, own = np.exp(found.typical_logs), np.exp(found.own_logs)
        _equal(axes[0, 0], typical, seen, "typical prediction, uM")
        _equal(axes[0, 1], own, seen, "individual prediction, uM")
        _scatter(axes[1, 0], found.design.times_h, found.residuals, "time, h")
        _scatter(axes[1, 1], own, found.residuals, "individual prediction, uM")
        axes[1, 1].set_xscale("log")
    return figure


def _equal(axes: Axes, predicted: np.ndarray, seen: np.ndarray, label: str) -> None:
    ends = [min(predicted.min(), seen.min()) / 1.3, max(predicted.max(), seen.max()) * 1.3]
    axes.plot(ends, ends, color=NEUTRAL, lw=0.8)
    axes.plot(predicted, seen, "o", ms=2.5, color=BLOOD, alpha=0.5, mec="none")
    axes.set(xscale="log", yscale="log", xlabel=label, ylabel="sample, uM")


def _scatter(axes: Axes, x: np.ndarray, y: np.ndarray, label: str) -> None:
    axes.axhline(0, color=NEUTRAL, lw=0.8)
    axes.plot(x, y, "o", ms=2.5, color=BLOOD, alpha=0.5, mec="none")
    axes.set(xlabel=label, ylabel="weighted residual, sd")


def check_figure(checks: tuple[Check, ...]) -> Figure:
    """Percentiles of samples over the bands of replicates, one panel an observable."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 3.4 * max(1, len(checks))), layout="constrained")
        panels = np.atleast_1d(figure.subplots(max(1, len(checks)), 1))
        for axes, one in zip(panels, checks, strict=False):
            axes.plot(one.samples_h, one.samples, "o", ms=2, color=NEUTRAL, alpha=0.4, mec="none")
            for k, dash in enumerate(("--", "-", "--")):
                low, high = one.simulated[0, k], one.simulated[2, k]
                axes.fill_between(one.time_h, low, high, color=MODEL, alpha=0.18, lw=0)
                axes.plot(one.time_h, one.seen[k], dash, color=INK, lw=1.1)
            axes.set(yscale="log", xlabel="time, h", ylabel="uM", title=one.observable.replace("_", " "))
    return figure
