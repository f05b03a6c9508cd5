"""The calibration of ketamine's pharmacokinetics as a PEtab (version 1) problem.

Carried: every published concentration at a stated time in people, its condition (doses, weight, ancestry) and expected
error; every free parameter with bounds, nominal value and lognormal prior; the model as SBML. Errors are normal on
the logarithm, as in the calibration itself.

Lost, and counted: statistics of whole curves (peak, time of peak, areas, half-life, clearance), ratios of two arms,
conditions with co-medication, doses before time 0, and the robust loss (a square below one expected error, linear above
it), for which PEtab has no word.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind import __version__
from ketamind.biology.pharmacokinetics import base_name, externals, molar_mass, pharmacokinetics
from ketamind.declare import Model, shipped_table
from ketamind.engine import Batch, Options, Schedule, solve
from ketamind.errors import BadValue, unknown_name
from ketamind.evidence.experiments import Experiment, shipped_experiments
from ketamind.exchange.events import repr_number, write_text
from ketamind.exchange.extras import need, quiet
from ketamind.exchange.sbml import Start, Writer, changes, number_text, sid
from ketamind.protocols import parse_manipulation, parse_population, parse_protocol
from ketamind.studies.fit_pharmacokinetics import FREE, Case, arms, doses, is_ketamine, prior, weights

Floats = NDArray[np.float64]
NEVER_H = 1e6
"""Time of a slot that a condition does not use."""


@dataclass(frozen=True)
class Condition:
    """What one arm is given: values of parameters, and its events."""

    case: Case
    values: Mapping[str, float]
    schedule: Schedule


@dataclass(frozen=True)
class Measurement:
    """One published concentration, uM, of a condition (by position) with its expected error of the logarithm."""

    experiment: str
    condition: int
    observable: str
    time_h: float
    value: float
    error: float


@dataclass(frozen=True)
class Problem:
    """Conditions, measurements, free parameters, and what of the experiments is not carried."""

    conditions: tuple[Condition, ...]
    measurements: tuple[Measurement, ...]
    free: tuple[str, ...]
    losses: tuple[str, ...]
    model: Model

    @cached_property
    def observables(self) -> tuple[str, ...]:
        """Everything that is measured."""
        return tuple(dict.fromkeys(m.observable for m in self.measurements))

    @cached_property
    def nominal(self) -> dict[str, float]:
        """The table's value of each free parameter."""
        return {name: self.model.defaults[name] for name in self.free}

    def simulate(self, values: Mapping[str, float]) -> Floats:
        """Our engine's prediction (measurements,) at these values of the free parameters, uM."""
        for name in values:
            if name not in self.free:
                raise unknown_name(name, "a free parameter of this problem", self.free)
        found = np.empty(len(self.measurements))
        for number, condition in enumerate(self.conditions):
            mine = [i for i, m in enumerate(self.measurements) if m.condition == number]
            times = sorted({self.measurements[i].time_h for i in mine})
            batch = Batch(times, self.observables, condition.schedule, {**values, **condition.values}, rest=False)
            solution = solve(self.model, batch, Options(rtol=1e-9, threads=1)).require()
            for i in mine:
                m = self.measurements[i]
                found[i] = solution[m.observable][times.index(m.time_h), 0]
        return found

    def objective(self, values: Mapping[str, float], priors: bool = True) -> float:
        """Negative log-likelihood of the measurements, and of the priors, at these values, by our engine."""
        observed = np.array([m.value for m in self.measurements])
        error = np.array([m.error for m in self.measurements])
        residual = (np.log(self.simulate(values)) - np.log(observed)) / error
        total = float(np.sum(0.5 * residual**2 + np.log(error * observed) + 0.5 * math.log(2 * math.pi)))
        return total + (self.minus_log_prior(values) if priors else 0.0)

    def minus_log_prior(self, values: Mapping[str, float]) -> float:
        """Minus the log of the prior density of the logarithms of the parameters."""
        middle, width = self.priors()
        z = (np.log([values[n] for n in self.free]) - middle) / width
        return float(np.sum(0.5 * z**2 + np.log(width) + 0.5 * math.log(2 * math.pi)))

    def priors(self) -> tuple[Floats, Floats]:
        """Middle and standard deviation of the logarithm of each free parameter."""
        middle, width = prior(self.model, self.free)
        return middle, width


def problem(experiments: Sequence[Experiment] | None = None) -> Problem:
    """The calibration problem of these experiments, or of those that come with the package."""
    rows = [e for e in (experiments or shipped_experiments()) if e.domain == "pharmacokinetics" and is_ketamine(e)]
    kept = [e for e in rows if _carried(e)]
    if not kept:
        raise BadValue("none of the experiments is a concentration of ketamine in people at a stated time.")
    cases = list(dict.fromkeys(arms(e)[0] for e in kept))
    pairs = {(base_name(d.drug), d.route) for c in cases for d in parse_protocol(c.protocol)}
    components = pharmacokinetics(sorted(pairs))
    model = Model("pharmacokinetics", components, shipped_table(), externals(components))
    conditions = tuple(_condition(case, model) for case in cases)
    errors = 1 / weights(kept)
    measurements = tuple(
        Measurement(e.id, cases.index(arms(e)[0]), e.observable, float(e.time_h or 0), _uM(e), float(s))
        for e, s in zip(kept, errors, strict=True)
    )
    lost = len(rows) - len(kept)
    losses = (
        f"{lost} of {len(rows)} rows: statistics of whole curves, ratios, co-medication, doses before time 0",
        "the robust loss: errors are normal on the logarithm",
    )
    return Problem(conditions, measurements, tuple(n for n in FREE if n in model.defaults), losses, model)


def _carried(e: Experiment) -> bool:
    """True for a concentration at a time after doses that begin at 0, without manipulation."""
    plain = e.statistic == "value" and e.time_h is not None and not e.comparator and not e.manipulation
    return plain and parse_protocol(e.protocol).first_h == 0 and e.value > 0


def _uM(e: Experiment) -> float:
    return e.value / molar_mass(e.observable.partition("_")[2]) if e.unit.startswith("ng") else e.value


def _condition(case: Case, model: Model) -> Condition:
    stated = {**parse_population(case.population).parameters(), **parse_manipulation(case.manipulation).values}
    values = {n: v for n, v in stated.items() if n in model.defaults}
    weight = values.get("patient.weight", model.defaults["patient.weight"])
    return Condition(case, values, doses(parse_protocol(case.protocol), model.table, weight)[0])


def to_petab(folder: "str | Path", given: Problem | None = None) -> Path:
    """Write the problem's files into a folder; returns its YAML file.

    Raises MissingExtra without python-libsbml, BadFile for a place that cannot be written.
    """
    target, what = Path(folder), given or problem()
    slots = Slots(what)
    files = {
        "model.xml": slots.sbml(),
        "conditions.tsv": slots.conditions(),
        "measurements.tsv": _measurements(what),
        "observables.tsv": _observables(what),
        "parameters.tsv": _parameters(what),
        "problem.yaml": YAML,
        "README.txt": _readme(what),
    }
    target.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_text(target / name, text)
    return target / "problem.yaml"


YAML = """format_version: 1
parameter_file: parameters.tsv
problems:
  - sbml_files: [model.xml]
    condition_files: [conditions.tsv]
    measurement_files: [measurements.tsv]
    observable_files: [observables.tsv]
"""


class Slots:
    """Doses as parameters: amounts that enter at time 0, and levels of inputs that change at a few times."""

    def __init__(self, given: Problem) -> None:
        self.given = given
        self.changes = [changes(c.schedule, 0.0) for c in given.conditions]
        self.wires = sorted({w for many in self.changes for c in many for w in c.levels})
        self.states = sorted({s for many in self.changes for c in many for s in c.added})
        self.count = max(len(many) for many in self.changes)
        late = [s for many in self.changes for c in many for s in c.added if c.time_h > 0]
        if late:
            raise BadValue(f"a bolus after time 0 (into '{late[0]}') cannot be carried to PEtab here.")

    def values(self, number: int) -> dict[str, float]:
        """The slots of one condition."""
        many = self.changes[number]
        found = {_dose(s): sum(c.added.get(s, 0.0) for c in many) for s in self.states}
        level = dict.fromkeys(self.wires, 0.0)
        for k in range(self.count):
            found[_time(k)] = many[k].time_h if k < len(many) else NEVER_H
            level |= many[k].levels if k < len(many) else {}
            found |= {_level(w, k): level[w] for w in self.wires}
        return found

    def sbml(self) -> str:
        """The model with events that the slots drive."""
        model = self.given.model
        start = Start(0.0, dict.fromkeys(model.system.state_index, 0.0))
        writer = Writer(need("libsbml", "PEtab"), model, start, self.given.observables)
        writer.describe("calibration of ketamine's pharmacokinetics")
        writer.quantities()
        writer.equations()
        for state in self.states:
            writer.constant(_dose(state), "umol", f"enters {state} at time 0")
        for k in range(self.count):
            writer.constant(_time(k), "h", f"time of change {k}", NEVER_H)
            for wire in self.wires:
                writer.constant(_level(wire, k), "umol/h", f"{wire} from change {k} on")
        writer.event_at(
            "bolus", number_text(0.0, writer.unit("h")), {sid(s): f"{sid(s)} + {_dose(s)}" for s in self.states}
        )
        for k in range(self.count):
            writer.event_at(f"change_{k}", _time(k), {sid(w): _level(w, k) for w in self.wires})
        return writer.text()

    def conditions(self) -> str:
        """The table of conditions."""
        stated = sorted({n for c in self.given.conditions for n in c.values})
        rows = []
        for number, condition in enumerate(self.given.conditions):
            own = {sid(n): condition.values.get(n, self.given.model.defaults[n]) for n in stated} | self.values(number)
            name = " ".join(part for part in (condition.case.protocol, condition.case.population) if part)
            rows.append({"conditionId": f"condition_{number}", "conditionName": name, **own})
        return _tsv(rows)


def _dose(state: str) -> str:
    return f"dose__{sid(state)}"


def _time(k: int) -> str:
    return f"change_time_{k}"


def _level(wire: str, k: int) -> str:
    return f"level_{k}__{sid(wire)}"


def _measurements(given: Problem) -> str:
    return _tsv(
        [
            {
                "observableId": f"observed_{m.observable}",
                "simulationConditionId": f"condition_{m.condition}",
                "measurement": m.value,
                "time": m.time_h,
                "noiseParameters": m.error,
                "datasetId": m.experiment,
            }
            for m in given.measurements
        ]
    )


def _observables(given: Problem) -> str:
    return _tsv(
        [
            {
                "observableId": f"observed_{o}",
                "observableName": o,
                "observableFormula": sid(o),
                "observableTransformation": "log",
                "noiseFormula": f"noiseParameter1_observed_{o}",
                "noiseDistribution": "normal",
            }
            for o in given.observables
        ]
    )


def _parameters(given: Problem) -> str:
    middle, width = given.priors()
    return _tsv(
        [
            {
                "parameterId": sid(name),
                "parameterName": name,
                "parameterScale": "log",
                "lowerBound": given.model.rows[name].low,
                "upperBound": given.model.rows[name].high,
                "nominalValue": given.nominal[name],
                "estimate": 1,
                "objectivePriorType": "parameterScaleNormal",
                "objectivePriorParameters": f"{repr_number(m)};{repr_number(w)}",
            }
            for name, m, w in zip(given.free, middle, width, strict=True)
        ]
    )


def _readme(given: Problem) -> str:
    lost = "".join(f"  {loss}\n" for loss in given.losses)
    return (
        f"PEtab problem written by ketamind {__version__}: ketamine in the blood of people.\n"
        f"{len(given.measurements)} measurements, {len(given.conditions)} conditions, {len(given.free)} parameters.\n"
        f"Not carried:\n{lost}For research and teaching. Not medical advice.\n"
    )


def _tsv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: repr_number(v) if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    return out.getvalue()


def lint(yaml: "str | Path") -> bool:
    """True if petab's own linter finds nothing wrong. Raises MissingExtra without petab."""
    petab = need("petab.v1", "PEtab")
    with quiet():
        return not petab.lint_problem(petab.Problem.from_yaml(str(yaml)))
