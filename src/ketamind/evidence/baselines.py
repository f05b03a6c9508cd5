"""What one would say without any model: from the other studies only.

A sign: the majority of the signs of that observable in other studies. `remaining`: the most frequent third. A level
or another positive number judged by fold: the geometric mean of the same observable and statistic, in that unit. All
else: their mean. Where no other study has the same, those of the domain with the same statistic (and unit) stand in.
"""

from collections import Counter
from collections.abc import Sequence
from statistics import geometric_mean, mean

from ketamind.evidence.experiments import Experiment
from ketamind.evidence.question import Predicted
from ketamind.evidence.rules import judge, rule_of, third
from ketamind.evidence.statistic_words import Statistic


def study_of(e: Experiment) -> str:
    """The study that a row comes from; rows of one study are not independent.

    The first part of its id, and for interactions the drug as well.
    """
    parts = e.id.split("-")
    return "-".join(parts[:2]) if parts[0] in ("ddi",) else parts[0]


def naive(e: Experiment, s: Statistic, rows: Sequence[tuple[Experiment, Statistic]]) -> float | None:
    """The number that other studies suggest, or None where they hold nothing alike."""
    rule, own = rule_of(e, s), study_of(e)
    others = [(x, t) for x, t in rows if study_of(x) != own and rule_of(x, t) == rule]
    if rule == "sign":
        near = [x.value for x, _ in others if x.observable == e.observable]
        return _most([round(v) for v in near or _of_domain(e, others)])
    if rule == "thirds":
        found = _most([third(v) for v in _of_domain(e, others)])
        return None if found is None else (found + 0.5) / 3
    alike = [x for x, t in others if t.words == s.words and x.unit == e.unit]
    near = [x.value for x in alike if x.observable == e.observable] or [x.value for x in alike if x.domain == e.domain]
    if not near:
        return None
    return geometric_mean(near) if rule in ("fold", "log_z") and min(near) > 0 else mean(near)


def naive_agrees(e: Experiment, s: Statistic, rows: Sequence[tuple[Experiment, Statistic]]) -> bool:
    """Whether that number would agree, by the same rule."""
    found = naive(e, s, rows)
    return found is not None and judge(e, s, Predicted(found)).agrees


def _of_domain(e: Experiment, others: Sequence[tuple[Experiment, Statistic]]) -> list[float]:
    return [x.value for x, _ in others if x.domain == e.domain]


def _most(values: Sequence[float]) -> float | None:
    return Counter(values).most_common(1)[0][0] if values else None
