"""Analgesia, drug liking and blood pressure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from . import harness

MODEL = harness.model()
UNBOUND = 0.56


def read(name, **values):
    return harness.at(MODEL, [name], values)[name]


def test_published_slopes_of_pain():
    """100 ng/mL S-ketamine relieves 3.8 cm, its opioid share included; 50 ng/mL S-norketamine costs 1.5 cm."""
    strong = MODEL.with_values({"patient.baseline_pain": 8.0})
    ketamine = {"brain_unbound_s_ketamine": 0.1e3 / 237.73 * UNBOUND, "mor_signal": 0.5 * 0.236 / 28.6}
    norketamine = {"brain_unbound_s_norketamine": 0.05e3 / 223.70 * UNBOUND}
    before, relieved, both = (
        harness.at(strong, ["pain_vas"], v)["pain_vas"] for v in ({}, ketamine, {**ketamine, **norketamine})
    )
    assert before - relieved == pytest.approx(3.8, abs=0.2)
    assert both - relieved == pytest.approx(1.5, abs=0.1)


def test_naltrexone_takes_the_opioid_part_of_analgesia_and_liking():
    drug = {"brain_unbound_s_ketamine": 0.1, "nmda_occupancy": 0.1}
    assert read("pain_vas", **drug) > read("pain_vas", **drug, mor_signal=0.005)
    assert read("drug_liking", **drug) < read("drug_liking", **drug, mor_signal=0.005)


def test_liking_of_half_a_milligram_is_near_the_ceiling():
    assert 90 < read("drug_liking", nmda_occupancy=0.272, mor_signal=0.0055) < 100
    assert read("drug_liking") == 50


def test_pressure_at_the_clinical_and_the_anaesthetic_dose():
    names = ["systolic_bp", "diastolic_bp", "mean_arterial_pressure"]
    rest, clinical, anaesthetic = (harness.at(MODEL, names, {"arterial_ketamine": c}) for c in (0.0, 1.05, 8.24))
    mean_over_typical = np.exp(MODEL.defaults["blood_pressure.omega"] ** 2 / 2)
    rise = {name: (clinical[name] - rest[name]) * mean_over_typical for name in names}
    assert rise["systolic_bp"] == pytest.approx(7.4, abs=1.5)
    assert rise["diastolic_bp"] == pytest.approx(6.0, abs=1.5)
    assert 1.1 < anaesthetic["mean_arterial_pressure"] / rest["mean_arterial_pressure"] < 1.4


@given(s=st.floats(0, 50), r=st.floats(0, 50), nk=st.floats(0, 50), mor=st.floats(0, 0.5), occupancy=st.floats(0, 1))
def test_scales_stay_on_their_range(s, r, nk, mor, occupancy):
    values = {
        "brain_unbound_s_ketamine": s,
        "brain_unbound_r_ketamine": r,
        "brain_unbound_s_norketamine": nk,
        "mor_signal": mor,
        "nmda_occupancy": occupancy,
    }
    found = harness.at(MODEL, ["pain_vas", "drug_liking"], values)
    assert 0 <= found["pain_vas"] <= 10
    assert 50 <= found["drug_liking"] <= 100
