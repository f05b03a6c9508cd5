"""Lateral habenula: bursts that stress brings on and NMDA receptors carry.

    b = (1 - I) g_lhb                                    NMDA conductance that carries bursts
    burst fraction = B_0 (1 + g_s stress) b**2
    rate = (1 - I) r_0 (1 + w (burst fraction / B_0 - 1))

Burst firing needs NMDA receptors and T-type calcium channels together, which regenerate each other; the square stands
for that cooperation. Switched off, block by a drug is not felt here and bursts follow stress alone.
Source: yang-2018 (directions; sizes from memory), ma-2023 (block for a day).
"""

from typing import Any

from numpy import maximum

from ketamind.declare import Component, Input, Output, Parameter


def block(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"nmda_burst_lhb": (1 - p.silenced) * u.nmda_lhb}


HABENULA_NMDA = Component(
    name="habenula_nmda",
    summary="NMDA conductance that carries bursts of the lateral habenula",
    mechanism="lateral_habenula",
    inputs=(Input("nmda_lhb", "1", "NMDA conductance of habenula cells relative to no drug", absent=1.0),),
    parameters=(Parameter("silenced", "1", "lateral habenula silenced", "manipulation.block_lateral_habenula"),),
    outputs=(Output("nmda_burst_lhb", "1", "NMDA conductance that carries habenula bursts", when_off=1.0),),
    readout=block,
)


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    relative = maximum(1 + p.g_s * u.stress, 0) * u.nmda_burst_lhb**2
    return {
        "burst_fraction_lhb": p.B_0 * relative,
        "rate_lhb": (1 - p.silenced) * p.r_0 * (1 + p.w * (relative - 1)),
        "potential_lhb": p.V_rest,
    }


LATERAL_HABENULA = Component(
    name="lateral_habenula",
    summary="Stress raises and NMDA block lowers bursting of the lateral habenula",
    inputs=(
        Input("stress", "1", "stress level", absent=0.0),
        Input("nmda_burst_lhb", "1", "NMDA conductance that carries habenula bursts"),
    ),
    parameters=(
        Parameter("B_0", "1", "share of spikes in bursts, healthy", "circuit.burst_rest_lhb"),
        Parameter("g_s", "1", "rise of bursting at stress 1", "circuit.burst_stress_lhb"),
        Parameter("r_0", "Hz", "healthy rate", "circuit.rest_lhb"),
        Parameter("w", "1", "share of the healthy rate that comes from bursts", "circuit.burst_rate_lhb"),
        Parameter("V_rest", "mV", "mean potential", "circuit.V_rest_lhb"),
        Parameter("silenced", "1", "lateral habenula silenced", "manipulation.block_lateral_habenula"),
    ),
    outputs=(
        Output("burst_fraction_lhb", "1", "share of habenula spikes in bursts"),
        Output("rate_lhb", "Hz", "rate of lateral habenula cells"),
        Output("potential_lhb", "mV", "mean potential of lateral habenula cells"),
    ),
    readout=readout,
    source="yang-2018",
)
