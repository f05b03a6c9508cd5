"""What block of NMDA receptors does to the circuit: signs by target, inverted U, manipulations."""

import numpy as np
import pytest

from biology.circuit.harness import block, draws_between, model, settled
from ketamind.declare import External, Model, shipped_table

RATES = ["rate_pyramidal", "rate_pv", "rate_sst", "rate_vip"]
REST = {name: shipped_table().row(f"circuit.rest_{name.removeprefix('rate_')}").value for name in RATES}


def relative(wires, values=None):
    found = settled(RATES, wires, values)
    return {name.removeprefix("rate_"): found[name] / REST[name] for name in RATES}


@pytest.mark.parametrize("tonic", ["2D", "2C"])
@pytest.mark.parametrize("concentration", [0.5, 1.0])
def test_clinical_concentrations_disinhibit_mildly(concentration, tonic):
    found = relative(block(concentration, tonic))
    assert 1.03 < found["pyramidal"] < 1.40
    assert 0.60 < found["sst"] < 0.95
    assert 0.90 < found["pv"] < 1.10


@pytest.mark.parametrize("tonic", ["2D", "2C"])
def test_effect_on_pyramidal_cells_is_an_inverted_u(tonic):
    at = {c: relative({**block(c, tonic), "nmda_occupancy": c / (c + 1.3)})["pyramidal"] for c in (0.5, 2.0, 90.0)}
    assert at[2.0] > at[0.5] > 1
    assert at[90.0] < at[0.5]
    assert relative(block(10.0, tonic))["sst"] < 0.4


@pytest.mark.parametrize("cell", ["pyramidal", "pv", "sst"])
def test_block_in_one_cell_type(cell):
    found = relative(block(1.0, only=(cell,)))
    if cell == "pyramidal":
        assert max(found.values()) < 1, "negative control: no disinhibition"
    else:
        assert found["pyramidal"] > 1
        assert found[cell] < 1


def test_protected_interneurons_leave_no_disinhibition():
    assert max(relative(block(1.0, only=("pyramidal", "vip"))).values()) < 1


def test_signs_hold_for_nearly_every_individual():
    values = draws_between(200, seed=4)
    found = settled(["rate_pyramidal", "rate_sst"], block(1.0), values, draws=200)
    assert np.mean(found["rate_pyramidal"] > values["circuit.rest_pyramidal"]) > 0.95
    assert np.mean(found["rate_sst"] < values["circuit.rest_sst"]) > 0.95
    control = settled(["rate_pyramidal"], block(1.0, only=("pyramidal",)), values, draws=200)
    assert np.all(control["rate_pyramidal"] < values["circuit.rest_pyramidal"])


def test_spectrum_under_the_drug_has_the_recorded_direction():
    found = settled(["power_gamma", "power_delta", "power_beta", "dendritic_calcium", "burst_fraction"], block(1.0))
    assert found["power_gamma"] > 1
    assert found["power_delta"] < 1
    assert found["power_beta"] < 1
    assert found["dendritic_calcium"] > 1
    assert found["burst_fraction"] < 0.1


def test_disinhibition_off_hides_firing_from_synapses_only():
    found = settled(
        ["rate_pyramidal", "pyramidal_excess", "extracellular_glutamate"], block(1.0), {"on.disinhibition": 0.0}
    )
    assert found["rate_pyramidal"] > 2.6
    assert found["pyramidal_excess"] < 1e-9
    assert found["extracellular_glutamate"] == pytest.approx(1, rel=1e-9)


def test_metabolite_raises_release_even_without_disinhibition():
    found = settled(["pyramidal_excess"], {"hnk_release": 1.1}, {"on.disinhibition": 0.0})
    assert found["pyramidal_excess"] == pytest.approx(0.1, rel=1e-3)


def test_excess_is_never_negative():
    names = ["pyramidal_excess", "glutamate_cycling"]
    silenced = settled(names, {}, {"manipulation.inhibit_pyramidal_activity": 1.0})
    assert silenced["glutamate_cycling"] < 1e-6
    assert silenced["pyramidal_excess"] == 0


@pytest.mark.parametrize(
    ("wires", "values", "sign"),
    [
        ({"stimulate_pyramidal": 1.0}, {}, 1),
        ({"stimulate_pyramidal": -1.0}, {}, -1),
        ({}, {"manipulation.stimulate_pyramidal_activity": 1.0}, 1),
        ({}, {"manipulation.inhibit_pyramidal_activity": 0.5}, -1),
        ({}, {"manipulation.stimulate_gaba_a": 1.0}, -1),
        ({}, {"manipulation.inhibit_glutamate_release": 0.1}, -1),
        ({}, {"manipulation.block_ampa": 1.0}, -1),
        ({"synaptic_strength": 0.5}, {}, 1),
        ({"spine_density": 0.8}, {}, -1),
        ({}, {"patient.stress": 1.0}, 1),
        ({"stress_pulse": 1.0}, {}, 1),
    ],
)
def test_manipulations_move_pyramidal_cells(wires, values, sign):
    assert np.sign(relative(wires, values)["pyramidal"] - 1) == sign


def test_midazolam_strengthens_inhibition_by_its_concentration():
    agent = External("brain_unbound_midazolam", "uM", "", 0.0)
    with_agent = Model("agent", model().components, model().table, (*model().externals, agent))
    gain = with_agent.system.outputs["gaba_gain"].value
    names = with_agent.defaults | {e.wire: e.rest for e in with_agent.externals}
    half = names["circuit.EC50_midazolam"]
    found = [with_agent.system.graph.evaluate([gain], names | {agent.wire: c})[0] for c in (0.0, half, 1e6)]
    assert found == pytest.approx([1.0, 1.25, 1.5])


def test_habenula_bursts_rise_with_stress_and_fall_with_block():
    names = ["burst_fraction_lhb", "rate_lhb"]
    healthy, stressed = settled(names), settled(names, {}, {"patient.stress": 1.0})
    blocked = settled(names, {"nmda_lhb": 0.5}, {"patient.stress": 1.0})
    unfelt = settled(names, {"nmda_lhb": 0.5}, {"patient.stress": 1.0, "on.lateral_habenula": 0.0})
    for name in names:
        assert stressed[name] > healthy[name]
        assert blocked[name] < stressed[name]
        assert unfelt[name] == pytest.approx(stressed[name])
