"""The reference engine: SciPy's implicit integrators on plain Python code written from the equations.

Slow and independent of the compiled engine: it is what that one is tested against, and what solves the patients
that one gives up on. Integration restarts at every event, so that none is stepped over.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import LSODA, Radau  # type: ignore[attr-defined]

from ketamind.declare import System
from ketamind.declare.expression import Expression
from ketamind.engine.batch import Floats, Options, Solution, Task
from ketamind.engine.graph import Calculus, Equations, equations, once_per_system
from ketamind.engine.status import OK, Status, stopped, unobservable

LSODA_MARGIN = 0.01
"""LSODA's global error on these models is about a hundred times its rtol."""

RELATIVE_MIN_STEP = 2e-15
"""Events nearer than this, relative to the time (at least an hour), are one."""

SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
Function = Callable[[float, Floats], Floats]


def _scalar_exp(x: float) -> float:
    return math.exp(x) if x < 709.0 else math.inf


SCALAR = {
    "exp": _scalar_exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "pow": math.pow,
    "abs": abs,
    "max": max,
    "min": min,
    "greater": lambda a, b: 1.0 if a > b else 0.0,
    "array": np.array,
    "inf": math.inf,
}


def statement(graph: Calculus, node: int, name: Callable[[int], str]) -> str:
    """One node as a Python expression of its arguments' names."""
    op, args, _ = graph.nodes[node]
    if op in SIGNS:
        return f"{name(args[0])} {SIGNS[op]} {name(args[1])}"
    return f"-{name(args[0])}" if op == "neg" else f"{op}({', '.join(map(name, args))})"


def python_source(system: Equations) -> str:
    """A function of parameters and inputs that gives rates and Jacobian entries as functions of the states."""
    graph, names = system.graph, _names(system)
    entries = list(system.jacobian.values())
    moving = _moving(graph, [*system.rates, *entries], set(system.states))
    fixed = [n for n in graph.reachable([*system.rates, *entries]) if n not in moving]
    lines = ["def make(p, u):", *_body(graph, fixed, names, 1)]
    for title, wanted in (("rates", list(system.rates)), ("entries", entries)):
        lines += [f"    def {title}(x):"]
        lines += _body(graph, [n for n in graph.reachable(wanted) if n in moving], names, 2)
        lines += [f"        return [{', '.join(names(e.id) for e in wanted)}]"]
    return "\n".join([*lines, "    return rates, entries"])


def _names(system: Equations) -> Callable[[int], str]:
    index: dict[str, str] = {n: f"x[{i}]" for i, n in enumerate(system.states)}
    index |= {n: f"p[{i}]" for i, n in enumerate(system.system.parameters)}
    index |= {n: f"u[{i}]" for i, n in enumerate(system.inputs)}

    def name(node: int) -> str:
        op, _, value = system.graph.nodes[node]
        if op == "const":
            return f"({value!r})"
        return index[str(value)] if op == "symbol" else f"v{node}"

    return name


def _moving(graph: Calculus, expressions: Sequence[Expression], states: set[str]) -> set[int]:
    """Nodes that change while states change."""
    found: set[int] = set()
    for node in graph.reachable(expressions):
        op, args, value = graph.nodes[node]
        if (op == "symbol" and value in states) or any(a in found for a in args):
            found.add(node)
    return found


def _body(graph: Calculus, nodes: list[int], name: Callable[[int], str], depth: int) -> list[str]:
    pad = "    " * depth
    return [f"{pad}{name(n)} = {statement(graph, n, name)}" for n in nodes if graph.nodes[n][1]]


@dataclass(frozen=True)
class Rates:
    """Rates and Jacobian for one patient between two events."""

    make: Callable[[list[float], list[float]], tuple[Callable[..., list[float]], Callable[..., list[float]]]]
    places: NDArray[np.int64]
    n: int

    def at(self, parameters: list[float], inputs: Floats) -> tuple[Function, Function]:
        """The two as functions of time and states, NaN where an equation has no value."""
        try:
            rates, entries = self.make(parameters, inputs.tolist())
        except (ArithmeticError, ValueError):
            return (lambda t, x: np.full(self.n, np.nan)), (lambda t, x: np.full((self.n, self.n), np.nan))

        def f(t: float, x: Floats) -> Floats:
            try:
                return np.array(rates(x.tolist()), dtype=float)
            except (ArithmeticError, ValueError):
                return np.full(self.n, np.nan)

        def jacobian(t: float, x: Floats) -> Floats:
            found = np.zeros(self.n * self.n)
            try:
                found[self.places] = entries(x.tolist())
            except (ArithmeticError, ValueError):
                found[:] = np.nan
            return found.reshape(self.n, self.n)

        return f, jacobian


@once_per_system
def rates_of(system: System) -> Rates:
    """The compiled Python functions of a system."""
    known = equations(system)
    space: dict[str, Any] = dict(SCALAR)
    exec(compile(python_source(known), f"<equations of {len(known.states)} states>", "exec"), space)
    n = len(known.states)
    return Rates(space["make"], np.array([i * n + j for i, j in known.jacobian], dtype=np.int64), n)


class Stopped(Exception):
    """Integration that cannot go on; carries the status."""

    def __init__(self, status: Status) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass
class Walk:
    """One patient on the way: integrates between events and notes what is passed."""

    system: Equations
    rates: Rates
    parameters: list[float]
    options: Options
    method: type[LSODA] | type[Radau]
    steps: int = 0
    peak: Any = 0.0

    def advance(self, time: float, x: Floats, stop: float, inputs: Floats, wanted: Floats) -> tuple[Floats, Floats]:
        """States at `stop`, and at each wanted time before it. Raises Stopped."""
        f, jacobian = self.rates.at(self.parameters, inputs)
        notes = np.empty((len(wanted), len(x)))
        done = int(np.searchsorted(wanted, time, side="right"))
        notes[:], self.steps = x, 0
        if stop - time <= RELATIVE_MIN_STEP * max(1.0, abs(time)):
            return x, notes
        solver = self._solver(f, jacobian, time, x, stop)
        while solver.status == "running":
            self._step(solver, f)
            upto = int(np.searchsorted(wanted, solver.t, side="right"))
            if upto > done:
                notes[done:upto] = solver.dense_output()(wanted[done:upto]).T
                done = upto
        return np.asarray(solver.y, dtype=float), notes

    def _solver(self, f: Function, jacobian: Function, time: float, x: Floats, stop: float) -> Any:
        if not np.isfinite(f(time, x)).all():
            raise Stopped(self._stop(time, 0.0, x, f, "its rate has no finite value"))
        margin = LSODA_MARGIN if self.method is LSODA else 0.1
        atol = self.options.tolerance(len(x)) * margin
        return self.method(f, time, x, stop, rtol=max(self.options.rtol * margin, 1e-13), atol=atol, jac=jacobian)

    def _step(self, solver: Any, f: Function) -> None:
        before = float(solver.t)
        try:
            solver.step()
        except ValueError:
            solver.status = "failed"
        step = float(solver.t) - before
        self.steps += 1
        if not np.isfinite(solver.y).all():
            raise Stopped(self._stop(solver.t, step, solver.y, f, "its rate has no finite value"))
        if solver.status == "failed":
            raise Stopped(self._stop(solver.t, step, solver.y, f, "the step became too small to go on"))
        if self.steps > self.options.max_steps:
            raise Stopped(self._stop(solver.t, step, solver.y, f, "it took more steps than max_steps"))
        self._check_bounds(before, step, solver.y)

    def _check_bounds(self, time: float, step: float, x: Floats) -> None:
        self.peak = np.maximum(self.peak, np.abs(x))
        slack = 10 * (self.options.tolerance(len(x)) + self.options.rtol * self.peak)
        out = np.maximum(self.system.bounds[:, 0] - x, x - self.system.bounds[:, 1]) - slack
        if (out > 0).any():
            raise Stopped(stopped(self.system.states[int(np.argmax(out))], time, step, "it leaves its bounds"))

    def _stop(self, time: float, step: float, x: Floats, f: Function, reason: str) -> Status:
        speed = np.abs(f(time, x)) / (np.abs(x) + self.options.tolerance(len(x)))
        fastest = int(np.argmax(np.where(np.isnan(speed), np.inf, speed)))
        return stopped(self.system.states[fastest], float(time), step, reason)

    def rest(self, x: Floats) -> Floats:
        """The steady state that is reached from x with external inputs at rest. Raises Stopped."""
        try:
            x, _ = self.advance(0.0, x, self.options.rest_h, self.system.rest, np.empty(0))
        except Stopped as stop:
            if "max_steps" not in stop.status.reason:
                raise
            found, reason = stop.status, "it does not come to rest before the start"
            raise Stopped(stopped(found.state, found.time_h, found.step_h, reason)) from None
        return polish(*self.rates.at(self.parameters, self.system.rest), x)


def polish(f: Function, jacobian: Function, x: Floats, limit: float = 0.01) -> Floats:
    """Newton's method from near a steady state; x itself where that would lead away."""
    best, residual = x, np.linalg.norm(f(0.0, x))
    for _ in range(5):
        slope, rate = jacobian(0.0, best), f(0.0, best)
        if not (np.isfinite(slope).all() and np.isfinite(rate).all()):
            break
        try:
            change = np.linalg.lstsq(slope, -rate, rcond=1e-14)[0]
        except np.linalg.LinAlgError:
            break
        trial = best + change
        new = np.linalg.norm(f(0.0, trial))
        if not new < residual or (np.abs(change) > limit * (np.abs(best) + 1e-6)).any():
            break
        best, residual = trial, new
    return best


def solve_patient(task: Task, i: int, walk: Walk, x: Floats) -> tuple[Floats, Floats, Floats]:
    """States and inputs at the wanted times, and final states, of patient i. Raises Stopped."""
    times = task.times_h[i if len(task.times_h) > 1 else 0]
    n_states, n_inputs = len(walk.system.states), len(walk.system.inputs)
    states, inputs = np.empty((len(times), n_states)), np.empty((len(times), n_inputs))
    level, active = walk.system.rest.copy(), np.zeros(n_inputs, dtype=int)
    now, done = float(task.start_h[i]), 0
    for k in (*range(task.events.first[i], task.events.first[i + 1]), -1):
        stop = float(task.events.time_h[k]) if k >= 0 else float(times[-1])
        upto = int(np.searchsorted(times, stop, side="left" if k >= 0 else "right"))
        x, states[done:upto] = walk.advance(now, x, stop, level, times[done:upto])
        inputs[done:upto] = level
        now, done = stop, upto
        if k >= 0:
            x = apply(int(task.events.target[k]), float(task.events.amount[k]), x, level, active, walk.system.rest)
    return states, inputs, x


def apply(target: int, amount: float, x: Floats, level: Floats, active: NDArray[np.int64], rest: Floats) -> Floats:
    """The states after one event; inputs change in place, and return to rest exactly when no step is active."""
    if target < len(x):
        x = x.copy()
        x[target] += amount
        return x
    begins = target < len(x) + len(level)
    place = (target - len(x)) % max(len(level), 1)
    active[place] += 1 if begins else -1
    level[place] = level[place] + (amount if begins else -amount) if active[place] else rest[place]
    return x


def solve_with_scipy(task: Task, options: Options, report: Callable[[int], None] = lambda done: None) -> Solution:
    """Every patient of the task, one after the other."""
    system, rates = task.equations, rates_of(task.equations.system)
    n_times = task.times_h.shape[1]
    values = np.full((n_times, task.patients, len(task.observables)), np.nan)
    final = np.full((task.patients, len(system.states)), np.nan)
    status: list[Status] = []
    for i in range(task.patients):
        known = {k: float(v[i]) if np.ndim(v) else float(v) for k, v in task.values.items()}
        try:
            states, inputs, final[i] = attempt(task, i, known, rates, options)
            values[:, i] = observe(task, known, states, inputs)
            status.append(OK)
        except Stopped as stop:
            status.append(stop.status)
        report(i + 1)
    return Solution(task.observables, values, final, tuple(status))


def attempt(
    task: Task, i: int, known: dict[str, float], rates: Rates, options: Options
) -> tuple[Floats, Floats, Floats]:
    """Patient i by the quick method, and by the sturdy one if that fails or the tolerance is tight."""
    system = task.equations
    parameters = [known[name] for name in system.system.parameters]
    initial = np.array(system.graph.numbers([s.initial for s in system.system.states], known), dtype=float)
    methods = (LSODA, Radau) if options.rtol > 1e-9 else (Radau,)
    for method in methods:
        walk = Walk(system, rates, parameters, options, method)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                x = task.start[i] if task.start is not None else walk.rest(initial) if task.rest else initial
                return solve_patient(task, i, walk, x)
        except Stopped:
            if method is methods[-1]:
                raise
    raise AssertionError("unreachable")


def observe(task: Task, known: dict[str, float], states: Floats, inputs: Floats) -> Floats:
    """The observables, (n_times, n_observables). Raises Stopped if one has no finite value."""
    system = task.equations
    symbols: dict[str, Any] = {**known, **dict(zip(system.states, states.T, strict=True))}
    symbols |= dict(zip(system.inputs, inputs.T, strict=True))
    with np.errstate(all="ignore"):
        found = system.graph.numbers([system.observable(name) for name in task.observables], symbols)
    table = np.empty((len(states), len(found)))
    for j, column in enumerate(found):
        table[:, j] = column
        if not np.isfinite(table[:, j]).all():
            raise Stopped(unobservable(task.observables[j]))
    return table
