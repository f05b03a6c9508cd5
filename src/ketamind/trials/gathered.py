"""One pass over a trial's tables: sums of everything, and the first patients of each arm kept for closer analysis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ketamind.trials.repeated_measures import Gathered, design
from ketamind.trials.run import Outcome
from ketamind.trials.trial import Arm, Endpoint, Reading, Trial

Floats = NDArray[np.float64]
KEEP = 10_000
"""Patients of each arm that are kept whole: for survival, exposure-response and simulated trials."""
MOST_VISITS = 10


@dataclass
class Moments:
    """Number, mean and spread of values that come in parts."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, values: Floats) -> None:
        """Add values; NaN are missing."""
        found = values[~np.isnan(values)]
        self.n += int(found.size)
        self.total += float(found.sum())
        self.squares += float((found * found).sum())

    @property
    def mean(self) -> float:
        """The mean; NaN of nothing."""
        return self.total / self.n if self.n else float("nan")

    @property
    def sd(self) -> float:
        """Standard deviation with n - 1; NaN of fewer than two."""
        if self.n < 2:
            return float("nan")
        return float(np.sqrt(max(0.0, (self.squares - self.total**2 / self.n) / (self.n - 1))))


@dataclass
class ArmData:
    """What was gathered of one arm. `kept` holds columns of the first patients."""

    arm: Arm
    levels: dict[str, Moments] = field(default_factory=dict)
    changes: dict[str, Moments] = field(default_factory=dict)
    hits: dict[Endpoint, Moments] = field(default_factory=dict)
    differences: dict[str, Moments] = field(default_factory=dict)
    kept: dict[str, Floats] = field(default_factory=dict)
    patients: int = 0
    withdrawn: int = 0
    rescued: int = 0


@dataclass
class Data:
    """A whole trial, gathered."""

    trial: Trial
    arms: dict[str, ArmData]
    models: dict[tuple[str, str], Gathered] = field(default_factory=dict)

    @property
    def reference(self) -> Arm | None:
        """The arm that others are compared with: the first that is not of the drug under study."""
        found = [a for a in self.trial.arms if a.kind in ("placebo", "active_placebo")]
        return found[0] if found else None

    def compared(self) -> list[tuple[Arm, Arm]]:
        """Each arm of the drug with its comparator: the placebo whose name or place is nearest."""
        others = [a for a in self.trial.arms if a.kind in ("placebo", "active_placebo")]
        drugs = [a for a in self.trial.arms if a not in others]
        if len(others) == len(drugs):
            return list(zip(drugs, others, strict=True))
        return [(d, others[0]) for d in drugs] if others else []


def gather(outcome: Outcome) -> Data:
    """Read every table once."""
    trial = outcome.trial
    data = Data(trial, {a.name: ArmData(a) for a in trial.arms})
    for table in outcome.tables():
        columns = as_arrays(table, trial)
        for name, arm_data in data.arms.items():
            which = columns["arm"] == name
            _add(arm_data, {k: v[which] for k, v in columns.items()}, trial)
        if trial.design == "crossover":
            _add_pairs(data, columns)
        else:
            _add_models(data, columns)
    return data


def as_arrays(table: pa.Table, trial: Trial) -> dict[str, Any]:
    """Columns as arrays, nulls as NaN; under the hypothetical estimand ratings after rescue are missing."""
    found: dict[str, Any] = {}
    for name in table.column_names:
        column = table.column(name)
        words = pa.types.is_string(column.type) or pa.types.is_boolean(column.type)
        found[name] = column.to_numpy() if words else np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    if trial.estimand == "hypothetical":
        for reading in trial.readings:
            after = found["rescued_h"] < reading.time_h
            found[reading.column] = np.where(after, np.nan, found[reading.column])
    return found


def change(columns: Mapping[str, Floats], scale: str, time_h: float) -> Floats:
    """Change from baseline of each patient."""
    return columns[Reading(scale, time_h).column] - columns[Reading(scale, 0.0).column]


def hit(columns: Mapping[str, Floats], endpoint: Endpoint) -> Floats:
    """1 for response or remission, 0 without, NaN where it was not rated."""
    now, before = columns[Reading(endpoint.scale, endpoint.time_h).column], columns[Reading(endpoint.scale, 0.0).column]
    limit = (1 - endpoint.threshold) * before if endpoint.outcome == "response" else endpoint.threshold
    return np.where(np.isnan(now), np.nan, (now <= limit).astype(float))


def _add(arm_data: ArmData, columns: Mapping[str, Floats], trial: Trial) -> None:
    arm_data.patients += len(columns["patient"])
    arm_data.withdrawn += int(np.isfinite(columns["withdrawn_h"]).sum())
    arm_data.rescued += int(np.isfinite(columns["rescued_h"]).sum())
    for reading in trial.readings:
        arm_data.levels.setdefault(reading.column, Moments()).add(columns[reading.column])
        if reading.rated and reading.time_h > 0:
            moved = change(columns, reading.observable, reading.time_h)
            arm_data.changes.setdefault(reading.column, Moments()).add(moved)
    for endpoint in trial.endpoints:
        if endpoint.outcome in ("response", "remission"):
            arm_data.hits.setdefault(endpoint, Moments()).add(hit(columns, endpoint))
    room = KEEP - len(arm_data.kept.get("patient", ()))
    if room > 0:
        for name, values in columns.items():
            old = arm_data.kept.get(name)
            arm_data.kept[name] = values[:room].copy() if old is None else np.concatenate([old, values[:room]])


def _add_models(data: Data, columns: Mapping[str, Floats]) -> None:
    """Sums of the mixed model, for each arm beside its comparator and each scale with a change as endpoint."""
    for scale, visits in modelled(data.trial).items():
        for arm, other in data.compared():
            which = (columns["arm"] == arm.name) | (columns["arm"] == other.name)
            part = {k: v[which] for k, v in columns.items()}
            y = np.column_stack([change(part, scale, t) for t in visits])
            z = design(part["arm"] == arm.name, part[Reading(scale, 0.0).column], middle_of(data.trial, scale))
            found = data.models.setdefault((arm.name, scale), Gathered(z.shape[1], len(visits)))
            found.add(z, y)


def modelled(trial: Trial) -> dict[str, list[float]]:
    """Visits of each scale whose change is an endpoint: all of them if few, else those of the endpoints."""
    found: dict[str, list[float]] = {}
    for endpoint in trial.endpoints:
        if endpoint.outcome == "change" and endpoint.time_h > 0:
            visits = [r.time_h for r in trial.readings if r.observable == endpoint.scale and r.rated and r.time_h > 0]
            ends = [e.time_h for e in trial.endpoints if e.scale == endpoint.scale and e.outcome == "change"]
            found[endpoint.scale] = visits if len(visits) <= MOST_VISITS else sorted(set(ends))
    return found


def middle_of(trial: Trial, scale: str) -> float:
    """A number near the middle of baselines, from which they are counted; it changes no effect of an arm."""
    sample = trial.cohort.sample.get(f"patient.baseline_{scale}")
    return sample.mean if sample is not None else 30.0


def _add_pairs(data: Data, columns: Mapping[str, Floats]) -> None:
    """Within-patient differences of a crossover, whose tables hold every patient once an arm, in one order."""
    for arm, other in data.compared():
        one, two = ({k: v[columns["arm"] == a.name] for k, v in columns.items()} for a in (arm, other))
        for reading in data.trial.readings:
            if reading.rated and reading.time_h > 0:
                moved = [change(c, reading.observable, reading.time_h) for c in (one, two)]
                data.arms[arm.name].differences.setdefault(reading.column, Moments()).add(moved[0] - moved[1])
