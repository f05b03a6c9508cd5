"""The demonstration: Murrough 2013, ketamine against midazolam in treatment-resistant depression, beside its numbers.

Two arms of virtual patients from one population get what the trial gave. Each rating carries an error, as real ones
do. Beside each published number stand the simulated one and the range in which 95 % of simulated trials of the
published size fall.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.declare import shipped_table
from ketamind.evidence.experiments import Experiment, shipped_experiments
from ketamind.protocols import parse_protocol
from ketamind.simulation import Run, chain_for, simulate
from ketamind.simulation.populations import Typical

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
TRIAL = "Murrough 2013"
STUDY = "murrough2013a"
ARMS = {"ketamine": "0.5 mg/kg ketamine iv over 40 min", "midazolam": "0.045 mg/kg midazolam iv over 40 min"}
POPULATION = "trd;setting=parallel"
SAMPLE = {"patient.baseline_madrs": Typical(31.4, 6.0)}
"""The trial's own patients: adjusted means at 24 h less the changes give the mean; the spread is assumed."""

DAYS = 14.0
REPLICATES = 4000
WORDS = {"change": "change of MADRS", "response_rate": "response rate", "difference": "ketamine minus midazolam"}


@dataclass(frozen=True)
class Comparison:
    """One published number beside its simulation; `low` to `high` holds 95 % of trials of the published size."""

    what: str
    arm: str
    time_h: float
    unit: str
    published: float
    simulated: float
    low: float
    high: float
    verified: str

    @property
    def difference(self) -> float:
        """Simulated minus published."""
        return self.simulated - self.published

    @property
    def inside(self) -> bool:
        """True if the published number lies in the range of simulated trials."""
        return self.low <= self.published <= self.high


@dataclass(frozen=True)
class Demo:
    """Both arms as runs, and each published number beside the simulated one."""

    arms: dict[str, Run]
    comparisons: tuple[Comparison, ...]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        rows = [{**vars(c), "difference": c.difference, "inside": c.inside} for c in self.comparisons]
        return {"trial": TRIAL, "comparisons": rows, "provenance": {n: r.provenance for n, r in self.arms.items()}}

    def as_text(self) -> str:
        """For people: a line a published number."""
        head = f"{'':<40}{'published':>10}{'simulated':>11}{'difference':>12}   95 % of simulated trials"
        lines = [f"{TRIAL}: {ARMS['ketamine']} against midazolam, treatment-resistant depression", head]
        for c in self.comparisons:
            name = f"{c.what}, {c.arm}, {c.time_h:g} h [{c.unit}]" if c.arm else f"{c.what}, {c.time_h:g} h [{c.unit}]"
            held = "inside" if c.inside else "OUTSIDE"
            numbers = f"{c.published:>10.4g}{c.simulated:>11.3g}{c.difference:>+12.2g}"
            lines.append(f"{name:<40}{numbers}   {c.low:.3g} to {c.high:.3g}: {held}")
        return "\n".join([*lines, "For research and teaching. Not medical advice."])


def run_demo(
    patients: int = 400, seed: int = 1, observe: Sequence[str] = ("madrs", "cadss"), progress: Progress | None = None
) -> Demo:
    """Simulate both arms for `patients` each and compare with the publication; `observe` must hold `madrs`."""
    arms = {}
    for done, (name, protocol) in enumerate(ARMS.items()):
        arms[name] = simulate(
            protocol,
            DAYS,
            patient=POPULATION,
            patients=patients,
            sample=SAMPLE,
            seed=seed + done,
            observe=_given(observe, protocol),
            progress=_part(progress, done * patients, len(ARMS) * patients),
        )
    return Demo(arms, tuple(_compare(e, arms, seed) for e in _published()))


def _given(observe: Sequence[str], protocol: str) -> tuple[str, ...]:
    """Those observables that the arm's model gives: midazolam makes no norketamine."""
    known = chain_for(parse_protocol(protocol)).system.outputs
    return tuple(name for name in observe if name in known)


def _part(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Progress of one arm as part of the whole."""
    return None if progress is None else lambda done, _: progress(before + done, total)


def _published() -> list[Experiment]:
    rows = [e for e in shipped_experiments() if e.id.startswith(f"{STUDY}-") and e.observable == "madrs"]
    return [e for e in rows if e.statistic in WORDS]


def _compare(experiment: Experiment, arms: dict[str, Run], seed: int) -> Comparison:
    """Simulated trials of the published size, by drawing that many of the simulated patients again and again."""
    rng = np.random.default_rng(seed)
    time_h = float(experiment.time_h or 0.0)
    arm = _arm_of(experiment)
    if experiment.statistic == "difference":
        sizes = _sizes()
        one, other = (_change(arms[name], time_h, rng) for name in ("ketamine", "midazolam"))
        whole = float(one.mean() - other.mean())
        trials = _means(one, sizes["ketamine"], rng) - _means(other, sizes["midazolam"], rng)
        arm = ""
    else:
        outcome = _outcome(experiment.statistic, arms[arm], time_h, rng)
        whole, trials = float(outcome.mean()), _means(outcome, experiment.n or outcome.size, rng)
    low, high = (float(v) for v in np.percentile(trials, [2.5, 97.5]))
    what = WORDS[experiment.statistic]
    return Comparison(what, arm, time_h, experiment.unit, experiment.value, whole, low, high, experiment.verified)


def _arm_of(experiment: Experiment) -> str:
    given = parse_protocol(experiment.protocol).drugs
    return next(name for name, words in ARMS.items() if parse_protocol(words).drugs == given)


def _sizes() -> dict[str, int]:
    return {_arm_of(e): int(e.n or 0) for e in _published() if e.statistic == "change"}


def rated(run: Run, time_h: float, rng: np.random.Generator) -> Floats:
    """MADRS of each patient as rated: whole points, with the error of a rating."""
    true = np.array([np.interp(time_h, run.times_h, c) for c in np.asarray(run["madrs"].values).T])
    error = shipped_table().row("scales.madrs_rating_sd").value * rng.standard_normal(true.size)
    return np.clip(np.round(true + error), 0, 60)


def _change(run: Run, time_h: float, rng: np.random.Generator) -> Floats:
    return rated(run, time_h, rng) - rated(run, 0.0, rng)


def _outcome(statistic: str, run: Run, time_h: float, rng: np.random.Generator) -> Floats:
    before, after = rated(run, 0.0, rng), rated(run, time_h, rng)
    if statistic == "change":
        return after - before
    return np.where(after <= before / 2, 100.0, 0.0)


def _means(values: Floats, size: int, rng: np.random.Generator) -> Floats:
    """Means of many samples of that size, drawn with replacement."""
    return np.asarray(rng.choice(values, (REPLICATES, size)).mean(axis=1), dtype=np.float64)
