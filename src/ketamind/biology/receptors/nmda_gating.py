"""NMDA receptor gating with open-channel block: the full scheme, one component a subtype.

Two glutamates bind, the channel opens or desensitises, and a blocker enters and leaves the open pore only. A blocked
channel goes on gating as a free one does, so that it can shut on the drug (trapping):

    C0 <-> C1 <-> C2 <-> O       C0-C1: 2 kb G, ku    C1-C2: kb G, 2 ku    C2-O: beta, alpha    C2-D: kd, kr
                   |     |       O -> BO: k_on C / (1 + Mg / (Kc exp(gamma (V - V_ref))))
                   D     BO      BO -> O: k_off exp(delta (V - V_ref) / V_T),  k_off = k_on IC50 - k_escape
                                 BO -> C2: k_escape (low trapping: the drug leaves as the gate shuts)

`k_off` is set by the IC50 at V_ref without magnesium, so that a change of `k_on` (speed) or `k_escape` (trapping)
never moves the potency. Current is relative to a fully open channel at V_ref without magnesium, which blocks the
permeation by 1 + Mg/K0 exp(-gamma V) (Jahr & Stevens 1990).

All gating rates rise with temperature by one Q10, those of the drug by another. C0 is what the other states leave.

Source: gating rates fitted to deactivation (yi-2019), open probability (erreger-2005), desensitisation and glutamate
potency (traynelis-2010); block and its competition with magnesium kotermanski-2009; trapping blanpied-1997,
kotermanski-2009-trapping. At steady state without escape the blocked fraction is C / (C + IC50 (1 + Mg/Kc...)), at any
glutamate: use dependence sets how fast block comes and goes, not how deep it is.
"""

from typing import Any

from numpy import exp

from ketamind.declare import Component, Input, Output, Parameter, State

SUBTYPES = ("2a", "2b", "2c", "2d", "2b2d")
"""GluN1/2A, 2B, 2C, 2D receptors, and the triheteromer GluN1/2B/2D of interneurons."""


def magnesium_relief(V: Any, p: Any) -> Any:
    """Share of open channels that magnesium leaves conducting."""
    return 1 / (1 + p.Mg / p.K0 * exp(-p.gamma * V))


def binding_rate(C: Any, V: Any, p: Any) -> Any:
    """Rate at which an open channel is blocked, against the competition of magnesium."""
    return p.k_on * C / (1 + p.Mg / (p.Kc * exp(p.gamma * (V - p.V_ref)))) * p.q10_block**p.warmth


def leaving_rate(V: Any, p: Any) -> Any:
    """Rate at which the drug leaves a blocked open channel into the bath."""
    return (p.k_on * p.IC50 - p.k_escape) * exp(p.delta * (V - p.V_ref) / p.V_T) * p.q10_block**p.warmth


def gating(C0: Any, C1: Any, C2: Any, O: Any, D: Any, G: Any, p: Any) -> tuple[Any, Any, Any, Any]:  # noqa: E741
    """Rates of change of C1, C2, O and D by gating alone."""
    Q = p.q10_gating**p.warmth
    first, second = Q * (2 * p.kb * G * C0 - p.ku * C1), Q * (p.kb * G * C1 - 2 * p.ku * C2)
    open_, desensitise = Q * (p.beta * C2 - p.alpha * O), Q * (p.kd * C2 - p.kr * D)
    return first - second, second - open_ - desensitise, open_, desensitise


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    block = binding_rate(u.C, u.V, p) * x.O
    unblock = leaving_rate(u.V, p) * x.BO
    escape = p.k_escape * p.q10_block**p.warmth * x.BO
    C0 = 1 - x.C1 - x.C2 - x.O - x.D - x.B0 - x.B1 - x.B2 - x.BO - x.BD
    c1, c2, o, d = gating(C0, x.C1, x.C2, x.O, x.D, u.G, p)
    b1, b2, bo, bd = gating(x.B0, x.B1, x.B2, x.BO, x.BD, u.G, p)
    first = p.q10_gating**p.warmth * (2 * p.kb * u.G * x.B0 - p.ku * x.B1)
    return {
        "C1": c1,
        "C2": c2 + escape,
        "O": o - block + unblock,
        "D": d,
        "B0": -first,
        "B1": b1,
        "B2": b2,
        "BO": bo + block - unblock - escape,
        "BD": bd,
    }


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    drive = (u.V - p.E_rev) / (p.V_ref - p.E_rev)
    return {
        "current": x.O * drive * magnesium_relief(u.V, p),
        "blocked": x.B0 + x.B1 + x.B2 + x.BO + x.BD,
    }


MEANING = {
    "C1": "one glutamate bound",
    "C2": "two glutamates bound",
    "O": "open",
    "D": "desensitised",
    "B0": "blocked, no glutamate bound",
    "B1": "blocked, one glutamate bound",
    "B2": "blocked, two glutamates bound",
    "BO": "blocked with the gate open",
    "BD": "blocked and desensitised",
}


def gating_parameters(subtype: str) -> tuple[Parameter, ...]:
    """What sets the gating of a subtype."""
    return (
        Parameter("kb", "1/(uM*h)", "glutamate binding, per site", row=f"nmda.kb_{subtype}"),
        Parameter("ku", "1/h", "glutamate unbinding, per site", row=f"nmda.ku_{subtype}"),
        Parameter("beta", "1/h", "opening", row=f"nmda.beta_{subtype}"),
        Parameter("alpha", "1/h", "closing", row=f"nmda.alpha_{subtype}"),
        Parameter("kd", "1/h", "desensitisation", row=f"nmda.kd_{subtype}"),
        Parameter("kr", "1/h", "recovery from desensitisation", row=f"nmda.kr_{subtype}"),
    )


def pore_parameters(subtype: str, drug: str) -> tuple[Parameter, ...]:
    """What sets the block of a subtype's pore by a drug."""
    return (
        Parameter("Kc", "mM", "magnesium that halves drug binding at V_ref", row=f"nmda.Kc_{subtype}"),
        Parameter("gamma", "1/mV", "voltage dependence of magnesium", row=f"nmda.gamma_{subtype}"),
        Parameter("IC50", "uM", "drug that blocks half at V_ref without magnesium", row=f"{drug}.IC50_{subtype}"),
    )


def drug_parameters(drug: str) -> tuple[Parameter, ...]:
    """What sets the speed, trapping and voltage dependence of a drug's block."""
    return (
        Parameter("k_on", "1/(uM*h)", "binding to the open channel", row=f"{drug}.k_on"),
        Parameter("k_escape", "1/h", "leaving while the gate shuts", row=f"{drug}.k_escape"),
        Parameter("delta", "1", "share of the membrane field felt at the site", row=f"{drug}.delta"),
    )


SURROUNDINGS = (
    Parameter("V_ref", "mV", "holding potential of the reference recordings", row="nmda.V_ref"),
    Parameter("V_T", "mV", "thermal voltage RT/F", row="nmda.V_T"),
    Parameter("q10_gating", "1", "rise of gating rates with 10 degrees", row="nmda.q10_gating"),
    Parameter("q10_block", "1", "rise of drug rates with 10 degrees", row="nmda.q10_block"),
)

BATH = (
    Parameter("Mg", "mM", "magnesium in the bath", row="nmda.Mg_bath"),
    Parameter("warmth", "1", "tens of degrees above the reference recordings", row="nmda.warmth_bath"),
)

PERMEATION = (Parameter("E_rev", "mV", "reversal potential of the current", row="nmda.E_rev"),)


def gating_scheme(subtype: str, drug: str = "ketamine") -> Component:
    """The full scheme of one subtype in a dish, under one blocker.

    Reads `glutamate` [uM], `potential` [mV] and `nmda_blocker_<drug>` [uM]; gives `nmda_<subtype>` (current) and
    `nmda_blocked_<subtype>`.
    """
    K0 = Parameter("K0", "mM", "magnesium that halves the current at 0 mV", row=f"nmda.K0_{subtype}")
    return Component(
        name=f"nmda_gating_{subtype}",
        summary=f"Gating, block and trapping of GluN1/{subtype.upper()} receptors under {drug}, state by state",
        inputs=(
            Input("G", "uM", "glutamate at the receptor", wire="glutamate"),
            Input("V", "mV", "membrane potential", wire="potential"),
            Input("C", "uM", "blocker at the pore", wire=f"nmda_blocker_{drug}", absent=0.0),
        ),
        states=tuple(State(s, "1", f"fraction of channels {m}", bounds=(0, 1)) for s, m in MEANING.items()),
        parameters=(
            *gating_parameters(subtype),
            *pore_parameters(subtype, drug),
            *drug_parameters(drug),
            *SURROUNDINGS,
            *BATH,
            *PERMEATION,
            K0,
        ),
        outputs=(
            Output("current", "1", "current relative to an open channel at V_ref", wire=f"nmda_{subtype}"),
            Output("blocked", "1", "fraction of receptors that hold the drug", wire=f"nmda_blocked_{subtype}"),
        ),
        rates=rates,
        readout=readout,
        source="kotermanski-2009",
    )
