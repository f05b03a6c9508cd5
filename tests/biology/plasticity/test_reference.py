"""plasticity-ode-v1, from which this stage grew, comes out of its equations at that version's values."""

import numpy as np
import pytest

from biology.plasticity.harness import run
from biology.plasticity.surrogates import V1, surrogate_model

HOURS = (0.5, 1, 2, 3, 6, 24, 72, 168, 336)
TABLE = {
    "mtorc1_activity": (0.326, 0.610, 0.320, 0.046, 0, 0, 0, 0, 0),
    "synaptic_protein": (0.001, 0.026, 0.173, 0.345, 0.629, 0.668, 0.421, 0.167, 0.033),
    "potentiation": (0.161, 0.347, 0.487, 0.512, 0.483, 0.298, 0.073, 0.003, 0),
    "spine_density": (1, 1, 1.001, 1.003, 1.015, 1.080, 1.130, 1.087, 1.055),
    "antidepressant_drive": (0.494, 0.678, 0.756, 0.766, 0.753, 0.710, 0.646, 0.454, 0.315),
}
EXTREMES = {
    "p_eef2": (0.603, 0.61),
    "bdnf_tissue": (1.285, 1.42),
    "bdnf_extracellular": (2.577, 0.64),
    "trkb_activity": (0.302, 0.68),
    "erk_activity": (0.450, 0.93),
    "akt_activity": (0.441, 0.99),
    "mtorc1_activity": (0.620, 1.14),
    "synaptic_protein": (0.730, 11.9),
    "potentiation": (0.513, 3.2),
    "durable_latch": (0.200, 4.5),
    "spine_density": (1.132, 61.2),
    "habenula_relief": (0.643, 1.7),
}
NO_DISINHIBITION = {"surrogate.muscimol": 1.0}
KNOCK_OUTS = {
    "rapamycin": ({"manipulation.block_mtorc1": 1.0}, (0.49, 0.75, 0.48, 0)),
    "muscimol": (NO_DISINHIBITION, (0.35, 0.59, 0.30, 0.02)),
    "calcium channels 90 %": ({"manipulation.block_vdcc": 0.9}, (0.35, 0.59, 0.30, 0.02)),
    "anti-BDNF": ({"manipulation.block_bdnf": 1.0}, (0.32, 0.40, 0.14, 0)),
    "BDNF knock-out": ({"manipulation.knockout_bdnf": 1.0}, (0.32, 0.40, 0.14, 0)),
    "no protein synthesis": ({"manipulation.block_protein_synthesis": 1.0}, (0.32, 0.40, 0.14, 0)),
    "release x0.3": ({"bdnf.q": 1.8}, (0.43, 0.69, 0.57, 0.23)),
    "no TrkB-direct": ({"trkb.psi": 0.0}, (0.48, 0.75, 0.69, 0.42)),
    "no eEF2K": ({"eef2.alpha_e": 0.0}, (0.45, 0.67, 0.52, 0.20)),
    "TrkB-direct only": ({**NO_DISINHIBITION, "eef2.alpha_e": 0.0}, (0.34, 0.42, 0.15, 0)),
    "TrkB-direct only, psi 5": ({**NO_DISINHIBITION, "eef2.alpha_e": 0.0, "trkb.psi": 5.0}, (0.42, 0.57, 0.30, 0.04)),
    "naltrexone": ({"surrogate.naltrexone": 1.0}, (0.08, 0.35, 0.20, 0.02)),
    "no habenula": ({"drive.a_l": 0.0}, (0.25, 0.61, 0.66, 0.45)),
    "no latch": ({"manipulation.mecp2_s421a": 1.0}, (0.49, 0.76, 0.65, 0.29)),
    "spines erased": ({"manipulation.erase_spines": 1.0}, (0.49, 0.76, 0.50, 0.01)),
}


@pytest.fixture(scope="module")
def model():
    return surrogate_model()


def test_reference_table(model):
    found = run(model, np.union1d(HOURS, np.arange(0, 15, 0.01)), V1)
    for name, wanted in TABLE.items():
        np.testing.assert_allclose(found.at(name, *HOURS), wanted, rtol=0.02, atol=0.0006, err_msg=name)
    late = run(model, np.arange(0, 100, 0.2), V1)
    for name, (value, hour) in EXTREMES.items():
        where = late if hour > 14 else found
        index = np.argmax(abs(where[name] - where[name][0]))
        assert where[name][index] == pytest.approx(value, rel=0.02), name
        assert where.t[index] == pytest.approx(hour, rel=0.05), name


@pytest.mark.parametrize("name", KNOCK_OUTS)
def test_knock_out_table(model, name):
    changes, wanted = KNOCK_OUTS[name]
    start = {"bdnf.b": 0.0, "bdnf.B": 0.0} if "knock-out" in name else None
    found = run(model, (0.5, 3, 24, 168), {**V1, **changes}, observe=("antidepressant_drive",), start=start)
    drive = np.maximum(found.at("antidepressant_drive", 0.5, 3, 24, 168), 0)
    np.testing.assert_allclose(drive, wanted, rtol=0.02, atol=0.0101)


def test_three_weeks_of_stress(model):
    """The version's own figures: density .845 after 21 days, and a day later .937 with ketamine against .858."""
    stressed = [(0.0, {"stress_pulse": 1.0}), (504.0, {"stress_pulse": 0.0})]
    plain = run(model, (504, 528), {**V1, "surrogate.depot": 0.0}, stressed, observe=("spine_density",))
    assert plain.at("spine_density", 504) == pytest.approx(0.845, rel=0.01)
    assert plain.at("spine_density", 528) == pytest.approx(0.858, rel=0.01)
