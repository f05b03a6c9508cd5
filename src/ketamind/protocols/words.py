"""The grammar of protocols in plain words.

    [target] <amount> <unit> <drug> <route> [over <duration>] [<schedule>] [at <offset>]     joined by ` + `

`none` is the protocol without a dose. Clauses after the route may stand in any order. Schedules: `once`, `daily`,
`twice daily`, `three times weekly`, `weekly`, `every 2 weeks`, each `for N days` or `for N weeks` (without it: to the
end of the run, 52 weeks at most), and `induction esketamine`: twice weekly for 4 weeks, then weekly.
"""

import re

from ketamind.errors import BadValue, unknown_name
from ketamind.protocols.drugs import ROUTES, drug_name, drugs
from ketamind.protocols.protocol import Dose, Protocol
from ketamind.protocols.quantities import (
    NUMBER,
    SPELLINGS,
    TIME_UNITS,
    amount_unit_name,
    hours,
    is_number,
    normalised,
    number,
    shorten,
)
from ketamind.protocols.schedule import Schedule, whole_days

ROUTE_SPELLINGS = {
    "i.v.": "iv",
    "intravenous": "iv",
    "intravenously": "iv",
    "i.m.": "im",
    "intramuscular": "im",
    "s.c.": "sc",
    "subcutaneous": "sc",
    "intranasal": "in",
    "nasal": "in",
    "p.o.": "po",
    "oral": "po",
    "orally": "po",
    "s.l.": "sl",
    "sublingual": "sl",
    "buccal": "sl",
    "i.p.": "ip",
    "intraperitoneal": "ip",
    "i.c.v.": "icv",
}
COUNTS = {"once": 1, "twice": 2, "thrice": 3, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
PERIODS = {"daily": 1, "weekly": 7, "fortnightly": 14}
STARTS = ("over", "at", "every", "induction", *COUNTS, *PERIODS)
"""Words that begin a clause after the route."""

INDUCTION_DAYS = 28
EXAMPLE = "write such as `0.5 mg/kg ketamine iv over 40 min`"


def parse_protocol(text: str) -> Protocol:
    """The protocol that a text describes.

    >>> protocol = parse_protocol("50 mg naltrexone po at -45 min + 0.5 mg/kg ketamine iv over 40 min")
    >>> protocol.drugs, protocol.first_h
    (('naltrexone', 'ketamine'), -0.75)
    >>> parse_protocol("84 mg esketamine in induction").words()
    '84 mg esketamine in twice weekly for 4 weeks + 84 mg esketamine in weekly at 672 h'

    Raises UnknownName or BadValue, each saying what was given, what is allowed and how to mend it.
    """
    plain = normalised(text, "a protocol")
    if plain == "none":
        return Protocol()
    terms = re.split(r"(?<![0-9]e)\+", plain)
    return Protocol(tuple(dose for term in terms for dose in _doses(_Words(term))))


def schedule_of(text: str) -> tuple[Schedule, ...]:
    """The schedule in words, one for each of its phases.

    >>> schedule_of("twice weekly for 4 weeks")
    (Schedule(times=2, period_days=7, span_days=28),)
    """
    words = _Words(normalised(text, "a schedule"))
    found = _schedule(words)
    words.end()
    return found


class _Words:
    """The words of one term, taken one after the other."""

    def __init__(self, term: str) -> None:
        self.term = term.strip()
        self.left = [word for given in self.term.split() for word in unglued(given)]

    def peek(self) -> str:
        return self.left[0] if self.left else ""

    def take(self, what: str) -> str:
        if not self.left:
            raise BadValue(f"'{shorten(self.term)}' ends where {what} should stand; {EXAMPLE}.")
        return self.left.pop(0)

    def accept(self, *words: str) -> bool:
        if self.peek() not in words or not self.left:
            return False
        self.left.pop(0)
        return True

    def end(self) -> None:
        if self.left:
            raise unknown_name(shorten(self.peek(), 30), f"understood in '{shorten(self.term)}'", STARTS)


def unglued(word: str) -> list[str]:
    """`0.5mg/kg` and `40min` as number and unit; any other word as it is."""
    found = re.fullmatch(rf"({NUMBER})([a-z].*)", word)
    if not found:
        return [word]
    unit = found[2].split("/")[0]
    known = {*SPELLINGS, *TIME_UNITS, "mg", "ug", "ng", "g", "ml", "dose", "x"}
    return [found[1], found[2]] if unit in known else [word]


def _doses(words: _Words) -> tuple[Dose, ...]:
    if not words.left:
        raise BadValue(f"an empty dose stands beside a '+'; {EXAMPLE}.")
    target = words.accept("target")
    given = words.take("an amount")
    if not is_number(given):
        raise BadValue(f"'{shorten(words.term)}' does not begin with an amount; {EXAMPLE}, or `none`.")
    amount = number(given, "the amount")
    unit = amount_unit_name(words.take("a unit"))
    name, route = _drug_and_route(words)
    duration_h, at_h, schedules = _clauses(words)
    return Dose(name, amount, unit, route, duration_h, at_h, target=target).repeated(schedules)


def _drug_and_route(words: _Words) -> tuple[str, str]:
    head: list[str] = []
    while words.left and ROUTE_SPELLINGS.get(words.peek(), words.peek()) not in (ROUTES if head else ()):
        if head and words.peek() in STARTS:
            break
        head.append(words.left.pop(0))
    if not head:
        raise BadValue(f"'{shorten(words.term)}' names no drug; {EXAMPLE}.")
    route = ROUTE_SPELLINGS.get(words.peek(), words.peek())
    if route in ROUTES:
        words.left.pop(0)
        return _known_drug(" ".join(head)), route
    if len(head) > 1 and drug_name(head[0]) in drugs():
        raise unknown_name(shorten(head[1], 30), "a route", ROUTES)
    name = _known_drug(" ".join(head))
    raise BadValue(f"'{shorten(words.term)}' does not say how {name} is given. Routes: {', '.join(ROUTES)}.")


def _known_drug(written: str) -> str:
    name = drug_name(written)
    if name not in drugs():
        raise unknown_name(shorten(written, 40), "a drug", drugs())
    return name


def _clauses(words: _Words) -> tuple[float | None, float, tuple[Schedule, ...]]:
    duration_h, at_h, schedules = None, None, None
    while words.left:
        if words.peek() == "over" and duration_h is None:
            words.left.pop(0)
            duration_h = _time(words, "the duration")
        elif words.peek() == "at" and at_h is None:
            words.left.pop(0)
            at_h = _time(words, "the time after `at`")
        elif schedules is None and (words.peek() in STARTS[2:] or is_number(words.peek())):
            schedules = _schedule(words)
        elif words.peek() in STARTS:
            raise BadValue(f"'{shorten(words.term)}' says '{words.peek()}' twice over: each clause may stand once.")
        else:
            words.end()
    return duration_h, at_h or 0.0, schedules or ()


def _time(words: _Words, what: str) -> float:
    value = words.take(what)
    return hours(value, words.take(f"a unit of time for {what}"), what)


def _schedule(words: _Words) -> tuple[Schedule, ...]:
    if words.accept("induction"):
        words.accept("esketamine")
        return _induction(_span(words))
    times, period = _frequency(words)
    if period is None:
        return ()
    return (Schedule(times, period, _span(words)),)


def _induction(span_days: int | None) -> tuple[Schedule, ...]:
    if span_days is None:
        return Schedule(2, 7, INDUCTION_DAYS), Schedule(1, 7)
    if span_days <= INDUCTION_DAYS:
        return (Schedule(2, 7, span_days),)
    return Schedule(2, 7, INDUCTION_DAYS), Schedule(1, 7, span_days - INDUCTION_DAYS)


def _frequency(words: _Words) -> tuple[int, int | None]:
    """Times, and days between (None for `once`)."""
    if words.accept("every"):
        return 1, _interval(words)
    if words.peek() in PERIODS:
        return 1, PERIODS[words.left.pop(0)]
    first = words.take("a schedule")
    times = COUNTS.get(first) or whole_days(number(first, "times in a schedule"), 1, "times in a schedule")
    words.accept("times", "time", "x")
    if first == "once" and (not words.left or words.peek() in STARTS[:2]):
        return 1, None
    if words.accept("a", "per", "each", "every"):
        return times, _interval(words)
    period = words.take("`daily` or `weekly`")
    if period not in PERIODS:
        raise unknown_name(shorten(period, 30), "how often a dose is repeated", PERIODS)
    return times, PERIODS[period]


def _interval(words: _Words) -> int:
    if words.accept("other", "second"):
        amount = 2.0
    else:
        amount = number(words.left.pop(0), "the interval") if is_number(words.peek()) else 1.0
    return whole_days(amount, _days_in_unit(words), "the interval")


def _span(words: _Words) -> int | None:
    if not words.accept("for"):
        return None
    amount = number(words.take("how long the schedule lasts"), "the length of the schedule")
    return whole_days(amount, _days_in_unit(words), "the length of the schedule")


def _days_in_unit(words: _Words) -> int:
    given = words.take("`days` or `weeks`")
    days = {"d": 1, "week": 7}.get(SPELLINGS.get(given, given))
    if days is None:
        raise unknown_name(shorten(given, 30), "a unit of time for a schedule", ["days", "weeks"])
    return days
