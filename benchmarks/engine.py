"""How fast the engine is, beside other engines on the same model: patients a second against achieved error.

Every engine solves the same initial value problems: the human chain with intravenous ketamine, patients that differ
in every parameter with a spread between people, each from its own drug-free steady state, two 40-minute infusions
72 h apart, 14 days, 199 output times. Error is the largest over patients, outputs and times of
|y - y_ref| / max(|y_ref|, 1e-3 of that output's peak); the reference is the compiled engine at 1e-11, itself checked
against SciPy. Times are CPU times of one thread, best of several. Peers are run if they are installed
(`pip install ketamind[peers]`); their outputs are computed from their states outside the timed part.

    python benchmarks/engine.py [--json] [--patients N] [--peer-patients N] [--stream N] [--scaling] [--figure FILE]
    python benchmarks/engine.py --robustness 100000 [--checked 200]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np

from ketamind.biology.chain import chain
from ketamind.engine import Batch, Options, Schedule, Step, solve, stream
from ketamind.engine.batch import Task, prepare
from ketamind.engine.compiled import integrate
from ketamind.engine.graph import equations
from ketamind.engine.oracle import statement

TIMES = np.concatenate([np.linspace(0, 4, 99), np.linspace(4, 336, 101)[1:]])
OBSERVABLES = (
    *("venous_ketamine", "brain_unbound_r_ketamine", "nmda_occupancy", "rate_pyramidal"),
    *("rate_pv", "spine_density", "cadss", "madrs"),
)
INFUSIONS = Schedule(
    steps=tuple(Step(t, t + 2 / 3, f"input_{e}_ketamine", 110.0) for t in (0.0, 72.0) for e in ("r", "s"))
)
BREAKS = (0.0, 2 / 3, 72.0, 72 + 2 / 3, 336.0)
TARGETS = (1e-4, 1e-5, 4e-6)
ATOL = 1e-2
"""Absolute tolerance as a share of the relative one, for every engine."""
EQUAL_RTOL = 2e-5
"""Gives an error of 1e-5 on this problem."""


@dataclass
class Problem:
    """The model, and patients with their steady states."""

    model: Any
    values: dict[str, np.ndarray]
    start: np.ndarray
    reference: np.ndarray = field(default_factory=lambda: np.empty(0))

    def batch(self, patients: int) -> Batch:
        """The first patients, tiled if there are not so many."""
        take = np.resize(np.arange(len(self.start)), patients)
        values = {k: v[take] for k, v in self.values.items()}
        return Batch(TIMES, OBSERVABLES, INFUSIONS, values, start=self.start[take], start_h=0.0)


@dataclass(frozen=True)
class Point:
    """One run: tolerance asked, error achieved, patients a second of CPU time."""

    rtol: float
    error: float
    patients_per_second: float


def draws(model: Any, patients: int, seed: int, times: float = 1.0, most: float = np.inf) -> dict[str, np.ndarray]:
    """Log-normal values of every parameter that differs between people so, `times` as widely, at most by `most`."""
    draw = np.random.default_rng(seed)
    spread = {k: min(times * r.between, most) for k, r in model.rows.items() if r.between and r.spread == "lognormal"}
    return {k: model.rows[k].value * np.exp(s * draw.standard_normal(patients)) for k, s in spread.items()}


def problem(patients: int, seed: int = 1, drugs: tuple[str, ...] = ("ketamine",)) -> Problem:
    """Virtual patients who differ by at most 30 % (the coefficient of variation) in each parameter."""
    model = chain([(drug, "iv") for drug in drugs])
    values = draws(model, patients, seed, most=0.3)
    rest = solve(model, Batch([0.0], OBSERVABLES[:1], values=values), Options(rtol=1e-8)).require()
    return Problem(model, values, rest.final_states)


def error(found: np.ndarray, reference: np.ndarray) -> float:
    """The largest relative error, of values (times, patients, observables)."""
    floor = 1e-3 * np.abs(reference).max(axis=0, keepdims=True) + 1e-12
    return float((np.abs(found - reference) / np.maximum(np.abs(reference), floor)).max())


def cpu(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Least CPU time of some runs, and what the last gave."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        result = work()
        times.append(time.process_time() - began)
    return min(times), result


def measure_ours(given: Problem, patients: int) -> list[Point]:
    """The compiled engine."""
    task = prepare(given.model, given.batch(patients))
    n = given.reference.shape[1]
    points = []
    for rtol in (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6, 1e-7):
        options = Options(rtol=rtol, threads=1)
        seconds, (results, _) = cpu(lambda options=options: integrate(task, options, lambda done: None), 3)
        assert not results.patients["code"].any()
        found = results.values.transpose(1, 0, 2)[:, :n]
        points.append(Point(rtol, error(found, given.reference), patients / seconds))
    return points


def flat_source(name: str, task: Task, jacobian: bool) -> str:
    """The rates (or the dense Jacobian) as one plain Python function, for numba."""
    known = task.equations
    graph = known.graph
    places = {n: f"y[{i}]" for i, n in enumerate(known.states)} | {n: f"u[{i}]" for i, n in enumerate(known.inputs)}
    places |= {n: f"p[{i}]" for i, n in enumerate(known.system.parameters)}

    def label(node: int) -> str:
        op, _, value = graph.nodes[node]
        return f"({value!r})" if op == "const" else places[str(value)] if op == "symbol" else f"v{node}"

    wanted = list(known.jacobian.values()) if jacobian else list(known.rates)
    ends = list(known.jacobian) if jacobian else list(range(len(wanted)))
    lines = [f"def {name}(y, p, u, out):"]
    lines += [f"    v{n} = {statement(graph, n, label)}" for n in graph.reachable(wanted) if graph.nodes[n][1]]
    lines += [
        f"    out[{', '.join(map(str, np.atleast_1d(e)))}] = {label(w.id)}" for e, w in zip(ends, wanted, strict=True)
    ]
    return "\n".join(lines)


def compiled_functions(task: Task) -> tuple[Callable[..., None], Callable[..., None]]:
    """Rates and Jacobian through numba, as a user of SciPy or SUNDIALS would have them."""
    import math

    import numba

    space: dict[str, Any] = {n: getattr(math, n) for n in ("exp", "log", "sqrt", "tanh", "pow")}
    space["greater"] = numba.njit(lambda a, b: 1.0 if a > b else 0.0)
    exec(flat_source("rates", task, False) + "\n" + flat_source("jacobian", task, True), space)
    return numba.njit(space["rates"]), numba.njit(space["jacobian"])


Peer = Callable[[int, float], np.ndarray]
"""Solves patient i at a tolerance; returns states (n_times, n_states)."""


def segments() -> Iterator[tuple[float, float, float, np.ndarray]]:
    """Start, end, infusion rate and wanted times of each piece."""
    for k, (a, b) in enumerate(pairwise(BREAKS)):
        wanted = TIMES[(a <= TIMES) & (b > TIMES)] if b < 336 else TIMES[a <= TIMES]
        yield a, b, 110.0 if k % 2 == 0 else 0.0, wanted


def plain_integrator(task: Task, segment: Callable[..., np.ndarray]) -> Peer:
    """A peer that integrates piece by piece: `segment(rhs, jac, span, y, rtol)` gives states at the span's times."""
    rates, jacobian = compiled_functions(task)
    names, inputs = task.equations.system.parameters, task.equations.inputs
    table = np.array([np.broadcast_to(task.values[k], (task.patients,)) for k in names]).T.copy()
    dosed = [inputs.index(f"input_{e}_ketamine") for e in ("r", "s")]
    n = len(task.equations.states)

    def functions(i: int, u: np.ndarray) -> tuple[Callable[..., None], Callable[..., None]]:
        def rhs(t: float, x: np.ndarray, out: np.ndarray) -> None:
            rates(x, table[i], u, out)

        def jac(t: float, x: np.ndarray, out: np.ndarray) -> None:
            out[:] = 0.0
            jacobian(x, table[i], u, out)

        return rhs, jac

    def run(i: int, rtol: float) -> np.ndarray:
        assert task.start is not None
        y, parts, u = task.start[i], [], task.equations.rest.copy()
        for a, b, rate, wanted in segments():
            u[dosed] = rate
            span = np.unique([a, *wanted, (a + b) / 2, b])

            rhs, jac = functions(i, u.copy())
            states = segment(rhs, jac, span, y, rtol)
            parts.append(states[np.isin(span, wanted)])
            y = states[-1]
        return np.vstack(parts)

    scratch = np.zeros((n, n))
    rates(task.start[0], table[0], task.equations.rest, scratch[0])  # type: ignore[index]
    jacobian(task.start[0], table[0], task.equations.rest, scratch)  # type: ignore[index]
    return run


def scipy_lsoda(task: Task) -> Peer:
    """SciPy's LSODA with compiled rates and Jacobian."""
    from scipy.integrate import solve_ivp

    n = len(task.equations.states)

    def segment(rhs: Any, jac: Any, span: np.ndarray, y: np.ndarray, rtol: float) -> np.ndarray:
        def f(t: float, x: np.ndarray) -> np.ndarray:
            out = np.empty(n)
            rhs(t, x, out)
            return out

        def j(t: float, x: np.ndarray) -> np.ndarray:
            out = np.empty((n, n))
            jac(t, x, out)
            return out

        found = solve_ivp(f, (span[0], span[-1]), y, "LSODA", span, rtol=rtol, atol=ATOL * rtol, jac=j)
        return np.asarray(found.y.T)

    return plain_integrator(task, segment)


def scikit_sundae(task: Task) -> Peer:
    """CVODE of SUNDIALS, dense, through scikit-sundae, with compiled rates and Jacobian."""
    from sksundae.cvode import CVODE

    def segment(rhs: Any, jac: Any, span: np.ndarray, y: np.ndarray, rtol: float) -> np.ndarray:
        def j(t: float, x: np.ndarray, xdot: np.ndarray, out: np.ndarray) -> None:
            jac(t, x, out)

        solver = CVODE(rhs, rtol=rtol, atol=ATOL * rtol, linsolver="dense", jacfn=j, max_num_steps=100_000)
        return np.asarray(solver.solve(span, y).y)

    return plain_integrator(task, segment)


def antimony(task: Task) -> str:
    """The chain as Antimony text: rate rules, with shared sub-expressions as assignment rules."""
    known = task.equations
    graph = known.graph
    labels = {n: f"x{i}" for i, n in enumerate(known.states)} | {n: f"u{i}" for i, n in enumerate(known.inputs)}
    labels |= {n: f"p{i}" for i, n in enumerate(known.system.parameters)}
    used = graph.reachable(known.rates)
    uses = dict.fromkeys(used, 0)
    for n in used:
        for a in graph.nodes[n][1]:
            uses[a] += 1
    text: dict[int, str] = {}
    rules = []
    for n in used:
        op, args, value = graph.nodes[n]
        if op in ("symbol", "const"):
            text[n] = labels[str(value)] if op == "symbol" else f"{value:.17g}"
            continue
        text[n] = antimony_term(op, [text[a] for a in args])
        if uses[n] > 1 or len(text[n]) > 2000:
            rules.append(f"v{n} := {text[n]};")
            text[n] = f"v{n}"
    lines = ["model chain()", *rules]
    lines += [f"x{i}' = {text[r.id]};" for i, r in enumerate(known.rates)]
    lines += [f"{label} = 0;" for label in labels.values()]
    return "\n".join([*lines, "end"])


def antimony_term(op: str, args: list[str]) -> str:
    """One operation in Antimony."""
    signs = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"}
    if op in signs:
        return f"({args[0]} {signs[op]} {args[1]})"
    if op in ("max", "min"):
        return f"piecewise({args[0]}, {args[0]} {'>' if op == 'max' else '<'} {args[1]}, {args[1]})"
    return f"(-{args[0]})" if op == "neg" else f"{ {'log': 'ln'}.get(op, op) }({args[0]})"


def libroadrunner(task: Task) -> Peer:
    """libroadrunner: SBML through LLVM, integrated by CVODE."""
    import antimony as sb
    import roadrunner

    if sb.loadAntimonyString(antimony(task)) < 0:
        raise RuntimeError(sb.getLastError())
    engine = roadrunner.RoadRunner(sb.getSBMLString(sb.getMainModuleName()))
    n, names = len(task.equations.states), task.equations.system.parameters
    table = np.array([np.broadcast_to(task.values[k], (task.patients,)) for k in names]).T
    ids = list(engine.model.getGlobalParameterIds())
    places = [ids.index(f"p{i}") for i in range(len(names)) if f"p{i}" in ids]
    columns = [i for i in range(len(names)) if f"p{i}" in ids]
    dosed = [ids.index(f"u{task.equations.inputs.index(f'input_{e}_ketamine')}") for e in ("r", "s")]
    engine.timeCourseSelections = [f"x{i}" for i in range(n)]

    def run(i: int, rtol: float) -> np.ndarray:
        assert task.start is not None
        engine.integrator.setValue("relative_tolerance", rtol)
        engine.integrator.setValue("absolute_tolerance", ATOL * rtol)
        engine.integrator.setValue("maximum_num_steps", 20_000)
        engine.resetAll()
        engine.model.setGlobalParameterValues(places, list(table[i, columns]))
        for k in range(n):
            engine.setValue(f"x{k}", float(task.start[i, k]))
        parts = []
        for a, b, rate, wanted in segments():
            engine.model.setGlobalParameterValues(dosed, [rate, rate])
            span = np.unique([a, *wanted, (a + b) / 2, b])
            found = np.asarray(engine.simulate(times=list(span)))
            parts.append(found[np.isin(span, wanted)])
        return np.vstack(parts)

    return run


PEERS = {
    "libroadrunner": ("roadrunner", libroadrunner, (1e-4, 1e-5, 1e-6, 1e-7)),
    "scikit-sundae": ("sksundae", scikit_sundae, (1e-4, 1e-5, 1e-6, 1e-7)),
    "scipy-lsoda": ("scipy", scipy_lsoda, (1e-4, 1e-5, 1e-6, 1e-7)),
}


def observed(task: Task, i: int, states: np.ndarray) -> np.ndarray:
    """Observables (times, observables) of a patient from its states."""
    known = task.equations
    level = np.where((TIMES % 72 < 2 / 3) & (TIMES < 73), 110.0, 0.0)
    symbols = {k: (v[i] if np.ndim(v) else v) for k, v in task.values.items()}
    symbols |= dict(zip(known.states, states.T, strict=True))
    for k, wire in enumerate(known.inputs):
        symbols[wire] = level if wire in ("input_r_ketamine", "input_s_ketamine") else known.rest[k]
    found = known.graph.numbers([known.observable(o) for o in OBSERVABLES], symbols)
    return np.array([np.broadcast_to(f, TIMES.shape) for f in found]).T


def measure_peer(name: str, given: Problem, patients: int) -> list[Point]:
    """Work and precision of a peer, patients one after the other."""
    task = prepare(given.model, given.batch(patients))
    run, points = PEERS[name][1](task), []
    for rtol in PEERS[name][2]:
        try:
            seconds, states = cpu(lambda rtol=rtol: [run(i, rtol) for i in range(patients)], 2)
        except RuntimeError:
            continue  # CVODE may fail to converge at a loose tolerance
        found = np.stack([observed(task, i, s) for i, s in enumerate(states)], axis=1)
        points.append(Point(rtol, error(found, given.reference[:, :patients]), patients / seconds))
    return points


def at_error(points: list[Point], wanted: float) -> float:
    """Patients a second at an achieved error, interpolated between runs on logarithmic axes."""
    ordered = sorted(points, key=lambda p: p.error)
    x, y = (np.log([getattr(p, k) for p in ordered]) for k in ("error", "patients_per_second"))
    return float(np.exp(np.interp(np.log(wanted), x, y)))


START = """
import time; began = time.perf_counter()
from ketamind.biology.chain import chain
from ketamind.engine import Batch, solve
solve(chain([("ketamine", "iv")]), Batch([0.0, 24.0], ["madrs"])).require()
print(time.perf_counter() - began)
"""


def start_up() -> dict[str, float]:
    """Seconds of a whole first run of one patient, with nothing cached and after that."""
    with tempfile.TemporaryDirectory() as folder:
        surroundings = {**os.environ, "KETAMIND_CACHE": folder}
        runs = [
            subprocess.run([sys.executable, "-c", START], env=surroundings, capture_output=True, text=True, check=True)
            for _ in range(3)
        ]
    cold, *warm = (float(r.stdout) for r in runs)
    return {"cold_s": cold, "warm_s": min(warm)}


STREAM = """
import resource, sys
sys.path.insert(0, {folder!r})
import engine
print(engine.json.dumps(engine.streamed({patients})))
"""


def streamed(patients: int) -> dict[str, float]:
    """A trial in flat memory, in a process of its own: patients a second on all threads, and peak memory."""
    given = problem(min(patients, 4096))
    began, busy, total = time.perf_counter(), time.process_time(), 0.0

    def part(first: int, end: int) -> Batch:
        take = np.arange(first, end) % len(given.start)
        values = {k: v[take] for k, v in given.values.items()}
        return Batch(TIMES[::20], OBSERVABLES, INFUSIONS, values, start=given.start[take], start_h=0.0)

    for solution in stream(given.model, part, patients, Options(rtol=EQUAL_RTOL)):
        total += float(solution.require()["madrs"][-1].sum())
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"patients": patients, "wall_s": seconds, "cpu_s": busy, "per_second": patients / seconds, "peak_mb": peak}


def apart(patients: int) -> dict[str, float]:
    """`streamed` in a fresh process, so that its peak of memory is its own."""
    code = STREAM.format(folder=os.path.dirname(os.path.abspath(__file__)), patients=patients)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


def threads(given: Problem, patients: int = 10_000) -> list[dict[str, float]]:
    """The same patients on one thread and on two: wall and CPU time, and CPU time a thread."""
    task, found = prepare(given.model, given.batch(patients)), []
    for n in (1, 2):
        options, runs = Options(rtol=EQUAL_RTOL, threads=n), []
        for _ in range(3):
            wall, busy = time.perf_counter(), time.process_time()
            integrate(task, options, lambda done: None)
            runs.append((time.perf_counter() - wall, time.process_time() - busy))
        wall, busy = (min(r) for r in zip(*runs, strict=True))
        found.append({"threads": n, "patients": patients, "wall_s": wall, "cpu_s": busy, "cpu_s_a_thread": busy / n})
    return found


def by_states() -> list[dict[str, float]]:
    """CPU time against the number of states: the chain with one to three drugs in the body."""
    found = []
    for drugs in (("ketamine",), ("ketamine", "memantine"), ("ketamine", "memantine", "midazolam")):
        given = problem(1000, drugs=drugs)
        task = prepare(given.model, given.batch(1000))
        seconds, _ = cpu(lambda task=task: integrate(task, Options(rtol=EQUAL_RTOL, threads=1), lambda done: None), 3)
        found.append({"states": len(task.equations.states), "patients_per_second": 1000 / seconds})
    return found


def robustness(patients: int, checked: int, seed: int = 7) -> dict[str, Any]:
    """Patients with twice the variability: all finite or flagged, and some at random held against SciPy at 1e-10."""
    model = chain([("ketamine", "iv")])
    values = draws(model, patients, seed, times=2.0)

    def part(first: int, end: int) -> Batch:
        return Batch(TIMES[::20], OBSERVABLES, INFUSIONS, {k: v[first:end] for k, v in values.items()})

    found = list(stream(model, part, patients))
    status = [s for solution in found for s in solution.status]
    shown = np.concatenate([solution.values for solution in found], axis=1)
    finite = np.isfinite(shown).all(axis=(0, 2))
    outcomes = np.array([s.outcome for s in status])
    which = np.sort(np.random.default_rng(seed).choice(patients, checked, replace=False))
    which = which[outcomes[which] != "failed"]
    again = Batch(TIMES[::20], OBSERVABLES, INFUSIONS, {k: v[which] for k, v in values.items()})
    exact = solve(model, again, Options(rtol=1e-8, engine="oracle"))  # LSODA then runs at 1e-10
    errors = [error(shown[:, [i]], exact.values[:, [k]]) for k, i in enumerate(which)]
    return {
        "patients": patients,
        **{k: int((outcomes == k).sum()) for k in ("ok", "flagged", "failed")},
        "reasons": sorted({s.reason for s in status if s.reason}),
        "not_finite_without_a_reason": int((~finite & (outcomes != "failed")).sum()),
        "checked": len(which),
        "oracle_failed": sum(s.outcome == "failed" for s in exact.status),
        "largest_error_checked": float(np.max(errors)),
    }


def draw(results: dict[str, Any], path: str) -> None:
    """The work-precision diagram."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for name, points in {"ketamind": results["work_precision"], **results["peer_work_precision"]}.items():
        axes.loglog([p["error"] for p in points], [p["patients_per_second"] for p in points], "o-", label=name)
    axes.set(xlabel="largest relative error achieved", ylabel="patients a second (one thread)")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=200)


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description="Speed of the engine beside its peers.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--peer-patients", type=int, default=4)
    parser.add_argument("--peers", default=",".join(PEERS), help="which peers to run, if installed")
    parser.add_argument("--stream", type=int, default=0)
    parser.add_argument("--scaling", action="store_true", help="threads, states, and 1 to 100,000 patients")
    parser.add_argument("--robustness", type=int, default=0, help="only this: so many patients, doubled variability")
    parser.add_argument("--checked", type=int, default=200, help="of these, so many are solved by SciPy too")
    parser.add_argument("--figure", default="")
    options = parser.parse_args()
    if options.robustness:
        print(json.dumps(robustness(options.robustness, options.checked), indent=None if options.json else 2))
        return
    given = problem(options.patients)
    few = given.batch(max(16, options.peer_patients))
    given.reference = solve(given.model, few, Options(rtol=1e-11)).require().values
    ours = measure_ours(given, options.patients)
    there = [n for n in options.peers.split(",") if n in PEERS and find_spec(PEERS[n][0])]
    peers = {n: points for n in there if (points := measure_peer(n, given, options.peer_patients))}
    last = TARGETS[-1]
    speeds = {target: at_error(ours, target) for target in TARGETS}
    best = {target: max((at_error(p, target) for p in peers.values()), default=float("nan")) for target in TARGETS}
    results: dict[str, Any] = {
        "states": len(equations(given.model.system).states),
        "patients_per_second": speeds[last],
        "max_relative_error": last,
        "peers": {n: {f"{t:g}": at_error(p, t) for t in TARGETS} for n, p in peers.items()},
        "ratio_best_peer": speeds[last] / best[last],
        "at_error": {
            f"{t:g}": {"patients_per_second": speeds[t], "ratio_best_peer": speeds[t] / best[t]} for t in TARGETS
        },
        "work_precision": [vars(p) for p in ours],
        "peer_work_precision": {n: [vars(p) for p in points] for n, points in peers.items()},
        "start_up": start_up(),
    }
    if options.stream:
        results["stream"] = apart(options.stream)
    if options.scaling:
        results["threads"], results["states_scaling"] = threads(given), by_states()
        results["patients_scaling"] = [apart(n) for n in (1, 10, 100, 1000, 10_000, 100_000)]
    if options.figure:
        draw(results, options.figure)
    print(json.dumps(results, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
