"""Dendrites of pyramidal cells: calcium and bursts.

    d = spine b_syn (r_E / r_E0) (1 + kappa) / (1 + kappa gaba s r_sst / r_sst0)        dendritic calcium, 1 at rest
    burst fraction = B_0 d' / (1 + B_0 (d' - 1)),   d' = d r_E0 / r_E

Dendritic calcium needs excitation through NMDA receptors and is divided by SST inhibition. A burst is a spike that
the dendrite turns into several, so its share follows calcium per spike. This is a proxy: the rate equations hold no
single spikes, and recordings in vivo found fewer organised bursts under an NMDA blocker (jackson-2004).
Source: gentet-2012, ali-2020 (SST cells gate dendritic calcium); kappa and B_0 design.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def calcium_per_spike(u: Any, p: Any) -> Any:
    """Dendritic calcium for each spike of the cell, relative to rest."""
    inhibition = u.gaba_gain * u.sst_output * u.sst / p.rest_sst
    return u.spine * u.nmda_synaptic * (1 + p.kappa) / (1 + p.kappa * inhibition)


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    per_spike = calcium_per_spike(u, p)
    return {
        "dendritic_calcium": per_spike * u.pyramidal / p.rest_pyramidal,
        "burst_fraction": p.B_0 * per_spike / (1 + p.B_0 * (per_spike - 1)),
    }


DENDRITE = Component(
    name="pyramidal_dendrite",
    summary="SST inhibition and NMDA excitation set dendritic calcium and bursting",
    inputs=(
        Input("pyramidal", "Hz", "rate of pyramidal cells", wire="rate_pyramidal"),
        Input("sst", "Hz", "rate of SST cells", wire="rate_sst"),
        Input("spine", "1", "input through spines, relative to rest", wire="spine_input", absent=1.0),
        Input("nmda_synaptic", "1", "NMDA conductance left", wire="nmda_synaptic_pyramidal", absent=1.0),
        Input("gaba_gain", "1", "GABA-A conductance per release", absent=1.0),
        Input("sst_output", "1", "strength of SST synapses", absent=1.0),
    ),
    parameters=(
        Parameter("kappa", "1", "shunt of the dendrite by SST cells at rest", "circuit.kappa"),
        Parameter("B_0", "1", "share of pyramidal spikes in bursts at rest", "circuit.burst_rest"),
        Parameter("rest_pyramidal", "Hz", "resting rate of pyramidal cells", "circuit.rest_pyramidal"),
        Parameter("rest_sst", "Hz", "resting rate of SST cells", "circuit.rest_sst"),
    ),
    outputs=(
        Output("dendritic_calcium", "1", "calcium of apical dendrites, relative to rest"),
        Output("burst_fraction", "1", "share of pyramidal spikes in bursts"),
    ),
    readout=readout,
    source="gentet-2012, ali-2020",
)
