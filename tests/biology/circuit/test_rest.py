"""Without drug: exact rest, stability, and a rest of its own for a stressed or remodelled brain."""

import numpy as np
import pytest

from biology.circuit.harness import (
    CELLS,
    draws_between,
    jacobians,
    model,
    observe,
    settle,
    settled,
    slopes,
    start,
)

RATIOS = (
    "inhibitory_conductance sipsc_frequency sepsc_frequency calcium_pyramidal calcium_pv calcium_sst dendritic_calcium "
    "extracellular_glutamate glutamate_cycling rest_of_cortex evoked_gamma power_delta power_theta power_alpha "
    "power_beta power_low_gamma power_high_gamma power_gamma"
).split()
STATES_OF_LIFE = {
    "healthy": ({}, {}),
    "stressed": ({}, {"patient.stress": 1.0}),
    "potentiated": ({"synaptic_strength": 1.0, "spine_density": 1.2}, {}),
    "spines lost": ({"spine_density": 0.7}, {}),
    "all at once": ({"synaptic_strength": 1.0, "spine_density": 1.2}, {"patient.stress": 1.0}),
}


def test_the_stage_is_lean():
    assert len(model().system.states) == 7


def test_every_draw_of_a_healthy_brain_is_exactly_at_rest():
    values = draws_between(200, seed=1)
    states = start(values, 200)
    per_hour = np.abs(slopes(states, {}, values)) / np.maximum(states, 1e-3)
    # 28 days of such drift, were it one-sided and unopposed by restoring rates of 1e5 per hour and more
    assert per_hour.max() < 1e-6
    found = observe(states, {}, values, RATIOS)
    for name in RATIOS:
        np.testing.assert_allclose(found[name], 1.0, rtol=1e-9, err_msg=name)


def test_rest_equals_the_table():
    found = settled([f"rate_{c}" for c in CELLS] + [f"potential_{c}" for c in CELLS])
    for cell in CELLS:
        assert found[f"rate_{cell}"] == pytest.approx(model().rows[f"circuit.rest_{cell}"].value, rel=1e-9)
        assert found[f"potential_{cell}"] == pytest.approx(model().rows[f"circuit.V_rest_{cell}"].value, rel=1e-9)


def test_excess_and_stress_are_zero_at_rest():
    found = settled(["pyramidal_excess", "stress", "burst_fraction", "aperiodic_exponent"])
    assert found["pyramidal_excess"] < 1e-9
    assert found["stress"] == 0
    assert found["burst_fraction"] == pytest.approx(model().rows["circuit.burst_rest"].value)
    assert found["aperiodic_exponent"] == pytest.approx(model().rows["circuit.chi"].value)


@pytest.mark.parametrize("state_of_life", STATES_OF_LIFE)
def test_the_fixed_point_is_stable_for_every_draw(state_of_life):
    wires, values = STATES_OF_LIFE[state_of_life]
    values = draws_between(200, seed=2) | values
    states = settle(wires, values, draws=200, seconds=1.5)
    assert np.abs(slopes(states, wires, values)[:5]).max() < 10, "not settled: over 0.003 Hz/s"
    fastest = np.linalg.eigvals(jacobians(states, wires, values)).real.max(axis=1)
    assert fastest.max() < 0
    pyramidal = observe(states, wires, values, ["rate_pyramidal"])["rate_pyramidal"]
    assert pyramidal.max() < 3 * values["circuit.rest_pyramidal"].max()


def test_excitation_that_holds_the_potential_is_positive_for_every_draw():
    values = model().defaults | draws_between(2000, seed=3)
    for cell in CELLS:
        inhibition = sum(values[f"circuit.W_{b}_{cell}"] * values[f"circuit.rest_{b}"] for b in CELLS[1:])
        net = values[f"circuit.V_rest_{cell}"] - values[f"circuit.E_L_{cell}"] - values[f"circuit.T_{cell}"]
        assert (net + inhibition).min() > 0


def test_inhibition_stabilises_excitation_for_fast_fluctuations():
    """With synapses at their resting efficacy, pyramidal cells alone would be on the verge: loop gain about 1."""
    values = {f"circuit.c_{name}": 0.0 for name in ("pv", "sst", *(f"e_{c}" for c in CELLS))}
    jacobian = jacobians(start(values), {}, values)[0]
    loop_gain = 1 + jacobian[0, 0] * model().defaults["circuit.tau_pyramidal"]
    assert 0.8 < loop_gain < 3


def test_a_stressed_brain_has_its_own_rest_without_excess():
    values = {"patient.stress": 1.0, "circuit.tau_set_point": 1e-5}
    found = settled(["rate_pyramidal", "pyramidal_excess", "stress"], {"spine_density": 0.85}, values)
    assert found["stress"] == 1
    assert found["rate_pyramidal"] > 2.5
    assert found["pyramidal_excess"] < 1e-6
