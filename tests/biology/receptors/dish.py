"""A dish for tests: the shipped numbers of the stage, and the full gating scheme under trains of glutamate.

With everything but the states held constant the scheme is linear, so that a train of pulses is a product of matrix
exponentials, exact but for the steps in which a pulse of glutamate fades.
"""

from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from scipy.linalg import expm

from ketamind.biology.receptors.nmda_gating import gating_scheme
from ketamind.declare import External, Model, read_table

TABLE = read_table([Path(str(resources.files("ketamind") / "data" / "parameters" / "receptors.csv"))])
SECOND = 1 / 3600
AMBIENT = TABLE.row("nmda.ambient_glutamate").value
BRAIN = {"Mg": TABLE.row("nmda.Mg").value, "warmth": TABLE.row("nmda.warmth").value}
PULSE_PEAK, PULSE_FADE = 1100.0, 1.2e-3 * SECOND
STEPS = 30

ENANTIOMERS = ("s_ketamine", "r_ketamine", "s_norketamine", "r_norketamine")
METABOLITES = ("s_dehydronorketamine", "r_dehydronorketamine", "hnk_2r6r", "hnk_2s6s")
REST = {"pyramidal": -70.0, "pv": -58.0, "sst": -55.0, "vip": -62.0, "lhb": -60.0}


def values(component, **changes):
    """The shipped parameters of a component, in its own units."""
    found = {q.symbol: TABLE.row(q.row).within(q.unit).value for q in component.parameters}
    return SimpleNamespace(**{**found, **changes})


def stage_model(*components, drugs=(), more=()):
    """A model of the stage with every drug and every activity from outside."""
    drugs = (*ENANTIOMERS, *METABOLITES, "naltrexone", "naloxone", *drugs)
    outside = [External(f"brain_unbound_{d}", "uM", "") for d in drugs]
    outside += [External(f"potential_{c}", "mV", "", v) for c, v in REST.items()]
    outside += [External("rate_pyramidal", "Hz", "", 2.5), External("rate_lhb", "Hz", "", 5.0), *more]
    return Model("receptors", components, TABLE, tuple(outside))


def outputs(model, states=None, **outside):
    """Every output at given states and external inputs; states are 0 and the outside at rest unless told."""
    system = model.system
    given = {s.name: 0.0 for s in system.states} | {e.wire: e.rest for e in system.externals}
    given |= dict(model.defaults) | (states or {}) | outside
    found = system.graph.evaluate([o.value for o in system.outputs.values()], given)
    return dict(zip(system.outputs, found, strict=True))


def rates(model, states=None, **outside):
    """The rate of each state, per hour."""
    system = model.system
    given = {s.name: 0.0 for s in system.states} | {e.wire: e.rest for e in system.externals}
    given |= dict(model.defaults) | (states or {}) | outside
    found = system.graph.evaluate([s.rate for s in system.states], given)
    return dict(zip((s.name for s in system.states), found, strict=True))


def steady(model, **outside):
    """States at rest under constant input: the rates are linear in the states, whose competition is solved at once."""
    names = [s.name for s in model.system.states]
    points = dict(zip(names, np.hstack([np.zeros((len(names), 1)), np.eye(len(names))]), strict=True))
    found = np.array(list(rates(model, points, **outside).values()))
    return dict(zip(names, np.linalg.solve(found[:, 1:] - found[:, :1], -found[:, 0]), strict=True))


@lru_cache
def scheme(subtype, drug="ketamine"):
    return gating_scheme(subtype, drug)


def generator(subtype, G, C=0.0, V=-66.0, drug="ketamine", **changes):
    """The scheme as a matrix acting on (states, 1), per hour."""
    component = scheme(subtype, drug)
    p, n = values(component, **changes), len(component.states)
    points = np.hstack([np.zeros((n, 1)), np.eye(n)])
    x = SimpleNamespace(**{s.symbol: points[i] for i, s in enumerate(component.states)})
    found = component.rates(SimpleNamespace(G=G, C=C, V=V), x, p)
    columns = np.array([found[s.symbol] * np.ones(n + 1) for s in component.states])
    matrix = np.zeros((n + 1, n + 1))
    matrix[:n, n], matrix[:n, :n] = columns[:, 0], columns[:, 1:] - columns[:, :1]
    return matrix


def equilibrium(matrix):
    """The states that a generator leads to."""
    return np.append(np.linalg.solve(matrix[:-1, :-1], -matrix[:-1, -1]), 1.0)


def blocked(state):
    """Fraction of receptors that hold the drug."""
    return state[4:9].sum()


def period(subtype, frequency, **conditions):
    """What one period of a train does to the states, and its length in hours. A second of ambience at 0 Hz."""
    if frequency == 0:
        return expm(generator(subtype, AMBIENT, **conditions) * SECOND), SECOND
    length = SECOND / frequency
    step = min(8 * PULSE_FADE, length) / STEPS
    whole = np.eye(10)
    for i in range(STEPS):
        G = AMBIENT + PULSE_PEAK * np.exp(-(i + 0.5) * step / PULSE_FADE)
        whole = expm(generator(subtype, G, **conditions) * step) @ whole
    return expm(generator(subtype, AMBIENT, **conditions) * (length - STEPS * step)) @ whole, length


def fixed_point(matrix):
    """The states that a period returns to."""
    return equilibrium(matrix - np.eye(10))


@cache
def course(subtype, C, frequency, V, times, washout=False):
    """Blocked fraction of the full scheme at times [h], each moved to the nearest whole number of periods."""
    drug, length = period(subtype, frequency, C=C, V=V, **BRAIN)
    free, _ = period(subtype, frequency, C=0.0, V=V, **BRAIN)
    start, matrix = (fixed_point(drug), free) if washout else (fixed_point(free), drug)
    roots, vectors = np.linalg.eig(matrix)
    parts = np.linalg.solve(vectors, start.astype(complex))
    counts = np.round(np.array(times) / length)
    return np.array([blocked((vectors @ (parts * roots**n)).real) for n in counts]), counts * length
