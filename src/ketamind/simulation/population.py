"""Virtual patients: each a set of parameter values, drawn reproducibly.

Every parameter has its own counter-based stream of random numbers (Philox, Salmon et al. 2011), and patient `i` takes
number `i` of each. So the same seed gives the same patient whatever the number of patients, workers or parameters.
"""

import zlib
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from ketamind.declare import Row

Floats = NDArray[np.float64]
Normals = Callable[[str, int, int, int], Floats]
"""Standard normal draws by (name, seed, first patient, count)."""
WORDS_PER_COUNT = 4


def standard_normals(name: str, seed: int, first: int, count: int) -> Floats:
    """Standard normal draws of patients `first` to `first + count - 1` for the parameter of that name.

    >>> all(standard_normals("a", 1, 0, 10)[3:7] == standard_normals("a", 1, 3, 4))
    True
    """
    stream = np.random.Philox(key=[np.uint64(seed), np.uint64(zlib.crc32(name.encode()))])
    stream.advance(first // WORDS_PER_COUNT)
    skip = first % WORDS_PER_COUNT
    words = stream.random_raw(count + skip)[skip:]
    return np.asarray(ndtri((words.astype(np.float64) + 0.5) / 2.0**64), dtype=np.float64)


def draw(row: Row, typical: float, normals: Floats) -> Floats:
    """Values of one parameter between people, around `typical`, with the spread that its row states."""
    if row.spread == "lognormal":
        return np.asarray(typical * np.exp(np.sqrt(np.log1p(row.between**2)) * normals), dtype=np.float64)
    if row.spread == "normal":
        return typical + row.between * normals
    if row.spread == "logit" and 0 < typical < 1:
        return np.asarray(expit(logit(typical) + row.between * normals), dtype=np.float64)
    return np.full_like(normals, typical)


def draw_population(
    rows: Mapping[str, Row],
    typical: Mapping[str, float],
    seed: int,
    count: int,
    first: int = 0,
    normals: Normals = standard_normals,
) -> dict[str, Floats]:
    """Values (count,) of every parameter that varies between people.

    `typical` overrides the middle of a row; a parameter without spread is left out. `normals` gives the draws.
    """
    return {
        name: draw(row, typical.get(name, row.value), normals(name, seed, first, count))
        for name, row in rows.items()
        if row.between > 0
    }
