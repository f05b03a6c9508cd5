"""Synaptic strength: potentiation by AMPA receptors within hours, kept for days by new protein.

    dw/dt = k_w T' (1 + nu (eta - 1)) (1 - I_psi) r (w_max - w) - w / (tau_w (1 + lam_P P) (1 + lam_U U))
    T' = T T^2 / (T^2 + K_T^2)

Potentiation w needs strongly active TrkB (T; weak activity does little, however long), translation, and synapses that
are ready for it (r). It fades within hours unless newly made protein (P) captures it, and lasts for days where the
durable change (U) keeps it: early and late potentiation. What the circuit feels is w less what stress takes (see
`resilience`).
Source: autry-2011 (first hours: translation, not mTORC1), li-2010 (24 h: mTORC1), kim-2021,
frey-morris-1997 (capture).
"""

from typing import Any

from ketamind.biology.plasticity.saturation import SMALLEST_RATIO, hill
from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    translation = (1 + p.nu * (u.elongation_gain - 1)) * (1 - p.block_synthesis)
    active_square = u.trkb_activity * u.trkb_activity
    active = u.trkb_activity * hill(active_square, p.K_T * p.K_T + SMALLEST_RATIO)
    potentiate = p.k_w * active * translation * u.synaptic_readiness * (p.w_max - x.w)
    lifetime = p.tau_w * (1 + p.lam_P * u.synaptic_protein) * (1 + p.lam_U * u.durable_latch)
    return {"w": potentiate - x.w / lifetime}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"potentiation": x.w}


POTENTIATION = Component(
    name="potentiation",
    summary="TrkB potentiates AMPA synapses; new protein and transcription keep them so",
    mechanism="potentiation",
    inputs=(
        Input("trkb_activity", "1", "active fraction of TrkB above rest"),
        Input("elongation_gain", "1", "speed of translation relative to rest"),
        Input("synaptic_readiness", "1", "readiness of synapses to potentiate, 1 at rest"),
        Input("synaptic_protein", "1", "excess synaptic protein per synapse"),
        Input("durable_latch", "1", "durable transcriptional change, 0 to 1"),
    ),
    states=(State("w", "1", "potentiation of AMPA synapses"),),
    parameters=(
        Parameter("k_w", "1/h", "potentiation per unit of active TrkB", row="strength.k_w"),
        Parameter("K_T", "1", "active TrkB for half of that", row="strength.K_T"),
        Parameter("nu", "1", "gain by elongation", row="strength.nu"),
        Parameter("w_max", "1", "largest potentiation", row="strength.w_max"),
        Parameter("tau_w", "h", "life of potentiation without new protein", row="strength.tau_w"),
        Parameter("lam_P", "1", "lengthening of that life by synaptic protein", row="strength.lam_P"),
        Parameter("lam_U", "1", "lengthening of that life by the durable change", row="strength.lam_U"),
        Parameter("block_synthesis", "1", "protein synthesis blocked", row="manipulation.block_protein_synthesis"),
    ),
    outputs=(Output("potentiation", "1", "potentiation of AMPA synapses, 0 at rest", when_off=0.0),),
    rates=rates,
    readout=readout,
    source="autry-2011",
)


def strength_readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    strength = u.potentiation - u.stress_weakening
    return {
        "synaptic_strength": strength,
        "synaptic_potentiation": 1 + strength,
        "surface_ampar": 1 + strength,
        "ampa_epsc": (1 + strength) * u.spine_density * (1 - p.block_ampa),
    }


SYNAPTIC_STRENGTH = Component(
    name="synaptic_strength",
    summary="Strength of excitatory synapses: potentiation less what stress takes",
    inputs=(
        Input("potentiation", "1", "potentiation of AMPA synapses, 0 at rest"),
        Input("stress_weakening", "1", "strength taken by stress"),
        Input("spine_density", "1", "spine density relative to health"),
    ),
    parameters=(Parameter("block_ampa", "1", "AMPA receptors blocked", row="manipulation.block_ampa"),),
    outputs=(
        Output("synaptic_strength", "1", "excess strength of excitatory synapses, 0 in health at rest"),
        Output("synaptic_potentiation", "1", "strength of excitatory synapses relative to health"),
        Output("surface_ampar", "1", "AMPA receptors at the surface of a synapse relative to health"),
        Output("ampa_epsc", "1", "AMPA current of a pyramidal cell relative to health"),
    ),
    readout=strength_readout,
)
