"""The engine's interface: closed forms, events, start states, and what it refuses."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ketamind.engine import Batch, Jump, Options, Schedule, Step, solve
from ketamind.errors import BadValue, SolveFailed, UnknownName

sys.path.insert(0, str(Path(__file__).parent))
from toys import decay_model, functions_model, robertson_model

ENGINES = ["oracle", "compiled"]
TIMES = np.array([0.0, 0.5, 1.0, 2.0, 5.0])


@pytest.fixture(params=ENGINES)
def options(request):
    return Options(rtol=1e-7, engine=request.param)


def test_decay_is_exponential(options):
    solution = solve(decay_model(), Batch(TIMES, ["decay.A", "twice"], rest=False), options)
    assert solution.values.shape == (5, 1, 2)
    assert solution["decay.A"][:, 0] == pytest.approx(3 * np.exp(-0.5 * TIMES), rel=1e-6)
    assert solution["twice"] == pytest.approx(2 * solution["decay.A"], rel=1e-12)
    assert solution.final_states[0, 0] == pytest.approx(3 * np.exp(-2.5), rel=1e-6)


def test_each_patient_has_its_own_parameters_times_and_events(options):
    k = np.array([0.1, 0.5, 2.0])
    times = np.array([[0.0, 1.0], [0.5, 3.0], [2.0, 7.0]])
    schedules = (Schedule(), Schedule(jumps=(Jump(1.0, "decay.A", 4.0),)), Schedule(steps=(Step(0, 1, "inflow", 2.0),)))
    solution = solve(decay_model(), Batch(times, ["decay.A"], schedules, {"toy.k": k}, rest=False), options)
    plain = 3 * np.exp(-k[:, None] * times)
    plain[1, 1] += 4 * np.exp(-0.5 * 2.0)
    plain[2] += (1 - np.exp(-2.0)) * np.exp(-2.0 * (times[2] - 1))
    assert solution["decay.A"] == pytest.approx(plain.T, rel=1e-5, abs=1e-9)


def test_a_value_at_an_event_is_that_after_it(options):
    events = Schedule(jumps=(Jump(1.0, "decay.A", 4.0),), steps=(Step(1.0, 2.0, "inflow", 6.0),))
    solution = solve(decay_model(), Batch([0.5, 1.0, 2.0], ["decay.A", "flow"], events), options)
    assert solution["decay.A"][:, 0] == pytest.approx([0, 4, 4 * np.exp(-0.5) + 12 * (1 - np.exp(-0.5))], abs=1e-6)
    assert list(solution["flow"][:, 0]) == [0.0, 6.0, 0.0]


def test_overlapping_steps_add_up_and_inputs_return_to_rest_exactly(options):
    steps = (Step(0.0, 3.0, "inflow", 0.1), Step(1.0, 2.0, "inflow", 0.2))
    solution = solve(decay_model(), Batch([0.5, 1.5, 2.5, 3.5], ["flow"], Schedule(steps=steps)), options)
    assert solution["flow"][:3, 0] == pytest.approx([0.1, 0.3, 0.1], rel=1e-12)
    assert solution["flow"][3, 0] == 0.0


def test_negative_times_start_before_zero(options):
    events = Schedule(jumps=(Jump(-2.0, "decay.A", 4.0),))
    solution = solve(decay_model(), Batch([-3.0, -2.0, 0.0], ["decay.A"], events), options)
    assert solution["decay.A"][:, 0] == pytest.approx([0.0, 4.0, 4 * np.exp(-1)], abs=1e-6)


def test_a_step_under_way_at_the_start_counts_from_there(options):
    events = Schedule(steps=(Step(-10.0, 1.0, "inflow", 1.0),))
    solution = solve(decay_model(), Batch([0.0, 1.0], ["decay.A"], events, start_h=0.0), options)
    assert solution["decay.A"][:, 0] == pytest.approx([0.0, 2 * (1 - np.exp(-0.5))], abs=1e-6)


def test_rest_is_the_steady_state_and_explicit_starts_are_kept(options):
    model = functions_model()
    rested = solve(model, Batch([0.0, 672.0], ["functions.s", "functions.v", "mix"]), options)
    assert rested.values[1] == pytest.approx(rested.values[0], rel=1e-6)
    start = rested.final_states + 0.25
    moved = solve(model, Batch([0.0, 0.01], ["functions.s", "functions.v"], start=start), options)
    assert moved.values[0] == pytest.approx(start, rel=1e-12)


def test_stiff_kinetics_match_the_published_solution(options):
    solution = solve(robertson_model(), Batch([0.4, 40.0, 4e4], ["robertson.a", "total"], rest=False), options)
    assert solution["robertson.a"][:, 0] == pytest.approx([9.8517212e-1, 7.1582687e-1, 3.8983377e-2], rel=2e-5)
    assert solution["total"][:, 0] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"observables": ["decay.B"]}, UnknownName, "'decay.B' is not an observable.*Did you mean 'decay.A'"),
        ({"values": {"toy.kk": 1}}, UnknownName, "Did you mean 'toy.k'"),
        ({"schedules": Schedule(jumps=(Jump(0, "decay.B", 1),))}, UnknownName, "is not a state of this model"),
        ({"schedules": Schedule(steps=(Step(0, 1, "outflow", 1),))}, UnknownName, "Did you mean 'inflow'"),
        ({"schedules": Schedule(steps=(Step(1, 1, "inflow", 1),))}, BadValue, "must stop after it starts"),
        ({"schedules": Schedule(jumps=(Jump(np.nan, "decay.A", 1),))}, BadValue, "not finite"),
        ({"schedules": Schedule(jumps=(Jump(-1, "decay.A", 1),)), "start_h": 0.0}, BadValue, "before start_h=0 h"),
        ({"values": {"toy.k": np.inf}}, BadValue, "not finite"),
        ({"values": {"toy.k": [1.0, 2.0]}, "patients": 3}, BadValue, "different numbers of patients"),
        ({"times_h": [0.0, 0.0]}, BadValue, "must increase"),
        ({"times_h": []}, BadValue, "at least one time"),
        ({"start": [[1.0, 2.0]]}, BadValue, r"start must have shape \(1, 1\)"),
        ({"start_h": 3.0}, BadValue, "not after the first of times_h"),
    ],
)
def test_malformed_batches_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        solve(decay_model(), Batch(**({"times_h": [0.0, 1.0], "observables": ["decay.A"]} | changes)))


def test_malformed_options_are_refused():
    for options in (Options(rtol=0.0), Options(threads=0), Options(engine="magic"), Options(max_steps=0)):
        with pytest.raises(BadValue, match="must be"):
            solve(decay_model(), Batch([1.0], ["decay.A"]), options)


def test_a_failed_patient_says_where_and_why_and_the_others_go_on(options):
    solution = solve(decay_model(), Batch(TIMES, ["decay.A"], values={"toy.k": [0.5, -400.0]}, rest=False), options)
    assert np.isfinite(solution.values[:, 0]).all()
    assert np.isnan(solution.values[:, 1]).all()
    assert [s.outcome for s in solution.status] == ["ok", "failed"]
    with pytest.raises(SolveFailed, match=r"patient 1 failed at .* h, step .* h, fastest state 'decay\.A': "):
        solution.require()


def test_progress_is_told(options):
    from dataclasses import replace

    seen = []
    solve(decay_model(), Batch([1.0], ["decay.A"], patients=3), replace(options, progress=lambda *a: seen.append(a)))
    assert seen[-1] == (3, 3)
