"""Blind calibration and prediction, on one small network: that they run, repeat and keep the drug out."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamind.cortex import blind
from ketamind.cortex.blind import (
    Calibrated,
    accepted,
    build,
    calibrate,
    confirm,
    draw,
    in_loop,
    move,
    nmda_ratio,
    plan,
    read_ensemble,
    rebuild,
    save_ensemble,
    value,
    violation,
    violations,
)
from ketamind.cortex.network import Magnesium, read_network
from ketamind.cortex.predict import (
    FINDINGS,
    Prediction,
    Settings,
    calibrate_ensemble,
    findings,
    predict,
    predict_ensemble,
    wilson,
)
from ketamind.cortex.verdict import (
    KEPT,
    STORE,
    Verdict,
    conditioned,
    described,
    shipped_verdict,
    store,
    table_text,
    verdict,
)
from ketamind.errors import BadFile, BadValue, UnknownName


@pytest.fixture(scope="module")
def calibrated() -> Calibrated:
    found = calibrate(draw(np.random.default_rng(3)), seed=1, lineage=0, seconds=2.0, cells=1000)
    return confirm(found, seed=1, cells=1000, seconds=2.0)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_draws_and_moves_stay_in_their_ranges_and_build_valid_networks(seed):
    rng = np.random.default_rng(seed)
    point = move(draw(rng), rng)
    network = build(point)
    for name, (low, high) in plan()["ranges"].items():
        assert low <= value(point, name) * (1 + 1e-9)
        assert value(point, name) <= high * (1 + 1e-9)
    assert 1.5 <= value(point, "target.pyramidal") <= 3.5
    assert network.reference_cells == plan()["cells"]


def test_nmda_ratio_gives_the_share_of_charge_that_was_asked_for():
    magnesium = Magnesium(k=0.28, gamma=0.062)
    jump = nmda_ratio(0.3, -62.0, magnesium)
    unblocked = 1 / (1 + 0.28 * np.exp(0.062 * 62))
    assert jump * 80 * unblocked / (2 + jump * 80 * unblocked) == pytest.approx(0.3)


def test_violation_is_zero_inside_and_grows_outside():
    inside = {name: (low + high) / 2 for name, (low, high) in plan()["windows"].items()}
    assert violation(inside) == 0
    outside = inside | {"rate_pyramidal": 7.0, "gamma_peak_height": float("nan")}
    assert violations(outside)["rate_pyramidal"] == pytest.approx(1.0)
    assert violation(outside) == pytest.approx(2.0)


def test_the_homeostat_reaches_its_targets_and_the_loop_its_share(calibrated):
    for t in calibrated.network.types:
        target = value(calibrated.point, f"target.{t}")
        assert calibrated.features[f"rate_{t}"] == pytest.approx(target, rel=0.45)
    wanted = value(calibrated.point, "recurrence.pyramidal")
    assert calibrated.features["recurrent_share_pyramidal"] == pytest.approx(wanted, abs=0.1)


def test_an_ensemble_survives_its_files(calibrated, tmp_path):
    save_ensemble([calibrated], tmp_path)
    (again,) = read_ensemble(tmp_path)
    assert again == calibrated
    (tmp_path / "network_001.json").write_text("{}")
    with pytest.raises(BadFile, match="not a calibrated network"):
        read_ensemble(tmp_path)
    with pytest.raises(BadFile, match="no calibrated networks"):
        read_ensemble(tmp_path / "empty")


def test_a_network_is_judged_on_a_stretch_its_search_has_not_seen(calibrated):
    assert calibrated.held == violation(calibrated.confirmed)
    assert calibrated.confirmed != calibrated.features
    assert accepted([replace(calibrated, confirmed={})]) == []


def test_a_short_description_rebuilds_a_network_with_the_same_rates(calibrated):
    again = rebuild(json.loads(json.dumps(described(calibrated))))
    rates = in_loop(again, calibrated.reference_rate, 1000, 1 + blind.FRESH, 2.0).rates()
    for t, rate in rates.items():
        assert rate == pytest.approx(calibrated.confirmed[f"rate_{t}"], rel=0.1, abs=0.3)


@pytest.mark.parametrize("number", [0, -3, 10**9])
def test_calibration_needs_a_sensible_number_of_lineages(number, tmp_path):
    with pytest.raises(BadValue, match="lineages cannot be calibrated"):
        calibrate_ensemble(tmp_path, number)
    assert not list(tmp_path.iterdir())


def test_predictions_go_on_where_they_stopped_and_ship_small(calibrated, tmp_path, monkeypatch):
    monkeypatch.setattr(Calibrated, "held", property(lambda self: 0.0))
    save_ensemble([calibrated], tmp_path)
    short = Settings(seconds=1.0, cells=1000)
    found = predict_ensemble(tmp_path, ["tonic_2c"], short)
    (file,) = (tmp_path / "predictions" / "simulated").glob("*.json")
    stamp = file.stat().st_mtime_ns
    assert str(predict_ensemble(tmp_path, ["tonic_2c"], short)) == str(found)  # not-a-numbers are alike
    assert file.stat().st_mtime_ns == stamp
    whole = verdict(tmp_path, {"simulated": found}, short)
    store(whole, tmp_path / "stored")
    again = shipped_verdict(tmp_path / "stored")
    assert again.predictions["simulated"][0].shares("field") == found[0].shares("field")
    assert json.dumps(again.as_json(), allow_nan=False)
    assert "tonic_2c" in again.as_text()


def test_bad_predictions_are_one_message(calibrated, tmp_path):
    save_ensemble([replace(calibrated, confirmed={})], tmp_path)
    with pytest.raises(UnknownName, match="'tonic_9x' is not a cortex hypothesis"):
        predict_ensemble(tmp_path, ["tonic_9x"])
    with pytest.raises(UnknownName, match="'guessed' is not a choice of potentials"):
        predict_ensemble(tmp_path, settings=Settings(potentials="guessed"))
    with pytest.raises(BadFile, match="no network here meets the drug-free windows"):
        predict_ensemble(tmp_path)
    with pytest.raises(BadFile, match="no verdict of a blind ensemble"):
        shipped_verdict(tmp_path)


def test_the_conditioned_ensemble_keeps_those_that_fire_as_published():
    keys = ("rate_pyramidal", "rate_pv", "rate_sst")
    fires, silent = dict(zip(keys, (1.2, 0.9, 0.7), strict=True)), dict(zip(keys, (1.2, 1.3, 0.9), strict=True))
    both = Prediction("x", ({"drug": fires}, {"drug": silent}), (4, 7))
    assert conditioned(both).networks == (4,)


def test_a_prediction_is_paired_and_counts_its_findings(calibrated):
    short = Settings(seconds=1.0, seeds=1, cells=1000)
    prediction = predict([calibrated], "tonic_2c", short, threads=1)
    assert str(prediction) == str(predict([calibrated], "tonic_2c", short, threads=2))
    ratios = prediction.by_network[0]
    assert ratios["drug"]["rate_sst"] < 1
    assert ratios["high"]["inhibitory_conductance"] < ratios["low"]["inhibitory_conductance"]
    assert ratios["protected"]["rate_pyramidal"] < ratios["drug"]["rate_pyramidal"]
    assert set(findings(ratios, "field")) == set(FINDINGS)
    assert "tonic_2c" in table_text([prediction])


def test_findings_of_a_perfect_and_of_a_poor_network():
    up = {
        "inhibitory_conductance": 0.9,
        "rate_pyramidal": 1.3,
        "gamma_field": 1.2,
        "power_alpha": 1.0,
        "power_beta": 0.9,
    }
    none = dict.fromkeys(up, 1.0)
    good = {"drug": up, "low": up, "protected": none, "high": {**up, "rate_pyramidal": 0.5, "gamma_field": 0.4}}
    assert all(findings(good, "field").values())
    poor = findings({**good, "high": up, "drug": {**up, "power_beta": 1.2}}, "field")
    assert not any(poor[f] for f in ("all", "flat", "reversal"))
    shares = Prediction("x", (good, {**good, "drug": none})).shares("field")
    assert shares["all"][:2] == (1, 2)


def test_wilson_interval():
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_shipped_ensemble_is_small_and_reads_back():
    shipped = shipped_verdict()
    assert len(shipped.networks) >= 20
    assert all(n["held"] <= plan()["search"]["accept"] for n in shipped.networks)
    assert {"tonic_2c", "tonic_2d+loop"} <= {p.hypothesis for p in shipped.predictions["simulated"]}
    assert all(len(p.by_network) == len(shipped.networks) for ps in shipped.predictions.values() for p in ps)
    assert sum(f.stat().st_size for f in STORE.iterdir()) < 400_000
    assert shipped.conclusion() in shipped.as_text()


def test_a_shipped_network_has_its_drug_free_rates():
    shipped = shipped_verdict().networks[0]
    network = read_network(f"blind_{shipped['lineage']}")
    rates = in_loop(network, shipped["reference_rate"], 2000, 1, 4.0).rates()
    for t, rate in rates.items():
        assert rate == pytest.approx(shipped["features"][f"rate_{t}"], rel=0.25)
    with pytest.raises(UnknownName, match="'blind_999' is not a network of the blind ensemble"):
        read_network("blind_999")


def test_a_verdict_says_when_it_is_stale_and_what_controls_do(calibrated):
    ratios = {"drug": dict.fromkeys(KEPT, 1.1), "protected": dict.fromkeys(KEPT, 0.9)}
    facts = {"receptor_hash": "of old"}
    old = Verdict(facts, (), {"simulated": (Prediction("pyramidal_only", (ratios,), (0,)),)})
    assert not old.current()
    alone, protected = old.mechanism()
    assert "pyramidal cells alone" in alone
    assert "gamma of the field x1.10" in alone
    assert "gamma of the field x0.90" in protected
