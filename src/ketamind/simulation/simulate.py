"""From words to a Run: protocol, patients and mechanisms are joined and handed to the engine."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ketamind import __version__
from ketamind.biology.chain import chain, slice_chain
from ketamind.biology.pharmacokinetics import entries
from ketamind.declare import Model
from ketamind.engine import Batch, Options, Schedule, Solution, solve
from ketamind.errors import BadValue, unknown_name
from ketamind.protocols import Effects, Patient, Protocol, drug, drug_effects, parse_manipulation, parse_protocol
from ketamind.simulation.events import bath_drugs, given_pairs, schedule_of_many
from ketamind.simulation.populations import Typical, draw_patients, typical_patient
from ketamind.simulation.run import Run

Floats = NDArray[np.float64]
LONGEST_DAYS = 5 * 366.0
POINTS = 200
KNEE_H = 0.1
AROUND_A_DOSE_H = (0.0, 1 / 12, 1 / 6, 1 / 3, 0.5, 2 / 3, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 24.0)
BEFORE_H = 0.5
LASTING_KINDS = ("knockout", "knockdown", "mutate", "induce")
"""Kinds of manipulation that have shaped the brain before the run; the others begin `BEFORE_H` before it."""

CHAIN_SPECIES = {"human": "human", "mouse": "mouse", "rat": "rat", "rodent_slice": "mouse", "monkey": "human"}
"""Which species' tables stand in for a species."""


@dataclass(frozen=True)
class Setting:
    """What is changed in the model: mechanisms off, a manipulation in words, parameter values."""

    without: tuple[str, ...] = ()
    manipulation: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


def simulate(
    protocol: "str | Protocol",
    days: float = 14.0,
    *,
    patient: "Patient | str | None" = None,
    patients: int = 1,
    sample: Mapping[str, Typical] | None = None,
    seed: int = 0,
    first: int = 0,
    without: Sequence[str] = (),
    manipulation: str = "",
    values: Mapping[str, float] | None = None,
    observe: Sequence[str] = (),
    times_h: Iterable[float] | None = None,
    progress: Callable[[int, int], None] | None = None,
    options: Options | None = None,
) -> Run:
    """Simulate a protocol in one typical patient, or in a population of virtual ones.

    Parameters
    ----------
    protocol     : plain words such as `0.5 mg/kg ketamine iv over 40 min`, or a Protocol
    days         : length of the run after the first dose, 0 to 1830
    patient      : who: a Patient, or a population in words (`trd;setting=parallel`); typical depression if left out
    patients     : 1 for the typical patient; more are drawn with their differences, reproducibly by `seed`;
                   `first` is the number of the first of them, so that a large population can be run in parts
    sample       : means and spreads of one study's own patients, by parameter row
    without      : mechanisms to switch off
    manipulation : in the evidence vocabulary, such as `block:mtorc1`
    values       : parameter values by table row
    observe      : observables to keep (all if left out)
    times_h      : when (a grid dense at each dose if left out)
    progress     : called with (patients done, patients in all)
    options      : how to solve

    Returns a Run. Raises UnknownName or BadValue for what cannot be, SolveFailed if a patient cannot be solved.

    >>> run = simulate("0.5 mg/kg ketamine iv over 40 min", days=1, observe=["venous_ketamine"])
    >>> bool(0.3 < run.at("venous_ketamine@40min")[0] < 1.5)
    True
    """
    given = parse_protocol(protocol) if isinstance(protocol, str) else protocol
    who = _patient(patient)
    last_h = _checked_days(days) * 24
    setting = Setting(tuple(without), manipulation, dict(values or {}))
    prepared = prepare(given, who, setting)
    model = prepared.model
    drawn = draw_patients(who, model, seed, patients, first, sample) if patients > 1 else typical_patient(who, model)
    times = np.asarray(sorted(set(times_h)) if times_h is not None else time_grid(given, last_h), dtype=np.float64)
    names = tuple(observe) or tuple(model.system.outputs)
    check_observables(names, model)
    chosen = replace(options or Options(), progress=progress)
    solution = solve_patients(prepared, given, drawn, patients, times, names, chosen)
    facts = {
        "version": __version__,
        "protocol": given.words(),
        "patient": who.words(),
        "patients": patients,
        "first_patient": first,
        "seed": seed,
        "without": list(without),
        "manipulation": manipulation,
        "model": model.name,
        "parameters": parameter_hash(model.with_values(prepared.acute)),
    }
    return as_run(solution, model, times, names, facts)


@dataclass(frozen=True)
class Prepared:
    """A model ready to be solved: lasting changes are in it, acute ones begin shortly before the first event."""

    model: Model
    acute: Mapping[str, float]
    steps: Effects


def prepare(protocol: Protocol, patient: Patient, setting: Setting = Setting()) -> Prepared:
    """The model that a protocol needs, with mechanisms off, manipulations and values applied.

    Knock-outs, knock-downs and genotypes have shaped the brain before the run; blockers, silencing and stimulation
    begin half an hour before the first event, in a brain that was at rest without them.
    """
    model = chain_for(protocol, patient.species).without(*setting.without)
    for name in setting.values:
        if name not in model.defaults and name not in model.table.names():
            raise unknown_name(name, "a parameter of this model", model.defaults)
    lasting, acute = _manipulations(setting.manipulation)
    followed = {d for row in actions_of(protocol).values() for d in row}
    acute = acute | drug_effects(protocol, besides=_followed(protocol, followed))
    known = {**lasting.values, **setting.values}
    begun = {n: v for n, v in acute.values.items() if n in model.defaults and n not in known}
    whole = model.with_values({n: v for n, v in known.items() if n in model.defaults})
    return Prepared(whole, begun, lasting | acute)


def _manipulations(words: str) -> tuple[Effects, Effects]:
    """Effects that have lasted, and those that begin with the run."""
    terms = [t for t in words.split("+") if t.strip()]
    lasting = [t for t in terms if t.partition(":")[0].strip().lower() in LASTING_KINDS]
    acute = [t for t in terms if t not in lasting]
    return parse_manipulation("+".join(lasting)), parse_manipulation("+".join(acute))


def chain_for(protocol: Protocol, species: str = "human") -> Model:
    """The chain with the pharmacokinetics and drug actions that the protocol needs."""
    if species not in CHAIN_SPECIES:
        raise unknown_name(species, "a species with a chain", CHAIN_SPECIES)
    actions = tuple((row, tuple(sorted(by.items()))) for row, by in sorted(actions_of(protocol).items()))
    return _chain(given_pairs(protocol), bath_drugs(protocol), CHAIN_SPECIES[species], actions)


@lru_cache(maxsize=32)
def _chain(
    given: frozenset[tuple[str, str]],
    bath: frozenset[str],
    species: str,
    actions: tuple[tuple[str, tuple[tuple[str, float], ...]], ...],
) -> Model:
    moved = {row: dict(by) for row, by in actions}
    if bath and given:
        raise BadValue("a bath cannot be combined with doses that pass through the body.")
    for drug_name, route in given:
        entries(drug_name, route, species)  # refuses a route that this drug or species does not have
    return slice_chain(bath, species, moved) if bath else chain(given, species, moved)


def actions_of(protocol: Protocol) -> dict[str, dict[str, float]]:
    """Which manipulation each drug known only by its effect moves, by how much at a usual dose: row -> drug -> 0..1."""
    found: dict[str, dict[str, float]] = {}
    for dose in protocol:
        given = drug(dose.drug)
        if dose.amount <= 0 or given.moieties or given.kind in ("cyp_interaction", "antidepressant"):
            continue
        moved = parse_manipulation(given.action(dose.route))
        for row, value in moved.values.items():
            if 0 < value <= 1:
                found.setdefault(row, {})[given.base] = max(value, found.get(row, {}).get(given.base, 0.0))
    return found


def _followed(protocol: Protocol, acting: set[str]) -> set[str]:
    """Drugs whose action the model follows over time, so that it is not applied for the whole run as well."""
    return acting | {d.drug for d in protocol if drug(d.drug).kind in ("cyp_interaction", "antidepressant")}


def solve_patients(
    prepared: Prepared,
    protocol: Protocol,
    drawn: Mapping[str, Floats],
    patients: int,
    times_h: Floats,
    observables: Sequence[str],
    options: Options | None = None,
) -> Solution:
    """The engine's solution for patients with these values. Raises SolveFailed naming the first that failed."""
    return try_patients(prepared, protocol, drawn, patients, times_h, observables, options).require()


def try_patients(
    prepared: Prepared,
    protocol: Protocol,
    drawn: Mapping[str, Floats],
    patients: int,
    times_h: Floats,
    observables: Sequence[str],
    options: Options | None = None,
) -> Solution:
    """The same, with a status for each patient that failed. Raises SolveFailed if one has no rest to start from."""
    model, chosen = prepared.model, options or Options()
    batch = Batch(
        times_h=times_h,
        observables=tuple(observables),
        schedules=_schedules(prepared, protocol, drawn, patients, float(times_h[-1])),
        values=dict(drawn),
        patients=patients,
    )
    if prepared.acute:
        before_h = min(0.0, float(times_h[0]), protocol.first_h) - BEFORE_H
        rested = Batch((before_h,), tuple(observables)[:1], values=dict(drawn), patients=patients)
        states = solve(model, rested, replace(chosen, progress=None)).require().final_states
        batch = replace(batch, start_h=before_h, rest=False, start=states, values={**drawn, **prepared.acute})
    return solve(model, batch, chosen)


def _schedules(
    prepared: Prepared, protocol: Protocol, drawn: Mapping[str, Floats], patients: int, last_h: float
) -> Schedule | tuple[Schedule, ...]:
    weights = np.broadcast_to(drawn.get("patient.weight", np.array([1.0])), (patients,))
    return schedule_of_many(protocol, prepared.steps, prepared.model, weights, last_h)


def time_grid(protocol: Protocol, last_h: float) -> Floats:
    """Times that show a run well: even on the stretched axis, and close around each dose."""
    even = KNEE_H * (10 ** np.linspace(0, math.log10(1 + last_h / KNEE_H), POINTS) - 1)
    starts = sorted({e.start_h for e in protocol.administrations()})[:200]
    ends = sorted({e.stop_h for e in protocol.administrations() if math.isfinite(e.stop_h)})[:200]
    close = [t + offset for t in starts for offset in AROUND_A_DOSE_H]
    inner = np.round(np.concatenate([even, close, ends, [0.0]]), 9)
    return np.unique([*inner[inner < last_h], last_h])


def check_observables(names: Sequence[str], model: Model) -> None:
    """Raise UnknownName for an observable that the model does not give."""
    for name in names:
        if name not in model.system.outputs and name not in model.system.state_index:
            raise unknown_name(name, "an observable of this model", model.system.outputs)


def parameter_hash(model: Model) -> str:
    """A fingerprint of all parameter values."""
    text = json.dumps(sorted(model.defaults.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def as_run(solution: Solution, model: Model, times_h: Floats, names: Sequence[str], facts: Mapping[str, Any]) -> Run:
    """Solution values as a labelled data set."""
    components = {c.name: c for c in model.components}
    variables = {}
    for i, name in enumerate(names):
        info = model.system.outputs.get(name)
        attrs = {"units": "", "long_name": name}
        if info is not None:
            component = components[info.component]
            attrs = {
                "units": info.unit,
                "long_name": info.meaning,
                "given_by": f"{component.name} ({component.file})",
                "source": component.source,
            }
        variables[name] = (("time", "patient"), solution.values[:, :, i], attrs)
    coordinates = {
        "time": ("time", times_h, {"units": "h", "long_name": "time from the first dose"}),
        "patient": ("patient", np.arange(solution.values.shape[1]) + int(facts.get("first_patient", 0))),
    }
    note = "For research and teaching. Not medical advice."
    return Run(xr.Dataset(variables, coordinates, {"provenance": json.dumps(dict(facts)), "note": note}))


def _patient(patient: "Patient | str | None") -> Patient:
    if isinstance(patient, str):
        from ketamind.protocols import parse_population

        return parse_population(patient)
    return replace(patient) if patient is not None else Patient()


def _checked_days(days: float) -> float:
    if not 0 < days <= LONGEST_DAYS:
        raise BadValue(f"a run of {days:g} days cannot be simulated; choose more than 0 and at most {LONGEST_DAYS:g}.")
    return float(days)
