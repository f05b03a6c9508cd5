"""Forward sensitivities: how observables move when parameters do.

The tangent s = dx/dp . d along a direction d in parameter space obeys its own equations beside those of the states,

    ds/dt = J s + (df/dp) . d        dy = (dy/dx) s + (dy/dp) . d

which are made here as expressions and solved by the same engine as any other system. J is that of the states, so in
the factorisation the two halves share all their work. Directions are run-time values, one a patient and parameter:
one system serves any number of parameters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ketamind.declare import Model, System
from ketamind.declare.expression import Expression
from ketamind.declare.model import OutputInfo, StateInfo
from ketamind.engine.batch import Batch, Floats, Options, Task, prepare
from ketamind.engine.graph import Calculus, Equations, equations
from ketamind.engine.solve import DEFAULTS, check, report, run
from ketamind.engine.status import Status
from ketamind.errors import unknown_name

UNBOUNDED = (-float("inf"), float("inf"))


@dataclass(frozen=True)
class Sensitivities:
    """values (n_times, n_patients, n_observables, n_parameters): d observable / d parameter, in the model's units.

    `status` holds, for each patient, one status a parameter.
    """

    observables: tuple[str, ...]
    parameters: tuple[str, ...]
    values: Floats
    status: tuple[tuple[Status, ...], ...]


def sensitivities(model: Model, batch: Batch, parameters: Sequence[str], options: Options = DEFAULTS) -> Sensitivities:
    """Derivatives of the batch's observables by some parameters. Raises UnknownName or BadValue as `solve` does.

    They are local: events and the patients' other values stay as they are.
    """
    check(options)
    task = prepare(model, batch)
    for name in parameters:
        if name not in model.defaults:
            raise unknown_name(name, "a parameter of this model", model.defaults)
    wide, sizes = _along_each(task, tuple(parameters))
    solution = run(wide, options, lambda done: report(options, done, wide.patients))
    n, m = task.patients, len(parameters)
    values = solution.values.reshape(len(solution.values), n, m, len(task.observables)) / sizes.T[None, :, :, None]
    status = tuple(tuple(solution.status[i * m : (i + 1) * m]) for i in range(n))
    return Sensitivities(task.observables, tuple(parameters), values.transpose(0, 1, 3, 2), status)


def _along_each(task: Task, parameters: tuple[str, ...]) -> tuple[Task, Floats]:
    """Every patient once for each parameter, in its direction, as long as the parameter's value (1 if 0)."""
    n, m = task.patients, len(parameters)
    wide = task.part(np.repeat(np.arange(n), m))
    system = equations(tangent(task.equations, parameters, task.observables))
    sizes = np.array([np.broadcast_to(task.values[name], (n,)) for name in parameters]).reshape(m, n)
    sizes = np.where(sizes == 0, 1.0, sizes)
    directions = {_along(name): np.zeros((n, m)) for name in parameters}
    for k, name in enumerate(parameters):
        directions[_along(name)][:, k] = sizes[k]
    start = None if wide.start is None else np.hstack([wide.start, np.zeros_like(wide.start)])
    values: Mapping[str, Any] = {**wide.values, **{k: v.ravel() for k, v in directions.items()}}
    shown = tuple(_along(name) for name in task.observables)
    old = len(task.equations.states)
    events = replace(wide.events, target=wide.events.target + np.where(wide.events.target < old, 0, old))
    return replace(wide, equations=system, observables=shown, values=values, start=start, events=events), sizes


def _along(name: str) -> str:
    """The symbol of a tangent."""
    return f"d:{name}"


def tangent(system: Equations, parameters: tuple[str, ...], observables: Iterable[str]) -> System:
    """The system with its tangents: states, then their tangents, and the tangents of the observables as outputs."""
    graph = Calculus.of(system.graph)
    by = (*system.states, *parameters)
    states = [replace(s, initial=_in(graph, s.initial), rate=_in(graph, s.rate)) for s in system.system.states]
    rates, initials = (list(group) for group in zip(*((s.rate, s.initial) for s in states), strict=True))
    shown = [_in(graph, system.observable(name)) for name in observables]
    lines = _tangents(graph, [*rates, *initials, *shown], by)
    n = len(states)
    moving = [
        StateInfo(_along(s.name), s.unit, s.meaning, initial, rate, UNBOUNDED)
        for s, rate, initial in zip(states, lines[:n], lines[n : 2 * n], strict=True)
    ]
    outputs = {
        _along(name): OutputInfo(_along(name), "1", f"tangent of {name}", line, "")
        for name, line in zip(observables, lines[2 * n :], strict=True)
    }
    names = (*system.system.parameters, *map(_along, parameters))
    return System(graph, (*states, *moving), outputs, names, system.system.externals)


def _in(graph: Calculus, expression: Expression) -> Expression:
    return Expression(graph, expression.id)


def _tangents(graph: Calculus, expressions: list[Expression], by: tuple[str, ...]) -> list[Expression]:
    """The derivative of each expression along the tangents of the symbols."""
    lines = []
    for row in graph.derivatives(expressions, by):
        total = graph.constant(0.0)
        for j, entry in row.items():
            total = total + entry * graph.symbol(_along(by[j]))
        lines.append(total)
    return lines
