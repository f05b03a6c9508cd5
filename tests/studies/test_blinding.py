"""Functional unblinding: what switching it off does, and what the report says of a masked trial."""

from dataclasses import replace

import pytest

from ketamind.errors import BadValue
from ketamind.report.trial_report import write_trial_report
from ketamind.studies.blinding import (
    NOT_EXPECTED,
    NOT_FELT,
    PLANNED,
    UNMASKED,
    UNMASKED_NOT_FELT,
    blinding_of,
    is_masked,
)
from ketamind.studies.trials import report_trial
from ketamind.trials import load_trial


@pytest.fixture(scope="module")
def lii():
    return report_trial(load_trial("lii_2023"), 200, seed=1)


def test_a_masked_trial_is_set_beside_the_same_awake(lii):
    found = lii.blinding
    assert set(found.by) == {PLANNED, UNMASKED, UNMASKED_NOT_FELT, NOT_FELT, NOT_EXPECTED}
    assert abs(found.by[UNMASKED_NOT_FELT].simulated) < abs(found.by[UNMASKED].simulated)
    # under anaesthesia nothing is felt, so that switching unblinding off changes nothing
    assert found.by[NOT_FELT].simulated == pytest.approx(found.by[PLANNED].simulated, abs=0.2)


def test_the_verdict_follows_the_numbers(lii):
    found = lii.blinding
    own = found.by[UNMASKED_NOT_FELT]
    met = replace(own, published=0.5 * (own.low + own.high))
    missed = replace(own, published=own.high + 1)
    assert "is reproduced" in replace(found, by={**found.by, UNMASKED_NOT_FELT: met}).verdict()
    assert "NOT reproduced" in replace(found, by={**found.by, UNMASKED_NOT_FELT: missed}).verdict()
    larger = replace(found, by={**found.by, UNMASKED: replace(own, simulated=0.0)})
    assert "no smaller" in larger.verdict()


def test_text_json_and_report_say_it(lii, tmp_path):
    assert lii.blinding.verdict() in lii.as_text()
    assert lii.as_json()["blinding"]["verdict"] == lii.blinding.verdict()
    assert "<h2>Blinding</h2>" in write_trial_report(lii, tmp_path).read_text()


def test_an_awake_trial_against_saline_loses_part_of_its_difference_when_nothing_is_felt():
    trial = load_trial("murrough_2013")
    assert not is_masked(trial)
    saline = replace(trial.arms[1], protocol="0 mg saline iv over 40 min", kind="placebo")
    found = blinding_of(replace(trial, arms=(trial.arms[0], saline)), 300, seed=1)
    assert found.smaller_when_masked
    assert "is smaller" in found.verdict()


def test_a_trial_without_a_published_difference_is_refused():
    trial = replace(load_trial("murrough_2013"), published=())
    with pytest.raises(BadValue, match="no published primary difference"):
        blinding_of(trial, 100, seed=1)
