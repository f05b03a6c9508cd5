"""BDNF: a releasable stock, release by activity, and clearance.

Excess pyramidal firing opens AMPA receptors and, through them, voltage-dependent calcium channels; calcium releases
BDNF from a stock that translation refills.

    E = gate (max(x, 0) + g_H HNK) + w_add s_MOR;   gate = 1 - w_op (1 - mu tone)     excitation
    dh/dt = (E - h) / tau_h                                                           what release is used to
    y = r (1 - I_ampa) (1 - I_vdcc) max(0, E - h)                                     release drive
    Q = (1 - m) (phi + q H(y; K_y, n_y))                                              regulated release per stock
    db/dt = k_b (v_b eta (1 + mu_U U) - b)                                            stock
    dB/dt = k_cl (v_b (1 - phi) + b Q - B)                                            outside the cell
    dB_p/dt = k_p (1 + g_p (B - 1) - B_p)                                             plasma

All are relative to rest, where E = 0. Release answers to a surge of activity and gets used to what lasts (h), so that
the firing which stronger synapses sustain for days does not release BDNF in turn. Of basal release the share phi is
regulated and draws on the stock; the rest is constitutive and does not answer to it, so that faster translation alone
puts little BDNF outside. The drive is the pyramidal excess that the circuit gives, as far as synapses are ready (r);
the opioid system may gate it (endogenous mu tone is permissive), add to it (mu agonism of the drug is a second drive),
or both, by two weights. Met carriers (Val66Met) lose the fraction m of regulated release, basal and evoked; ampakines
act as the reverse of I_ampa.
Source: lepack-2014 (AMPA and L-type calcium channels needed), moghaddam-1997 (the surge of glutamate passes within
two hours), autry-2011, solinas-2019 (clearance), liu-2012. That release gets used to lasting drive is an assumption.
"""

from typing import Any

from numpy import maximum

from ketamind.biology.plasticity.saturation import steep_hill
from ketamind.declare import Component, Input, Output, Parameter, State


def excitation(u: Any, p: Any) -> Any:
    """What drives release before adaptation, 0 at rest."""
    gate = 1 - p.w_op * (1 - u.mu_tone)
    return gate * (maximum(u.pyramidal_excess, 0) + p.g_H * u.hnk_drive) + p.w_add * u.mor_signal


def release_drive(u: Any, x: Any, p: Any) -> Any:
    """Calcium-carried drive of regulated release, 0 at rest."""
    ampa = (1 - p.block_ampa) * (1 + p.stimulate_ampa)
    return u.synaptic_readiness * ampa * (1 - p.block_vdcc) * maximum(excitation(u, p) - x.h, 0)


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    left = 1 - p.met_loss * p.val66met
    regulated = left * (p.phi + p.q * steep_hill(release_drive(u, x, p), p.K_y, p.n_y))
    constitutive = (1 - p.knockout) * (1 - p.phi)
    synthesis = (1 - p.knockout) * u.elongation_gain * (1 + p.mu_U * u.durable_latch)
    return {
        "h": (excitation(u, p) - x.h) / p.tau_h,
        "b": p.k_b * (synthesis - x.b),
        "B": p.k_cl * (constitutive + x.b * regulated - x.B),
        "B_p": p.k_p * (1 + p.g_p * (x.B - 1) - x.B_p),
    }


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    basal = (1 - p.knockout) * (1 - p.phi * p.met_loss * p.val66met)
    return {
        "bdnf_tissue": x.b,
        "bdnf_extracellular": x.B,
        "bdnf_plasma": x.B_p,
        "trophic_support": 1 - p.s_B * (1 - basal),
        "release_drive": release_drive(u, x, p),
    }


BDNF = Component(
    name="bdnf",
    summary="Activity releases BDNF through AMPA receptors and calcium channels",
    mechanism="bdnf_release",
    inputs=(
        Input("pyramidal_excess", "1", "excess pyramidal drive, 0 at rest"),
        Input("elongation_gain", "1", "speed of translation relative to rest"),
        Input("durable_latch", "1", "durable transcriptional change, 0 to 1"),
        Input("synaptic_readiness", "1", "readiness of synapses to potentiate, 1 at rest"),
        Input("mu_tone", "1", "endogenous mu-opioid tone left", absent=1.0),
        Input("mor_signal", "1", "signal of the drug at mu receptors", absent=0.0),
        Input("hnk_drive", "1", "drive of glutamate release by hydroxynorketamine", absent=0.0),
    ),
    states=(
        State("h", "1", "excitation that release is used to"),
        State("b", "1", "releasable BDNF in tissue relative to rest", initial=1.0),
        State("B", "1", "extracellular BDNF relative to rest", initial=1.0),
        State("B_p", "1", "plasma BDNF relative to rest", initial=1.0),
    ),
    parameters=(
        Parameter("k_b", "1/h", "turnover of the releasable stock", row="bdnf.k_b"),
        Parameter("mu_U", "1", "gain of BDNF synthesis by the durable change", row="bdnf.mu_U"),
        Parameter("k_cl", "1/h", "clearance of extracellular BDNF", row="bdnf.k_cl"),
        Parameter("q", "1", "largest evoked release as a multiple of basal release", row="bdnf.q"),
        Parameter("K_y", "1", "drive of half-maximal evoked release", row="bdnf.K_y"),
        Parameter("n_y", "1", "steepness of evoked release", row="bdnf.n_y"),
        Parameter("tau_h", "h", "time to get used to lasting excitation", row="bdnf.tau_h"),
        Parameter("phi", "1", "share of basal release that is regulated", row="bdnf.phi"),
        Parameter("met_loss", "1", "regulated release lost by Met carriers", row="bdnf.met_loss"),
        Parameter("s_B", "1", "share of spine formation that rests on basal BDNF", row="bdnf.s_B"),
        Parameter("k_p", "1/h", "turnover of plasma BDNF", row="bdnf.k_p"),
        Parameter("g_p", "1", "plasma change per change of extracellular BDNF in brain", row="bdnf.g_p"),
        Parameter("g_H", "1", "release drive per unit of hydroxynorketamine drive", row="bdnf.g_H"),
        Parameter("w_op", "1", "depth of the permissive mu-opioid gate", row="opioid.gate_weight"),
        Parameter("w_add", "1", "release drive per unit of mu-opioid signal", row="opioid.additive_weight"),
        Parameter("block_ampa", "1", "AMPA receptors blocked", row="manipulation.block_ampa"),
        Parameter("stimulate_ampa", "1", "gain of AMPA receptors by an ampakine", row="manipulation.stimulate_ampa"),
        Parameter("block_vdcc", "1", "voltage-dependent calcium channels blocked", row="manipulation.block_vdcc"),
        Parameter("knockout", "1", "BDNF synthesis missing", row="manipulation.knockout_bdnf"),
        Parameter("val66met", "1", "Met allele dose: 0 Val/Val, 1 Met/Met", row="manipulation.bdnf_val66met"),
    ),
    outputs=(
        Output("bdnf_tissue", "1", "BDNF in tissue relative to rest", when_off=1.0),
        Output("bdnf_extracellular", "1", "extracellular BDNF relative to rest", when_off=1.0),
        Output("bdnf_plasma", "1", "plasma BDNF relative to rest", when_off=1.0),
        Output("trophic_support", "1", "support of spine formation by basal BDNF, 1 in a wildtype", when_off=1.0),
        Output("release_drive", "1", "drive of evoked BDNF release", when_off=0.0),
    ),
    rates=rates,
    readout=readout,
    source="lepack-2014",
)
