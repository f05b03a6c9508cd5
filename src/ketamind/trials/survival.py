"""Time to relapse: Kaplan-Meier curves and Cox's hazard ratio, by statsmodels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Curve:
    """Share without the event at each time of an event [h], with its 95 % interval (log-log), and the median."""

    time_h: Floats
    free: Floats
    low: Floats
    high: Floats
    median_h: float
    n: int
    events: int


@dataclass(frozen=True)
class Ratio:
    """A hazard ratio with its 95 % interval and p."""

    value: float
    low: float
    high: float
    p: float


def kaplan_meier(time_h: Floats, event: Flags) -> Curve:
    """Kaplan-Meier. The median is infinite where more than half stay free.

    >>> kaplan_meier(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, True])).median_h
    2.0
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    if not event.any():
        nothing = np.zeros(0)
        return Curve(nothing, nothing, nothing, nothing, np.inf, len(time_h), 0)
    found = SurvfuncRight(time_h, event.astype(int))
    times, free, error = (np.asarray(v, dtype=float) for v in (found.surv_times, found.surv_prob, found.surv_prob_se))
    low, high = _log_log(free, error)
    under = np.flatnonzero(free <= 0.5 + 1e-12)
    median = float(times[under[0]]) if len(under) else np.inf
    return Curve(times, free, low, high, median, len(time_h), int(event.sum()))


def _log_log(free: Floats, error: Floats) -> tuple[Floats, Floats]:
    """95 % interval on the scale log(-log S), which stays within 0 to 1."""
    inside = (free > 0) & (free < 1)
    low, high = free.copy(), free.copy()
    s = free[inside]
    spread = np.exp(Z95 * error[inside] / (s * np.abs(np.log(s))))
    low[inside], high[inside] = s**spread, s ** (1 / spread)
    return low, high


def at(curve: Curve, time_h: float) -> float:
    """Share without the event at a time."""
    before = np.flatnonzero(curve.time_h <= time_h)
    return float(curve.free[before[-1]]) if len(before) else 1.0


def hazard_ratio(time_h: Floats, event: Flags, group: Flags) -> Ratio:
    """Hazard in the group over that outside it, by Cox's model with Efron's ties; NaN where a side has no event."""
    from statsmodels.duration.hazard_regression import PHReg

    if not event[group].any() or not event[~group].any():
        return Ratio(np.nan, np.nan, np.nan, np.nan)
    model = PHReg(time_h, group.astype(float)[:, None], status=event.astype(float), ties="efron")
    found = model.fit()
    slope, error = float(found.params[0]), float(found.bse[0])
    low, high = np.exp(slope - Z95 * error), np.exp(slope + Z95 * error)
    return Ratio(float(np.exp(slope)), float(low), float(high), float(found.pvalues[0]))
