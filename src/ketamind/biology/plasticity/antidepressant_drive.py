"""What synapses and habenula together do to mood: the antidepressant drive.

    S = a_l gate (1 - k_5HT I_5HT) relief + (1 - I_ampa) (a_w (w - z) + a_s (1 - k_ng I_ng) gain)
    D = 1 - exp(-S)

w is potentiation, z what stress takes beyond the own untreated rest, gain the spines above it: D is 0 in the
untreated brain of the same individual, whatever its stress, and below 0 only while added stress outweighs treatment.
Strength and spines act through AMPA receptors, so a blocker hides them. The habenula acts partly through serotonin,
spines partly through young neurons of the dentate gyrus (rawat-2022 for, soumier-2016 against); both shares are
assumptions with wide ranges. Source: moda-sava-2019 (spines carry the later effect, not the first), yang-2018.
"""

from typing import Any

from numpy import exp

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    gate = 1 - p.w_op * (1 - u.mu_tone)
    habenula = p.a_l * gate * (1 - p.share_serotonin * p.block_serotonin) * u.habenula_relief
    strength = p.a_w * (u.potentiation - u.stress_weakening_change)
    gain = u.spine_density - u.spine_density_untreated
    spines = p.a_s * (1 - p.share_neurogenesis * p.block_neurogenesis) * gain
    drive = 1 - exp(-(habenula + (1 - p.block_ampa) * (strength + spines)))
    return {
        "antidepressant_drive": drive,
        "antidepressant_behaviour": drive,
        "fst_immobility": 1 + p.i_stress * p.sigma_0 - p.i_drug * drive,
    }


ANTIDEPRESSANT_DRIVE = Component(
    name="antidepressant_drive",
    summary="Habenula relief, potentiation and spines join in the antidepressant effect",
    inputs=(
        Input("habenula_relief", "1", "relief from habenula output, 0 at rest"),
        Input("potentiation", "1", "potentiation of AMPA synapses, 0 at rest"),
        Input("stress_weakening_change", "1", "strength taken by stress beyond the untreated rest"),
        Input("spine_density", "1", "spine density relative to health"),
        Input("spine_density_untreated", "1", "spine density of this individual without drug"),
        Input("mu_tone", "1", "endogenous mu-opioid tone left", absent=1.0),
    ),
    parameters=(
        Parameter("a_l", "1", "weight of habenula relief", row="drive.a_l"),
        Parameter("a_w", "1", "weight of potentiation", row="drive.a_w"),
        Parameter("a_s", "1", "weight of spine gain", row="drive.a_s"),
        Parameter("i_drug", "1", "fall of immobility at full drive", row="drive.i_drug"),
        Parameter("i_stress", "1", "rise of immobility at full stress", row="drive.i_stress"),
        Parameter("share_serotonin", "1", "share of habenula relief carried by serotonin", row="drive.share_serotonin"),
        Parameter(
            "share_neurogenesis",
            "1",
            "share of the spine effect carried by young neurons",
            row="drive.share_neurogenesis",
        ),
        Parameter("w_op", "1", "depth of the permissive mu-opioid gate", row="opioid.gate_weight"),
        Parameter("sigma_0", "1", "stress level that this individual lives under", row="patient.stress"),
        Parameter("block_ampa", "1", "AMPA receptors blocked", row="manipulation.block_ampa"),
        Parameter("block_serotonin", "1", "serotonin depleted", row="manipulation.block_serotonin"),
        Parameter("block_neurogenesis", "1", "young neurons silenced", row="manipulation.block_neurogenesis"),
    ),
    outputs=(
        Output("antidepressant_drive", "1", "antidepressant effect: 0 untreated, 1 complete"),
        Output("antidepressant_behaviour", "1", "antidepressant-like behaviour: 0 untreated, 1 complete"),
        Output("fst_immobility", "1", "immobility in the forced-swim test relative to health"),
    ),
    readout=readout,
    source="moda-sava-2019",
)
