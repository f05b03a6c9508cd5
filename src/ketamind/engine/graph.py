"""The equations of a model with their derivatives, on the hash-consed graph that the model was traced into.

The derivative of each operation by its arguments labels the edges of the graph; intermediate nodes are then
eliminated one by one, each leaving the products of the edges through it (Griewank & Walther, Evaluating Derivatives,
ch. 10), the cheapest first. That takes fewer operations than going forward or backward, and shares its work with the
rates. Where an equation has a kink (maximum, minimum, abs) the derivative is that of the branch taken.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from heapq import heapify, heappop, heappush
from typing import Any, TypeVar
from weakref import finalize

import numpy as np

from ketamind.declare import System
from ketamind.declare.expression import NUMERIC, Expression, Graph
from ketamind.errors import unknown_name

Derivatives = dict[int, Expression]
Edges = dict[int, dict[int, Expression]]
T = TypeVar("T")


def greater(a: Any, b: Any) -> Any:
    """1 where a > b, else 0: the derivative of maximum(a, b) by a."""
    return np.where(np.greater(a, b), 1.0, 0.0)


MEANING: dict[str, Callable[..., Any]] = {**NUMERIC, "greater": greater, "reciprocal": np.reciprocal}
"""Every operation of a `Calculus` graph on numbers or arrays."""


def _join(into: Edges, out: Edges, start: int, end: int, weight: Expression) -> None:
    """Add an edge, or to the weight of the one that is there."""
    known = into.setdefault(end, {}).get(start)
    into[end][start] = out.setdefault(start, {})[end] = weight if known is None else known + weight


def _eliminate(into: Edges, out: Edges, nodes: set[int]) -> None:
    """Remove nodes between starts and ends, the one that costs the fewest products first (Markowitz)."""
    queue = [(len(into[n]) * len(out[n]), n) for n in nodes]
    heapify(queue)
    while queue:
        cost, node = heappop(queue)
        if node not in into:
            continue
        if cost != len(into[node]) * len(out[node]):
            heappush(queue, (len(into[node]) * len(out[node]), node))
            continue
        before, after = into.pop(node), out.pop(node)
        for start in before:
            del out[start][node]
        for end, outer in after.items():
            del into[end][node]
            for start, inner in before.items():
                _join(into, out, start, end, inner * outer)


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
        position = {self.symbol(name).id: i for i, name in enumerate(symbols)}
        into, out = self._edges(wanted, set(position))
        ends = {-1 - row: e.id for row, e in enumerate(wanted) if e.id in into or e.id in position}
        for end, node in ends.items():
            _join(into, out, node, end, self.constant(1.0))
        _eliminate(into, out, {n for n in into if n >= 0 and n not in position})
        found: list[Derivatives] = [{} for _ in wanted]
        for end in ends:
            entries = {position[node]: d for node, d in into[end].items() if d.number != 0}
            found[-1 - end] = dict(sorted(entries.items()))
        return found

    def _edges(self, expressions: list[Expression], starts: set[int]) -> tuple[Edges, Edges]:
        """The derivative of each node by each of its arguments, of those that rest on the starts; both ways round."""
        into: Edges = {}
        out: Edges = {}
        for node in self.reachable(expressions):
            args = self.nodes[node][1]
            moving = [a in starts or a in into for a in args]
            if any(moving):
                partials = self._partials(Expression(self, node), args, moving)
                for arg, partial, moves in zip(args, partials, moving, strict=True):
                    if moves:
                        _join(into, out, arg, node, self._lift(partial))
        return into, out

    def _partials(self, node: Expression, args: tuple[int, ...], moving: list[bool]) -> tuple[Any, ...]:
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
                return b * a ** (b - 1.0), node * np.log(a) if moving[1] else 0.0
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
            case "greater":
                return 0.0, 0.0
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
