"""Effects of a treatment as its publication would put them, by the design of the experiment.

A change is from the subjects' own baseline, a difference is of changes between groups, a ratio or percent change is
relative to comparator or baseline. People are drawn where they are rated; animals, slices and blood levels are those
of the typical subject. An effect is on while it exceeds the dead zone of its observable and a quarter of its peak; in
a trial, from the first rating to the last in a row at which it also differs significantly (1.96 standard errors for
the published number of patients).
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ketamind.evidence import exposure, statistics
from ketamind.evidence.arms import Arm, is_active
from ketamind.evidence.courses import Bench, Course, NotApplicable
from ketamind.evidence.dead_zones import dead_zone
from ketamind.evidence.moments import effect_grid, peak_grid, steady_time
from ketamind.evidence.question import Predicted, Question, is_trial
from ketamind.evidence.ratings import true
from ketamind.evidence.vocabulary import CLINICAL, RECEPTORS, is_concentration

Floats = NDArray[np.float64]
ON_SHARE = 0.25
SHARES = tuple(o for o in RECEPTORS if o.endswith(("_occupancy", "_fraction", "_binding", "_signal")))
"""Shares of all receptors, nil without drug."""
SMALL = 1e-9


def _standard_error(q: Question, group: Floats) -> float:
    return float(group.std(ddof=1) / np.sqrt(q.n)) if group.size > 2 else 0.0


def _nonzero(base: float, observable: str) -> float:
    if abs(base) < SMALL:
        raise NotApplicable(f"'{observable}' is nil at the start, and a relative change of it has no meaning")
    return base


def mean_of(course: Course, observable: str, time_h: float | None) -> float:
    """What a group reports: the mean of drawn people, or the typical animal."""
    return float(_group(course, observable, time_h).mean())


def _group(course: Course, observable: str, time_h: float | None) -> Floats:
    """The subjects that a group mean is over."""
    people = observable in CLINICAL and course.arm.species == "human"
    if people:
        return true(course, observable, time_h)
    return (course.start(observable) if time_h is None else course.at(observable, time_h))[:1]


def effect(q: Question, bench: Bench, own: Arm, control: Arm | None, time_h: float) -> float:
    """What a treatment does at a time: the change from baseline, less that of the control group.

    Animals and tissue of treatment and control are alike at the start, so that levels are compared: an agent may act
    before the first reading.
    """
    observable = q.experiment.observable
    course = bench.course(own)
    found = mean_of(course, observable, time_h) - mean_of(course, observable, None)
    if control is None:
        return found
    other = bench.course(control)
    if q.experiment.species != "human":
        return mean_of(course, observable, time_h) - mean_of(other, observable, time_h)
    return found - (mean_of(other, observable, time_h) - mean_of(other, observable, None))


def compared(q: Question, bench: Bench, time_h: float) -> float:
    """The difference that a sign is of, by what the comparator is.

    Own baseline: the change (under an agent, against the same without the drug). Another group of people: the
    difference of changes. Other brains (a genotype, an agent, no disease): the difference of effects where a drug is
    given and the genotype differs, else of levels.
    """
    e, arms = q.experiment, q.arms
    if arms.other is None:
        agent = e.species != "human" and arms.own.manipulation
        return effect(q, bench, arms.own, arms.control if agent else None, time_h)
    if e.comparator == "wildtype" and is_active(arms.own.given):
        with_it = effect(q, bench, arms.own, arms.control, time_h)
        return with_it - effect(q, bench, arms.other, arms.other_control, time_h)
    if e.species == "human" and e.comparator != "control_group":
        return effect(q, bench, arms.own, arms.other, time_h)
    own, other = bench.course(arms.own), bench.course(arms.other)
    return mean_of(own, e.observable, time_h) - mean_of(other, e.observable, time_h)


def reference(q: Question, bench: Bench, time_h: float) -> float:
    """The level that relative changes are of."""
    arm = q.arms.other or q.arms.own
    return mean_of(bench.course(arm), q.experiment.observable, time_h if q.arms.other else None)


def _scaled(q: Question, value: float) -> float:
    return value * exposure.unit_factor(q.experiment.unit, q.experiment.observable)


def _value(q: Question, bench: Bench) -> Predicted:
    e = q.experiment
    course = bench.course(q.arms.own)
    if is_concentration(e.observable):
        value = _scaled(q, float(course.at(e.observable, q.time_h)[0]))
        return Predicted(value, exposure.log_error(course, e.observable, q.time_h, q.n), True)
    group = _group(course, e.observable, q.time_h)
    return Predicted(_scaled(q, float(group.mean())), _standard_error(q, _scaled(q, 1.0) * group))


def _change(q: Question, bench: Bench) -> Predicted:
    course = bench.course(q.arms.own)
    o = q.experiment.observable
    group = _group(course, o, q.time_h) - _group(course, o, None)
    return Predicted(_scaled(q, float(group.mean())), _standard_error(q, _scaled(q, 1.0) * group))


def _percent_change(q: Question, bench: Bench) -> Predicted:
    o = q.experiment.observable
    if q.arms.other is not None and q.experiment.comparator != "baseline":
        return Predicted(_percent(compared(q, bench, q.time_h), reference(q, bench, q.time_h), o))
    course = bench.course(q.arms.own)
    before, after = _group(course, o, None), _group(course, o, q.time_h)
    each = 100 * (after - before) / np.where(np.abs(before) > SMALL, before, 1.0)
    change = _percent(float(after.mean() - before.mean()), float(before.mean()), o)
    return Predicted(change, _standard_error(q, each))


def _percent(size: float, base: float, observable: str) -> float:
    """A change in percent of its reference; of all receptors, where none are occupied at the start."""
    if abs(base) < SMALL and observable in SHARES:
        return 100 * size
    return 100 * size / _nonzero(base, observable)


def _difference(q: Question, bench: Bench) -> Predicted:
    own, other = q.arms.own, q.arms.other
    o, t = q.experiment.observable, q.time_h
    if other is None:
        return _change(q, bench)
    one, two = bench.course(own), bench.course(other)
    a = _group(one, o, t) - _group(one, o, None)
    b = _group(two, o, t) - _group(two, o, None)
    half = max(q.n / 2, 2)
    error = np.sqrt((a.var() + b.var()) / half) if a.size > 2 else 0.0
    return Predicted(_scaled(q, compared(q, bench, t)), float(error) * _scaled(q, 1.0))


def _ratio(q: Question, bench: Bench) -> Predicted:
    course = bench.course(q.arms.own)
    now = mean_of(course, q.experiment.observable, q.time_h)
    return Predicted(now / _nonzero(reference(q, bench, q.time_h), q.experiment.observable))


def _sign(q: Question, bench: Bench) -> Predicted:
    size = compared(q, bench, q.time_h)
    return signed(q, size, reference(q, bench, q.time_h))


def signed(q: Question, size: float, base: float) -> Predicted:
    """The direction of an effect, none within its dead zone."""
    zone = dead_zone(q.experiment.observable, base)
    sign = float(np.sign(size) if abs(size) > zone else 0)
    return Predicted(sign, note=f"effect {size:.3g}, dead zone {zone:.2g}", size=float(size), zone=float(zone))


def _sign_since(q: Question, bench: Bench) -> Predicted:
    course, o = bench.course(q.arms.own), q.experiment.observable
    since = q.statistic.time_h or 0.0
    last = q.experiment.time_h or float(course.times_h[-1])
    before = mean_of(course, o, since)
    return signed(q, mean_of(course, o, last) - before, before)


def _remaining(q: Question, bench: Bench) -> Predicted:
    arms, t = q.arms, q.time_h
    if arms.other is None:
        raise NotApplicable("'remaining' needs a comparator with the effect intact")
    whole = effect(q, bench, arms.other, arms.other_control, t)
    left = effect(q, bench, arms.own, arms.control, t)
    base = mean_of(bench.course(arms.other), q.experiment.observable, None)
    zone = dead_zone(q.experiment.observable, base)
    if abs(whole) <= zone:
        return Predicted(float("nan"), note=f"the effect itself is absent in the model ({whole:.3g} within {zone:.2g})")
    return Predicted(left / whole, note=f"effect {left:.3g} of {whole:.3g}")


def _restored(q: Question, bench: Bench) -> Predicted:
    o, t = q.experiment.observable, q.time_h
    if q.arms.other is None:
        raise NotApplicable("'restored' needs the healthy as comparator")
    treated, sick, well = (mean_of(bench.course(a), o, t) for a in (q.arms.own, q.arms.control, q.arms.other))
    if abs(well - sick) <= dead_zone(o, well):
        return Predicted(float("nan"), note="there is no deficit in the model")
    return Predicted((treated - sick) / (well - sick))


def _difference_share(q: Question, bench: Bench) -> Predicted:
    late = compared(q, bench, q.statistic.time_h or q.time_h)
    if abs(late) < SMALL:
        return Predicted(float("nan"), note="there is no difference at the later time")
    scale = 100.0 if q.experiment.unit == "%" else 1.0
    return Predicted(scale * compared(q, bench, q.time_h) / late)


def _excursion(q: Question, bench: Bench) -> tuple[float, float]:
    """Largest difference while the drug is present, and the level it is relative to."""
    times = peak_grid(q.arms.own.given)
    sizes = np.array([compared(q, bench, t) for t in times])
    i = int(np.argmax(np.abs(sizes)))
    return float(sizes[i]), reference(q, bench, times[i])


def _peak_sign(q: Question, bench: Bench) -> Predicted:
    return signed(q, *_excursion(q, bench))


def _peak_percent_change(q: Question, bench: Bench) -> Predicted:
    return Predicted(_percent(*_excursion(q, bench), q.experiment.observable))


def _peak_difference(q: Question, bench: Bench) -> Predicted:
    times = peak_grid(q.arms.own.given)
    o = q.experiment.observable
    own = np.array([_group(bench.course(q.arms.own), o, t) for t in times])
    other = bench.course(q.arms.other or q.arms.control)
    peaks = own[np.argmax(np.abs(own - own[0]), axis=0), np.arange(own.shape[1])]
    base = np.array([_group(other, o, t) for t in times])
    theirs = base[np.argmax(np.abs(base - base[0]), axis=0), np.arange(base.shape[1])]
    error = _standard_error(q, peaks) if peaks.size > 2 else 0.0
    return Predicted(_scaled(q, float(np.median(peaks) - np.median(theirs))), error)


def _steady_state(q: Question, bench: Bench) -> Predicted:
    course = bench.course(q.arms.own)
    t = steady_time(q.arms.own.given)
    group = _group(course, q.experiment.observable, t)
    return Predicted(_scaled(q, float(group.mean())), logarithmic=is_concentration(q.experiment.observable))


def _effect_course(q: Question, bench: Bench) -> tuple[Floats, Floats, Floats]:
    """Times, sizes of the effect, and the size from which it counts as on at each time."""
    times = np.array(effect_grid(q.arms.own.given, is_trial(q)))
    sizes = np.array([compared(q, bench, t) for t in times])
    zone = dead_zone(q.experiment.observable, reference(q, bench, float(times[0])))
    least = max(zone, ON_SHARE * float(np.abs(sizes).max()))
    if not is_trial(q):
        return times, sizes, np.full(len(times), least)
    return times, sizes, np.maximum(least, [statistics.Z95 * _error_of_effect(q, bench, t) for t in times])


def _error_of_effect(q: Question, bench: Bench, time_h: float) -> float:
    """Standard error of the difference of changes between arms; everybody is in both arms of a crossover."""
    o = q.experiment.observable
    each = q.n if "crossover" in q.experiment.population else max(q.n / 2, 2)
    arms = [a for a in (q.arms.own, q.arms.other) if a is not None]
    courses = [bench.course(a) for a in arms]
    return float(np.sqrt(sum((true(c, o, time_h) - true(c, o, None)).var() for c in courses) / each))


def _onset(q: Question, bench: Bench) -> Predicted:
    times, sizes, threshold = _effect_course(q, bench)
    first, _ = statistics.span(times, np.abs(sizes) > threshold, is_trial(q))
    return Predicted(first, logarithmic=True, note=_absent(sizes, threshold))


def _duration(q: Question, bench: Bench) -> Predicted:
    times, sizes, threshold = _effect_course(q, bench)
    _, last = statistics.span(times, np.abs(sizes) > threshold, is_trial(q))
    return Predicted(last, logarithmic=True, note=_absent(sizes, threshold))


def _absent(sizes: Floats, threshold: Floats) -> str:
    on = bool((np.abs(sizes) > threshold).any())
    return "" if on else f"the effect is never large enough to be seen ({float(np.abs(sizes).max()):.2g})"


def _tmax(q: Question, bench: Bench) -> Predicted:
    if is_concentration(q.experiment.observable) or q.arms.other is None:
        return Predicted(exposure.curve_statistic(q.experiment, q.statistic, q.arms, bench), logarithmic=True)
    times, sizes, _ = _effect_course(q, bench)
    return Predicted(float(times[int(np.argmax(np.abs(sizes)))]), logarithmic=True)


EFFECTS: Mapping[str, Callable[[Question, Bench], Predicted]] = {
    "value": _value,
    "change": _change,
    "percent_change": _percent_change,
    "difference": _difference,
    "ratio": _ratio,
    "sign": _sign,
    "sign_since": _sign_since,
    "remaining": _remaining,
    "restored": _restored,
    "difference_share": _difference_share,
    "peak_sign": _peak_sign,
    "peak_percent_change": _peak_percent_change,
    "peak_difference": _peak_difference,
    "steady_state": _steady_state,
    "onset": _onset,
    "duration": _duration,
    "tmax": _tmax,
}
