"""Telling hypotheses apart: closed forms, files of candidates, and the model itself."""

import json
import re

import numpy as np
import pytest
from scipy.stats import norm
from typer.testing import CliRunner

from ketamind.cli import app
from ketamind.errors import BadFile, BadValue, UnknownName
from ketamind.evidence.courses import NotApplicable
from ketamind.evidence.hypotheses import load_hypothesis
from ketamind.report.discriminate_report import write_discriminate_report
from ketamind.studies.candidates import load_candidates, read_candidates, shipped_candidates
from ketamind.studies.discriminate import (
    Prediction,
    discriminate,
    drawn_parameters,
    information,
    power,
    predicted,
    size_needed,
    size_without_doubt,
)

SMALL = """
[[candidate]]
name = "eEF2 kinase lost"
species = "mouse"
population = "chronic_stress"
protocol = "10 mg/kg ketamine ip"
comparator = "10 mg/kg ketamine ip"
manipulation = "knockout:eef2k"
comparator_manipulation = ""
observe = ["antidepressant_behaviour@24h"]

[[candidate]]
name = "eEF2 in tissue"
species = "mouse"
population = "chronic_stress"
protocol = "10 mg/kg ketamine ip"
comparator = "0 mg saline ip"
observe = ["p_eef2@30min"]
"""


def sure(effect, variance=2.0):
    return Prediction(np.full(16, effect), np.full(16, variance))


def test_size_without_doubt_is_the_textbook_size():
    # two groups, sd 1, half a standard deviation: 63 by the normal formula (64 by the t-test; Cohen 1988)
    assert size_without_doubt(sure(0.5), sure(0.0)) == 63
    assert size_without_doubt(sure(0.0), sure(0.0)) is None


def test_power_of_sure_hypotheses_is_the_normal_power():
    n, distance = 63, 0.5
    expected = 1 - norm.cdf(1.96 - distance / np.sqrt(2 / n))
    assert power(sure(distance), sure(0.0), n) == pytest.approx(expected, abs=0.002)
    assert size_needed(sure(distance), sure(0.0)) == pytest.approx(63, abs=3)


def test_doubt_makes_telling_harder_and_at_last_impossible():
    doubtful = Prediction(np.linspace(-0.5, 1.5, 16), np.full(16, 2.0))
    assert information(doubtful, sure(0.0), 100) < information(sure(0.5), sure(0.0), 100)
    assert size_needed(doubtful, sure(0.0)) is None


def test_information_grows_with_size_from_nothing_to_one_bit():
    found = [information(sure(0.5), sure(0.0), n) for n in (2, 20, 200, 2000)]
    assert found == sorted(found)
    assert found[0] < 0.1
    assert found[-1] == pytest.approx(1.0, abs=1e-3)


def test_information_agrees_with_integration():
    n, distance, variance = 20, 0.8, 2.0
    x = np.linspace(-6, 6, 20001)
    s = np.sqrt(variance / n)
    a, b = norm.pdf(x, distance, s), norm.pdf(x, 0, s)
    terms = [p * np.log2(np.maximum(p, 1e-300) / np.maximum((a + b) / 2, 1e-300)) for p in (a, b)]
    expected = np.trapezoid(sum(terms) / 2, x)
    assert information(sure(distance), sure(0.0), n) == pytest.approx(expected, abs=0.01)


@pytest.fixture(scope="module")
def found():
    given = read_candidates(SMALL, "small.toml", shipped_candidates().measures)
    return discriminate(load_hypothesis("resting_eef2k"), load_hypothesis("hnk"), given, draws=16, people=8, seed=3)


def test_the_study_of_what_one_hypothesis_lives_by_comes_first(found):
    best = found.verdicts[0]
    assert best.study == "eEF2 kinase lost"
    assert best.effect_a < best.effect_b
    assert 1 <= best.rank_low <= best.rank <= best.rank_high <= 2
    assert best.per_arm_sure is not None


def test_report_and_text(found, tmp_path):
    assert "eEF2 kinase lost" in found.as_text()
    text = write_discriminate_report(found, tmp_path).read_text()
    assert "not medical advice" in text.lower()
    json.dumps(found.as_json(), allow_nan=False)


def test_a_hypothesis_that_is_silent_is_told(found):
    given = read_candidates(SMALL, "small.toml", shipped_candidates().measures)
    study = given.studies[1]
    with pytest.raises(NotApplicable, match="says nothing of the plasticity"):
        predicted(study, study.observations[0], given.measures["p_eef2"], load_hypothesis("two_pool"), None)


def test_what_defines_a_hypothesis_is_not_drawn():
    gate, hnk = load_hypothesis("opioid_gate"), load_hypothesis("tonic_disinhibition")
    assert "opioid.gate_weight" in drawn_parameters(gate, hnk)
    assert "opioid.gate_weight" not in drawn_parameters(hnk, gate)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("x =", BadFile, "this is not TOML"),
        ("[[candidate]]\nname = 'a'", BadFile, "key 'candidate.0.protocol'"),
        (SMALL.replace("population", "popullation"), UnknownName, "'popullation' is not a key"),
        (SMALL.replace("p_eef2@30min", "p_eef3@30min"), UnknownName, "candidate 'eEF2 in tissue': 'p_eef3'"),
        (SMALL.replace("p_eef2@30min", "p_eef2@-30min"), BadValue, "not read after the first dose"),
        (SMALL.replace("p_eef2@30min", "p_eef2@soon"), BadValue, "not of the form NAME@TIME"),
        (SMALL.replace("p_eef2@30min", "p_mtor@30min"), BadValue, "add [measure.p_mtor]"),
        (SMALL.replace('"mouse"', '"mousse"'), UnknownName, "'mousse'"),
        (SMALL.replace("ketamine ip", "ketamin3 ip"), UnknownName, "ketamin3"),
        (SMALL.replace("knockout:eef2k", ""), BadValue, "both groups are the same"),
        (SMALL.replace("eEF2 in tissue", "eEF2 kinase lost"), BadFile, "two candidates are named"),
        (SMALL + "[measure.madrs]\nsd = nan", BadFile, "key 'measure.madrs.sd'"),
    ],
)
def test_bad_files_are_told(text, error, message):
    with pytest.raises(error, match=re.escape(message)):
        read_candidates(text, "small.toml", shipped_candidates().measures)


def test_bad_settings_are_told(tmp_path):
    one, other = load_hypothesis("hnk"), load_hypothesis("trkb_direct")
    with pytest.raises(BadValue, match="are the same model"):
        discriminate(one, one)
    with pytest.raises(BadValue, match="doubt = 2"):
        discriminate(one, other, doubt=2)
    with pytest.raises(BadValue, match="draws = 1 must be"):
        discriminate(one, other, draws=1)
    with pytest.raises(BadFile, match="cannot be read as candidate studies"):
        load_candidates(tmp_path / "none.toml")


def test_the_command_refuses_an_unknown_hypothesis():
    result = CliRunner().invoke(app, ["discriminate", "hnk", "hnkk"])
    assert result.exit_code != 0
    assert "hnkk" in str(result.exception)
