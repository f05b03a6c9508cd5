"""The driver of the kernels: one patient a lane, each lane with its own time, step and events.

A lane whose patient has ended takes the next one, so all lanes stay busy. Steps are chosen by Gustafsson's
predictive control (Hairer & Wanner, Solving ODEs II, IV.8), and end at each event, after which integration starts
afresh: between two events the system is autonomous. What a lane computes does not depend on its neighbours.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import llvmlite.ir
import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from ketamind.engine.codegen import cache_folder, lanes

W = lanes()
FIRST_STEP_H = 1e-3
SAFETY, SHRINK, GROW, GROW_FIRST = 0.9, 0.2, 8.0, 50.0
RELATIVE_MIN_STEP = 2e-15
OK, TOO_SMALL, NOT_FINITE, OUT_OF_BOUNDS, MANY_STEPS, NO_REST, UNOBSERVABLE = range(7)
RESTING, RUNNING, LAST_LOOK = 0, 1, 2

WHOLE = ("w", "patient", "phase", "event", "output", "steps", "fresh", "rejected", "ended", "accepted", "pending")
LANE = np.dtype([*((n, "i8") for n in WHOLE), *((n, "f8") for n in ("time", "stop", "reached", "old_h", "old_growth"))])
"""What a lane is at. `ended`: this step reaches the segment's end; `pending`: an output is due within the step."""
PATIENT = np.dtype(
    [(n, "i8") for n in ("first", "last", "times", "code", "state")]
    + [(n, "f8") for n in ("start_h", "end_h", "time", "step")]
)
"""A patient's events (`first` up to `last`), row of times, span; and, if given up, why, where and when."""
EVENT = np.dtype([("time", "f8"), ("target", "i8"), ("amount", "f8")])


class Chunk(NamedTuple):
    """Some patients' data, and where their results go: arrays with a row a patient (events: all, times: a row each)."""

    patients: Any
    events: Any
    times: Any
    start: Any
    kept: Any
    values: Any
    final: Any


class Places(NamedTuple):
    """Where regions of the workspace begin, in doubles, and their lengths in vectors."""

    y: int
    new: int
    kept: int
    input: int
    atol: int
    low: int
    high: int
    observed: int
    h: int
    theta: int
    error: int
    growth: int
    mark: int
    states: int
    n_kept: int
    inputs: int
    observables: int


class Settings(NamedTuple):
    """Numbers that steer the integration."""

    rtol: float
    max_steps: int
    rest_h: float


def _call(typing: Any, function: Any, work: Any) -> Any:
    """Call the kernel at an address on the workspace at another."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte]).as_pointer()
        builder.call(builder.inttoptr(args[0], kind), [builder.inttoptr(args[1], byte)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


F = TypeVar("F", bound=Callable[..., Any])
ir: Any = llvmlite.ir
jit: Any = numba.njit
config: Any = numba.config
call: Any = intrinsic(_call)
# Nothing here owns memory: without numba's reference counts, whose atomic operations would take most of the time.
driver: Callable[[F], F] = jit(nogil=True, cache=True, _nrt=False, no_cfunc_wrapper=True)
part: Callable[[F], F] = jit(nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
folder, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder() / f"driver-{W}")


@part
def begin_segment(work: Any, at: Places, me: Any, patient: Any, events: Any) -> None:
    """Apply the events that are due, or nearer than time can tell apart, and aim at the next one or the end."""
    now = me.time + RELATIVE_MIN_STEP * max(1.0, abs(me.time))
    while me.event < patient.last and events[me.event].time <= now:
        apply(work, at, me.w, events[me.event].target, events[me.event].amount)
        me.event += 1
    me.stop, me.steps = patient.end_h, 0
    if me.event < patient.last:
        me.stop = min(me.stop, events[me.event].time)
    me.phase = RUNNING if me.stop > now else LAST_LOOK
    if me.phase == LAST_LOOK:
        me.time = me.stop
    restart(work, at, me)


@part
def apply(work: Any, at: Places, w: int, target: int, amount: float) -> None:
    """One event. An input with no step active is at rest exactly."""
    if target < at.states:
        work[at.y + target * W + w] += amount
        return
    begins = target < at.states + at.inputs
    k = target - at.states if begins else target - at.states - at.inputs
    level, between = at.input + k * W + w, at.inputs * W
    rest, active = level + between, level + 2 * between
    work[active] += 1.0 if begins else -1.0
    work[level] += amount if begins else -amount
    if work[active] == 0:
        work[level] = work[rest]


@part
def restart(work: Any, at: Places, me: Any) -> None:
    me.fresh, me.rejected = 1, 0
    work[at.h + me.w] = FIRST_STEP_H
    clip(work, at, me)


@part
def clip(work: Any, at: Places, me: Any) -> None:
    """End the step at the segment's end if it would come near it."""
    left, h = me.stop - me.time, work[at.h + me.w]
    me.ended = 0
    if h >= 0.999 * left:
        me.ended = 1
        work[at.h + me.w] = left if left > 0 else FIRST_STEP_H
    elif 2 * h > left:
        work[at.h + me.w] = 0.5 * left


@part
def load(work: Any, at: Places, settings: Settings, me: Any, p: int, chunk: Chunk) -> None:
    """Put patient p in a lane."""
    w, patient = me.w, chunk.patients[p]
    me.patient, me.event, me.output, me.steps = p, patient.first, 0, 0
    for i in range(at.states):
        work[at.y + i * W + w] = chunk.start[p, i]
    for i in range(at.n_kept):
        work[at.kept + i * W + w] = chunk.kept[p, i]
    for k in range(at.inputs):
        work[at.input + k * W + w] = work[at.input + (at.inputs + k) * W + w]
        work[at.input + (2 * at.inputs + k) * W + w] = 0.0
    if settings.rest_h > 0:
        me.phase, me.time, me.stop = RESTING, 0.0, settings.rest_h
        restart(work, at, me)
    else:
        me.time = patient.start_h
        begin_segment(work, at, me, patient, chunk.events)


@part
def judge(work: Any, at: Places, settings: Settings, me: Any) -> int:
    """Accept or reject a lane's step. Returns the reason why its patient must be given up, or OK."""
    w = me.w
    me.accepted = 0
    me.steps += 1
    if me.phase == LAST_LOOK:
        return OK
    error, h = work[at.error + w], work[at.h + w]
    if error <= 1.0:
        me.accepted = 1
        me.reached = me.stop if me.ended else me.time + h
    elif h <= RELATIVE_MIN_STEP * max(1.0, abs(me.time)):
        return TOO_SMALL if error > 1.0 else NOT_FINITE
    if me.steps >= settings.max_steps:
        return NO_REST if me.phase == RESTING else MANY_STEPS
    return OK


@part
def next_step(work: Any, at: Places, me: Any) -> None:
    """The size of the next step, from the error of this one."""
    h, growth = work[at.h + me.w], work[at.growth + me.w]
    if not me.accepted:
        finite = work[at.error + me.w] < np.inf
        work[at.h + me.w] = h * (max(SHRINK, min(SAFETY * growth, 0.9)) if finite else 0.1)
        me.rejected = 1
        return
    factor = SAFETY * growth
    if not me.fresh:
        factor = min(factor, factor * h / me.old_h * growth / me.old_growth)
    factor = max(SHRINK, min(factor, GROW_FIRST if me.fresh else GROW))
    work[at.h + me.w] = h * (min(factor, 1.0) if me.rejected else factor)
    me.old_h, me.old_growth, me.fresh, me.rejected = h, growth, 0, 0


@part
def give_up(work: Any, at: Places, settings: Settings, me: Any, patient: Any, code: int) -> None:
    """Note why, when and where (the state that moves fastest, or leaves its bounds) a patient failed."""
    worst, w = -1.0, me.w
    for i in range(at.states):
        old, new = work[at.y + i * W + w], work[at.new + i * W + w]
        allowed = work[at.atol + i * W + w] + settings.rtol * abs(old)
        out = max(work[at.low + i * W + w] - new, new - work[at.high + i * W + w])
        if code == TOO_SMALL and out > allowed:
            code, worst = OUT_OF_BOUNDS, -1.0
        speed = (out if code == OUT_OF_BOUNDS else abs(new - old)) / allowed
        speed = speed if np.isfinite(new) else np.inf
        if speed > worst:
            worst, patient.state = speed, i
    patient.code, patient.time, patient.step = code, me.time, work[at.h + w]


@part
def due(me: Any, patient: Any, times: Any) -> bool:
    """Whether an output falls within the step (or at its end, if nothing more happens there)."""
    if me.phase == RESTING or me.output >= times.shape[1]:
        return False
    time = times[patient.times, me.output]
    if me.phase == LAST_LOOK:
        return bool(time <= me.time)
    final = me.ended == 1 and me.event == patient.last
    return bool(time < me.reached or (final and time <= me.reached))


@part
def give_outputs(observe: int, address: int, work: Any, at: Places, state: Any, chunk: Chunk) -> None:
    """Observables at all times within the steps just made."""
    some = True
    while some:
        for me in state:
            work[at.theta + me.w] = 0.0
            if me.pending and me.phase == RUNNING:
                time = chunk.times[chunk.patients[me.patient].times, me.output]
                # A step may end where it began, if what is left of a segment is less than time can tell apart.
                span = me.reached - me.time
                work[at.theta + me.w] = min(1.0, (time - me.time) / span) if span > 0 else 1.0
        call(observe, address)
        some = False
        for me in state:
            if me.pending:
                patient = chunk.patients[me.patient]
                for j in range(at.observables):
                    value = work[at.observed + j * W + me.w]
                    chunk.values[me.patient, me.output, j] = value
                    if not np.isfinite(value):
                        patient.code = UNOBSERVABLE
                me.output += 1
                me.pending = due(me, patient, chunk.times)
                some = some or me.pending == 1


@part
def move_on(work: Any, at: Places, me: Any, patient: Any, chunk: Chunk) -> bool:
    """After a step: the next step, the next segment, or the end. Returns whether the patient is done."""
    if me.phase == LAST_LOOK:
        return True
    if me.accepted:
        me.time = me.reached
    if not (me.accepted and me.ended):
        next_step(work, at, me)
        clip(work, at, me)
        return False
    if me.phase == RESTING:
        me.time = patient.start_h
    elif me.event == patient.last:
        return True
    begin_segment(work, at, me, patient, chunk.events)
    return bool(me.phase == LAST_LOOK and me.output >= chunk.times.shape[1])


@part
def after_step(work: Any, at: Places, settings: Settings, me: Any, chunk: Chunk) -> bool:
    """Judge a lane's step. Returns whether it has outputs to give."""
    me.pending, work[at.mark + me.w] = 0, 0.0
    if me.patient < 0:
        return False
    patient = chunk.patients[me.patient]
    code = judge(work, at, settings, me)
    if code != OK:
        give_up(work, at, settings, me, patient, code)
        return False
    work[at.mark + me.w] = me.accepted
    if me.accepted or me.phase == LAST_LOOK:
        me.pending = due(me, patient, chunk.times)
    return bool(me.pending)


@part
def finished(work: Any, at: Places, me: Any, chunk: Chunk) -> bool:
    """Whether a lane is free for another patient; the states at the end are noted."""
    if me.patient < 0:
        return False
    patient = chunk.patients[me.patient]
    if patient.code == OK or patient.code == UNOBSERVABLE:
        if not move_on(work, at, me, patient, chunk):
            return False
        for i in range(at.states):
            chunk.final[me.patient, i] = work[at.y + i * W + me.w]
    return True


@driver
def run(
    kernels: tuple[int, ...],
    address: int,
    work: Any,
    at: Places,
    chunk: Chunk,
    settings: Settings,
    state: Any,
    told: Any,
) -> None:
    """Solve all patients of a chunk. `told` holds: stop now (set from outside), patients done, steps made."""
    step, accept, dense, observe = kernels
    count, following, live = chunk.start.shape[0], 0, 0
    for w in range(W):
        me = state[w]
        me.w, me.patient, work[at.h + w] = w, -1, FIRST_STEP_H
        if following < count:
            load(work, at, settings, me, following, chunk)
            following, live = following + 1, live + 1
    while live > 0 and told[0] == 0:
        call(step, address)
        told[2] += 1
        some = False
        for me in state:
            some = after_step(work, at, settings, me, chunk) or some
        if some:
            call(dense, address)
            give_outputs(observe, address, work, at, state, chunk)
        call(accept, address)
        for me in state:
            if finished(work, at, me, chunk):
                told[1] += 1
                if following < count:
                    load(work, at, settings, me, following, chunk)
                    following += 1
                else:
                    me.patient, live = -1, live - 1


config.CACHE_DIR = folder
