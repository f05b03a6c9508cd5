"""Colours, dashes and the time axis that every figure shares.

Colour says which stage, cell or substance; dash says it again. No two colours of one family are closer than a
colour-blind reader can tell.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INK = "#14181F"
SECOND_INK = "#434C59"
CAPTION = "#66707E"
HAIRLINE = "#E4E7EB"
NEUTRAL = "#7C8694"
SUBSTANCE = {
    "s_ketamine": "#D7263D",
    "r_ketamine": "#2B3FBF",
    "norketamine": "#7A4B10",
    "dehydronorketamine": "#AB6218",
    "hydroxynorketamine": "#237C8D",
    "racemate": INK,
    "naltrexone": "#8F2F5C",
}
CELL = {"pyramidal": "#0B62B0", "pv": "#C15000", "sst": "#078270", "vip": "#AD5298"}
STAGE = {
    "pharmacokinetics": "#A8281C",
    "receptors": "#7640D8",
    "circuit": "#1B57B3",
    "plasticity": "#078057",
    "readouts": "#8F6900",
    "opioid": "#9C2470",
}
KNEE_H = 0.1
TICKS = (
    (0.0, "0"),
    (10 / 60, "10 min"),
    (40 / 60, "40 min"),
    (2.0, "2 h"),
    (6.0, "6 h"),
    (24.0, "1 day"),
    (72.0, "3 d"),
    (168.0, "1 wk"),
    (336.0, "2 wk"),
    (672.0, "4 wk"),
    (1344.0, "8 wk"),
)
RESEARCH_ONLY = "For research and teaching. Not medical advice: do not choose a treatment or a dose from this."

RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica Neue", "Segoe UI", "Liberation Sans", "Arial", "DejaVu Sans"],
    "font.size": 8,
    "axes.edgecolor": HAIRLINE,
    "axes.labelcolor": SECOND_INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "xtick.color": CAPTION,
    "ytick.color": CAPTION,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "figure.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "ketamind",
}


@dataclass(frozen=True)
class Curve:
    """One line of a panel: which observable, under which name, how drawn."""

    observable: str
    label: str
    colour: str
    dash: str = "-"


@dataclass(frozen=True)
class Panel:
    """A group of curves that share an axis."""

    title: str
    unit: str
    curves: tuple[Curve, ...]
    scale: float = 1.0
    stage: str = ""


def stretch(times_h: Floats) -> Floats:
    """Time on the axis that shows minutes and weeks at once: log10(1 + t / 0.1 h), odd about zero.

    >>> float(stretch(np.array([0.0]))[0])
    0.0
    """
    return np.asarray(np.sign(times_h) * np.log10(1 + np.abs(times_h) / KNEE_H), dtype=np.float64)


def unstretch(positions: Floats) -> Floats:
    """The inverse of `stretch`."""
    return np.asarray(np.sign(positions) * KNEE_H * (10 ** np.abs(positions) - 1), dtype=np.float64)


def time_axis(axes: Axes, last_h: float, labels: bool, crowded: bool = False) -> None:
    """Give a panel the shared time axis, with only those labels that do not touch."""
    axes.set_xscale("function", functions=(stretch, unstretch))
    shown = [(t, name) for t, name in TICKS if t <= last_h * 1.001]
    span = float(stretch(np.array([last_h]))[0])
    kept: list[tuple[float, str]] = []
    for t, name in shown:
        place = float(stretch(np.array([t]))[0])
        if not kept or place - float(stretch(np.array([kept[-1][0]]))[0]) > (0.19 if crowded else 0.055) * span:
            kept.append((t, name))
    axes.set_xticks([t for t, _ in kept], [name if labels else "" for _, name in kept])
    axes.set_xticks([], minor=True)
    axes.set_xlim(0, last_h)
