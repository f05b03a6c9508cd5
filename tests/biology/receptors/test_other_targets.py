"""Opioid receptors, TrkB, HCN1, hydroxynorketamine at terminals, D2 and nicotinic receptors."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biology.receptors.dish import outputs, stage_model
from ketamind.biology.receptors import OTHER_TARGETS

MODEL = stage_model(*OTHER_TARGETS)
REST = {
    "mor_occupancy": 0.0,
    "mor_blockade": 0.0,
    "mor_signal": 0.0,
    "mu_tone": 1.0,
    "kor_occupancy": 0.0,
    "kor_signal": 0.0,
    "dor_occupancy": 0.0,
    "trkb_binding": 0.0,
    "hcn1_current": 1.0,
    "hnk_drive": 0.0,
    "hnk_release": 1.0,
    "d2_occupancy": 0.0,
    "nachr_a7_current": 1.0,
}


def racemate(C):
    return {"brain_unbound_s_ketamine": C / 2, "brain_unbound_r_ketamine": C / 2}


def test_no_drug_is_what_the_rest_sees_with_the_mechanism_off():
    assert outputs(MODEL) == REST
    off = MODEL.without("opioid", "trkb_direct", "hcn1", "hnk", "d2", "nicotinic_a7")
    assert outputs(off, **racemate(5.0), brain_unbound_hnk_2r6r=5.0, brain_unbound_naltrexone=1.0) == REST


@given(st.floats(0, 200), st.floats(0, 200), st.floats(0, 1), st.floats(0, 200))
@settings(max_examples=60, deadline=None)
def test_shares_stay_between_0_and_1(S, R, naltrexone, HNK):
    drugs = {"brain_unbound_s_ketamine": S, "brain_unbound_r_ketamine": R}
    found = outputs(MODEL, **drugs, brain_unbound_naltrexone=naltrexone, brain_unbound_hnk_2r6r=HNK)
    assert all(0 <= found[wire] <= 1 for wire in found if wire != "hnk_release")


def test_naltrexone_competes_ketamine_away_and_silences_the_tone():
    blocked = outputs(MODEL, **racemate(0.5), brain_unbound_naltrexone=0.02)
    assert blocked["mor_signal"] < 0.05 * outputs(MODEL, **racemate(0.5))["mor_signal"]
    assert blocked["mu_tone"] < 0.05
    assert blocked["mor_blockade"] > 0.95


def test_ketamine_binds_mu_at_the_published_concentration():
    half = outputs(MODEL, **racemate(41.7))
    assert half["mor_occupancy"] == pytest.approx(0.5, abs=0.02)
    assert outputs(MODEL, **racemate(28.2))["kor_occupancy"] == pytest.approx(0.5, abs=0.06)
    assert outputs(MODEL, **racemate(269.0))["dor_occupancy"] == pytest.approx(0.5)
    assert 0.01 < outputs(MODEL, **racemate(0.5))["mor_occupancy"] < 0.02


def test_amplification_and_endogenous_release_are_hypotheses_that_can_be_raised():
    amplified = outputs(MODEL.with_values({"opioid.amplification": 20.0}), **racemate(0.5))
    assert amplified["mor_signal"] > 10 * outputs(MODEL, **racemate(0.5))["mor_signal"]
    released = MODEL.with_values({"opioid.endogenous_release": 1.0})
    assert outputs(released, **racemate(0.5))["mu_tone"] == pytest.approx(1.5)
    assert outputs(released, **racemate(0.5), brain_unbound_naltrexone=0.05)["mu_tone"] < 0.05


def test_a_missing_mu_receptor_signals_nothing():
    gone = outputs(MODEL.with_values({"manipulation.block_mor": 1.0}), **racemate(5.0))
    assert gone["mor_signal"] == gone["mu_tone"] == 0.0
    assert gone["mor_blockade"] == 1.0


def test_y433f_takes_most_of_the_binding_to_trkb():
    bound = outputs(MODEL, brain_unbound_hnk_2r6r=1.8)["trkb_binding"]
    mutated = MODEL.with_values({"manipulation.trkb_y433f": 1.0})
    assert bound == pytest.approx(0.5)
    assert outputs(mutated, brain_unbound_hnk_2r6r=1.8)["trkb_binding"] == pytest.approx(0.1 * bound)


def test_half_effects_stand_at_their_constants():
    assert outputs(MODEL, **racemate(8.0))["hcn1_current"] == pytest.approx(0.5)
    assert outputs(MODEL, brain_unbound_hnk_2r6r=3.3)["hnk_drive"] == pytest.approx(0.5)
    assert outputs(MODEL, brain_unbound_hnk_2r6r=3.3)["hnk_release"] == pytest.approx(1.25)
    assert outputs(MODEL, brain_unbound_s_dehydronorketamine=0.055)["nachr_a7_current"] == pytest.approx(0.5)
    assert outputs(MODEL, **racemate(10.0))["d2_occupancy"] == pytest.approx(0.5)
