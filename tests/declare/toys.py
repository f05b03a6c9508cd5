"""Two small mechanisms for tests of the wiring."""

from dataclasses import replace

from ketamind.declare import Component, External, Input, Model, Output, Parameter, Row, State, Table


def row(name, value, unit, **changes):
    plain = Row(name, value, unit, value, value, 0.0, "fixed", "any", "", "", "invented", "design", "")
    return replace(plain, **changes)


TABLE = Table({(r.id, r.species): r for r in (row("decay.k", 1.0, "1/min"), row("gain.g", 2.0, "1"))})


def decay_rates(u, x, p):
    return {"A": u.source - p.k * x.A}


def decay_readout(u, x, p):
    return {"level": x.A}


DECAY = Component(
    name="decay",
    summary="First-order loss of what comes in",
    inputs=(Input("source", "uM/h", "what comes in"),),
    states=(State("A", "uM", "what is there"),),
    parameters=(Parameter("k", "1/h", "loss", row="decay.k"),),
    outputs=(Output("level", "uM", "what is there", when_off=0.0),),
    rates=decay_rates,
    readout=decay_readout,
    mechanism="storage",
)


def gain_readout(u, x, p):
    return {"amplified": p.g * u.level}


GAIN = Component(
    name="gain",
    summary="Proportional amplifier",
    inputs=(Input("level", "uM", "what is amplified"),),
    parameters=(Parameter("g", "1", "gain", row="gain.g"),),
    outputs=(Output("amplified", "uM", "the amplified level"),),
    readout=gain_readout,
)

SOURCE = External("source", "uM/h", "inflow")


def toy_model(*components, externals=(SOURCE,)):
    return Model("toy", components or (DECAY, GAIN), TABLE, externals)
