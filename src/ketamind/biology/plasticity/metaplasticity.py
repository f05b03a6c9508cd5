"""Readiness of synapses: potentiation and BDNF release need synaptic NMDA receptors that still pass current.

    dr/dt = k_r (1 - r) - k_s max(0, 1 - A) r
    A = H(g; K_N, n_N) / H(1; K_N, n_N)                    g: synaptic NMDA conductance left

Readiness r is 1 at rest, is lost within minutes where block leaves too little synaptic NMDA current, and comes back
over hours. So an anaesthetic dose has spent it by the time when falling concentrations would stimulate, and an
antagonist given before ketamine prevents its effect: the dose-response bends down.
Source: zanos-2023 (residual NMDA receptors needed), li-2010 (no mTORC1 response to anaesthetic doses),
moghaddam-1997 (glutamate rises at subanaesthetic doses only). Rates are assumptions.
"""

from typing import Any

from numpy import maximum

from ketamind.biology.plasticity.saturation import steep_hill
from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    available = steep_hill(u.nmda_synaptic_pyramidal, p.K_N, p.n_N) / steep_hill(1.0, p.K_N, p.n_N)
    return {"r": p.k_r * (1 - x.r) - p.k_s * maximum(1 - available, 0) * x.r}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"synaptic_readiness": x.r}


METAPLASTICITY = Component(
    name="metaplasticity",
    summary="Too deep a block of synaptic NMDA receptors leaves nothing to potentiate with",
    mechanism="metaplasticity",
    inputs=(Input("nmda_synaptic_pyramidal", "1", "synaptic NMDA conductance of pyramidal cells relative to no drug"),),
    states=(State("r", "1", "readiness of synapses to potentiate", initial=1.0, bounds=(0, 1)),),
    parameters=(
        Parameter("K_N", "1", "synaptic NMDA conductance that half suffices", row="metaplasticity.K_N"),
        Parameter("n_N", "1", "steepness of that need", row="metaplasticity.n_N"),
        Parameter("k_s", "1/h", "loss of readiness without synaptic NMDA current", row="metaplasticity.k_s"),
        Parameter("k_r", "1/h", "return of readiness", row="metaplasticity.k_r"),
    ),
    outputs=(Output("synaptic_readiness", "1", "readiness of synapses to potentiate, 1 at rest", when_off=1.0),),
    rates=rates,
    readout=readout,
    source="zanos-2023",
)
