"""An experiment understood, and the answer that a simulation gives to it."""

from dataclasses import dataclass

from ketamind.evidence.arms import Arms
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.moments import steady_time
from ketamind.evidence.statistic_words import Statistic
from ketamind.evidence.vocabulary import CLINICAL

USUAL_N, FEW = 20, 8


@dataclass(frozen=True)
class Predicted:
    """A predicted number in the unit of the publication, with the standard error of a sample of the published size.

    `logarithmic` says that error and comparison belong to its logarithm. `note` tells what the rule should know.
    Behind a direction stand the `size` of the effect and the dead zone within which it counts as none.
    """

    value: float
    error: float = 0.0
    logarithmic: bool = False
    note: str = ""
    size: float = float("nan")
    zone: float = 0.0


@dataclass(frozen=True)
class Question:
    """An experiment with its statistic and arms understood."""

    experiment: Experiment
    statistic: Statistic
    arms: Arms

    @property
    def time_h(self) -> float:
        """When it is read: the stated time, or the steady state."""
        e = self.experiment
        return steady_time(self.arms.own.given) if e.time_h is None else e.time_h

    @property
    def n(self) -> int:
        """Subjects, or what is usual where the number is not given."""
        return self.experiment.n or usual_n(self.experiment)


def is_trial(q: Question) -> bool:
    """True where people are rated."""
    return q.experiment.species == "human" and q.experiment.observable in CLINICAL


def usual_n(e: Experiment) -> int:
    """Subjects where the number is not given: of a trial, or of a small study of animals, blood levels or imaging."""
    return USUAL_N if e.species == "human" and e.domain == "clinical" else FEW
