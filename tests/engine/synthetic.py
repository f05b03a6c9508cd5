"""A made-up chain with the size, stiffness and loops of a real one: 66 states, milliseconds to weeks.

Two enantiomers in three compartments with two metabolites each, channel block in four cell types, firing rates,
glutamate, calcium, a cascade of kinases, proteins, strength and spines that feed back on the rates. Its numbers
mean nothing.
"""

import numpy as np

from ketamind.declare import Component, External, Input, Model, Output, Parameter, Row, State, Table
from ketamind.engine import Schedule, Step

CELLS = ("pyramidal", "pv", "sst", "vip")
KINASES = ("trkb", "erk", "akt", "mtorc1", "s6k", "eef2k", "rsk", "creb")
NUMBERS = {}


def number(symbol, unit, value, component):
    """A parameter of the synthetic chain, entered in its table."""
    name = f"{component}.{symbol}"
    NUMBERS[name] = Row(name, value, unit, value, value, 0.2, "lognormal", "any", "", "", "invented", "design", "")
    return Parameter(symbol, unit, "", row=name)


def numbers(component, **given):
    return tuple(number(s, unit, value, component) for s, (unit, value) in given.items())


def drug(name, scale):
    def rates(u, x, p):
        c = x.central / p.V
        cleared = p.v_max * c / (p.k_m + c)
        return {
            "central": u.dose
            + p.k_a * x.gut
            + p.k21 * x.shallow
            + p.k31 * x.deep
            - (p.k12 + p.k13) * x.central
            - cleared,
            "gut": -p.k_a * x.gut,
            "shallow": p.k12 * x.central - p.k21 * x.shallow,
            "deep": p.k13 * x.central - p.k31 * x.deep,
            "first": cleared - (p.k_1 + p.k_out) * x.first + p.k_back * x.stored,
            "stored": p.k_out * x.first - p.k_back * x.stored,
            "second": p.k_1 * x.first - p.k_2 * x.second,
            "brain": p.k_brain * (c - x.brain),
            "brain_first": p.k_brain * (x.first / p.V - x.brain_first),
            "brain_second": p.k_brain * (x.second / p.V - x.brain_second),
        }

    amounts = ("central", "gut", "shallow", "deep", "first", "stored", "second")
    return Component(
        name=name,
        summary="A drug and two metabolites",
        inputs=(Input("dose", "umol/h", "", wire=f"dose_{name}"),),
        states=tuple(State(s, "umol", "") for s in amounts)
        + tuple(State(s, "uM", "") for s in ("brain", "brain_first", "brain_second")),
        parameters=numbers(
            name,
            V=("L", 50.0 * scale),
            v_max=("umol/h", 2000.0),
            k_m=("uM", 20.0),
            k_a=("1/h", 2.0),
            k12=("1/h", 5.0),
            k21=("1/h", 3.0),
            k13=("1/h", 1.5),
            k31=("1/h", 0.3 * scale),
            k_1=("1/h", 0.4),
            k_out=("1/h", 0.5),
            k_back=("1/h", 0.2),
            k_2=("1/h", 0.15),
            k_brain=("1/h", 12.0),
        ),
        outputs=(
            Output(f"blood_{name}", "uM", ""),
            Output(f"brain_{name}", "uM", ""),
            Output(f"metabolite_{name}", "uM", ""),
        ),
        rates=rates,
        readout=lambda u, x, p: {
            f"blood_{name}": x.central / p.V,
            f"brain_{name}": x.brain,
            f"metabolite_{name}": x.brain_first + x.brain_second,
        },
    )


def block(cell, gain):
    def rates(u, x, p):
        open_fraction = u.rate / (u.rate + p.half)
        r = p.k_on * open_fraction * u.brain_r * (1 - x.R - x.S) - p.k_off * open_fraction * x.R
        s = p.k_on * p.ratio * open_fraction * u.brain_s * (1 - x.R - x.S) - p.k_off * open_fraction * x.S
        return {"R": r - p.k_leak * x.R, "S": s - p.k_leak * x.S}

    name = f"block_{cell}"
    return Component(
        name=name,
        summary="Use-dependent block",
        inputs=(Input("rate", "Hz", "", wire=f"rate_{cell}"), Input("brain_r", "uM", ""), Input("brain_s", "uM", "")),
        states=(State("R", "1", "", bounds=(0, 1)), State("S", "1", "", bounds=(0, 1))),
        parameters=numbers(
            name,
            k_on=("1/(uM*h)", 300.0 * gain),
            k_off=("1/h", 200.0),
            half=("Hz", 4.0),
            ratio=("1", 3.0),
            k_leak=("1/h", 3.0),
        ),
        outputs=(Output(f"nmda_{cell}", "1", "", when_off=1.0),),
        rates=rates,
        readout=lambda u, x, p: {f"nmda_{cell}": 1 - x.R - x.S},
        mechanism="block",
    )


def circuit_rates(u, x, p):
    drive = p.gain * u.strength * (0.4 + 0.6 * u.nmda_pyramidal * x.glutamate)
    currents = {
        "pyramidal": p.bias + drive * x.pyramidal - p.w_pv * x.pv - p.w_sst * x.sst,
        "pv": p.bias + p.w * x.pyramidal * (0.5 + 0.5 * u.nmda_pv) - p.w_pp * x.pv,
        "sst": p.bias + p.w * x.pyramidal * (0.2 + 0.8 * u.nmda_sst) - p.w_vs * x.vip,
        "vip": p.bias + 0.6 * p.w * x.pyramidal * (0.6 + 0.4 * u.nmda_vip) - 0.2 * p.w_sst * x.sst,
    }
    found = {c: (p.k_rate * p.r_max / (1 + np.exp(-i / p.i_scale)) - p.k_rate * x[c]) for c, i in currents.items()}
    found["glutamate"] = p.k_glutamate * (x.pyramidal / p.r_rest - x.glutamate)
    found["calcium"] = p.k_calcium * (x.glutamate**2 * u.nmda_pyramidal / (1 + x.glutamate) - 0.5 * x.calcium)
    return found


class ByName:
    """States that can be read by a name held in a variable."""

    def __init__(self, states):
        self.states = states

    def __getattr__(self, name):
        return getattr(self.states, name)

    def __getitem__(self, name):
        return getattr(self.states, name)


CIRCUIT = Component(
    name="circuit",
    summary="Rates of four populations",
    inputs=(*(Input(f"nmda_{c}", "1", "") for c in CELLS), Input("strength", "1", "")),
    states=(
        *(State(c, "Hz", "", initial=5.0) for c in CELLS),
        *(State(s, "1", "", initial=1.0) for s in ("glutamate", "calcium")),
    ),
    parameters=numbers(
        "circuit",
        bias=("mV", -2.0),
        gain=("mV/Hz", 0.5),
        w=("mV/Hz", 0.4),
        w_pv=("mV/Hz", 0.3),
        w_sst=("mV/Hz", 0.2),
        w_pp=("mV/Hz", 0.2),
        w_vs=("mV/Hz", 0.2),
        k_rate=("1/h", 180000.0),
        r_max=("Hz", 20.0),
        i_scale=("mV", 2.0),
        k_glutamate=("1/h", 3600.0),
        r_rest=("Hz", 5.0),
        k_calcium=("1/h", 18000.0),
    ),
    outputs=(*(Output(f"rate_{c}", "Hz", "") for c in CELLS), Output("calcium", "1", "")),
    rates=lambda u, x, p: circuit_rates(u, ByName(x), p),
    readout=lambda u, x, p: {f"rate_{c}": getattr(x, c) for c in CELLS} | {"calcium": x.calcium},
)


def cascade(name, source, target, rate):
    """A kinase switched on by the one before it, with a slow desensitisation."""

    def rates(u, x, p):
        on = p.k * u.signal**2 / (p.half**2 + u.signal**2) * (1 - x.active) * (1 - x.tired)
        return {
            "active": on - 0.5 * p.k * x.active,
            "tired": p.k_tired * (x.active - x.tired),
            "bound": p.k_bind * (x.active * (1 - x.bound) - x.bound),
        }

    return Component(
        name=name,
        summary="A kinase",
        inputs=(Input("signal", "1", "", wire=source),),
        states=(
            State("active", "1", "", initial=0.3),
            State("tired", "1", "", initial=0.1),
            State("bound", "1", "", initial=0.2),
        ),
        parameters=numbers(
            name, k=("1/h", rate), half=("1", 0.4), k_tired=("1/h", 0.02 * rate), k_bind=("1/h", 40 * rate)
        ),
        outputs=(Output(target, "1", ""),),
        rates=rates,
        readout=lambda u, x, p: {target: 0.5 * (x.active + x.bound)},
    )


def slow_rates(u, x, p):
    return {
        "protein": p.k_protein * (2 * u.creb - x.protein),
        "receptor": p.k_receptor * (0.5 + x.protein**1.5 / (0.2 + x.protein**1.5) - x.receptor),
        "spines": p.k_spines * (np.maximum(x.receptor, 0.6) - x.spines),
        "mood": p.k_mood * (np.tanh(x.spines - 0.8) - x.mood),
        "memory": p.k_mood * 0.3 * (x.mood - x.memory),
        "tone": p.k_protein * (u.mtorc1 - x.tone),
        "sensitivity": p.k_mood * (1 - x.tone - x.sensitivity),
        "scale": p.k_spines * (1.2 - 0.2 * x.receptor - x.scale),
    }


SLOW = Component(
    name="slow",
    summary="Proteins, receptors, spines, mood",
    inputs=(Input("creb", "1", ""), Input("mtorc1", "1", "")),
    states=tuple(State(s, "1", "", initial=0.8) for s in ("protein", "receptor", "spines", "scale"))
    + tuple(
        State(s, "1", "", bounds=(-np.inf, np.inf), initial=0.1) for s in ("mood", "memory", "tone", "sensitivity")
    ),
    parameters=numbers(
        "slow", k_protein=("1/h", 0.5), k_receptor=("1/h", 0.1), k_spines=("1/h", 0.01), k_mood=("1/h", 0.02)
    ),
    outputs=(Output("strength", "1", ""), Output("mood", "1", ""), Output("spines", "1", "")),
    rates=slow_rates,
    readout=lambda u, x, p: {"strength": x.scale * x.receptor, "mood": x.mood + 0.1 * x.memory, "spines": x.spines},
)

BLOCKS = tuple(block(c, g) for c, g in zip(CELLS, (1.0, 2.0, 1.5, 0.7), strict=True))
CASCADE = tuple(
    cascade(name, "calcium" if i == 0 else KINASES[i - 1], name, rate)
    for i, (name, rate) in enumerate(zip(KINASES, (60, 20, 10, 4, 2, 2, 1, 1), strict=True))
)
WIRES = {"brain_r": "brain_r", "brain_s": "brain_s"}
CHAIN = (drug("r", 1.0), drug("s", 1.3), *BLOCKS, CIRCUIT, *CASCADE, SLOW)
OBSERVABLES = ("blood_r", "brain_s", "nmda_pv", "rate_pyramidal", "calcium", "mtorc1", "spines", "mood")
TIMES = np.concatenate([np.linspace(0, 4, 99), np.linspace(4, 336, 101)[1:]])
INFUSIONS = Schedule(
    steps=tuple(Step(t, t + 2 / 3, f"dose_{e}", 110.0) for t in (0.0, 72.0) for e in ("r", "s")),
)


def synthetic_model(copies=1):
    """The chain; `copies` puts several side by side, to see how work grows with size."""
    table = Table({(r.id, r.species): r for r in NUMBERS.values()})
    components = CHAIN
    for k in range(1, copies):
        components += tuple(_renamed(c, f"_{k}") for c in CHAIN)
    wires = [i.wire for c in components for i in c.inputs if i.wire.startswith("dose")]
    return Model("synthetic", components, table, tuple(External(w, "umol/h", "") for w in wires))


def _renamed(component, suffix):
    ports = [*component.inputs, *component.outputs]
    return component.bind(component.name + suffix, {p.symbol: (p.wire or p.symbol) + suffix for p in ports})


def population(model, patients, seed=1, spread=1.0):
    """Log-normal values of every parameter."""
    draw = np.random.default_rng(seed)
    sizes = draw.uniform(0.05, 0.2, len(model.rows)) * spread
    return {
        name: row.value * np.exp(s * draw.standard_normal(patients))
        for (name, row), s in zip(model.rows.items(), sizes, strict=True)
    }
