"""From equations to the fewest operations: simple operations only, work done once a patient, and a sparse LU.

The matrix of a Rosenbrock step, M = I / (gamma h) - J, has the same zeros at every step of every patient. So its
elimination order is chosen once (Markowitz: the diagonal pivot that can fill least comes first), the elimination is
written out as expressions, and zeros are never touched, as in the Kinetic PreProcessor (Damian et al. 2002,
Comput. Chem. Eng. 26:1567). What depends on parameters alone is left to be computed once for each patient.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ketamind.declare.expression import Expression
from ketamind.engine.graph import Calculus, Equations

MAX_POWER = 16
"""Integer powers up to this are written out as products."""

SCALE = "1/(gamma h)"
Matrix = dict[tuple[int, int], Expression]


@dataclass
class Lowered(Calculus):
    """A graph without division and power, in which equal sums and products are found in either order.

    `fixed` holds the nodes that rest on constants and the named parameters only: they are gathered within sums and
    products, to be computed once a patient. While `merging`, fractions of fractions become plain ones, and a product
    of two shares one division; a denominator beyond the range of doubles then gives 0, as it should, or NaN, which
    the step's error estimate rejects.
    """

    parameters: frozenset[str] = frozenset()
    fixed: set[int] = field(default_factory=set)
    merging: bool = False

    def _intern(self, op: str, args: tuple[int, ...], value: float | str | None) -> Expression:
        found = super()._intern(op, args, value)
        if op == "const" or value in self.parameters or (args and self.fixed.issuperset(args)):
            self.fixed.add(found.id)
        return found

    def _gathered(self, op: str, args: tuple[Expression, ...]) -> Expression | None:
        """(k op x) op j as (k op j) op x, for fixed k and j."""
        for one, other in (args, args[::-1]):
            name, parts, _ = self.nodes[other.id]
            if one.id in self.fixed and other.id not in self.fixed and name == op and parts[0] in self.fixed:
                return self.apply(op, self.apply(op, one, Expression(self, parts[0])), Expression(self, parts[1]))
            if one.id in self.fixed and other.id not in self.fixed and name == op and parts[1] in self.fixed:
                return self.apply(op, self.apply(op, one, Expression(self, parts[1])), Expression(self, parts[0]))
        return None

    def _fraction(self, e: Expression) -> tuple[Expression, Expression] | None:
        """x and y of an expression x / y (or 1 / y) in which y moves."""
        op, parts, _ = self.nodes[e.id]
        if op == "reciprocal" and e.id not in self.fixed:
            return self.constant(1.0), Expression(self, parts[0])
        for x, y in (parts, parts[::-1]) if op == "mul" else ():
            if self.nodes[y][0] == "reciprocal" and y not in self.fixed:
                return Expression(self, x), Expression(self, self.nodes[y][1][0])
        return None

    def _product_of_fractions(self, a: Expression, b: Expression) -> Expression | None:
        """(x / y) (v / w) as (x v) / (y w), and (x / y) v as (x v) / y."""
        one, other = self._fraction(a), self._fraction(b)
        if one and other:
            return one[0] * other[0] * self.apply("reciprocal", one[1] * other[1])
        for found, whole, factor in ((one, a, b), (other, b, a)):
            if found and self.nodes[whole.id][0] == "mul":
                return found[0] * factor * self.apply("reciprocal", found[1])
        return None

    def _inverse_of_fraction(self, e: Expression) -> Expression | None:
        """1 / (x / y) as y / x, 1 / (v + x / y) as y / (v y + x), and 1 / (k exp(x)) as (1 / k) exp(-x)."""
        op, parts, _ = self.nodes[e.id]
        found = self._fraction(e)
        if e.id in self.fixed:
            return None
        if found:
            return found[1] * self.apply("reciprocal", found[0])
        if op == "exp":
            return self.apply("exp", -Expression(self, parts[0]))
        for one, other in (parts, parts[::-1]) if op in ("add", "mul") else ():
            v, rest = Expression(self, one), Expression(self, other)
            found = self._fraction(rest)
            if op == "add" and found:
                return found[1] * self.apply("reciprocal", v * found[1] + found[0])
            if op == "mul" and one in self.fixed and self.nodes[other][0] == "exp":
                return self.apply("reciprocal", v) * self.apply("reciprocal", rest)
        return None

    def _simplify(self, op: str, args: tuple[Expression, ...]) -> Expression | None:
        if op == "reciprocal" and args[0].number is not None:
            return self.constant(1.0 / args[0].number)
        if op == "reciprocal":
            return self._inverse_of_fraction(args[0]) if self.merging else None
        merged = self._product_of_fractions(*args) if op == "mul" and self.merging else None
        if merged is not None:
            return merged
        negative = [self.nodes[a.id][0] == "neg" for a in args]
        inner = [Expression(self, self.nodes[a.id][1][0]) if n else a for a, n in zip(args, negative, strict=True)]
        if op == "neg" and negative[0]:
            return inner[0]
        if op in ("add", "sub") and negative[1]:
            return self.apply("sub" if op == "add" else "add", args[0], inner[1])
        if op == "add" and negative[0]:
            return args[1] - inner[0]
        if op == "mul" and any(negative):
            product = inner[0] * inner[1]
            return product if all(negative) else -product
        if op == "sub" and args[0].number == 0:
            return -args[1]
        if op == "mul" and -1.0 in (a.number for a in args):
            return -(args[0] if args[1].number == -1.0 else args[1])
        if op in ("add", "mul"):
            gathered = self._gathered(op, args)
            if gathered is not None:
                return gathered
        if op in ("add", "mul") and args[0].id > args[1].id:
            simple = super()._simplify(op, args)
            return self._intern(op, (args[1].id, args[0].id), None) if simple is None else simple
        return super()._simplify(op, args)

    def take(self, graph: Calculus, expressions: Iterable[Expression], merging: bool = False) -> list[Expression]:
        """Expressions of another graph, lowered into this one."""
        self.merging = merging
        wanted = list(expressions)
        found: dict[int, Expression] = {}
        for node in graph.reachable(wanted):
            op, args, value = graph.nodes[node]
            parts = [found[a] for a in args]
            if op in ("symbol", "const"):
                found[node] = self._intern(op, (), value)
            elif op == "div":
                found[node] = parts[0] * self.apply("reciprocal", parts[1])
            elif op == "pow":
                found[node] = self._power(*parts)
            else:
                found[node] = self.apply(op, *parts)
        return [found[e.id] for e in wanted]

    def _power(self, base: Expression, exponent: Expression) -> Expression:
        n = exponent.number
        if n is not None and n == int(n) and abs(n) <= MAX_POWER:
            product = self._product(base, abs(int(n)))
            return product if n > 0 else self.apply("reciprocal", product)
        if n == 0.5:
            return self.apply("sqrt", base)
        return self.apply("exp", exponent * self.apply("log", base))

    def _product(self, base: Expression, n: int) -> Expression:
        if n == 1:
            return base
        half = self._product(base, n // 2)
        return half * half * base if n % 2 else half * half


@dataclass(frozen=True)
class Factors:
    """M = L U with unit lower L, in elimination order: the entries of -L and -U, and 1 / U's diagonal."""

    order: tuple[int, ...]
    lower: Matrix
    upper: Matrix
    inverse: Mapping[int, Expression]

    def named(self, names: Mapping[int, Expression]) -> "Factors":
        """The same factors with some entries (by node) known by name."""
        lower = {place: names.get(e.id, e) for place, e in self.lower.items()}
        upper = {place: names.get(e.id, e) for place, e in self.upper.items()}
        return Factors(self.order, lower, upper, {k: names.get(e.id, e) for k, e in self.inverse.items()})

    def solve(self, right: list[Expression]) -> list[Expression]:
        """x of M x = right, written out."""
        x = list(right)
        place = {i: k for k, i in enumerate(self.order)}
        for (i, k), factor in sorted(self.lower.items(), key=lambda entry: place[entry[0][1]]):
            x[i] = x[i] + factor * x[k]
        for k in reversed(self.order):
            for j in sorted((j for (i, j) in self.upper if i == k), key=lambda j: -place[j]):
                x[k] = x[k] + self.upper[k, j] * x[j]
            x[k] = x[k] * self.inverse[k]
        return x


def elimination_order(pattern: Iterable[tuple[int, int]], n: int) -> tuple[int, ...]:
    """Markowitz' order of diagonal pivots for a sparsity pattern."""
    rows: list[set[int]] = [{i} for i in range(n)]
    columns: list[set[int]] = [{i} for i in range(n)]
    for i, j in pattern:
        rows[i].add(j)
        columns[j].add(i)
    left, order = set(range(n)), []
    while left:
        pivot = min(left, key=lambda k: ((len(rows[k]) - 1) * (len(columns[k]) - 1), k))
        left.remove(pivot)
        order.append(pivot)
        for i in columns[pivot] - {pivot}:
            rows[i] |= rows[pivot]
            rows[i].discard(pivot)
        for j in rows[pivot] - {pivot}:
            columns[j] |= columns[pivot]
            columns[j].discard(pivot)
    return tuple(order)


def factorise(graph: Lowered, jacobian: Matrix, n: int) -> Factors:
    """The LU factors of I / (gamma h) - J as expressions; `SCALE` is the symbol for 1 / (gamma h)."""
    left, scale = dict(jacobian), graph.symbol(SCALE)
    lower: Matrix = {}
    upper: Matrix = {}
    inverse: dict[int, Expression] = {}
    order = elimination_order(left, n)
    for k in order:
        inverse[k] = graph.apply("reciprocal", scale - left.pop((k, k), graph.constant(0.0)))
        row = {j: left.pop((k, j)) for j in [j for (i, j) in left if i == k]}
        column = {i: left.pop((i, k)) for i in [i for (i, j) in left if j == k]}
        upper |= {(k, j): entry for j, entry in row.items()}
        for i, entry in column.items():
            lower[i, k] = entry * inverse[k]
            for j, other in row.items():
                product = lower[i, k] * other
                left[i, j] = left[i, j] + product if (i, j) in left else product
    return Factors(order, lower, upper, inverse)


@dataclass(frozen=True)
class Lowering:
    """A system's equations in lowered form: rates, factors of the step's matrix, and chosen observables."""

    graph: Lowered
    system: Equations
    rates: tuple[Expression, ...]
    factors: Factors
    observables: tuple[Expression, ...]


def lower(system: Equations, observables: Iterable[str]) -> Lowering:
    """The system's equations, ready to be written as machine code."""
    graph = Lowered(parameters=frozenset(system.system.parameters))
    rates = graph.take(system.graph, system.rates, merging=True)
    entries = graph.take(system.graph, system.jacobian.values())
    jacobian = {place: e for place, e in zip(system.jacobian, entries, strict=True) if e.number != 0}
    shown = graph.take(system.graph, [system.observable(name) for name in observables])
    factors = factorise(graph, jacobian, len(rates))
    return Lowering(graph, system, tuple(rates), factors, tuple(shown))


def per_patient(graph: Lowered, groups: Iterable[Iterable[Expression]], parameters: Iterable[str]) -> list[int]:
    """Nodes that depend on parameters only and are needed as they are by the groups of expressions."""
    known = set(parameters)
    wanted = [list(g) for g in groups]
    everything = graph.reachable([e for g in wanted for e in g])
    fixed: set[int] = set()
    needed: set[int] = {e.id for g in wanted for e in g}
    for node in everything:
        op, args, value = graph.nodes[node]
        if op == "const" or (op == "symbol" and value in known) or (args and all(a in fixed for a in args)):
            fixed.add(node)
        else:
            needed.update(args)
    return [n for n in everything if n in fixed and n in needed and graph.nodes[n][0] != "const"]


def moved_by(graph: Lowered, nodes: Iterable[int], parameters: Iterable[str]) -> set[int]:
    """Those of the nodes that depend on one of the parameters."""
    known, moved = set(parameters), set[int]()
    wanted = list(nodes)
    for node in graph.reachable(Expression(graph, n) for n in wanted):
        op, args, value = graph.nodes[node]
        if (op == "symbol" and value in known) or any(a in moved for a in args):
            moved.add(node)
    return moved.intersection(wanted)


def values_of(graph: Lowered, nodes: list[int], values: Mapping[str, Any]) -> list[Any]:
    """Numbers (or arrays, one value a patient) of the nodes that depend on parameters only."""
    with np.errstate(all="ignore"):
        return graph.numbers([Expression(graph, n) for n in nodes], values)
