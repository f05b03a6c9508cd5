"""Dissociation and anaesthesia follow NMDA block, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from . import harness

MODEL = harness.model()
HOURS = np.linspace(0, 4, 241)


@pytest.fixture(scope="module")
def one_dose():
    return harness.run(MODEL, lambda t: {"nmda_occupancy": harness.infusion(t)}, HOURS, ["cadss", "bprs", "vas_high"])


def test_cadss_peaks_at_the_end_of_the_infusion(one_dose):
    assert HOURS[np.argmax(one_dose["cadss"])] == pytest.approx(2 / 3, abs=0.05)
    assert 6 < one_dose["cadss"].max() < 12


def test_dissociation_is_gone_by_two_hours(one_dose):
    assert np.interp(2.0, HOURS, one_dose["cadss"]) < 1.0


def test_the_second_dose_is_felt_less():
    two = harness.run(
        MODEL,
        lambda t: {"nmda_occupancy": harness.infusion(t) + harness.infusion(t, start=72)},
        np.array([0.0, 2 / 3, 72 + 2 / 3]),
        ["cadss"],
    )["cadss"]
    assert two[2] / two[1] == pytest.approx(0.7, abs=0.05)


def test_without_block_nothing_is_felt():
    rest = harness.at(MODEL, ["cadss", "vas_high", "bprs", "loss_of_responsiveness"], {"mor_signal": 0.3})
    assert (rest["cadss"], rest["vas_high"], rest["loss_of_responsiveness"]) == (0, 0, 0)
    assert rest["bprs"] == MODEL.defaults["patient.baseline_bprs"]


def test_opioid_signal_does_not_reach_cadss():
    both = [harness.at(MODEL, ["cadss"], {"nmda_occupancy": 0.27, "mor_signal": m})["cadss"] for m in (0.0, 0.5)]
    assert both[0] == both[1]


def test_anaesthesia_is_reported_at_1959_but_not_at_159_ng_per_ml_of_s_ketamine():
    low, high = (
        harness.at(MODEL, ["loss_of_responsiveness"], {"nmda_occupancy": f, "hcn1_current": h})[
            "loss_of_responsiveness"
        ]
        for f, h in ((0.30, 0.955), (0.84, 0.64))
    )
    assert low < 0.02
    assert high > 0.98


@given(occupancy=st.floats(0, 1), more=st.floats(0, 1), habituation=st.floats(0, 1))
def test_scales_stay_on_their_range_and_rise_with_block(occupancy, more, habituation):
    names = ["cadss", "bprs", "vas_high", "loss_of_responsiveness"]
    states = {"dissociation.H": habituation}
    low, high = (
        harness.at(MODEL, names, {"nmda_occupancy": f, **states})
        for f in (occupancy, occupancy + (1 - occupancy) * more)
    )
    for name, top in zip(names, (92, 126, 100, 1), strict=True):
        assert 0 <= low[name] <= high[name] + 1e-12 <= top + 1e-9
