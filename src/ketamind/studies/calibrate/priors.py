"""Priors: what is believed of a parameter before the experiments of its stage.

They are kept in `data/calibration/priors.csv`, apart from the parameter tables, whose values move when a calibration is
adopted: otherwise a second calibration would start from what the first had learned from the same experiments. The
median is the value before, the range holds 95 % of the belief and is never left, since beyond it lies what the source
excludes (a share over 1, a time below nil). The belief is normal in the logarithm where the range is positive and
spans more than two-fold, else in the value itself, with its own width on either side of the median.
Draws live on a standard scale (0 the median, 1 a standard deviation), on which samplers walk.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from ketamind.declare import Row
from ketamind.errors import BadValue

Floats = NDArray[np.float64]
TWO_FOLD = 2.0
Z95 = 1.959963984540054
COLUMNS = ("stage", "parameter", "median", "low", "high", "unit")


@dataclass(frozen=True)
class Prior:
    """The belief about one parameter, in the unit of its table."""

    name: str
    median: float
    low: float
    high: float
    unit: str = "1"

    @classmethod
    def of(cls, row: Row) -> "Prior":
        """From a row of the tables. Raises BadValue for a row without a range."""
        if not row.low < row.high:
            raise BadValue(f"'{row.id}' has no range in its table, so that nothing can be learned about it.")
        return cls(row.id, float(np.clip(row.value, row.low, row.high)), row.low, row.high, row.unit)

    @property
    def logarithmic(self) -> bool:
        """True where the belief is normal in the logarithm."""
        return self.low > 0 and self.high / self.low > TWO_FOLD

    def value(self, z: Floats) -> Floats:
        """The parameter at standard scores.

        >>> Prior("x.y", 2.0, 1.0, 8.0).value(np.array([-9.0, 0.0, 9.0])).round(6).tolist()
        [1.0, 2.0, 8.0]
        """
        low, median, high = self._scale(np.array([self.low, self.median, self.high]))
        width = np.where(z < 0, median - low, high - median) / Z95
        found = np.clip(median + width * z, low, high)
        return np.exp(found) if self.logarithmic else np.asarray(found)

    def _scale(self, x: Floats) -> Floats:
        return np.log(x) if self.logarithmic else x


def values_at(priors: Sequence[Prior], z: Floats) -> dict[str, Floats]:
    """Parameter values (draws,) at standard scores (draws, parameters)."""
    return {prior.name: prior.value(z[:, i]) for i, prior in enumerate(priors)}


def shipped_priors(stage: str) -> tuple[Prior, ...]:
    """The priors of a stage, in the order of the file."""
    text = (resources.files("ketamind") / "data" / "calibration" / "priors.csv").read_text(encoding="utf-8")
    rows = [r for r in csv.DictReader(text.splitlines()) if r["stage"] == stage]
    return tuple(Prior(r["parameter"], float(r["median"]), float(r["low"]), float(r["high"]), r["unit"]) for r in rows)
