"""Sobol indices of any function of the unit cube, streamed in blocks so that memory stays flat.

First order S_i: the share of the variance that would go if parameter i were known; total order T_i: the share that
would stay if all others were known. Design: Saltelli et al. 2010, on a scrambled Sobol sequence. Estimators and
bootstrapped intervals: SALib (Iwanaga et al. 2022).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ketamind.errors import SolveFailed

Floats = NDArray[np.float64]
Evaluate = Callable[[Floats], Floats]
"""From points (runs, parameters) of the unit cube to outcomes (runs, outcomes), NaN where a run failed."""
BLOCK = 4096
RESAMPLES = 200
FEWEST = 16
"""Base points without which no index is told."""


@dataclass(frozen=True)
class Indices:
    """Indices (outcomes, parameters) with 95 % half-widths, and what they rest on.

    `points` base points took part; `dropped` did not, because one of their runs failed; `failed` runs failed.
    """

    first: Floats
    first_width: Floats
    total: Floats
    total_width: Floats
    mean: Floats
    sd: Floats
    points: int
    dropped: int
    failed: int
    interrupted: bool = False


def saltelli(points: int, parameters: int, seed: int, block: int = BLOCK) -> Iterator[Floats]:
    """The design in blocks of whole base points, (base points, parameters + 2, parameters).

    Of each base point: its first half A, A with each parameter in turn from the second half B, and B.

    >>> [b.shape for b in saltelli(8, 2, seed=1, block=16)]
    [(4, 4, 2), (4, 4, 2)]
    """
    sequence = qmc.Sobol(2 * parameters, scramble=True, rng=np.random.default_rng(seed))
    each = max(1, block // (parameters + 2))
    if each & (each - 1):
        each = 1 << (each.bit_length() - 1)
    for first in range(0, points, each):
        base = sequence.random(min(each, points - first))
        a, b = base[:, None, :parameters], base[:, None, parameters:]
        crossed = np.where(np.eye(parameters, dtype=bool), b, a)
        yield np.concatenate([a, crossed, b], axis=1)


def sobol_indices(
    evaluate: Evaluate,
    parameters: int,
    points: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    block: int = BLOCK,
) -> Indices:
    """Sobol indices from `points` base points (rounded up to a power of two).

    A base point with a failed run is left out whole and counted. An interrupt ends the sampling, and what is done by
    then is analysed. Raises SolveFailed if fewer than 16 base points can be used.
    """
    count = power_of_two(points)
    outcomes, stopped = evaluated(evaluate, parameters, count, seed, progress, block)
    good = np.asarray(np.isfinite(outcomes).all(axis=(1, 2)))
    failed = int((~np.isfinite(outcomes).all(axis=2)).sum())
    if good.sum() < FEWEST:
        raise SolveFailed(
            f"{good.sum()} of {len(good)} base points can be used ({failed} runs failed), and {FEWEST} are needed. "
            "Give more samples, or leave out parameters with wide ranges."
        )
    used = outcomes[good]
    rows = [_analysed(used[:, :, k], seed) for k in range(used.shape[2])]
    first, first_width, total, total_width = (np.array([row[i] for row in rows]) for i in range(4))
    ends = used[:, [0, -1]]
    return Indices(
        *(first, first_width, total, total_width),
        ends.mean(axis=(0, 1)),
        ends.std(axis=(0, 1)),
        int(good.sum()),
        int((~good).sum()),
        failed,
        stopped,
    )


def evaluated(
    evaluate: Evaluate,
    parameters: int,
    points: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    block: int = BLOCK,
) -> tuple[Floats, bool]:
    """Outcomes (base points, parameters + 2, outcomes) of the design, and whether it was interrupted."""
    found: list[Floats] = []
    done = 0
    try:
        for part in saltelli(points, parameters, seed, block):
            values = np.array(evaluate(part.reshape(-1, parameters)))
            found.append(values.reshape(*part.shape[:2], -1))
            done += len(part)
            if progress is not None:
                progress(done, points)
    except KeyboardInterrupt:
        if not found:
            raise
        return np.concatenate(found), True
    return np.concatenate(found), False


def screened(outcomes: Floats) -> Floats:
    """Rough total-order indices (outcomes, parameters) of a small design, for ranking only (Jansen 1999)."""
    a, crossed = outcomes[:, :1], outcomes[:, 1:-1]
    spread = np.nanvar(outcomes[:, [0, -1]], axis=(0, 1))
    moved = np.nanmean((crossed - a) ** 2, axis=0) / 2
    return np.asarray((moved / np.where(spread > 0, spread, np.inf)).T)


def power_of_two(count: int) -> int:
    """The next power of two, on which a Sobol sequence is balanced.

    >>> power_of_two(1000)
    1024
    """
    return 1 << max(count - 1, 1).bit_length()


def _analysed(y: Floats, seed: int) -> Sequence[Floats]:
    """First order, its half-width, total order, its half-width (parameters,) of one outcome."""
    from SALib.analyze import sobol

    parameters = y.shape[1] - 2
    if np.ptp(y) <= 1e-12 * max(np.abs(y).max(), 1e-300):
        return [np.zeros(parameters)] * 4
    problem = {"num_vars": parameters, "names": [str(i) for i in range(parameters)], "bounds": [[0, 1]] * parameters}
    found = sobol.analyze(problem, y.ravel(), calc_second_order=False, num_resamples=RESAMPLES, seed=seed + 1)
    return [np.asarray(found[name], dtype=np.float64) for name in ("S1", "S1_conf", "ST", "ST_conf")]
