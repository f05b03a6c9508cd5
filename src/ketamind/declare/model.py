"""Wiring: mechanisms joined by the names of their inputs and outputs into one system of equations."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from ketamind.declare.component import Component
from ketamind.declare.expression import WIRE, Expression, Graph
from ketamind.declare.table import Row, Table
from ketamind.declare.units import Unit, infer, unit
from ketamind.errors import ModelError, UnitMismatch, unknown_name

TIME_UNIT = "h"


@dataclass(frozen=True)
class External:
    """A piecewise-constant quantity set from outside while the model runs: an infusion, a stress, a stimulus."""

    wire: str
    unit: str
    meaning: str
    rest: float = 0.0


@dataclass(frozen=True)
class StateInfo:
    """A state of the wired system. `initial` depends on parameters only."""

    name: str
    unit: str
    meaning: str
    initial: Expression
    rate: Expression
    bounds: tuple[float, float]


@dataclass(frozen=True)
class OutputInfo:
    """An observable of the wired system, as an expression of states, parameters and external inputs."""

    name: str
    unit: str
    meaning: str
    value: Expression
    component: str


@dataclass(frozen=True)
class System:
    """The equations of a whole model: autonomous between changes of the external inputs.

    Symbols in the expressions are the names of states (`component.symbol`), parameters (row ids and
    `on.<mechanism>` switches, 1 or 0) and external inputs (their wires).
    """

    graph: Graph
    states: tuple[StateInfo, ...]
    outputs: Mapping[str, OutputInfo]
    parameters: tuple[str, ...]
    externals: tuple[External, ...]

    @cached_property
    def state_index(self) -> dict[str, int]:
        """Position of each state by name."""
        return {s.name: i for i, s in enumerate(self.states)}

    @cached_property
    def parameter_index(self) -> dict[str, int]:
        """Position of each parameter by name."""
        return {name: i for i, name in enumerate(self.parameters)}


@dataclass(frozen=True)
class Model:
    """Mechanisms, the table that gives their numbers, and what is set from outside.

    `values` overrides parameters by name: a knock-out, a genotype or a calibration draw is a change of values,
    never of equations. `modulators` gives parameters that a drug moves over time: row id -> the wire that takes the
    parameter's place everywhere but in the mechanism that provides that wire.
    """

    name: str
    components: tuple[Component, ...]
    table: Table
    externals: tuple[External, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    modulators: Mapping[str, str] = field(default_factory=dict)
    _system: list[System] = field(default_factory=list, compare=False, repr=False)

    @property
    def system(self) -> System:
        """The wired equations (built once, shared by all variants of `values`)."""
        if not self._system:
            self._system.append(_wire(self))
        return self._system[0]

    @property
    def mechanisms(self) -> dict[str, tuple[Component, ...]]:
        """The components under each name that can be switched off, in causal order."""
        groups: dict[str, tuple[Component, ...]] = {}
        for component in self.components:
            if component.mechanism:
                groups[component.mechanism] = (*groups.get(component.mechanism, ()), component)
        return groups

    @cached_property
    def rows(self) -> dict[str, Row]:
        """The table row behind each parameter, in the unit that the equations use."""
        found: dict[str, Row] = {}
        for component in self.components:
            for parameter in component.parameters:
                row = self.table.row(parameter.row).within(parameter.unit)
                if found.setdefault(parameter.row, row).unit != row.unit:
                    raise ModelError(
                        f"parameter '{parameter.row}' is used in {found[parameter.row].unit} and in {row.unit}"
                        f" (mechanism '{component.name}'); give it one unit."
                    )
        return found

    @cached_property
    def defaults(self) -> dict[str, float]:
        """The value of each parameter and switch, `values` applied."""
        table = {name: row.value for name, row in self.rows.items()}
        switches = {f"on.{name}": 1.0 for name in self.mechanisms}
        return {**table, **switches, **self.values}

    def with_values(self, values: Mapping[str, float]) -> "Model":
        """The same equations with some parameters changed. Raises UnknownName."""
        for name in values:
            if name not in self.defaults:
                raise unknown_name(name, "a parameter of this model", self.defaults)
        return replace(self, values={**self.values, **values})

    def without(self, *mechanisms: str) -> "Model":
        """The model with mechanisms switched off: the rest sees their `when_off` values. Raises UnknownName."""
        known = self.mechanisms
        for name in mechanisms:
            if name not in known:
                hint = "`ketamind mechanisms` describes each."
                raise unknown_name(name, "a mechanism of this model", known, hint)
        return self.with_values({f"on.{name}": 0.0 for name in mechanisms})

    def with_components(self, *more: Component) -> "Model":
        """The model with further mechanisms wired in."""
        return replace(self, components=(*self.components, *more), _system=[])


@dataclass
class _Traced:
    component: Component
    rates: dict[str, Expression]
    outputs: dict[str, Expression]


def _wire(model: Model) -> System:
    """Run each mechanism once on symbols, check its units, and put providers in the place of inputs."""
    graph = Graph()
    for component in model.components:
        _check_switch(component)
    traced = [_trace(graph, component, model.modulators) for component in model.components]
    providers = _providers(model, traced)
    wires = _resolve(graph, model, providers, traced)
    states = tuple(s for t in traced for s in _states(graph, t, wires))
    return System(
        graph=graph,
        states=states,
        outputs={name: replace(info, value=wires[name]) for name, info in providers.items()},
        parameters=tuple(model.defaults),
        externals=model.externals,
    )


def _check_switch(component: Component) -> None:
    missing = [o.symbol for o in component.outputs if component.mechanism and o.when_off is None]
    if missing:
        raise ModelError(
            f"mechanism '{component.mechanism}' cannot be switched off: output '{missing[0]}' of "
            f"'{component.name}' ({component.file}) has no when_off value."
        )


def _input_symbol(wire: str) -> str:
    return WIRE + wire


def _trace(graph: Graph, component: Component, modulators: Mapping[str, str]) -> _Traced:
    """The equations of one mechanism as expressions, each checked against its declared unit."""
    own = {o.wire or o.symbol for o in component.outputs}
    moved = {row: _input_symbol(wire) for row, wire in modulators.items() if wire not in own}
    u = {i.symbol: graph.symbol(_input_symbol(i.wire or i.symbol)) for i in component.inputs}
    x = {s.symbol: graph.symbol(f"{component.name}.{s.symbol}") for s in component.states}
    p = {q.symbol: graph.symbol(moved.get(q.row, q.row)) for q in component.parameters}
    rates = _call(graph, component, component.rates, (u, x, p), [s.symbol for s in component.states], "rates")
    outputs = _call(graph, component, component.readout, (u, x, p), [o.symbol for o in component.outputs], "readout")
    _check_units(graph, component, rates, outputs, moved)
    return _Traced(component, rates, outputs)


def _call(
    graph: Graph,
    component: Component,
    equations: Callable[..., dict[str, Any]],
    values: tuple[dict[str, Expression], ...],
    wanted: list[str],
    which: str,
) -> dict[str, Expression]:
    where = f"{component.file}: {which} of '{component.name}'"
    try:
        found = equations(*(SimpleNamespace(**v) for v in values))
    except AttributeError as problem:
        raise ModelError(f"{where} uses a symbol that is not declared: {problem}") from None
    except TypeError as problem:
        raise ModelError(f"{where} cannot be traced: {problem}") from None
    if set(found) != set(wanted):
        odd = sorted(set(found) ^ set(wanted))
        raise ModelError(f"{where} must give exactly {', '.join(wanted) or 'nothing'}; differs in {', '.join(odd)}.")
    return {s: v if isinstance(v, Expression) else graph.constant(v) for s, v in found.items()}


def _check_units(
    graph: Graph,
    component: Component,
    rates: dict[str, Expression],
    outputs: dict[str, Expression],
    moved: Mapping[str, str],
) -> None:
    symbols = {_input_symbol(i.wire or i.symbol): unit(i.unit) for i in component.inputs}
    symbols |= {f"{component.name}.{s.symbol}": unit(s.unit) for s in component.states}
    symbols |= {moved.get(q.row, q.row): unit(q.unit) for q in component.parameters}
    wanted = [(f"d{s.symbol}/dt", rates[s.symbol], unit(s.unit) / unit(TIME_UNIT)) for s in component.states]
    wanted += [(o.symbol, outputs[o.symbol], unit(o.unit)) for o in component.outputs]
    for equation, expression, declared in wanted:
        where = f"{component.file}: equation '{equation}' of '{component.name}'"
        found = infer(graph, [expression], symbols, where)[0]
        if found is not None and not found.agrees(declared):
            raise UnitMismatch(f"{where} is in {found}, but is declared in {declared}.")


def _providers(model: Model, traced: list[_Traced]) -> dict[str, OutputInfo]:
    """Who provides each wire. Raises ModelError if two do."""
    found: dict[str, OutputInfo] = {}
    names: set[str] = set()
    outside = {e.wire for e in model.externals}
    for item in traced:
        component = item.component
        if component.name in names:
            raise ModelError(f"two mechanisms are called '{component.name}'.")
        names.add(component.name)
        for output in component.outputs:
            wire = output.wire or output.symbol
            if wire in found or wire in outside:
                other = found[wire].component if wire in found else "the outside"
                raise ModelError(f"'{wire}' has two providers: '{other}' and '{component.name}'.")
            value = _switched(item, output.symbol, output.when_off)
            found[wire] = OutputInfo(wire, output.unit, output.meaning, value, component.name)
    return found


def _switched(item: _Traced, symbol: str, when_off: float | None) -> Expression:
    """The output while its mechanism's switch is 1, its `when_off` value at 0, and the mean of both between."""
    value = item.outputs[symbol]
    if not item.component.mechanism or when_off is None:
        return value
    on = value.graph.symbol(f"on.{item.component.mechanism}")
    return on * value + (1 - on) * when_off


def _resolve(
    graph: Graph, model: Model, providers: dict[str, OutputInfo], traced: list[_Traced]
) -> dict[str, Expression]:
    """Each wire as an expression of states, parameters and external inputs only."""
    wires = {e.wire: graph.symbol(e.wire) for e in model.externals}
    units = {e.wire: e.unit for e in model.externals} | {n: o.unit for n, o in providers.items()}
    for item in traced:
        for port in item.component.inputs:
            wire = port.wire or port.symbol
            if wire in units:
                _check_port(item.component, wire, unit(units[wire]), unit(port.unit), units[wire], port.unit)
            elif port.absent is not None:
                wires.setdefault(wire, graph.constant(port.absent))
            else:
                hint = f"Mechanism '{item.component.name}' ({item.component.file}) needs it."
                raise unknown_name(wire, "provided by any mechanism", units, hint)
    for name in _order(graph, providers):
        wires[name] = graph.substitute(providers[name].value, _placeholders(wires))
    return wires


def _placeholders(wires: Mapping[str, Expression]) -> dict[str, Expression]:
    return {_input_symbol(name): value for name, value in wires.items()}


def _check_port(component: Component, wire: str, given: Unit, wanted: Unit, given_text: str, wanted_text: str) -> None:
    if not given.agrees(wanted):
        raise UnitMismatch(
            f"{component.file}: input '{wire}' of '{component.name}' is declared in {wanted_text}, "
            f"but is provided in {given_text}."
        )


def _order(graph: Graph, providers: dict[str, OutputInfo]) -> list[str]:
    """Outputs so that each comes after those it reads. Raises ModelError naming an algebraic loop."""
    needs = {n: _reads(graph, [o.value]) & set(providers) for n, o in providers.items()}
    order: list[str] = []
    done: set[str] = set()
    for name in providers:
        _visit(name, needs, [], done, order, providers)
    return order


def _reads(graph: Graph, expressions: Iterable[Expression]) -> set[str]:
    return {s.removeprefix(WIRE) for s in graph.free_symbols(expressions) if s.startswith(WIRE)}


def _visit(
    name: str,
    needs: dict[str, set[str]],
    path: list[str],
    done: set[str],
    order: list[str],
    providers: dict[str, OutputInfo],
) -> None:
    if name in done:
        return
    if name in path:
        loop = [*path[path.index(name) :], name]
        told = " -> ".join(f"{n} ({providers[n].component})" for n in loop)
        raise ModelError(f"algebraic loop: {told}. Give one of these a state.")
    for need in sorted(needs[name]):
        _visit(need, needs, [*path, name], done, order, providers)
    done.add(name)
    order.append(name)


def _states(graph: Graph, item: _Traced, wires: Mapping[str, Expression]) -> list[StateInfo]:
    component = item.component
    rows = {q.symbol: q.row for q in component.parameters}
    found = []
    for state in component.states:
        if isinstance(state.initial, str) and state.initial not in rows:
            raise ModelError(
                f"{component.file}: state '{state.symbol}' of '{component.name}' starts at '{state.initial}', "
                "which is not one of its parameters."
            )
        start = graph.symbol(rows[state.initial]) if isinstance(state.initial, str) else graph.constant(state.initial)
        rate = graph.substitute(item.rates[state.symbol], _placeholders(wires))
        name = f"{component.name}.{state.symbol}"
        found.append(StateInfo(name, state.unit, state.meaning, start, rate, state.bounds))
    return found
