"""The words for statistics: which number is taken of an observable, with what it needs to know.

value change percent_change ...        at a time, over subjects, of a curve, of a dose-response
auc_0_24 auc_0p25_4                    area between two times, p for the decimal point
ratio:<stat> sign:<stat>               of any curve or dose-response statistic, against the comparator
correlation:<observable>@<time_h> ...  with parameters of their own
"""

import re
from dataclasses import dataclass

from ketamind.errors import BadValue, unknown_name

AT_A_TIME = "value change percent_change difference ratio effect_size sign remaining restored sd".split()
RATES = "response_rate remission_rate relapse_rate".split()
SUBJECTS = [*RATES, *"hazard_ratio median_time mean_time sign_responders incidence".split()]
CURVE = "cmax tmax auc_inf half_life bioavailability clearance vss duration onset steady_state".split()
PEAKS = "peak_sign peak_percent_change peak_difference".split()
POTENCY = "ic50 ec50 ki".split()
PLAIN = (*AT_A_TIME, *SUBJECTS, *CURVE, *PEAKS, *POTENCY)
FAMILIES = (
    "auc_<from>_<to>",
    "ratio:<stat>",
    "sign:<stat>",
    "auc_ratio:<observable>",
    "ic50_ratio:<observable>",
    "sign_since:<time_h>",
    "difference_share@<time_h>",
    "correlation:<observable>@<time_h>",
    "correlation_sign:<observable>@<time_h>",
    "exceed_rate:value>=<n>",
    "exceed_rate:change>=<n>",
    "odds_ratio:<rate>",
    "risk_ratio:<rate>@<time_h>",
    "hazard_ratio:remission",
    "hazard_ratio:response",
    "response_rate:nonresponse@<time_h>",
    "response_rate:ever",
    "remission_rate:ever",
    "remission_rate:held_from@<time_h>",
    "sensitivity:response@<time_h>",
    "specificity:response@<time_h>",
)
NUMBER = r"-?\d+(?:\.\d+)?"
PATTERNS = (
    r"(?P<name>auc)_(?P<start>\d+(?:p\d+)?)_(?P<stop>\d+(?:p\d+)?)",
    r"(?P<name>ratio|sign):(?P<inner>.+)",
    r"(?P<name>auc_ratio|ic50_ratio):(?P<other>\w+)",
    rf"(?P<name>sign_since):(?P<time>{NUMBER})",
    rf"(?P<name>difference_share)@(?P<time>{NUMBER})",
    rf"(?P<name>correlation|correlation_sign):(?P<other>\w+)@(?P<time>{NUMBER})",
    rf"(?P<name>exceed_rate):(?P<side>value|change)>=(?P<limit>{NUMBER})",
    rf"(?P<name>odds_ratio|risk_ratio):(?P<inner>[^@]+(?:@{NUMBER})?)",
    r"(?P<name>hazard_ratio):(?P<side>remission|response|relapse)",
    rf"(?P<name>response_rate|remission_rate):(?P<side>nonresponse|held_from|ever)(?:@(?P<time>{NUMBER}))?",
    rf"(?P<name>sensitivity|specificity):(?P<side>response|remission)@(?P<time>{NUMBER})",
)


@dataclass(frozen=True)
class Statistic:
    """A statistic in words: its family `name`, and what stands behind the colon or the at-sign."""

    words: str
    name: str
    inner: "Statistic | None" = None
    other: str = ""
    time_h: float | None = None
    side: str = ""
    limit: float = 0.0
    start_h: float = 0.0
    stop_h: float = float("inf")


def parse_statistic(words: str) -> Statistic:
    """The statistic that the words stand for.

    >>> parse_statistic("correlation:cadss@0.67").other
    'cadss'
    >>> parse_statistic("ratio:auc_0p25_4").inner.start_h
    0.25

    Raises UnknownName with the nearest known word.
    """
    if words in PLAIN:
        return Statistic(words, words)
    for pattern in PATTERNS:
        found = re.fullmatch(pattern, words)
        if found:
            return _made(words, found.groupdict())
    raise unknown_name(words, "a statistic", [*PLAIN, *FAMILIES])


def _made(words: str, parts: dict[str, str | None]) -> Statistic:
    name = str(parts["name"])
    time, inner = parts.get("time"), parts.get("inner")
    time_h = None if time is None else float(time)
    side = parts.get("side") or ""
    if side in ("nonresponse", "held_from") and time_h is None:
        raise BadValue(f"'{words}' must say since when, such as {name}:{side}@24.")
    if inner is not None and "@" in inner:
        inner, _, at = inner.partition("@")
        time_h = float(at)
    return Statistic(
        words=words,
        name=name,
        inner=None if inner is None else parse_statistic(inner),
        other=parts.get("other") or "",
        time_h=time_h,
        side=side,
        limit=float(parts.get("limit") or 0.0),
        start_h=_hours(parts.get("start") or "0"),
        stop_h=_hours(parts.get("stop") or "inf"),
    )


def _hours(text: str) -> float:
    return float(text.replace("p", "."))
