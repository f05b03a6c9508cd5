"""Experiments end to end: words in, outcomes out, whatever is wrong with some of them."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from evidence.rows import row
from ketamind.errors import BadFile
from ketamind.evidence.courses import Laboratory
from ketamind.evidence.experiments import COLUMNS, shipped_experiments
from ketamind.evidence.score import load, score_experiments

MOUSE = {"species": "mouse", "population": "naive", "protocol": "10 mg/kg ketamine ip", "domain": "plasticity"}
DISH = {"species": "recombinant", "population": "naive;mg_mM=0", "domain": "receptors", "n": None}
ROWS = (
    row(id="change-a", value=-12.0),
    row(id="rate-a", statistic="response_rate", value=40.0, unit="%"),
    row(id="nil-a", statistic="sign", comparator="placebo", value=-1, unit="sign"),
    row(
        id="cadss-a", observable="cadss", statistic="correlation:venous_ketamine@0.67", time_h=0.67, value=0.3, unit="r"
    ),
    row(
        id="intact-a",
        **MOUSE,
        observable="antidepressant_behaviour",
        statistic="remaining",
        comparator="unmanipulated",
        manipulation="block:ampa",
        value=0,
        unit="fraction",
    ),
    row(
        id="dish-a",
        **DISH,
        protocol="1 uM ketamine bath",
        observable="nmda_2a",
        statistic="ic50",
        time_h=None,
        value=0.33,
        unit="uM",
    ),
    row(id="word-a", observable="madrz"),
    row(id="drug-a", protocol="0.5 mg/kg ketamien iv"),
    row(id="people-a", population="trdd"),
    row(id="thalamus-a", domain="circuit", observable="rate_thalamus", unit="Hz"),
    row(id="route-a", **{**MOUSE, "species": "human", "population": "mdd"}, observable="p_mtor"),
)


@pytest.fixture(scope="module")
def found():
    return score_experiments(ROWS, people=60)


def outcome(found, name):
    return next(r for r in found.rows if r.experiment.id.startswith(name))


def test_every_row_has_an_outcome_and_totals_add_up(found):
    told = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert told["total"] == len(ROWS) == len(told["rows"])
    assert told["agree"] + told["disagree"] + told["not_applicable"] + told["failed"] == told["total"]
    assert sum(g["total"] for g in told["by_domain"].values()) == told["total"]
    assert sum(g["total"] for g in told["by_study"].values()) == told["total"]
    assert {"id", "outcome", "predicted", "low", "high", "observed", "reason"} <= set(told["rows"][0])


@pytest.mark.parametrize("name", ["change", "rate", "nil", "cadss", "intact", "dish"])
def test_rows_that_can_be_simulated_are_compared(found, name):
    assert outcome(found, name).outcome in ("agree", "disagree")
    assert outcome(found, name).predicted is not None


@pytest.mark.parametrize(
    ("name", "reason"),
    [("word", "Did you mean 'madrs'"), ("drug", "Did you mean 'ketamine'"), ("people", "Did you mean 'trd'")],
)
def test_an_unknown_word_fails_its_own_row_and_names_the_nearest(found, name, reason):
    assert outcome(found, name).outcome == "failed"
    assert reason in outcome(found, name).reason


@pytest.mark.parametrize(("name", "reason"), [("thalamus", "no thalamus"), ("route", "is for rodents")])
def test_what_the_model_has_no_part_for_is_not_applicable(found, name, reason):
    assert outcome(found, name).outcome == "not_applicable"
    assert reason in outcome(found, name).reason


def test_the_dish_halves_the_current_at_its_own_ic50(found):
    assert outcome(found, "dish").predicted == pytest.approx(0.33, rel=0.05)


def test_a_mechanism_switched_off_changes_the_verdict():
    sign = row(id="on-a", statistic="sign", comparator="placebo", value=-1, unit="sign")
    without = score_experiments([sign], Laboratory(without=("nmda", "opioid", "trkb_direct", "hnk")), people=60)
    assert outcome(without, "on").outcome == "disagree"


def test_blood_levels_agree_with_the_shipped_studies():
    levels = [e for e in shipped_experiments() if e.domain == "pharmacokinetics"]
    found = score_experiments(levels)
    counts = found.count(found.rows)
    assert counts["failed"] == 0
    assert counts["agree"] > 0.9 * counts["total"] > counts["baseline_agree"]


def test_malformed_lines_are_told_and_stop_nothing(tmp_path):
    good = "a1,clinical,human,trd,47,none,,,madrs,change,24,-1,points,,,Someone 2013,,,primary,"
    path = tmp_path / "some_experiments.csv"
    path.write_text("\n".join([",".join(COLUMNS), good, good.replace("-1", "lots")]), encoding="utf-8")
    rows, refused = load(tmp_path)
    found = score_experiments(rows, people=20, refused=refused)
    assert found.as_json()["refused"][0]["line"] == 3
    assert "line 3" in found.as_text()
    assert (len(found.rows), found.as_json()["total"], found.as_json()["failed"]) == (1, 2, 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadFile, match="no tables"):
        load(tmp_path / "empty")


def test_the_command_prints_json_and_writes_a_report(tmp_path):
    text = "sign-a,clinical,human,trd,47,0.5 mg/kg ketamine iv,placebo,,madrs,sign,24,-1,sign,,,Someone,,,primary,"
    level = "level-a,pharmacokinetics,human,healthy,9,0.5 mg/kg ketamine iv over 40 min,,,venous_ketamine,cmax,,0.8,uM"
    path = tmp_path / "e.csv"
    path.write_text("\n".join([",".join(COLUMNS), text, level + ",,,Someone,,,primary,"]), encoding="utf-8")
    words = ["score", "--experiments", str(path), "--people", "20", "--json", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", "from ketamind.cli import main; main()", *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert [r["id"] for r in json.loads(done.stdout)["rows"]] == ["sign-a", "level-a"]
    assert "level-a" in (tmp_path / "out" / "report.html").read_text()
    assert (tmp_path / "out" / "predicted-published.svg").exists()


def test_the_same_seed_gives_the_same_score():
    once, again = (score_experiments(ROWS[:2], people=40).as_json() for _ in range(2))
    assert once == again


def test_rows_of_other_sizes_share_one_run():
    doubled = [*ROWS[:1], replace(ROWS[0], id="more-a", n=400)]
    small, large = score_experiments(doubled, people=60).rows
    assert small.predicted == large.predicted
    assert large.high - large.low < small.high - small.low
