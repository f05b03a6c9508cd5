"""Statistics over subjects: rates, effect sizes, correlations, and events in time, as a trial counts them.

Relapse after a course is loss of response at two ratings in a row (twice a week); in maintenance of half a year or
more a MADRS of 22 or over at two weekly ratings (daly-2019). Only those who had responded (or remitted, where the note
says so) when the clock starts are followed.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ketamind.evidence import statistics
from ketamind.evidence.arms import Arm, Arms
from ketamind.evidence.courses import Bench, Course, NotApplicable
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.moments import DAY_H, WEEK_H, clock_start, dose_grid, follow_up, horizon, visit_gap, visits
from ketamind.evidence.ratings import PER_MADRS, REPORTED, rated, remitted, responded, true
from ketamind.evidence.statistic_words import Statistic
from ketamind.evidence.vocabulary import CLINICAL

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Answer = tuple[float, float, bool, str]
MAINTENANCE_H = 26 * WEEK_H
RELAPSE_MADRS = 22.0
SMALL_D = 0.2
"""Standardised difference that counts as none (Cohen 1988: a small effect)."""
RESPONSE_SCALE = "madrs"


def predict(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    """Value, standard error for n subjects, whether both are of the logarithm, and a note."""
    return FAMILIES[s.name](e, s, arms, bench, n)


def rate(
    e: Experiment, s: Statistic, arm: Arm, arms: Arms, bench: Bench, time_h: float | None = None
) -> tuple[float, int]:
    """A share of subjects, 0 to 1, and of how many drawn it is."""
    course, o = bench.course(arm), e.observable
    t = time_h if time_h is not None else (e.time_h if e.time_h is not None else horizon(e, arm.given))
    if s.name == "relapse_rate":
        times, events = relapses(e, s, arm, arms, bench)
        return 1 - statistics.survival_at(times, events, t - clock_start(arms)), times.size
    reached = responded if s.name == "response_rate" else remitted
    now = reached(course, o, t, e.note)
    if s.side == "nonresponse":
        late = ~responded(course, o, float(s.time_h or 0.0), e.note)
        return _share(now[late])
    if s.side == "held_from":
        held = [reached(course, o, v, e.note) for v in visits(e, s, arms)]
        return _share(np.all(held, axis=0))
    if s.side == "ever":
        return _share(np.any([reached(course, o, v, e.note) for v in visits(e, s, arms)], axis=0))
    return _share(now)


def _share(which: Bools) -> tuple[float, int]:
    return (float(which.mean()) if which.size else float("nan")), which.size


def _rate(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    return _percent(e, *rate(e, s, arms.own, arms, bench))


def _percent(e: Experiment, share: float, drawn: int) -> Answer:
    """The share in the published unit, with the error of counting it over those drawn."""
    scale, kept = (100 if e.unit == "%" else 1), (share * drawn + 0.5) / (drawn + 1)
    return share * scale, scale * float(np.sqrt(kept * (1 - kept) / max(drawn, 1))), False, ""


def _ratio_of_rates(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    if s.inner is None or arms.other is None:
        raise NotApplicable(f"'{s.words}' needs two arms")
    p, q = (rate(e, s.inner, a, arms, bench, s.time_h)[0] for a in (arms.own, arms.other))
    half = max(n / 2, 2)
    if s.name == "odds_ratio":
        found = statistics.odds(p, half) / statistics.odds(q, half)
        error = sum(1 / (x * half + 0.5) + 1 / ((1 - x) * half + 0.5) for x in (p, q)) ** 0.5
    else:
        found = (p * half + 0.5) / (q * half + 0.5)
        error = sum((1 - x) / (x * half + 0.5) for x in (p, q)) ** 0.5
    return found, float(error), True, f"{100 * p:.0f} % against {100 * q:.0f} %"


def _effect_size(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    """Against another arm: difference of changes over the pooled sd of end scores; against baseline: of both times."""
    o, t = e.observable, float(e.time_h or 0.0)
    own = bench.course(arms.own)
    after, before = rated(own, o, t), rated(own, o, None)
    if arms.other is None:
        d = statistics.cohen_d(after, before)
        return d, statistics.se_of_d(d, n, n), False, ""
    other = bench.course(arms.other)
    after_2, before_2 = rated(other, o, t), rated(other, o, None)
    pooled = np.sqrt((after.var(ddof=1) + after_2.var(ddof=1)) / 2)
    if pooled < 1e-9:
        raise NotApplicable(f"'{o}' does not vary between the subjects drawn")
    d = float(((after - before).mean() - (after_2 - before_2).mean()) / pooled)
    return d, statistics.se_of_d(d, n / 2, n / 2), False, ""


def _sd(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    found = float(rated(bench.course(arms.own), e.observable, e.time_h).std(ddof=1))
    return found, 1 / np.sqrt(2 * n), True, ""


def _correlation(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    course = bench.course(arms.own)
    one = rated(course, e.observable, e.time_h) - rated(course, e.observable, None)
    other = true(course, s.other, s.time_h) - true(course, s.other, None)
    r = statistics.correlation(one, other)
    if s.name == "correlation_sign":
        seen = abs(r) > statistics.Z95 / np.sqrt(max(n - 1, 2))
        return float(np.sign(r) if seen else 0), 0.0, False, f"r {r:.2f}, n {n}"
    return r, 1 / np.sqrt(max(n - 3, 1)), False, ""


def _sign_responders(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    """Change in responders less that in non-responders, response being on the MADRS at 24 h."""
    course, o = bench.course(arms.own), e.observable
    scale = o if o in PER_MADRS else RESPONSE_SCALE
    yes = responded(course, scale, DAY_H, e.note)
    change = true(course, o, e.time_h) - true(course, o, None)
    if min(yes.sum(), (~yes).sum()) < 5:
        raise NotApplicable("too few responders, or too few others, in the model")
    d = statistics.cohen_d(change[yes], change[~yes])
    return float(np.sign(d) if abs(d) > SMALL_D else 0), 0.0, False, f"d {d:.2f}, dead zone {SMALL_D}"


def _exceed_rate(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    return _percent(e, *_share(_peaks(e, arms.own, bench, s.side == "change") >= s.limit))


def _incidence(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    if e.observable not in REPORTED:
        raise NotApplicable(f"who reports '{e.observable}' as an adverse event is no output of the model")
    return _percent(e, *_share(_peaks(e, arms.own, bench, True) >= REPORTED[e.observable]))


def _peaks(e: Experiment, arm: Arm, bench: Bench, change: bool) -> Floats:
    """Highest value of each subject while treated, or its rise from the start."""
    course = bench.course(arm)
    times = dose_grid(arm.given, horizon(e, arm.given)) or [DAY_H]
    top = np.max([rated(course, e.observable, t) for t in times], axis=0)
    return np.asarray(top - rated(course, e.observable, None) if change else top)


def _predictive(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    """Sensitivity or specificity of an early response for the response at the end."""
    course, o = bench.course(arms.own), e.observable
    reached = responded if s.side == "response" else remitted
    early = reached(course, o, float(s.time_h or 0.0), e.note)
    late = responded(course, o, e.time_h if e.time_h is not None else horizon(e, arms.own.given), e.note)
    found = early[late] if s.name == "sensitivity" else ~early[~late]
    return _percent(e, *_share(found))


def relapses(e: Experiment, s: Statistic, arm: Arm, arms: Arms, bench: Bench) -> tuple[Floats, Bools]:
    """Time from the start of the clock to relapse or end of follow-up, and who relapsed."""
    course, o, start = bench.course(arm), e.observable, clock_start(arms)
    times = [t for t in visits(e, s, arms) if t >= start]
    reached = remitted if "remi" in e.note.lower() else responded
    eligible = reached(course, o, start, e.note)
    if eligible.sum() < 5:
        raise NotApplicable("fewer than five of the subjects drawn have responded when the clock starts")
    length = follow_up(e, start)
    gone = np.array([_lost(course, o, t, e, length) for t in times])[:, eligible]
    return _first_pair(np.array(times) - start, gone, visit_gap(length))


def _lost(course: Course, o: str, t: float, e: Experiment, length_h: float) -> Bools:
    if length_h >= MAINTENANCE_H and o in PER_MADRS:
        return np.asarray(rated(course, o, t) >= RELAPSE_MADRS * PER_MADRS[o])
    return ~responded(course, o, t, e.note)


def _first_pair(times: Floats, gone: Bools, gap_h: float) -> tuple[Floats, Bools]:
    """First of two visits in a row at which response is lost, and whether there is one."""
    both = np.array([a & b for a, b in pairwise(gone)])
    event: Bools = np.any(both, axis=0)
    first = np.argmax(both, axis=0)
    return np.where(event, times[first], times[-1]), event


def _first_reached(e: Experiment, s: Statistic, arm: Arm, arms: Arms, bench: Bench) -> tuple[Floats, Bools]:
    """Time to the first response or remission."""
    course = bench.course(arm)
    reached = responded if s.side == "response" else remitted
    times = np.array(visits(e, s, arms))
    yes = np.array([reached(course, e.observable, t, e.note) for t in times])
    event: Bools = np.any(yes, axis=0)
    return np.where(event, times[np.argmax(yes, axis=0)], times[-1]), event


def _hazard_ratio(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    if arms.other is None:
        raise NotApplicable("a hazard ratio needs two arms")
    events = relapses if s.side in ("", "relapse") else _first_reached
    groups = [events(e, s, a, arms, bench) for a in (arms.own, arms.other)]
    if not any(g[1].any() for g in groups):
        return float("nan"), 0.0, True, "nobody has the event in either arm"
    found = statistics.hazard_ratio(groups)
    share = float(np.mean(np.concatenate([g[1] for g in groups])))
    return found, 2 / np.sqrt(max(share * n, 1.0)), True, f"{100 * share:.0f} % had the event"


def _median_time(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    found = statistics.median_survival(*relapses(e, s, arms.own, arms, bench))
    note = "" if np.isfinite(found) else "half are never reached within the follow-up"
    return found, 1.25 / np.sqrt(n), True, note


def _mean_time(e: Experiment, s: Statistic, arms: Arms, bench: Bench, n: int) -> Answer:
    """Mean over those who relapse."""
    times, events = relapses(e, s, arms.own, arms, bench)
    if not events.any():
        return float("inf"), 0.0, True, "nobody relapses within the follow-up"
    found = times[events]
    return float(found.mean()), float(found.std() / found.mean() / np.sqrt(n)), True, ""


FAMILIES: Mapping[str, Callable[[Experiment, Statistic, Arms, Bench, int], Answer]] = {
    "response_rate": _rate,
    "remission_rate": _rate,
    "relapse_rate": _rate,
    "odds_ratio": _ratio_of_rates,
    "risk_ratio": _ratio_of_rates,
    "effect_size": _effect_size,
    "sd": _sd,
    "correlation": _correlation,
    "correlation_sign": _correlation,
    "sign_responders": _sign_responders,
    "exceed_rate": _exceed_rate,
    "incidence": _incidence,
    "sensitivity": _predictive,
    "specificity": _predictive,
    "hazard_ratio": _hazard_ratio,
    "median_time": _median_time,
    "mean_time": _mean_time,
}


def needs_people(e: Experiment, s: Statistic) -> bool:
    """True where subjects are drawn: statistics over subjects, and rating scales of people."""
    return s.name in FAMILIES or (e.species == "human" and e.observable in CLINICAL)
