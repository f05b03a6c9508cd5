"""The shipped stage: rest, bounds, blockers, what its repairs of the first version are for."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biology.plasticity.harness import run
from biology.plasticity.surrogates import surrogate_model

DRIVE = "antidepressant_drive"
NO_DRUG = {"surrogate.depot": 0.0}
MOUSE_3 = {"surrogate.C_pk": 1.5, "surrogate.k_e": 3.2}
STRESSED = {"patient.stress": 1.0}
DISTRIBUTION = {"surrogate.depot": 0.0, "surrogate.k_e": 1.0, "surrogate.k_12": 2.0}
HALF_MG_PER_KG = {"infusion": 2.0}
EXCESS = {"g_I": 0.6, "top": 2.0, "n_P": 2.0, "K_I": 1.0, "k_on": 0.1}
"""Surrogate numbers close to what the receptor and circuit stages deliver."""
FRACTIONS = ("trkb_activity", "trkb_surface", "erk_activity", "akt_activity", "mtorc1_activity", "durable_latch")
BLOCKERS = ("ampa", "vdcc", "bdnf", "trkb", "mtorc1", "erk", "akt", "protein_synthesis")


@pytest.fixture(scope="module")
def model():
    return surrogate_model(**EXCESS)


def infusions(*days):
    steps = []
    for day in days:
        steps += [(24.0 * day, HALF_MG_PER_KG), (24.0 * day + 2 / 3, {"infusion": 0.0})]
    return steps


@pytest.mark.parametrize("stress", [0.0, 0.4, 1.0])
def test_an_untreated_brain_stays_where_it_is(model, stress):
    found = run(model, (0, 672), {**NO_DRUG, "patient.stress": stress})
    for name, series in found.series.items():
        assert series[-1] == pytest.approx(series[0], abs=1e-6), name
    assert found[DRIVE][0] == pytest.approx(0, abs=1e-12)


def test_chronic_stress_rests_with_fewer_weaker_synapses(model):
    healthy, stressed = (run(model, (0, 1), {**NO_DRUG, "patient.stress": s}) for s in (0.0, 1.0))
    assert healthy["spine_density"][0] == pytest.approx(1)
    assert 0.75 < stressed["spine_density"][0] < 0.9
    assert stressed["synaptic_strength"][0] < 0 == healthy["synaptic_strength"][0]
    assert stressed["spine_formation"][0] < 1 < stressed["spine_elimination"][0]
    for name in ("ampa_epsc", "stress_resilience", "working_memory", "neuron_survival"):
        assert stressed[name][0] < healthy[name][0] == pytest.approx(1), name


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dose=st.floats(0, 80), stress=st.floats(0, 1), fast=st.floats(0.5, 4), block=st.sampled_from(("", *BLOCKERS)))
def test_fractions_stay_fractions_and_nothing_turns_negative(model, dose, stress, fast, block):
    values = {"surrogate.C_pk": dose, "surrogate.k_e": fast, "patient.stress": stress}
    values |= {f"manipulation.block_{block}": 1.0} if block else {}
    found = run(model, np.linspace(0, 400, 60), values)
    for name in FRACTIONS:
        assert found[name].min() > -1e-6, name
        assert found[name].max() < 1 + 1e-6, name
    for state in model.system.states:
        assert found[state.name].min() >= state.bounds[0] - 1e-6, state.name
    assert found[DRIVE].max() <= 1


@pytest.mark.parametrize("target", BLOCKERS)
def test_more_block_leaves_less_effect(model, target):
    left = [
        run(model, (24,), {f"manipulation.block_{target}": s}, observe=(DRIVE,)).at(DRIVE, 24) for s in (0, 0.5, 0.9)
    ]
    assert left[0] > left[1] > left[2]


@pytest.mark.parametrize(
    ("mechanism", "outputs"),
    [
        ("bdnf_release", {"bdnf_extracellular": 1.0, "release_drive": 0.0}),
        ("mtorc1", {"p_mtor": 1.0, "mtorc1_activity": 0.0}),
        ("eef2k", {"p_eef2": 1.0}),
        ("spines", {"spine_density": 1.0, "spine_formation": 1.0}),
        ("potentiation", {"potentiation": 0.0}),
        ("lateral_habenula", {"habenula_relief": 0.0}),
        ("protein_synthesis", {"psd95": 1.0}),
        ("durable_transcription", {"durable_latch": 0.0}),
        ("metaplasticity", {"synaptic_readiness": 1.0}),
    ],
)
def test_a_mechanism_off_shows_its_off_values(model, mechanism, outputs):
    found = run(model.without(mechanism), (0, 1, 24))
    for name, value in outputs.items():
        np.testing.assert_allclose(found[name], value, err_msg=name)


def remaining(model, hour, manipulation, values=None, name=DRIVE):
    values = values or {}
    intact, blocked = (run(model, (hour,), {**values, **m}, observe=(name,)) for m in ({}, manipulation))
    return (blocked.at(name, hour) - blocked[name][0]) / (intact.at(name, hour) - intact[name][0])


def test_first_hour_needs_bdnf_translation_and_ampa_but_not_mtorc1(model):
    for target in ("bdnf", "protein_synthesis", "ampa"):
        assert remaining(model, 0.5, {f"manipulation.block_{target}": 1.0}, MOUSE_3) < 1 / 3, target
    assert remaining(model, 0.5, {"manipulation.block_mtorc1": 1.0}, MOUSE_3) > 0.95


def test_a_day_later_mtorc1_and_release_are_needed(model):
    for target in ("mtorc1", "vdcc", "bdnf", "trkb"):
        assert remaining(model, 24, {f"manipulation.block_{target}": 0.9}) < 1 / 3, target


def test_a_week_later_the_durable_change_is_needed(model):
    assert remaining(model, 0.5, {"manipulation.mecp2_s421a": 1.0}) > 0.95
    assert remaining(model, 168, {"manipulation.mecp2_s421a": 1.0}) < 1 / 3


def test_erasing_spines_spares_the_first_hours_and_takes_what_comes_later(model):
    erased = {"manipulation.erase_spines": 1.0}
    assert remaining(model, 3, erased, STRESSED) > 0.95
    assert remaining(model, 168, erased, STRESSED) < 0.15


def test_met_allele_takes_spines_at_rest_and_after_the_drug(model):
    met = {"manipulation.bdnf_val66met": 1.0}
    carrier = run(model, (400,), {**NO_DRUG, **met})
    start = {"bdnf.B": carrier.at("bdnf_extracellular", 400)}
    assert carrier["spine_density"][0] < 1
    gains = [run(model, (24,), v, start=s) for v, s in (({}, None), (met, start))]
    gained = [g.at("spine_density", 24) - g["spine_density"][0] for g in gains]
    assert gained[1] < 0.5 * gained[0]


def test_anaesthetic_doses_do_less_than_the_best_dose(model):
    doses = {c: run(model, (24,), {"surrogate.C_pk": c}, observe=(DRIVE,)).at(DRIVE, 24) for c in (0.2, 4, 60)}
    assert doses[4] > 1.3 * doses[0.2]
    assert doses[4] > 1.3 * doses[60]


def test_lasting_excitation_does_not_keep_releasing(model):
    light = [(0.0, {"stimulate_pyramidal": 0.3})]
    found = run(model, (1, 24, 336), NO_DRUG, light)
    assert found.at("bdnf_extracellular", 1) > 1.3
    assert found.at("bdnf_extracellular", 24) == pytest.approx(1, abs=0.02)


def test_one_infusion_fades_in_two_weeks_and_six_last_for_longer(model):
    values = {**DISTRIBUTION, **STRESSED}
    one = run(model, np.arange(0, 360, 24), values, infusions(0), observe=(DRIVE,))
    six = run(model, np.arange(0, 900, 24), values, infusions(0, 2, 5, 7, 9, 12), observe=(DRIVE,))
    day, week, fortnight = one.at(DRIVE, 24, 168, 336)
    assert 0.25 < week / day < 0.6
    assert fortnight < 0.35 * day
    assert six.at(DRIVE, 288 + 18 * 24) > 2 * fortnight


def test_treatment_softens_a_blow_of_stress_unless_spines_are_erased(model):
    blow = [(72.0, {"stress_pulse": 1.0}), (96.0, {"stress_pulse": 0.0})]

    def drop(values):
        spared, struck = (
            run(model, (96,), {**STRESSED, **values}, phases, observe=("synaptic_strength",)) for phases in ((), blow)
        )
        return spared.at("synaptic_strength", 96) - struck.at("synaptic_strength", 96)

    treated, untreated = drop({}), drop(NO_DRUG)
    erased = drop({"manipulation.erase_spines": 1.0})
    assert treated < 0.93 * untreated
    assert treated < erased


def test_opioid_system_gates_or_adds(model):
    naltrexone = {"surrogate.naltrexone": 1.0}
    assert remaining(model, 24, {**naltrexone, "opioid.gate_weight": 0.0}) == pytest.approx(1)
    assert remaining(model, 24, {**naltrexone, "opioid.gate_weight": 0.9}) < 0.6


def test_survival_needs_trkb(model):
    intact, blocked = (run(model, (6,), {"manipulation.block_trkb": s}) for s in (0.0, 1.0))
    assert intact.at("neuron_survival", 6) > 1
    assert blocked.at("neuron_survival", 6) == pytest.approx(1)
    assert intact["survival_signal"].max() > 1
