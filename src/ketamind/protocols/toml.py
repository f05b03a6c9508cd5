"""Protocols as TOML: the same content as the words, one table a dose.

    [[dose]]
    drug = "ketamine"
    amount = 0.5
    unit = "mg/kg"
    route = "iv"
    duration = "40 min"
    schedule = "twice weekly for 4 weeks"
    at = "0 min"

`duration`, `schedule`, `at` and `target = true` may be left out. `dose = []` is the drug-free protocol.
"""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ketamind.errors import BadFile, BadValue, KetamindError, unknown_name
from ketamind.protocols.drugs import drug_name
from ketamind.protocols.protocol import Dose, Protocol
from ketamind.protocols.quantities import (
    LONGEST_TEXT,
    amount_unit_name,
    finite,
    hours,
    normalised,
    plain_number,
    plain_time,
    shorten,
)
from ketamind.protocols.words import ROUTE_SPELLINGS, schedule_of, unglued


class DoseTable(BaseModel):
    """One `[[dose]]` of a file."""

    model_config = ConfigDict(extra="forbid", strict=True)
    drug: str
    amount: float
    unit: str
    route: str
    duration: str | None = None
    schedule: str | None = None
    at: str = "0 min"
    target: bool = False


class ProtocolTable(BaseModel):
    """A whole file."""

    model_config = ConfigDict(extra="forbid", strict=True)
    dose: list[DoseTable]


def read_toml(text: str) -> Protocol:
    """The protocol that a TOML text holds.

    >>> read_toml('[[dose]]\\ndrug = "ketamine"\\namount = 10\\nunit = "mg/kg"\\nroute = "ip"').words()
    '10 mg/kg ketamine ip'

    Raises BadFile for text that is not TOML or lacks a key, UnknownName for a key, drug, route or unit that is not
    known, BadValue for what cannot be given.
    """
    if len(text) > LONGEST_TEXT * 10:
        raise BadFile(f"a protocol file may have at most {LONGEST_TEXT * 10} characters, and this has {len(text)}.")
    try:
        content = tomllib.loads(text)
        table = ProtocolTable.model_validate(content)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise BadFile(f"this is not TOML: {problem}.") from None
    except ValidationError as problem:
        raise _what_is_wrong(problem) from None
    return Protocol(tuple(dose for entry in table.dose for dose in _doses(entry)))


def load_toml(path: str | Path) -> Protocol:
    """The protocol in a TOML file. Raises as `read_toml`, and BadFile if the file cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        raise BadFile(f"'{shorten(str(path))}' cannot be read as a protocol ({problem}).") from None
    return read_toml(text)


def write_toml(protocol: Protocol) -> str:
    """The protocol as TOML; `read_toml` gives the same protocol back.

    >>> print(write_toml(Protocol((Dose("esketamine", 84, "mg", "in"),))))
    [[dose]]
    drug = "esketamine"
    amount = 84
    unit = "mg"
    route = "in"
    <BLANKLINE>
    """
    return "\n".join(_dose_text(dose) for dose in protocol) or "dose = []\n"


def _dose_text(dose: Dose) -> str:
    lines = {"drug": f'"{dose.drug}"', "amount": plain_number(dose.amount), "unit": f'"{dose.unit}"'}
    lines["route"] = f'"{dose.route}"'
    if dose.duration_h is not None:
        lines["duration"] = f'"{plain_time(dose.duration_h)}"'
    if dose.schedule is not None:
        lines["schedule"] = f'"{dose.schedule.words()}"'
    if dose.at_h:
        lines["at"] = f'"{plain_time(dose.at_h)}"'
    if dose.target:
        lines["target"] = "true"
    return "[[dose]]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


def _doses(entry: DoseTable) -> tuple[Dose, ...]:
    route = normalised(entry.route, "a route")
    first = Dose(
        drug=drug_name(entry.drug),
        amount=finite(entry.amount, "the amount"),
        unit=amount_unit_name(entry.unit),
        route=ROUTE_SPELLINGS.get(route, route),
        duration_h=None if entry.duration is None else _time(entry.duration, "duration"),
        at_h=_time(entry.at, "at"),
        target=entry.target,
    )
    return first.repeated(schedule_of(entry.schedule) if entry.schedule is not None else ())


def _time(text: str, key: str) -> float:
    words = [word for given in normalised(text, f"'{key}'").split() for word in unglued(given)]
    if len(words) != 2:
        raise BadValue(f"{key} = '{shorten(text)}' is not a time: write a number and a unit, such as '40 min'.")
    return hours(words[0], words[1], f"'{key}'")


def _what_is_wrong(problem: ValidationError) -> KetamindError:
    first = problem.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        known = DoseTable.model_fields if len(place) > 1 else ProtocolTable.model_fields
        return unknown_name(shorten(place[-1], 40), f"a key of {'a dose' if len(place) > 1 else 'a protocol'}", known)
    where = f"dose {int(place[1]) + 1}, key '{place[-1]}'" if len(place) > 2 else f"key '{place[-1]}'"
    return BadFile(f"{where}: {first['msg'].lower()}. A dose needs drug, amount, unit and route.")
