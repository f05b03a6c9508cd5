"""Print figures of a run: the whole chain on one time axis, chosen curves, arms against their publication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ketamind.protocols import parse_protocol
from ketamind.report.style import CELL, NEUTRAL, RC, STAGE, SUBSTANCE, Curve, Panel, time_axis
from ketamind.simulation.run import Run

CELL_NAMES = {"pyramidal": "pyramidal", "pv": "PV", "sst": "SST", "vip": "VIP"}
CELL_DASH = {"pyramidal": "-", "pv": (0, (6, 2)), "sst": (0, (4, 1.5, 1, 1.5)), "vip": (0, (1, 1.2))}


def _cells(prefix: str, names: Sequence[str]) -> tuple[Curve, ...]:
    return tuple(Curve(f"{prefix}_{c}", CELL_NAMES[c], CELL[c], CELL_DASH[c]) for c in names)  # type: ignore[arg-type]


PANELS = (
    Panel(
        "Blood (venous)",
        "µM",
        (
            Curve("venous_s_ketamine", "S-ketamine", SUBSTANCE["s_ketamine"]),
            Curve("venous_r_ketamine", "R-ketamine", SUBSTANCE["r_ketamine"], "--"),
            Curve("venous_norketamine", "norketamine", SUBSTANCE["norketamine"], "-."),
            Curve("venous_hydroxynorketamine", "hydroxynorketamine", SUBSTANCE["hydroxynorketamine"], ":"),
        ),
        stage="pharmacokinetics",
    ),
    Panel(
        "NMDA current left, synaptic",
        "of drug-free",
        _cells("nmda_synaptic", ("pyramidal", "pv", "sst", "vip")),
        stage="receptors",
    ),
    Panel(
        "Opioid and TrkB",
        "fraction",
        (
            Curve("mor_occupancy", "mu occupancy", STAGE["opioid"]),
            Curve("mu_tone", "own mu tone", STAGE["opioid"], "--"),
            Curve("trkb_binding", "TrkB occupancy", STAGE["receptors"], ":"),
        ),
        stage="receptors",
    ),
    Panel("Firing", "Hz", _cells("rate", ("pyramidal", "pv", "sst", "vip")), stage="circuit"),
    Panel(
        "Glutamate and gamma",
        "of rest",
        (
            Curve("extracellular_glutamate", "glutamate", STAGE["circuit"]),
            Curve("power_gamma", "gamma power", STAGE["circuit"], "--"),
        ),
        stage="circuit",
    ),
    Panel(
        "BDNF, TrkB, mTORC1",
        "of rest",
        (
            Curve("bdnf_extracellular", "BDNF", STAGE["plasticity"]),
            Curve("p_trkb", "p-TrkB", STAGE["plasticity"], "--"),
            Curve("p_mtor", "mTORC1", STAGE["plasticity"], ":"),
        ),
        stage="plasticity",
    ),
    Panel(
        "Synapses",
        "excess or of healthy",
        (
            Curve("synaptic_strength", "strength, excess", STAGE["plasticity"]),
            Curve("spine_density", "spine density", STAGE["plasticity"], "--"),
        ),
        stage="plasticity",
    ),
    Panel("Dissociation (CADSS)", "points", (Curve("cadss", "CADSS", STAGE["receptors"]),), stage="readouts"),
    Panel("Mood (MADRS)", "points", (Curve("madrs", "MADRS", STAGE["readouts"]),), stage="readouts"),
)
"""The panels of the chain, in causal order."""


@dataclass(frozen=True)
class Point:
    """A published value to lay over a curve."""

    observable: str
    time_h: float
    value: float
    half_width: float | None
    source: str
    arm: str = ""


def chain_observables() -> tuple[str, ...]:
    """Every observable that the chain figure draws."""
    return tuple(c.observable for panel in PANELS for c in panel.curves)


def chain_figure(run: Run, ghost: Run | None = None, points: Sequence[Point] = ()) -> Figure:
    """The whole chain over time, one panel a link, median and 5-95 % band over patients.

    `ghost` is drawn as a thin grey line behind, for comparison; `points` are published values.
    """
    with mpl.rc_context(RC):
        panels = [p for p in PANELS if any(c.observable in run.data for c in p.curves)]
        figure = Figure(figsize=(7.2, 1.22 * len(panels) + 0.5), layout="constrained")
        grid: Any = figure.subplots(len(panels), 1, sharex=True, squeeze=False)
        for axes, panel in zip(grid[:, 0], panels, strict=True):
            draw_panel(axes, run, panel, ghost)
            draw_doses(axes, run)
            draw_points(axes, [p for p in points if p.observable in {c.observable for c in panel.curves}])
            time_axis(axes, float(run.times_h[-1]), labels=axes is grid[-1, 0])
        figure.align_ylabels()
    return figure


def curves_figure(run: Run, names: Sequence[str]) -> Figure:
    """Chosen observables over time, one panel each."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 1.6 * len(names) + 0.4), layout="constrained")
        grid: Any = figure.subplots(len(names), 1, sharex=True, squeeze=False)
        for axes, name in zip(grid[:, 0], names, strict=True):
            meaning = str(run[name].attrs.get("long_name", name))
            panel = Panel(meaning[:1].upper() + meaning[1:], str(run[name].attrs.get("units", "")), ())
            draw_panel(axes, run, Panel(panel.title, panel.unit, (Curve(name, name, STAGE["circuit"]),)), None)
            time_axis(axes, float(run.times_h[-1]), labels=axes is grid[-1, 0])
    return figure


def draw_panel(axes: Axes, run: Run, panel: Panel, ghost: Run | None) -> None:
    """One panel: bands first, then the ghost, then the lines, each labelled beside its end."""
    drawn = [c for c in panel.curves if c.observable in run.data]
    for curve in drawn:
        low, middle, high = (v * panel.scale for v in run.band(curve.observable))
        if ghost is not None and curve.observable in ghost.data:
            axes.plot(ghost.times_h, ghost.band(curve.observable)[1] * panel.scale, color=NEUTRAL, lw=0.9, ls="--")
        axes.fill_between(run.times_h, low, high, color=curve.colour, alpha=0.15, lw=0)
        axes.plot(run.times_h, middle, color=curve.colour, ls=curve.dash, lw=1.6, label=curve.label)
    axes.set_title(f"{panel.title}, {panel.unit}" if panel.unit else panel.title)
    axes.margins(y=0.08)
    axes.locator_params(axis="y", nbins=4)
    if len(drawn) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.05), handlelength=2.4, borderaxespad=0.2)


def draw_doses(axes: Axes, run: Run) -> None:
    """When something is given: a grey span a dose, a hairline for one at once."""
    for event in parse_protocol(run.provenance["protocol"]).administrations():
        stop_h = min(event.stop_h, float(run.times_h[-1]))
        if event.amount > 0 and stop_h >= 0:
            axes.axvspan(max(event.start_h, 0.0), stop_h, color=NEUTRAL, alpha=0.12, lw=0.6, zorder=0)


def draw_points(axes: Axes, points: Sequence[Point]) -> None:
    """Published values as hollow diamonds with their spread."""
    for point in points:
        width = None if point.half_width is None else [[point.half_width], [point.half_width]]
        axes.errorbar(
            [point.time_h], [point.value], yerr=width, fmt="D", mfc="white", mec="black", ecolor="black", ms=5, lw=0.9
        )


def arms_figure(
    arms: Mapping[str, Run], observable: str, points: Sequence[Point], colours: Mapping[str, str]
) -> Figure:
    """One observable in several arms, mean and 95 % interval of the mean, with each arm's published points."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        axes = figure.subplots()
        for name, run in arms.items():
            table = np.asarray(run[observable].values)
            mean = table.mean(axis=1)
            half = 1.96 * table.std(axis=1, ddof=1) / np.sqrt(table.shape[1]) if table.shape[1] > 1 else 0 * mean
            axes.fill_between(run.times_h, mean - half, mean + half, color=colours[name], alpha=0.15, lw=0)
            axes.plot(run.times_h, mean, color=colours[name], lw=2, label=name)
            _arm_points(axes, [p for p in points if p.arm == name and p.observable == observable], colours[name])
        unit = str(next(iter(arms.values()))[observable].attrs.get("units", ""))
        axes.set_title(f"{observable.upper()}, {unit}: simulated mean and 95 % interval; diamonds as published")
        axes.legend(loc="upper right")
        time_axis(axes, float(next(iter(arms.values())).times_h[-1]), labels=True)
    return figure


def _arm_points(axes: Axes, points: Sequence[Point], colour: str) -> None:
    for point in points:
        width = None if point.half_width is None else [[point.half_width], [point.half_width]]
        axes.errorbar([point.time_h], [point.value], yerr=width, fmt="D", mfc="white", mec=colour, ecolor=colour, ms=7)


def knockout_figure(table: Mapping[str, Mapping[str, float]], intact: Mapping[str, float]) -> Figure:
    """What is left of each outcome when one mechanism is off: rows mechanisms, columns outcomes."""
    rows, columns = list(table), list(intact)
    left = np.array([[table[r][c] for c in columns] for r in rows])
    with mpl.rc_context({**RC, "axes.grid": False}):
        figure = Figure(figsize=(1.5 + 1.25 * len(columns), 0.9 + 0.34 * len(rows)), layout="constrained")
        axes = figure.subplots()
        axes.imshow(np.clip(left, 0, 1.5), cmap="Blues", vmin=0, vmax=1.5, aspect="auto")
        axes.set_yticks(range(len(rows)), rows)
        axes.set_xticks(range(len(columns)), columns, rotation=30, ha="right")
        for i in range(len(rows)):
            for j in range(len(columns)):
                dark = left[i, j] > 0.9
                axes.text(
                    j, i, f"{100 * left[i, j]:.0f} %", ha="center", va="center", color="white" if dark else "black"
                )
        axes.set_title("Effect left with one mechanism off")
    return figure
