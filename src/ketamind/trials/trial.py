"""What a trial is: arms, patients, visits, and how it is conducted. Declarations only, checked when they are made."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ketamind.errors import BadValue, unknown_name
from ketamind.protocols import Protocol, parse_manipulation, parse_population, parse_protocol
from ketamind.simulation.populations import Typical
from ketamind.simulation.simulate import LONGEST_DAYS

Floats = NDArray[np.float64]
DESIGNS = ("parallel", "crossover")
KINDS = ("drug", "placebo", "active_placebo", "antidepressant")
OUTCOMES = ("change", "value", "response", "remission", "relapse")
ESTIMANDS = {
    "treatment_policy": "treatment policy: every rating counts, whatever else was taken meanwhile",
    "hypothetical": "hypothetical: ratings after rescue are set aside, as if there had been none",
}
LARGEST_ARM = 10_000_000


@dataclass(frozen=True)
class Arm:
    """One group: what it is given, in words, and how many the trial had in it.

    `sample` is what is known of this arm's own patients at baseline; it overrides the trial's. `share` is its part in
    the randomisation. Raises BadValue or UnknownName for words that cannot be understood.
    """

    name: str
    protocol: str
    n: int
    kind: str = "drug"
    share: int = 1
    sample: Mapping[str, Typical] = field(default_factory=dict)
    manipulation: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown_name(self.kind, "a kind of arm", KINDS)
        if not 1 <= self.n <= LARGEST_ARM:
            raise BadValue(f"arm '{self.name}' has n = {self.n}; give 1 to {LARGEST_ARM}.")
        if not 1 <= self.share <= 20:
            raise BadValue(f"arm '{self.name}' has a share of {self.share} in the randomisation; give 1 to 20.")
        parse_protocol(self.protocol)
        parse_manipulation(self.manipulation)


@dataclass(frozen=True)
class Cohort:
    """Who takes part.

    population  : in words, such as `trd;setting=parallel`
    sample      : means and standard deviations of parameter rows in this trial's own patients
    correlation : (row, row, correlation) of the draws behind two parameters
    categories  : shares of genotypes and sex, such as {"cyp2b6": {"*1/*1": 0.55, ...}}
    table       : a CSV of real patients, which replaces the draws of what it holds
    """

    population: str
    sample: Mapping[str, Typical] = field(default_factory=dict)
    correlation: tuple[tuple[str, str, float], ...] = ()
    categories: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    table: str = ""

    def __post_init__(self) -> None:
        parse_population(self.population)
        for name, shares in self.categories.items():
            for value, share in shares.items():
                probability(share, f"the share of {name} {value}")
            if not math.isclose(sum(shares.values()), 1.0, abs_tol=1e-6):
                raise BadValue(f"the shares of {name} add up to {sum(shares.values()):g}; they must add up to 1.")
        if self.correlation:
            self.factor()

    def correlated(self) -> tuple[str, ...]:
        """Rows that go together, in the order in which they are first named."""
        return tuple(dict.fromkeys(name for one, other, _ in self.correlation for name in (one, other)))

    def factor(self) -> Floats:
        """Lower triangular factor of the correlation matrix. Raises BadValue if it is not positive definite."""
        names = self.correlated()
        matrix = np.eye(len(names))
        for one, other, value in self.correlation:
            if one == other or not -1 <= value <= 1:
                raise BadValue(
                    f"a correlation of {value:g} between {one} and {other} cannot be; give -1 to 1 for two rows."
                )
            i, j = names.index(one), names.index(other)
            matrix[i, j] = matrix[j, i] = value
        try:
            return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
        except np.linalg.LinAlgError:
            smallest = float(np.linalg.eigvalsh(matrix)[0])
            raise BadValue(
                f"the correlations of {', '.join(names)} are not positive definite (smallest eigenvalue "
                f"{smallest:.2g}): no patients can have them. Bring them nearer to 0."
            ) from None


@dataclass(frozen=True)
class Rescue:
    """Other treatment for those whose rated improvement is under `below` (of baseline) at a visit from `from_h` on.

    It lowers the MADRS by `points` in the end, with a time constant of `tau_h`.
    """

    from_h: float
    below: float
    points: float
    tau_h: float = 336.0

    def __post_init__(self) -> None:
        probability(self.below, "the improvement below which a patient is rescued")
        positive(self.tau_h, "the time constant of rescue")


@dataclass(frozen=True)
class Relapse:
    """Return of depression after response: a rating of `at_least` at `consecutive` visits in a row.

    Only those count who were well: a rating of at most `well_at_most` at all but `exceptions` of the visits `well_h`.
    The clock starts at `from_h`, and visits after it are followed.
    """

    scale: str
    from_h: float
    well_h: tuple[float, ...]
    well_at_most: float
    at_least: float
    consecutive: int = 1
    exceptions: int = 0

    def __post_init__(self) -> None:
        if not self.well_h or max(self.well_h) > self.from_h:
            raise BadValue("relapse needs visits at which patients were well, none after the clock starts.")
        if self.consecutive < 1 or not 0 <= self.exceptions < len(self.well_h):
            raise BadValue("relapse needs `consecutive` of at least 1, and fewer `exceptions` than visits.")
        if self.at_least <= self.well_at_most:
            raise BadValue(f"relapse at {self.at_least:g} or more must lie over being well at {self.well_at_most:g}.")


@dataclass(frozen=True)
class Conduct:
    """What happens in a trial beside the drug.

    expectancy, unblinding  : whether patients improve by expectation, and by what they feel of the drug
    rating_sd               : error of one rating by scale; the table's for depression scales if not given
    fluctuation_sd, days    : natural course of mood: sd [MADRS points] and correlation time of an
                              Ornstein-Uhlenbeck process, by itself part of no rating error
    sites, site_sd          : number of centres, and sd between them of what they rate after baseline [MADRS points]
    withdrawal_per_week     : probability to leave in a week
    withdrawal_per_point    : log of the hazard ratio of leaving per point by which the last rating has not improved
    """

    expectancy: bool = True
    unblinding: bool = True
    rating_sd: Mapping[str, float] = field(default_factory=dict)
    fluctuation_sd: float = 0.0
    fluctuation_days: float = 7.0
    sites: int = 1
    site_sd: float = 0.0
    withdrawal_per_week: float = 0.0
    withdrawal_per_point: float = 0.0
    rescue: Rescue | None = None
    relapse: Relapse | None = None

    def __post_init__(self) -> None:
        probability(self.withdrawal_per_week, "the probability to leave in a week")
        if self.withdrawal_per_week == 1:
            raise BadValue("with a probability of 1 to leave in a week nobody is left; give less than 1.")
        positive(self.fluctuation_days, "the correlation time of mood")
        for value, what in ((self.fluctuation_sd, "fluctuation_sd"), (self.site_sd, "site_sd"), *self._rating_sds()):
            if not 0 <= value < math.inf:
                raise BadValue(f"{what} = {value:g} must be 0 or more.")
        if not 1 <= self.sites <= 10_000:
            raise BadValue(f"sites = {self.sites} must be 1 to 10000.")

    def _rating_sds(self) -> list[tuple[float, str]]:
        return [(value, f"rating_sd of {scale}") for scale, value in self.rating_sd.items()]


@dataclass(frozen=True)
class Reading:
    """One observable read at one time [h from the first dose]. `rated` by a rater, or measured without that error."""

    observable: str
    time_h: float
    rated: bool = True

    @property
    def column(self) -> str:
        """Its name in results, such as `madrs_24h`."""
        return f"{self.observable}_{self.time_h:.4g}h"


@dataclass(frozen=True)
class Endpoint:
    """What is read off an arm, or off two arms where `versus` is named.

    `outcome` is change or value (a mean), response (share that lost `threshold` of the baseline), remission (share at
    or under `threshold` points) or relapse (time to it; a hazard ratio where `versus` is named).
    """

    outcome: str
    scale: str
    time_h: float
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise unknown_name(self.outcome, "an outcome", OUTCOMES)
        if self.outcome == "response":
            probability(self.threshold, "the share of the baseline to lose")

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.outcome} of {self.scale} at {self.time_h:g} h"


@dataclass(frozen=True)
class Published:
    """A published result to set beside the simulation: the id of an experiment, and whose it is.

    With `minus`, the published number is that of one experiment less that of another, each in its own arm. Rates are of
    the patients who were rated, or of all with the unrated ones counted as failures where `missing_fails`.
    """

    experiment: str
    arm: str
    versus: str = ""
    minus: str = ""
    primary: bool = False
    at_most: float | None = None
    missing_fails: bool = False


@dataclass(frozen=True)
class Trial:
    """A whole trial. Raises BadValue or UnknownName for one that cannot be held.

    `values` sets parameters of the model by table row, for every patient.
    """

    name: str
    title: str
    arms: tuple[Arm, ...]
    cohort: Cohort
    visits_h: tuple[float, ...]
    scales: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    design: str = "parallel"
    background: str = ""
    also: tuple[Reading, ...] = ()
    conduct: Conduct = field(default_factory=Conduct)
    published: tuple[Published, ...] = ()
    estimand: str = "treatment_policy"
    exposure: str = ""
    note: str = ""
    values: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.arms:
            raise BadValue(f"the trial '{self.name}' has no arms; a trial needs at least one `[[arm]]`.")
        _distinct([a.name for a in self.arms], "arm")
        if self.design not in DESIGNS:
            raise unknown_name(self.design, "a design", DESIGNS)
        if self.estimand not in ESTIMANDS:
            raise unknown_name(self.estimand, "an estimand", ESTIMANDS)
        _check_visits(self.visits_h)
        if not self.scales:
            raise BadValue('a trial rates at least one scale; give `scales`, such as ["madrs"].')
        if not self.endpoints:
            raise BadValue("a trial needs at least one `[[endpoint]]`.")
        for endpoint in self.endpoints:
            self._check_read(endpoint.scale, endpoint.time_h, endpoint.words)
        for row in self.published:
            for name in (row.arm, *((row.versus,) if row.versus else ())):
                self.arm(name)
        if self.conduct.relapse is not None:
            self._check_relapse(self.conduct.relapse)
        if self.design == "crossover" and self.conduct.relapse is not None:
            raise BadValue("relapse after response needs parallel groups; this trial is a crossover.")

    def arm(self, name: str) -> Arm:
        """The arm of that name. Raises UnknownName."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise unknown_name(name, "an arm of this trial", [a.name for a in self.arms])

    def protocol(self, arm: Arm) -> Protocol:
        """What the arm is given, with the background that all have."""
        own = parse_protocol(arm.protocol)
        return Protocol(own.doses + (parse_protocol(self.background).doses if self.background else ()))

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def fingerprint(self) -> str:
        """The same for trials that are alike in everything."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @cached_property
    def baseline_h(self) -> float:
        """When the baseline is rated: before anything is given."""
        return min(0.0, *(self.protocol(a).first_h for a in self.arms))

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """All that is read, in order of time: every scale at every visit, and what is read besides."""
        rated = [Reading(s, t) for t in (0.0, *self.visits_h) for s in self.scales]
        return tuple(sorted(dict.fromkeys([*rated, *self.also]), key=lambda r: r.time_h))

    @property
    def last_h(self) -> float:
        """The last reading."""
        return self.readings[-1].time_h

    def _check_read(self, scale: str, time_h: float, what: str) -> None:
        if scale not in {r.observable for r in self.readings}:
            raise unknown_name(scale, f"read in this trial ({what})", {r.observable for r in self.readings})
        if Reading(scale, time_h).column not in {r.column for r in self.readings}:
            times = ", ".join(f"{r.time_h:g}" for r in self.readings if r.observable == scale)
            raise BadValue(f"{what}: '{scale}' is not read then, but at {times} h.")

    def _check_relapse(self, relapse: Relapse) -> None:
        for time_h in relapse.well_h:
            self._check_read(relapse.scale, time_h, "being well before relapse")
        if self.last_h <= relapse.from_h:
            raise BadValue(
                f"relapse is followed from {relapse.from_h:g} h, and the last visit is at {self.last_h:g} h."
            )


def probability(value: float, what: str) -> float:
    """The value. Raises BadValue if it is not within 0 to 1."""
    if not 0 <= value <= 1:
        raise BadValue(f"{what} is {value:g}; it must be within 0 to 1.")
    return value


def positive(value: float, what: str) -> float:
    """The value. Raises BadValue if it is not over 0 and finite."""
    if not 0 < value < math.inf:
        raise BadValue(f"{what} is {value:g}; it must be over 0.")
    return value


def _distinct(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadValue(f"two {what}s are named '{name}'.")
        seen.add(name)


def _check_visits(visits_h: tuple[float, ...]) -> None:
    if not visits_h:
        raise BadValue("a trial needs at least one visit after dosing.")
    for time_h in visits_h:
        if not 0 < time_h <= LONGEST_DAYS * 24:
            raise BadValue(
                f"a visit at {time_h:g} h is not after dosing (0 h) and within {LONGEST_DAYS:g} days; "
                "the baseline is rated without being asked for."
            )
