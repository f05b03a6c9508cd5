"""Statistics as those who run trials and pharmacokinetic studies compute them; plain numbers in, plain numbers out.

Curves are `y` at increasing times `t` [h]; areas by the linear trapezoidal rule, the tail from the log-linear decline
of the last points (non-compartmental analysis, Gibaldi & Perrier 1982). Survival by Kaplan-Meier, hazard ratios by
Cox's partial likelihood with Breslow's ties for one group variable. Intervals of rates by Wilson's score.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Z95 = 1.959963984540054
TINY = 1e-12


def area(t: Floats, y: Floats, start_h: float = -np.inf, stop_h: float = np.inf) -> float:
    """Area under a curve between two times, ends interpolated.

    >>> area(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0]), 0.5, 2.0)
    0.875
    """
    start, stop = max(start_h, t[0]), min(stop_h, t[-1])
    inner = t[(t > start) & (t < stop)]
    grid = np.concatenate([[start], inner, [stop]])
    return float(np.trapezoid(np.interp(grid, t, y), grid))


def terminal_slope(t: Floats, y: Floats, points: int = 12) -> float:
    """Rate of the log-linear decline over the last points, 1/h."""
    x, z = t[-points:], np.log(np.maximum(y[-points:], TINY))
    return float(-np.polyfit(x, z, 1)[0])


def area_to_infinity(t: Floats, y: Floats) -> float:
    """Area with the tail beyond the last point, which must decline."""
    slope = terminal_slope(t, y)
    tail = y[-1] / slope if slope > 0 and y[-1] > TINY else 0.0
    return area(t, y) + float(tail)


def moment_to_infinity(t: Floats, y: Floats) -> float:
    """Area under t * y with its tail: over the area it is the mean residence time."""
    slope = terminal_slope(t, y)
    tail = y[-1] * (t[-1] / slope + 1 / slope**2) if slope > 0 and y[-1] > TINY else 0.0
    return area(t, t * y) + float(tail)


def half_life(t: Floats, y: Floats, start_h: float, stop_h: float) -> float:
    """Half-life by regression of log y between two times.

    >>> t = np.linspace(0, 12, 25)
    >>> round(half_life(t, 5 * 0.5 ** (t / 3), 4, 12), 6)
    3.0
    """
    inside = (t >= start_h) & (t <= stop_h) & (y > TINY)
    if inside.sum() < 3:
        raise ValueError(f"fewer than three points between {start_h:g} and {stop_h:g} h")
    slope = -np.polyfit(t[inside], np.log(y[inside]), 1)[0]
    if slope <= 0:
        raise ValueError("the curve does not decline where its half-life is read")
    return float(np.log(2) / slope)


def crossing(x: Floats, y: Floats, level: float) -> float:
    """Where y first reaches `level`, between points on a logarithmic axis of x. NaN if it never does.

    >>> round(crossing(np.array([0.1, 1.0, 10.0]), np.array([0.9, 0.6, 0.4]), 0.5), 3)
    3.162
    """
    above = (y - level) * np.sign(y[0] - level or 1.0) > 0
    if above.all():
        return float("nan")
    i = int(np.argmin(above))
    if i == 0:
        return float(x[0])
    share = (level - y[i - 1]) / (y[i] - y[i - 1])
    return float(np.exp(np.log(x[i - 1]) + share * np.log(x[i] / x[i - 1])))


def span(t: Floats, on: NDArray[np.bool_], unbroken: bool = False) -> tuple[float, float]:
    """First and last time at which an effect is on (`unbroken`: last before it is first off); NaN if it never is.

    >>> span(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True]), unbroken=True)
    (2.0, 2.0)
    """
    found = np.flatnonzero(on)
    if not found.size:
        return float("nan"), float("nan")
    off = np.flatnonzero(~on[found[0] :]) if unbroken else np.array([], dtype=int)
    last = found[0] + off[0] - 1 if off.size else found[-1]
    return float(t[found[0]]), float(t[last])


def wilson(successes: float, n: float) -> tuple[float, float]:
    """95 % interval of a proportion by Wilson's score.

    >>> [round(v, 3) for v in wilson(0, 12)]
    [0.0, 0.242]
    """
    p, z2 = successes / n, Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low, high = float(middle - half), float(middle + half)
    return (0.0 if successes <= 0 else low), (1.0 if successes >= n else high)


def cohen_d(one: Floats, other: Floats) -> float:
    """Difference of means over the pooled standard deviation."""
    n, m = one.size, other.size
    pooled = ((n - 1) * one.var(ddof=1) + (m - 1) * other.var(ddof=1)) / (n + m - 2)
    return float((one.mean() - other.mean()) / np.sqrt(max(pooled, TINY)))


def se_of_d(d: float, n: float, m: float) -> float:
    """Standard error of a standardised difference between groups of n and m (Hedges & Olkin 1985)."""
    return float(np.sqrt((n + m) / (n * m) + d * d / (2 * (n + m))))


def correlation(x: Floats, y: Floats) -> float:
    """Pearson's r; 0 where one side does not vary."""
    if x.std() < TINY or y.std() < TINY:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def odds(p: float, n: float) -> float:
    """Odds of a rate in n people, half a case added to each side, as is usual for empty cells (Haldane 1956)."""
    return (p * n + 0.5) / ((1 - p) * n + 0.5)


def median_survival(time_h: Floats, event: NDArray[np.bool_]) -> float:
    """Kaplan-Meier median: first time at which half have had the event; infinite if never.

    >>> median_survival(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, True]))
    2.0
    """
    left = 1.0
    for t in np.unique(time_h[event]):
        left *= 1 - ((time_h == t) & event).sum() / (time_h >= t).sum()
        if left <= 0.5 + TINY:
            return float(t)
    return float("inf")


def survival_at(time_h: Floats, event: NDArray[np.bool_], when_h: float) -> float:
    """Kaplan-Meier share without the event at a time."""
    left = 1.0
    for t in np.unique(time_h[event & (time_h <= when_h)]):
        left *= 1 - ((time_h == t) & event).sum() / (time_h >= t).sum()
    return float(left)


def hazard_ratio(groups: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> float:
    """Hazard of the first group over that of the second: Cox's partial likelihood, Breslow's ties, by Newton."""
    (t1, e1), (t0, e0) = groups
    times = np.unique(np.concatenate([t1[e1], t0[e0]]))
    if not times.size:
        raise ValueError("nobody has the event in either arm")
    died = np.array([[((t == s) & e).sum() for t, e in groups] for s in times], dtype=float)
    risk = np.array([[(t >= s).sum() for t, _ in groups] for s in times], dtype=float)
    b = 0.0
    for _ in range(60):
        share = np.exp(b) * risk[:, 0] / np.maximum(np.exp(b) * risk[:, 0] + risk[:, 1], TINY)
        total = died.sum(axis=1)
        gradient, curvature = (died[:, 0] - total * share).sum(), (total * share * (1 - share)).sum()
        step = gradient / max(curvature, 1e-9)
        b += float(np.clip(step, -1, 1))
        if abs(step) < 1e-9 or abs(b) > 8:
            break
    return float(np.exp(b))
