"""Protocols as event tables, and back.

Carried: every dose with its time, amount, duration and repeats (ADDL and II; a schedule such as `twice weekly` is one
row a clinic day). Carried in columns that NONMEM drops: drug, route, the dose in its own unit, targets and schedules in
words, so that a table written here reads back as the very same protocol.

Lost from foreign tables, and told: SS 1 becomes the doses of the two weeks before; rates are kept as durations; several
units become mg. Not carried at all: who receives it, beyond weight and other covariates.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ketamind.errors import BadFile, BadValue, KetamindError
from ketamind.exchange.tables import DOSING, EventTable, Record, numbered, read_table, write_rows
from ketamind.protocols import Dose, Protocol, parse_protocol
from ketamind.protocols.drugs import ROUTES, drug, drug_name
from ketamind.protocols.protocol import MOST_ADMINISTRATIONS
from ketamind.protocols.quantities import AMOUNT_UNITS, amount_unit_name, plain_number
from ketamind.protocols.schedule import Schedule
from ketamind.protocols.toml import write_toml
from ketamind.protocols.words import ROUTE_SPELLINGS, schedule_of

COMPARTMENTS = dict(enumerate(ROUTES, start=1))
"""CMT of a dose: where it enters. Other tools number otherwise: where ROUTE stands it counts, and a guess is told."""

COLUMNS = (
    *("ID", "TIME", "AMT", "RATE", "DUR", "CMT", "EVID", "MDV", "DV", "ADDL", "II", "SS"),
    *("WT", "DRUG", "ROUTE", "AMTU", "DOSE", "DOSEU", "TARGET", "SCHED", "DOSEN", "DVNAME", "DVU"),
)
USUAL_KG = 70.0
STEADY_H = 14 * 24.0
TOLERANCE = 1e-6
PLAIN_UNITS = ("mg", "mL", "dose", "uM", "ng/mL")


@dataclass(frozen=True)
class Read:
    """A protocol that was read, and what of its table it cannot say."""

    protocol: Protocol
    losses: tuple[str, ...] = ()


def to_events(
    protocol: "str | Protocol",
    path: "str | Path | None" = None,
    *,
    weight_kg: float = USUAL_KG,
    names: str = "nonmem",
) -> str:
    """The protocol as the text of an event table for a body of that weight, also written to `path` if given.

    >>> table = to_events("0.5 mg/kg ketamine iv over 30 min", weight_kg=80)
    >>> table.splitlines()[1][:19]
    '1,0,40,80,0.5,1,1,1'

    Raises BadValue for a weight that cannot be, BadFile for a place that cannot be written.
    """
    given = parse_protocol(protocol) if isinstance(protocol, str) else protocol
    text = write_rows(dose_rows(given, "1", weight_kg), COLUMNS, names)
    if path is not None:
        write_text(path, text)
    return text


def write_text(path: "str | Path", text: str) -> Path:
    """Write a file whole or not at all. Raises BadFile."""
    target = Path(path)
    part = target.with_name(target.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    except OSError as problem:
        raise BadFile(f"cannot write '{target}': {problem.strerror or problem}. Choose another place.") from None
    return target


def dose_rows(protocol: Protocol, subject: str, weight_kg: float) -> list[dict[str, str]]:
    """The rows of all doses in order of time."""
    protocol.events(weight_kg)  # refuses a weight or a dose that cannot be
    rows = [row for n, dose in enumerate(protocol, start=1) for row in _trains(dose, n, subject, weight_kg)]
    return sorted(rows, key=lambda row: float(row["TIME"]))


def _trains(dose: Dose, clause: int, subject: str, weight_kg: float) -> list[dict[str, str]]:
    """One row for each regular train of administrations that a dose makes."""
    event = dose.administrations()[0].for_weight(weight_kg)
    duration_h = dose.duration_h or 0.0
    row = {
        "ID": subject,
        "AMT": repr_number(event.amount),
        "RATE": repr_number(event.amount / duration_h if duration_h else 0.0),
        "DUR": repr_number(duration_h) if duration_h else "",
        "CMT": str(list(ROUTES).index(dose.route) + 1),
        "EVID": "1",
        "MDV": "1",
        "SS": "0",
        "WT": repr_number(weight_kg),
        "DRUG": dose.drug,
        "ROUTE": dose.route,
        "AMTU": event.unit,
        "DOSE": repr_number(dose.amount),
        "DOSEU": dose.unit,
        "TARGET": "Y" if dose.target else "",
        "SCHED": dose.schedule.words() if dose.schedule else "",
        "DOSEN": str(clause),
    }
    return [
        row | {"TIME": repr_number(dose.at_h + first), "ADDL": str(count - 1), "II": repr_number(step)}
        for first, count, step in _regular(dose.schedule)
    ]


def _regular(schedule: Schedule | None) -> list[tuple[float, int, float]]:
    """First offset, count and interval (h) of each regular train in a schedule."""
    if schedule is None:
        return [(0.0, 1, 0.0)]
    offsets = list(schedule.offsets_h())
    in_period = min(schedule.times, len(offsets))
    trains = [offsets[k :: schedule.times] for k in range(in_period)]
    return [(t[0], len(t), schedule.period_days * 24.0 if len(t) > 1 else 0.0) for t in trains]


def repr_number(value: float) -> str:
    """The shortest text that reads back as this very number."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def read_events(path: "str | Path", *, drug: str = "ketamine", route: str = "iv") -> dict[str, Read]:
    """The protocol of each subject in a CSV file.

    `drug` and `route` are those of rows that name none. Raises BadFile naming file and line.
    """
    return protocols(read_table(path), drug=drug, route=route)


def protocols(table: EventTable, *, drug: str = "ketamine", route: str = "iv") -> dict[str, Read]:
    """The protocol of each subject of a table. Raises BadFile naming the line."""
    usual = (drug_name(drug), route)
    return {subject: _protocol(table, rows, usual) for subject, rows in table.groups().items()}


def _protocol(table: EventTable, rows: Sequence[Record], usual: tuple[str, str]) -> Read:
    clauses: dict[int, list[Record]] = {}
    for clause, record in numbered(r for r in rows if r.evid == DOSING):
        clauses.setdefault(clause, []).append(record)
    weight = _weight(table, rows)
    losses: list[str] = []
    doses = [d for n in sorted(clauses) for d in _clause(table, clauses[n], usual, weight, losses)]
    try:
        return Read(Protocol(tuple(doses)), tuple(dict.fromkeys(losses)))
    except KetamindError as problem:
        raise table.fault(rows[0], str(problem)) from None


def _weight(table: EventTable, rows: Sequence[Record]) -> float | None:
    found = {r.covariates["WT"] for r in rows if "WT" in r.covariates}
    heaviest = 1000.0
    for record in rows:
        if not 0 < record.covariates.get("WT", 1.0) <= heaviest:
            raise table.fault(record, f"WT {record.covariates['WT']:g} kg is no weight of a body.")
    return found.pop() if len(found) == 1 else None


def _clause(
    table: EventTable, rows: Sequence[Record], usual: tuple[str, str], weight: float | None, losses: list[str]
) -> list[Dose]:
    """The doses that the rows of one clause are: one if a schedule in words holds them together."""
    try:
        doses = [_dose(table, r, usual, weight, losses) for r in rows]
        words = rows[0].text("SCHED")
        if words:
            return [_scheduled(table, rows, doses[0], words)]
        return [d for r, dose in zip(rows, doses, strict=True) for d in _repeats(r, dose, losses)]
    except BadFile:
        raise
    except KetamindError as problem:
        raise table.fault(rows[0], str(problem)) from None


def _dose(table: EventTable, row: Record, usual: tuple[str, str], weight: float | None, losses: list[str]) -> Dose:
    """The first administration of a row."""
    route = _route(table, row, usual[1], losses)
    duration_h = _duration(table, row)
    amount, unit = _amount(table, row, losses)
    dose = Dose(
        drug=drug_name(row.text("DRUG")) if row.text("DRUG") else usual[0],
        amount=amount,
        unit=unit,
        route=route,
        duration_h=duration_h,
        at_h=row.time_h,
        target=row.text("TARGET").upper() in ("Y", "1", "TRUE"),
    )
    _check_amount(table, row, dose, weight)
    return dose


def _route(table: EventTable, row: Record, usual: str, losses: list[str]) -> str:
    """ROUTE where it stands; iv for an infusion; otherwise what CMT means here, which is then told."""
    given = row.text("ROUTE").lower()
    if given:
        return ROUTE_SPELLINGS.get(given, given)
    if "CMT" not in row.numbers:
        return usual
    number = int(row.number("CMT"))
    if row.number("RATE") or row.number("DUR"):
        return "iv"
    if number not in COMPARTMENTS:
        known = ", ".join(f"{n} {r}" for n, r in COMPARTMENTS.items())
        raise table.fault(row, f"CMT {number} is not a compartment that a dose can enter; known: {known}.")
    losses.append(f"CMT {number} without ROUTE is read as {COMPARTMENTS[number]}; say ROUTE if it is something else")
    return COMPARTMENTS[number]


def _duration(table: EventTable, row: Record) -> float | None:
    rate, duration_h = row.number("RATE"), row.number("DUR")
    if rate and duration_h and not math.isclose(rate * duration_h, row.number("AMT"), rel_tol=TOLERANCE):
        raise table.fault(
            row, f"RATE {rate:g} over DUR {duration_h:g} h is not AMT {row.number('AMT'):g}: are the units mixed?"
        )
    if duration_h:
        return duration_h
    return row.number("AMT") / rate if rate else None


def _amount(table: EventTable, row: Record, losses: list[str]) -> tuple[float, str]:
    """Amount and unit: the dose's own where it stands beside, AMT otherwise."""
    if row.text("DOSEU") and "DOSE" in row.numbers:
        return row.number("DOSE"), _unit(table, row, "DOSEU")
    unit = row.text("AMTU") or "mg"
    if AMOUNT_UNITS[_unit(table, row, "AMTU", unit)].per_kg:
        raise table.fault(row, f"AMTU '{unit}' is per kg; AMT is what the subject was given in all.")
    if row.text("DRUG").endswith(("_hcl", "_maleate")):
        losses.append("AMT is mg of base: the salt is no longer told")
        return row.number("AMT") / drug(drug_name(row.text("DRUG"))).salt_fraction, unit
    return row.number("AMT"), _unit(table, row, "AMTU", unit)


def _unit(table: EventTable, row: Record, column: str, given: str = "") -> str:
    try:
        return amount_unit_name(given or row.text(column))
    except KetamindError as problem:
        raise table.fault(row, f"{column}: {problem}") from None


def _check_amount(table: EventTable, row: Record, dose: Dose, weight: float | None) -> None:
    """AMT must be what the dose in its own words comes to."""
    event = dose.administrations()[0]
    kg = row.covariates.get("WT", weight)
    if not row.text("DOSEU") or (event.per_kg and kg is None):
        return
    expected = event.for_weight(kg or USUAL_KG).amount
    if not math.isclose(expected, row.number("AMT"), rel_tol=TOLERANCE, abs_tol=1e-12):
        at = f" at {kg:g} kg" if event.per_kg else ""
        raise table.fault(
            row,
            f"AMT {row.number('AMT'):g} is not what {plain_number(dose.amount)} {dose.unit} comes to{at} "
            f"({expected:g} {event.unit}): are the units mixed?",
        )


def _scheduled(table: EventTable, rows: Sequence[Record], first: Dose, words: str) -> Dose:
    phases = schedule_of(words)
    if len(phases) != 1:
        raise table.fault(rows[0], f"SCHED '{words}' is not one schedule, such as 'twice weekly for 4 weeks'.")
    told = sorted(first.at_h + offset for offset in phases[0].offsets_h())
    given = sorted(t for row in rows for t in _times(row))
    if len(told) != len(given) or any(abs(a - b) > TOLERANCE for a, b in zip(told, given, strict=True)):
        raise table.fault(
            rows[0],
            f"SCHED '{words}' means {len(told)} doses from {told[0]:g} to {told[-1]:g} h, but TIME, ADDL and II give "
            f"{len(given)} from {given[0]:g} to {given[-1]:g} h. Mend one, or empty SCHED.",
        )
    return replace(first, schedule=phases[0])


def _times(row: Record) -> list[float]:
    count = int(row.number("ADDL")) + 1
    if count > MOST_ADMINISTRATIONS:
        raise BadValue(f"ADDL {count - 1} is more than {MOST_ADMINISTRATIONS} doses.")
    return [row.time_h + k * row.number("II") for k in range(count)]


def _repeats(row: Record, dose: Dose, losses: list[str]) -> list[Dose]:
    """The repeats of a row as a schedule where the grammar has one, as single doses otherwise."""
    times = _times(row)
    if row.number("SS") == 1:
        losses.append(f"SS 1 is written out as the doses of the {STEADY_H / 24:g} days before")
        before = int(STEADY_H // row.number("II")) or 1
        times = [row.time_h - k * row.number("II") for k in range(before, 0, -1)] + times
    if len(times) == 1:
        return [dose]
    schedule = regular_schedule(row.number("II"), len(times))
    if schedule is not None:
        return [replace(dose, at_h=times[0], schedule=schedule)]
    return [replace(dose, at_h=t) for t in times]


def regular_schedule(interval_h: float, count: int) -> Schedule | None:
    """The schedule of so many doses at that interval, if the grammar has words for it.

    >>> regular_schedule(12, 14).words()
    'twice daily for 7 days'
    """
    a_day = 24.0 / interval_h
    if a_day in (2.0, 3.0, 4.0, 5.0, 6.0):
        return Schedule(int(a_day), 1, math.ceil(count / a_day)) if count % a_day == 0 else None
    days = interval_h / 24.0
    if days != int(days) or not 1 <= days <= 366:
        return None
    span = int(days) * count if days in (1.0, 7.0) else int(days) * (count - 1) + 1
    return Schedule(1, int(days), span) if span * 24 <= 5 * 365 * 24 else None


def to_toml(table: Mapping[str, Read], subject: str = "") -> str:
    """The protocol of one subject (the first, if none is named) as TOML."""
    found = table[subject] if subject else next(iter(table.values()))
    return write_toml(found.protocol)


def together(found: Iterable[Read]) -> tuple[str, ...]:
    """Everything that was lost, each told once."""
    return tuple(dict.fromkeys(loss for read in found for loss in read.losses))
