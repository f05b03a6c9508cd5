"""A trial beside its publication: run, analysed, and each published number set into the range of simulated trials.

No published outcome takes part in a simulation.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ketamind.errors import BadFile
from ketamind.studies.blinding import Blinding, blinding_of, is_masked
from ketamind.studies.published import Comparison, compare, row_of
from ketamind.trials.analysis import Analysis, analyse, power_of
from ketamind.trials.files import load_trial, shipped_trials
from ketamind.trials.gathered import Data, gather
from ketamind.trials.run import Outcome, run_trial
from ketamind.trials.trial import ESTIMANDS, Trial

Progress = Callable[[int, int], None]
PER_ARM = 400


@dataclass(frozen=True)
class TrialReport:
    """A trial that was run and analysed, and its publication beside it."""

    outcome: Outcome
    data: Data
    analysis: Analysis
    comparisons: tuple[Comparison, ...]
    ensemble: int = 0
    assurance: Mapping[int, float] = field(default_factory=dict)
    blinding: Blinding | None = None

    @property
    def trial(self) -> Trial:
        """The trial."""
        return self.outcome.trial

    def as_json(self) -> dict[str, Any]:
        """For machines: each arm's endpoints with intervals, and the published values beside them."""
        arms = {
            name: {
                "protocol": self.trial.protocol(a.arm).words(),
                "kind": a.arm.kind,
                "patients": a.patients,
                "withdrawn": a.withdrawn,
                "rescued": a.rescued,
                "endpoints": [e.as_json() for e in self.analysis.estimates if e.arm == name and not e.versus],
            }
            for name, a in self.data.arms.items()
        }
        return {
            "trial": self.trial.name,
            "title": self.trial.title,
            "patients": self.outcome.patients,
            "seed": self.outcome.seed,
            "ensemble": self.ensemble,
            "estimand": ESTIMANDS[self.trial.estimand],
            "arms": arms,
            "comparisons": [e.as_json() for e in self.analysis.estimates if e.versus],
            "exposure_response": [e.as_json() for e in self.analysis.estimates if e.arm == "all with drug"],
            "power_of": self.analysis.power_of,
            "power": [asdict(p) for p in self.analysis.power],
            "assurance": [{"per_arm": size, "assurance": value} for size, value in self.assurance.items()],
            "published": [c.as_json() for c in self.comparisons],
            "blinding": self.blinding.as_json() if self.blinding else None,
        }

    def as_text(self) -> str:
        """For people."""
        lines = [
            self.trial.title,
            f"{self.outcome.patients} virtual patients, seed {self.outcome.seed}. "
            f"Estimand: {ESTIMANDS[self.trial.estimand]}.",
            "",
        ]
        for e in self.analysis.estimates:
            who = f"{e.arm} against {e.versus}" if e.versus else e.arm
            ends = f" ({e.low:.3g} to {e.high:.3g})" if np.isfinite(e.low) else ""
            value = f"{e.value:.3g}" if np.isfinite(e.value) else "not reached"
            lines.append(f"{e.what + ', ' + who:<74}{value:>11} {e.unit}{ends}")
        if self.comparisons:
            lines += ["", f"{'':<62}{'published':>10}{'simulated':>11}   95 % of simulated trials"]
        for c in self.comparisons:
            marks = ("PRIMARY " if c.primary else "") + ("inside" if c.inside else "OUTSIDE")
            marks += ", calibrated on" if c.calibrated_on else ""
            numbers = f"{c.published:>10.3g}{c.simulated:>11.3g}"
            lines.append(f"{c.label[:61]:<62}{numbers}   {c.low:.3g} to {c.high:.3g}: {marks}")
        if self.blinding:
            lines += ["", f"Blinding. {self.blinding.verdict()}"]
        return "\n".join([*lines, "For research and teaching. Not medical advice."])


def report_trial(
    trial: Trial,
    patients: int = 0,
    seed: int = 1,
    *,
    folder: Path | None = None,
    workers: int | None = None,
    scheduler: str = "",
    resume: bool = False,
    ensemble: Sequence[Mapping[str, float]] = (),
    blinding: bool | None = None,
    progress: Progress | None = None,
) -> TrialReport:
    """Run a trial, analyse it and compare it with its publication. Without `patients`, 400 for each arm.

    `ensemble` holds draws of parameters (by table row): the trial is then run with each of them too, and the range of
    simulated trials covers the doubt that they stand for. `blinding` runs it under other blindings as well; a masked
    trial always is, unless it is False. Raises as `run_trial`, and UnknownName for a published
    result that is not among the shipped experiments.
    """
    rows = [row_of(p) for p in trial.published]
    count = patients or usual_patients(trial)
    outcome = run_trial(
        trial, count, seed, folder=folder, workers=workers, scheduler=scheduler, resume=resume, progress=progress
    )
    data = gather(outcome)
    members = [_member(trial, draw, min(count, usual_patients(trial)), seed, workers) for draw in ensemble]
    found = tuple(compare(p, row, data, seed, members) for p, row in zip(trial.published, rows, strict=True))
    wanted = bool(trial.published) and is_masked(trial) if blinding is None else blinding
    blinded = blinding_of(trial, min(count, usual_patients(trial)), seed, workers) if wanted else None
    return TrialReport(outcome, data, analyse(data, seed), found, len(members), assurance_of(members, seed), blinded)


def assurance_of(members: Sequence[Data], seed: int) -> dict[int, float]:
    """Probability of a significant trial by patients in each arm: power averaged over the members of an ensemble."""
    powers = [power_of(member, seed)[0] for member in members]
    return {found[0].per_arm: float(np.mean([p.power for p in found])) for found in zip(*powers, strict=True)}


def _member(trial: Trial, draw: Mapping[str, float], patients: int, seed: int, workers: int | None) -> Data:
    """The trial with one draw of the ensemble."""
    return gather(run_trial(replace(trial, values={**trial.values, **draw}), patients, seed, workers=workers))


def read_ensemble(path: Path) -> tuple[dict[str, float], ...]:
    """Draws of parameters from a CSV: a column a table row, a line a draw. Raises BadFile."""
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            found = tuple({k: float(v) for k, v in line.items()} for line in csv.DictReader(handle))
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, TypeError) as problem:
        raise BadFile(f"'{path}' cannot be read as draws of parameters: {problem}.") from None
    if not found or not all(np.isfinite(v) for draw in found for v in draw.values()):
        raise BadFile(f"'{path}' holds no draws, or one that is not finite.")
    return found


def trial(name: "str | Trial", patients: int = 0, seed: int = 1, **more: Any) -> TrialReport:
    """A shipped trial, one in a file, or one made in Python: run, analysed and compared. Options as `report_trial`.

    Raises as `load_trial` and `report_trial`.
    """
    return report_trial(load_trial(name) if isinstance(name, str) else name, patients, seed, **more)


@dataclass(frozen=True)
class Survey:
    """All shipped trials: the primary result of each beside its simulation, and how many of all results lie inside."""

    primary: Mapping[str, Comparison]
    inside: Mapping[str, tuple[int, int]]

    @property
    def outside(self) -> tuple[str, ...]:
        """Trials whose primary result lies outside the range of simulated trials."""
        return tuple(n for n, c in self.primary.items() if not c.inside)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        rows = {
            name: {"primary": c.as_json(), "inside": self.inside[name][0], "results": self.inside[name][1]}
            for name, c in self.primary.items()
        }
        return {"trials": rows, "primary_inside": len(self.primary) - len(self.outside), "outside": list(self.outside)}

    def as_text(self) -> str:
        """For people: a line a trial."""
        lines = [f"{'primary result':<24}{'published':>10}{'simulated':>11}   95 % of simulated trials"]
        for name, c in self.primary.items():
            where = "inside" if c.inside else "OUTSIDE"
            where += ", calibrated on" if c.calibrated_on else ""
            ends = f"{c.low:.3g} to {c.high:.3g}"
            lines.append(f"{name:<24}{c.published:>10.3g}{c.simulated:>11.3g}   {ends}: {where}; {c.label} [{c.unit}]")
        hits, total = (sum(v[k] for v in self.inside.values()) for k in (0, 1))
        count = f"{len(self.primary) - len(self.outside)} of {len(self.primary)} trials"
        named = ", ".join(self.outside) or "none"
        lines.append(f"Primary results inside: {count}; all results: {hits} of {total}. Outside: {named}.")
        return "\n".join([*lines, "For research and teaching. Not medical advice."])


def survey(seed: int = 1, ensemble: Sequence[Mapping[str, float]] = (), progress: Progress | None = None) -> Survey:
    """Every shipped trial with its usual number of virtual patients, beside its publication."""
    primary: dict[str, Comparison] = {}
    inside: dict[str, tuple[int, int]] = {}
    names = shipped_trials()
    for done, name in enumerate(names, start=1):
        found = report_trial(load_trial(name), seed=seed, ensemble=ensemble, blinding=False).comparisons
        primary[name] = next(c for c in found if c.primary)
        inside[name] = (sum(c.inside for c in found), len(found))
        if progress is not None:
            progress(done, len(names))
    return Survey(primary, inside)


def usual_patients(trial: Trial) -> int:
    """How many virtual patients a trial has if nothing is said."""
    return PER_ARM if trial.design == "crossover" else PER_ARM * len(trial.arms)
