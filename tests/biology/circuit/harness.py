"""The circuit alone: receptor block and synaptic state set by hand, settled by small steps on many draws at once."""

from functools import lru_cache

import numpy as np

from ketamind.biology.circuit import circuit
from ketamind.declare import External, Model, shipped_table
from ketamind.declare.expression import NUMERIC

CELLS = ("pyramidal", "pv", "sst", "vip")
MS = 1 / 3.6e6

OUTSIDE = (
    *(
        External(f"nmda_{site}_{cell}", "1", "left by a blocker", 1.0)
        for site in ("synaptic", "tonic")
        for cell in CELLS
    ),
    External("nmda_lhb", "1", "left by a blocker", 1.0),
    External("nmda_occupancy", "1", "receptors blocked, whole brain", 0.0),
    External("synaptic_strength", "1", "excess strength", 0.0),
    External("spine_density", "1", "relative to health", 1.0),
    External("hcn1_current", "1", "left by a blocker", 1.0),
    External("hnk_release", "1", "gain of release", 1.0),
    External("stress_pulse", "1", "acute stress", 0.0),
    External("stimulate_pyramidal", "1", "excess drive", 0.0),
)

STEADY_BLOCK = {
    0.5: (0.08, 0.12, 0.13, 0.16, 0.31),
    1.0: (0.14, 0.22, 0.22, 0.28, 0.47),
    2.0: (0.25, 0.35, 0.37, 0.43, 0.64),
    10.0: (0.62, 0.73, 0.74, 0.79, 0.90),
    30.0: (0.83, 0.89, 0.89, 0.92, 0.96),
    90.0: (0.94, 0.96, 0.96, 0.97, 0.99),
}
"""Steady block by free ketamine (uM) at 1 mM Mg2+: pyramidal, PV, SST, tonic of GluN2D, tonic of GluN2C.

The last rows are the first binding law (block / (1 - block) in proportion to concentration) carried on from 10 uM.
"""

QUICK = {"circuit.tau_cortex": 20 * MS}
"""A short lag of the rest of cortex: it changes no steady state and settles sooner."""


@lru_cache
def model():
    return Model("circuit", circuit(), shipped_table(), OUTSIDE)


def block(concentration, tonic="2D", only=CELLS):
    """Wires of the receptor stage at a free concentration, in the cells named."""
    e, pv, sst, d, c = STEADY_BLOCK[concentration]
    interneuron = d if tonic == "2D" else c
    left = {"pyramidal": (e, e), "pv": (pv, interneuron), "sst": (sst, interneuron), "vip": (e, e)}
    found = {}
    for cell in only:
        found[f"nmda_synaptic_{cell}"], found[f"nmda_tonic_{cell}"] = (1 - b for b in left[cell])
    return found


@lru_cache
def program():
    """The rates of change as steps (operation, arguments, value), and the places of the results."""
    graph, wanted = model().system.graph, [s.rate for s in model().system.states]
    order = graph.reachable(wanted)
    place = {node: i for i, node in enumerate(order)}
    steps = [(graph.nodes[n][0], tuple(place[a] for a in graph.nodes[n][1]), graph.nodes[n][2]) for n in order]
    return steps, [place[e.id] for e in wanted]


def symbols(states, wires, values):
    system = model().system
    outside = {e.wire: e.rest for e in model().externals} | wires
    names = [s.name for s in system.states]
    return model().defaults | QUICK | values | outside | dict(zip(names, states, strict=True))


def start(values=None, draws=1):
    system = model().system
    names = model().defaults | QUICK | (values or {})
    found = system.graph.evaluate([s.initial for s in system.states], names)
    return np.array([np.broadcast_to(v, draws) for v in found], float)


def slopes(states, wires, values):
    steps, wanted = program()
    names, found = symbols(states, wires, values), []
    for op, args, value in steps:
        if op == "symbol":
            found.append(names[value])
        else:
            found.append(value if op == "const" else NUMERIC[op](*(found[a] for a in args)))
    return np.array([np.broadcast_to(found[i], states.shape[1]) for i in wanted], float)


def settle(wires=None, values=None, draws=1, seconds=0.6, step_ms=2.0):
    """States after `seconds` from rest, by Heun steps; slow states stay near their start."""
    wires, values = wires or {}, values or {}
    states, h = start(values, draws), step_ms * MS
    for _ in range(round(seconds * 1e3 / step_ms)):
        first = slopes(states, wires, values)
        second = slopes(states + h * first, wires, values)
        states = states + h * (first + second) / 2
    return states


def observe(states, wires, values, names):
    system = model().system
    found = system.graph.evaluate([system.outputs[n].value for n in names], symbols(states, wires, values))
    return {n: np.broadcast_to(v, states.shape[1]) for n, v in zip(names, found, strict=True)}


def settled(names, wires=None, values=None, draws=1):
    """Observables at the fixed point."""
    wires, values = wires or {}, values or {}
    states = settle(wires, values, draws)
    found = observe(states, wires, values, names)
    return {n: float(v[0]) for n, v in found.items()} if draws == 1 else found


def jacobians(states, wires, values):
    """Derivative of the rates of change, (draws, states, states)."""
    columns = []
    for i in range(len(states)):
        shift = np.zeros_like(states)
        shift[i] = 1e-5 * np.maximum(np.abs(states[i]), 1e-2)
        difference = slopes(states + shift, wires, values) - slopes(states - shift, wires, values)
        columns.append(difference / (2 * shift[i]))
    return np.moveaxis(np.array(columns), (0, 1, 2), (2, 1, 0))


def draws_between(n, seed):
    """Parameters of n individuals, drawn within the spread between people."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, row in model().rows.items():
        if row.between and row.spread == "lognormal":
            sigma = np.sqrt(np.log1p(row.between**2))
            found[name] = row.value * np.exp(sigma * rng.standard_normal(n))
        elif row.between and row.spread == "normal":
            found[name] = row.value + row.between * rng.standard_normal(n)
    return found
