"""Trials as TOML files: those that come with the package, and anybody's own.

    name = "two_doses"
    title = "Two doses against placebo"
    population = "trd;setting=parallel"
    visits = ["24 h", "7 d"]
    scales = ["madrs"]
    [[arm]]
    name = "ketamine"
    protocol = "0.5 mg/kg ketamine iv over 40 min"
    n = 40
    ...
    [[endpoint]]
    outcome = "change"
    scale = "madrs"
    at = "24 h"

The other keys are those of the tables below.
"""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ketamind.errors import BadFile, KetamindError, unknown_name
from ketamind.simulation.observe import parse_observation, time_in_hours
from ketamind.simulation.populations import Typical
from ketamind.trials.trial import Arm, Cohort, Conduct, Endpoint, Published, Reading, Relapse, Rescue, Trial

LONGEST_TEXT = 200_000


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TypicalTable(_Table):
    """A parameter in the trial's own patients, with the source of it."""

    mean: float = Field(allow_inf_nan=False)
    sd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    source: str = ""
    verified: str = ""


class ArmTable(_Table):
    """One arm."""

    name: str
    protocol: str
    n: int
    kind: str = "drug"
    share: int = 1
    manipulation: str = ""
    sample: dict[str, TypicalTable] = {}


class EndpointTable(_Table):
    """One endpoint."""

    outcome: str
    scale: str
    at: str
    threshold: float | None = None


class PublishedTable(_Table):
    """One published result."""

    experiment: str
    arm: str
    versus: str = ""
    minus: str = ""
    primary: bool = False
    at_most: float | None = None
    missing_fails: bool = False


class RescueTable(_Table):
    """Rescue by other treatment."""

    since: str
    below: float
    points: float
    tau: str = "14 d"


class RelapseTable(_Table):
    """Relapse after response."""

    scale: str = "madrs"
    since: str
    well_at: list[str]
    well_at_most: float
    at_least: float
    consecutive: int = 1
    exceptions: int = 0


class ConductTable(_Table):
    """What happens beside the drug."""

    expectancy: bool = True
    unblinding: bool = True
    rating_sd: dict[str, float] = {}
    fluctuation_sd: float = 0.0
    fluctuation: str = "7 d"
    sites: int = 1
    site_sd: float = 0.0
    withdrawal_per_week: float = 0.0
    withdrawal_per_point: float = 0.0
    rescue: RescueTable | None = None
    relapse: RelapseTable | None = None


class CorrelationTable(_Table):
    """Two parameters that go together."""

    between: list[str] = Field(min_length=2, max_length=2)
    value: float


class TrialTable(_Table):
    """A whole file."""

    name: str
    title: str
    population: str
    visits: list[str]
    scales: list[str]
    arm: list[ArmTable] = []
    endpoint: list[EndpointTable] = []
    design: str = "parallel"
    background: str = ""
    also: list[str] = []
    estimand: str = "treatment_policy"
    exposure: str = ""
    note: str = ""
    sample: dict[str, TypicalTable] = {}
    correlation: list[CorrelationTable] = []
    categories: dict[str, dict[str, float]] = {}
    patients: str = ""
    conduct: ConductTable = ConductTable()
    published: list[PublishedTable] = []
    values: dict[str, float] = {}


def shipped_trials() -> tuple[str, ...]:
    """Names of the trials that come with the package."""
    return tuple(sorted(p.stem for p in _folder().glob("*.toml")))


def load_trial(name: str) -> Trial:
    """The trial of that name, or in the TOML file of that name.

    Raises UnknownName for a name that is not shipped, BadFile for a file that cannot be read or understood, BadValue
    for a trial that cannot be held.
    """
    if name.lower().endswith(".toml"):
        return read_trial(_text(Path(name)), Path(name).parent)
    if name not in shipped_trials():
        raise unknown_name(name, "a trial that is shipped", shipped_trials(), "A file of your own ends in .toml.")
    return read_trial(_text(_folder() / f"{name}.toml"), _folder())


def read_trial(text: str, folder: Path = Path()) -> Trial:
    """The trial that a TOML text holds; a CSV of patients is looked for in `folder`. Raises as `load_trial`."""
    if len(text) > LONGEST_TEXT:
        raise BadFile(f"a trial file may have at most {LONGEST_TEXT} characters, and this has {len(text)}.")
    try:
        return _trial(TrialTable.model_validate(tomllib.loads(text)), folder)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise BadFile(f"this is not TOML: {problem}.") from None
    except ValidationError as problem:
        raise _what_is_wrong(problem) from None


def _folder() -> Path:
    return Path(str(resources.files("ketamind") / "data" / "trials"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        raise BadFile(f"'{path}' cannot be read as a trial ({problem}).") from None


def _trial(table: TrialTable, folder: Path) -> Trial:
    correlation = tuple((c.between[0], c.between[1], c.value) for c in table.correlation)
    patients = str(folder / table.patients) if table.patients else ""
    return Trial(
        name=table.name,
        title=table.title,
        arms=tuple(_arm(a) for a in table.arm),
        cohort=Cohort(table.population, _sample(table.sample), correlation, table.categories, patients),
        visits_h=tuple(time_in_hours(v) for v in table.visits),
        scales=tuple(table.scales),
        endpoints=tuple(_endpoint(e) for e in table.endpoint),
        design=table.design,
        background=table.background,
        also=tuple(_also(words) for words in table.also),
        conduct=_conduct(table.conduct),
        published=tuple(Published(**p.model_dump()) for p in table.published),
        estimand=table.estimand,
        exposure=_also(table.exposure).column if table.exposure else "",
        note=table.note,
        values=table.values,
    )


def _arm(table: ArmTable) -> Arm:
    return Arm(**{**table.model_dump(exclude={"sample"}), "sample": _sample(table.sample)})


def _sample(table: Mapping[str, TypicalTable]) -> dict[str, Typical]:
    return {row: Typical(t.mean, t.sd) for row, t in table.items()}


def _endpoint(table: EndpointTable) -> Endpoint:
    usual = {"response": 0.5, "remission": 12.0}.get(table.outcome, 0.0)
    threshold = usual if table.threshold is None else table.threshold
    return Endpoint(table.outcome, table.scale, time_in_hours(table.at), threshold)


def _also(words: str) -> Reading:
    wanted = parse_observation(words)
    return Reading(wanted.name, wanted.time_h, rated=False)


def _conduct(table: ConductTable) -> Conduct:
    rescue, relapse = table.rescue, table.relapse
    plain: dict[str, Any] = table.model_dump(exclude={"rescue", "relapse", "fluctuation"})
    return Conduct(
        **plain,
        fluctuation_days=time_in_hours(table.fluctuation) / 24,
        rescue=None if rescue is None else _rescue(rescue),
        relapse=None if relapse is None else _relapse(relapse),
    )


def _rescue(table: RescueTable) -> Rescue:
    return Rescue(time_in_hours(table.since), table.below, table.points, time_in_hours(table.tau))


def _relapse(table: RelapseTable) -> Relapse:
    plain: dict[str, Any] = table.model_dump(exclude={"since", "well_at"})
    return Relapse(from_h=time_in_hours(table.since), well_h=tuple(time_in_hours(t) for t in table.well_at), **plain)


def _what_is_wrong(problem: ValidationError) -> KetamindError:
    first = problem.errors()[0]
    place = [str(part) for part in first["loc"]]
    where = " ".join(f"{int(p) + 1}" if p.isdigit() else p for p in place)
    if first["type"] == "extra_forbidden":
        return unknown_name(place[-1], f"a key of a trial file ({where})", _known_keys(place))
    return BadFile(f"key '{where}': {first['msg'].lower()}.")


def _known_keys(place: list[str]) -> Mapping[str, Any]:
    tables: dict[str, type[BaseModel]] = {
        "arm": ArmTable,
        "endpoint": EndpointTable,
        "published": PublishedTable,
        "conduct": ConductTable,
        "rescue": RescueTable,
        "relapse": RelapseTable,
        "sample": TypicalTable,
        "correlation": CorrelationTable,
    }
    owners = [tables[p] for p in place[:-1] if p in tables]
    return (owners[-1] if owners else TrialTable).model_fields
