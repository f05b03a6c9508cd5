"""The driver of the kernels: one patient a lane, each lane with its own time, step and events.

A lane whose patient has ended takes the next one, so all lanes stay busy. Steps are chosen by Gustafsson's
predictive control (Hairer & Wanner, Solving ODEs II, IV.8), and end at each event, after which integration starts
afresh: between two events the system is autonomous. What a lane computes does not depend on its neighbours.
"""

from typing import Any, NamedTuple

import llvmlite.ir
import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from ketamind.engine.codegen import cache_folder, lanes

W = lanes()
FIRST_STEP_H = 1e-4
SAFETY, SHRINK, GROW, GROW_FIRST = 0.9, 0.2, 8.0, 50.0
RELATIVE_MIN_STEP = 2e-15
OK, TOO_SMALL, NOT_FINITE, OUT_OF_BOUNDS, MANY_STEPS, NO_REST, UNOBSERVABLE = range(7)
RESTING, RUNNING, LAST_LOOK = 0, 1, 2


class Chunk(NamedTuple):
    """Some patients' data, and where their results go; all arrays have a row (or an entry) a patient."""

    start: Any
    kept: Any
    times: Any
    start_h: Any
    first: Any
    event_h: Any
    target: Any
    amount: Any
    values: Any
    final: Any
    code: Any
    where: Any


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


class Lane(NamedTuple):
    """What each lane is at: arrays with an entry a lane."""

    patient: Any
    phase: Any
    event: Any
    output: Any
    steps: Any
    fresh: Any
    rejected: Any
    ended: Any
    time: Any
    stop: Any
    old_step: Any
    old_growth: Any
    active: Any


def _call(typing: Any, function: Any, work: Any) -> Any:
    """Call the kernel at an address on the workspace at another."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte]).as_pointer()
        builder.call(builder.inttoptr(args[0], kind), [builder.inttoptr(args[1], byte)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


ir: Any = llvmlite.ir
call: Any = intrinsic(_call)
config: Any = numba.config
folder, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder() / f"driver-{W}")
driver = numba.njit(nogil=True, cache=True, _nrt=False, no_cfunc_wrapper=True)
part = numba.njit(nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@part
def last_time(chunk: Chunk, p: int) -> Any:
    row = p if chunk.times.shape[0] > 1 else 0
    return chunk.times[row, chunk.times.shape[1] - 1]


@part
def wanted_time(chunk: Chunk, p: int, k: int) -> Any:
    row = p if chunk.times.shape[0] > 1 else 0
    return chunk.times[row, k]


@part
def begin_segment(work: Any, at: Places, chunk: Chunk, lane: Lane, w: int) -> None:
    """Apply the events that are due, and aim at the next one or the end."""
    p = lane.patient[w]
    while lane.event[w] < chunk.first[p + 1] and chunk.event_h[lane.event[w]] <= lane.time[w]:
        target, amount = chunk.target[lane.event[w]], chunk.amount[lane.event[w]]
        lane.event[w] += 1
        if target < at.states:
            work[at.y + target * W + w] += amount
            continue
        begins = target < at.states + at.inputs
        k = target - at.states if begins else target - at.states - at.inputs
        lane.active[k, w] += 1 if begins else -1
        level = work[at.input + k * W + w] + (amount if begins else -amount)
        work[at.input + k * W + w] = level if lane.active[k, w] > 0 else lane_rest(work, at, k)
    stop = last_time(chunk, p)
    if lane.event[w] < chunk.first[p + 1]:
        stop = min(stop, chunk.event_h[lane.event[w]])
    lane.stop[w] = stop
    restart(work, at, lane, w)
    if stop <= lane.time[w]:
        lane.phase[w] = LAST_LOOK


@part
def lane_rest(work: Any, at: Places, k: int) -> Any:
    """The level of an input at rest, kept behind the lanes' inputs."""
    return work[at.input + (at.inputs + k) * W]


@part
def restart(work: Any, at: Places, lane: Lane, w: int) -> None:
    lane.fresh[w], lane.rejected[w], lane.ended[w] = 1, 0, 0
    work[at.h + w] = FIRST_STEP_H
    clip(work, at, lane, w)


@part
def clip(work: Any, at: Places, lane: Lane, w: int) -> None:
    """End the step at the segment's end if it would come near it."""
    left = lane.stop[w] - lane.time[w]
    h = work[at.h + w]
    lane.ended[w] = 0
    if h >= 0.999 * left:
        lane.ended[w] = 1
        work[at.h + w] = left if left > 0 else FIRST_STEP_H
    elif 2 * h > left:
        work[at.h + w] = 0.5 * left


@part
def load(work: Any, at: Places, chunk: Chunk, settings: Settings, lane: Lane, w: int, p: int) -> None:
    """Put patient p in lane w."""
    lane.patient[w], lane.event[w], lane.output[w], lane.steps[w] = p, chunk.first[p], 0, 0
    for i in range(at.states):
        work[at.y + i * W + w] = chunk.start[p, i]
    for i in range(at.n_kept):
        work[at.kept + i * W + w] = chunk.kept[p, i]
    for k in range(at.inputs):
        work[at.input + k * W + w] = lane_rest(work, at, k)
        lane.active[k, w] = 0
    if settings.rest_h > 0:
        lane.phase[w], lane.time[w], lane.stop[w] = RESTING, 0.0, settings.rest_h
        restart(work, at, lane, w)
    else:
        lane.phase[w], lane.time[w] = RUNNING, chunk.start_h[p]
        begin_segment(work, at, chunk, lane, w)


@part
def next_step(work: Any, at: Places, lane: Lane, w: int, accepted: bool) -> None:
    """The size of the next step, from the error of this one."""
    h, growth = work[at.h + w], work[at.growth + w]
    if not work[at.error + w] < np.inf:
        growth = 0.0
    if not accepted:
        work[at.h + w] = h * max(SHRINK if growth > 0 else 0.1, min(SAFETY * growth, 0.9))
        lane.rejected[w] = 1
        return
    factor = SAFETY * growth
    if not lane.fresh[w]:
        factor = min(factor, SAFETY * h / lane.old_step[w] * growth * growth / lane.old_growth[w])
    factor = max(SHRINK, min(factor, GROW_FIRST if lane.fresh[w] else GROW))
    if lane.rejected[w]:
        factor = min(factor, 1.0)
    lane.old_step[w], lane.old_growth[w] = h, growth
    lane.fresh[w], lane.rejected[w] = 0, 0
    work[at.h + w] = h * factor


@part
def give_up(work: Any, at: Places, chunk: Chunk, settings: Settings, lane: Lane, w: int, code: int) -> None:
    """Note why, when and where (the state that moves fastest, or leaves its bounds) a patient failed."""
    p = lane.patient[w]
    worst, fastest = -1.0, 0
    for i in range(at.states):
        old, new = work[at.y + i * W + w], work[at.new + i * W + w]
        allowed = work[at.atol + i * W + w] + settings.rtol * abs(old)
        speed = abs(new - old) / allowed
        out = max(work[at.low + i * W + w] - new, new - work[at.high + i * W + w])
        if code == TOO_SMALL and out > allowed:
            code, worst = OUT_OF_BOUNDS, -1.0
        if code == OUT_OF_BOUNDS:
            speed = out / allowed
        if not np.isfinite(new):
            speed = np.inf
        if speed > worst:
            worst, fastest = speed, i
    chunk.code[p] = code
    chunk.where[p, 0], chunk.where[p, 1], chunk.where[p, 2] = lane.time[w], work[at.h + w], fastest


@part
def due(chunk: Chunk, lane: Lane, w: int, t_new: Any) -> Any:
    """Whether lane w has an output to give before t_new (or at it, if nothing more happens there)."""
    p, k = lane.patient[w], lane.output[w]
    if lane.phase[w] == RESTING or k >= chunk.times.shape[1]:
        return False
    time = wanted_time(chunk, p, k)
    if lane.phase[w] == LAST_LOOK:
        return time <= lane.time[w]
    final = lane.ended[w] and lane.event[w] == chunk.first[p + 1]
    return time < t_new or (final and time <= t_new)


@part
def give_outputs(
    observe: int, work_address: int, work: Any, at: Places, chunk: Chunk, lane: Lane, t_new: Any, pending: Any
) -> None:
    """Observables at all times within the steps just made."""
    some = True
    while some:
        for w in range(W):
            work[at.theta + w] = 0.0
            if pending[w] and lane.phase[w] == RUNNING:
                time = wanted_time(chunk, lane.patient[w], lane.output[w])
                work[at.theta + w] = min(1.0, (time - lane.time[w]) / (t_new[w] - lane.time[w]))
        call(observe, work_address)
        some = False
        for w in range(W):
            if pending[w]:
                p, k = lane.patient[w], lane.output[w]
                for j in range(at.observables):
                    value = work[at.observed + j * W + w]
                    chunk.values[p, k, j] = value
                    if not np.isfinite(value):
                        chunk.code[p] = UNOBSERVABLE
                lane.output[w] += 1
                pending[w] = due(chunk, lane, w, t_new[w])
                some = some or pending[w]


@part
def judge(work: Any, at: Places, chunk: Chunk, settings: Settings, lane: Lane, w: int, t_new: Any) -> int:
    """Accept or reject the step of lane w. Returns whether the patient must be given up, and why."""
    work[at.mark + w] = 0.0
    lane.steps[w] += 1
    error, h = work[at.error + w], work[at.h + w]
    if lane.phase[w] == LAST_LOOK:
        return OK
    if error <= 1.0:
        work[at.mark + w] = 1.0
        t_new[w] = lane.stop[w] if lane.ended[w] else lane.time[w] + h
    elif h <= RELATIVE_MIN_STEP * max(1.0, abs(lane.time[w])):
        return TOO_SMALL if error > 1.0 else NOT_FINITE
    if lane.steps[w] >= settings.max_steps:
        return NO_REST if lane.phase[w] == RESTING else MANY_STEPS
    return OK


@part
def move_on(work: Any, at: Places, chunk: Chunk, settings: Settings, lane: Lane, w: int, t_new: Any) -> Any:
    """After a step: the next step, the next segment, or the end. Returns whether the patient is done."""
    if lane.phase[w] == LAST_LOOK:
        return True
    accepted = work[at.mark + w] > 0
    ended = accepted and lane.ended[w]
    if accepted:
        lane.time[w] = t_new[w]
    if not ended:
        next_step(work, at, lane, w, accepted)
        clip(work, at, lane, w)
        return False
    p = lane.patient[w]
    if lane.phase[w] == RESTING:
        lane.phase[w], lane.time[w], lane.steps[w] = RUNNING, chunk.start_h[p], 0
    elif lane.event[w] == chunk.first[p + 1]:
        return True
    begin_segment(work, at, chunk, lane, w)
    return lane.phase[w] == LAST_LOOK and lane.output[w] >= chunk.times.shape[1]


@part
def finish(work: Any, at: Places, chunk: Chunk, lane: Lane, w: int) -> None:
    for i in range(at.states):
        chunk.final[lane.patient[w], i] = work[at.y + i * W + w]


def new_lanes(inputs: int) -> Lane:
    none, zero = np.full(W, -1, np.int64), np.zeros((7, W), np.int64)
    times, ones = np.zeros((2, W)), np.ones((2, W))
    return Lane(
        none, zero[0], zero[1], zero[2], zero[3], zero[4], zero[5], zero[6],
        times[0], times[1], ones[0], ones[1], np.zeros((inputs, W), np.int64),
    )  # fmt: skip


@driver
def run(
    step: int,
    accept: int,
    dense: int,
    observe: int,
    work_address: int,
    work: Any,
    at: Places,
    chunk: Chunk,
    settings: Settings,
    lane: Lane,
    t_new: Any,
    pending: Any,
    shared: Any,
) -> None:
    """Solve all patients of a chunk. `shared` holds: stop now (set from outside), patients done, steps made."""
    count, following, live = chunk.start.shape[0], 0, 0
    for w in range(W):
        work[at.h + w] = FIRST_STEP_H
        if following < count:
            load(work, at, chunk, settings, lane, w, following)
            following += 1
            live += 1
    while live > 0 and shared[0] == 0:
        call(step, work_address)
        shared[2] += 1
        some = False
        for w in range(W):
            pending[w] = False
            work[at.mark + w] = 0.0
            if lane.patient[w] < 0:
                continue
            code = judge(work, at, chunk, settings, lane, w, t_new)
            if code != OK:
                give_up(work, at, chunk, settings, lane, w, code)
                lane.steps[w] = -1
            elif work[at.mark + w] > 0 or lane.phase[w] == LAST_LOOK:
                pending[w] = due(chunk, lane, w, t_new[w])
                some = some or pending[w]
        if some:
            call(dense, work_address)
            give_outputs(observe, work_address, work, at, chunk, lane, t_new, pending)
        call(accept, work_address)
        for w in range(W):
            if lane.patient[w] < 0:
                continue
            gone = lane.steps[w] < 0
            if gone or move_on(work, at, chunk, settings, lane, w, t_new):
                if not gone:
                    finish(work, at, chunk, lane, w)
                shared[1] += 1
                if following < count:
                    load(work, at, chunk, settings, lane, w, following)
                    following += 1
                else:
                    lane.patient[w] = -1
                    live -= 1


config.CACHE_DIR = folder
