"""When an experiment is read: the times that a statistic needs of each arm."""

import math

import numpy as np

from ketamind.evidence.arms import Arms
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.statistic_words import RATES, Statistic
from ketamind.evidence.vocabulary import CLINICAL, is_concentration
from ketamind.protocols import Event, Protocol

DAY_H, WEEK_H = 24.0, 168.0
LONGEST_FOLLOW_UP_H = 2 * 52 * WEEK_H
FOLLOWED_H = 4 * WEEK_H
"""How long an effect is followed to see when it ends."""
PEAK_WINDOW_H = 4.0
"""How long after the last dose a drug counts as present."""
AFTER_A_DOSE_H = (0.1, 0.25, 0.5, 2 / 3, 0.83, 1.0, 1.5, 2.0, 3.0, 4.0)
RATED_H = (40 / 60, 80 / 60, 110 / 60, 230 / 60)
"""Ratings of a trial on the day of an infusion (zarate-2006)."""
STEADY_H = 1.0
"""When a bath or a manipulation without a stated time is read."""


def read_times(e: Experiment, statistic: Statistic, arms: Arms) -> set[float]:
    """All times [h] at which the arms of an experiment are read."""
    given = arms.own.given
    points = {t for t in (e.time_h, statistic.time_h) if t is not None}
    name = statistic.inner.name if statistic.inner else statistic.name
    if name in ("cmax", "tmax", "auc", "auc_inf", "auc_ratio", "half_life", "bioavailability", "clearance", "vss"):
        return points | set(exposure_grid(given, is_concentration(e.observable)))
    if name == "steady_state":
        return points | {steady_time(given)}
    if name in ("onset", "duration", "tmax"):
        trial = e.species == "human" and e.observable in CLINICAL
        return points | set(effect_grid(given, trial))
    if name.startswith("peak_"):
        return points | set(peak_grid(given))
    if name in ("exceed_rate", "incidence"):
        return points | set(dose_grid(given, horizon(e, given)))
    if name in ("hazard_ratio", "median_time", "mean_time", "relapse_rate") or statistic.side in ("ever", "held_from"):
        return points | set(visits(e, statistic, arms))
    if name == "sign_since":
        return points | set(np.linspace(statistic.time_h or 0.0, (e.time_h or (statistic.time_h or 0.0) + DAY_H), 9))
    if name in ("sign_responders", *RATES):
        points.add(DAY_H)
    return points or {steady_time(given)}


def horizon(e: Experiment, given: Protocol) -> float:
    """Until when events are counted: the stated time, or the end of treatment and a day, 4 weeks at most."""
    if e.time_h is not None:
        return e.time_h
    return min(given.last_h + DAY_H, FOLLOWED_H)


def steady_time(given: Protocol) -> float:
    """The end of a bath or held infusion, or an hour where none is stated."""
    ends = [x.stop_h for x in given.administrations() if math.isfinite(x.stop_h) and (x.held or x.route == "bath")]
    return max(ends, default=STEADY_H) - 1e-6


def exposure_grid(given: Protocol, concentration: bool) -> list[float]:
    """Samples for a whole curve: close after each dose, then to three days (of an occupancy, ten) after the last."""
    doses = _studied(given)
    found = [e.start_h + t for e in doses[:12] for t in np.geomspace(1 / 120, 6, 48)]
    found += [e.stop_h + t for e in doses[:12] if math.isfinite(e.stop_h) for t in (0.0, 0.02, 0.1, 0.25)]
    last = max((e.stop_h for e in doses if math.isfinite(e.stop_h)), default=0.0)
    return sorted({*found, *np.linspace(last + 6, last + (72 if concentration else 240), 80)})


def effect_grid(given: Protocol, trial: bool) -> list[float]:
    """Close at first, then stretched to four weeks after the last dose; in a trial, its usual ratings."""
    last = max((e.start_h for e in _studied(given)), default=0.0)
    if trial:
        return sorted({*RATED_H, *(last + DAY_H * d for d in (1, 2, 3, 5, 7, 10, 12, 14, 17, 21, 24, 28))})
    early = np.geomspace(1 / 60, max(last, 1.0) + FOLLOWED_H, 120)
    return sorted({*early, *(last + np.geomspace(0.05, FOLLOWED_H, 60))})


def peak_grid(given: Protocol) -> list[float]:
    """While the drug is present: from the first dose to some hours after the last, or through a bath."""
    doses = _studied(given)
    last = max((e.stop_h if math.isfinite(e.stop_h) else e.start_h for e in doses), default=0.0)
    return list(np.linspace(0.0, last + PEAK_WINDOW_H, 121)[1:])


def dose_grid(given: Protocol, until_h: float) -> list[float]:
    """Around every dose of the study drug up to a time."""
    return sorted({e.start_h + t for e in _studied(given) if e.start_h < until_h for t in AFTER_A_DOSE_H})


def clock_start(arms: Arms) -> float:
    """When the clock of a relapse starts: where a placebo phase begins after treatment, else at the last dose."""
    for arm in (arms.own, arms.other):
        found = None if arm is None else _switch(arm.given)
        if found is not None:
            return found
    given = arms.own.given
    return max((e.stop_h for e in given.administrations() if e.amount > 0 and not _at_home(e)), default=0.0)


def visits(e: Experiment, statistic: Statistic, arms: Arms) -> list[float]:
    """Ratings of a trial with events in time: twice a week, weekly beyond twelve weeks."""
    if statistic.side in ("response", "remission", "ever"):
        return sorted({DAY_H, *np.arange(WEEK_H / 2, horizon(e, arms.own.given) + 1, WEEK_H / 2)})
    if statistic.side == "held_from":
        start = statistic.time_h or 0.0
        return sorted({*np.arange(start, (e.time_h or start) + 1, WEEK_H / 2), e.time_h or start})
    start = clock_start(arms)
    length = follow_up(e, start)
    return sorted({start, *(start + np.arange(1, _count(length) + 1) * visit_gap(length))})


def visit_gap(length_h: float) -> float:
    """Time between two ratings."""
    return WEEK_H if length_h > 12 * WEEK_H else WEEK_H / 2


def follow_up(e: Experiment, start_h: float) -> float:
    """How long patients are followed after the clock starts; where no end is stated, long enough for the answer."""
    if e.time_h is not None:
        return max(e.time_h - start_h, WEEK_H)
    return min(max(3 * e.value, FOLLOWED_H), LONGEST_FOLLOW_UP_H)


def _count(length_h: float) -> int:
    return max(1, int(length_h // visit_gap(length_h)))


def _switch(given: Protocol) -> float | None:
    """The first dose of placebo after the last dose of the same route with drug."""
    clinic = [e for e in given.administrations() if not _at_home(e)]
    last = max((e.start_h for e in clinic if e.amount > 0), default=None)
    after = [e.start_h for e in clinic if e.amount == 0 and last is not None and e.start_h > last]
    return min(after, default=None)


def _at_home(event: Event) -> bool:
    return event.route == "po"


def _studied(given: Protocol) -> list[Event]:
    """The administrations whose effect is looked at: all but those before time 0 and daily medicines."""
    events = given.administrations()
    main = [e for e in events if e.start_h >= 0 and not (e.drug in ("ssri", "snri") and len(given.drugs) > 1)]
    return main or list(events)
