"""Depression, expectancy, oral antidepressants, suicidality and PTSD."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from . import harness

MODEL = harness.model()
RANGES = {
    "madrs": 60, "hamd17": 52, "hamd6": 22, "hamd24": 75, "hamd25": 80, "qids_sr16": 27, "phq9": 27, "bdi2": 63,
    "ssi": 38, "cssrs_ideation": 5, "madrs_item10": 6, "cgi_ss_r": 6, "caps5": 80, "pcl5": 80, "ies_r": 88,
}  # fmt: skip


def test_an_untreated_patient_stays_at_baseline_exactly():
    times = np.array([0.0, 24.0, 672.0])
    run = harness.run(MODEL, lambda t: {}, times, ["madrs", "ssi", "caps5", "expectancy_odds"])
    assert set(run["madrs"]) == {MODEL.defaults["patient.baseline_madrs"]}
    assert set(run["ssi"]) == {MODEL.defaults["patient.baseline_ssi"]}
    assert set(run["caps5"]) == {MODEL.defaults["patient.baseline_caps5"]}
    assert set(run["expectancy_odds"]) == {0.0}


@given(
    drive=st.floats(-0.5, 1),
    z=st.floats(-3.5, 3.5),
    engaged=st.floats(0, 1),
    belief=st.floats(0, 1),
    adapted=st.floats(0, 1),
    baseline=st.floats(0, 60),
)
def test_scales_stay_between_zero_and_baseline(drive, z, engaged, belief, adapted, baseline):
    values = {
        "antidepressant_drive": drive,
        "patient.drug_response": z,
        "patient.oral_response": -z,
        "patient.placebo_response": z,
        "patient.baseline_madrs": baseline,
        "expectancy.engaged": engaged,
        "expectancy.belief": belief,
        "oral_course.A": adapted,
    }
    names = list(RANGES)
    treated = harness.at(MODEL, names, values)
    untreated = harness.at(MODEL, names, {"patient.baseline_madrs": baseline})
    for name, top in RANGES.items():
        assert 0 <= treated[name] <= untreated[name] + 1e-9 <= top + 1e-9, name


@given(low=st.floats(0, 1), more=st.floats(0, 1))
def test_more_drive_means_fewer_symptoms(low, more):
    high = low + (1 - low) * more
    a, b = (harness.at(MODEL, ["madrs", "ssi"], {"antidepressant_drive": d}) for d in (low, high))
    assert b["madrs"] <= a["madrs"] + 1e-9
    assert b["ssi"] <= a["ssi"] + 1e-9


@pytest.mark.parametrize(("hamd17", "madrs"), [(10, 13), (20, 26), (30, 39), (40, 52.5)])
def test_hamd17_meets_the_published_anchors(hamd17, madrs):
    found = harness.at(MODEL, ["hamd17"], {"patient.baseline_madrs": madrs})["hamd17"]
    assert found == pytest.approx(hamd17)


def test_remission_means_the_same_on_hamd17_qids_and_hamd6():
    found = harness.at(MODEL, ["hamd17", "qids_sr16", "hamd6", "hamd24"], {"patient.baseline_madrs": 9.1})
    assert found["hamd17"] == pytest.approx(7, abs=0.01)
    assert found["qids_sr16"] == pytest.approx(5, abs=0.1)
    assert found["hamd6"] == pytest.approx(4, abs=0.1)
    assert 8 <= found["hamd24"] <= 10


def placebo_course(model, times):
    return harness.run(model, lambda t: {"visit": harness.visit(t)}, times, ["improvement"])["improvement"]


def test_placebo_response_of_the_typical_patient_at_2_and_24_hours():
    early, late = placebo_course(MODEL, np.array([0.0, 2.0, 24.0]))[1:]
    assert early == pytest.approx(0.23, abs=0.02)
    assert late == pytest.approx(0.135, abs=0.01)


def test_saline_in_a_crossover_does_nothing():
    crossover = MODEL.with_values({"patient.expectancy": 0.0})
    assert set(placebo_course(crossover, np.array([0.0, 2.0, 24.0]))) == {0.0}


def treated(model, **drug):
    def inputs(t):
        return {"visit": harness.visit(t), **{k: v(t) for k, v in drug.items()}}

    return harness.run(model, inputs, np.array([0.0, 0.67, 24.0]), ["improvement", "believed_active"])


def test_felt_effects_unblind_ketamine_and_half_unblind_midazolam():
    ketamine = treated(MODEL, nmda_occupancy=harness.infusion)
    midazolam = treated(MODEL, brain_unbound_midazolam=lambda t: 0.0075 * harness.infusion(t) / 0.272)
    saline = treated(MODEL)
    assert ketamine["believed_active"][1] > midazolam["believed_active"][1] > 0.25 > saline["believed_active"][1]
    assert ketamine["improvement"][2] > midazolam["improvement"][2] > saline["improvement"][2]


@pytest.mark.parametrize("change", [{"expectancy.unblinding": 0.0}, {"patient.awake": 0.0}])
def test_without_felt_effects_ketamine_is_placebo_but_for_its_drive(change):
    blind = MODEL.with_values(change)
    shrunk = treated(blind, nmda_occupancy=harness.infusion)["improvement"][2]
    assert shrunk == pytest.approx(treated(blind)["improvement"][2], rel=1e-5)
    assert shrunk < treated(MODEL, nmda_occupancy=harness.infusion)["improvement"][2]


def test_knowing_the_allocation_helps():
    known = MODEL.with_values({"patient.allocation_known": 1.0})
    assert treated(known)["improvement"][2] > treated(MODEL)["improvement"][2]


def test_expectancy_off_leaves_the_drive_alone():
    off = harness.at(
        MODEL.without("expectancy"),
        ["expectancy_odds", "improvement"],
        {"expectancy.engaged": 1.0, "antidepressant_drive": 0.65},
    )
    odds = MODEL.defaults["depression.beta"] * 0.65
    assert off["expectancy_odds"] == 0
    assert off["improvement"] == pytest.approx(odds / (1 + odds))


def test_an_ssri_takes_weeks_and_serotonin_off_abolishes_it():
    days = np.array([0.0, 1.0, 7.0, 42.0])
    course = harness.run(MODEL, lambda t: {"effect_ssri": 1.0}, days * 24, ["improvement"])["improvement"]
    assert course[1] < 0.005 < course[2] < course[3]
    off = harness.run(
        MODEL.without("serotonin").with_values({"patient.trial_care": 0.0}),
        lambda t: {"effect_ssri": 1.0}, days * 24, ["improvement"],
    )["improvement"]  # fmt: skip
    assert set(off) == {0.0}


def test_each_failed_treatment_lowers_the_oral_response():
    odds = [
        harness.at(MODEL, ["oral_odds"], {"oral_course.A": 1.0, "patient.treatment_resistance": n})["oral_odds"]
        for n in range(4)
    ]
    assert odds == sorted(odds, reverse=True)


def test_a_share_of_the_effect_on_ideation_is_carried_by_mood():
    names = ["ssi", "improvement"]
    by_mood = harness.at(MODEL.without("expectancy"), names, {"oral_course.A": 1.0})
    lost = 1 - by_mood["ssi"] / MODEL.defaults["patient.baseline_ssi"]
    assert lost == pytest.approx(MODEL.defaults["suicidality.mood_share"] * by_mood["improvement"])


def test_ptsd_follows_mood_by_its_coupling():
    for rho in (0.5, 0.15):
        found = harness.at(
            MODEL, ["caps5", "improvement"], {"antidepressant_drive": 0.65, "patient.ptsd_coupling": rho}
        )
        assert 1 - found["caps5"] / MODEL.defaults["patient.baseline_caps5"] == pytest.approx(
            rho * found["improvement"]
        )
