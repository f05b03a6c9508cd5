"""The closed-form spectrum against a state-space model built from the rate equations' own numerical slopes."""

import numpy as np
import pytest

from biology.circuit.harness import MS, block, jacobians, model, observe, settle
from ketamind.biology.circuit.linear_response import Complex, read_powers
from ketamind.biology.circuit.transfer import drive_of_rate, efficacy, gain, rate_of_drive

NO_PLASTICITY = {
    "circuit.c_pv": 0.0,
    "circuit.c_sst": 0.0,
    "circuit.c_e_pyramidal": 0.0,
    "circuit.c_e_pv": 0.0,
    "circuit.c_e_sst": 0.0,
    "circuit.c_e_vip": 0.0,
    "circuit.cortical_loop_share": 0.0,
}
FREQUENCIES = {"delta": 2.5, "theta": 6, "alpha": 10, "beta": 20, "low_gamma": 40, "high_gamma": 70}
CELLS = ("pyramidal", "pv", "sst")


def field_power(wires, f_hz):
    """Field power at f from a state-space model: rates of three cells, then their filtered synaptic outputs.

    The loop gains are finite differences of the rate equations, so nothing is shared with the closed form.
    """
    p = model().defaults | NO_PLASTICITY
    states = settle(wires, NO_PLASTICITY)
    J = jacobians(states, wires, NO_PLASTICITY)[0][:3, :3]
    tau = np.array([p[f"circuit.tau_{c}"] for c in CELLS])
    K = J * tau[:, None] + np.eye(3)
    n = np.array([p[f"circuit.n_{c}"] for c in CELLS])
    left = np.array([wires.get(f"nmda_synaptic_{c}", 1.0) for c in CELLS])
    slow = n * left / (1 - n + n * left)
    lag = {name: p[f"circuit.lag_{name}"] for name in ("ampa", "nmda", "pv", "sst")}
    rate = states[:3, 0]
    slope = np.array(
        [
            gain(r, p[f"circuit.rest_{c}"], p["circuit.k"], p[f"circuit.r_max_{c}"])
            for r, c in zip(rate, CELLS, strict=True)
        ]
    )
    # states: r_E r_P r_S, outputs of AMPA, NMDA, PV, SST synapses
    A = np.zeros((7, 7))
    for i in range(3):
        A[i, i] = -1 / tau[i]
        A[i, 3], A[i, 4] = K[i, 0] * (1 - slow[i]) / tau[i], K[i, 0] * slow[i] / tau[i]
        A[i, 5], A[i, 6] = K[i, 1] / tau[i], K[i, 2] / tau[i]
    for j, (name, source) in enumerate(zip(lag, (0, 0, 1, 2), strict=True), start=3):
        A[j, source], A[j, j] = 1 / lag[name], -1 / lag[name]
    read = np.zeros(7)
    read[3], read[4] = (K[0, 0] * share / slope[0] for share in (1 - slow[0], slow[0]))
    read[5], read[6] = -K[0, 1] / slope[0], -K[0, 2] / slope[0]
    w = 2 * np.pi * f_hz / (1000 * MS)
    total = 0.0
    for i, c in enumerate(CELLS):
        inhibition = sum(p[f"circuit.W_{b}_{c}"] * p[f"circuit.rest_{b}"] for b in ("pv", "sst", "vip"))
        excitation = p[f"circuit.V_rest_{c}"] - p[f"circuit.E_L_{c}"] + inhibition - p[f"circuit.T_{c}"]
        filtered = (1 - n[i]) / (1 + 1j * w * lag["ampa"]) + n[i] * left[i] / (1 + 1j * w * lag["nmda"])
        drive = (1 - p[f"circuit.rho_{c}"]) * excitation * filtered
        into = np.zeros(7, complex)
        into[i] = slope[i] * drive / tau[i]
        direct = drive if i == 0 else 0.0
        total += abs(read @ np.linalg.solve(1j * w * np.eye(7) - A, into) + direct) ** 2
    return total


@pytest.mark.parametrize("band", FREQUENCIES)
@pytest.mark.parametrize("concentration", [1.0, 10.0])
def test_band_powers_equal_the_state_space_spectrum(band, concentration):
    wires = block(concentration)
    states = settle(wires, NO_PLASTICITY)
    found = observe(states, wires, NO_PLASTICITY, [f"power_{band}"])[f"power_{band}"][0]
    expected = field_power(wires, FREQUENCIES[band]) / field_power({}, FREQUENCIES[band])
    assert found == pytest.approx(expected, rel=1e-4)


def test_gamma_of_the_resting_circuit_lies_in_the_recorded_range():
    found = observe(settle(), {}, {}, ["gamma_peak_frequency"])["gamma_peak_frequency"][0]
    assert 30 < found < 70


def test_read_powers_against_a_matrix_solve():
    rng = np.random.default_rng(5)
    M = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    read, direct = rng.normal(size=3) + 1j * rng.normal(size=3), 0.3 - 0.7j
    as_pair = [Complex(v.real, v.imag) for v in (*M.ravel(), *read, direct)]
    rows = tuple(tuple(as_pair[3 * i : 3 * i + 3]) for i in range(3))
    found = read_powers(rows, tuple(as_pair[9:12]), as_pair[12])
    response = read @ np.linalg.inv(M) + np.array([direct, 0, 0])
    np.testing.assert_allclose(found, np.abs(response) ** 2)


@pytest.mark.parametrize("r", [0.1, 2.5, 9.0, 20.0])
def test_the_rate_curve_and_its_inverse(r):
    D = drive_of_rate(r, 2.5, 0.3, 28.0)
    assert rate_of_drive(D, 0.3, 28.0) == pytest.approx(r, rel=1e-4)
    h = 1e-5
    slope = (rate_of_drive(D + h, 0.3, 28.0) - rate_of_drive(D - h, 0.3, 28.0)) / (2 * h)
    assert gain(r, 2.5, 0.3, 28.0) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("c", [-0.9, -0.3, 0.0, 0.3])
def test_short_term_plasticity_never_reverses(c):
    x = np.linspace(0, 20, 200)
    transmitted = x * efficacy(x, c)
    assert np.all(np.diff(transmitted) > 0)
    assert efficacy(1.0, c) == 1
    h = 1e-6
    assert np.log((1 + h) * efficacy(1 + h, c)) / h == pytest.approx(1 + c / 2, rel=1e-3)
