"""The demonstration: Murrough 2013, ketamine against midazolam in treatment-resistant depression, beside its numbers.

The trial is the shipped one, run and compared with its publication as any other trial is; the same virtual patients
are then simulated once more with all that the figures show.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ketamind.protocols import Patient, parse_population
from ketamind.simulation import Run, chain_for, simulate
from ketamind.studies.published import Comparison
from ketamind.studies.trials import TrialReport, report_trial
from ketamind.trials import Trial, load_trial

Progress = Callable[[int, int], None]
NAME = "murrough_2013"
DAYS = 14.0


@dataclass(frozen=True)
class Demo:
    """The trial with its publication beside it, and each arm as a run of the same virtual patients."""

    report: TrialReport
    arms: dict[str, Run]

    @property
    def trial(self) -> Trial:
        """The trial."""
        return self.report.trial

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Published numbers beside simulated ones."""
        return self.report.comparisons

    @property
    def patient(self) -> Patient:
        """The population of both arms."""
        return parse_population(self.trial.cohort.population)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        rows = [{**c.as_json(), "difference": c.simulated - c.published} for c in self.comparisons]
        provenance = {name: run.provenance for name, run in self.arms.items()}
        return {"trial": self.trial.title, "comparisons": rows, "provenance": provenance}

    def as_text(self) -> str:
        """For people: a line a published number."""
        head = f"{'':<74}{'published':>10}{'simulated':>11}{'difference':>12}   95 % of simulated trials"
        lines = [self.trial.title, head]
        for c in self.comparisons:
            held = "inside" if c.inside else "OUTSIDE"
            numbers = f"{c.published:>10.4g}{c.simulated:>11.3g}{c.simulated - c.published:>+12.2g}"
            lines.append(f"{f'{c.label} [{c.unit}]':<74}{numbers}   {c.low:.3g} to {c.high:.3g}: {held}")
        return "\n".join([*lines, "For research and teaching. Not medical advice."])


@lru_cache(maxsize=1)
def demo_trial() -> Trial:
    """The shipped trial that is shown."""
    return load_trial(NAME)


def run_demo(
    patients: int = 400, seed: int = 1, observe: Sequence[str] = ("madrs", "cadss"), progress: Progress | None = None
) -> Demo:
    """Run the trial with `patients` in each arm and compare it with its publication; `observe` is what runs keep."""
    trial = demo_trial()
    whole = len(trial.arms) * patients
    report = report_trial(trial, whole, seed, progress=_part(progress, 0, 2 * whole))
    arms = {}
    for done, arm in enumerate(trial.arms):
        protocol = trial.protocol(arm)
        known = chain_for(protocol).system.outputs
        arms[arm.name] = simulate(
            protocol,
            DAYS,
            patient=trial.cohort.population,
            patients=patients,
            sample={**trial.cohort.sample, **arm.sample},
            seed=seed,
            observe=tuple(name for name in observe if name in known),
            progress=_part(progress, whole + done * patients, 2 * whole),
        )
    return Demo(report, arms)


def _part(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Progress of a part of the whole."""
    return None if progress is None else lambda done, _: progress(before + done, total)
