"""All experiments predicted under many draws of the parameters at once: a matrix, experiments by draws."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ketamind.evidence.arms import Arm
from ketamind.evidence.courses import Bench, Course, Laboratory
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.predict import predict
from ketamind.evidence.question import Predicted, Question
from ketamind.evidence.score import needs_of, question_of

Floats = NDArray[np.float64]
NOTHING = Predicted(float("nan"))


@dataclass(frozen=True)
class Forward:
    """Predictions, their sampling errors, and the sizes and dead zones behind signs, each (experiments, draws).

    NaN where a draw could not be solved, or gives no such number.
    """

    questions: tuple[Question, ...]
    value: Floats
    error: Floats
    size: Floats
    zone: Floats


@dataclass
class OneDraw(Bench):
    """A bench that shows one draw of an ensemble that has been run."""

    whole: Bench | None = None
    draw: int = 0
    _seen: dict[Arm, Course] = field(default_factory=dict)

    def course(self, arm: Arm) -> Course:
        """The course of an arm under this draw. Raises what its simulation raised."""
        if arm not in self._seen:
            assert self.whole is not None
            course = self.whole.course(arm)
            each = len(course.weights) // self.lab.ensemble
            self._seen[arm] = course.part(slice(self.draw * each, (self.draw + 1) * each))
        return self._seen[arm]


def forward(
    experiments: Sequence[Experiment],
    lab: Laboratory,
    people: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Forward:
    """Predict the experiments under each draw; those that the model has no part for are left out.

    Parameters
    ----------
    lab    : a laboratory with draws of parameters
    people : patients drawn for each arm of a trial, the same under every draw
    """
    own = frozenset(o for addition in lab.additions for o in addition.outputs)
    questions = [q for q in (question_of(e, own) for e in experiments) if isinstance(q, Question)]
    needs = needs_of(questions, people)
    whole = Bench(needs, lab, progress)
    table = np.full((4, len(questions), lab.ensemble), np.nan)
    for d in range(lab.ensemble):
        bench = OneDraw(needs, lab, whole=whole, draw=d)
        for i, q in enumerate(questions):
            found = _predicted(q, bench)
            table[:, i, d] = found.value, found.error, found.size, found.zone
    return Forward(tuple(questions), *table)


def _predicted(q: Question, bench: Bench) -> Predicted:
    try:
        with np.errstate(all="ignore"):
            return predict(q, bench)
    except Exception:  # noqa: BLE001  a draw without a number
        return NOTHING
