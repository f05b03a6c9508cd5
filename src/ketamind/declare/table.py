"""The parameter tables: every number of the model, one row each, with unit, range, species and source."""

import csv
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from ketamind.declare.units import convert
from ketamind.errors import BadFile, BadValue, unknown_name

VERIFIED = ("primary", "secondary", "memory", "derived", "design", "assumed", "calibrated", "none")
SPREADS = ("lognormal", "normal", "logit", "fixed")
COLUMNS = "id,value,unit,low,high,between,spread,species,meaning,conditions,source,verified,note".split(",")


@dataclass(frozen=True)
class Row:
    """One number: its value, unit, plausible range (`low` to `high`), spread between people, and source.

    `between` is the spread between subjects: a coefficient of variation where `spread` is lognormal, a standard
    deviation where it is normal or logit, 0 where it is fixed. `source` is a key of the bibliography, or the name of
    the calibration that set the value.
    """

    id: str
    value: float
    unit: str
    low: float
    high: float
    between: float
    spread: str
    species: str
    meaning: str
    conditions: str
    source: str
    verified: str
    note: str

    def within(self, wanted: str) -> "Row":
        """The same row in another unit."""
        if wanted == self.unit:
            return self
        value, low, high = (convert(v, self.unit, wanted) for v in (self.value, self.low, self.high))
        ratio = value / self.value if self.value else 1.0
        between = self.between * ratio if self.spread == "normal" else self.between
        return replace(self, value=value, low=low, high=high, between=between, unit=wanted)


@dataclass(frozen=True)
class Table:
    """All rows, by id and species; `species` holds the one that this table answers for."""

    rows: Mapping[tuple[str, str], Row]
    species: str = "human"

    def row(self, name: str) -> Row:
        """The row of that id for this species (or the one for any species). Raises UnknownName."""
        for species in (self.species, "any"):
            if (name, species) in self.rows:
                return self.rows[name, species]
        known = {key for key, _ in self.rows}
        if name in known:
            given = sorted(s for key, s in self.rows if key == name)
            raise BadValue(f"parameter '{name}' has no row for {self.species}; it has one for {', '.join(given)}.")
        raise unknown_name(name, "a row of the parameter tables", known)

    def names(self) -> tuple[str, ...]:
        """All ids with a row for this species."""
        return tuple(sorted({name for name, species in self.rows if species in (self.species, "any")}))

    def joined(self, other: "Table") -> "Table":
        """These rows and others. Raises BadFile for an id that stands in both."""
        twice = sorted(name for name, _ in set(self.rows) & set(other.rows))
        if twice:
            raise BadFile(f"parameter '{twice[0]}' stands in two tables; give the added one another id.")
        return replace(self, rows={**self.rows, **other.rows})

    @property
    def fingerprint(self) -> str:
        """A hash of every value, unit, range and spread, whatever the order of the rows."""
        cells = (
            f"{r.id},{r.species},{r.value!r},{r.unit},{r.low!r},{r.high!r},{r.between!r}" for r in self.rows.values()
        )
        return hashlib.sha256("\n".join(sorted(cells)).encode()).hexdigest()[:16]

    def of(self, species: str) -> "Table":
        """The same rows, read for another species."""
        return replace(self, species=species)


def read_table(paths: Iterable[Path], species: str = "human") -> Table:
    """The rows of all files. Raises BadFile naming file and line of a row that is doubled or malformed."""
    rows: dict[tuple[str, str], Row] = {}
    for path in paths:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            if reader.fieldnames != COLUMNS:
                raise BadFile(f"{path.name}: columns must be {','.join(COLUMNS)}")
            for line, cells in enumerate(reader, start=2):
                row = _row(cells, f"{path.name}, line {line}")
                if (row.id, row.species) in rows:
                    raise BadFile(f"{path.name}, line {line}: '{row.id}' for {row.species} stands twice")
                rows[row.id, row.species] = row
    return Table(rows, species)


def shipped_table(species: str = "human") -> Table:
    """The tables that come with the package."""
    folder = resources.files("ketamind") / "data" / "parameters"
    return read_table(sorted(Path(str(folder)).glob("*.csv")), species)


def _row(cells: Mapping[str, str], where: str) -> Row:
    if None in cells or None in cells.values():
        raise BadFile(f"{where}: has {'more' if None in cells else 'fewer'} cells than columns")
    value = _number(cells, "value", where, None)
    low, high = _number(cells, "low", where, value), _number(cells, "high", where, value)
    between = _number(cells, "between", where, 0.0)
    spread = cells["spread"] or "fixed"
    if not low <= value <= high:
        raise BadFile(f"{where}: value {value:g} of '{cells['id']}' is outside its own range {low:g} to {high:g}")
    if spread not in SPREADS:
        raise BadFile(f"{where}: spread '{spread}' must be one of {', '.join(SPREADS)}")
    if cells["verified"] not in VERIFIED:
        raise BadFile(f"{where}: verified '{cells['verified']}' must be one of {', '.join(VERIFIED)}")
    if not cells["source"]:
        raise BadFile(f"{where}: '{cells['id']}' names no source")
    texts = {k: cells[k] for k in ("id", "unit", "species", "meaning", "conditions", "source", "verified", "note")}
    return Row(value=value, low=low, high=high, between=between, spread=spread, **texts)


def _number(cells: Mapping[str, str], column: str, where: str, empty: float | None) -> float:
    given = cells[column].strip()
    if not given and empty is not None:
        return empty
    try:
        value = float(given)
    except ValueError:
        raise BadFile(f"{where}: {column} '{given}' is not a number") from None
    if not math.isfinite(value):
        raise BadFile(f"{where}: {column} '{given}' is not finite")
    return value
