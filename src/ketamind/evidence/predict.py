"""What an experiment would have reported had it been done on the model: one number, with its sampling error."""

from dataclasses import replace

import numpy as np

from ketamind.evidence import exposure, subjects
from ketamind.evidence.arms import Arms, is_active
from ketamind.evidence.courses import Bench, NotApplicable
from ketamind.evidence.dead_zones import dead_zone
from ketamind.evidence.effects import EFFECTS, signed
from ketamind.evidence.in_vitro import in_dish, potency, steady
from ketamind.evidence.question import Predicted, Question
from ketamind.evidence.statistic_words import CURVE, POTENCY

__all__ = ["Predicted", "Question", "predict"]


def predict(q: Question, bench: Bench) -> Predicted:
    """The number, in the published unit. Raises NotApplicable, or whatever the simulation raised."""
    e, s = q.experiment, q.statistic
    name = s.inner.name if s.inner and s.name in ("ratio", "sign") else s.name
    if name in (*POTENCY, "ic50_ratio"):
        return _potency(q, bench)
    if in_dish(q.arms.own, e.observable):
        return _dish(q, bench)
    if s.name in ("ratio", "sign") and s.inner is not None:
        return _of_curves(q, bench)
    if s.name in subjects.FAMILIES:
        return Predicted(*subjects.predict(q.experiment, s, q.arms, bench, q.n))
    if s.name in EFFECTS:
        return EFFECTS[s.name](q, bench)
    if s.name in CURVE or s.name in ("auc", "auc_ratio"):
        return Predicted(exposure.curve_statistic(e, s, q.arms, bench), logarithmic=True)
    raise NotApplicable(f"no rule for the statistic '{s.words}'")


def _of_curves(q: Question, bench: Bench) -> Predicted:
    """`ratio:` and `sign:` of a statistic of each arm."""
    inner = q.statistic.inner
    assert inner is not None
    if q.arms.other is None:
        raise NotApplicable(f"'{q.statistic.words}' needs a comparator")
    swapped = Arms(q.arms.other, None, q.arms.other_control or q.arms.other, None)
    each = []
    for arms, protocol in ((replace(q.arms, other=None), q.arms.own), (swapped, q.arms.other)):
        e = replace(q.experiment, protocol=protocol.protocol, manipulation=protocol.manipulation, comparator="")
        each.append(predict(Question(e, inner, arms), bench).value)
    return _over(q, each[0], each[1])


def _over(q: Question, own: float, other: float) -> Predicted:
    ratio = own / other if other else float("inf")
    if q.statistic.name == "sign":
        zone = dead_zone("ratio", 1.0)
        size = float(np.log(ratio)) if ratio > 0 else -np.inf
        sign = float(np.sign(size) if abs(size) > zone else 0)
        return Predicted(sign, note=f"ratio {ratio:.3g}, dead zone {100 * zone:.0f} %", size=size, zone=zone)
    return Predicted(ratio, logarithmic=True)


def _potency(q: Question, bench: Bench) -> Predicted:
    e, s = q.experiment, q.statistic
    kind = s.inner.name if s.inner else ("ic50" if s.name == "ic50_ratio" else s.name)
    own = potency(q.arms.own, e.observable, kind, bench)
    if s.name == "ic50_ratio":
        return Predicted(own / potency(q.arms.own, s.other, kind, bench), logarithmic=True)
    if s.inner is None:
        return Predicted(own * exposure.unit_factor(e.unit, e.observable), logarithmic=True)
    if q.arms.other is None:
        raise NotApplicable(f"'{s.words}' needs a comparator")
    return _over(q, own, potency(q.arms.other, e.observable, kind, bench))


def _dish(q: Question, bench: Bench) -> Predicted:
    """A steady current in a dish, against the drug-free one or another bath."""
    now, free = steady(q.arms.own, q.experiment.observable, bench) if is_active(q.arms.own.given) else (1.0, 1.0)
    name, other = q.statistic.name, q.arms.other
    if other is not None and is_active(other.given):
        free = steady(other, q.experiment.observable, bench)[0]
    left = now / free if free else float("nan")
    if name in ("ratio", "value", "steady_state"):
        return Predicted(left * (100 if q.experiment.unit == "%" else 1))
    if name in ("percent_change", "peak_percent_change"):
        return Predicted(100 * (left - 1))
    if name in ("sign", "peak_sign"):
        return signed(q, left - 1, 1.0)
    if name in ("change", "difference"):
        return Predicted(left - 1)
    raise NotApplicable(f"'{q.statistic.words}' of a steady current in a dish")
