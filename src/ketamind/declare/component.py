"""What a mechanism is: named inputs, states, parameters and outputs, and the equations that join them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Equations = Callable[[Any, Any, Any], dict[str, Any]]


@dataclass(frozen=True)
class Input:
    """A quantity that a mechanism reads.

    `wire` is the name it has in the whole model (its symbol, if left out); `absent` is the value it takes where
    nothing in the model provides it, and without one a missing provider is an error.
    """

    symbol: str
    unit: str
    meaning: str
    wire: str = ""
    absent: float | None = None


@dataclass(frozen=True)
class State:
    """A quantity with a rate of change. `initial` is a number, or the symbol of a parameter."""

    symbol: str
    unit: str
    meaning: str
    initial: float | str = 0.0
    bounds: tuple[float, float] = (0.0, float("inf"))


@dataclass(frozen=True)
class Parameter:
    """A number from the parameter tables, by its row."""

    symbol: str
    unit: str
    meaning: str
    row: str


@dataclass(frozen=True)
class Output:
    """A quantity that a mechanism gives to the rest, and which can be observed.

    `when_off` is what the rest sees while the mechanism is switched off; without one the mechanism cannot be.
    """

    symbol: str
    unit: str
    meaning: str
    wire: str = ""
    when_off: float | None = None


def no_rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Equations of a mechanism without states."""
    return {}


@dataclass(frozen=True)
class Component:
    """One mechanism: a declaration and its equations, on plain numbers.

    `rates(u, x, p)` gives the rate of change of each state (per hour in the chain) and `readout(u, x, p)` each
    output; `u`, `x` and `p` hold the inputs, states and parameters by symbol. `mechanism` is the name under which
    it can be switched off, alone or together with others that carry the same one.
    """

    name: str
    summary: str
    readout: Equations
    outputs: tuple[Output, ...]
    rates: Equations = no_rates
    inputs: tuple[Input, ...] = ()
    states: tuple[State, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    mechanism: str = ""
    source: str = ""

    def bind(
        self,
        name: str,
        wires: Mapping[str, str] | None = None,
        rows: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> "Component":
        """A copy under another name, with inputs and outputs on other wires and parameters from other rows.

        `wires` maps a symbol to the name it has in the model, `rows` a parameter's symbol to its table row.
        Raises KeyError for a symbol that the mechanism does not have.
        """
        wires, rows = dict(wires or {}), dict(rows or {})
        ports = {i.symbol for i in self.inputs} | {o.symbol for o in self.outputs}
        for symbol in (*wires, *rows):
            if symbol not in ports | {q.symbol for q in self.parameters}:
                raise KeyError(f"mechanism '{self.name}' has no '{symbol}' to bind")
        return replace(
            self,
            name=name,
            inputs=tuple(replace(i, wire=wires.get(i.symbol, i.wire)) for i in self.inputs),
            outputs=tuple(replace(o, wire=wires.get(o.symbol, o.wire)) for o in self.outputs),
            parameters=tuple(replace(q, row=rows.get(q.symbol, q.row)) for q in self.parameters),
            **changes,
        )

    @property
    def file(self) -> str:
        """The source file of the equations, from the package's root."""
        path = Path(inspect.getsourcefile(self.readout) or "?")
        parts = path.parts
        start = parts.index("ketamind") + 1 if "ketamind" in parts else len(parts) - 1
        return "/".join(parts[start:])

    @property
    def equations(self) -> str:
        """What the mechanism's file says of its equations and their source: its docstring."""
        module = inspect.getmodule(self.readout)
        return inspect.getdoc(module) or self.summary

    def evaluate(self, equations: Equations, u: Mapping[str, Any], x: Mapping[str, Any], p: Mapping[str, Any]) -> Any:
        """The equations at given values of inputs, states and parameters."""
        return equations(SimpleNamespace(**u), SimpleNamespace(**x), SimpleNamespace(**p))
