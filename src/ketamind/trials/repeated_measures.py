"""The mixed model for repeated measures, by restricted maximum likelihood, from sums over any number of patients.

    y_i = B' z_i + e_i,   e_i ~ N(0, Sigma)       y_i: changes at the visits, z_i: (1, arm, baseline - its mean)

Every coefficient has a value at each visit, and Sigma has no structure imposed (Mallinckrodt et al. 2008). Visits may
be missing, at random given what was seen: a patient with visits m enters with the rows m of B and Sigma. So the
likelihood needs, for each pattern m, only the sums of z z', z y' and y y'.

`statsmodels` has random effects but no residual covariance without structure, which is why this is here; with complete
data it equals the analysis of covariance at each visit exactly, by which it is tested.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import stdtr, stdtrit

from ketamind.errors import BadValue

Floats = NDArray[np.float64]
Pattern = tuple[bool, ...]
TINY = 1e-8


@dataclass
class Sums:
    """Sums over patients of one pattern of visits: how many, z z', z y', y y'."""

    n: int
    zz: Floats
    zy: Floats
    yy: Floats


@dataclass
class Gathered:
    """Everything the model needs of any number of patients, gathered table by table."""

    columns: int
    visits: int
    patterns: dict[Pattern, Sums] = field(default_factory=dict)

    def add(self, z: Floats, y: Floats) -> None:
        """Add patients: z (n, columns), y (n, visits) with NaN where a visit is missing."""
        seen = ~np.isnan(y)
        for row in np.unique(seen, axis=0):
            if not row.any():
                continue
            which = (seen == row).all(axis=1)
            zs, ys = z[which], y[which][:, row]
            sums = Sums(int(which.sum()), zs.T @ zs, zs.T @ ys, ys.T @ ys)
            key = tuple(bool(v) for v in row)
            old = self.patterns.get(key)
            self.patterns[key] = (
                sums if old is None else Sums(old.n + sums.n, old.zz + sums.zz, old.zy + sums.zy, old.yy + sums.yy)
            )

    @property
    def patients(self) -> int:
        """Patients with at least one visit."""
        return sum(s.n for s in self.patterns.values())


@dataclass(frozen=True)
class Fit:
    """Coefficients (columns, visits), their covariance (in that order, visits fastest), residual covariance."""

    coefficients: Floats
    covariance: Floats
    residual: Floats
    log_likelihood: float
    patients: int

    @property
    def _freedom(self) -> int:
        return max(1, self.patients - len(self.coefficients))

    def effect(self, column: int, visit: int) -> tuple[float, float, float, float]:
        """Estimate, standard error and 95 % interval of a coefficient at a visit (t, residual degrees of freedom)."""
        place = column * self.residual.shape[0] + visit
        value = float(self.coefficients[column, visit])
        error = float(np.sqrt(self.covariance[place, place]))
        half = float(stdtrit(self._freedom, 0.975)) * error
        return value, error, value - half, value + half

    def p_value(self, column: int, visit: int) -> float:
        """Two-sided p of a coefficient at a visit."""
        value, error, _, _ = self.effect(column, visit)
        return float(2 * stdtr(self._freedom, -abs(value) / error))


def fit(gathered: Gathered) -> Fit:
    """Fit by restricted maximum likelihood. Raises BadValue for too few patients or columns that depend on others."""
    if gathered.patients <= gathered.columns + gathered.visits:
        raise BadValue(f"{gathered.patients} patients are too few for a model of {gathered.visits} visits.")
    places = np.tril_indices(gathered.visits)
    start = _starting(gathered)
    if len(gathered.patterns) == 1:
        return _fit_at(start @ start.T, gathered)
    scale = np.sqrt(np.diag(start @ start.T))

    def minus(values: Floats) -> float:
        factor = np.zeros((gathered.visits, gathered.visits))
        factor[places] = values
        factor *= scale[:, None]
        try:
            return -_fit_at(factor @ factor.T, gathered).log_likelihood
        except np.linalg.LinAlgError:
            return 1e300

    minimize: Any = optimize.minimize
    found = minimize(minus, (start / scale[:, None])[places], method="BFGS", options={"gtol": 1e-4})
    factor = np.zeros((gathered.visits, gathered.visits))
    factor[places] = found.x
    factor *= scale[:, None]
    return _fit_at(factor @ factor.T, gathered)


def _starting(gathered: Gathered) -> Floats:
    """Factor of the residual covariance of the patients with every visit; exact where nothing is missing."""
    whole = gathered.patterns.get((True,) * gathered.visits)
    if whole is None or whole.n <= gathered.columns + gathered.visits:
        return np.eye(gathered.visits) * _pooled_sd(gathered)
    try:
        coefficients = np.linalg.solve(whole.zz, whole.zy)
    except np.linalg.LinAlgError:
        raise BadValue(
            "the columns of the model depend on each other: is there but one arm, or one baseline?"
        ) from None
    left = whole.yy - coefficients.T @ whole.zy
    return np.asarray(np.linalg.cholesky(left / (whole.n - gathered.columns) + TINY * np.eye(gathered.visits)))


def _pooled_sd(gathered: Gathered) -> float:
    total = sum(float(np.trace(s.yy)) for s in gathered.patterns.values())
    count = sum(s.n * sum(m) for m, s in gathered.patterns.items())
    return float(np.sqrt(max(total / count, TINY)))


def _fit_at(residual: Floats, gathered: Gathered) -> Fit:
    """Generalised least squares at a residual covariance, with its restricted log likelihood."""
    q, t = gathered.columns, gathered.visits
    normal, right = np.zeros((q * t, q * t)), np.zeros((q, t))
    log_det, squares, rows = 0.0, 0.0, 0
    for pattern, sums in gathered.patterns.items():
        seen = np.flatnonzero(pattern)
        part = residual[np.ix_(seen, seen)]
        inverse = np.linalg.inv(part)
        sign, value = np.linalg.slogdet(part)
        if sign <= 0:
            raise np.linalg.LinAlgError
        log_det += sums.n * value
        wide = np.zeros((t, t))
        wide[np.ix_(seen, seen)] = inverse
        normal += np.kron(sums.zz, wide)
        right[:, seen] += sums.zy @ inverse
        squares += float((inverse * sums.yy).sum())
        rows += sums.n * len(seen)
    covariance = np.linalg.inv(normal)
    coefficients: Floats = np.asarray(covariance @ right.ravel(), dtype=np.float64).reshape(q, t)
    squares -= float((coefficients * right).sum())
    log_normal = float(np.linalg.slogdet(normal)[1])
    likelihood = -0.5 * (log_det + squares + log_normal + (rows - q * t) * np.log(2 * np.pi))
    return Fit(coefficients, np.asarray(covariance, dtype=np.float64), residual, likelihood, gathered.patients)


def design(arm: NDArray[np.bool_], baseline: Floats, middle: float) -> Floats:
    """z: one, being in the arm, baseline from its middle."""
    return np.column_stack([np.ones(len(arm)), arm.astype(float), baseline - middle])


def gather(tables: Iterable[tuple[Floats, Floats]], columns: int, visits: int) -> Gathered:
    """All tables' (z, y) together."""
    found = Gathered(columns, visits)
    for z, y in tables:
        found.add(z, y)
    return found
