"""Saturating responses that the mechanisms of this stage share."""

from typing import Any

from numpy import maximum

SMALLEST_RATIO = 1e-12
"""Keeps the power of a quantity that is exactly zero, or that rounding made negative, defined."""


def hill(z: Any, K: Any) -> Any:
    """z / (z + K), dimensionless, for z >= 0 and K > 0 in the same unit."""
    return z / (z + K)


def steep_hill(z: Any, K: Any, n: Any) -> Any:
    """z^n / (z^n + K^n), dimensionless, for z and K > 0 in the same unit and any n > 0; negative z count as zero."""
    power = (maximum(z / K, 0) + SMALLEST_RATIO) ** n
    return power / (1 + power)
