"""Trials in files: what is shipped can be held, and what cannot be is refused with a message that says why."""

from pathlib import Path

import pytest

from ketamind.errors import KetamindError
from ketamind.evidence.experiments import shipped_experiments
from ketamind.trials import load_trial, read_trial, shipped_trials

GOOD = """
name = "small"
title = "A small trial"
population = "trd;setting=parallel"
visits = ["24 h", "7 d"]
scales = ["madrs"]
[[arm]]
name = "ketamine"
protocol = "0.5 mg/kg ketamine iv over 40 min"
n = 20
[[arm]]
name = "saline"
protocol = "0 mg/kg saline iv over 40 min"
n = 20
kind = "placebo"
[[endpoint]]
outcome = "change"
scale = "madrs"
at = "24 h"
"""
BAD = [
    (GOOD.split("[[arm]]")[0] + '[[endpoint]]\noutcome = "change"\nscale = "madrs"\nat = "24 h"', "has no arms"),
    (GOOD.replace('"24 h", "7 d"', '"-2 h", "24 h"'), "is not after dosing"),
    (GOOD + "[conduct]\nwithdrawal_per_week = 1.2", "must be within 0 to 1"),
    (GOOD + "[categories.sex]\nfemale = 1.4\nmale = -0.4", "must be within 0 to 1"),
    (GOOD + "[categories.sex]\nfemale = 0.4\nmale = 0.4", "add up to 0.8"),
    (
        GOOD
        + "".join(
            f'[[correlation]]\nbetween = ["patient.{a}", "patient.{b}"]\nvalue = {v}\n'
            for a, b, v in (("age", "weight", 0.9), ("age", "drug_response", 0.9), ("weight", "drug_response", -0.9))
        ),
        "not positive definite",
    ),
    (GOOD.replace("n = 20\nkind", "n = 0\nkind"), "has n = 0"),
    (GOOD.replace('"saline"', '"ketamine"'), "two arms are named 'ketamine'"),
    (GOOD.replace("iv over 40 min", "ivv"), "Did you mean 'iv'"),
    (GOOD.replace('at = "24 h"', 'at = "48 h"'), "is not read then"),
    (GOOD.replace('scale = "madrs"', 'scale = "madr"'), "Did you mean 'madrs'"),
    (GOOD.replace('kind = "placebo"', 'kind = "plazebo"'), "Did you mean 'placebo'"),
    (GOOD.replace("n = 20\nkind", "colour = 1\nn = 20\nkind"), "'colour' is not a key of a trial file"),
    (GOOD.replace('title = "A small trial"', ""), "key 'title'"),
    (GOOD.replace("trd;", "trdd;"), "Did you mean 'trd'"),
    ("name = [", "not TOML"),
]


@pytest.mark.parametrize("name", shipped_trials())
def test_every_shipped_trial_reads_what_its_publication_reports(name):
    trial = load_trial(name)
    known = {e.id: e for e in shipped_experiments()}
    assert trial.name == name
    assert sum(p.primary for p in trial.published) == 1
    columns = {r.column for r in trial.readings}
    for row in trial.published:
        for e in (known[i] for i in (row.experiment, row.minus) if i):
            if e.statistic not in ("hazard_ratio", "median_time"):
                assert f"{e.observable}_{e.time_h or 0:.4g}h" in columns, e.id


@pytest.mark.parametrize(("text", "message"), BAD, ids=[m for _, m in BAD])
def test_a_trial_that_cannot_be_held_is_refused(text, message):
    with pytest.raises(KetamindError) as problem:
        read_trial(text)
    assert message in str(problem.value)


def test_a_trial_that_is_not_shipped_is_named_nearest():
    with pytest.raises(KetamindError, match="Did you mean 'murrough_2013'"):
        load_trial("murough_2013")


def test_trials_alike_have_one_fingerprint():
    assert read_trial(GOOD).fingerprint == read_trial(GOOD).fingerprint
    assert read_trial(GOOD).fingerprint != read_trial(GOOD.replace("n = 20\nkind", "n = 21\nkind")).fingerprint


def test_the_example_of_the_documentation_can_be_held():
    text = (Path(__file__).parents[2] / "docs" / "trials.md").read_text(encoding="utf-8")
    trial = read_trial(text.split("```toml")[1].split("```")[0])
    assert [a.share for a in trial.arms] == [2, 1]
    assert trial.conduct.rescue is not None
