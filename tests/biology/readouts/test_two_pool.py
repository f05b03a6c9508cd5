"""The phenomenological baseline reproduces its own reference points and can take the place of the drive."""

import numpy as np
import pytest

from ketamind.biology.readouts.baseline_two_pool import TWO_POOL_MOOD

from . import harness

DOSE = 1.85  # uM h, area under the curve of 0.5 mg/kg


def course(days, doses):
    """Drive on `days` after doses given over an hour on the days `doses`."""

    def inputs(t):
        return {"venous_ketamine": DOSE if any(0 <= t - 24 * d < 1 for d in doses) else 0.0}

    times = np.array([0.0, *(24.0 * d for d in days)])
    return harness.run(harness.model(TWO_POOL_MOOD), inputs, times, ["two_pool_drive", "madrs"])


def test_one_dose_leaves_a_fifth_after_a_week():
    assert course([7], [0])["two_pool_drive"][1] == pytest.approx(0.22, abs=0.02)


def test_six_doses_build_up_and_fade():
    doses = [0, 2, 4, 7, 9, 11]
    next_day, later = course([12.05, 21.05], doses)["two_pool_drive"][1:]
    assert next_day == pytest.approx(0.78, abs=0.05)
    assert later == pytest.approx(0.34, abs=0.05)


def test_it_lifts_mood_in_place_of_the_plasticity_stage():
    madrs = course([1], [0])["madrs"]
    assert madrs[1] < madrs[0]


def test_off_it_gives_no_drive():
    off = harness.model().without("two_pool")
    assert harness.at(off, ["two_pool_drive"], {"baseline_two_pool.a": 0.5})["two_pool_drive"] == 0
