"""Each claim of the seed has observables here that could show it, and a control that could abolish it."""

import csv
from pathlib import Path

import pytest

from ketamind.biology.chain import EVERYTHING, chain, full_chain
from ketamind.biology.receptors import in_vitro
from ketamind.protocols import parse_manipulation, parse_protocol

SHOWN_BY = {
    "nmda-antagonist": ["nmda_synaptic_pyramidal", "nmda_occupancy", "nmda_trapped_fraction"],
    "interneuron-block": ["nmda_synaptic_pv", "nmda_tonic_sst", "rate_pv", "rate_sst", "inhibitory_conductance"],
    "excitatory-bursts": ["rate_pyramidal", "burst_fraction", "power_gamma"],
    "bursts-to-plasticity": ["extracellular_glutamate", "bdnf_extracellular", "synaptic_strength", "madrs"],
    "plasticity-definition": ["synaptic_strength", "spine_density"],
    "bdnf-release": ["bdnf_extracellular", "bdnf_plasma"],
    "bdnf-survival": ["neuron_survival", "p_akt", "synaptic_potentiation"],
    "trkb-direct": ["trkb_binding", "p_trkb"],
    "mor-binding": ["mor_occupancy", "kor_occupancy", "pain_vas", "drug_liking"],
    "mor-second-pathway": ["mor_signal", "mu_tone", "madrs", "hamd17", "cadss"],
    "rapid-onset": ["madrs"],
    "rapid-by-nmda-and-mor": ["madrs", "nmda_occupancy", "mor_signal"],
    "durability": ["venous_ketamine", "spine_density", "madrs"],
    "resilience-cognition": ["stress_resilience", "working_memory", "reversal_learning"],
    "psychiatric-uses": ["madrs", "hamd17", "caps5", "ies_r", "ssi"],
    "dissociation": ["cadss", "loss_of_responsiveness"],
    "beyond-monoamines": ["madrs", "oral_odds"],
}
CONTROLS = ("block:ampa", "block:vdcc", "block:bdnf", "mutate:bdnf_val66met", "block:trkb", "mutate:trkb_y433f")
MORE_CONTROLS = ("block:mtorc1", "block:protein_synthesis", "erase:spines")


def claims():
    path = Path(__file__).parents[2] / "src" / "ketamind" / "data" / "claims.csv"
    with path.open(newline="", encoding="utf-8") as handle:
        return [row["id"] for row in csv.DictReader(handle)]


@pytest.mark.parametrize("claim", claims())
def test_a_claim_has_observables_that_could_show_it(claim):
    assert set(SHOWN_BY[claim]) <= set(full_chain().system.outputs)


def test_block_in_a_dish_shows_concentration_voltage_and_trapping():
    gives = {o.wire or o.symbol for c in in_vitro() for o in c.outputs}
    assert {"nmda_2a", "nmda_2b", "nmda_2c", "nmda_2d", "nmda_native"} <= gives


@pytest.mark.parametrize("words", CONTROLS + MORE_CONTROLS)
def test_the_controls_move_parameters_of_the_chain(words):
    moved = parse_manipulation(words).values
    assert moved
    assert set(moved) <= set(full_chain().defaults)


def test_the_mechanisms_that_claims_switch_off_are_there():
    assert {"nmda", "opioid", "trkb_direct", "spines", "mtorc1"} <= set(full_chain().mechanisms)


def test_comparators_can_be_given():
    for words in ("50 mg naltrexone po", "0.045 mg/kg midazolam iv over 40 min", "1 dose ssri po daily for 28 days"):
        pairs = {(d.drug, d.route) for d in parse_protocol(words)}
        assert pairs <= EVERYTHING or chain(pairs).system
