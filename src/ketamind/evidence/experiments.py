"""The experiments tables: one published number, or sign, under one protocol at one time, a row."""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ketamind.errors import BadFile

COLUMNS = (
    "id,domain,species,population,n,protocol,comparator,manipulation,observable,statistic,time_h,value,unit,spread,"
    "spread_kind,citation,doi_or_pmid,url,verified,note"
).split(",")


@dataclass(frozen=True)
class Experiment:
    """One published result. `time_h` is hours from the first dose, `None` for statistics of a whole curve.

    `spread` is the published spread of `value` as `spread_kind` says (sd, sem, ci95 half-width, iqr half-width), or
    `None`; a published range is kept in `spread_text`.
    """

    id: str
    domain: str
    species: str
    population: str
    n: int | None
    protocol: str
    comparator: str
    manipulation: str
    observable: str
    statistic: str
    time_h: float | None
    value: float
    unit: str
    spread: float | None
    spread_text: str
    spread_kind: str
    citation: str
    doi_or_pmid: str
    url: str
    verified: str
    note: str


@dataclass(frozen=True)
class Refusal:
    """A row that could not be read: where, and why."""

    line: int
    id: str
    reason: str


def read_experiments(path: Path) -> tuple[tuple[Experiment, ...], tuple[Refusal, ...]]:
    """All rows of a file, and those that could not be read. Raises BadFile if it is not such a table at all."""
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            missing = sorted(set(COLUMNS) - set(reader.fieldnames or ()))
            if missing:
                raise BadFile(f"'{path}' is not a table of experiments: it lacks the columns {', '.join(missing)}.")
            return _rows(enumerate(reader, start=2))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise BadFile(f"'{path}' cannot be read as a table of experiments: {problem}.") from None


def shipped_experiments() -> tuple[Experiment, ...]:
    """The experiments that come with the package."""
    folder = Path(str(resources.files("ketamind") / "data" / "experiments"))
    return tuple(e for path in sorted(folder.glob("*.csv")) for e in read_experiments(path)[0])


def _rows(lines: Iterable[tuple[int, dict[str, str]]]) -> tuple[tuple[Experiment, ...], tuple[Refusal, ...]]:
    read: list[Experiment] = []
    refused: list[Refusal] = []
    for line, cells in lines:
        try:
            read.append(_experiment(cells))
        except ValueError as problem:
            refused.append(Refusal(line, str(cells.get("id") or "?"), str(problem)))
    return tuple(read), tuple(refused)


def _experiment(cells: dict[str, str]) -> Experiment:
    if None in cells.values():
        raise ValueError("fewer cells than columns")
    if None in cells:
        raise ValueError("more cells than columns")
    text = {c: cells[c].strip() for c in COLUMNS}
    for column in ("id", "domain", "species", "protocol", "observable", "statistic"):
        if not text[column]:
            raise ValueError(f"{column} is empty")
    value = _number(text["value"], "value")
    if value is None:
        raise ValueError("value is empty")
    n = _number(text["n"], "n")
    spread_text = text["spread"]
    ranged = text["spread_kind"] == "range"
    numbers = {
        "n": None if n is None else int(n),
        "time_h": _number(text["time_h"], "time_h"),
        "value": value,
        "spread": None if ranged else _number(spread_text, "spread"),
    }
    plain = {c: text[c] for c in COLUMNS if c not in numbers}
    return Experiment(**plain, **numbers, spread_text=spread_text)  # type: ignore[arg-type]


def _number(given: str, column: str) -> float | None:
    if not given:
        return None
    try:
        value = float(given)
    except ValueError:
        raise ValueError(f"{column} '{given}' is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{column} '{given}' is not finite")
    return value
