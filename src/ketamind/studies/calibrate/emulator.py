"""An emulator of the predictions: quadratic in each parameter's standard score, fitted to runs of the model.

    prediction_i(z) = c_i + sum_j (a_ij z_j + b_ij z_j^2)

by ridge regression, its penalty chosen by generalised cross-validation (Golub, Heath & Wahba 1979). Its error for each
result, from leaving runs out, is added to the scale on which that result is compared; so an emulator that says little
about a result lets that result say little about the parameters.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PENALTIES = np.geomspace(1e-2, 1e4, 25)
FEWEST = 0.6
"""Share of runs that must give a number for a result to be emulated."""


@dataclass(frozen=True)
class Emulator:
    """`middle` (n,) and `slopes` (2 parameters, n) of each result; `error` (n,) of a run left out.

    The error is infinite for a result that too few runs give.
    """

    middle: Floats
    slopes: Floats
    error: Floats

    def __call__(self, z: Floats) -> Floats:
        """Predictions (draws, n) at standard scores (draws, parameters)."""
        return np.asarray(self.middle + features(z) @ self.slopes)


def features(z: Floats) -> Floats:
    """Scores and their centred squares, (draws, 2 parameters)."""
    return np.concatenate([z, z**2 - 1], axis=1)


def fit_emulator(z: Floats, predictions: Floats) -> Emulator:
    """From runs at scores z (draws, parameters) with predictions (n, draws), NaN where a run gave no number."""
    x = features(z)
    columns = [_ridge(x, y) for y in predictions]
    middle, slopes, error = (np.array(c) for c in zip(*columns, strict=True))
    return Emulator(middle, slopes.T, error)


def _ridge(x: Floats, y: Floats) -> tuple[float, Floats, float]:
    known = np.isfinite(y)
    if known.mean() < FEWEST:
        return 0.0, np.zeros(x.shape[1]), np.inf
    a, b = x[known], y[known]
    centre, middle = a.mean(axis=0), float(b.mean())
    u, s, vt = np.linalg.svd(a - centre, full_matrices=False)
    projected = u.T @ (b - middle)
    scores = [_left_out(u, s, projected, b - middle, k) for k in PENALTIES]
    best = PENALTIES[int(np.argmin(scores))]
    slopes = vt.T @ (s / (s**2 + best) * projected)
    return middle - float(centre @ slopes), slopes, float(np.sqrt(min(scores)))


def _left_out(u: Floats, s: Floats, projected: Floats, y: Floats, penalty: float) -> float:
    """Mean squared error of runs left out, by generalised cross-validation."""
    shrink = s**2 / (s**2 + penalty)
    residual = y - u @ (shrink * projected)
    freedom = 1 - (shrink.sum() + 1) / len(y)
    return float(np.mean(residual**2) / max(freedom, 0.05) ** 2)
