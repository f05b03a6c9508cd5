"""Rate of a population as a function of its drive: a threshold power law that saturates.

    r = y / (1 + y / r_max),   y = k max(D, 0)**2

D is the mean potential above the foot of the curve. The exponent 2 and k are those of the stabilised supralinear
network; r_max is the highest rate seen with injected current.
Source: ahmadian-2013, hennequin-2018, gentet-2012.
"""

from typing import Any

from numpy import maximum, minimum, sqrt

SILENT = 1e-6
"""Relative rate that stands for silence, so that the square root keeps a finite slope."""

NEAR_CEILING = 0.98
"""Largest share of the ceiling at which the curve is inverted."""


def rate_of_drive(D: Any, k: Any, r_max: Any) -> Any:
    """Steady rate, Hz, at drive D (mV)."""
    y = k * maximum(D, 0) ** 2
    return y / (1 + y / r_max)


def drive_of_rate(r: Any, r_rest: Any, k: Any, r_max: Any) -> Any:
    """Drive, mV, at which a population fires at rate r: the inverse curve."""
    unsaturated = 1 - minimum(r / r_max, NEAR_CEILING)
    return sqrt((maximum(r / r_rest, 0) + SILENT) * (r_rest / k) / unsaturated)


def gain(r: Any, r_rest: Any, k: Any, r_max: Any) -> Any:
    """Slope of the curve, Hz/mV, where the population fires at rate r."""
    unsaturated = 1 - minimum(r / r_max, NEAR_CEILING)
    return 2 * k * drive_of_rate(r, r_rest, k, r_max) * unsaturated**2


def efficacy(x: Any, c: Any) -> Any:
    """Strength of a synapse, relative to rest, whose source fires at x times its resting rate.

    Steady short-term plasticity: c below 0 depresses, above 0 facilitates; c/2 is how far the logarithmic slope of
    transmission against rate lies from 1 at rest.
    """
    return 1 + c * (x - 1) / (1 + maximum(x, 0))
