"""Block of the NMDA receptors of one cell type and site, on the clock of minutes to days: one blocked fraction.

The full scheme (nmda_gating.py) reduces to

    dB/dt = k (b (1 - B_other) - B),   b = C / (C + K),   K = (k_off + k_escape) / k_on * (1 + Mg/Kc...)
    k = kappa P / (1 + kappa (P tau_D + (1 - P)^2 / k_close)),   kappa = (entry + exit) E / Z

with E = beta/alpha, Z = 1 + E + kd/kr. P is the share of receptors that hold two glutamates. It follows from ambient
glutamate g = kb G/ku and from synaptic events at frequency f:

    P = P_0 + (1 - P_0) (1 - (1 + f/(3 reach k_close))^-3),   P_0 = Z g^2 / ((1 + g)^2 + g^2 (Z - 1)),
    k_close = 2 ku / Z

Activity sets the speed k and not the depth b: opening gates entry and exit alike, and a silent synapse keeps its drug
(trapping). The denominator of k holds the waits that a fast drug cannot skip: for glutamate (k_close) and for recovery
from desensitisation, tau_D = (1 - (1 + E)/Z) / kr. `reach` corrects the time that a pulse of glutamate keeps a receptor
bound. Two drugs compete for the pore: what one holds the other cannot. A pool of several subtypes has the mean depth,
and a speed whose time constant is their mean.

Events are presynaptic spikes that release: of pyramidal cells in cortex, of bursts in the habenula, where drug can stay
for hours after bursts have gone; none reach receptors outside synapses.

Assumes that activity and potential change slowly beside a burst of openings. Off from the full scheme by at most 0.03
after the first ten seconds, 0.05 within them, over 0.1 to 10 uM, 0 to 40 Hz and -75 to -45 mV. At equilibrium it is
exact, but for drugs that escape (within 0.03).
"""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from ketamind.biology.receptors.nmda_gating import (
    SURROUNDINGS,
    binding_rate,
    drug_parameters,
    gating_parameters,
    leaving_rate,
    pore_parameters,
)
from ketamind.biology.receptors.nmda_pools import RO25_6981, Pool, kept, share_parameters
from ketamind.declare import Component, Input, Output, Parameter, State

BLOCKERS = ("ketamine", "memantine", "mk801", "lanicemine", "amantadine", "phencyclidine")
"""Drugs that can sit in the pore, each with rows of its own in the table."""

TRACE = 1e-9
"""Weight of a subtype that is not there, so that a pool emptied by a manipulation still has a depth."""


def liganded(G: Any, f: Any, p: Any) -> Any:
    """Share of the receptors that hold two glutamates, under ambient glutamate G and events at frequency f."""
    Q = p.q10_gating**p.warmth
    Z = 1 + p.beta / p.alpha + p.kd / p.kr
    g = p.kb * G / p.ku
    ambient = Z * g * g / ((1 + g) * (1 + g) + g * g * (Z - 1))
    left = 1 + f / (3 * p.reach * 2 * p.ku * Q / Z)
    return ambient + (1 - ambient) * (1 - 1 / (left * left * left))


def approach(C: Any, V: Any, G: Any, f: Any, p: Any) -> tuple[Any, Any]:
    """Depth of block of one subtype at equilibrium, and the rate of approach to it."""
    Q = p.q10_gating**p.warmth
    E, Z = p.beta / p.alpha, 1 + p.beta / p.alpha + p.kd / p.kr
    entry = binding_rate(C, V, p)
    exit_ = leaving_rate(V, p) + p.k_escape * p.q10_block**p.warmth
    P = liganded(G, f, p)
    kappa = (entry + exit_) * E / Z
    wait = P * (p.kd / p.kr) / Z / (p.kr * Q) + (1 - P) * (1 - P) * Z / (2 * p.ku * Q)
    return entry / (entry + exit_), kappa * P / (1 + kappa * wait)


def _subtype(p: Any, subtype: str) -> SimpleNamespace:
    """The parameters with those of one subtype under their plain names."""
    tail = f"_{subtype}"
    own = {name.removesuffix(tail): value for name, value in vars(p).items() if name.endswith(tail)}
    return SimpleNamespace(**{**vars(p), **own})


def silent(u: Any, p: Any) -> Any:
    """Frequency of synaptic events outside synapses: none reach."""
    return 0.0


def transmitted(u: Any, p: Any) -> Any:
    """Frequency of synaptic events: presynaptic spikes that release."""
    return p.release * u.rate


def transmitted_in_bursts(u: Any, p: Any) -> Any:
    """Frequency of synaptic events where only bursts drive the receptors."""
    return p.release * u.rate * u.burst


def _rates(pool: Pool, rivals: tuple[str, ...]) -> Callable[[Any, Any, Any], dict[str, Any]]:
    events = silent if pool.site == "tonic" else transmitted_in_bursts if pool.cell == "lhb" else transmitted

    def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
        G, f = p.G_ambient * u.glutamate_ratio, events(u, p)
        weight = depth = time = 0.0
        for subtype in pool.subtypes:
            w = getattr(p, f"share_{subtype}") * kept(u, p, subtype) + TRACE
            b, k = approach(u.C, u.V, G, f, _subtype(p, subtype))
            weight, depth, time = weight + w, depth + w * b, time + w / k
        free = 1 - sum(getattr(u, f"B_{rival}") for rival in rivals)
        return {"B": weight / time * (depth / weight * free - x.B)}

    return rates


def _readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"blocked": x.B}


def _inputs(pool: Pool, drug: str, rivals: tuple[str, ...]) -> tuple[Input, ...]:
    presynaptic = "rate_lhb" if pool.cell == "lhb" else "rate_pyramidal"
    rate = Input("rate", "Hz", "firing of the cells that drive these receptors", wire=presynaptic)
    # habenular glutamate is not modelled; that of cortex does not reach it
    ambience = "extracellular_glutamate" + ("_lhb" if pool.cell == "lhb" else "")
    burst = Input("burst", "1", "share of spikes in bursts", wire="burst_fraction_lhb", absent=1.0)
    return (
        Input("C", "uM", f"{drug} at the pore", wire=f"nmda_blocker_{drug}"),
        Input("V", "mV", "mean membrane potential", wire=f"potential_{pool.cell}"),
        Input("glutamate_ratio", "1", "glutamate over rest", wire=ambience, absent=1.0),
        *(() if pool.site == "tonic" else (rate,)),
        *((burst,) if pool.cell == "lhb" else ()),
        *(Input(f"B_{r}", "1", f"share held by {r}", wire=blocked_wire(r, pool), absent=0.0) for r in rivals),
        *((RO25_6981,) if {"2b", "2b2d"} & set(pool.subtypes) else ()),
    )


def _named(parameters: tuple[Parameter, ...], subtype: str) -> tuple[Parameter, ...]:
    return tuple(replace(q, symbol=f"{q.symbol}_{subtype}") for q in parameters)


def _parameters(pool: Pool, drug: str) -> tuple[Parameter, ...]:
    own = "_lhb" if pool.cell == "lhb" else ""
    each = [_named((*gating_parameters(s), *pore_parameters(s, drug), _reach(s)), s) for s in pool.subtypes]
    release = Parameter("release", "1/(Hz*h)", "release per presynaptic spike", row=f"nmda.release{own}")
    return (
        *(q for group in each for q in group),
        *drug_parameters(drug),
        *SURROUNDINGS,
        Parameter("Mg", "mM", "magnesium in brain fluid", row="nmda.Mg"),
        Parameter("warmth", "1", "tens of degrees above the reference recordings", row="nmda.warmth"),
        Parameter("G_ambient", "uM", "glutamate between events", row=f"nmda.ambient_glutamate{own}"),
        *(() if pool.site == "tonic" else (release,)),
        *share_parameters((pool,)),
    )


def _reach(subtype: str) -> Parameter:
    return Parameter("reach", "1", "scale of the event frequency that keeps half bound", row=f"nmda.reach_{subtype}")


def blocked_wire(drug: str, pool: Pool) -> str:
    """The wire with the fraction of a pool that a drug holds."""
    return f"nmda_blocked_{drug}_{pool.name}"


def block(pool: Pool, drug: str = "ketamine") -> Component:
    """Block of one pool by one drug, in competition with every other drug that is wired."""
    rivals = tuple(d for d in BLOCKERS if d != drug)
    return Component(
        name=f"nmda_block_{drug}_{pool.name}",
        summary=f"Block of {pool.name.replace('_', ' ')} NMDA receptors by {drug}, with use dependence and trapping",
        inputs=_inputs(pool, drug, rivals),
        states=(State("B", "1", f"fraction of receptors that hold {drug}", bounds=(0, 1)),),
        parameters=_parameters(pool, drug),
        outputs=(Output("blocked", "1", f"fraction that {drug} holds", wire=blocked_wire(drug, pool), when_off=0.0),),
        rates=_rates(pool, rivals),
        readout=_readout,
        source="kotermanski-2009",
    )
