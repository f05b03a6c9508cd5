"""What is asked of a run: an observable at a time, in plain words such as `madrs@24h`."""

import math
import re
from dataclasses import dataclass

from ketamind.errors import BadValue

HOURS = {"ms": 1 / 3.6e6, "s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "wk": 168.0}
SAME = {"second": "s", "minute": "min", "hr": "h", "hour": "h", "day": "d", "week": "wk", "w": "wk"}
PATTERN = re.compile(r"^\s*(?P<name>[\w.]+)\s*@\s*(?P<value>[-+]?[\d.]+(?:e[-+]?\d+)?)\s*(?P<unit>[a-z]+)\s*$", re.I)


@dataclass(frozen=True)
class Observation:
    """One observable at one time, in hours from the first dose."""

    name: str
    time_h: float
    text: str


def time_in_hours(words: str) -> float:
    """A time in words, in hours.

    >>> time_in_hours("40 min") == 40 / 60
    True

    Raises BadValue for anything that is not a number and a unit of time.
    """
    return parse_observation(f"x@{words}").time_h


def parse_observation(words: str) -> Observation:
    """`name@time` as an observation.

    >>> parse_observation("madrs@7d").time_h
    168.0

    Raises BadValue if the words have another form, or a unit of time that is not known.
    """
    found = PATTERN.match(words)
    units = ", ".join(HOURS)
    if not found:
        raise BadValue(f"'{words}' is not of the form NAME@TIME, such as madrs@24h (units of time: {units}).")
    given = found["unit"].lower()
    single = given if given in HOURS else given.removesuffix("s")
    scale = HOURS.get(SAME.get(single, single))
    if scale is None:
        raise BadValue(f"'{found['unit']}' in '{words}' is not a unit of time; known: {units}.")
    try:
        value = float(found["value"])
    except ValueError:
        raise BadValue(f"'{found['value']}' in '{words}' is not a number.") from None
    if not math.isfinite(value * scale):
        raise BadValue(f"the time in '{words}' is not finite.")
    return Observation(found["name"], value * scale, words.strip())


def parse_observations(words: str) -> tuple[Observation, ...]:
    """Observations separated by commas."""
    return tuple(parse_observation(part) for part in words.split(",") if part.strip())
