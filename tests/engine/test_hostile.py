"""Models that cannot be solved end in a status that says why, never in a hang, a crash or a NaN."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ketamind.declare import Component, Output, State
from ketamind.engine import Batch, Jump, Options, Schedule, solve

sys.path.insert(0, str(Path(__file__).parent))
from toys import model, parameters, table

FREE = (-np.inf, np.inf)


def hostile(rate, initial=1.0, bounds=(0.0, np.inf), show=lambda x: x, extra=None):
    """One state `x` with the given rate (and a second, `y`, where `extra` gives its rate)."""
    states = [State("x", "1", "", initial=initial, bounds=bounds)]
    states += [State("y", "1", "", initial=1.0, bounds=FREE)] if extra else []

    def rates(u, x, p):
        found = {"x": p.k * rate(x)}
        return found | {"y": p.k * extra(x)} if extra else found

    component = Component(
        name="h",
        summary="",
        states=tuple(states),
        parameters=parameters(k="1/h"),
        outputs=(Output("shown", "1", ""),),
        rates=rates,
        readout=lambda u, x, p: {"shown": show(x.x)},
    )
    return model(component, rows=table(k=(1.0, "1/h")))


def outcome(problem, engine="compiled", **changes):
    batch = Batch(**({"times_h": [0.0, 1.0, 5.0], "observables": ["h.x", "shown"], "rest": False} | changes))
    solution = solve(problem, batch, Options(engine=engine, max_steps=20_000))
    status = solution.status[0]
    assert np.isfinite(solution.values).all() == (status.outcome != "failed")
    return solution, status


ENGINES = pytest.mark.parametrize("engine", ["compiled", "oracle"])


@ENGINES
def test_blow_up_in_finite_time(engine):
    _, status = outcome(hostile(lambda x: x.x**2), engine)
    assert status.outcome == "failed"
    assert status.time_h == pytest.approx(1.0, abs=0.01)
    assert status.state == "h.x"
    assert status.cure


@ENGINES
def test_a_state_that_wants_to_go_negative(engine):
    _, status = outcome(hostile(lambda x: -1.0 + 0.0 * x.x, initial=0.5), engine)
    assert status.outcome == "failed"
    assert "leaves its bounds" in status.reason
    assert status.time_h == pytest.approx(0.5, abs=0.01 if engine == "compiled" else 0.5)


@ENGINES
def test_a_rate_without_a_value(engine):
    _, status = outcome(hostile(lambda x: np.log(x.x - 2.0)), engine)
    assert status.outcome == "failed"
    assert "no finite value" in status.reason


@ENGINES
def test_a_root_of_a_falling_state(engine):
    _, status = outcome(hostile(lambda x: -np.sqrt(x.x) - 1.0, bounds=FREE), engine)
    assert status.outcome == "failed"


@ENGINES
def test_an_observable_without_a_value(engine):
    _, status = outcome(hostile(lambda x: -x.x, show=lambda x: np.log(x - 0.5)), engine)
    assert status.outcome == "failed"
    assert "observable 'shown' has no finite value" in str(status)


@ENGINES
def test_a_stiff_switch_is_stepped_through(engine):
    """Relaxation a million times a second whose target flips while the state passes through it."""
    switch = hostile(lambda x: 1e6 * (np.tanh(1e3 * (x.y - 0.5)) - x.x), extra=lambda x: -x.y, bounds=FREE, initial=1.0)
    solution, status = outcome(switch, engine)
    assert status.outcome in ("ok", "flagged")
    assert solution["h.x"][[1, 2], 0] == pytest.approx([-1.0, -1.0], abs=1e-3)


@ENGINES
def test_a_kink_inside_a_step(engine):
    solution, status = outcome(hostile(lambda x: np.minimum(x.x, 1.0) * 0 - np.maximum(x.x - 0.5, 0.0)), engine)
    assert status.outcome in ("ok", "flagged")
    assert solution["h.x"][:, 0] == pytest.approx(0.5 + 0.5 * np.exp([0.0, -1.0, -5.0]), rel=1e-4)


@ENGINES
def test_a_jump_in_the_rate_is_chattered_along_or_told(engine):
    """The rate points back at x = 0.5 from both sides: no classical solution beyond it."""
    solution, status = outcome(hostile(lambda x: -1e9 * np.minimum(np.maximum(x.x - 0.5, -1e-9), 1e-9) * 1e0), engine)
    if status.outcome != "failed":
        assert solution["h.x"][2, 0] == pytest.approx(0.5, abs=1e-3)


@ENGINES
def test_a_singular_jacobian(engine):
    """A sum that is conserved: the Jacobian has no inverse, at rest either."""
    problem = hostile(lambda x: x.y - x.x, extra=lambda x: x.x - x.y, initial=3.0)
    solution, status = outcome(problem, engine, rest=True)
    assert status.outcome in ("ok", "flagged")
    assert solution["h.x"][:, 0] == pytest.approx(2.0, rel=1e-4)


def test_a_model_that_never_rests_says_so():
    swing = hostile(lambda x: 10.0 * x.y, extra=lambda x: -10.0 * x.x, bounds=FREE)
    for engine in ("compiled", "oracle"):
        batch = Batch([0.0, 1.0], ["h.x"])
        status = solve(swing, batch, Options(engine=engine, max_steps=3000)).status[0]
        assert status.outcome == "failed"
        assert "does not come to rest" in status.reason
        assert "rest=False" in status.cure


@ENGINES
def test_a_vanishing_pivot(engine):
    """d rate / d x grows without limit: I / (gamma h) - J passes through a singular matrix."""
    _, status = outcome(hostile(lambda x: np.exp(50.0 * x.x)), engine)
    assert status.outcome == "failed"


@pytest.mark.parametrize("slope", [np.inf, np.nan])
def test_polishing_a_rest_stops_where_the_jacobian_is_not_finite(slope):
    from ketamind.engine.oracle import polish

    at = np.array([1.0])
    assert polish(lambda t, x: x, lambda t, x: np.array([[slope]]), at) is at


@ENGINES
@pytest.mark.parametrize("apart", [5e-324, 1e-300, 1e-18])
def test_events_nearer_than_time_can_tell_apart(engine, apart):
    """Both count, and no step has to end between them."""
    events = Schedule(jumps=(Jump(0.0, "h.x", 1.0), Jump(apart, "h.x", 2.0), Jump(1.0, "h.x", 0.5)))
    solution, status = outcome(hostile(lambda x: -x.x), engine, schedules=events)
    assert status.outcome == "ok"
    assert solution["h.x"][1, 0] == pytest.approx(4 * np.exp(-1.0) + 0.5, rel=1e-4)


@ENGINES
def test_steps_are_counted_anew_after_each_event(engine):
    events = Schedule(jumps=tuple(Jump(float(t), "h.x", 1.0) for t in range(100)))
    batch = Batch([100.0], ["h.x"], events, rest=False)
    status = solve(hostile(lambda x: -x.x), batch, Options(engine=engine, max_steps=150)).status[0]
    assert status.outcome == "ok"


@ENGINES
@pytest.mark.parametrize("huge", [1e30, 1e150, 1e300, -1e300])
def test_huge_numbers_end_in_a_status(engine, huge):
    for rate in (lambda x: -huge * x.x, lambda x: huge * x.x * x.x, lambda x: x.x / (1.0 + np.exp(huge * x.x))):
        outcome(hostile(rate), engine)


@ENGINES
def test_fractions_of_fractions_with_a_vanishing_part(engine):
    """1 / (1 + k / y) and (x / (k + x)) (y / (k + y)), as y and then x fall to zero."""
    fall = hostile(
        lambda x: -x.x / (0.1 + x.x) * (1.0 / (1.0 + 0.2 / x.y)) * (x.y / (0.3 + x.y)), extra=lambda x: -30.0 * x.y
    )
    solution, status = outcome(fall, engine)
    assert status.outcome in ("ok", "flagged")
    assert np.ptp(solution["h.x"][1:, 0]) < 1e-6


def test_a_state_left_just_beyond_its_bound_comes_back():
    # an accepted step of a larger state may leave it so; short steps then bring it back slowly
    solution = solve(
        hostile(lambda x: -x.x),
        Batch(times_h=[0.0, 1e-6, 5.0], observables=["h.x"], start=[[-1.2e-5]]),
        Options(rtol=1e-4, atol=1e-6, rescue=0),
    )
    assert solution.status[0].outcome == "ok"
    assert abs(solution.values[-1, 0, 0]) < 1e-6
