"""The compiled engine: kernels for a model's equations, patients shared out to threads, failures told or mended.

Patients are solved in chunks that threads take in turn; a patient's result depends on neither. Patients that the
compiled engine gives up on are solved again by the oracle, and flagged.
"""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.declare import System
from ketamind.engine.batch import Floats, Options, Solution, Task
from ketamind.engine.codegen import cache_folder, lanes, load
from ketamind.engine.factorise import lower, values_of
from ketamind.engine.graph import Equations, once_per_system
from ketamind.engine.kernels import Kernels, write
from ketamind.engine.status import OK, Status, stopped, unobservable

KERNELS = ("step", "accept", "dense", "observe")
CHUNK = 1024
MANY = 256
"""From this many patients on, machine code is made for just the parameters in which they differ."""
REASONS = (
    "",
    "the step became too small to go on",
    "its rate has no finite value",
    "it leaves its bounds",
    "it took more steps than max_steps",
    "it does not come to rest before the start",
)


@dataclass(frozen=True)
class Plan:
    """Machine code for one system and choice of observables."""

    system: Equations
    observables: tuple[str, ...]
    kernels: Kernels
    addresses: tuple[int, ...]
    memory: Any

    def places(self) -> Any:
        """The regions of the workspace, as the driver reads them."""
        from ketamind.engine.stepper import Places

        layout, n = self.kernels.layout, len(self.system.states)
        begins = {k: layout.begins[k] * self.kernels.lanes for k in Places._fields if k in layout.begins}
        lengths = {"states": n, "n_kept": len(layout.kept), "inputs": len(self.system.inputs)}
        return Places(**begins, **lengths, observables=len(self.observables))

    def workspace(self, task: Task, options: Options) -> Floats:
        """A thread's workspace, aligned to cache lines, with all that is the same for every patient filled in."""
        layout, w = self.kernels.layout, self.kernels.lanes
        raw = np.zeros(layout.size * w + 8)
        skip = (-raw.ctypes.data // 8) % 8
        work = raw[skip : skip + layout.size * w]
        low, high = self.system.bounds.T
        fill = {"atol": options.tolerance(len(low)), "low": low, "high": high, "rtol": np.array([options.rtol])}
        for name, values in fill.items():
            first = layout.begins[name] * w
            work[first : first + len(values) * w] = np.repeat(values, w)
        first = (layout.begins["input"] + len(self.system.inputs)) * w
        work[first : first + len(self.system.rest) * w] = np.repeat(self.system.rest, w)
        first = layout.begins["common"] * w
        fixed = {k: v for k, v in task.values.items() if not np.ndim(v)}
        work[first : first + len(layout.common)] = values_of(self.kernels.lowered.graph, list(layout.common), fixed)
        return work


@once_per_system
def _plans(system: System) -> "dict[tuple[tuple[str, ...], frozenset[str]], Plan]":
    return {}


def plan_for(system: Equations, observables: tuple[str, ...], varied: frozenset[str]) -> Plan:
    """The machine code for a system, its observables, and the parameters in which patients may differ; made once."""
    plans = _plans(system.system)
    if (observables, varied) not in plans:
        kernels = write(lower(system, observables), lanes(), varied)
        addresses, memory = load(kernels.text, KERNELS)
        plan = Plan(system, observables, kernels, tuple(addresses[k] for k in KERNELS), memory)
        plans[observables, varied] = plan
    return plans[observables, varied]


def varied_in(task: Task) -> frozenset[str]:
    """Parameters in which patients may differ: all in a small task, so that its machine code serves the next one."""
    if task.patients < MANY:
        return frozenset(task.equations.system.parameters)
    return frozenset(k for k, v in task.values.items() if np.ndim(v))


@dataclass(frozen=True)
class Results:
    """Arrays that the driver fills, by patient."""

    values: Floats
    final: Floats
    patients: NDArray[Any]

    @classmethod
    def empty(cls, task: Task) -> "Results":
        """Room for the results of a task."""
        from ketamind.engine.stepper import PATIENT

        patients = np.zeros(task.patients, PATIENT)
        patients["first"], patients["last"] = task.events.first[:-1], task.events.first[1:]
        patients["times"] = np.arange(task.patients) if len(task.times_h) > 1 else 0
        patients["start_h"], patients["end_h"] = task.start_h, task.times_h[patients["times"], -1]
        values = np.empty((task.patients, task.times_h.shape[1], len(task.observables)))
        return cls(values, np.empty((task.patients, len(task.equations.states))), patients)


def events_of(task: Task) -> NDArray[Any]:
    """All events as the driver reads them."""
    from ketamind.engine.stepper import EVENT

    table = np.empty(len(task.events.time_h), EVENT)
    table["time"], table["target"], table["amount"] = task.events.time_h, task.events.target, task.events.amount
    return table


def chunk_of(plan: Plan, task: Task, events: NDArray[Any], results: Results, which: slice) -> Any:
    """Inputs and results of some patients, as the driver reads them."""
    from ketamind.engine.stepper import Chunk

    n = which.stop - which.start
    values = {k: v[which] if np.ndim(v) else v for k, v in task.values.items()}
    kept = columns(values_of(plan.kernels.lowered.graph, list(plan.kernels.layout.kept), values), n)
    if task.start is not None:
        start = np.ascontiguousarray(task.start[which])
    else:
        start = columns(task.equations.graph.numbers([s.initial for s in plan.system.system.states], values), n)
    found = results.patients[which], events, task.times_h, start, kept, results.values[which], results.final[which]
    return Chunk(*found)


def columns(values: list[Any], n: int) -> Floats:
    """One row a patient, one column a value; a number stands for all patients."""
    table = np.empty((n, len(values)))
    for j, value in enumerate(values):
        table[:, j] = value
    return table


@lru_cache(maxsize=1)
def driver() -> Callable[..., None]:
    """The driver, compiled or read from its cache; a damaged cache is thrown away and made anew."""
    from ketamind.engine import stepper

    try:
        _touch(stepper)
    except Exception:  # noqa: BLE001  a damaged cache can raise anything
        shutil.rmtree(cache_folder() / f"driver-{lanes()}", ignore_errors=True)
        _touch(stepper)
    run: Callable[..., None] = stepper.run
    return run


def _touch(stepper: Any) -> None:
    """Call the driver on no patients, so that it is compiled."""
    at = stepper.Places(*([0] * (len(stepper.Places._fields))))
    table, patients, events = np.zeros((0, 1)), np.zeros(0, stepper.PATIENT), np.zeros(0, stepper.EVENT)
    chunk = stepper.Chunk(patients, events, table, table, table, np.zeros((0, 1, 1)), table)
    state, told = np.zeros(stepper.W, stepper.LANE), np.zeros(3, np.int64)
    stepper.run((0, 0, 0, 0), 0, np.zeros(stepper.W), at, chunk, stepper.Settings(1.0, 1, 0.0), state, told)


def solve_compiled(task: Task, options: Options, report: Callable[[int], None] = lambda done: None) -> Solution:
    """Every patient of the task, by the compiled engine; those it gives up on by the oracle."""
    results, _ = integrate(task, options, report)
    failed = np.flatnonzero(results.patients["code"])
    status = [OK] * task.patients
    if len(failed):
        _solve_again(task, options, results, status, failed)
    report(task.patients)
    return Solution(task.observables, results.values.transpose(1, 0, 2), results.final, tuple(status))


def integrate(task: Task, options: Options, report: Callable[[int], None]) -> tuple[Results, int]:
    """Run the kernels over all patients. Returns the results, and the number of steps of a vector of lanes."""
    from ketamind.engine.stepper import LANE, Settings

    plan, run = plan_for(task.equations, task.observables, varied_in(task)), driver()
    at, results, events = plan.places(), Results.empty(task), events_of(task)
    settings = Settings(options.rtol, options.max_steps, options.rest_h if task.rest else 0.0)
    threads = options.threads or processors()
    size = max(lanes(), min(CHUNK, -(-task.patients // (2 * threads))))
    chunks = [slice(i, min(i + size, task.patients)) for i in range(0, task.patients, size)]
    shared = np.zeros((len(chunks), 3), np.int64)

    def solve_chunk(number: int) -> None:
        work = plan.workspace(task, options)
        chunk = chunk_of(plan, task, events, results, chunks[number])
        state = np.zeros(lanes(), LANE)
        run(plan.addresses, work.ctypes.data, work, at, chunk, settings, state, shared[number])

    with ThreadPoolExecutor(min(threads, len(chunks))) as pool:
        futures = [pool.submit(solve_chunk, number) for number in range(len(chunks))]
        try:
            while wait(futures, timeout=0.1).not_done:
                report(int(shared[:, 1].sum()))
        except BaseException:
            shared[:, 0] = 1
            pool.shutdown(cancel_futures=True)
            raise
    for future in futures:
        future.result()
    return results, int(shared[:, 2].sum())


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _solve_again(
    task: Task, options: Options, results: Results, status: list[Status], failed: NDArray[np.int64]
) -> None:
    """The oracle's results for patients that the compiled engine gave up on, the first `options.rescue` of them."""
    from ketamind.engine.oracle import solve_with_scipy

    for i in failed:
        status[i] = _reason(task, results, int(i))
    results.values[failed], results.final[failed] = np.nan, np.nan
    failed = failed[: options.rescue]
    again = solve_with_scipy(task.part(failed), options)
    results.values[failed] = again.values.transpose(1, 0, 2)
    results.final[failed] = again.final_states
    for i, found in zip(failed, again.status, strict=True):
        if found.outcome == "ok":
            reason = f"the compiled engine gave up, as {status[i].reason}; solved by the oracle instead."
            status[i] = replace(status[i], outcome="flagged", reason=reason, cure="")


def _reason(task: Task, results: Results, i: int) -> Status:
    found = results.patients[i]
    code, time, step, state = (found[name] for name in ("code", "time", "step", "state"))
    if code < len(REASONS):
        return stopped(task.equations.states[state], float(time), float(step), REASONS[code])
    finite = np.isfinite(results.values[i]).all(axis=0)
    return unobservable(task.observables[int(np.argmin(finite))])
