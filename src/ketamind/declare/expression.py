"""Expressions: what a mechanism's equations become when they are run once on symbols.

A mechanism is written as plain functions on numbers. Called with `Expression` values in place of numbers,
the same functions leave a graph of operations behind, from which units are checked, derivatives taken and
fast code made. Equal sub-expressions are stored once (hash-consing), and each node stands after its arguments.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Number = int | float
Node = tuple[str, tuple[int, ...], float | str | None]

FOLD: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "abs": abs,
    "max": max,
    "min": min,
}
"""Every operation an equation may use, with its meaning on plain numbers."""

UFUNC_OPS = {
    np.add: "add",
    np.subtract: "sub",
    np.multiply: "mul",
    np.divide: "div",
    np.power: "pow",
    np.negative: "neg",
    np.exp: "exp",
    np.log: "log",
    np.sqrt: "sqrt",
    np.tanh: "tanh",
    np.absolute: "abs",
    np.maximum: "max",
    np.minimum: "min",
}


@dataclass
class Graph:
    """An append-only store of expression nodes, each held once."""

    nodes: list[Node] = field(default_factory=list)
    index: dict[Node, int] = field(default_factory=dict)

    def symbol(self, name: str) -> "Expression":
        """The expression that stands for a named quantity."""
        return self._intern("symbol", (), name)

    def constant(self, value: Number) -> "Expression":
        """The expression of a plain number."""
        return self._intern("const", (), float(value))

    def apply(self, op: str, *arguments: "Expression | Number") -> "Expression":
        """`op` of the arguments, folded and simplified where that is exact."""
        args = tuple(self._lift(a) for a in arguments)
        simple = self._simplify(op, args)
        return simple if simple is not None else self._intern(op, tuple(a.id for a in args), None)

    def free_symbols(self, expressions: "Iterable[Expression]") -> set[str]:
        """Names of the symbols that the expressions depend on."""
        return {str(self.nodes[i][2]) for i in self.reachable(expressions) if self.nodes[i][0] == "symbol"}

    def reachable(self, expressions: "Iterable[Expression]") -> list[int]:
        """Ids of all nodes below the expressions, arguments first."""
        seen: set[int] = set()
        stack = [e.id for e in expressions]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(self.nodes[node][1])
        return sorted(seen)

    def substitute(self, expression: "Expression", values: "Mapping[str, Expression]") -> "Expression":
        """The expression with symbols replaced by other expressions of this graph."""
        rebuilt: dict[int, Expression] = {}
        for node_id in self.reachable([expression]):
            op, args, value = self.nodes[node_id]
            if op == "symbol":
                rebuilt[node_id] = values.get(str(value), Expression(self, node_id))
            elif op == "const":
                rebuilt[node_id] = Expression(self, node_id)
            else:
                rebuilt[node_id] = self.apply(op, *(rebuilt[a] for a in args))
        return rebuilt[expression.id]

    def evaluate(self, expressions: "Iterable[Expression]", values: Mapping[str, Any]) -> list[Any]:
        """The expressions as numbers (or arrays), given a value for each symbol."""
        wanted = list(expressions)
        found: dict[int, Any] = {}
        for node_id in self.reachable(wanted):
            op, args, value = self.nodes[node_id]
            if op == "symbol":
                found[node_id] = values[str(value)]
            elif op == "const":
                found[node_id] = value
            else:
                found[node_id] = NUMERIC[op](*(found[a] for a in args))
        return [found[e.id] for e in wanted]

    def _intern(self, op: str, args: tuple[int, ...], value: float | str | None) -> "Expression":
        key: Node = (op, args, value)
        if key not in self.index:
            self.index[key] = len(self.nodes)
            self.nodes.append(key)
        return Expression(self, self.index[key])

    def _lift(self, value: "Expression | Number") -> "Expression":
        if isinstance(value, Expression):
            return value
        return self.constant(value)

    def _simplify(self, op: str, args: "tuple[Expression, ...]") -> "Expression | None":
        numbers = [a.number for a in args]
        if all(n is not None for n in numbers):
            return self.constant(FOLD[op](*numbers))
        if len(args) != 2:
            return None
        (left, right), (a, b) = args, numbers
        if op == "add":
            return right if a == 0 else left if b == 0 else None
        if op == "sub":
            return left if b == 0 else None
        if op == "mul":
            if a == 0 or b == 0:
                return self.constant(0.0)
            return right if a == 1 else left if b == 1 else None
        if op == "div":
            return self.constant(0.0) if a == 0 else left if b == 1 else None
        if op == "pow":
            return self.constant(1.0) if b == 0 else left if b == 1 else None
        return None


@dataclass(frozen=True, eq=False)
class Expression:
    """A value in an equation that is being traced: behaves like a number, records what is done to it."""

    graph: Graph
    id: int

    @property
    def number(self) -> float | None:
        """The value, if this is a plain number."""
        op, _, value = self.graph.nodes[self.id]
        return float(value) if op == "const" else None  # type: ignore[arg-type]

    def __add__(self, other: Any) -> "Expression":
        return self.graph.apply("add", self, other)

    def __radd__(self, other: Any) -> "Expression":
        return self.graph.apply("add", other, self)

    def __sub__(self, other: Any) -> "Expression":
        return self.graph.apply("sub", self, other)

    def __rsub__(self, other: Any) -> "Expression":
        return self.graph.apply("sub", other, self)

    def __mul__(self, other: Any) -> "Expression":
        return self.graph.apply("mul", self, other)

    def __rmul__(self, other: Any) -> "Expression":
        return self.graph.apply("mul", other, self)

    def __truediv__(self, other: Any) -> "Expression":
        return self.graph.apply("div", self, other)

    def __rtruediv__(self, other: Any) -> "Expression":
        return self.graph.apply("div", other, self)

    def __pow__(self, other: Any) -> "Expression":
        return self.graph.apply("pow", self, other)

    def __rpow__(self, other: Any) -> "Expression":
        return self.graph.apply("pow", other, self)

    def __neg__(self) -> "Expression":
        return self.graph.apply("neg", self)

    def __pos__(self) -> "Expression":
        return self

    def __abs__(self) -> "Expression":
        return self.graph.apply("abs", self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> "Expression":
        if method != "__call__" or kwargs or ufunc not in UFUNC_OPS:
            raise TypeError(f"an equation may not use numpy.{ufunc.__name__}; it may use {allowed_functions()}")
        return self.graph.apply(UFUNC_OPS[ufunc], *inputs)

    def __bool__(self) -> bool:
        raise TypeError("an equation may not branch on a value; use numpy.maximum or numpy.minimum")

    def __repr__(self) -> str:
        return text(self)


NUMERIC: dict[str, Callable[..., Any]] = {op: ufunc for ufunc, op in UFUNC_OPS.items()}

WIRE = "wire:"
"""Prefix of the symbols that stand for inputs until the model is wired."""

PRECEDENCE = {"add": 1, "sub": 1, "neg": 2, "mul": 3, "div": 3, "pow": 5}
SIGNS = {"add": " + ", "sub": " - ", "mul": " * ", "div": " / ", "pow": "**"}


def allowed_functions() -> str:
    """The numpy functions an equation may call, for error messages."""
    return ", ".join(sorted(f.__name__ for f in UFUNC_OPS))


def text(expression: Expression, limit: int = 400) -> str:
    """The expression as a formula, cut at `limit` characters."""
    return _text(expression.graph.nodes, expression.id, 0, [limit])[:limit]


def _text(nodes: list[Node], node_id: int, outer: int, budget: list[int]) -> str:
    op, args, value = nodes[node_id]
    budget[0] -= 1
    if budget[0] < 0:
        return "..."
    if op == "symbol":
        return str(value).removeprefix(WIRE)
    if op == "const":
        return f"{value:g}"
    own = PRECEDENCE.get(op, 9)
    if op in SIGNS:
        right = own + 1 if op in ("sub", "div", "pow") else own
        body = SIGNS[op].join((_text(nodes, args[0], own, budget), _text(nodes, args[1], right, budget)))
    elif op == "neg":
        body = "-" + _text(nodes, args[0], own, budget)
    else:
        return f"{op}({', '.join(_text(nodes, a, 0, budget) for a in args)})"
    return f"({body})" if own < outer else body
