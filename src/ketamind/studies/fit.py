"""Fit of ketamine's pharmacokinetics to people's own samples: of one person, or of a population.

    log C_ij = log f(t_ij; theta_i) + e_ij         e_ij ~ N(0, sigma_k^2), one sigma an observable k
    log theta_i = mu + eta_i                       eta_i ~ N(0, Omega), Omega diagonal

The population's likelihood is approximated by linearising f about each person's own best eta, which makes the model a
linear one with mixed effects; that is solved, and the two steps alternate until nothing moves. With errors on the
logarithm this is first-order conditional estimation. Derivatives are the engine's forward sensitivities.

One person (or `population=False`) keeps mu and Omega at the table's values and spread: eta is the most probable value.

Sources: lindstrom-bates 1990 (Biometrics 46:673, alternating algorithm); karlsson-savic 2007 (Clin Pharmacol Ther
82:17, shrinkage and diagnostics); bergstrand 2011 (AAPS J 13:143, prediction correction of visual checks).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from ketamind.biology.pharmacokinetics import base_name, externals, pharmacokinetics
from ketamind.declare import Model, shipped_table
from ketamind.engine import Batch, Options, Schedule, sensitivities, solve
from ketamind.errors import BadValue, unknown_name
from ketamind.protocols import Effects, Protocol
from ketamind.simulation.events import given_pairs, schedule

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
QUANTITIES: Mapping[str, tuple[str, ...]] = {
    "CL": ("ketamine.CL_int_s", "ketamine.CL_int_r"),
    "V_c": ("ketamine.V_c",),
    "V_1": ("ketamine.V_1",),
    "V_2": ("ketamine.V_2",),
    "Q_1": ("ketamine.Q_1",),
    "CL_norketamine": ("norketamine.CL_s", "norketamine.CL_r"),
    "V_norketamine": ("norketamine.V_c",),
}
"""What can be fitted by a short name, and the table rows that it scales together."""

USUAL = ("CL", "V_c", "V_1")
MOST_SUBJECTS = 5_000
LARGEST_STEP = 0.5
"""Largest change of a logarithm in one round."""

LEAST_SPREAD, MOST_SPREAD = 0.01, 3.0
USUAL_SPREAD = 0.3
LEAST_UM = 1e-12
SOLVING = Options(rtol=1e-6, atol=1e-9)
REPLICATES = 200
FEW_TIMES, BINS = 15, 8


@dataclass(frozen=True)
class Subject:
    """One person: what was given, values of table rows that are known of them, and samples (h, observable, uM)."""

    id: str
    protocol: Protocol
    values: Mapping[str, float]
    times_h: tuple[float, ...]
    observables: tuple[str, ...]
    concentrations: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.times_h) == len(self.observables) == len(self.concentrations):
            raise BadValue(f"subject '{self.id}' needs a time, an observable and a concentration for each sample.")


@dataclass(frozen=True)
class Quantity:
    """What is fitted: a name, and the rows of the table that move by one factor."""

    name: str
    rows: tuple[str, ...]


def quantities(names: Sequence[str], model: Model) -> tuple[Quantity, ...]:
    """The quantities of these names (short ones, or rows of the table). Raises UnknownName."""
    found = []
    for name in names:
        rows = QUANTITIES.get(name, (name,))
        for row in rows:
            if row not in model.rows:
                raise unknown_name(name, "a quantity that can be fitted here", [*QUANTITIES, *model.rows])
        found.append(Quantity(name, rows))
    used = [row for q in found for row in q.rows]
    if len(set(used)) < len(used) or not found:
        raise BadValue("give at least one quantity to fit, and each once.")
    return tuple(found)


class Design:
    """All subjects laid out for the engine: samples in one long vector, subject after subject."""

    def __init__(self, subjects: Sequence[Subject], names: Sequence[str]) -> None:
        self.subjects = tuple(subjects)
        _check(self.subjects)
        pairs = {pair for s in self.subjects for pair in given_pairs(s.protocol)}
        components = pharmacokinetics(sorted((base_name(d), r) for d, r in pairs))
        self.model = Model("pharmacokinetics", components, shipped_table(), externals(components))
        self.quantities = quantities(names, self.model)
        self.observables = tuple(dict.fromkeys(o for s in self.subjects for o in s.observables))
        for name in self.observables:
            if name not in self.model.system.outputs:
                raise unknown_name(name, "a concentration of this model", self.model.system.outputs)
        self.owner = np.repeat(np.arange(len(self.subjects)), [len(s.times_h) for s in self.subjects])
        self.kind = np.array([self.observables.index(o) for s in self.subjects for o in s.observables])
        self.times_h = np.array([t for s in self.subjects for t in s.times_h])
        self.logs = np.log([c for s in self.subjects for c in s.concentrations])

    @cached_property
    def typical(self) -> Floats:
        """The table's values as factors: all 1, as logarithms 0."""
        return np.zeros(len(self.quantities))

    @cached_property
    def spread(self) -> Floats:
        """The table's spread between people of each quantity, of the logarithm."""
        rows = [self.model.rows[q.rows[0]] for q in self.quantities]
        return np.asarray(np.sqrt(np.log1p(np.array([r.between or USUAL_SPREAD for r in rows]) ** 2)))

    @cached_property
    def table_values(self) -> Floats:
        """The table's value of the first row of each quantity."""
        return np.array([self.model.defaults[q.rows[0]] for q in self.quantities])

    @cached_property
    def _grid(self) -> tuple[Floats, Whole]:
        """Times (subjects, most times of one), padded past the end, and where each sample stands."""
        own = [np.unique(s.times_h) for s in self.subjects]
        longest = max(len(t) for t in own)
        padded = [np.r_[t, t[-1] + 0.01 * np.arange(1, longest - len(t) + 1)] for t in own]
        place = [np.searchsorted(own[i], self.times_h[k]) for k, i in enumerate(self.owner)]
        return np.array(padded), np.array(place, dtype=np.int64)

    @cached_property
    def _schedules(self) -> tuple[Schedule, ...]:
        usual = self.model.defaults["patient.weight"]
        return tuple(
            schedule(s.protocol, Effects(), self.model, s.values.get("patient.weight", usual), max(s.times_h) + 1)
            for s in self.subjects
        )

    def batch(self, phi: Floats) -> Batch:
        """The engine's batch at logarithms of factors (subjects, quantities)."""
        count = len(self.subjects)
        known = {n for s in self.subjects for n in s.values if n in self.model.defaults}
        values: dict[str, Any] = {
            n: np.array([s.values.get(n, self.model.defaults[n]) for s in self.subjects]) for n in known
        }
        for k, quantity in enumerate(self.quantities):
            values |= {row: self.model.defaults[row] * np.exp(phi[:, k]) for row in quantity.rows}
        return Batch(self._grid[0], self.observables, self._schedules, values, rest=False, patients=count)

    def predict(self, phi: Floats) -> Floats:
        """Logarithm of each sample's concentration (samples,) at these factors."""
        found = solve(self.model, self.batch(phi), SOLVING).require().values
        return np.asarray(np.log(np.maximum(found[self._grid[1], self.owner, self.kind], LEAST_UM)))

    def slopes(self, phi: Floats, logs: Floats) -> Floats:
        """Derivative of each sample's logarithm by the logarithm of each factor (samples, quantities)."""
        batch = self.batch(phi)
        rows = [row for q in self.quantities for row in q.rows]
        found = sensitivities(self.model, batch, rows, SOLVING).values[self._grid[1], self.owner, self.kind]
        by_row = {
            row: found[:, k] * np.asarray(batch.values[row])[self.owner] / np.exp(logs) for k, row in enumerate(rows)
        }
        return np.array([sum(by_row[row] for row in q.rows) for q in self.quantities]).T


def _check(subjects: Sequence[Subject]) -> None:
    if not subjects:
        raise BadValue("there is nobody to fit: no subject has a dose and a sample above 0.")
    if len(subjects) > MOST_SUBJECTS:
        raise BadValue(f"{len(subjects)} subjects are more than the {MOST_SUBJECTS} that are fitted at once.")
    for subject in subjects:
        if not subject.times_h or not given_pairs(subject.protocol):
            raise BadValue(f"subject '{subject.id}' needs at least one dose and one sample.")


@dataclass(frozen=True)
class Fit:
    """What was found: typical factors, spread between people, error, and each person's own.

    `mu`, `omega` and `se` are of the logarithm of factors on the table's values; `sigma` is the sd of the logarithm's
    error, one an observable; `phi` (subjects, quantities) are the people's own logarithms.
    """

    design: Design = field(repr=False)
    population: bool
    mu: Floats
    se: Floats
    omega: Floats
    sigma: Floats
    phi: Floats
    minus_two_log_likelihood: float
    rounds: int
    converged: bool
    losses: tuple[str, ...] = ()

    @cached_property
    def typical_logs(self) -> Floats:
        """Logarithm of each sample as predicted for the typical person."""
        return self.design.predict(np.broadcast_to(self.mu, self.phi.shape))

    @cached_property
    def own_logs(self) -> Floats:
        """Logarithm of each sample as predicted with the person's own values."""
        return self.design.predict(self.phi)

    @cached_property
    def residuals(self) -> Floats:
        """Individual weighted residuals (samples,): in standard deviations of the error."""
        return np.asarray((self.design.logs - self.own_logs) / self.sigma[self.design.kind])

    @property
    def estimates(self) -> dict[str, float]:
        """The typical value of each quantity, in the unit of its table row (its first row, where it scales several)."""
        values = self.design.table_values * np.exp(self.mu)
        return {q.name: float(v) for q, v in zip(self.design.quantities, values, strict=True)}

    @property
    def shrinkage(self) -> Floats:
        """1 - sd(eta) / omega of each quantity: near 1, the samples say little about people's differences."""
        return np.asarray(1 - np.std(self.phi - self.mu, axis=0, ddof=1 if len(self.phi) > 1 else 0) / self.omega)

    def as_json(self) -> dict[str, Any]:
        """Everything that a table shows."""
        units = [self.design.model.rows[q.rows[0]].unit for q in self.design.quantities]
        return {
            "subjects": len(self.phi),
            "samples": len(self.design.logs),
            "kind": "population" if self.population else "individual",
            "minus_two_log_likelihood": self.minus_two_log_likelihood,
            "rounds": self.rounds,
            "converged": self.converged,
            "quantities": {
                q.name: {
                    "rows": list(q.rows),
                    "value": self.estimates[q.name],
                    "unit": units[k],
                    "factor": float(np.exp(self.mu[k])),
                    "relative_standard_error": float(self.se[k]),
                    "between_people": float(self.omega[k]),
                    "shrinkage": float(self.shrinkage[k]),
                }
                for k, q in enumerate(self.design.quantities)
            },
            "error": {o: float(s) for o, s in zip(self.design.observables, self.sigma, strict=True)},
            "people": {
                s.id: {q.name: float(v) for q, v in zip(self.design.quantities, own, strict=True)}
                for s, own in zip(self.design.subjects, self.design.table_values * np.exp(self.phi), strict=True)
            },
            "losses": list(self.losses),
        }

    def as_text(self) -> str:
        """A table for people."""
        told = self.as_json()
        title = f"{told['kind']} fit of {told['subjects']} subjects, {told['samples']} samples"
        lines = [title, f"{'':16}{'value':>10} {'unit':6}{'RSE':>7}{'between':>9}{'shrinkage':>11}"]
        for name, q in told["quantities"].items():
            error = f"{100 * q['relative_standard_error']:.0f} %" if self.population else "fixed"
            spread = f"{100 * q['between_people']:.0f} %"
            lines.append(f"{name:16}{q['value']:10.4g} {q['unit']:6}{error:>7}{spread:>9}{100 * q['shrinkage']:9.0f} %")
        lines += [f"error of {o}: {100 * s:.0f} %" for o, s in told["error"].items()]
        lines.append(f"-2 log likelihood {told['minus_two_log_likelihood']:.2f} after {self.rounds} rounds")
        lines += [] if self.converged else ["NOT CONVERGED: take these numbers for a start only."]
        return "\n".join([*lines, *(f"set aside: {loss}" for loss in self.losses)])


def fit(
    subjects: Sequence[Subject],
    names: Sequence[str] = USUAL,
    *,
    population: bool | None = None,
    rounds: int = 30,
    progress: Callable[[int, int], None] | None = None,
    losses: Sequence[str] = (),
) -> Fit:
    """Fit quantities to the samples of these subjects.

    `population` says whether typical values and spread are fitted too (from 5 subjects on, if left out). Raises
    UnknownName for a quantity or an observable, BadValue where there is nobody to fit, SolveFailed.
    """
    design = Design(subjects, names)
    whole = len(design.subjects) >= 5 if population is None else population
    state = _State(design, whole)
    for n in range(1, rounds + 1):
        moved = state.advance()
        if progress is not None:
            progress(n, rounds)
        if moved < 1e-4:
            break
    return Fit(
        design=design,
        population=whole,
        mu=state.mu,
        se=state.errors,
        omega=state.omega,
        sigma=state.sigma,
        phi=state.phi,
        minus_two_log_likelihood=state.objective,
        rounds=n,
        converged=moved < 1e-4,
        losses=tuple(losses),
    )


class _State:
    """Where the alternating algorithm is."""

    def __init__(self, design: Design, population: bool) -> None:
        self.design, self.population = design, population
        self.mu, self.omega = design.typical.copy(), design.spread.copy()
        self.sigma = np.full(len(design.observables), 0.3)
        self.phi = np.broadcast_to(self.mu, (len(design.subjects), len(self.mu))).copy()
        self.errors = np.full(len(self.mu), np.nan)
        self.objective = np.nan

    def advance(self) -> float:
        """Linearise, solve the linear model, step; returns how far anything moved."""
        logs = self.design.predict(self.phi)
        linear = Linear(self.design, self.design.slopes(self.phi, logs), logs, self.phi)
        before = np.r_[self.mu, np.log(self.omega), np.log(self.sigma)]
        self.mu, self.omega, self.sigma, self.errors, self.objective = linear.solve(
            self.mu, self.omega, self.sigma, self.population
        )
        wanted = linear.people(self.mu, self.omega, self.sigma)
        step = np.clip(wanted - self.phi, -LARGEST_STEP, LARGEST_STEP)
        self.phi = self.phi + step
        after = np.r_[self.mu, np.log(self.omega), np.log(self.sigma)]
        return float(max(np.abs(step).max(), np.abs(after - before).max()))


class Linear:
    """The model linearised about each person: z = J phi + e, phi ~ N(mu, Omega), e ~ N(0, sigma^2)."""

    def __init__(self, design: Design, slopes: Floats, logs: Floats, phi: Floats) -> None:
        shifted = design.logs - logs + np.einsum("ij,ij->i", slopes, phi[design.owner])
        groups = [np.flatnonzero(design.owner == i) for i in range(len(design.subjects))]
        self.groups = [(slopes[g], shifted[g], design.kind[g]) for g in groups]

    def terms(self, omega: Floats, sigma: Floats) -> list[tuple[Floats, Floats, Floats, float]]:
        """For each person J' V^-1 J, J' V^-1 z, z' V^-1 z and log |V|, with V = J Omega J' + Sigma."""
        found = []
        for J, z, kind in self.groups:
            factor = np.linalg.cholesky((J * omega**2) @ J.T + np.diag(sigma[kind] ** 2))
            a, b = np.linalg.solve(factor, J), np.linalg.solve(factor, z)
            found.append((a.T @ a, a.T @ b, np.asarray(b @ b), 2 * float(np.log(np.diag(factor)).sum())))
        return found

    def minus_two_log_likelihood(self, omega: Floats, sigma: Floats, mu: Floats | None) -> tuple[float, Floats, Floats]:
        """At these spreads and the best mu (or the one given): the value, mu, and its covariance."""
        terms = self.terms(omega, sigma)
        information = np.sum([t[0] for t in terms], axis=0)
        covariance = np.linalg.pinv(information)
        best = covariance @ np.sum([t[1] for t in terms], axis=0) if mu is None else mu
        fits = sum(float(t[2] - 2 * best @ t[1] + best @ t[0] @ best) + t[3] for t in terms)
        samples = sum(len(z) for _, z, _ in self.groups)
        return fits + samples * float(np.log(2 * np.pi)), best, covariance

    def solve(
        self, mu: Floats, omega: Floats, sigma: Floats, population: bool
    ) -> tuple[Floats, Floats, Floats, Floats, float]:
        """The most likely mu, omega and sigma (omega and mu as given, unless a population is fitted)."""
        m = len(omega)
        start = np.log(np.r_[omega, sigma]) if population else np.log(sigma)

        def parts(x: Floats) -> tuple[Floats, Floats]:
            return (np.exp(x[:m]), np.exp(x[m:])) if population else (omega, np.exp(x))

        def value(x: Floats) -> float:
            return self.minus_two_log_likelihood(*parts(x), None if population else mu)[0]

        bounds = [(np.log(LEAST_SPREAD), np.log(MOST_SPREAD))] * len(start)
        found = optimize.minimize(  # type: ignore[no-untyped-call]
            value, np.clip(start, *bounds[0]), method="L-BFGS-B", bounds=bounds
        )
        spread, error = parts(np.asarray(found.x))
        objective, best, covariance = self.minus_two_log_likelihood(spread, error, None if population else mu)
        errors = np.sqrt(np.diag(covariance)) if population else np.zeros(m)
        return best, spread, error, errors, objective

    def people(self, mu: Floats, omega: Floats, sigma: Floats) -> Floats:
        """The most probable logarithms of each person."""
        found = []
        for J, z, kind in self.groups:
            weighted = J.T / sigma[kind] ** 2
            information = weighted @ J + np.diag(omega**-2.0)
            found.append(mu + np.linalg.solve(information, weighted @ (z - J @ mu)))
        return np.array(found)


@dataclass(frozen=True)
class Check:
    """A visual predictive check, prediction-corrected: percentiles of what was seen and of replicates, by time.

    `seen` (3, bins): the 5th, 50th and 95th percentile of the samples in each bin; `simulated` (3, 3, bins): by the
    same percentiles over replicates (first axis), these percentiles (second axis); uM.
    """

    observable: str
    time_h: Floats
    seen: Floats
    simulated: Floats
    samples_h: Floats
    samples: Floats


PERCENTILES = (5.0, 50.0, 95.0)


def check(found: Fit, seed: int = 1, replicates: int = REPLICATES) -> tuple[Check, ...]:
    """Visual predictive checks of a fit, one an observable."""
    design = found.design
    draw = np.random.default_rng(seed)
    simulated = np.array([_replicate(found, draw) for _ in range(replicates)])
    checks = []
    for k, name in enumerate(design.observables):
        mine = np.flatnonzero(design.kind == k)
        if len(mine) >= 2:
            checks.append(_check_one(found, name, mine, simulated[:, mine]))
    return tuple(checks)


def _replicate(found: Fit, draw: np.random.Generator) -> Floats:
    """Logarithms of all samples of one replicate: other people, same design."""
    phi = found.mu + found.omega * draw.standard_normal(found.phi.shape)
    noise = draw.standard_normal(len(found.design.logs))
    return np.asarray(found.design.predict(phi) + found.sigma[found.design.kind] * noise)


def _check_one(found: Fit, name: str, mine: Whole, simulated: Floats) -> Check:
    times, logs = found.design.times_h[mine], found.design.logs[mine]
    typical = found.typical_logs[mine]
    member = _bins(times)
    used = np.unique(member)
    corrected = np.array([np.median(typical[member == b]) for b in member]) - typical
    seen = np.array([np.percentile((logs + corrected)[member == b], PERCENTILES) for b in used]).T
    each = np.array([np.percentile((simulated + corrected)[:, member == b], PERCENTILES, axis=1) for b in used])
    bands = np.percentile(each, PERCENTILES, axis=2)
    middle = np.array([np.median(times[member == b]) for b in used])
    return Check(name, middle, np.exp(seen), np.exp(bands.transpose(0, 2, 1)), times, np.exp(logs + corrected))


def _bins(times_h: Floats) -> Whole:
    """The bin of each sample: its time where a design has few, eighths of the samples otherwise."""
    distinct = np.unique(times_h)
    if len(distinct) <= FEW_TIMES:
        return np.asarray(np.searchsorted(distinct, times_h), dtype=np.int64)
    edges = np.quantile(times_h, np.linspace(0, 1, BINS + 1))
    return np.clip(np.searchsorted(edges, times_h, side="right") - 1, 0, BINS - 1)


def simulated_people(
    protocols: Sequence[Protocol],
    weights_kg: Sequence[float],
    times_h: Sequence[float],
    truth: Mapping[str, tuple[float, float]],
    error: float,
    seed: int,
    observable: str = "venous_ketamine",
) -> tuple[Subject, ...]:
    """People of a known population: `truth` gives each quantity's factor on the table and its spread between people.

    For tests of a fit and for examples; the samples carry an error of that sd of the logarithm.
    """
    draw = np.random.default_rng(seed)
    empty = tuple(1.0 for _ in times_h)
    blank = [
        Subject(str(i), p, {"patient.weight": w}, tuple(times_h), (observable,) * len(empty), empty)
        for i, (p, w) in enumerate(zip(protocols, weights_kg, strict=True), start=1)
    ]
    design = Design(blank, tuple(truth))
    middle = np.log([factor for factor, _ in truth.values()])
    spread = np.array([s for _, s in truth.values()])
    phi = middle + spread * draw.standard_normal((len(blank), len(truth)))
    logs = design.predict(phi) + error * draw.standard_normal(len(design.logs))
    rows = np.exp(logs).reshape(len(blank), len(empty))
    return tuple(
        Subject(s.id, s.protocol, s.values, s.times_h, s.observables, tuple(map(float, row)))
        for s, row in zip(blank, rows, strict=True)
    )
