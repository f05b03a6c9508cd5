"""The scoreboard: every experiment predicted, judged by its rule, and counted beside a naive baseline."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ketamind.errors import BadFile, BadValue, KetamindError
from ketamind.evidence import exposure, subjects
from ketamind.evidence.arms import Arm, Arms, arms_of
from ketamind.evidence.baselines import naive_agrees, study_of
from ketamind.evidence.courses import Bench, Laboratory, Need, NotApplicable
from ketamind.evidence.experiments import Experiment, Refusal, read_experiments, shipped_experiments
from ketamind.evidence.in_vitro import in_dish
from ketamind.evidence.moments import exposure_grid, read_times
from ketamind.evidence.predict import predict
from ketamind.evidence.question import Question
from ketamind.evidence.rules import judge, rule_of
from ketamind.evidence.statistic_words import POTENCY, Statistic, parse_statistic
from ketamind.evidence.vocabulary import (
    DISH,
    NO_SUBTYPE,
    WITHOUT_A_PART,
    check_spread,
    check_words,
    is_concentration,
)
from ketamind.protocols.quantities import LONGEST_H

Outcome = Literal["agree", "disagree", "not_applicable", "failed"]
PEOPLE = 400
PEOPLE_FOR_LEVELS = 24
AS_SHIPPED = Laboratory()


@dataclass(frozen=True)
class Row:
    """One experiment and what became of it; `low` to `high` is the 95 % band of trials of its size."""

    experiment: Experiment
    outcome: Outcome
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    rule: str = ""
    baseline_agrees: bool = False

    def as_json(self) -> dict[str, Any]:
        """For machines; numbers without end are left out."""
        e = self.experiment
        return {
            "id": e.id,
            "domain": e.domain,
            "study": study_of(e),
            "observable": e.observable,
            "statistic": e.statistic,
            "outcome": self.outcome,
            "predicted": finite(self.predicted),
            "low": finite(self.low),
            "high": finite(self.high),
            "observed": e.value,
            "unit": e.unit,
            "rule": self.rule,
            "baseline_agrees": self.baseline_agrees,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Score:
    """All rows, and the lines that could not be read."""

    rows: tuple[Row, ...]
    refused: tuple[tuple[str, Refusal], ...] = ()
    lab: Laboratory = field(default_factory=Laboratory)

    def count(self, rows: Iterable[Row]) -> dict[str, int]:
        """Totals of some rows, and how many of those compared a naive baseline gets right."""
        found = list(rows)
        counts = {o: sum(r.outcome == o for r in found) for o in ("agree", "disagree", "not_applicable", "failed")}
        compared = [r for r in found if r.outcome in ("agree", "disagree")]
        return {"total": len(found), **counts, "baseline_agree": sum(r.baseline_agrees for r in compared)}

    def grouped(self, key: Callable[[Experiment], str]) -> dict[str, dict[str, int]]:
        """Totals by domain, study or another property."""
        names = dict.fromkeys(key(r.experiment) for r in self.rows)
        return {n: self.count(r for r in self.rows if key(r.experiment) == n) for n in names}

    def measures(self) -> dict[str, float | None]:
        """Fold errors, accuracies of signs and of `remaining`, error of MADRS means, share of rates inside."""
        compared = [r for r in self.rows if r.outcome in ("agree", "disagree")]
        folds = [r for r in compared if r.rule == "fold" and r.experiment.domain == "pharmacokinetics"]
        madrs = [
            r
            for r in compared
            if r.experiment.observable == "madrs" and r.experiment.statistic == "change" and r.predicted is not None
        ]
        rates = [r for r in compared if r.rule == "rate" and r.experiment.statistic.startswith("response_rate")]
        errors = [float(r.predicted or 0.0) - r.experiment.value for r in madrs]
        return {
            "gmfe": gmfe(folds),
            "within_two_fold": share(folds),
            "sign_accuracy": share([r for r in compared if r.rule == "sign"]),
            "remaining_accuracy": share([r for r in compared if r.experiment.statistic == "remaining"]),
            "madrs_change_rmse": math.sqrt(sum(x * x for x in errors) / len(errors)) if errors else None,
            "response_rates_inside": share(rates),
        }

    def as_json(self) -> dict[str, Any]:
        """For machines. Lines that could not be read count as failed; they have no domain."""
        totals = self.count(self.rows)
        for outcome in ("total", "failed"):
            totals[outcome] += len(self.refused)
        return {
            **totals,
            **self.measures(),
            "by_domain": self.grouped(lambda e: e.domain),
            "by_study": self.grouped(study_of),
            "refused": [{"file": f, "line": r.line, "id": r.id, "reason": r.reason} for f, r in self.refused],
            "rows": [*(r.as_json() for r in self.rows), *(_unread(f, r) for f, r in self.refused)],
        }

    def as_text(self) -> str:
        """For people: totals by domain beside their baselines, and the measures."""
        head = f"{'':<18}{'rows':>6}{'agree':>7}{'of':>6}{'share':>8}{'baseline':>10}{'not appl.':>11}{'failed':>8}"
        groups = {**self.grouped(lambda e: e.domain), "all": self.count(self.rows)}
        lines = [head, *(_line(name, counts) for name, counts in groups.items()), ""]
        lines += [
            f"{name.replace('_', ' ')}: {value:.3g}" for name, value in self.measures().items() if value is not None
        ]
        lines += [f"{file}, line {r.line} ({r.id}) was not read: {r.reason}" for file, r in self.refused]
        lines += [f"failed: {r.experiment.id}: {r.reason}" for r in self.rows if r.outcome == "failed"]
        return "\n".join([*lines, "For research and teaching. Not medical advice."])


def _unread(file: str, refusal: Refusal) -> dict[str, Any]:
    reason = f"{file}, line {refusal.line}: {refusal.reason}"
    empty = dict.fromkeys(("predicted", "low", "high", "observed"))
    return {"id": refusal.id, "outcome": "failed", **empty, "reason": reason}


def _line(name: str, c: Mapping[str, int]) -> str:
    compared = c["agree"] + c["disagree"]
    percent = [f"{100 * c[k] / compared:.0f} %" if compared else "-" for k in ("agree", "baseline_agree")]
    return (
        f"{name:<18}{c['total']:>6}{c['agree']:>7}{compared:>6}{percent[0]:>8}{percent[1]:>10}"
        f"{c['not_applicable']:>11}{c['failed']:>8}"
    )


def share(rows: Sequence[Row]) -> float | None:
    """Share of rows that agree."""
    return sum(r.outcome == "agree" for r in rows) / len(rows) if rows else None


def gmfe(rows: Sequence[Row]) -> float | None:
    """Geometric mean fold error of rows with positive numbers."""
    pairs = [(r.predicted, r.experiment.value) for r in rows if r.predicted and math.isfinite(r.predicted)]
    logs = [abs(math.log(p / o)) for p, o in pairs if p > 0 and o > 0]
    return math.exp(sum(logs) / len(logs)) if logs else None


def finite(value: float | None) -> float | None:
    """The number, or None where there is none to write."""
    return None if value is None or not math.isfinite(value) else float(value)


def load(path: Path | None) -> tuple[list[Experiment], list[tuple[str, Refusal]]]:
    """The experiments of a file, of all tables in a folder, or those shipped. Raises BadFile."""
    if path is None:
        return list(shipped_experiments()), []
    files = sorted(path.glob("*experiments*.csv")) or sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise BadFile(f"'{path}' holds no tables of experiments (*.csv).")
    rows: list[Experiment] = []
    refused: list[tuple[str, Refusal]] = []
    for file in files:
        read, wrong = read_experiments(file)
        rows += read
        refused += [(file.name, r) for r in wrong]
    return rows, refused


def score_experiments(
    experiments: Sequence[Experiment] | None = None,
    lab: Laboratory = AS_SHIPPED,
    domain: str = "",
    people: int = PEOPLE,
    refused: Sequence[tuple[str, Refusal]] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Score:
    """Score experiments (the shipped ones if none are given), each by itself: one that fails stops no other.

    Parameters
    ----------
    lab     : mechanisms off, parameter values and seed under which they are predicted
    domain  : only this domain
    people  : drawn subjects in each arm of a trial
    """
    given = list(shipped_experiments() if experiments is None else experiments)
    chosen = [e for e in given if not domain or e.domain == domain]
    own = frozenset(o for addition in lab.additions for o in addition.outputs)
    asked = [(e, question_of(e, own)) for e in chosen]
    questions = [q for _, q in asked if isinstance(q, Question)]
    bench = Bench(needs_of(questions, people), lab, progress)
    others = [(q.experiment, q.statistic) for q in questions]
    rows = [
        Row(e, _kind(q), reason=_reason(q)) if isinstance(q, Exception) else _score_one(q, bench, others)
        for e, q in asked
    ]
    return Score(tuple(rows), tuple(refused), lab)


def question_of(e: Experiment, own: frozenset[str] = frozenset()) -> Question | Exception:
    """The experiment understood, or why it cannot be; `own` are observables that added mechanisms give."""
    try:
        check_words(e.domain, e.species, e.observable, own)
        statistic = parse_statistic(e.statistic)
        for other in (statistic.other,):
            if other:
                check_words(e.domain, e.species, other, own)
        check_spread(e.spread_kind)
        exposure.check_unit(e, statistic)
        arms = arms_of(e)
        for arm in arms.all():
            _ = arm.given
        _refuse(e, statistic, arms)
        _check_times(e, statistic)
        read_times(e, statistic, arms)
    except Exception as problem:  # noqa: BLE001  told in the row
        return problem
    return Question(e, statistic, arms)


def _check_times(e: Experiment, s: Statistic) -> None:
    """Raise BadValue for times beyond what a run may last."""
    for time_h in (e.time_h, s.time_h, s.start_h):
        if time_h is not None and abs(time_h) > LONGEST_H:
            raise BadValue(f"{time_h:g} h is beyond the five years that a run may last.")


def _refuse(e: Experiment, s: Statistic, arms: Arms) -> None:
    """Raise NotApplicable for what the model has no part for."""
    for observable in (e.observable, s.other):
        if observable in WITHOUT_A_PART:
            raise NotApplicable(WITHOUT_A_PART[observable])
    tissue = e.species in ("rodent_slice", "recombinant") or any(d.route == "bath" for d in arms.own.given)
    if e.observable in DISH[:5] and not tissue:
        raise NotApplicable(NO_SUBTYPE)
    if e.species == "monkey" and not is_concentration(e.observable) and e.domain == "clinical":
        raise NotApplicable("monkeys are not rated on clinical scales")


def needs_of(questions: Sequence[Question], people: int) -> dict[Arm, Need]:
    """What is wanted of each arm by all experiments together."""
    found: dict[Arm, Need] = {}
    for q in questions:
        e, s = q.experiment, q.statistic
        inner = s.inner.name if s.inner else s.name
        arms = set(q.arms.all())
        times = read_times(e, s, q.arms) | {q.time_h}
        if inner == "bioavailability":
            try:
                arms.add(exposure.reference_arm(e, q.arms))
            except NotApplicable:
                continue
            times |= set(exposure_grid(exposure.reference_arm(e, q.arms).given, True))
        if inner in (*POTENCY, "ic50_ratio"):
            times = {1.0}
        count = people if subjects.needs_people(e, s) else 0
        if is_concentration(e.observable) and e.species == "human" and inner == "value":
            count = max(count, PEOPLE_FOR_LEVELS)
        for arm in arms:
            key = found.setdefault(arm, Need(arm))
            key.times |= times
            key.observables |= {o for o in (e.observable, s.other) if o and not in_dish(arm, o)}
            if s.name == "sign_responders":
                key.observables |= {subjects.RESPONSE_SCALE}
            key.people = max(key.people, count)
    return found


def _score_one(q: Question, bench: Bench, others: Sequence[tuple[Experiment, Statistic]]) -> Row:
    e, s = q.experiment, q.statistic
    try:
        with np.errstate(all="ignore"):
            found = predict(q, bench)
            verdict = judge(e, s, found)
    except Exception as problem:  # noqa: BLE001  told in the row
        return Row(e, _kind(problem), reason=_reason(problem), rule=rule_of(e, s))
    outcome: Outcome = "agree" if verdict.agrees else "disagree"
    naive = naive_agrees(e, s, others)
    return Row(e, outcome, found.value, verdict.low, verdict.high, verdict.reason, rule_of(e, s), naive)


def _kind(problem: object) -> Outcome:
    return "not_applicable" if isinstance(problem, NotApplicable) else "failed"


def _reason(problem: object) -> str:
    if isinstance(problem, NotApplicable | KetamindError):
        return str(problem)
    return f"{type(problem).__name__}: {problem}"
