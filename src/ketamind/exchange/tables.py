"""Event tables as rows: NONMEM data items and CDISC ADPPK variables, read and checked line by line.

One row is one event of one subject: a dose (EVID 1) or a sample or visit (EVID 0 or 2). Names are those of NONMEM;
ADPPK names mean the same and may stand in their place. TIME and DUR are in hours (RLTU may say min, d or week), AMT in
mg of base unless AMTU says otherwise, DV in uM unless DVU says otherwise. Further columns that NONMEM drops carry what
its own cannot: DRUG, ROUTE, the dose in its own words (DOSE, DOSEU), TARGET, SCHED, which clause of a protocol a row
belongs to (DOSEN), what is observed (DVNAME) and the arm of a trial (ARM).

Sources: NONMEM data items as in its user's guides; CDISC ADaM popPK implementation guide 1.0.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ketamind.errors import BadFile, unknown_name
from ketamind.protocols.quantities import LONGEST_H, SPELLINGS, TIME_UNITS, shorten

LARGEST_BYTES = 30_000_000
MOST_ROWS = 200_000
MISSING = {"", ".", "na", "nan"}
DOSING, SAMPLING, OTHER = 1, 0, 2

ADPPK = {
    "ID": "USUBJIDN",
    "TIME": "AFRLT",
    "DUR": "DOSEDUR",
    "WT": "WTBL",
    "ARM": "COHORTC",
    "DOSE": "DOSEA",
    "DVNAME": "DVID",
    "DVU": "AVALU",
}
"""Our name -> the ADPPK variable that means the same; others have the same name in both."""

ALIASES = {
    **{theirs: ours for ours, theirs in ADPPK.items()},
    **{"USUBJID": "ID", "SUBJID": "ID", "SUBJIDN": "ID", "NFRLT": "TIME", "AVAL": "DV", "WEIGHT": "WT"},
    **{"C": "COMMENT", "PARAMCD": "DVNAME"},
}
NUMBERS = ("TIME", "AMT", "RATE", "DUR", "CMT", "EVID", "MDV", "DV", "ADDL", "II", "SS", "DOSE", "DOSEN", "BLQFN")
TEXTS = ("ID", "DRUG", "ROUTE", "AMTU", "DOSEU", "TARGET", "SCHED", "DVNAME", "DVU", "ARM", "RLTU", "BLQFL")
PASSED_OVER = {"COMMENT", "STUDYID", "PROJID", "APRLT", "NPRLT", "RECSEQ", "USTRESC", "UDTC", "DVIDN", "ROUTEN"}
WHOLE = ("CMT", "EVID", "MDV", "ADDL", "SS", "DOSEN")


@dataclass(frozen=True)
class Record:
    """One row: its line in the file, and what stands in it under our names. Times in hours."""

    line: int
    id: str
    time_h: float
    evid: int
    numbers: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    covariates: Mapping[str, float] = field(default_factory=dict)

    def number(self, name: str, default: float = 0.0) -> float:
        """A number of the row, or the default where the cell is empty."""
        return self.numbers.get(name, default)

    def text(self, name: str) -> str:
        """A text of the row, empty where the cell is."""
        return self.texts.get(name, "")


@dataclass(frozen=True)
class EventTable:
    """All rows of a table in their order, and where they come from (for messages)."""

    records: tuple[Record, ...]
    name: str = "the table"

    @property
    def ids(self) -> tuple[str, ...]:
        """Subjects, in the order of first mention."""
        return tuple(dict.fromkeys(r.id for r in self.records))

    def of(self, subject: str) -> tuple[Record, ...]:
        """The rows of one subject. Raises UnknownName."""
        if subject not in self.ids:
            raise unknown_name(subject, "a subject of this table", self.ids)
        return tuple(r for r in self.records if r.id == subject)

    def groups(self) -> dict[str, list[Record]]:
        """The rows of each subject."""
        found: dict[str, list[Record]] = {}
        for record in self.records:
            found.setdefault(record.id, []).append(record)
        return found

    def fault(self, record: Record, words: str) -> BadFile:
        """The message about one row."""
        return BadFile(f"{self.name}, line {record.line} (subject {shorten(record.id, 30)}): {words}")


def read_table(path: "str | Path") -> EventTable:
    """The table in a CSV file. Raises BadFile naming file and line of whatever cannot be understood."""
    place = Path(path)
    try:
        if place.stat().st_size > LARGEST_BYTES:
            raise BadFile(
                f"'{place}' has {place.stat().st_size:,} bytes; at most {LARGEST_BYTES:,} are read. Split it."
            )
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        raise BadFile(f"'{shorten(str(path))}' cannot be read as an event table ({problem}).") from None
    return parse_table(text, f"'{place.name}'")


def parse_table(text: str, name: str = "the table") -> EventTable:
    """The table that a CSV text holds.

    >>> parse_table("ID,TIME,AMT,RATE,EVID\\n1,0,35,52.5,1\\n").records[0].number("AMT")
    35.0

    Raises BadFile naming the line.
    """
    if "\x00" in text:
        raise BadFile(f"{name} holds bytes that are no text: it is not a CSV file.")
    try:
        rows = csv.reader(io.StringIO(text), strict=True)
        lines = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as problem:
        raise BadFile(f"{name} is not a CSV file: {problem}.") from None
    if len(lines) < 2:
        raise BadFile(f"{name} holds no rows: an event table has a line of names and at least one event.")
    if len(lines) > MOST_ROWS:
        raise BadFile(f"{name} has {len(lines):,} rows; at most {MOST_ROWS:,} are read. Split it.")
    columns = _columns(lines[0][1], name)
    records = [_record(cells, columns, line, name) for line, cells in lines[1:] if not _comment(cells)]
    table = EventTable(tuple(records), name)
    _check_order(table)
    return table


def _comment(cells: Sequence[str]) -> bool:
    return cells[0].strip().startswith(("#", "@"))


def _columns(header: Sequence[str], name: str) -> list[str]:
    """Our name of each column; the second of two that mean the same is passed over."""
    given = [cell.strip().lstrip("@#").upper() for cell in header]
    if len(set(given)) < len(given):
        twice = next(g for g in given if given.count(g) > 1)
        raise BadFile(f"{name}, line 1: column '{shorten(twice, 30)}' stands twice.")
    columns = []
    for cell in given:
        ours = ALIASES.get(cell, cell)
        taken = ours in columns or (ours != cell and ours in given)
        columns.append("COMMENT" if taken or ours in PASSED_OVER else ours)
    for wanted in ("ID", "TIME"):
        if wanted not in columns:
            also = [a for a, ours in ALIASES.items() if ours == wanted]
            raise BadFile(f"{name}, line 1: there is no column {wanted} (or {', '.join(also)}).")
    return columns


def _record(cells: Sequence[str], columns: Sequence[str], line: int, name: str) -> Record:
    where = f"{name}, line {line}"
    if len(cells) != len(columns):
        raise BadFile(f"{where}: {len(cells)} cells stand under {len(columns)} names; the file may be cut short.")
    given = {c: cell.strip() for c, cell in zip(columns, cells, strict=True) if c != "COMMENT"}
    given = {c: cell for c, cell in given.items() if cell.lower() not in MISSING}
    if "ID" not in given or "TIME" not in given:
        raise BadFile(f"{where}: {'ID' if 'ID' not in given else 'TIME'} is empty.")
    numbers = {c: _number(given[c], c, where) for c in NUMBERS if c in given}
    texts = {c: given[c] for c in TEXTS if c in given}
    scale = _hours(texts.get("RLTU", "h"), where)
    numbers |= {c: numbers[c] * scale for c in ("TIME", "DUR", "II") if c in numbers and scale != 1}
    covariates = {c: v for c in given if c not in (*NUMBERS, *TEXTS) if (v := _covariate(given[c])) is not None}
    more = {c: given[c] for c in given if c not in (*NUMBERS, *TEXTS) and c not in covariates}
    record = Record(line, given["ID"], numbers["TIME"], _evid(numbers), numbers, texts | more, covariates)
    _check(record, where)
    return record


def _number(cell: str, column: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise BadFile(f"{where}: {column} '{shorten(cell, 30)}' is not a number.") from None
    if not math.isfinite(value):
        raise BadFile(f"{where}: {column} '{shorten(cell, 30)}' is not a finite number.")
    if column in WHOLE and value != int(value):
        raise BadFile(f"{where}: {column} is {value:g}; it must be a whole number.")
    return value


def _covariate(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _hours(unit: str, where: str) -> float:
    plain = unit.lower()
    name = SPELLINGS.get(plain, plain)
    if name not in TIME_UNITS:
        raise BadFile(f"{where}: RLTU '{shorten(unit, 30)}' is not a unit of time; known: {', '.join(TIME_UNITS)}.")
    numerator, denominator = TIME_UNITS[name]
    return numerator / denominator


def _evid(numbers: Mapping[str, float]) -> int:
    """The kind of event; without EVID a row with an amount is a dose, as in NONMEM."""
    return int(numbers.get("EVID", float(numbers.get("AMT", 0.0) != 0)))


def _check(record: Record, where: str) -> None:
    if record.evid in (3, 4):
        raise BadFile(
            f"{where}: EVID {record.evid} starts the subject anew, which a protocol cannot say. "
            "Give each occasion an ID of its own."
        )
    if record.evid not in (SAMPLING, DOSING, OTHER):
        raise BadFile(f"{where}: EVID {record.evid} is not known; 0 is a sample, 1 a dose, 2 another event.")
    if abs(record.time_h) > LONGEST_H:
        raise BadFile(f"{where}: TIME is {record.time_h:g} h, further off than five years ({LONGEST_H:g} h).")
    if record.number("RATE") in (-1, -2):
        raise BadFile(f"{where}: RATE {record.number('RATE'):g} leaves the infusion to a model; give a rate, or DUR.")
    for column in ("AMT", "RATE", "DUR", "II", "ADDL", "WT"):
        value = record.covariates.get(column, record.number(column))
        if value < 0:
            raise BadFile(f"{where}: {column} is {value:g}; it cannot be negative.")
    if record.evid == DOSING and "AMT" not in record.numbers:
        raise BadFile(f"{where}: a dose (EVID 1) needs AMT.")
    if record.number("ADDL") and not record.number("II"):
        raise BadFile(f"{where}: ADDL {record.number('ADDL'):g} needs II, the hours between doses.")
    if record.number("SS") not in (0, 1):
        raise BadFile(f"{where}: SS {record.number('SS'):g} is not understood; 0, or 1 with II.")
    if record.number("SS") == 1 and not record.number("II"):
        raise BadFile(f"{where}: SS 1 needs II, the hours between doses.")


def _check_order(table: EventTable) -> None:
    """Times must not fall within a subject, whose rows stand together."""
    last: dict[str, float] = {}
    current = ""
    for record in table.records:
        if record.id != current and record.id in last:
            raise table.fault(record, "its rows do not stand together; sort by ID, then TIME.")
        if record.time_h < last.get(record.id, -math.inf):
            raise table.fault(
                record, f"TIME falls from {last[record.id]:g} to {record.time_h:g} h; sort by ID, then TIME."
            )
        current, last[record.id] = record.id, record.time_h


def write_rows(rows: Iterable[Mapping[str, str]], columns: Sequence[str], names: str = "nonmem") -> str:
    """Rows as CSV text with `.` for an empty cell; `names` is nonmem or adppk."""
    if names not in ("nonmem", "adppk"):
        raise unknown_name(names, "a set of column names", ("nonmem", "adppk"))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    shown = [ADPPK.get(c, c) if names == "adppk" else c for c in columns]
    writer.writerow(shown)
    writer.writerows([row.get(c, "") or "." for c in columns] for row in rows)
    return out.getvalue()


def numbered(records: Iterable[Record]) -> Iterator[tuple[int, Record]]:
    """Records with their clause of the protocol; a row that names none is a clause of its own."""
    free = 1_000_000
    for record in records:
        if "DOSEN" in record.numbers:
            yield int(record.numbers["DOSEN"]), record
        else:
            free += 1
            yield free, record
