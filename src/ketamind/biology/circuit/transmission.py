"""What changes the strength of cortical synapses: blockers, plasticity, stress, GABA-A agents, HCN1.

    ampa (pyramidal)   = 1 + s_p strength
    phasic excitation  = (1 - I_release) (1 - I_ampa)
    spine input        = (1 + s_n (spines - 1)) (1 + g_h (1 - I_h))
    release            = 1 - I_release
    GABA               = 1 + g_bz (1 - (1 - I_gaba) EC50 / (C_mdz + EC50))
    SST output         = max(0, 1 - l_sst stress)
    bias               = -V_h (1 - I_h) + V_stim stimulus
    active             = 1 - inhibition

Only a share s_p of the AMPA input, and a weight s_n for spines (the young ones carry small synapses), follows the
plastic changes, since a day after ketamine firing rates and oscillations are back to where they were. Block of AMPA
receptors silences a synapse as a whole: without them the membrane stays where magnesium shuts NMDA receptors.
Closing HCN1 takes away a standing depolarisation (V_h) and sharpens summation (g_h); the two nearly cancel.
Midazolam, the active placebo of the trials, acts by its own unbound concentration, other GABA-A agents through the
manipulation. Interneurons are taken as free of spines. Depression is set as in Yao 2022: SST synapses at 0.6.
Source: yao-2022 (SST loss), amat-foraster-2019 (nothing left at 24 h); the rest design, see the table.
"""

from typing import Any

from numpy import maximum

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    closed = 1 - u.hcn1_current
    stimulus = u.stimulate_pyramidal + p.stimulate_pyramidal
    unmodulated = (1 - p.stimulate_gaba_a) * p.EC50_midazolam / (u.midazolam + p.EC50_midazolam)
    return {
        "ampa_pyramidal": 1 + p.plastic_share * u.synaptic_strength,
        "phasic_excitation": (1 - p.inhibit_glutamate_release) * (1 - p.block_ampa),
        "spine_input": (1 + p.spine_weight * (u.spine_density - 1)) * (1 + p.summation_hcn1 * closed),
        "glutamate_release": 1 - p.inhibit_glutamate_release,
        "gaba_gain": 1 + p.gaba_potentiation * (1 - unmodulated),
        "sst_output": maximum(1 - p.sst_stress_loss * u.stress, 0),
        "bias_pyramidal": p.V_stimulus * stimulus - p.V_hcn1 * closed,
        "active_pyramidal": 1 - p.inhibit_pyramidal,
    }


TRANSMISSION = Component(
    name="cortical_transmission",
    summary="Blockers, plasticity, stress and modulators set the strength of cortical synapses",
    inputs=(
        Input("synaptic_strength", "1", "excess strength of excitatory synapses, 0 at rest", absent=0.0),
        Input("spine_density", "1", "spine density relative to health", absent=1.0),
        Input("hcn1_current", "1", "HCN1 current relative to no drug", absent=1.0),
        Input("stress", "1", "stress level", absent=0.0),
        Input("stimulate_pyramidal", "1", "excess drive of pyramidal cells from outside", absent=0.0),
        Input("midazolam", "uM", "unbound midazolam in brain", wire="brain_unbound_midazolam", absent=0.0),
    ),
    parameters=(
        Parameter("plastic_share", "1", "plastic share of AMPA input on pyramidal cells", "circuit.plastic_share"),
        Parameter("spine_weight", "1", "excitatory input carried by a change of spines", "circuit.spine_weight"),
        Parameter("summation_hcn1", "1", "gain of summation as HCN1 closes", "circuit.summation_hcn1"),
        Parameter("V_hcn1", "mV", "standing depolarisation by HCN1", "circuit.V_hcn1"),
        Parameter("V_stimulus", "mV", "drive of a unit stimulus", "circuit.V_stimulus"),
        Parameter("gaba_potentiation", "1", "largest gain by a benzodiazepine", "circuit.gaba_potentiation"),
        Parameter("EC50_midazolam", "uM", "midazolam of half effect", "circuit.EC50_midazolam"),
        Parameter("sst_stress_loss", "1", "loss of SST inhibition at stress 1", "circuit.sst_stress_loss"),
        Parameter("block_ampa", "1", "AMPA receptors blocked", "manipulation.block_ampa"),
        Parameter("stimulate_gaba_a", "1", "effect of a GABA-A modulator", "manipulation.stimulate_gaba_a"),
        Parameter("inhibit_pyramidal", "1", "pyramidal firing silenced", "manipulation.inhibit_pyramidal_activity"),
        Parameter("stimulate_pyramidal", "1", "standing stimulus", "manipulation.stimulate_pyramidal_activity"),
        Parameter("inhibit_glutamate_release", "1", "release inhibited", "manipulation.inhibit_glutamate_release"),
    ),
    outputs=(
        Output("ampa_pyramidal", "1", "AMPA conductance of synapses on pyramidal cells, relative to rest"),
        Output("phasic_excitation", "1", "excitatory conductance per spike, relative to rest"),
        Output("spine_input", "1", "excitatory input through pyramidal spines, relative to rest"),
        Output("glutamate_release", "1", "glutamate released per spike, relative to rest"),
        Output("gaba_gain", "1", "GABA-A conductance per release, relative to rest"),
        Output("sst_output", "1", "strength of SST synapses, relative to health"),
        Output("bias_pyramidal", "mV", "drive of pyramidal cells by stimulation and HCN1"),
        Output("active_pyramidal", "1", "share of pyramidal firing not silenced"),
    ),
    readout=readout,
    source="yao-2022",
)
