"""What is asked of an engine and what it gives back: batches of patients, schedules of events, solutions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketamind.declare import Model
from ketamind.engine.graph import Equations, equations
from ketamind.engine.status import Status
from ketamind.errors import BadValue, SolveFailed, unknown_name

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Jump:
    """`amount` added to a state at one instant: a bolus. In a schedule for all it may be an array, one a patient."""

    time_h: float
    state: str
    amount: float | Floats


@dataclass(frozen=True)
class Step:
    """`value` added to an external input from `start_h` to `stop_h`: an infusion, a stress. Steps may overlap.

    In a schedule for all, `value` may be an array, one a patient.
    """

    start_h: float
    stop_h: float
    wire: str
    value: float | Floats


@dataclass(frozen=True)
class Schedule:
    """The events of one patient, in any order."""

    jumps: Sequence[Jump] = ()
    steps: Sequence[Step] = ()


@dataclass(frozen=True)
class Batch:
    """Patients to be solved together.

    times_h     : increasing, (n_times,) for all or (n_patients, n_times); may be negative
    observables : names of model outputs or of states (`component.symbol`)
    schedules   : one for all, or one a patient
    values      : parameter name -> number, or array (n_patients,); the model's own value otherwise
    start_h     : where integration starts; by default at 0, the first event or the first time, whichever is first
    rest        : bring each patient to the steady state, with external inputs at rest, before `start_h`;
                  otherwise states start at their declared initial values
    start       : (n_patients, n_states) states at `start_h`, in place of either
    patients    : how many, where nothing else tells
    """

    times_h: ArrayLike
    observables: Sequence[str]
    schedules: Schedule | Sequence[Schedule] = field(default_factory=Schedule)
    values: Mapping[str, ArrayLike] = field(default_factory=dict)
    start_h: float | None = None
    rest: bool = True
    start: ArrayLike | None = None
    patients: int | None = None


@dataclass(frozen=True)
class Options:
    """How to solve.

    rtol, atol : tolerance of the local error; atol (a number, or one a state) is 1e-2 * rtol unless given
    threads    : how many; by default one for each processor this process may use
    engine     : "compiled", or "oracle" (SciPy: slow, the reference)
    progress   : called with (patients done, patients in all)
    max_steps  : steps that one patient may take between two events
    rescue     : how many patients that the compiled engine gives up on the oracle may solve again
    rest_h     : how long a patient without events is given to come to rest
    """

    rtol: float = 1e-5
    atol: float | Sequence[float] | None = None
    threads: int | None = None
    engine: Literal["compiled", "oracle"] = "compiled"
    progress: Callable[[int, int], None] | None = None
    max_steps: int = 100_000
    rescue: int = 200
    rest_h: float = 1e5

    def tolerance(self, n_states: int) -> Floats:
        """Absolute tolerance of each state."""
        given = 1e-2 * self.rtol if self.atol is None else self.atol
        return np.full(n_states, given, dtype=float)


@dataclass(frozen=True)
class Solution:
    """values (n_times, n_patients, n_observables), NaN only for failed patients; states at the end; a status each.

    A value at the very time of an event is that just after it.
    """

    observables: tuple[str, ...]
    values: Floats
    final_states: Floats
    status: tuple[Status, ...]

    def __getitem__(self, observable: str) -> Floats:
        """One observable, (n_times, n_patients). Raises UnknownName."""
        if observable not in self.observables:
            raise unknown_name(observable, "an observable of this solution", self.observables)
        return self.values[:, :, self.observables.index(observable)]

    def require(self) -> "Solution":
        """This solution, if no patient failed. Raises SolveFailed naming the first that did."""
        failed = [i for i, s in enumerate(self.status) if s.outcome == "failed"]
        if failed:
            more = f" ({len(failed)} of {len(self.status)} patients failed)" if len(failed) > 1 else ""
            raise SolveFailed(f"patient {failed[0]} {self.status[failed[0]]}{more}")
        return self


@dataclass(frozen=True)
class Events:
    """All patients' events in order of time: those of patient i are `first[i]` to `first[i + 1]`.

    `target` is a state (jump by `amount`), or n_states + an input (step of `amount` begins), or n_states +
    n_inputs + an input (it ends).
    """

    first: NDArray[np.int64]
    time_h: Floats
    target: NDArray[np.int64]
    amount: Floats


@dataclass(frozen=True)
class Task:
    """A batch that was checked, laid out as arrays by position."""

    equations: Equations
    observables: tuple[str, ...]
    patients: int
    times_h: Floats
    start_h: Floats
    events: Events
    values: Mapping[str, Any]
    start: Floats | None
    rest: bool

    def part(self, which: NDArray[np.int64]) -> "Task":
        """The task of some patients only."""
        first = self.events.first
        counts = (first[1:] - first[:-1])[which]
        take = np.concatenate([np.arange(first[i], first[i + 1]) for i in which]) if len(which) else first[:0]
        events = Events(
            _starts(counts), *(a[take] for a in (self.events.time_h, self.events.target, self.events.amount))
        )
        return Task(
            equations=self.equations,
            observables=self.observables,
            patients=len(which),
            times_h=self.times_h[which] if len(self.times_h) > 1 else self.times_h,
            start_h=self.start_h[which],
            events=events,
            values={k: v[which] if np.ndim(v) else v for k, v in self.values.items()},
            start=None if self.start is None else self.start[which],
            rest=self.rest,
        )


def prepare(model: Model, batch: Batch) -> Task:
    """The batch as arrays. Raises UnknownName or BadValue saying which entry is wrong."""
    system = equations(model.system)
    observables = tuple(batch.observables)
    for name in observables:
        system.observable(name)
    patients = _count(batch)
    values = {**model.defaults, **{k: _value(k, v, patients, model.defaults) for k, v in batch.values.items()}}
    times = _times(batch, patients)
    events = _events(system, batch, patients)
    start_h = _start_times(batch, times, events, patients)
    if batch.start_h is not None and _any_jump_before(events, start_h, len(system.states)):
        raise BadValue(f"a jump stands before start_h={batch.start_h:g} h; start earlier, or leave it out.")
    return Task(
        equations=system,
        observables=observables,
        patients=patients,
        times_h=times,
        start_h=start_h,
        events=_within(events, start_h, np.broadcast_to(times[:, -1], (patients,)), system),
        values=values,
        start=_start_states(batch, patients, system),
        rest=batch.rest and batch.start is None,
    )


def _count(batch: Batch) -> int:
    told = {f"values['{k}']": len(np.asarray(v)) for k, v in batch.values.items() if np.ndim(v) == 1}
    if not isinstance(batch.schedules, Schedule):
        told["schedules"] = len(batch.schedules)
    if batch.start is not None:
        told["start"] = len(np.atleast_2d(np.asarray(batch.start)))
    if np.ndim(batch.times_h) == 2:
        told["times_h"] = len(np.asarray(batch.times_h))
    if batch.patients is not None:
        told["patients"] = int(batch.patients)
    if len(set(told.values())) > 1:
        raise BadValue(
            "the batch is for different numbers of patients: " + ", ".join(f"{k} {n}" for k, n in told.items())
        )
    count = next(iter(told.values()), 1)
    if count < 1:
        raise BadValue("a batch needs at least one patient.")
    return count


def _value(name: str, given: ArrayLike, patients: int, known: Mapping[str, float]) -> Any:
    if name not in known:
        raise unknown_name(name, "a parameter of this model", known)
    array = np.asarray(given, dtype=float)
    if array.ndim > 1:
        raise BadValue(f"values['{name}'] must be a number or one a patient ({patients}); it has shape {array.shape}.")
    if not np.isfinite(array).all():
        raise BadValue(f"values['{name}'] has a value that is not finite; give numbers.")
    return array if array.ndim else float(array)


def _times(batch: Batch, patients: int) -> Floats:
    times = np.atleast_2d(np.asarray(batch.times_h, dtype=float))
    if times.ndim > 2 or times.shape[1] == 0 or not np.isfinite(times).all():
        raise BadValue("times_h must hold at least one time, all finite, as (n_times,) or (n_patients, n_times).")
    if (np.diff(times, axis=1) <= 0).any():
        raise BadValue("times_h must increase from each time to the next.")
    checked: Floats = np.ascontiguousarray(times)
    return checked


def _start_states(batch: Batch, patients: int, system: Equations) -> Floats | None:
    if batch.start is None:
        return None
    start = np.atleast_2d(np.asarray(batch.start, dtype=float))
    if start.shape != (patients, len(system.states)):
        raise BadValue(f"start must have shape {(patients, len(system.states))}; it has {start.shape}.")
    if not np.isfinite(start).all():
        raise BadValue("start has a value that is not finite; give numbers.")
    return start


def _start_times(batch: Batch, times: Floats, events: Events, patients: int) -> Floats:
    first_time = np.broadcast_to(times[:, 0], (patients,))
    if batch.start_h is not None:
        if not np.isfinite(batch.start_h) or (first_time < batch.start_h).any():
            raise BadValue(f"start_h={batch.start_h} must be finite and not after the first of times_h.")
        return np.full(patients, float(batch.start_h))
    earliest = np.full(patients, 0.0)
    some = events.first[1:] > events.first[:-1]
    earliest[some] = events.time_h[events.first[:-1][some]]
    found: Floats = np.minimum(np.minimum(earliest, 0.0), first_time)
    return found


def _any_jump_before(events: Events, start_h: Floats, n_states: int) -> bool:
    owner = np.repeat(np.arange(len(start_h)), np.diff(events.first))
    return bool(((events.time_h < start_h[owner]) & (events.target < n_states)).any())


def _events(system: Equations, batch: Batch, patients: int) -> Events:
    """The events of each patient, sorted by time."""
    if isinstance(batch.schedules, Schedule):
        return _shared_events(_rows(system, 0, batch.schedules), patients)
    schedules = list(batch.schedules)
    rows: list[tuple[int, float, int, float | Floats]] = []
    for owner, schedule in enumerate(schedules):
        rows += _rows(system, owner, schedule)
    if any(isinstance(row[3], np.ndarray) and row[3].ndim for row in rows):
        raise BadValue("an amount for each patient belongs in a schedule for all; here each patient has a schedule.")
    table = np.array(rows, dtype=float).reshape(-1, 4)
    table = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
    counts = np.bincount(table[:, 0].astype(np.int64), minlength=len(schedules))
    _, time_h, target, amount = (np.ascontiguousarray(c) for c in table.T)
    return Events(_starts(counts), time_h, target.astype(np.int64), amount)


def _shared_events(rows: "list[tuple[int, float, int, float | Floats]]", patients: int) -> Events:
    """The same events for every patient; amounts may be their own."""
    for row in rows:
        if np.ndim(row[3]) and np.shape(row[3]) != (patients,):
            raise BadValue(
                f"an amount of shape {np.shape(row[3])} was given for {patients} patients; give one a patient."
            )
    rows = sorted(rows, key=lambda row: row[1:3])
    time_h, target = np.array([row[1] for row in rows]), np.array([row[2] for row in rows], dtype=np.int64)
    amounts = np.empty((patients, len(rows)))
    for column, row in enumerate(rows):
        amounts[:, column] = row[3]
    counts = np.full(patients, len(rows))
    return Events(_starts(counts), np.tile(time_h, patients), np.tile(target, patients), amounts.ravel())


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _rows(system: Equations, owner: int, schedule: Schedule) -> list[tuple[int, float, int, float | Floats]]:
    states, inputs = system.system.state_index, system.inputs
    rows: list[tuple[int, float, int, float | Floats]] = []
    for jump in schedule.jumps:
        if jump.state not in states:
            raise unknown_name(jump.state, "a state of this model", states)
        _finite(jump, jump.time_h, jump.amount)
        rows.append((owner, jump.time_h, states[jump.state], jump.amount))
    for step in schedule.steps:
        if step.wire not in inputs:
            raise unknown_name(step.wire, "an external input of this model", inputs)
        _finite(step, step.start_h, step.stop_h, step.value)
        if step.stop_h <= step.start_h:
            raise BadValue(f"{step} must stop after it starts.")
        place = len(states) + inputs.index(step.wire)
        rows.append((owner, step.start_h, place, step.value))
        rows.append((owner, step.stop_h, place + len(inputs), step.value))
    return rows


def _finite(event: Jump | Step, *numbers: float | Floats) -> None:
    if not all(isfinite(n) if isinstance(n, (int, float)) else np.isfinite(n).all() for n in numbers):
        raise BadValue(f"{event} has a value that is not finite; give numbers.")


def _within(events: Events, start_h: Floats, end_h: Floats, system: Equations) -> Events:
    """Events that matter between start and end; a step under way at the start begins there."""
    owner = np.repeat(np.arange(len(start_h)), np.diff(events.first))
    time = np.maximum(events.time_h, start_h[owner])
    keep = events.time_h <= end_h[owner]
    counts = np.bincount(owner[keep], minlength=len(start_h))
    return Events(_starts(counts), time[keep], events.target[keep], events.amount[keep])
