"""Running a trial: patients in shards, each shard solved, rated and put into one table, in any order and anywhere.

A shard depends on trial, seed and patient numbers only, so that workers, threads and interruptions change nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ketamind.engine import Options
from ketamind.errors import unknown_name
from ketamind.protocols import Protocol, parse_population
from ketamind.simulation.simulate import Prepared, Setting, parameter_hash, prepare, solve_patients
from ketamind.trials.cohort import allocation, category, patients_of, values_of
from ketamind.trials.conduct import Course, Draws, observe, survival
from ketamind.trials.store import Folder, Memory, Store
from ketamind.trials.trial import Arm, Trial
from ketamind.trials.workers import Shard, cluster, threads

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
SHARD = 8192
COVARIATES = {"weight_kg": "patient.weight", "age": "patient.age"}
RTOL = 3e-4
"""Tolerance of the solver: changes a MADRS by 0.002 points (0.05 at most), beside a rating error of 3."""


@dataclass(frozen=True)
class ReadyArm:
    """An arm with its model, what is observed in it, and when."""

    arm: Arm
    protocol: Protocol
    prepared: Prepared
    observables: tuple[str, ...]
    times_h: Floats


@lru_cache(maxsize=8)
def ready(trial: Trial) -> tuple[ReadyArm, ...]:
    """Every arm ready to be solved. Raises UnknownName or BadValue for what no arm's model has."""
    conduct = trial.conduct
    without = () if conduct.expectancy else ("expectancy",)
    values = {**trial.values, **({} if conduct.unblinding else {"expectancy.unblinding": 0.0})}
    wanted = tuple(dict.fromkeys(r.observable for r in trial.readings))
    times = np.array(sorted({trial.baseline_h, *(r.time_h for r in trial.readings)}))
    found = []
    for arm in trial.arms:
        protocol = trial.protocol(arm)
        prepared = prepare(
            protocol, parse_population(trial.cohort.population), Setting(without, arm.manipulation, values)
        )
        outputs = prepared.model.system.outputs
        found.append(ReadyArm(arm, protocol, prepared, tuple(n for n in wanted if n in outputs), times))
    for name in wanted:
        if not any(name in r.observables for r in found):
            known = {n for r in found for n in r.prepared.model.system.outputs}
            raise unknown_name(name, "an observable of this trial's models", known)
    return tuple(found)


def run_shard(trial: Trial, seed: int, shard: Shard, engine_threads: int = 1) -> pa.Table:
    """All that is seen of the shard's patients, a row each (in a crossover: a row a patient and arm)."""
    parts = []
    placed = None if trial.design == "crossover" else allocation(trial, seed, shard.first, shard.count)
    for place, arm in enumerate(ready(trial)):
        which = np.arange(shard.count) if placed is None else np.flatnonzero(placed == place)
        if len(which):
            parts.append(_arm_table(trial, arm, Draws(seed, shard.first, shard.count, which), engine_threads))
    table = pa.concat_tables(parts)
    return table.sort_by([("patient", "ascending"), ("arm", "ascending")])


def _arm_table(trial: Trial, ready_arm: ReadyArm, draws: Draws, engine_threads: int) -> pa.Table:
    model = ready_arm.prepared.model
    drawn = values_of(trial, ready_arm.arm, model, draws.seed, draws.first, draws.count)
    drawn = {n: v[draws.which] for n, v in drawn.items()}
    options = Options(rtol=RTOL, threads=engine_threads)
    solved = solve_patients(
        *(ready_arm.prepared, ready_arm.protocol, drawn, len(draws.which), ready_arm.times_h, ready_arm.observables),
        options,
    )
    course = observe(trial, ready_arm.arm, _true(trial, ready_arm, solved.values), draws)
    return pa.table(_columns(trial, ready_arm, drawn, course, draws))


def _true(trial: Trial, ready_arm: ReadyArm, values: Floats) -> dict[str, Floats]:
    """Each reading's true value; the baseline is read before anything is given."""
    found = {}
    for reading in trial.readings:
        if reading.observable not in ready_arm.observables:
            found[reading.column] = np.full(values.shape[1], np.nan)
            continue
        time_h = reading.time_h if reading.time_h > 0 or not reading.rated else trial.baseline_h
        row = int(np.searchsorted(ready_arm.times_h, time_h))
        found[reading.column] = values[row, :, ready_arm.observables.index(reading.observable)]
    return found


def _columns(
    trial: Trial, ready_arm: ReadyArm, drawn: Mapping[str, Floats], course: Course, draws: Draws
) -> dict[str, Any]:
    n = len(draws.which)
    columns: dict[str, Any] = {"patient": pa.array(draws.first + draws.which, pa.int64())}
    names = pa.array([a.name for a in trial.arms])
    place = np.full(n, [a.name for a in trial.arms].index(ready_arm.arm.name), dtype=np.int16)
    columns["arm"] = pa.DictionaryArray.from_arrays(pa.array(place), names).cast(pa.string())
    columns["site"] = pa.array(course.site, pa.int32())
    columns |= {n: pa.array(v, pa.float32()) for n, v in _covariates(trial, ready_arm, drawn, draws).items()}
    for name, shares in trial.cohort.categories.items():
        columns[name] = pa.array(category(name, shares, draws.seed, draws.first, draws.count)[draws.which].tolist())
    for reading in trial.readings:
        kind = pa.int16() if reading.rated else pa.float32()
        columns[reading.column] = _nullable(course.values[reading.column], kind)
    columns["withdrawn_h"] = _nullable(course.withdrawn_h, pa.float32())
    columns["rescued_h"] = _nullable(course.rescued_h, pa.float32())
    if trial.conduct.relapse is not None:
        found = survival(trial.conduct.relapse, trial, course)
        columns["well"], columns["relapsed"] = pa.array(found.well), pa.array(found.relapsed)
        columns["followed_h"] = _nullable(np.where(found.well, found.time_h, np.nan), pa.float32())
    return columns


def _covariates(trial: Trial, ready_arm: ReadyArm, drawn: Mapping[str, Floats], draws: Draws) -> dict[str, Floats]:
    """Weight and age; where the arm's own model does not ask for them, as another arm's model has them drawn."""
    found = {}
    for name, row in COVARIATES.items():
        owners = [r.prepared.model for r in ready(trial) if row in r.prepared.model.rows]
        if row in drawn:
            found[name] = drawn[row]
        elif owners:
            others = values_of(trial, ready_arm.arm, owners[0], draws.seed, draws.first, draws.count)
            found[name] = others[row][draws.which]
    return found


def _nullable(values: Floats, kind: pa.DataType) -> pa.Array:
    absent = ~np.isfinite(values)
    return pa.array(np.where(absent, 0.0, values), mask=absent).cast(kind)


@dataclass(frozen=True)
class Outcome:
    """A trial that was run: its tables, shard by shard in order, and what they came from."""

    trial: Trial
    patients: int
    seed: int
    store: Store

    def tables(self) -> Iterator[pa.Table]:
        """Every shard's table, in order of patients."""
        return self.store.tables()


def run_trial(
    trial: Trial,
    patients: int,
    seed: int = 0,
    *,
    folder: Path | None = None,
    workers: int | None = None,
    scheduler: str = "",
    resume: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Run a trial with that many patients, in all arms together (in a crossover each is in every arm).

    Parameters
    ----------
    folder    : where shards go as Parquet, with a manifest; memory if left out
    workers   : shards at a time on this machine; by default one a processor
    scheduler : address of a Dask scheduler whose workers solve the shards
    resume    : go on with what an interrupted run left in `folder`
    progress  : called with (patients done, patients in all)

    Raises BadValue or UnknownName for a trial that cannot be run, BadFile for a folder that cannot be written.
    """
    shards = split(patients_of(trial, patients))
    facts = manifest_facts(trial, patients, seed)
    store: Store = Memory(shards) if folder is None else Folder.open(folder, shards, facts, resume)
    todo = [s for s in shards if not store.has(s)]
    done = patients - sum(s.count for s in todo)
    results = cluster(trial, seed, todo, scheduler) if scheduler else threads(trial, seed, todo, workers)
    for shard, table in results:
        store.put(shard, table)
        done += shard.count
        if progress is not None:
            progress(done, patients)
    store.finish()
    return Outcome(trial, patients, seed, store)


def split(patients: int) -> tuple[Shard, ...]:
    """Patients in shards of nearly the same size, whatever they are run on."""
    count = -(-patients // SHARD)
    edges = [patients * k // count for k in range(count + 1)]
    return tuple(Shard(k, a, b - a) for k, (a, b) in enumerate(pairwise(edges)))


def manifest_facts(trial: Trial, patients: int, seed: int) -> dict[str, Any]:
    """What a run is made of: two runs alike in this have the same results."""
    from ketamind import __version__

    return {
        "trial": trial.name,
        "fingerprint": trial.fingerprint,
        "parameters": {r.arm.name: parameter_hash(r.prepared.model) for r in ready(trial)},
        "patients": patients,
        "seed": seed,
        "shard": SHARD,
        "version": __version__,
    }
