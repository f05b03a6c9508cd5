"""From administrations to events of the model: jumps of states and steps of external inputs."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ketamind.biology.pharmacokinetics import CODRUGS, base_name, entries
from ketamind.biology.pharmacokinetics.doses import DRUGS, Entry
from ketamind.declare import Model
from ketamind.engine import Jump, Schedule, Step
from ketamind.protocols import Effects, Event, Protocol

Floats = NDArray[np.float64]
VISIT_H = 1.0
"""How long a patient is watched over at a visit, at least."""
SAME_VISIT_H = 12.0
WEEK_H = 168.0


def given_pairs(protocol: Protocol) -> frozenset[tuple[str, str]]:
    """The (drug, route) pairs whose fate in the body has to be modelled."""
    doses = protocol.administrations()
    return frozenset((base_name(e.drug), route_of(e)) for e in doses if e.route != "bath" and e.amount > 0)


def bath_drugs(protocol: Protocol) -> frozenset[str]:
    """The drugs that reach the tissue from a bath."""
    return frozenset(base_name(e.drug) for e in protocol.administrations() if e.route == "bath")


def route_of(event: Event) -> str:
    """The route of an administration, a held concentration being a route of its own."""
    return "target" if event.held else event.route


def schedule(protocol: Protocol, effects: Effects, model: Model, weight_kg: float, last_h: float) -> Schedule:
    """All events of one patient up to `last_h`. Raises BadValue for a dose over 500 mg/kg."""
    administrations = protocol.events(weight_kg, last_h)
    jumps: list[Jump] = []
    steps: list[Step] = []
    for event in administrations:
        if event.amount > 0:
            _enter(event, model, weight_kg, last_h, jumps, steps)
    steps += [Step(s.start_h, min(s.stop_h, last_h), s.wire, s.value) for s in effects.steps if s.start_h < last_h]
    steps += visits(administrations, last_h)
    wires = {e.wire for e in model.externals}
    return Schedule(tuple(jumps), tuple(s for s in steps if s.wire in wires))


def schedule_of_many(
    protocol: Protocol, effects: Effects, model: Model, weights_kg: Floats, last_h: float
) -> Schedule | tuple[Schedule, ...]:
    """The events of patients of these weights (patients,): one schedule, whose amounts are their own where need be.

    Amounts are linear in weight, so that three weights tell them all; where they are not (nasal ketamine per kg, whose
    first 28 mg are absorbed better), each patient has a schedule. Raises BadValue for a dose over 500 mg/kg.
    """
    low, high = float(weights_kg.min()), float(weights_kg.max())
    first, last = (schedule(protocol, effects, model, w, last_h) for w in (low, high))
    if low == high or first == last:
        return first
    share = (weights_kg - low) / (high - low)
    middle = schedule(protocol, effects, model, low + 0.5 * (high - low), last_h)
    if not _linear(*(_amounts(found) for found in (first, middle, last))):
        return tuple(schedule(protocol, effects, model, float(w), last_h) for w in weights_kg)
    jumps = [
        replace(a, amount=_between(a.amount, b.amount, share)) for a, b in zip(first.jumps, last.jumps, strict=True)
    ]
    steps = [replace(a, value=_between(a.value, b.value, share)) for a, b in zip(first.steps, last.steps, strict=True)]
    return Schedule(tuple(jumps), tuple(steps))


def _amounts(events: Schedule) -> list[float]:
    return [float(j.amount) for j in events.jumps] + [float(s.value) for s in events.steps]


def _linear(first: list[float], middle: list[float], last: list[float]) -> bool:
    """True if each amount at the middle weight is halfway between the others."""
    if not len(first) == len(middle) == len(last):
        return False
    halfway = (0.5 * (a + b) for a, b in zip(first, last, strict=True))
    return all(math.isclose(m, h, rel_tol=1e-9, abs_tol=1e-15) for m, h in zip(middle, halfway, strict=True))


def _between(first: "float | Floats", last: "float | Floats", share: Floats) -> "float | Floats":
    return first if np.all(first == last) else np.asarray(first + (last - first) * share, dtype=np.float64)


def visits(administrations: Sequence[Event], last_h: float) -> list[Step]:
    """When patients are seen: at each administration in a clinic; with medicines at home, weekly from the first."""
    starts: list[tuple[float, float]] = []
    home_seen: dict[str, float] = {}
    for event in administrations:
        at_home = event.route == "po"
        if at_home and event.start_h - home_seen.get(event.drug, -math.inf) < WEEK_H:
            continue
        if at_home:
            home_seen[event.drug] = event.start_h
        if starts and event.start_h - starts[-1][0] < SAME_VISIT_H:
            start, length = starts[-1]
            starts[-1] = (start, max(length, min(event.stop_h - start, SAME_VISIT_H)))
        else:
            starts.append((event.start_h, min(max(VISIT_H, event.duration_h), SAME_VISIT_H)))
    return [Step(start, min(start + length, last_h), "visit", 1.0) for start, length in starts if start < last_h]


def _enter(event: Event, model: Model, weight_kg: float, last_h: float, jumps: list[Jump], steps: list[Step]) -> None:
    if event.route == "bath":
        steps += _bath(event, model.table.species, last_h)
        return
    held = event.held
    total = _total(event, model.table.species, weight_kg)
    nasal_mg = event.amount if event.route == "in" else None
    infused = event.duration_h > 0
    for entry in entries(event.drug, route_of(event), model.table.species, nasal_mg, infused):
        value = total * entry.fraction
        if entry.kind == "jump":
            jumps.append(Jump(event.start_h, entry.target, value))
            continue
        stop_h = min(event.start_h + _length(entry, event, model), last_h)
        level = value if held else value / _length(entry, event, model)
        steps.append(Step(event.start_h, stop_h, entry.target, level))


def _total(event: Event, species: str, weight_kg: float) -> float:
    """The whole amount in the unit of its entries: umol, usual doses of a co-drug, or uM to hold."""
    if event.held:
        return event.amount
    if base_name(event.drug) in CODRUGS:
        return event.usual_doses(species, weight_kg)
    return sum(event.moieties.values())


def _length(entry: Entry, event: Event, model: Model) -> float:
    """How long a step lasts: the depot's release, or the dose itself."""
    if entry.duration:
        return max(model.table.row(entry.duration).within("h").value, event.duration_h)
    return event.duration_h


def _bath(event: Event, species: str, last_h: float) -> list[Step]:
    """A bath holds each moiety at its concentration; a co-drug counts in usual concentrations."""
    name = base_name(event.drug)
    stop_h = min(event.stop_h, last_h)
    if name in CODRUGS:
        return [Step(event.start_h, stop_h, f"dose_{name}", event.usual_doses(species, 1.0))]
    shares = DRUGS[name].moieties if name in DRUGS else {}
    return [Step(event.start_h, stop_h, f"brain_unbound_{m}", event.amount * s) for m, s in shares.items()]
