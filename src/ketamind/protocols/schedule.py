"""How often a dose is repeated: `twice weekly for 4 weeks`, and the clinic days that this means.

Within a day doses are spread evenly. Within a week they fall on the usual clinic days, counted from the first dose:
twice weekly on days 0 and 3 (as in the esketamine trials: 1, 4, 8, 11 ...), three times weekly on days 0, 2 and 4.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ketamind.errors import BadValue
from ketamind.protocols.quantities import LONGEST_H, plain_number

CLINIC_DAYS = {1: (0,), 2: (0, 3), 3: (0, 2, 4), 4: (0, 1, 3, 5), 5: (0, 1, 2, 3, 4), 6: (0, 1, 2, 3, 4, 5)}
TIMES = {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times", 6: "six times"}
OPEN_DAYS = 364
"""Days that a schedule without an end goes on for, where the run does not end it sooner: 52 weeks."""


@dataclass(frozen=True)
class Schedule:
    """`times` doses in each `period_days`, for `span_days` (None: until the end of the run, 52 weeks at most).

    >>> [h / 24 for h in Schedule(times=2, period_days=7, span_days=14).offsets_h()]
    [0.0, 3.0, 7.0, 10.0]

    Raises BadValue for a frequency that the grammar has no words for, or a span over five years.
    """

    times: int = 1
    period_days: int = 1
    span_days: int | None = None

    def __post_init__(self) -> None:
        for value, what in ((self.times, "times"), (self.period_days, "days between doses"), (self.days, "days")):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise BadValue(f"a schedule needs a whole number of {what}, at least 1, and got {value!r}.")
        if self.times > 1 and (self.period_days not in (1, 7) or self.times not in TIMES):
            raise BadValue(
                f"{self.times} doses every {self.period_days} days cannot be scheduled: "
                "write once to six times `daily` or `weekly`, or one dose `every N days`."
            )
        if max(self.days, self.period_days) * 24 > LONGEST_H:
            raise BadValue(f"a schedule of {max(self.days, self.period_days)} days is over the limit of five years.")

    @property
    def days(self) -> int:
        """Days from the first dose to the end of the schedule."""
        return OPEN_DAYS if self.span_days is None else self.span_days

    @property
    def count(self) -> int:
        """How many doses the whole schedule gives."""
        periods, rest = divmod(self.days, self.period_days)
        return periods * self.times + sum(offset < rest * 24 for offset in self._in_period_h())

    def offsets_h(self) -> Iterator[float]:
        """Start of each dose, hours from the first."""
        for start_day in range(0, self.days, self.period_days):
            for offset_h in self._in_period_h():
                if start_day * 24 + offset_h < self.days * 24:
                    yield start_day * 24 + offset_h

    def words(self) -> str:
        """The schedule in the words of the grammar.

        >>> Schedule(times=2, period_days=7, span_days=28).words()
        'twice weekly for 4 weeks'
        """
        often = self._frequency()
        if self.span_days is None:
            return often
        if self.period_days % 7 == 0 and self.span_days % 7 == 0:
            return f"{often} for {self.span_days // 7} weeks"
        return f"{often} for {self.span_days} days"

    def _frequency(self) -> str:
        named = {1: "daily", 7: "weekly"}.get(self.period_days)
        if named:
            return named if self.times == 1 else f"{TIMES[self.times]} {named}"
        weeks, rest = divmod(self.period_days, 7)
        return f"every {self.period_days} days" if rest else f"every {weeks} weeks"

    def _in_period_h(self) -> tuple[float, ...]:
        if self.period_days == 1:
            return tuple(24.0 * i / self.times for i in range(self.times))
        return tuple(24.0 * day for day in CLINIC_DAYS[self.times])


def whole_days(amount: float, days_in_unit: int, what: str) -> int:
    """A span in whole days. Raises BadValue for a span that is not positive and whole."""
    days = amount * days_in_unit
    if not 1 <= days * 24 <= LONGEST_H or days != int(days):
        most = int(LONGEST_H / 24)
        raise BadValue(f"{what} must be a whole number from 1 to {most}, and {plain_number(days)} is not.")
    return int(days)
