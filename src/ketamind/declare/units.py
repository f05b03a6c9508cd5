"""Units: parsed by pint, then carried through each equation when a model is built.

A unit here is a scale and a set of base dimensions. Terms that are added or compared must agree in both, so that
a `1/ms` beside a `1/h` is as much an error as a `uM` beside a `mV`: conversions happen at the doors, never inside
an equation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

from ketamind.declare.expression import Expression, Graph, text
from ketamind.errors import BadValue, UnitMismatch

if TYPE_CHECKING:
    import pint

Dimensions = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True)
class Unit:
    """A unit of measure: `scale` in base units, and the power of each base dimension."""

    scale: float
    dimensions: Dimensions = ()

    def __mul__(self, other: "Unit") -> "Unit":
        powers = dict(self.dimensions)
        for name, power in other.dimensions:
            powers[name] = powers.get(name, Fraction(0)) + power
        return Unit(self.scale * other.scale, _tidy(powers))

    def __truediv__(self, other: "Unit") -> "Unit":
        return self * other**-1

    def __pow__(self, power: "float | Fraction") -> "Unit":
        exact = Fraction(power).limit_denominator(64)
        return Unit(self.scale ** float(exact), tuple((n, p * exact) for n, p in self.dimensions if p * exact))

    def agrees(self, other: "Unit") -> bool:
        """True if both measure the same thing on the same scale."""
        return self.dimensions == other.dimensions and abs(self.scale / other.scale - 1) < 1e-9

    def __str__(self) -> str:
        return describe(self)


def _tidy(powers: dict[str, Fraction]) -> Dimensions:
    return tuple(sorted((n, p) for n, p in powers.items() if p))


@lru_cache(maxsize=1)
def registry() -> "pint.UnitRegistry[Any]":
    """Pint's registry with this field's own units."""
    import pint

    units: pint.UnitRegistry[Any] = pint.UnitRegistry()
    units.define("uM = 1e-6 * mole / liter")
    units.define("nM = 1e-9 * mole / liter")
    units.define("mM = 1e-3 * mole / liter")
    units.define("points = [score]")
    units.define("fraction = []")
    units.define("ratio = []")
    return units


@lru_cache(maxsize=4096)
def unit(name: str) -> Unit:
    """The unit of that name.

    >>> unit("1/(uM*s)") == unit("1/s") / unit("uM")
    True

    Raises BadValue for a unit that pint does not know.
    """
    if name in ("", "1"):
        return Unit(1.0)
    try:
        quantity = registry().Quantity(1.0, name.replace("%", "percent")).to_base_units()
    except (
        AssertionError,
        AttributeError,
        ArithmeticError,
        LookupError,
        SyntaxError,
        TokenError,
        TypeError,
        ValueError,
    ) as problem:
        raise BadValue(f"'{name}' is not a unit that is known here ({problem}).") from None
    powers = {str(n): Fraction(float(p.real)).limit_denominator(64) for n, p in quantity.dimensionality.items()}
    return Unit(float(quantity.magnitude), _tidy(powers))


def convert(value: float, given: str, wanted: str) -> float:
    """`value` in unit `given`, expressed in unit `wanted`.

    >>> round(convert(1.0, "1/s", "1/h"))
    3600

    Raises BadValue if the two measure different things.
    """
    if given == wanted:
        return value
    source, target = unit(given), unit(wanted)
    if source.dimensions != target.dimensions:
        raise BadValue(f"'{given}' cannot be turned into '{wanted}': they measure different things.")
    return value * source.scale / target.scale


NAMED = tuple(
    "1 h 1/h s 1/s ms 1/ms min 1/min uM uM/h uM/s nM mM mM/h 1/(uM*h) 1/(uM*s) 1/(uM*ms) umol umol/h L L/h "
    "mV 1/mV mV/h Hz/h points points/h 1/points kg mg mg/h nS pA".split()
)
"""Units that messages name as they are; any other is shown in base units."""


def describe(measure: Unit) -> str:
    """A readable name: a usual one where it exists, base units otherwise."""
    for name in NAMED:
        if unit(name).agrees(measure):
            return name
    parts = [re.sub(r"[\[\]]", "", n) + ("" if p == 1 else f"^{p}") for n, p in measure.dimensions]
    return f"{measure.scale:g} " + "*".join(parts) if parts else f"{measure.scale:g}"


def infer(graph: Graph, expressions: list[Expression], symbols: Mapping[str, Unit], where: str) -> list[Unit | None]:
    """The unit of each expression, `None` for a bare zero (which fits any unit).

    Raises UnitMismatch naming `where`, the offending terms and their units.
    """
    found: dict[int, Unit | None] = {}
    for node_id in graph.reachable(expressions):
        op, args, value = graph.nodes[node_id]
        if op == "symbol":
            found[node_id] = symbols[str(value)]
        elif op == "const":
            found[node_id] = None if value == 0 else Unit(1.0)
        else:
            found[node_id] = _combine(graph, op, args, [found[a] for a in args], where)
    return [found[e.id] for e in expressions]


def _combine(graph: Graph, op: str, args: tuple[int, ...], units: list[Unit | None], where: str) -> Unit | None:
    terms = [Expression(graph, a) for a in args]
    if op in ("add", "sub", "max", "min"):
        known = [u for u in units if u is not None]
        if len(known) == 2 and not known[0].agrees(known[1]):
            verb = {"add": "adds", "sub": "subtracts", "max": "compares", "min": "compares"}[op]
            raise UnitMismatch(
                f"{where} {verb} `{text(terms[0], 120)}` in {known[0]} and `{text(terms[1], 120)}` in {known[1]}."
            )
        return known[0] if known else None
    plain = [u if u is not None else Unit(1.0) for u in units]
    if op == "mul":
        return plain[0] * plain[1]
    if op == "div":
        return plain[0] / plain[1]
    if op in ("neg", "abs"):
        return units[0]
    if op == "sqrt":
        return plain[0] ** Fraction(1, 2)
    if op == "pow":
        return _power(terms, plain, where)
    _need_dimensionless(terms[0], plain[0], op, where)
    return Unit(1.0)


def _power(terms: list[Expression], units: list[Unit], where: str) -> Unit:
    _need_dimensionless(terms[1], units[1], "the exponent", where)
    exponent = terms[1].number
    if exponent is not None:
        return units[0] ** exponent
    _need_dimensionless(terms[0], units[0], "the base of a variable power", where)
    return Unit(1.0)


def _need_dimensionless(term: Expression, measure: Unit, role: str, where: str) -> None:
    if not measure.agrees(Unit(1.0)):
        raise UnitMismatch(f"{where} takes {role} of `{text(term, 120)}` in {measure}, which must be in 1.")
