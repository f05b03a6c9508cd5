"""The read-outs alone, driven by hand: a stand-in for the rest of the chain."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

import ketamind
from ketamind.biology.readouts import readouts
from ketamind.declare import Component, External, Model, shipped_table

OUTSIDE = {
    "visit": "1",
    "antidepressant_drive": "1",
    "nmda_occupancy": "1",
    "hcn1_current": "1",
    "mor_signal": "1",
    "effect_ssri": "1",
    "brain_unbound_midazolam": "uM",
    "brain_unbound_s_ketamine": "uM",
    "brain_unbound_r_ketamine": "uM",
    "brain_unbound_s_norketamine": "uM",
    "venous_ketamine": "uM",
    "arterial_ketamine": "uM",
}
REST = {name: 1.0 if name == "hcn1_current" else 0.0 for name in OUTSIDE}
DATA = Path(ketamind.__file__).parent / "data"

Inputs = Callable[[float], Mapping[str, float]]


def model(*more: Component) -> Model:
    """The read-outs and further components, which then give what else would come from outside."""
    given = {o.wire or o.symbol for c in more for o in c.outputs}
    outside = tuple(External(n, u, n) for n, u in OUTSIDE.items() if n not in given)
    return Model("readouts", (*readouts(), *more), shipped_table(), outside)


def at(model: Model, names: list[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs at given inputs, states and parameters; anything left out is at rest."""
    system = model.system
    found = {**REST, **{s.name: 0.0 for s in system.states}, **model.defaults, **values}
    return dict(zip(names, system.graph.evaluate([system.outputs[n].value for n in names], found), strict=True))


def run(model: Model, inputs: Inputs, times: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """Outputs over time, from rest, under inputs that are functions of time."""
    system, states = model.system, [s.name for s in model.system.states]

    def values(t: float, x: np.ndarray) -> dict[str, float]:
        return {**model.defaults, **REST, **inputs(t), **dict(zip(states, x, strict=True))}

    def slope(t: float, x: np.ndarray) -> list[float]:
        return system.graph.evaluate([s.rate for s in system.states], values(t, x))

    solved = solve_ivp(
        slope, (times[0], times[-1]), np.zeros(len(states)), "LSODA", times, rtol=1e-7, atol=1e-10, max_step=0.5
    )
    assert solved.success, solved.message
    wanted = [system.outputs[n].value for n in names]
    rows = [system.graph.evaluate(wanted, values(t, x)) for t, x in zip(solved.t, solved.y.T, strict=True)]
    return dict(zip(names, np.array(rows).T, strict=True))


def infusion(t: float, start: float = 0.0, length: float = 2 / 3, peak: float = 0.272) -> float:
    """Occupancy after 0.5 mg/kg over 40 min: a rise in the infusion, then two exponentials."""
    s = t - start
    if s < 0:
        return 0.0
    if s < length:
        return peak * (1 - np.exp(-s / 0.3)) / (1 - np.exp(-length / 0.3))
    return peak * (0.75 * np.exp(-(s - length) / 0.35) + 0.25 * np.exp(-(s - length) / 3.0))


def visit(t: float, start: float = 0.0, length: float = 1.0) -> float:
    return 1.0 if start <= t < start + length else 0.0
