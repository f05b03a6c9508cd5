"""What blinding does in a trial: its primary difference as planned, with nothing felt, and with nothing expected.

Functional unblinding is belief from what is felt of a drug. With it switched off, the difference between drug and
placebo is what a perfectly masked trial of the same patients would find; no parameter is fitted for that. A trial that
was itself masked (under anaesthesia) is set beside the same patients awake, with and without unblinding: the latter
owes nothing to a masked trial, while what patients expect under anaesthesia was taken from a placebo arm of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ketamind.errors import BadValue
from ketamind.studies.published import Comparison, compare, row_of
from ketamind.trials.gathered import gather
from ketamind.trials.run import run_trial
from ketamind.trials.trial import Trial

MASKED = "setting=masked_anaesthesia"
AWAKE = "setting=parallel"
PLANNED, NOT_FELT, NOT_EXPECTED = "as planned", "nothing felt", "nothing expected"
UNMASKED, UNMASKED_NOT_FELT = "the same awake", "the same awake, nothing felt"


@dataclass(frozen=True)
class Blinding:
    """The primary difference of a trial under each blinding, with the range of 95 % of trials of its size."""

    masked: bool
    by: Mapping[str, Comparison]

    @property
    def smaller_when_masked(self) -> bool:
        """Whether the difference shrinks where nothing is felt."""
        felt, closed = (UNMASKED, UNMASKED_NOT_FELT) if self.masked else (PLANNED, NOT_FELT)
        return abs(self.by[closed].simulated) < abs(self.by[felt].simulated)

    def verdict(self) -> str:
        """In words: whether masking makes the difference smaller, and whether the published one is then met."""
        told = "smaller" if self.smaller_when_masked else "no smaller"
        if not self.masked:
            planned, closed = self.by[PLANNED], self.by[NOT_FELT]
            return (
                f"With nothing felt the difference is {told}: {closed.simulated:.3g} in place of "
                f"{planned.simulated:.3g} {planned.unit} (published: {planned.published:.3g})."
            )
        awake, closed, own = self.by[UNMASKED], self.by[UNMASKED_NOT_FELT], self.by[PLANNED]
        unit, published = own.unit, f"{own.published:.3g}"
        return (
            f"Switching unblinding off in the same patients awake makes the difference {told} ({closed.simulated:.3g} "
            f"in place of {awake.simulated:.3g} {unit}); 95 % of such trials lie in {closed.low:.3g} to "
            f"{closed.high:.3g}, {_holds(closed)} the published {published}: the masked trial is {self._reproduced()} "
            f"without a new fit. With what is expected under anaesthesia, which was taken from the placebo arm of such "
            f"a trial, the difference is {own.simulated:.3g} ({own.low:.3g} to {own.high:.3g}), {_holds(own)} it."
        )

    def _reproduced(self) -> str:
        return "reproduced" if self.smaller_when_masked and self.by[UNMASKED_NOT_FELT].inside else "NOT reproduced"

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        rows = [
            {"blinding": name, "simulated": c.simulated, "low": c.low, "high": c.high} for name, c in self.by.items()
        ]
        published = next(iter(self.by.values())).published
        return {"masked": self.masked, "published": published, "differences": rows, "verdict": self.verdict()}


def _holds(c: Comparison) -> str:
    return "which holds" if c.inside else "which does not hold"


def is_masked(trial: Trial) -> bool:
    """Whether patients were under anaesthesia when they had the drug."""
    return MASKED in trial.cohort.population.replace(" ", "")


def blinding_of(trial: Trial, patients: int, seed: int, workers: int | None = None) -> Blinding:
    """Run a trial under each blinding. Raises BadValue for one without a published difference between two arms."""
    primary = next((p for p in trial.published if p.primary and p.versus), None)
    if primary is None:
        raise BadValue(f"'{trial.name}' has no published primary difference between two arms to look at.")
    row = row_of(primary)
    by = {
        name: compare(primary, row, gather(run_trial(variant, patients, seed, workers=workers)), seed)
        for name, variant in _variants(trial).items()
    }
    return Blinding(is_masked(trial), by)


def _variants(trial: Trial) -> dict[str, Trial]:
    found = {PLANNED: trial}
    if is_masked(trial):
        words = trial.cohort.population.replace(" ", "").replace(MASKED, AWAKE)
        found[UNMASKED] = replace(trial, cohort=replace(trial.cohort, population=words))
        found[UNMASKED_NOT_FELT] = _nothing_felt(found[UNMASKED])
    found[NOT_FELT] = _nothing_felt(trial)
    found[NOT_EXPECTED] = replace(trial, conduct=replace(trial.conduct, expectancy=False, unblinding=False))
    return found


def _nothing_felt(trial: Trial) -> Trial:
    return replace(trial, conduct=replace(trial.conduct, unblinding=False))
