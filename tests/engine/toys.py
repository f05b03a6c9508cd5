"""Small models with known answers, and one of realistic size and stiffness, for tests of the engines."""

import numpy as np

from ketamind.declare import Component, External, Input, Model, Output, Parameter, Row, State, Table


def table(**values):
    """A table of rows given as symbol=(value, unit)."""
    rows = (
        Row(f"toy.{name}", v, unit, v, v, 0.2, "lognormal", "any", "", "", "invented", "design", "")
        for name, (v, unit) in values.items()
    )
    return Table({(r.id, r.species): r for r in rows})


def parameters(**units):
    return tuple(Parameter(symbol, unit, "", row=f"toy.{symbol}") for symbol, unit in units.items())


def model(*components, rows, externals=()):
    return Model("toy", components, rows, externals)


INFLOW = External("inflow", "uM/h", "what comes in")

DECAY = Component(
    name="decay",
    summary="First-order loss",
    inputs=(Input("inflow", "uM/h", ""),),
    states=(State("A", "uM", "", initial="A0"),),
    parameters=parameters(k="1/h", A0="uM"),
    outputs=(Output("twice", "uM", ""), Output("flow", "uM/h", "")),
    rates=lambda u, x, p: {"A": u.inflow - p.k * x.A},
    readout=lambda u, x, p: {"twice": 2 * x.A, "flow": u.inflow},
)


def decay_model(k=0.5, A0=3.0):
    return model(DECAY, rows=table(k=(k, "1/h"), A0=(A0, "uM")), externals=(INFLOW,))


ROBERTSON = Component(
    name="robertson",
    summary="Robertson's stiff kinetics (Hairer & Wanner)",
    states=(State("a", "1", "", initial=1.0), State("b", "1", ""), State("c", "1", "")),
    parameters=parameters(k1="1/h", k2="1/h", k3="1/h"),
    outputs=(Output("total", "1", ""),),
    rates=lambda u, x, p: {
        "a": -p.k1 * x.a + p.k3 * x.b * x.c,
        "b": p.k1 * x.a - p.k3 * x.b * x.c - p.k2 * x.b**2,
        "c": p.k2 * x.b**2,
    },
    readout=lambda u, x, p: {"total": x.a + x.b + x.c},
)


def robertson_model():
    return model(ROBERTSON, rows=table(k1=(0.04, "1/h"), k2=(3e7, "1/h"), k3=(1e4, "1/h")))


def functions_rates(u, x, p):
    pull = np.exp(-x.s) + np.log(1 + x.s**2) + np.sqrt(1 + np.abs(x.v)) + np.tanh(x.v) - x.s**1.5 / (1 + x.s**1.5)
    return {"s": p.k * (np.maximum(pull, 0.2) - x.s), "v": p.k * (np.minimum(x.s, 1.1) - x.v / 3)}


FUNCTIONS = Component(
    name="functions",
    summary="Every operation an equation may use",
    states=(State("s", "1", "", initial=2.0), State("v", "1", "", initial=-1.0, bounds=(-np.inf, np.inf))),
    parameters=parameters(k="1/h"),
    outputs=(Output("mix", "1", ""),),
    rates=functions_rates,
    readout=lambda u, x, p: {"mix": np.tanh(x.s) * np.exp(x.v) + x.s**-3},
)


def functions_model():
    return model(FUNCTIONS, rows=table(k=(0.7, "1/h")))
