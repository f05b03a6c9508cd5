"""Sobol indices: against a closed form, in flat memory, with failures counted; and of the model."""

import json
import tracemalloc

import numpy as np
import pytest
from SALib.sample import sobol as salib_sobol
from typer.testing import CliRunner

from ketamind.cli import app
from ketamind.errors import BadValue, SolveFailed, UnknownName
from ketamind.report.sensitivity_report import sensitivity_figure, write_sensitivity_report
from ketamind.studies.sensitivity import Sensitivity, sensitivity
from ketamind.studies.sobol import evaluated, saltelli, screened, sobol_indices

KETAMINE = "0.5 mg/kg ketamine iv over 40 min"
A, B = 7.0, 0.1


def ishigami(shares):
    x = np.pi * (2 * shares - 1)
    return (np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


def test_ishigami_has_its_analytic_indices():
    found = sobol_indices(ishigami, 3, 4096, seed=3)
    parts = np.array([(1 + B * np.pi**4 / 5) ** 2 / 2, A**2 / 8, 0.0])
    together = 8 * B**2 * np.pi**8 / 225
    variance = parts.sum() + together
    assert found.sd[0] ** 2 == pytest.approx(variance, rel=0.02)
    assert found.first[0] == pytest.approx(parts / variance, abs=0.02)
    assert found.total[0] == pytest.approx((parts + np.array([together, 0, together])) / variance, abs=0.02)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    truth = np.array([0.8, 0.2])

    def linear(shares):
        return (2 * shares[:, :1] + shares[:, 1:2]) * 1.0

    hits = []
    for seed in range(40):
        found = sobol_indices(linear, 2, 128, seed=seed)
        hits.append(np.abs(found.total[0] - truth) < found.total_width[0])
    assert np.mean(hits) > 0.85


def test_the_streamed_design_is_that_of_salib():
    blocks = np.concatenate(list(saltelli(64, 3, seed=5, block=40)))
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    whole = salib_sobol.sample(problem, 64, calc_second_order=False, seed=np.random.default_rng(5))
    assert blocks.reshape(-1, 3) == pytest.approx(whole)


def test_failed_runs_take_their_sample_out_and_are_counted():
    def hostile(shares):
        values = shares.sum(axis=1, keepdims=True)
        values[shares[:, 0] > 0.9] = np.nan
        return values

    found = sobol_indices(hostile, 2, 256, seed=1)
    assert found.points + found.dropped == 256
    assert found.failed >= found.dropped > 0
    assert np.isfinite(found.total).all()
    with pytest.raises(SolveFailed, match="0 of 64 base points can be used"):
        sobol_indices(lambda shares: np.full((len(shares), 1), np.nan), 2, 64, seed=1)


def test_an_outcome_that_nothing_moves_has_no_indices():
    found = sobol_indices(lambda shares: np.full((len(shares), 1), 3.0), 2, 64, seed=1)
    assert (found.total == 0).all()


def test_an_interrupt_keeps_what_is_done():
    calls = []

    def interrupted(shares):
        calls.append(len(shares))
        if len(calls) > 3:
            raise KeyboardInterrupt
        return shares.sum(axis=1, keepdims=True)

    found = sobol_indices(interrupted, 2, 1024, seed=1, block=256)
    assert found.interrupted
    assert found.points == 3 * 64


def test_memory_stays_flat():
    def peak(points):
        tracemalloc.start()
        evaluated(lambda shares: shares[:, :1], 40, points, seed=1, block=512)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    # the design alone would take 512 * 42 * 40 * 8 bytes = 7 MB more
    design = 512 * 42 * 40 * 8
    assert peak(512) - peak(64) < 0.1 * design


def test_screening_ranks():
    outcomes = np.concatenate([ishigami(b.reshape(-1, 3)).reshape(*b.shape[:2], 1) for b in saltelli(64, 3, 1)])
    assert np.argmax(screened(outcomes)[0]) in (0, 1)


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    names = ["dissociation.hill", "dissociation.occupancy_50", "depression.beta"]
    return sensitivity(KETAMINE, "cadss@40min,madrs@24h", names, samples=32, seed=2)


def test_outcomes_depend_on_their_own_parameters(found):
    by_name = {r.id: i for i, r in enumerate(found.parameters)}
    cadss, madrs = found.indices.total
    assert cadss[by_name["depression.beta"]] == pytest.approx(0, abs=1e-6)
    assert madrs[by_name["depression.beta"]] > 0.5
    assert found.ranked(1)[0] == by_name["depression.beta"]


def test_report_and_figure(found, tmp_path):
    assert len(sensitivity_figure(found).axes) == 2
    text = write_sensitivity_report(found, tmp_path).read_text()
    assert "not medical advice" in text.lower()
    assert "dissociation.hill" in text


def test_the_command_writes_json(tmp_path):
    words = ["sensitivity", *KETAMINE.split(), "--observe", "cadss@40min", "--parameters", "dissociation"]
    result = CliRunner().invoke(app, [*words, "--samples", "16", "--json", "--out", str(tmp_path)])
    told = json.loads(result.stdout)
    assert told["samples"] == 16
    assert all(p["name"].startswith("dissociation.") for p in told["parameters"])
    assert {"first", "first_half_width", "total", "total_half_width", "parameter"} == set(
        told["outcomes"][0]["indices"][0]
    )
    assert (tmp_path / "sensitivity.svg").exists()


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ({"parameters": ["nmdaa.k_on"]}, UnknownName, "'nmdaa.k_on' is not a parameter of this model"),
        ({"observe": "madr@24h"}, UnknownName, "'madr' is not an observable of this model"),
        ({"samples": 3, "parameters": ["dissociation"]}, BadValue, "samples = 3 must be 16 to"),
        ({"samples": 10**9, "parameters": ["dissociation"]}, BadValue, "must be 16 to"),
    ],
)
def test_bad_input_is_told(words, error, message):
    with pytest.raises(error, match=message):
        sensitivity(KETAMINE, **words)
