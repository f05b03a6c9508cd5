"""What the simulation must show for each claim: `data/claims.csv` for people, `data/claims.toml` for the machine."""

import csv
import tomllib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ketamind.errors import BadFile, unknown_name
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.vocabulary import CIRCUIT, CLINICAL, PLASTICITY, RECEPTORS
from ketamind.simulation.observe import time_in_hours
from ketamind.studies.compare import all_experiments
from ketamind.studies.generated import DATA

ABOLISHED = 1 / 3
"""Share of the number that may be left for it to count as abolished, unless a control says otherwise."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Control(_Table):
    """What is changed, and how much of the number may be left, or must be.

    `protect` keeps the drug off NMDA receptors of these cells in the spiking cortex.
    """

    says: str
    without: tuple[str, ...] = ()
    values: dict[str, float] = {}
    protect: tuple[str, ...] = ()
    protocol: str | None = None
    manipulation: str | None = None
    population: str | None = None
    left_below: float | None = None
    left_above: float | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest share that may be left."""
        if self.left_above is not None:
            return self.left_above, float("inf")
        return float("-inf"), ABOLISHED if self.left_below is None else self.left_below


class Check(_Table):
    """One thing that must be seen, and the control that must take it away.

    With `spiking` it is looked for in some seconds of the spiking cortex before the drug and at the moment `at`, which
    knows the mechanisms of a hypothesis that are off (of those that it has), and not its parameter values.
    """

    says: str
    observable: str
    statistic: str
    at: str = ""
    than: str = ""
    species: str | None = None
    population: str | None = None
    protocol: str | None = None
    comparator: str | None = None
    manipulation: str | None = None
    without: tuple[str, ...] = ()
    values: dict[str, float] = {}
    spiking: bool = False
    expect: Literal[-1, 0, 1] | None = None
    above: float | None = None
    below: float | None = None
    control: Control | None = None

    @model_validator(mode="after")
    def _needs_a_bound(self) -> "Check":
        if self.expect is None and self.above is None and self.below is None:
            raise ValueError("must say what is expected: expect, above or below")
        if self.spiking and (self.statistic != "percent_change" or not self.at):
            raise ValueError("the spiking cortex gives a percent_change at a moment (at)")
        return self

    def holds(self, value: float) -> bool:
        """True if the number is what the claim needs; a direction is a number of -1, 0 or 1."""
        if self.expect is not None:
            return value == self.expect
        low = float("-inf") if self.above is None else self.above
        high = float("inf") if self.below is None else self.below
        return low < value < high

    @property
    def is_rate(self) -> bool:
        """True for shares of patients, which are told in percent."""
        return self.statistic.startswith(("response_rate", "remission_rate"))

    @property
    def needed(self) -> str:
        """What the claim needs, in words."""
        if self.expect is not None:
            return {1: "rises", -1: "falls", 0: "stays"}[self.expect]
        bounds = [("above", self.above), ("below", self.below)]
        return " and ".join(f"{word} {limit:g}" for word, limit in bounds if limit is not None)


class Evidence(_Table):
    """Published rows that bear on a claim, and the value with which one speaks for it."""

    rows: tuple[str, ...]
    above: float | None = None
    below: float | None = None

    def supports(self, e: Experiment) -> bool:
        """True if the published value speaks for the claim."""
        return (self.above is None or e.value > self.above) and (self.below is None or e.value < self.below)

    def found(self) -> tuple[Experiment, ...]:
        """The rows, in the order of the tables."""
        return tuple(e for e in all_experiments() if any(fnmatchcase(e.id, pattern) for pattern in self.rows))


class Scene(_Table):
    """Curves to draw: which outputs, and until when."""

    observables: tuple[str, ...]
    until: str


class Bath(_Table):
    """Curves over concentration to draw, up to a highest one."""

    observables: tuple[str, ...]
    highest_um: float


class Decomposition(_Table):
    """An effect split into what each mechanism and each pair takes with it."""

    observable: str
    times: tuple[str, ...]
    mechanisms: tuple[str, ...]


class ClaimTable(_Table):
    """One claim of the TOML file."""

    id: str
    species: str = "human"
    population: str = "trd;setting=crossover"
    protocol: str
    comparator: str = ""
    without: tuple[str, ...] = ()
    check: tuple[Check, ...]
    evidence: tuple[Evidence, ...] = ()
    scene: Scene | None = None
    bath: Bath | None = None
    decomposition: Decomposition | None = None


@dataclass(frozen=True)
class Claim:
    """A claim of the seed: its words and moment, and how it is tested."""

    id: str
    timestamp: str
    claim: str
    mechanism: str
    must_show: str
    must_abolish: str
    test: ClaimTable

    @property
    def domains(self) -> frozenset[str]:
        """Domains that its checks are about."""
        return frozenset(domain_of(c.observable) for c in self.test.check)

    def experiment(self, check: Check, observable: str = "") -> Experiment:
        """A check in the form of an experiment, without a published value."""
        test = self.test
        return Experiment(
            id=self.id,
            domain=domain_of(check.observable),
            species=check.species or test.species,
            population=test.population if check.population is None else check.population,
            n=None,
            protocol=check.protocol or test.protocol,
            comparator=test.comparator if check.comparator is None else check.comparator,
            manipulation=check.manipulation or "",
            observable=observable or check.observable,
            statistic=check.statistic,
            time_h=time_in_hours(check.at) if check.at else None,
            value=0.0,
            unit="%" if check.is_rate else "",
            **dict.fromkeys(("spread_text", "spread_kind", "citation", "doi_or_pmid", "url", "verified", "note"), ""),
            spread=None,
        )


def under(e: Experiment, control: Control) -> Experiment:
    """The same experiment under a control."""
    words = {k: getattr(control, k) for k in ("protocol", "manipulation", "population")}
    return replace(e, **{k: v for k, v in words.items() if v is not None})


def domain_of(observable: str) -> str:
    """The domain that an output belongs to."""
    for domain, names in (("clinical", CLINICAL), ("receptors", RECEPTORS), ("circuit", CIRCUIT)):
        if observable in names:
            return domain
    if observable.startswith(("nmda_", "mor_", "mu_", "trkb_binding")):
        return "receptors"
    if observable in PLASTICITY or observable in ("synaptic_strength", "survival_signal"):
        return "plasticity"
    return "pharmacokinetics"


@lru_cache(maxsize=1)
def shipped_claims() -> tuple[Claim, ...]:
    """The claims of the seed, in its order."""
    tests = {t.id: t for t in read_tests(DATA / "claims.toml")}
    with (DATA / "claims.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    for row in rows:
        if row["id"] not in tests:
            raise unknown_name(row["id"], "a claim with a test in claims.toml", tests)
    return tuple(_claim(row, tests[row["id"]]) for row in rows)


def read_tests(path: Path) -> tuple[ClaimTable, ...]:
    """The tests of a TOML file. Raises BadFile naming claim and key."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadFile(f"{path.name} cannot be read: {problem}.") from None
    return tuple(_test(table, path.name) for table in given.get("claim", []))


def _test(table: dict[str, Any], file: str) -> ClaimTable:
    try:
        return ClaimTable.model_validate(_frozen(table))
    except ValidationError as problem:
        first = problem.errors()[0]
        where = " ".join(str(p + 1) if isinstance(p, int) else p for p in first["loc"])
        raise BadFile(f"{file}, claim '{table.get('id', '?')}', key '{where}': {first['msg'].lower()}.") from None


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(v) for v in value)
    return {k: _frozen(v) for k, v in value.items()} if isinstance(value, dict) else value


def _claim(row: dict[str, str], test: ClaimTable) -> Claim:
    return Claim(
        id=row["id"],
        timestamp=row["timestamp"],
        claim=row["claim"],
        mechanism=row["mechanism"],
        must_show=row["what_a_simulation_must_show"],
        must_abolish=row["control_that_must_abolish_it"],
        test=test,
    )
