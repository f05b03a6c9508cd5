"""Ledger: what left the body or never entered it, by path, so that mass can be balanced in tests.

    dE_path/dt = flow along that path

Amounts count molecules of the parent: every metabolite is one. Dose = all states of the enantiomer + the ledger.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, State


def ledger(name: str, flows: tuple[str, ...]) -> Component:
    """A component that adds up the flows on those wires (umol/h), each in a state of its own."""
    symbols = tuple(f"E_{i}" for i in range(len(flows)))

    def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
        return {symbol: getattr(u, f"flow{symbol}") for symbol in symbols}

    def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
        return {"gone": sum(getattr(x, symbol) for symbol in symbols)}

    return Component(
        name=name,
        summary="What left the body, by path",
        rates=rates,
        readout=readout,
        inputs=tuple(
            Input(f"flow{s}", "umol/h", f"flow along {wire}", wire=wire, absent=0.0)
            for s, wire in zip(symbols, flows, strict=True)
        ),
        states=tuple(State(s, "umol", f"gone along {wire}") for s, wire in zip(symbols, flows, strict=True)),
        outputs=(Output("gone", "umol", "all that left", wire=f"gone_{name}"),),
    )
