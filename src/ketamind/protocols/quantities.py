"""Amounts and times as people write them: `0.5 mg/kg`, `10 µM`, `40 min`, `-2 h`."""

import math
import re
import unicodedata
from dataclasses import dataclass

from ketamind.errors import BadValue, unknown_name

LONGEST_H = 5 * 365.25 * 24
"""No time in a protocol may lie further off than five years."""

LONGEST_TEXT = 10_000
"""Characters that one protocol, patient or manipulation may have."""

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|[+-]?(?:nan|inf|infinity)"


@dataclass(frozen=True)
class AmountUnit:
    """A unit of dose: what it `measure`s, its `scale` in mg, uM, ng/mL, mL or doses, and per what it is given."""

    name: str
    measure: str
    scale: float
    per_kg: bool = False
    per_h: float = 0.0


def _amount_units() -> dict[str, AmountUnit]:
    units = [
        AmountUnit(f"{mass}{per_kg}{rate}", "mass", scale, bool(per_kg), per_h)
        for mass, scale in (("mg", 1.0), ("ug", 1e-3))
        for per_kg in ("", "/kg")
        for rate, per_h in (("", 0.0), ("/h", 1.0), ("/min", 60.0))
    ]
    units += [AmountUnit("g", "mass", 1e3), AmountUnit("ng", "mass", 1e-6)]
    units += [AmountUnit(name, "molarity", s) for name, s in (("nM", 1e-3), ("uM", 1.0), ("mM", 1e3))]
    units += [AmountUnit(name, "mass_in_volume", s) for name, s in (("ng/mL", 1.0), ("ug/mL", 1e3))]
    units += [AmountUnit("mL", "volume", 1.0), AmountUnit("dose", "dose", 1.0)]
    return {u.name: u for u in units}


AMOUNT_UNITS = _amount_units()
SPELLINGS = {
    "mcg": "ug",
    "microg": "ug",
    "gram": "g",
    "grams": "g",
    "kilogram": "kg",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "mins": "min",
    "minute": "min",
    "minutes": "min",
    "s": "s",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "day": "d",
    "days": "d",
    "wk": "week",
    "wks": "week",
    "weeks": "week",
    "doses": "dose",
    "um": "uM",
    "nm": "nM",
    "mm": "mM",
    "umol/l": "uM",
    "nmol/l": "nM",
    "mmol/l": "mM",
    "micromolar": "uM",
    "ml": "mL",
    "ng/ml": "ng/mL",
    "ug/ml": "ug/mL",
    "ug/l": "ng/mL",
    "mg/l": "ug/mL",
}
TIME_UNITS = {"s": (1.0, 3600.0), "min": (1.0, 60.0), "h": (1.0, 1.0), "d": (24.0, 1.0), "week": (168.0, 1.0)}
"""Hours in a unit of time, as numerator and denominator: 40 min is 40 * 1 / 60 h."""


def shorten(text: str, length: int = 80) -> str:
    """The text as a message may show it: on one line, cut after `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[:length]}..."


def normalised(text: str, kind: str) -> str:
    """Lower case, plain spaces, `u` for micro, `-` for every minus sign. Raises BadValue if empty or too long.

    >>> normalised("5  µg/kg  Ketamine IV at −45 min", "a protocol")
    '5 ug/kg ketamine iv at -45 min'
    """
    if not isinstance(text, str):
        raise BadValue(f"{kind} is written as text, and {shorten(repr(text))} is not.")
    if len(text) > LONGEST_TEXT:
        raise BadValue(f"{kind} may have at most {LONGEST_TEXT} characters, and this has {len(text)}.")
    plain = unicodedata.normalize("NFKC", text).replace("μ", "u").replace("−", "-").replace("–", "-")
    plain = re.sub(r"\s*/\s*", "/", " ".join(plain.lower().split()))
    if not plain:
        raise BadValue(f"{kind} is empty.")
    return plain


def is_number(word: str) -> bool:
    """True for anything that reads as a number, finite or not."""
    return re.fullmatch(NUMBER, word) is not None


def number(word: str, what: str) -> float:
    """The number that a word stands for. Raises BadValue if it is none, or not finite."""
    if not is_number(word):
        raise BadValue(f"{what} must be a number such as 0.5, and '{shorten(word)}' is not.")
    return finite(float(word), what)


def finite(value: float, what: str) -> float:
    """`value` itself. Raises BadValue unless it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(f"{what} must be a number, and {shorten(repr(value))} is not.")
    if not math.isfinite(value):
        raise BadValue(f"{what} must be a finite number, and {value} is not.")
    return value


def amount_unit_name(word: str) -> str:
    """The one name of a unit of dose, from the ways in which it is written.

    >>> amount_unit_name("mcg/kg/hr"), amount_unit_name("µM"), amount_unit_name("ng/ml")
    ('ug/kg/h', 'uM', 'ng/mL')

    Raises UnknownName with the nearest known unit.
    """
    plain = normalised(word, "a unit")
    plain = SPELLINGS.get(plain, "/".join(SPELLINGS.get(part, part) for part in plain.split("/")))
    if plain not in AMOUNT_UNITS:
        raise unknown_name(shorten(word), "a unit of dose", AMOUNT_UNITS)
    return plain


def hours(value: str, unit: str, what: str) -> float:
    """A time in hours. Raises BadValue for a number that is not finite or beyond five years, UnknownName for the unit.

    >>> hours("90", "minutes", "the duration")
    1.5
    """
    name = SPELLINGS.get(unit, unit)
    if name not in TIME_UNITS:
        raise unknown_name(shorten(unit), "a unit of time", ["s", "min", "h", "days", "weeks"])
    numerator, denominator = TIME_UNITS[name]
    return within_limit(number(value, what) * numerator / denominator, what)


def within_limit(time_h: float, what: str) -> float:
    """`time_h` itself. Raises BadValue if it is further off than five years."""
    if abs(finite(time_h, what)) > LONGEST_H:
        raise BadValue(f"{what} is {time_h:g} h: a protocol may span five years ({LONGEST_H:g} h) at most.")
    return time_h


def plain_number(value: float) -> str:
    """The shortest text that reads back as exactly this number.

    >>> plain_number(0.5), plain_number(20.0), plain_number(0.1 + 0.2)
    ('0.5', '20', '0.30000000000000004')
    """
    short = f"{value:.12g}"
    return short if float(short) == value else repr(float(value))


def plain_time(time_h: float) -> str:
    """A time in words that reads back as exactly this number of hours.

    >>> plain_time(40 / 60), plain_time(-0.75), plain_time(504.0)
    ('40 min', '-45 min', '504 h')
    """
    in_min, in_h = f"{time_h * 60:.10g}", f"{time_h:.10g}"
    exact = [f"{in_min} min"] if float(in_min) / 60 == time_h else []
    exact += [f"{in_h} h"] if float(in_h) == time_h else []
    exact += [f"{float(time_h)!r} h"]
    return exact[0] if abs(time_h) < 3 or len(exact) < 3 else exact[1]
