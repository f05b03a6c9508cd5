"""Schedules of many patients at once equal those of each."""

import numpy as np
import pytest

from ketamind.engine import Batch, Jump, Schedule, solve
from ketamind.errors import BadValue
from ketamind.protocols import Effects, parse_protocol
from ketamind.simulation import chain_for, simulate
from ketamind.simulation.events import schedule, schedule_of_many

WEIGHTS = np.array([50.0, 64.2, 81.0, 120.0])
PROTOCOLS = [
    "0.5 mg/kg ketamine iv over 40 min",
    "0.5 mg/kg ketamine im twice weekly for 1 weeks + 0.045 mg/kg midazolam iv over 40 min at 2 d",
    "84 mg esketamine in",
]


@pytest.mark.parametrize("words", PROTOCOLS)
def test_amounts_of_many_are_those_of_each(words):
    protocol = parse_protocol(words)
    model = chain_for(protocol)
    shared = schedule_of_many(protocol, Effects(), model, WEIGHTS, 168.0)
    assert isinstance(shared, Schedule)
    for i, weight in enumerate(WEIGHTS):
        own = schedule(protocol, Effects(), model, float(weight), 168.0)
        for a, b in zip(shared.jumps, own.jumps, strict=True):
            assert (a.time_h, a.state) == (b.time_h, b.state)
            assert np.broadcast_to(a.amount, (4,))[i] == pytest.approx(b.amount, rel=1e-12)
        for a, b in zip(shared.steps, own.steps, strict=True):
            assert (a.start_h, a.stop_h, a.wire) == (b.start_h, b.stop_h, b.wire)
            assert np.broadcast_to(a.value, (4,))[i] == pytest.approx(b.value, rel=1e-12)


def test_nasal_ketamine_per_kg_is_not_linear_in_weight_and_gives_a_schedule_each():
    protocol = parse_protocol("0.4 mg/kg ketamine in")
    found = schedule_of_many(protocol, Effects(), chain_for(protocol), WEIGHTS, 24.0)
    assert isinstance(found, tuple)
    assert len(found) == 4


def test_a_solution_with_shared_schedules_is_that_with_one_each():
    words = PROTOCOLS[0]
    protocol = parse_protocol(words)
    model = chain_for(protocol)
    own = tuple(schedule(protocol, Effects(), model, float(w), 24.0) for w in WEIGHTS)
    values = {"patient.weight": WEIGHTS}
    shared = schedule_of_many(protocol, Effects(), model, WEIGHTS, 24.0)
    one, other = (
        solve(model, Batch((1.0, 24.0), ("madrs",), schedules=s, values=values, patients=4)).values
        for s in (own, shared)
    )
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_amounts_for_another_number_of_patients_are_refused():
    model = chain_for(parse_protocol("1 mg/kg ketamine iv"))
    events = Schedule((Jump(0.0, "s_ketamine.A", np.array([1.0, 2.0, 3.0])),))
    with pytest.raises(BadValue, match=r"shape \(3,\) was given for 2 patients"):
        solve(model, Batch((1.0,), ("madrs",), schedules=events, patients=2))
    with pytest.raises(BadValue, match="belongs in a schedule for all"):
        solve(model, Batch((1.0,), ("madrs",), schedules=(events, events)))


def test_heavy_patients_may_not_exceed_the_largest_dose():
    with pytest.raises(BadValue, match="500 mg/kg"):
        simulate("39000 mg ketamine iv", days=1, patients=30, patient="trd")
