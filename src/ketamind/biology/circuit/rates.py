"""Rates and mean potentials of pyramidal, PV, SST and VIP cells, and the rest of cortex.

    tau dr/dt = a f(D) - r                                                      f: see transfer.py
    D = D_0 + R (h x_E e_E - 1) + X (h ((1 - phi) v + phi m) - 1)
            + T (b_ton - 1) - sum_b W_b (gaba s_b r_b e_b - r_b0) + bias
    h = phasic spine ((1 - n) ampa + n b_syn)                                   AMPA and NMDA by charge
    D_0 = f^-1(r_0)
    E_tot = V_rest - E_L + sum_b W_b r_b0 - T,   R = rho E_tot,   X = (1 - rho) E_tot
    potential = V_rest + f^-1(r) - D_0
    dm/dt = (x_E e_E - m) / tau_m                                               rest of cortex

Every input is counted from rest in mV of depolarisation: R from the cell's pyramidal neighbours, X from outside the
column, T from tonic NMDA current, W_b per Hz of each inhibitory source; x_E = r_E / r_E0, e the short-term plasticity
of the source's synapses, b the NMDA conductance left by a blocker, v the ascending drive. So without drug every
population fires exactly at its resting rate, whatever the parameters. Total excitation E_tot is not free: it is what
holds the measured mean potential against leak and inhibition. External synapses have the NMDA share of local ones. A
share phi of external drive comes from cortex under the same drug and follows the pyramidal rate with a lag; that
share is an assumption.
The potential is read from the rate, so that it changes with a lag and closes no loop in algebra.
Ranges are drug-free. Within them the NMDA share of pyramidal cells, the tonic currents of PV and SST cells, phi and
the size of short-term plasticity were settled with the effect of ketamine in view, so that agreement in sign of
firing at low doses is no evidence for the model; the control by single-target block and the spectrum are less bound.
Source: ahmadian-2013, hennequin-2018 (law, k); hanjia-jiang (wiring, potentials); weights: see the table.
"""

from typing import Any

from ketamind.biology.circuit.transfer import drive_of_rate, efficacy, rate_of_drive
from ketamind.declare import Component, Input, Output, Parameter, State


def inhibition_at_rest(p: Any) -> Any:
    """Hyperpolarisation by the resting rates of all inhibitory sources, mV."""
    return p.W_pv * p.rest_pv + p.W_sst * p.rest_sst + p.W_vip * p.rest_vip


def synaptic_excitation(p: Any) -> Any:
    """Depolarisation by all phasic excitation at rest, mV: what the mean potential asks for."""
    return p.V_rest - p.E_L + inhibition_at_rest(p) - p.T


def inhibition(u: Any, p: Any) -> Any:
    """Hyperpolarisation by all inhibitory sources, mV."""
    pv = p.W_pv * u.pv * efficacy(u.pv / p.rest_pv, p.c_pv)
    sst = p.W_sst * u.sst * efficacy(u.sst / p.rest_sst, p.c_sst) * u.sst_output
    return u.gaba_gain * (pv + sst + p.W_vip * u.vip)


def drive(u: Any, p: Any) -> Any:
    """Mean potential above the foot of the rate curve, mV."""
    total = synaptic_excitation(p)
    conductance = (1 - p.n) * u.ampa + p.n * u.nmda_synaptic
    gain = u.phasic * u.spine * conductance
    x = u.pyramidal / p.rest_pyramidal
    local = p.rho * total * (gain * x * efficacy(x, p.c_e) - 1)
    outside = (1 - p.phi) * u.ascending + p.phi * u.rest_of_cortex
    external = (1 - p.rho) * total * (gain * outside - 1)
    tonic = p.T * (u.nmda_tonic - 1)
    inhibited = inhibition(u, p) - inhibition_at_rest(p)
    return drive_of_rate(p.rest, p.rest, p.k, p.r_max) + local + external + tonic - inhibited + u.bias


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    at_rest = rate_of_drive(drive_of_rate(p.rest, p.rest, p.k, p.r_max), p.k, p.r_max)
    firing = p.rest * u.active * rate_of_drive(drive(u, p), p.k, p.r_max) / at_rest
    return {"r": (firing - x.r) / p.tau}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    rest = drive_of_rate(p.rest, p.rest, p.k, p.r_max)
    return {"rate": x.r, "potential": p.V_rest + drive_of_rate(x.r, p.rest, p.k, p.r_max) - rest}


CELL = Component(
    name="cell",
    summary="Rate and mean potential of a population of the cortical column",
    inputs=(
        Input("pyramidal", "Hz", "rate of pyramidal cells", wire="rate_pyramidal"),
        Input("pv", "Hz", "rate of PV cells", wire="rate_pv"),
        Input("sst", "Hz", "rate of SST cells", wire="rate_sst"),
        Input("vip", "Hz", "rate of VIP cells", wire="rate_vip"),
        Input("rest_of_cortex", "1", "drive from the rest of cortex, relative to rest", absent=1.0),
        Input("ascending", "1", "drive from thalamus and brain stem", wire="ascending_drive", absent=1.0),
        Input("nmda_synaptic", "1", "synaptic NMDA conductance left", absent=1.0),
        Input("nmda_tonic", "1", "tonic NMDA conductance left", absent=1.0),
        Input("ampa", "1", "AMPA conductance relative to rest", absent=1.0),
        Input("spine", "1", "input through spines, relative to rest", absent=1.0),
        Input("phasic", "1", "excitatory conductance per spike", wire="phasic_excitation", absent=1.0),
        Input("gaba_gain", "1", "GABA-A conductance per release", absent=1.0),
        Input("sst_output", "1", "strength of SST synapses", absent=1.0),
        Input("bias", "mV", "further drive of this population", absent=0.0),
        Input("active", "1", "share of firing not silenced", absent=1.0),
    ),
    states=(State("r", "Hz", "firing rate", initial="rest"),),
    parameters=(
        Parameter("rest", "Hz", "resting rate of this population", ""),
        Parameter("r_max", "Hz", "highest rate", ""),
        Parameter("k", "Hz/mV**2", "gain of the power law", "circuit.k"),
        Parameter("tau", "h", "membrane time constant", ""),
        Parameter("V_rest", "mV", "mean potential of the awake resting brain", ""),
        Parameter("E_L", "mV", "potential without synaptic input", ""),
        Parameter("rho", "1", "share of phasic excitation that comes from the column", ""),
        Parameter("n", "1", "NMDA share of phasic excitatory charge", ""),
        Parameter("T", "mV", "depolarisation by tonic NMDA current", ""),
        Parameter("W_pv", "mV/Hz", "hyperpolarisation per Hz of PV cells", ""),
        Parameter("W_sst", "mV/Hz", "hyperpolarisation per Hz of SST cells", ""),
        Parameter("W_vip", "mV/Hz", "hyperpolarisation per Hz of VIP cells", ""),
        Parameter("c_e", "1", "short-term plasticity of pyramidal synapses on this population", ""),
        Parameter("c_pv", "1", "short-term plasticity of PV synapses", "circuit.c_pv"),
        Parameter("c_sst", "1", "short-term plasticity of SST synapses", "circuit.c_sst"),
        Parameter("phi", "1", "share of external drive from cortex under the same drug", "circuit.cortical_loop_share"),
        Parameter("rest_pyramidal", "Hz", "resting rate of pyramidal cells", "circuit.rest_pyramidal"),
        Parameter("rest_pv", "Hz", "resting rate of PV cells", "circuit.rest_pv"),
        Parameter("rest_sst", "Hz", "resting rate of SST cells", "circuit.rest_sst"),
        Parameter("rest_vip", "Hz", "resting rate of VIP cells", "circuit.rest_vip"),
    ),
    outputs=(
        Output("rate", "Hz", "mean firing rate"),
        Output("potential", "mV", "mean membrane potential"),
    ),
    rates=rates,
    readout=readout,
    source="ahmadian-2013, hennequin-2018, hanjia-jiang",
)

OWN_ROWS = ("rest", "r_max", "tau", "V_rest", "E_L", "rho", "n", "T", "W_pv", "W_sst", "W_vip", "c_e")
OWN_WIRES = ("ampa", "nmda_synaptic", "nmda_tonic", "spine", "bias", "active", "rate", "potential")


def population(cell: str, **wires: str) -> Component:
    """The rate equation of one cell type, with its own rows and wires."""
    own = {symbol: f"{symbol}_{cell}" for symbol in OWN_WIRES}
    rows = {symbol: f"circuit.{symbol}_{cell}" for symbol in OWN_ROWS}
    return CELL.bind(name=f"cell_{cell}", wires=own | wires, rows=rows)


PYRAMIDAL = population("pyramidal", spine="spine_input")
PV = population("pv")
SST = population("sst")
VIP = population("vip")


def cortex_rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    ratio = u.rate_pyramidal / p.rest
    return {"m": (ratio * efficacy(ratio, p.c_e) - x.m) / p.tau}


def cortex_readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"rest_of_cortex": x.m}


REST_OF_CORTEX = Component(
    name="rest_of_cortex",
    summary="Drive from the rest of cortex follows the column's own pyramidal rate, with a lag",
    inputs=(Input("rate_pyramidal", "Hz", "rate of pyramidal cells"),),
    states=(State("m", "1", "drive from the rest of cortex, relative to rest", initial=1.0),),
    parameters=(
        Parameter("rest", "Hz", "resting rate of pyramidal cells", "circuit.rest_pyramidal"),
        Parameter("c_e", "1", "short-term plasticity of pyramidal synapses", "circuit.c_e_pyramidal"),
        Parameter("tau", "h", "lag of the rest of cortex", "circuit.tau_cortex"),
    ),
    outputs=(Output("rest_of_cortex", "1", "drive from the rest of cortex, relative to rest"),),
    rates=cortex_rates,
    readout=cortex_readout,
)
