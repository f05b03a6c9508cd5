"""Blind calibration and prediction, on one small network: that they run, repeat and keep the drug out."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamind.cortex import blind
from ketamind.cortex.blind import (
    Calibrated,
    build,
    calibrate,
    draw,
    move,
    nmda_ratio,
    plan,
    read_ensemble,
    save_ensemble,
    value,
    violation,
    violations,
)
from ketamind.cortex.network import Magnesium
from ketamind.cortex.predict import FINDINGS, Prediction, Settings, findings, predict, table_text, wilson
from ketamind.errors import BadFile, BadValue


@pytest.fixture(scope="module")
def calibrated() -> Calibrated:
    return calibrate(draw(np.random.default_rng(3)), seed=1, lineage=0, seconds=2.0, cells=1000)


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


def test_calibration_needs_a_lineage():
    with pytest.raises(BadValue, match="0 lineages cannot be calibrated"):
        blind.ensemble(0)


def test_a_prediction_is_paired_and_counts_its_findings(calibrated):
    short = Settings(seconds=1.0, seeds=1, cells=1000)
    prediction = predict([calibrated], "tonic_2c", short, threads=1)
    assert prediction == predict([calibrated], "tonic_2c", short, threads=2)
    ratios = prediction.by_network[0]
    assert ratios["drug"]["rate_sst"] < 1
    assert ratios["high"]["inhibitory_conductance"] < ratios["low"]["inhibitory_conductance"]
    assert ratios["protected"]["rate_pyramidal"] < ratios["drug"]["rate_pyramidal"]
    assert set(findings(ratios, "field")) == set(FINDINGS)
    assert "tonic_2c" in table_text([prediction])
    assert json.dumps(prediction.as_json())


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
