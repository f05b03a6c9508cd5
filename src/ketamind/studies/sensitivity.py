"""Which numbers of the model matter: Sobol indices of outcomes of a protocol to its parameters.

Each parameter is drawn from what its table believes (its value the median, its range 95 % of the belief, cut off
there), in one typical patient. Without names, all parameters with a range are screened by a small design, and those
that move the outcomes most go into the full one; the others keep their values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ketamind.declare import Model, Row
from ketamind.engine import Options, Status
from ketamind.errors import BadValue, unknown_name
from ketamind.protocols import Patient, Protocol, parse_protocol
from ketamind.simulation import Observation, parse_observations
from ketamind.simulation.populations import typical_patient
from ketamind.simulation.simulate import Setting, check_observables, parameter_hash, prepare, try_patients
from ketamind.studies.calibrate.priors import Z95, Prior
from ketamind.studies.sobol import Indices, evaluated, screened, sobol_indices

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
OUTCOMES = "cadss@40min,power_gamma@40min,spine_density@24h,madrs@24h,madrs@7d"
KEPT = 24
SCREENING_POINTS = 8
MOST_RUNS = 5_000_000
FAST = Options(rtol=1e-4, max_steps=3_000, rescue=0)
"""A hostile draw is not given to the slow reference solver: it counts as failed."""


@dataclass(frozen=True)
class Sensitivity:
    """Sobol indices of outcomes to parameters, and what they rest on."""

    protocol: Protocol
    patient: Patient
    observations: tuple[Observation, ...]
    parameters: tuple[Row, ...]
    indices: Indices
    screened: int
    seed: int
    fingerprint: str
    reasons: tuple[str, ...] = ()

    def ranked(self, outcome: int) -> list[int]:
        """Parameters (by place), the largest total index first."""
        return [int(i) for i in np.argsort(-self.indices.total[outcome], kind="stable")]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        found = self.indices
        return {
            "protocol": self.protocol.words(),
            "patient": self.patient.words(),
            "samples": found.points,
            "runs": (found.points + found.dropped) * (len(self.parameters) + 2),
            "failed_runs": found.failed,
            "dropped_samples": found.dropped,
            "reasons": list(self.reasons),
            "interrupted": found.interrupted,
            "screened": self.screened,
            "seed": self.seed,
            "parameter_hash": self.fingerprint,
            "parameters": [
                {"name": r.id, "unit": r.unit, "value": r.value, "low": r.low, "high": r.high, "verified": r.verified}
                for r in self.parameters
            ],
            "outcomes": [
                {
                    "outcome": o.text,
                    "mean": float(found.mean[k]),
                    "sd": float(found.sd[k]),
                    "indices": [self._index(k, i) for i in self.ranked(k)],
                }
                for k, o in enumerate(self.observations)
            ],
        }

    def _index(self, k: int, i: int) -> dict[str, Any]:
        f = self.indices
        return {
            "parameter": self.parameters[i].id,
            "first": float(f.first[k, i]),
            "first_half_width": float(f.first_width[k, i]),
            "total": float(f.total[k, i]),
            "total_half_width": float(f.total_width[k, i]),
        }

    def as_text(self, count: int = 8) -> str:
        """For people: the parameters that matter most, outcome by outcome."""
        f = self.indices
        lines = [f"Sobol indices: {self.protocol.words()}; {f.points} samples, {len(self.parameters)} parameters."]
        if self.screened:
            lines.append(f"Chosen from {self.screened} parameters with a range by a small design; the others held.")
        if f.failed:
            lines.append(f"{f.failed} runs failed and took {f.dropped} samples with them: {'; '.join(self.reasons)}")
        if f.interrupted:
            lines.append("Interrupted: from the samples that were done.")
        for k, o in enumerate(self.observations):
            head = f"{o.text}: mean {f.mean[k]:.4g}, sd {f.sd[k]:.3g}"
            lines += ["", f"{head:<44}{'first order':>20}{'total':>20}"]
            lines += [self._line(k, i) for i in self.ranked(k)[:count] if f.total[k, i] > 0.005]
        return "\n".join([*lines, "For research and teaching. Not medical advice."])

    def _line(self, k: int, i: int) -> str:
        f = self.indices
        cells = [
            f"{value[k, i]:.2f} ± {width[k, i]:.2f}"
            for value, width in ((f.first, f.first_width), (f.total, f.total_width))
        ]
        return f"  {self.parameters[i].id:<42}{cells[0]:>20}{cells[1]:>20}"


def sensitivity(
    protocol: "str | Protocol",
    observe: "str | Sequence[Observation]" = OUTCOMES,
    parameters: Sequence[str] = (),
    *,
    samples: int = 256,
    patient: Patient | None = None,
    without: Sequence[str] = (),
    seed: int = 1,
    progress: Progress | None = None,
) -> Sensitivity:
    """Sobol indices of outcomes of a protocol to parameters.

    Parameters
    ----------
    parameters : rows of the tables, or the beginnings of their names such as `nmda`; if none is given, the 24 that
                 move the outcomes most
    samples    : base points, rounded up to a power of two; each costs two runs and one for each parameter

    Raises UnknownName for an outcome or parameter, BadValue for one without a range or too many samples, SolveFailed
    if too few samples can be used.
    """
    given = parse_protocol(protocol) if isinstance(protocol, str) else protocol
    observations = parse_observations(observe or OUTCOMES) if isinstance(observe, str) else tuple(observe)
    bench = _Bench(given, patient or Patient(), observations, tuple(without))
    rows = chosen_rows(bench.model, parameters) if parameters else ()
    candidates = _free_rows(bench)
    if not rows:
        rows = _screened_rows(bench, candidates, seed)
    _check_samples(samples, len(rows))
    found = sobol_indices(bench.evaluator(rows), len(rows), samples, seed, progress)
    return Sensitivity(
        *(given, bench.patient, observations, rows, found),
        screened=0 if parameters else len(candidates),
        seed=seed,
        fingerprint=parameter_hash(bench.model),
        reasons=tuple(bench.reasons),
    )


def chosen_rows(model: Model, names: Sequence[str]) -> tuple[Row, ...]:
    """Rows of these names, or whose names begin with them and a dot. Raises UnknownName or BadValue."""
    found: dict[str, Row] = {}
    for name in names:
        group = [r for n, r in model.rows.items() if n.startswith(f"{name.removesuffix('.*')}.") and r.low < r.high]
        if name in model.rows:
            Prior.of(model.rows[name])
            group = [model.rows[name]]
        if not group:
            raise unknown_name(name, "a parameter of this model, nor a group of them with ranges", model.rows)
        found |= {r.id: r for r in group}
    return tuple(found.values())


class _Bench:
    """Where draws are run: one protocol, one typical patient; reasons of failures are kept, each once."""

    def __init__(
        self, protocol: Protocol, patient: Patient, observations: Sequence[Observation], without: tuple[str, ...]
    ) -> None:
        self.protocol, self.patient, self.observations = protocol, patient, observations
        self.prepared = prepare(protocol, patient, Setting(without))
        self.model = self.prepared.model
        self.names = tuple(dict.fromkeys(o.name for o in observations))
        check_observables(self.names, self.model)
        self.typical = typical_patient(patient, self.model)
        self.times = np.unique([0.0, 24.0, *(o.time_h for o in observations)])
        self.reasons: dict[str, None] = {}

    def evaluator(self, rows: Sequence[Row]) -> Callable[[Floats], Floats]:
        """Outcomes (runs, outcomes) at points of the unit cube, NaN for a run that failed."""
        priors = [Prior.of(r) for r in rows]

        def evaluate(shares: Floats) -> Floats:
            drawn = {p.name: p.value(believed(shares[:, i])) for i, p in enumerate(priors)}
            return self.outcomes(drawn, len(shares))

        return evaluate

    def outcomes(self, drawn: Mapping[str, Floats], runs: int) -> Floats:
        """Outcomes (runs, outcomes) under parameter values."""
        everyone = {n: np.full(runs, v[0]) for n, v in self.typical.items()} | dict(drawn)
        solved = try_patients(self.prepared, self.protocol, everyone, runs, self.times, self.names, FAST)
        for status in solved.status:
            if status.outcome == "failed":
                self.reasons.setdefault(_reason(status))
        at = [(int(np.searchsorted(self.times, o.time_h)), self.names.index(o.name)) for o in self.observations]
        found = np.array([solved.values[t, :, k] for t, k in at]).T
        found[[s.outcome == "failed" for s in solved.status]] = np.nan
        return found


def believed(shares: Floats) -> Floats:
    """Standard scores at shares of the belief, which ends where the table's range does."""
    inside = 2 * ndtr(Z95) - 1
    return np.asarray(ndtri(0.5 + inside * (shares - 0.5)))


def _reason(status: Status) -> str:
    return f"{status.reason}, fastest state '{status.state}'" if status.state else status.reason


def _free_rows(bench: _Bench) -> tuple[Row, ...]:
    """Rows with a range that are not facts about the patient or switches of a manipulation."""
    kinds = ("patient.", "manipulation.")
    return tuple(
        r
        for r in bench.model.rows.values()
        if r.low < r.high and not r.id.startswith(kinds) and r.id not in bench.typical
    )


def _screened_rows(bench: _Bench, rows: tuple[Row, ...], seed: int) -> tuple[Row, ...]:
    if len(rows) <= KEPT:
        return rows
    outcomes, _ = evaluated(bench.evaluator(rows), len(rows), SCREENING_POINTS, seed)
    bench.reasons.clear()
    strength = np.nan_to_num(screened(outcomes)).max(axis=0)
    return tuple(rows[i] for i in sorted(np.argsort(-strength)[:KEPT]))


def _check_samples(samples: int, parameters: int) -> None:
    most = MOST_RUNS // (parameters + 2)
    if not 16 <= samples <= most:
        raise BadValue(f"samples = {samples} must be 16 to {most} for {parameters} parameters.")
