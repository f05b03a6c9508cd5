"""The equations of a model with their derivatives, on the hash-consed graph that the model was traced into.

Derivatives are taken forward: each node carries the partial derivatives by the states below it, and equal
sub-expressions are stored once, so that the Jacobian shares its work with the rates. Where an equation has a kink
(maximum, minimum, abs) the derivative is that of the branch taken.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from weakref import finalize

import numpy as np

from ketamind.declare import System
from ketamind.declare.expression import NUMERIC, Expression, Graph
from ketamind.errors import unknown_name

Derivatives = dict[int, Expression]
T = TypeVar("T")


def greater(a: Any, b: Any) -> Any:
    """1 where a > b, else 0: the derivative of maximum(a, b) by a."""
    return np.where(np.greater(a, b), 1.0, 0.0)


MEANING: dict[str, Callable[..., Any]] = {**NUMERIC, "greater": greater, "reciprocal": np.reciprocal}
"""Every operation of a `Calculus` graph on numbers or arrays."""


class Calculus(Graph):
    """A graph that can also compare, which derivatives of maximum and minimum need."""

    @classmethod
    def of(cls, graph: Graph) -> "Calculus":
        """A copy in which the nodes keep their places."""
        return cls(list(graph.nodes), dict(graph.index))

    def _simplify(self, op: str, args: tuple[Expression, ...]) -> Expression | None:
        if op != "greater":
            return super()._simplify(op, args)
        a, b = (e.number for e in args)
        return None if a is None or b is None else self.constant(float(a > b))

    def derivatives(self, expressions: Iterable[Expression], symbols: Iterable[str]) -> list[Derivatives]:
        """For each expression its non-zero derivatives, by the position of the symbol."""
        wanted = list(expressions)
        position = {name: i for i, name in enumerate(symbols)}
        found: dict[int, Derivatives] = {}
        for node in self.reachable(wanted):
            op, args, value = self.nodes[node]
            if op == "symbol" and value in position:
                found[node] = {position[str(value)]: self.constant(1.0)}
            else:
                found[node] = self._chain(Expression(self, node), args, found) if args else {}
        return [found[e.id] for e in wanted]

    def _chain(self, node: Expression, args: tuple[int, ...], found: dict[int, Derivatives]) -> Derivatives:
        total: Derivatives = {}
        if not any(found[a] for a in args):
            return total
        for arg, partial in zip(args, self._partials(node, args, found), strict=True):
            for j, inner in found[arg].items():
                term = inner * partial
                total[j] = total[j] + term if j in total else term
        return {j: d for j, d in total.items() if d.number != 0}

    def _partials(self, node: Expression, args: tuple[int, ...], found: dict[int, Derivatives]) -> tuple[Any, ...]:
        a, b = (Expression(self, args[i]) if i < len(args) else node for i in (0, 1))
        match self.nodes[node.id][0]:
            case "add":
                return 1.0, 1.0
            case "sub":
                return 1.0, -1.0
            case "mul":
                return b, a
            case "div":
                return 1.0 / b, -node / b
            case "pow":
                return b * a ** (b - 1.0), node * np.log(a) if found[args[1]] else 0.0
            case "neg":
                return (-1.0,)
            case "exp":
                return (node,)
            case "log":
                return (1.0 / a,)
            case "sqrt":
                return (0.5 / node,)
            case "tanh":
                return (1.0 - node * node,)
            case "abs":
                return (2.0 * self.apply("greater", a, 0.0) - 1.0,)
            case "max":
                first = self.apply("greater", a, b)
                return first, 1.0 - first
            case "min":
                first = self.apply("greater", b, a)
                return first, 1.0 - first
            case op:
                raise NotImplementedError(f"derivative of '{op}'")

    def numbers(self, expressions: Iterable[Expression], values: Mapping[str, Any]) -> list[Any]:
        """The expressions as numbers (or arrays), given a value for each symbol."""
        wanted = list(expressions)
        found: dict[int, Any] = {}
        for node in self.reachable(wanted):
            op, args, value = self.nodes[node]
            if op == "symbol":
                found[node] = values[str(value)]
            else:
                found[node] = value if op == "const" else MEANING[op](*(found[a] for a in args))
        return [found[e.id] for e in wanted]


@dataclass(frozen=True)
class Equations:
    """A wired system as the engines use it: everything by position, with the Jacobian of the rates."""

    graph: Calculus
    system: System
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    rest: np.ndarray
    bounds: np.ndarray
    rates: tuple[Expression, ...]
    jacobian: Mapping[tuple[int, int], Expression]

    def observable(self, name: str) -> Expression:
        """The output or state of that name. Raises UnknownName."""
        if name in self.system.outputs:
            return Expression(self.graph, self.system.outputs[name].value.id)
        if name in self.system.state_index or name in self.inputs:
            return self.graph.symbol(name)
        raise unknown_name(name, "an observable of this model", [*self.system.outputs, *self.states])


def once_per_system(build: Callable[[System], T]) -> Callable[[System], T]:
    """Keep what was built for a system for as long as the system lives."""
    kept: dict[int, T] = {}

    @wraps(build)
    def get(system: System) -> T:
        key = id(system)
        if key not in kept:
            kept[key] = build(system)
            finalize(system, kept.pop, key, None)
        return kept[key]

    return get


@once_per_system
def equations(system: System) -> Equations:
    """The system's equations and their sparse Jacobian, entry (i, j) being d rate_i / d state_j."""
    graph = Calculus.of(system.graph)
    states = tuple(s.name for s in system.states)
    rates = tuple(Expression(graph, s.rate.id) for s in system.states)
    rows = graph.derivatives(rates, states)
    return Equations(
        graph=graph,
        system=system,
        states=states,
        inputs=tuple(e.wire for e in system.externals),
        rest=np.array([e.rest for e in system.externals], dtype=float),
        bounds=np.array([s.bounds for s in system.states], dtype=float).reshape(-1, 2),
        rates=rates,
        jacobian={(i, j): d for i, row in enumerate(rows) for j, d in sorted(row.items())},
    )
