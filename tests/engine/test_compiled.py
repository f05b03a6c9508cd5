"""The compiled engine: the method's order, agreement with the oracle, determinism, caches, and giving way."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ketamind.declare import Component, Output, State
from ketamind.engine import Batch, Jump, Options, Schedule, Step, compiled, solve, stream, tableau
from ketamind.engine.batch import prepare
from ketamind.engine.codegen import kept, load
from ketamind.engine.compiled import lanes, plan_for, varied_in
from ketamind.engine.functions import Lines, library

sys.path.insert(0, str(Path(__file__).parent))
from synthetic import INFUSIONS, OBSERVABLES, TIMES, population, synthetic_model
from toys import decay_model, functions_model, model, parameters, robertson_model, table


def coefficients():
    """alpha, beta = alpha + gamma, and both rows of weights, in the classical form."""
    a, c = (np.zeros((8, 8)), np.zeros((8, 8)))
    for i in range(8):
        a[i, : len(tableau.A[i])] = tableau.A[i]
        c[i, : len(tableau.C[i])] = tableau.C[i]
    gamma = np.linalg.inv(np.eye(8) / tableau.GAMMA - c)
    alpha = a @ gamma
    return alpha, alpha + gamma, (a[7] + np.eye(8)[7]) @ gamma, a[7] @ gamma


def conditions(alpha, beta, b, order):
    """What is left of the conditions of order up to `order` (Hairer & Wanner, Solving ODEs II, table IV.7.1)."""
    a, e = alpha.sum(axis=1), beta.sum(axis=1)
    left = {
        1: [b.sum() - 1],
        2: [b @ e - 1 / 2],
        3: [b @ a**2 - 1 / 3, b @ beta @ e - 1 / 6],
        4: [b @ a**3 - 1 / 4, b @ (a * (alpha @ e)) - 1 / 8, b @ beta @ a**2 - 1 / 12, b @ beta @ beta @ e - 1 / 24],
        5: [b @ a**4 - 1 / 5, b @ beta @ a**3 - 1 / 20, b @ beta @ beta @ beta @ e - 1 / 120],
    }
    return np.abs(np.concatenate([left[k] for k in range(1, order + 1)]))


def test_the_tableau_fulfils_the_conditions_of_its_order():
    alpha, beta, b, embedded = coefficients()
    assert conditions(alpha, beta, b, 5).max() < 1e-13
    assert conditions(alpha, beta, embedded, 4).max() < 1e-13
    assert conditions(alpha, beta, embedded, 5).max() > 1e-4


@pytest.mark.parametrize("make", [functions_model, robertson_model])
def test_error_falls_with_tolerance_as_the_order_says(make):
    """Error per step is held at the tolerance and falls as h^5, the global error as h^5 / h: exponent 0.8."""
    problem = make()
    batch = Batch(np.linspace(0.1, 3.0, 40), [problem.system.states[0].name], rest=False)
    exact = solve(problem, batch, Options(rtol=1e-12, engine="oracle")).values
    errors = [np.abs(solve(problem, batch, Options(rtol=r)).values - exact).max() for r in (1e-4, 1e-6, 1e-8)]
    slope = np.polyfit([-4, -6, -8], np.log10(errors), 1)[0]
    assert slope > 0.7
    assert errors[-1] < 1e-7


def one_function(name, x):
    """The IR function of that name on numbers."""
    w, body = lanes(), Lines(lanes())
    body.text += [f"  %x = load {body.vector}, ptr %work, align 8"]
    body.text += [f"  store {body.vector} {body.call(f'@{name}', '%x')}, ptr %work, align 8"]
    head = f"define void @probe(ptr %work) #0 {{\n{chr(10).join(body.text)}\n  ret void\n}}\n"
    text = library(w) + "\n" + head + "attributes #0 = { nounwind }\nattributes #1 = { nounwind alwaysinline }"
    addresses, memory = load(text, ("probe",))
    import ctypes

    probe = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(addresses["probe"])
    found = np.array(np.resize(x, -(-len(x) // w) * w))
    for i in range(0, len(found), w):
        probe(found[i:].ctypes.data)
    del memory
    return found[: len(x)]


@pytest.mark.parametrize(
    ("name", "low", "high", "limit"),
    [("exp", -708, 709, 4e-16), ("log", 1e-300, 1e300, 4e-16), ("tanh", -30, 30, 2e-15), ("tanh", -0.6, 0.6, 2e-15)],
)
def test_functions_are_as_good_as_the_libraries(name, low, high, limit):
    rng = np.random.default_rng(3)
    x = rng.uniform(low, high, 20_000) if name != "log" else 10 ** rng.uniform(-300, 300, 20_000)
    x[:3] = (low, high, 1.0 + 1e-9)
    assert one_function(name, x) == pytest.approx(getattr(np, name)(x), rel=limit, abs=0)


def test_functions_keep_nan_and_stay_finite_at_the_ends():
    assert np.isnan(one_function("exp", np.array([np.nan]))).all()
    assert np.isnan(one_function("tanh", np.array([np.nan]))).all()
    assert np.isnan(one_function("log", np.array([np.nan, -1.0, -np.inf]))).all()
    assert one_function("exp", np.array([-1e300, 1e300])) == pytest.approx([0.0, 1.7e308], rel=0.2)
    assert one_function("log", np.array([0.0])) == pytest.approx(np.log(2.2250738585072014e-308))


WEIGHTS = st.floats(-2, 2, allow_nan=False).map(lambda v: round(v, 3))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    couplings=st.lists(WEIGHTS, min_size=9, max_size=9),
    speeds=st.tuples(*(st.floats(-1.0, 4.0) for _ in range(3))),
    jump=st.floats(0, 3),
    at=st.floats(0.01, 3.9),
)
def test_compiled_equals_oracle_on_random_networks(couplings, speeds, jump, at):
    """Three bounded units of any speed, coupled at random, kicked at a random time."""
    w = np.reshape(couplings, (3, 3))

    def rates(u, x, p):
        values = (x.a, x.b, x.c)
        return {
            s: p.k * 10 ** float(speeds[i]) * (np.tanh(sum(w[i, j] * values[j] for j in range(3)) + 0.3) - values[i])
            for i, s in enumerate("abc")
        }

    free = (-np.inf, np.inf)
    unit = Component(
        name="net",
        summary="",
        states=tuple(State(s, "1", "", initial=0.2, bounds=free) for s in "abc"),
        parameters=parameters(k="1/h"),
        outputs=(Output("product", "1", ""),),
        rates=rates,
        readout=lambda u, x, p: {"product": x.a * x.b - np.exp(x.c)},
    )
    problem = model(unit, rows=table(k=(1.0, "1/h")))
    events = Schedule(jumps=(Jump(at, "net.a", jump),))
    batch = Batch(np.linspace(0, 4, 7), ["product", "net.a", "net.c"], events, rest=False)
    found, exact = (solve(problem, batch, Options(rtol=1e-8, engine=e)).require() for e in ("compiled", "oracle"))
    assert found.values == pytest.approx(exact.values, rel=1e-5, abs=1e-6)


def test_the_chain_agrees_with_the_oracle():
    chain = synthetic_model()
    values = {k: v[:3] for k, v in population(chain, 3).items()}
    batch = Batch(TIMES[::20], OBSERVABLES, INFUSIONS, values)
    exact = solve(chain, batch, Options(rtol=1e-8, engine="oracle")).values
    scale = np.abs(exact).max(axis=(0, 1))
    found = solve(chain, batch, Options(rtol=1e-7)).values
    assert found / scale == pytest.approx(exact / scale, abs=2e-6)


@pytest.mark.parametrize("patients", [3, 700])
def test_results_do_not_depend_on_threads_neighbours_or_order(patients):
    chain = synthetic_model()
    values = population(chain, patients)
    one = solve(chain, Batch(TIMES[::40], OBSERVABLES, INFUSIONS, values), Options(threads=1))
    two = solve(chain, Batch(TIMES[::40], OBSERVABLES, INFUSIONS, values), Options(threads=3))
    assert np.array_equal(one.values, two.values)
    back = solve(chain, Batch(TIMES[::40], OBSERVABLES, INFUSIONS, {k: v[::-1] for k, v in values.items()}))
    assert np.array_equal(back.values[:, ::-1], one.values)


def test_streams_give_what_one_batch_gives():
    chain = synthetic_model()
    values = population(chain, 600)
    whole = solve(chain, Batch(TIMES[::40], OBSERVABLES, INFUSIONS, values))
    seen = []

    def batch_of(first, end):
        return Batch(TIMES[::40], OBSERVABLES, INFUSIONS, {k: v[first:end] for k, v in values.items()})

    parts = list(stream(chain, batch_of, 600, Options(progress=lambda *a: seen.append(a)), size=290))
    assert [p.values.shape[1] for p in parts] == [290, 290, 20]
    assert np.array_equal(np.concatenate([p.values for p in parts], axis=1), whole.values)
    assert seen[-1] == (600, 600)


def test_machine_code_is_made_for_the_parameters_in_which_many_patients_differ():
    chain = synthetic_model()
    few, many = (prepare(chain, Batch([1.0], ["mood"], values={"slow.k_mood": np.full(n, 0.02)})) for n in (2, 1000))
    assert varied_in(few) == frozenset(chain.system.parameters)
    assert varied_in(many) == {"slow.k_mood"}
    layout = plan_for(many.equations, many.observables, varied_in(many)).kernels.layout
    assert len(layout.kept) <= 4


def test_patients_that_it_gives_up_on_are_solved_by_the_oracle_and_flagged(monkeypatch):
    batch = Batch([0.0, 1.0], ["decay.A"], values={"toy.k": [0.5, 1.0, 2.0]}, rest=False)
    integrate = compiled.integrate

    def one_stumbles(*given):
        results, steps = integrate(*given)
        results.values[1] = np.nan
        results.patients["code"][1], results.patients["time"][1] = 1, 0.25
        return results, steps

    monkeypatch.setattr(compiled, "integrate", one_stumbles)
    found = solve(decay_model(), batch).require()
    assert [s.outcome for s in found.status] == ["ok", "flagged", "ok"]
    assert "at 0.25 h" in str(found.status[1])
    assert "solved by the oracle" in str(found.status[1])
    assert found["decay.A"][1] == pytest.approx(3 * np.exp([-0.5, -1.0, -2.0]), rel=1e-4)


def test_only_so_many_patients_are_solved_again():
    options = Options(max_steps=3, rescue=0)
    starved = solve(decay_model(), Batch([9.0], ["decay.A"], rest=False, patients=5000), options)
    assert {s.outcome for s in starved.status} == {"failed"}
    assert np.isnan(starved.values).all()


def test_a_patient_that_takes_too_many_steps_fails():
    starved = solve(decay_model(), Batch([9.0], ["decay.A"], rest=False), Options(max_steps=3))
    assert starved.status[0].outcome == "failed"
    assert "more steps than max_steps" in str(starved.status[0])


def test_damaged_cache_entries_are_made_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMIND_CACHE", str(tmp_path))
    made = []

    def make():
        made.append(1)
        return b"code"

    assert kept("entry", make) == b"code" == kept("entry", make)
    (tmp_path / "entry.bin").write_bytes(b"\0" * 50)
    assert kept("entry", make) == b"code"
    (tmp_path / "entry.bin").write_bytes(b"")
    assert kept("entry", make) == b"code"
    assert len(made) == 3


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KETAMIND_CACHE", str(tmp_path / "file"))
    assert kept("entry", lambda: b"code") == b"code"


SCRIPT = """
import sys; sys.path.insert(0, {tests!r})
from toys import decay_model
from ketamind.engine import Batch, solve
print(float(solve(decay_model(), Batch([0.0, 1.0], ["decay.A"], rest=False)).require().values[1, 0, 0]))
"""


def test_two_processes_share_a_cache_and_a_damaged_driver_is_compiled_again(tmp_path):
    script = SCRIPT.format(tests=str(Path(__file__).parent))
    surroundings = {**os.environ, "KETAMIND_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", script]
    runs = [subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [float(r.communicate()[0]) for r in runs] == pytest.approx([3 * np.exp(-0.5)] * 2, rel=1e-4)
    for entry in tmp_path.rglob("*"):
        if entry.is_file():
            entry.write_bytes(b"nonsense")
    again = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
    assert float(again.stdout) == pytest.approx(3 * np.exp(-0.5), rel=1e-4)


def test_an_interrupt_returns_at_once():
    import _thread

    chain = synthetic_model()
    batch = Batch(TIMES, OBSERVABLES, INFUSIONS, population(chain, 20_000))
    solve(chain, replace(batch, values={k: v[:300] for k, v in batch.values.items()}))
    threading.Timer(0.3, _thread.interrupt_main).start()
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        solve(chain, batch, Options(rtol=1e-8, threads=1))
    assert time.perf_counter() - began < 3.0


def test_importing_the_engine_does_not_import_numba():
    code = "import sys, ketamind.engine; sys.exit('numba' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_steps_that_overlap_many_events_keep_their_own_times():
    """Patients with none, one and fifty events in one batch."""
    schedules = (
        Schedule(),
        Schedule(steps=(Step(0.3, 0.9, "inflow", 2.0),)),
        Schedule(jumps=tuple(Jump(0.1 * i, "decay.A", 0.5) for i in range(50))),
    )
    batch = Batch(np.linspace(0, 5, 11), ["decay.A"], schedules, rest=False)
    found, exact = (solve(decay_model(), batch, Options(rtol=1e-8, engine=e)).values for e in ("compiled", "oracle"))
    assert found == pytest.approx(exact, rel=1e-6)
