"""The Pareto front of schedules."""

import numpy as np
import pytest

from ketamind.errors import BadValue
from ketamind.studies.optimise import optimise, pareto


def test_the_front_of_many_draws_is_that_of_each():
    rng = np.random.default_rng(1)
    remission, felt, visits = rng.random((4, 30)), rng.random((4, 30)), rng.integers(1, 6, 30).astype(float)
    together = pareto(remission, felt, visits)
    for k in range(4):
        np.testing.assert_array_equal(together[k], pareto(remission[k], felt[k], visits))
        costs = np.column_stack([-remission[k], felt[k], visits])
        for i, row in enumerate(costs):
            beaten = any((other <= row).all() and (other < row).any() for other in costs)
            assert beaten != together[k, i]


def test_more_of_the_drug_brings_more_remission_and_more_dissociation():
    front = optimise(amounts=(0.25, 1.0), patients=40, weeks=6)
    found = {(c.amount, c.per_week, c.weeks, c.every_weeks): c for c in front.candidates}
    low, high = found[0.25, 2, 4, 0], found[1.0, 2, 4, 0]
    assert low.visits == high.visits == 8
    assert low.remission < high.remission
    assert low.dissociation < high.dissociation
    assert found[0.25, 2, 2, 1].visits == 8
    assert all(
        0 <= c.front_probability <= 1 and c.remission_low <= c.remission <= c.remission_high for c in front.candidates
    )
    assert front == optimise(amounts=(0.25, 1.0), patients=40, weeks=6)


def test_what_cannot_be_tried_is_refused():
    with pytest.raises(BadValue, match="without a schedule"):
        optimise("0.5 mg/kg ketamine iv daily")
    with pytest.raises(BadValue, match="amounts over 0"):
        optimise(amounts=(0.0,))
