"""Which schedule keeps remission with least dissociation and fewest visits: a Pareto front, with its uncertainty.

A schedule is a dose given once to three times a week for some weeks, and then more rarely, or not at all. For each, the
same virtual patients give three numbers:

    remission     share of weekly ratings from the second week to the end at or under 12 points of the MADRS, %
    dissociation  mean over doses of the CADSS at the end of the dose, points
    visits        doses given in a clinic

A schedule is on the front if no other is at least as good in all three and better in one. How sure that is, is told by
drawing the patients again: the share of draws in which the schedule is on the front.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.declare import shipped_table
from ketamind.engine import Options
from ketamind.errors import BadValue
from ketamind.protocols import Dose, Protocol, parse_population, parse_protocol
from ketamind.protocols.schedule import Schedule
from ketamind.simulation.population import standard_normals
from ketamind.simulation.populations import draw_patients
from ketamind.simulation.simulate import Setting, prepare, solve_patients

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
WEEK_H = 168.0
REMITTED = 12.0
FELT_H = 40 / 60
INDUCTIONS = ((1, 4), (2, 2), (2, 4), (3, 2), (3, 4))
"""Doses a week, weeks."""
MAINTENANCE_WEEKS = (0, 1, 2, 4)
"""Weeks between later doses; 0 is none."""
AMOUNT_FACTORS = (0.5, 1.0, 1.5, 2.0)
BOOTSTRAPS = 500
LONGEST_WEEKS = 52
RTOL = 1e-4


@dataclass(frozen=True)
class Candidate:
    """A schedule with its three numbers, each with the 95 % interval of drawing patients."""

    protocol: str
    amount: float
    unit: str
    per_week: int
    weeks: int
    every_weeks: int
    visits: int
    remission: float
    remission_low: float
    remission_high: float
    dissociation: float
    dissociation_low: float
    dissociation_high: float
    on_front: bool
    front_probability: float


@dataclass(frozen=True)
class Front:
    """All schedules that were tried, the best remission first."""

    dose: str
    population: str
    weeks: int
    patients: int
    seed: int
    candidates: tuple[Candidate, ...]

    def best(self) -> tuple[Candidate, ...]:
        """Those on the front."""
        return tuple(c for c in self.candidates if c.on_front)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        facts = {k: getattr(self, k) for k in ("dose", "population", "weeks", "patients", "seed")}
        return {**facts, "candidates": [asdict(c) for c in self.candidates]}

    def as_text(self) -> str:
        """For people: a line a schedule on the front."""
        head = f"{'':<58}{'visits':>7}{'remission %':>20}{'CADSS':>18}{'sure':>7}"
        lines = [
            f"On the Pareto front of {len(self.candidates)} schedules over {self.weeks} weeks, {self.population}:",
            head,
        ]
        for c in self.best():
            remission = f"{c.remission:.1f} ({c.remission_low:.1f}-{c.remission_high:.1f})"
            felt = f"{c.dissociation:.1f} ({c.dissociation_low:.1f}-{c.dissociation_high:.1f})"
            lines.append(f"{schedule_words(c):<58}{c.visits:>7}{remission:>20}{felt:>18}{c.front_probability:>7.0%}")
        return "\n".join([*lines, "For research and teaching. Not medical advice."])


def schedule_words(c: Candidate) -> str:
    """The schedule in a few words."""
    later = f", then every {c.every_weeks} wk" if c.every_weeks else ""
    return f"{c.amount:g} {c.unit}, {c.per_week} a week for {c.weeks} wk{later}"


def optimise(
    dose: str = "0.5 mg/kg ketamine iv over 40 min",
    amounts: Sequence[float] = (),
    *,
    population: str = "trd;setting=parallel",
    weeks: int = 12,
    patients: int = 200,
    seed: int = 1,
    values: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Front:
    """The Pareto front of schedules of one dose in words, at several amounts (half to twice the given one).

    `values` sets model parameters, so that a front can be made for each member of an ensemble.
    Raises BadValue or UnknownName for a dose, an amount or a population that cannot be.
    """
    one = _single(dose)
    tried = _amounts(one, amounts)
    if not 6 <= weeks <= LONGEST_WEEKS or patients < 10:
        raise BadValue(f"weeks = {weeks} must be 6 to {LONGEST_WEEKS}, and patients = {patients} at least 10.")
    grid = [(a, i, m) for a, i, m in product(tried, INDUCTIONS, MAINTENANCE_WEEKS) if i[1] < weeks]
    protocols = [_protocol(replace(one, amount=a), i, m, weeks) for a, i, m in grid]
    bench = _Bench(population, dict(values or {}), patients, seed, weeks)
    measured = []
    for done, protocol in enumerate(protocols):
        measured.append(bench.measure(protocol))
        if progress is not None:
            progress(done + 1, len(protocols))
    visits = np.array([_visits(p) for p in protocols])
    remission, felt = (np.array([m[k] for m in measured]) for k in (0, 1))
    candidates = _candidates(one, grid, protocols, visits, remission, felt, seed)
    return Front(dose, population, weeks, patients, seed, tuple(sorted(candidates, key=lambda c: -c.remission)))


def pareto(remission: Floats, dissociation: Floats, visits: Floats) -> NDArray[np.bool_]:
    """Which alternatives (along the last axis) no other one dominates.

    >>> pareto(np.array([50.0, 40.0, 30.0]), np.array([5.0, 5.0, 2.0]), np.array([8.0, 8.0, 8.0])).tolist()
    [True, False, True]
    """
    costs = np.stack(np.broadcast_arrays(-remission, dissociation, visits), axis=-1)
    a, b = costs[..., :, None, :], costs[..., None, :, :]
    dominated = ((b <= a).all(axis=-1) & (b < a).any(axis=-1)).any(axis=-1)
    return np.asarray(~dominated)


@dataclass(frozen=True)
class _Bench:
    population: str
    values: Mapping[str, float]
    patients: int
    seed: int
    weeks: int

    def measure(self, protocol: Protocol) -> tuple[Floats, Floats]:
        """Remission (% of weekly ratings) and dissociation (mean CADSS over doses) of each patient."""
        who = parse_population(self.population)
        prepared = prepare(protocol, who, Setting(values=self.values))
        drawn = draw_patients(who, prepared.model, self.seed, self.patients)
        weekly = np.asarray(WEEK_H * np.arange(2, self.weeks + 1), dtype=np.float64)
        felt = np.array([e.start_h + max(e.duration_h, FELT_H) for e in protocol.administrations()])
        times = np.unique(np.concatenate([weekly, felt, [0.0]]))
        options = Options(rtol=RTOL)
        solved = solve_patients(prepared, protocol, drawn, self.patients, times, ("madrs", "cadss"), options)
        madrs = solved.values[np.searchsorted(times, weekly), :, 0]
        cadss = solved.values[np.searchsorted(times, felt), :, 1]
        rated = np.round(madrs + self._errors(weekly))
        return 100 * (rated <= REMITTED).mean(axis=0), cadss.mean(axis=0)

    def _errors(self, weekly: Floats) -> Floats:
        sd = shipped_table().row("scales.madrs_rating_sd").value
        return sd * np.array([standard_normals(f"optimise.rating.{t:g}", self.seed, 0, self.patients) for t in weekly])


def _candidates(
    one: Dose,
    grid: Sequence[tuple[float, tuple[int, int], int]],
    protocols: Sequence[Protocol],
    visits: Floats,
    remission: Floats,
    felt: Floats,
    seed: int,
) -> list[Candidate]:
    rng = np.random.default_rng([seed, 12])
    which = rng.integers(0, remission.shape[1], (BOOTSTRAPS, remission.shape[1]))
    drawn = [np.array([values[:, w].mean(axis=1) for w in which]) for values in (remission, felt)]
    fronts = np.array([pareto(r, f, visits) for r, f in zip(*drawn, strict=True)])
    front = pareto(remission.mean(axis=1), felt.mean(axis=1), visits)
    ends = [np.percentile(d, [2.5, 97.5], axis=0) for d in drawn]
    return [
        Candidate(
            protocol=protocol.words(),
            amount=amount,
            unit=one.unit,
            per_week=induction[0],
            weeks=induction[1],
            every_weeks=every,
            visits=int(visits[k]),
            remission=float(remission[k].mean()),
            remission_low=float(ends[0][0, k]),
            remission_high=float(ends[0][1, k]),
            dissociation=float(felt[k].mean()),
            dissociation_low=float(ends[1][0, k]),
            dissociation_high=float(ends[1][1, k]),
            on_front=bool(front[k]),
            front_probability=float(fronts[:, k].mean()),
        )
        for k, ((amount, induction, every), protocol) in enumerate(zip(grid, protocols, strict=True))
    ]


def _single(words: str) -> Dose:
    doses = parse_protocol(words).doses
    if len(doses) != 1 or doses[0].schedule is not None or doses[0].at_h:
        raise BadValue(f"'{words}' must be one dose without a schedule, such as `0.5 mg/kg ketamine iv over 40 min`.")
    return doses[0]


def _amounts(one: Dose, amounts: Sequence[float]) -> tuple[float, ...]:
    tried = tuple(amounts) or tuple(one.amount * f for f in AMOUNT_FACTORS)
    for amount in tried:
        if not (math.isfinite(amount) and amount > 0):
            raise BadValue(f"an amount of {amount:g} {one.unit} cannot be tried; give amounts over 0.")
    return tuple(sorted(set(tried)))


def _protocol(dose: Dose, induction: tuple[int, int], every: int, weeks: int) -> Protocol:
    per_week, first_weeks = induction
    first = replace(dose, schedule=Schedule(per_week, 7, first_weeks * 7))
    if not every or first_weeks >= weeks:
        return Protocol((first,))
    start = first_weeks + every - 1
    if start >= weeks:
        return Protocol((first,))
    later = replace(dose, at_h=start * WEEK_H, schedule=Schedule(1, 7 * every, (weeks - start) * 7))
    return Protocol((first, later))


def _visits(protocol: Protocol) -> int:
    return len(protocol.administrations())
