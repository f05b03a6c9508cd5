"""What electrodes and calcium indicators see of the column: mixed rates, calcium, postsynaptic currents.

    rate_interneuron = (N_pv r_pv + N_sst r_sst) / (N_pv + N_sst)        units sorted as interneurons
    rate_all         = sum N_a r_a / sum N_a
    calcium_a        = r_a / r_a0                                        mean indicator signal follows the rate
    inhibition       = gaba sum_b W_b s_b r_b e_b / sum_b W_b r_b0       on pyramidal cells
    sIPSC frequency  = sum_b K_b r_b / sum_b K_b r_b0                    K_b cells wired to one pyramidal cell
    sEPSC frequency  = release (rho x_E e_E + (1 - rho) (1 - phi + phi m))

K_b is the number of cells of a type times the measured connection probability, so events count alike whatever their
size. VIP cells are left out of `rate_interneuron`: they are few and seldom sorted as interneurons in vivo.
Source: hanjia-jiang (cell numbers and connection probabilities).
"""

from typing import Any

from ketamind.biology.circuit.rates import inhibition, inhibition_at_rest
from ketamind.biology.circuit.transfer import efficacy
from ketamind.declare import Component, Input, Output, Parameter


def rate_interneuron(u: Any, p: Any) -> Any:
    """Mean rate of PV and SST cells, Hz."""
    return (p.N_pv * u.pv + p.N_sst * u.sst) / (p.N_pv + p.N_sst)


def rate_all(u: Any, p: Any) -> Any:
    """Mean rate of all cells, Hz."""
    total = p.N_pyramidal * u.pyramidal + p.N_pv * u.pv + p.N_sst * u.sst + p.N_vip * u.vip
    return total / (p.N_pyramidal + p.N_pv + p.N_sst + p.N_vip)


def inhibitory_events(pv: Any, sst: Any, vip: Any, p: Any) -> Any:
    """Inhibitory synaptic events on one pyramidal cell, Hz."""
    return p.N_pv * p.p_pv * pv + p.N_sst * p.p_sst * sst + p.N_vip * p.p_vip * vip


def excitatory_events(u: Any, p: Any) -> Any:
    """Excitatory synaptic events on one pyramidal cell, relative to rest."""
    x = u.pyramidal / p.rest_pyramidal
    outside = 1 - p.phi + p.phi * u.rest_of_cortex
    return u.release * (p.rho * x * efficacy(x, p.c_e) + (1 - p.rho) * outside)


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    events = inhibitory_events(u.pv, u.sst, u.vip, p) / inhibitory_events(p.rest_pv, p.rest_sst, p.rest_vip, p)
    return {
        "rate_interneuron": rate_interneuron(u, p),
        "rate_all": rate_all(u, p),
        "calcium_pyramidal": u.pyramidal / p.rest_pyramidal,
        "calcium_pv": u.pv / p.rest_pv,
        "calcium_sst": u.sst / p.rest_sst,
        "inhibitory_conductance": inhibition(u, p) / inhibition_at_rest(p),
        "sipsc_frequency": events,
        "sepsc_frequency": excitatory_events(u, p),
    }


ACTIVITY = Component(
    name="cortical_activity",
    summary="Rates, calcium and postsynaptic currents of the column as they are recorded",
    inputs=(
        Input("pyramidal", "Hz", "rate of pyramidal cells", wire="rate_pyramidal"),
        Input("pv", "Hz", "rate of PV cells", wire="rate_pv"),
        Input("sst", "Hz", "rate of SST cells", wire="rate_sst"),
        Input("vip", "Hz", "rate of VIP cells", wire="rate_vip"),
        Input("rest_of_cortex", "1", "drive from the rest of cortex", absent=1.0),
        Input("release", "1", "glutamate released per spike", wire="glutamate_release", absent=1.0),
        Input("gaba_gain", "1", "GABA-A conductance per release", absent=1.0),
        Input("sst_output", "1", "strength of SST synapses", absent=1.0),
    ),
    parameters=(
        Parameter("N_pyramidal", "1", "pyramidal cells of a column", "circuit.N_pyramidal"),
        Parameter("N_pv", "1", "PV cells of a column", "circuit.N_pv"),
        Parameter("N_sst", "1", "SST cells of a column", "circuit.N_sst"),
        Parameter("N_vip", "1", "VIP cells of a column", "circuit.N_vip"),
        Parameter("p_pv", "1", "connection probability, PV to pyramidal", "circuit.p_pyramidal_from_pv"),
        Parameter("p_sst", "1", "connection probability, SST to pyramidal", "circuit.p_pyramidal_from_sst"),
        Parameter("p_vip", "1", "connection probability, VIP to pyramidal", "circuit.p_pyramidal_from_vip"),
        Parameter("W_pv", "mV/Hz", "hyperpolarisation per Hz of PV cells", "circuit.W_pv_pyramidal"),
        Parameter("W_sst", "mV/Hz", "hyperpolarisation per Hz of SST cells", "circuit.W_sst_pyramidal"),
        Parameter("W_vip", "mV/Hz", "hyperpolarisation per Hz of VIP cells", "circuit.W_vip_pyramidal"),
        Parameter("rho", "1", "share of phasic excitation from the column", "circuit.rho_pyramidal"),
        Parameter("phi", "1", "share of external drive from cortex", "circuit.cortical_loop_share"),
        Parameter("c_e", "1", "short-term plasticity of pyramidal synapses", "circuit.c_e_pyramidal"),
        Parameter("c_pv", "1", "short-term plasticity of PV synapses", "circuit.c_pv"),
        Parameter("c_sst", "1", "short-term plasticity of SST synapses", "circuit.c_sst"),
        Parameter("rest_pyramidal", "Hz", "resting rate of pyramidal cells", "circuit.rest_pyramidal"),
        Parameter("rest_pv", "Hz", "resting rate of PV cells", "circuit.rest_pv"),
        Parameter("rest_sst", "Hz", "resting rate of SST cells", "circuit.rest_sst"),
        Parameter("rest_vip", "Hz", "resting rate of VIP cells", "circuit.rest_vip"),
    ),
    outputs=(
        Output("rate_interneuron", "Hz", "mean rate of PV and SST cells"),
        Output("rate_all", "Hz", "mean rate of all cells"),
        Output("calcium_pyramidal", "1", "calcium signal of pyramidal cells, relative to rest"),
        Output("calcium_pv", "1", "calcium signal of PV cells, relative to rest"),
        Output("calcium_sst", "1", "calcium signal of SST cells, relative to rest"),
        Output("inhibitory_conductance", "1", "inhibition on pyramidal cells, relative to rest"),
        Output("sipsc_frequency", "1", "inhibitory events on pyramidal cells, relative to rest"),
        Output("sepsc_frequency", "1", "excitatory events on pyramidal cells, relative to rest"),
    ),
    readout=readout,
    source="hanjia-jiang",
)
