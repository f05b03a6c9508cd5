"""Runs of this stage alone: inputs set by hand, solved by SciPy on the wired equations."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

from ketamind.declare import External, Row, Table, read_table
from ketamind.declare.expression import FOLD

PATIENT_STRESS = Row("patient.stress", 0.0, "1", 0.0, 1.0, 0.0, "fixed", "any", "", "", "invented", "design", "")
ERASE = External("erase_spines", "1/h", "erasure of recently formed spines")
STRESS_PULSE = External("stress_pulse", "1", "stress above the usual")


@lru_cache
def table():
    """The shipped table of this stage, and the one patient row that it reads."""
    path = Path(str(resources.files("ketamind"))) / "data" / "parameters" / "plasticity.csv"
    return read_table([path])


def with_rows(*rows):
    return Table({(r.id, r.species): r for r in (PATIENT_STRESS, *rows)} | dict(table().rows), "rat")


@dataclass(frozen=True)
class Trajectory:
    """Time points (h), and each observable along them."""

    t: np.ndarray
    series: dict

    def __getitem__(self, name):
        return self.series[name]

    def at(self, name, *hours):
        """The observable at these times: a number for one, an array for several."""
        found = np.interp(hours, self.t, self.series[name])
        return found if len(hours) > 1 else float(found[0])


def evaluator(graph, expressions):
    """A fast function of symbol values for these expressions (plain floats)."""
    order = graph.reachable(expressions)
    slot = {node: i for i, node in enumerate(order)}
    steps = [(graph.nodes[n][0], tuple(slot[a] for a in graph.nodes[n][1]), graph.nodes[n][2]) for n in order]
    wanted = [slot[e.id] for e in expressions]

    def evaluate(values):
        found = []
        for op, args, value in steps:
            if op == "symbol":
                found.append(values[value])
            elif op == "const":
                found.append(value)
            else:
                found.append(FOLD[op](*(found[a] for a in args)))
        return [found[i] for i in wanted]

    return evaluate


def run(model, hours, values=None, phases=(), observe=None, start=None):
    """The model from its start state, or from `start` (values of some states by name).

    `phases` are (start hour, {external: value}); externals keep their value until the next phase. States are
    observable by name, outputs by wire.
    """
    model = model.with_values(values or {})
    system = model.system
    names = [s.name for s in system.states]
    rate = evaluator(system.graph, [s.rate for s in system.states])
    observe = list(observe or system.outputs)
    read = evaluator(system.graph, [system.outputs[o].value for o in observe])
    fixed = dict(model.defaults) | {e.wire: e.rest for e in model.externals}
    y = np.array(system.graph.evaluate([s.initial for s in system.states], fixed), float)
    for name, value in (start or {}).items():
        y[names.index(name)] = value
    points = np.unique(np.concatenate([[0.0], np.asarray(hours, float)]))
    starts = sorted({0.0, points[-1], *(p[0] for p in phases)})
    t_all, y_all = [np.array([0.0])], [y[:, None]]
    for begin, end in pairwise(starts):
        for start, changes in phases:
            if start == begin:
                fixed.update(changes)
        inside = points[(points > begin) & (points <= end)]
        solution = solve_ivp(
            lambda t, y: rate({**fixed, **dict(zip(names, y.tolist(), strict=True))}),
            (begin, end),
            y,
            method="LSODA",
            t_eval=np.union1d(inside, [end]),
            rtol=1e-7,
            atol=1e-9,
            max_step=1.0 if end - begin < 100 else 12.0,
        )
        assert solution.success, solution.message
        t_all.append(solution.t)
        y_all.append(solution.y)
        y = solution.y[:, -1]
    t, states = np.concatenate(t_all), np.concatenate(y_all, axis=1)
    rows = [read({**fixed, **dict(zip(names, column.tolist(), strict=True))}) for column in states.T]
    series = dict(zip(observe, np.array(rows).T, strict=True)) | dict(zip(names, states, strict=True))
    return Trajectory(t, series)
