"""Priors: what is believed of a parameter before the experiments, from its row of the table.

The table's value is the median and its range, low to high, holds 95 % of the belief: a normal distribution of the
logarithm where the row is positive and the range spans more than two-fold, else of the value itself, always cut off
at the range, since beyond it lies what the source excludes (a share over 1, a time below nil).
Draws live on a standard scale (0 median, 1 a standard deviation), on which samplers walk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from ketamind.declare import Row
from ketamind.errors import BadValue

Floats = NDArray[np.float64]
TWO_FOLD = 2.0
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Prior:
    """The belief about one parameter. Raises BadValue for a row without a range."""

    name: str
    middle: float
    low: float
    high: float
    logarithmic: bool

    @classmethod
    def of(cls, row: Row) -> "Prior":
        """From a row of the tables."""
        if not row.low < row.high:
            raise BadValue(f"'{row.id}' has no range in its table, so that nothing can be learned about it.")
        wide = row.low > 0 and row.high / row.low > TWO_FOLD
        return cls(row.id, float(np.clip(row.value, row.low, row.high)), row.low, row.high, wide)

    def value(self, z: Floats) -> Floats:
        """The parameter at standard scores."""
        low, middle, high = self._scale(np.array([self.low, self.middle, self.high]))
        step = np.where(z < 0, (middle - low), (high - middle)) / Z95
        found = np.clip(middle + step * z, low, high)
        return np.exp(found) if self.logarithmic else np.asarray(found)

    def _scale(self, x: Floats) -> Floats:
        return np.log(x) if self.logarithmic else x


def values_at(priors: Sequence[Prior], z: Floats) -> dict[str, Floats]:
    """Parameter values (draws,) at standard scores (draws, parameters)."""
    return {prior.name: prior.value(z[:, i]) for i, prior in enumerate(priors)}


def sobol(count: int, parameters: int, seed: int, width: float = 1.0) -> Floats:
    """Quasi-random standard scores (draws, parameters) within the ranges. The same seed gives the same draws."""
    shares = qmc.Sobol(parameters, seed=seed).random(count)
    inside = ndtr(Z95) * 2 - 1
    return np.asarray(width * ndtri(0.5 + inside * (shares - 0.5)))


def priors_of(rows: Mapping[str, Row], names: Sequence[str]) -> tuple[Prior, ...]:
    """The priors of parameters, in order."""
    return tuple(Prior.of(rows[name]) for name in names)
