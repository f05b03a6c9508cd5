"""Candidate studies in TOML: two groups, what is read of them, and how far a reading errs."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ketamind.errors import BadFile, BadValue, KetamindError, unknown_name
from ketamind.evidence.arms import Arm
from ketamind.evidence.vocabulary import OBSERVABLES, SPECIES
from ketamind.protocols import parse_manipulation, parse_population
from ketamind.simulation import Observation, parse_observation

Finite = Annotated[float, Field(allow_inf_nan=False, ge=0)]
MOST = 500
LONGEST_TEXT = 1_000_000


@dataclass(frozen=True)
class Measure:
    """Error of one reading: a standard deviation in the observable's unit, or a share of the control's value."""

    sd: float = 0.0
    cv: float = 0.0
    known: str = ""

    def error(self, level: float) -> float:
        """Standard deviation of one reading where the control group is at `level`."""
        return self.sd or self.cv * abs(level)


@dataclass(frozen=True)
class Candidate:
    """A study: its own group, the other one, and what is read when."""

    name: str
    own: Arm
    other: Arm
    observations: tuple[Observation, ...]


@dataclass(frozen=True)
class Candidates:
    """All studies of a file, and the error of each measure."""

    studies: tuple[Candidate, ...]
    measures: Mapping[str, Measure]


class MeasureTable(BaseModel):
    """One `[measure.NAME]`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    sd: Finite = 0.0
    cv: Finite = 0.0
    known: str = ""


class CandidateTable(BaseModel):
    """One `[[candidate]]`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(min_length=1, max_length=120)
    protocol: str
    comparator: str
    observe: list[str] = Field(min_length=1, max_length=50)
    species: str = "human"
    population: str = ""
    manipulation: str = ""
    comparator_manipulation: str | None = None


class CandidatesFile(BaseModel):
    """A whole file."""

    model_config = ConfigDict(extra="forbid", strict=True)
    candidate: list[CandidateTable] = Field(min_length=1, max_length=MOST)
    measure: dict[str, MeasureTable] = {}


def shipped_candidates() -> Candidates:
    """The studies that come with the package."""
    text = (resources.files("ketamind") / "data" / "candidate_protocols.toml").read_text(encoding="utf-8")
    return read_candidates(text, "candidate_protocols.toml")


def load_candidates(path: Path) -> Candidates:
    """The studies of a file, with the shipped errors for measures that it does not name. Raises BadFile."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadFile(f"'{path}' cannot be read as candidate studies ({problem}).") from None
    return read_candidates(text, path.name, shipped_candidates().measures)


def read_candidates(text: str, file: str, known: Mapping[str, Measure] | None = None) -> Candidates:
    """The studies that a TOML text holds. Raises BadFile, UnknownName or BadValue, naming the file and the study."""
    if len(text) > LONGEST_TEXT:
        raise BadFile(f"{file}: a file of candidates may have at most {LONGEST_TEXT} characters.")
    try:
        table = CandidatesFile.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise BadFile(f"{file}: this is not TOML: {problem}.") from None
    except ValidationError as problem:
        raise _what_is_wrong(problem, file) from None
    measures = dict(known or {}) | {n: Measure(m.sd, m.cv, m.known) for n, m in table.measure.items()}
    studies = tuple(_candidate(entry, measures, file) for entry in table.candidate)
    names = [s.name for s in studies]
    for name in names:
        if names.count(name) > 1:
            raise BadFile(f"{file}: two candidates are named '{name}'.")
    return Candidates(studies, measures)


def _candidate(entry: CandidateTable, measures: Mapping[str, Measure], file: str) -> Candidate:
    where = f"{file}, candidate '{entry.name}'"
    other = entry.manipulation if entry.comparator_manipulation is None else entry.comparator_manipulation
    try:
        found = Candidate(
            entry.name,
            Arm(entry.species, entry.population, entry.protocol, entry.manipulation),
            Arm(entry.species, entry.population, entry.comparator, other),
            tuple(parse_observation(words) for words in entry.observe),
        )
        _check(found, measures)
    except KetamindError as problem:
        raise type(problem)(f"{where}: {problem}") from None
    return found


def _check(study: Candidate, measures: Mapping[str, Measure]) -> None:
    if study.own.species not in SPECIES:
        raise unknown_name(study.own.species, "a species", SPECIES)
    for arm in (study.own, study.other):
        _ = arm.given
        parse_manipulation(arm.manipulation)
        parse_population(arm.population or "", arm.species)
    if study.own == study.other:
        raise BadValue("both groups are the same; nothing can be told from their difference.")
    for o in study.observations:
        if o.name not in OBSERVABLES:
            raise unknown_name(o.name, "an observable", OBSERVABLES)
        if o.time_h <= 0 or not math.isfinite(o.time_h):
            raise BadValue(f"'{o.text}' is not read after the first dose.")
        if o.name not in measures or not measures[o.name].error(1.0) > 0:
            raise BadValue(f"the error of '{o.name}' is not known; add [measure.{o.name}] with `sd` or `cv` over 0.")


def _what_is_wrong(problem: ValidationError, file: str) -> KetamindError:
    first: Any = problem.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = {*CandidateTable.model_fields, *MeasureTable.model_fields, *CandidatesFile.model_fields}
        return unknown_name(str(first["loc"][-1]), f"a key of a file of candidates ({file})", known)
    return BadFile(f"{file}, key '{place}': {first['msg'].lower()}.")
