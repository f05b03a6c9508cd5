"""Synaptic proteins made under mTORC1: PSD95, GluA1, synapsin 1.

    dP0/dt = k_p M eta (1 - I) - P0 / tau_pm        made, not yet at synapses
    dP/dt  = P0 / tau_pm - P / tau_P                at synapses

P is the excess per synapse over rest; one pool stands for the three proteins. What a tissue assay sees is this times
the density of synapses. Source: li-2010 (rise from 2 h, still up at 72 h), cohen-2013 (half-lives of 2-5 days).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    synthesis = p.k_p * u.mtorc1_activity * u.elongation_gain * (1 - p.block)
    maturation = x.P0 / p.tau_pm
    return {"P0": synthesis - maturation, "P": maturation - x.P / p.tau_P}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    tissue = u.spine_density * (1 + x.P)
    return {"synaptic_protein": x.P, "psd95": tissue, "glua1": tissue, "synapsin1": tissue}


SYNAPTIC_PROTEIN = Component(
    name="synaptic_protein",
    summary="mTORC1 makes synaptic proteins, which reach the synapse hours later and last for days",
    mechanism="protein_synthesis",
    inputs=(
        Input("mtorc1_activity", "1", "active fraction of mTORC1 above rest"),
        Input("elongation_gain", "1", "speed of translation relative to rest"),
        Input("spine_density", "1", "spine density relative to health"),
    ),
    states=(
        State("P0", "1", "excess synaptic protein on its way"),
        State("P", "1", "excess synaptic protein per synapse"),
    ),
    parameters=(
        Parameter("k_p", "1/h", "synthesis per unit mTORC1 activity", row="protein.k_p"),
        Parameter("tau_pm", "h", "delay of maturation and delivery", row="protein.tau_pm"),
        Parameter("tau_P", "h", "lifetime of added protein", row="protein.tau_P"),
        Parameter("block", "1", "protein synthesis blocked", row="manipulation.block_protein_synthesis"),
    ),
    outputs=(
        Output("synaptic_protein", "1", "excess synaptic protein per synapse", when_off=0.0),
        Output("psd95", "1", "PSD95 relative to health", when_off=1.0),
        Output("glua1", "1", "GluA1 relative to health", when_off=1.0),
        Output("synapsin1", "1", "synapsin 1 relative to health", when_off=1.0),
    ),
    rates=rates,
    readout=readout,
    source="cohen-2013",
)
