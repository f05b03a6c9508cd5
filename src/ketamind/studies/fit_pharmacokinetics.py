"""Calibration of ketamine's pharmacokinetics in people on the shared experiments.

    python -m ketamind.studies.fit_pharmacokinetics [--write] [--leave-out] [--detail]

Minimises a robust (soft L1) sum of squared log errors plus lognormal priors. A prior's middle is the geometric mean
of its table range and the range its 95 % interval. A study of n rows weighs as sqrt(n), so that none dominates. Prints
fold errors by study and by statistic; `--leave-out` also predicts each study by a fit that never saw it; `--write` puts
the fitted values in the parameter table.

Curve statistics are computed as in a non-compartmental analysis: areas by the trapezoidal rule with the terminal slope
beyond the last sample, half-lives from the log-linear decline between 4 and 12 h after the dose.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from ketamind.biology.pharmacokinetics import entries, externals, molar_mass, pharmacokinetics
from ketamind.declare import Model, Table, shipped_table
from ketamind.declare.table import COLUMNS
from ketamind.engine import Batch, Jump, Options, Schedule, Step, solve
from ketamind.evidence.experiments import Experiment, shipped_experiments
from ketamind.protocols.manipulation import parse_manipulation
from ketamind.protocols.patient import parse_population
from ketamind.protocols.protocol import Event, Protocol
from ketamind.protocols.words import parse_protocol

Floats = NDArray[np.float64]
NAME = "fit_pharmacokinetics"
CONDITIONS = "70 kg adult; fitted to the human ketamine rows of the pharmacokinetic experiments"
FREE = (
    "ketamine.V_c ketamine.V_1 ketamine.V_2 ketamine.V_h ketamine.Q_1 ketamine.Q_2 ketamine.Q_h ketamine.CL_int_s "
    "ketamine.CL_int_r ketamine.f_2B6 ketamine.f_3A4 ketamine.k_v norketamine.V_c norketamine.V_p norketamine.Q "
    "norketamine.CL_s norketamine.CL_r dehydronorketamine.V dehydronorketamine.CL hydroxynorketamine.V_c "
    "hydroxynorketamine.V_p hydroxynorketamine.Q hydroxynorketamine.CL_2s6s hydroxynorketamine.CL_2r6r "
    "injection.k_a_im nasal.FR_n nasal.k_a gut.x_0 gut.f_NK sublingual.FR sublingual.k_a"
).split()
ROUTES = ("iv", "im", "sc", "in", "po", "sl")
CODRUGS = ("ticlopidine", "clarithromycin", "itraconazole", "rifampicin", "grapefruit", "st_johns_wort")
FAMILY = ("ketamine", "norketamine", "hydroxynorketamine", "hnk_2s6s", "hnk_2r6r")
SPREAD = {"value": 0.3, "tmax": 0.5, "half_life": 0.5, "vss": 0.4}
USUAL_SPREAD = 0.25
TAIL_H = (4.0, 12.0)
STEP = 0.02


@dataclass(frozen=True)
class Case:
    """One arm to be simulated: who receives what, and what is observed of it."""

    protocol: str
    population: str
    manipulation: str


@dataclass(frozen=True)
class Curve:
    """One observable of one arm: times in h from the first dose of ketamine, concentrations in uM (times, draws)."""

    time_h: Floats
    uM: Floats  # noqa: N815 - the unit is the name

    def area(self, start_h: float = 0.0, stop_h: float = np.inf) -> Floats:
        """Area under the curve, uM h, with the terminal slope beyond the last time if `stop_h` is infinite."""
        inside = (self.time_h >= start_h) & (self.time_h <= stop_h)
        area = np.trapezoid(self.uM[inside], self.time_h[inside], axis=0)
        return np.asarray(area + (self.uM[-1] / self.slope(-40) if np.isinf(stop_h) else 0.0), dtype=np.float64)

    def moment(self) -> Floats:
        """Area under the first-moment curve, uM h^2."""
        slope, last = self.slope(-40), self.uM[-1]
        area = np.trapezoid(self.uM * self.time_h[:, None], self.time_h, axis=0)
        return np.asarray(area + last * (self.time_h[-1] / slope + 1 / slope**2), dtype=np.float64)

    def slope(self, first: int) -> Floats:
        """Rate of the log-linear decline from the sample `first` on, 1/h."""
        rise = np.log(self.uM[first] / self.uM[-1])
        return np.asarray(rise / (self.time_h[-1] - self.time_h[first]), dtype=np.float64)

    def half_life(self, after_h: float) -> Floats:
        """Half-life from the samples 4 to 12 h after `after_h`."""
        inside = (self.time_h >= after_h + TAIL_H[0]) & (self.time_h <= after_h + TAIL_H[1])
        t, y = self.time_h[inside], np.log(self.uM[inside])
        slope = np.polyfit(t, y, 1)[0]
        return np.asarray(-np.log(2) / slope, dtype=np.float64)


def is_ketamine(experiment: Experiment) -> bool:
    """True for the rows that this calibration uses: plasma of people given ketamine, numbers and not signs."""
    place, _, moiety = experiment.observable.partition("_")
    family = moiety.removeprefix("s_").removeprefix("r_")
    known = family in (*FAMILY, "dehydronorketamine") and place in ("venous", "arterial")
    return experiment.species == "human" and known and not experiment.statistic.startswith("sign")


def arms(experiment: Experiment) -> list[Case]:
    """The arm of an experiment, and the one it is compared with."""
    first = Case(experiment.protocol, experiment.population, experiment.manipulation)
    if not experiment.comparator:
        return [first]
    plain = experiment.comparator in ("unmanipulated", "wildtype")
    return [first, Case(experiment.protocol if plain else experiment.comparator, experiment.population, "")]


def doses(protocol: Protocol, table: Table, weight_kg: float) -> tuple[Schedule, list[Event]]:
    """A protocol as events of the engine, and its administrations of ketamine."""
    jumps: list[Jump] = []
    steps: list[Step] = []
    events = protocol.events(weight_kg)
    for event in events:
        for entry in entries(event.drug, event.route, "human", event.amount, event.duration_h > 0):
            whole = event.usual_doses("human", weight_kg) if entry.unit == "dose" else 0.0
            whole = whole or event.amount * 1000 / molar_mass(event.drug)
            amount = whole * entry.fraction
            lasts = table.row(entry.duration).value if entry.duration else event.duration_h
            if entry.kind == "jump":
                jumps.append(Jump(event.start_h, entry.target, amount))
            else:
                steps.append(Step(event.start_h, event.start_h + lasts, entry.target, amount / lasts))
    return Schedule(jumps, steps), [e for e in events if e.drug.endswith("ketamine")]


def grid(protocol: Protocol, wanted: Iterable[float]) -> Floats:
    """Times of the simulated samples: dense after each event, to 72 h after the last."""
    starts = [e.start_h for e in protocol.administrations() if e.drug.endswith("ketamine")]
    stop = max(e.stop_h for e in protocol.administrations())
    early = np.geomspace(1 / 120, 6, 90)
    late = np.linspace(6, 72 + (stop if stop > 6 else 0), 130)
    parts = [s + early for s in starts] + [stop + np.geomspace(1 / 60, 3, 40), late, np.array([0.0])]
    return np.unique(np.concatenate([*parts, np.array([t for t in wanted if t >= 0])]).round(6))


class Bench:
    """All arms of all experiments, ready to be simulated together for many sets of parameters."""

    def __init__(self, experiments: Sequence[Experiment]) -> None:
        self.experiments = experiments
        self.cases = list(dict.fromkeys(case for e in experiments for case in arms(e)))
        pairs = [("ketamine", route) for route in ROUTES] + [(drug, "po") for drug in CODRUGS]
        components = pharmacokinetics(pairs)
        self.model = Model("pharmacokinetics", components, shipped_table(), externals(components))
        self.values = [self._values(case) for case in self.cases]
        self.protocols = [parse_protocol(case.protocol) for case in self.cases]
        self.weights = [v.get("patient.weight", self.model.defaults["patient.weight"]) for v in self.values]
        self.observables = sorted({o for e in experiments for o in _observables(e)})
        both = [doses(p, self.model.table, w) for p, w in zip(self.protocols, self.weights, strict=True)]
        self.schedules, self.given = [b[0] for b in both], [b[1] for b in both]
        self.times = self._times()

    def _values(self, case: Case) -> dict[str, float]:
        effects = parse_manipulation(case.manipulation)
        patient = parse_population(case.population).parameters()
        found = {**patient, **effects.values}
        return {n: v for n, v in found.items() if n in self.model.defaults}

    def _times(self) -> Floats:
        wanted = [
            {e.time_h for e in self.experiments if case in arms(e) and e.time_h is not None} for case in self.cases
        ]
        grids = [grid(p, w) for p, w in zip(self.protocols, wanted, strict=True)]
        longest = max(len(g) for g in grids)
        return np.array([np.r_[g, g[-1] + 0.01 * np.arange(1, longest - len(g) + 1)] for g in grids])

    def simulate(self, draws: Mapping[str, Floats]) -> list[dict[str, Curve]]:
        """Curves of each arm under each draw of the free parameters."""
        count = len(next(iter(draws.values())))
        values = {name: np.tile(column, len(self.cases)) for name, column in draws.items()}
        for name in {n for v in self.values for n in v}:
            typical = self.model.defaults[name]
            values[name] = np.repeat([v.get(name, typical) for v in self.values], count)
        batch = Batch(
            times_h=np.repeat(self.times, count, axis=0),
            observables=self.observables,
            schedules=[s for s in self.schedules for _ in range(count)],
            values=values,
            rest=False,
        )
        found = solve(self.model, batch, Options(rtol=1e-6, atol=1e-8)).require()
        return [self._curves(found.values, i, count) for i in range(len(self.cases))]

    def _curves(self, values: Floats, i: int, count: int) -> dict[str, Curve]:
        block = np.maximum(values[:, i * count : (i + 1) * count], 1e-12)
        return {name: Curve(self.times[i], block[:, :, k]) for k, name in enumerate(self.observables)}

    def predict(self, draws: Mapping[str, Floats]) -> Floats:
        """The number that each experiment would report, (experiments, draws)."""
        curves = self.simulate(draws)
        return np.array([self._predicted(e, curves) for e in self.experiments])

    def _predicted(self, e: Experiment, curves: list[dict[str, Curve]]) -> Floats:
        first, *other = [self.cases.index(case) for case in arms(e)]
        if e.statistic.startswith("ratio:"):
            kind = e.statistic.removeprefix("ratio:")
            return self._statistic(e, kind, first, curves) / self._statistic(e, kind, other[0], curves)
        if e.statistic == "bioavailability":
            return 100 * self._exposure(e, first, curves) / self._reference(e, other, curves)
        return self._statistic(e, e.statistic, first, curves) / self._unit(e, first)

    def _exposure(self, e: Experiment, i: int, curves: list[dict[str, Curve]]) -> Floats:
        return curves[i][e.observable].area() / self._amount(e, i)

    def _reference(self, e: Experiment, other: list[int], curves: list[dict[str, Curve]]) -> Floats:
        """Exposure per dose after an infusion: the comparator, or any arm with an infusion of the same moiety."""
        alike = [i for i, p in enumerate(self.protocols) if p.routes == ("iv",) and self._amount(e, i) > 0]
        alike = [i for i in alike if not self.values[i] and not self.cases[i].manipulation]
        return self._exposure(e, (other or alike)[0], curves)

    def _amount(self, e: Experiment, i: int) -> float:
        """Dose of the observed moiety, umol."""
        total = 0.0
        for event in self.given[i]:
            moiety = e.observable.partition("_")[2]
            total += sum(a for name, a in event.moieties.items() if moiety == "ketamine" or name == moiety)
        return total

    def _unit(self, e: Experiment, i: int) -> float:
        """uM-based units over the experiment's."""
        if e.unit.startswith("ng"):
            return 1 / molar_mass(e.observable.partition("_")[2])
        return self.weights[i] if e.unit.endswith("/kg") else 1.0

    def _statistic(self, e: Experiment, kind: str, i: int, curves: list[dict[str, Curve]]) -> Floats:
        curve = curves[i][e.observable]
        if kind == "value":
            nearest = int(np.argmin(abs(curve.time_h - (e.time_h or 0.0))))
            return np.asarray(curve.uM[nearest], dtype=np.float64)
        if kind == "cmax":
            return np.asarray(curve.uM.max(axis=0))
        if kind == "tmax":
            return np.asarray(curve.time_h[curve.uM.argmax(axis=0)])
        if kind == "auc_inf":
            return curve.area()
        if kind.startswith("auc_ratio:"):
            return curve.area() / curves[i][kind.removeprefix("auc_ratio:")].area()
        if kind.startswith("auc_"):
            start, stop = (float(h.replace("p", ".")) for h in kind.removeprefix("auc_").split("_"))
            return curve.area(start, stop)
        if kind == "half_life":
            return curve.half_life(self.given[i][-1].stop_h)
        return self._disposition(e, kind, i, curve)

    def _disposition(self, e: Experiment, kind: str, i: int, curve: Curve) -> Floats:
        area = curve.area()
        clearance = self._amount(e, i) / area
        if kind == "clearance":
            return clearance
        if kind == "vss":
            return clearance * (curve.moment() / area - self.given[i][-1].duration_h / 2)
        raise ValueError(f"'{kind}' of {e.id} has no rule here")


def _observables(e: Experiment) -> list[str]:
    second = e.statistic.partition("auc_ratio:")[2]
    return [e.observable, second] if second else [e.observable]


def study(experiment: Experiment) -> str:
    """The study that a row comes from: the first part of its id (interaction studies by drug and route)."""
    parts = experiment.id.split("-")
    return "-".join(parts[:3]) if parts[0] == "ddi" else parts[0]


def weights(experiments: Sequence[Experiment]) -> Floats:
    """Weight of each residual: a study of n rows counts as sqrt(n) rows; each statistic has its own expected error."""
    names = [study(e) for e in experiments]
    spread = np.array([SPREAD.get(e.statistic, USUAL_SPREAD) for e in experiments])
    return np.asarray(np.array([names.count(n) ** -0.25 for n in names]) / spread, dtype=np.float64)


def prior(model: Model, free: Sequence[str] = FREE) -> tuple[Floats, Floats]:
    """Middle and standard deviation of the logarithm of each free parameter."""
    low = np.log([model.rows[n].low for n in free])
    high = np.log([model.rows[n].high for n in free])
    return (low + high) / 2, (high - low) / 4


def fit(bench: Bench, rounds: int = 40, left_out: str = "") -> tuple[Floats, Floats]:
    """Fitted free parameters (natural logarithms) and their standard errors, without the study `left_out`."""
    middle, width = prior(bench.model)
    observed = np.log([e.value for e in bench.experiments])
    weight = weights(bench.experiments) * [study(e) != left_out for e in bench.experiments]
    low, high = (np.log([getattr(bench.model.rows[n], side) for n in FREE]) for side in ("low", "high"))

    def residuals_at(points: Floats) -> Floats:
        draws = {name: np.exp(points[:, k]) for k, name in enumerate(FREE)}
        error = (np.log(bench.predict(draws)) - observed[:, None]) * weight[:, None]
        robust = np.sign(error) * np.sqrt(2 * (np.sqrt(1 + error**2) - 1))
        return np.vstack([robust, ((points - middle) / width).T])

    def residuals(x: Floats) -> Floats:
        return residuals_at(x[None, :])[:, 0]

    def jacobian(x: Floats) -> Floats:
        found = residuals_at(np.vstack([x + STEP * np.eye(len(x)), x - STEP * np.eye(len(x))]))
        return (found[:, : len(x)] - found[:, len(x) :]) / (2 * STEP)

    start = np.log([bench.model.defaults[n] for n in FREE])
    start = np.clip(start, low + 1e-6, high - 1e-6)
    found = optimize.least_squares(  # type: ignore[operator]
        residuals, start, jac=jacobian, bounds=(low, high), max_nfev=rounds, ftol=1e-5, xtol=1e-5
    )
    covariance = np.linalg.inv(found.jac.T @ found.jac)
    return found.x, np.sqrt(np.diag(covariance))


def gmfe(folds: Floats) -> float:
    """Geometric mean fold error."""
    return float(np.exp(np.mean(np.abs(np.log(folds)))))


def summary(label: str, folds: Floats) -> str:
    """One line: count, geometric mean fold error, bias, share within two-fold."""
    bias = float(np.exp(np.mean(np.log(folds))))
    within = 100 * float(np.mean(np.abs(np.log(folds)) <= np.log(2)))
    return f"{label:42s} n={len(folds):3d}  GMFE {gmfe(folds):5.2f}  bias {bias:5.2f}  within two-fold {within:5.1f} %"


def report(experiments: Sequence[Experiment], predicted: Floats, detail: bool = False) -> list[str]:
    """Fold errors by study and by statistic, and of the main target."""
    folds = predicted / np.array([e.value for e in experiments])
    lines = []
    for title, key in (("study", study), ("statistic", lambda e: e.statistic.partition("@")[0])):
        names = [key(e) for e in experiments]
        lines += ["", f"by {title}"]
        lines += [summary(n, folds[[m == n for m in names]]) for n in dict.fromkeys(names)]
    family = np.array([e.observable.endswith(("_ketamine", "norketamine")) for e in experiments])
    family &= np.array(["hydroxy" not in e.observable and "dehydro" not in e.observable for e in experiments])
    values = np.array([e.statistic == "value" for e in experiments])
    lines += ["", summary("ketamine and norketamine, values", folds[family & values])]
    lines += [summary("ketamine and norketamine, all statistics", folds[family])]
    lines += [summary("all rows", folds)]
    if detail:
        lines += [
            f"{e.id:55s} {e.value:10.4g} {p:10.4g} {p / e.value:6.2f}"
            for e, p in zip(experiments, predicted, strict=True)
        ]
    return lines


def predict_one(bench: Bench, x: Floats) -> Floats:
    """What each experiment would report at these parameters (natural logarithms)."""
    return np.asarray(bench.predict({n: np.exp(x[k : k + 1]) for k, n in enumerate(FREE)})[:, 0], dtype=np.float64)


def cross_validated(bench: Bench, rounds: int) -> Floats:
    """Each experiment predicted by a fit that never saw its study."""
    names = np.array([study(e) for e in bench.experiments])
    predicted = np.full(len(names), np.nan)
    for name in dict.fromkeys(names):
        x, _ = fit(bench, rounds, str(name))
        predicted[names == name] = predict_one(bench, x)[names == name]
    return predicted


def table_path() -> Path:
    """The parameter table of the stage."""
    return Path(str(resources.files("ketamind") / "data" / "parameters" / "pharmacokinetics.csv"))


def write(path: Path, values: Mapping[str, float]) -> None:
    """Put fitted values in the human (or common) rows of the table."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows: list[dict[str, Any]] = list(csv.DictReader(handle))
    for row in rows:
        if row["id"] in values and row["species"] in ("human", "any"):
            row |= {
                "value": f"{values[row['id']]:.4g}",
                "conditions": CONDITIONS,
                "source": NAME,
                "verified": "calibrated",
            }
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def keep(folds: Floats) -> None:
    """Store the fold errors of studies left out with the package, for the scoreboard to stand beside its own."""
    size = np.abs(np.log(folds))
    measures = {"gmfe": [round(float(size.sum()), 3), size.size]}
    measures["within_two_fold"] = [float((size <= np.log(2)).sum()), size.size]
    found = {"stage": "pharmacokinetics", "cross_validation": {"measures": measures}}
    path = Path(str(resources.files("ketamind") / "data" / "calibration" / "pharmacokinetics_all_together.json"))
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, print the fold errors, and with `--write` store the values."""
    parser = argparse.ArgumentParser(description="Calibrate ketamine's pharmacokinetics on the shared experiments.")
    parser.add_argument("--write", action="store_true", help="store the fitted values in the parameter table")
    parser.add_argument("--rounds", type=int, default=40, help="most iterations of the fit; 0 only scores")
    parser.add_argument("--leave-out", action="store_true", help="also predict each study by a fit without it")
    parser.add_argument("--keep", action="store_true", help="store how well studies left out are predicted")
    parser.add_argument("--detail", action="store_true", help="print every row")
    options = parser.parse_args(arguments)
    experiments = [e for e in shipped_experiments() if e.domain == "pharmacokinetics" and is_ketamine(e)]
    bench = Bench(experiments)
    middle, width = prior(bench.model)
    if options.rounds:
        x, error = fit(bench, options.rounds)
    else:
        x, error = np.log([bench.model.defaults[n] for n in FREE]), np.full(len(FREE), np.nan)
    lines = [
        f"{n:30s} prior {np.exp(m):9.4g}  value {np.exp(v):9.4g}  CV {e:5.2f}  left of prior {e / w:4.2f}"
        for n, m, w, v, e in zip(FREE, middle, width, x, error, strict=True)
    ]
    lines += report(experiments, predict_one(bench, x), options.detail)
    if options.leave_out or options.keep:
        left_out = cross_validated(bench, 12)
        lines += ["", "each study predicted by a fit without it", *report(experiments, left_out)]
        if options.keep:
            keep(left_out / np.array([e.value for e in experiments]))
    sys.stdout.write("\n".join(lines) + "\n")
    if options.write:
        write(table_path(), dict(zip(FREE, np.exp(x), strict=True)))


if __name__ == "__main__":
    main()
