"""How many patients a trial needs: power by simulated patients, by formula, and assurance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr

from ketamind.errors import BadValue
from ketamind.trials.trial import probability

Floats = NDArray[np.float64]
REPLICATES = 2000
NODES = 41


@dataclass(frozen=True)
class Power:
    """Power at a number of patients in each arm, with the 95 % interval of its simulation."""

    per_arm: int
    power: float
    low: float
    high: float


def simulated_power(
    one: Floats, other: Floats, sizes: Sequence[int], seed: int, alpha: float = 0.05, replicates: int = REPLICATES
) -> tuple[Power, ...]:
    """Share of trials of that size, drawn from simulated patients, in which Welch's t-test is significant.

    `one` and `other` are outcomes of the patients of two arms: changes, or 0 and 1 for response.
    """
    from statsmodels.stats.proportion import proportion_confint

    probability(alpha, "the level of the test")
    if min(one.size, other.size) < 2:
        raise BadValue("power needs at least two simulated patients in each arm.")
    rng = np.random.default_rng([seed, 7])
    found = []
    for size in sizes:
        p = welch(_samples(one, size, replicates, rng), _samples(other, size, replicates, rng))
        hits = int((p < alpha).sum())
        low, high = proportion_confint(hits, replicates, method="wilson")
        found.append(Power(int(size), hits / replicates, float(low), float(high)))
    return tuple(found)


def _samples(values: Floats, size: int, replicates: int, rng: np.random.Generator) -> Floats:
    return values[rng.integers(0, values.size, (replicates, size))]


def welch(one: Floats, other: Floats) -> Floats:
    """Two-sided p of Welch's t-test along the last axis; 1 where neither side varies."""
    n, m = one.shape[-1], other.shape[-1]
    a, b = one.var(axis=-1, ddof=1) / n, other.var(axis=-1, ddof=1) / m
    total = np.maximum(a + b, 1e-300)
    freedom = total**2 / np.maximum(a**2 / (n - 1) + b**2 / (m - 1), 1e-300)
    t = (one.mean(axis=-1) - other.mean(axis=-1)) / np.sqrt(total)
    p = 2 * stdtr(np.maximum(freedom, 1.0), -np.abs(t))
    return np.where(a + b > 0, p, np.where(one.mean(axis=-1) == other.mean(axis=-1), 1.0, 0.0))


def analytic_power(difference: float, sd: float, per_arm: int, alpha: float = 0.05) -> float:
    """Power of the two-sided t-test for two equal normal groups.

    >>> round(analytic_power(5.0, 10.0, 64), 3)
    0.801
    """
    from statsmodels.stats.power import TTestIndPower

    return float(TTestIndPower().power(abs(difference) / sd, per_arm, alpha, alternative="two-sided"))


def assurance(difference: float, uncertainty: float, sd: float, per_arm: int, alpha: float = 0.05) -> float:
    """Probability of a significant trial in the expected direction when the true difference is itself uncertain.

    Power averaged over a normal belief about the difference (O'Hagan et al. 2005); by the normal approximation it is
    Phi((difference - z s) / sqrt(s**2 + uncertainty**2)), s = sd sqrt(2 / n).
    """
    error = sd * np.sqrt(2 / per_arm)
    critical = ndtri(1 - alpha / 2) * error
    return float(ndtr((abs(difference) - critical) / np.hypot(error, uncertainty)))
