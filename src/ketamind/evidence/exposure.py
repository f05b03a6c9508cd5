"""Exposure as in a non-compartmental analysis, in the units of the publication."""

import math

import numpy as np

from ketamind.biology.pharmacokinetics import molar_mass
from ketamind.errors import unknown_name
from ketamind.evidence import statistics
from ketamind.evidence.arms import Arm, Arms
from ketamind.evidence.courses import Bench, Course, Floats, NotApplicable
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.statistic_words import Statistic
from ketamind.evidence.vocabulary import PLACES, is_concentration
from ketamind.protocols import Protocol
from ketamind.protocols.drugs import drug

TAIL_H = {"human": (4.0, 12.0), "monkey": (2.0, 8.0), "rat": (0.5, 4.0), "mouse": (0.5, 3.0)}
"""Hours after the dose between which half-lives in plasma are usually read."""
TERMINAL_H = {"human": (24.0, 72.0), "monkey": (8.0, 24.0), "rat": (4.0, 12.0), "mouse": (3.0, 8.0)}
OCCUPANCY_SHARES = (0.85, 0.25)
"""Shares of its peak between which the decline of an occupancy is read."""

MASS = {"ng/mL": 1.0, "ng/g": 1.0, "ug/L": 1.0, "ug/mL": 1e-3, "ug/g": 1e-3, "mg/L": 1e-3, "pg/mL": 1e3}
MOLAR = {"uM": 1.0, "umol/L": 1.0, "nM": 1e3, "nmol/L": 1e3, "mM": 1e-3, "pmol/mL": 1e3}
AREA_TIME = {"h": 1.0, "hr": 1.0, "min": 60.0}
PLAIN = {"%": 100.0, "min": 60.0, "d": 1 / 24, "days": 1 / 24, "mL/min": 1000 / 60, "L/min": 1 / 60, "mL": 1000.0}
LEVELS = ("value", "cmax", "steady_state")
PER_KG = {"L/h/kg": 1.0, "mL/min/kg": 1000 / 60, "L/kg": 1.0, "mL/h/kg": 1000.0, "mL/kg": 1000.0, "L/min/kg": 1 / 60}


def moiety_of(observable: str) -> str:
    """The substance whose level is observed; empty for other observables."""
    for place in PLACES:
        if observable.startswith(place + "_") and is_concentration(observable):
            return observable.removeprefix(place + "_")
    return ""


def check_unit(e: Experiment, s: Statistic) -> None:
    """Raise UnknownName for a level in a unit that is none, which would be read as uM."""
    if is_concentration(e.observable) and s.name in LEVELS and e.unit not in {**MASS, **MOLAR}:
        raise unknown_name(e.unit, "a unit of concentration", {**MASS, **MOLAR})


def unit_factor(unit: str, observable: str) -> float:
    """What a number in the model's unit (uM, fraction, h, L/h) is multiplied by to be in the published unit."""
    if unit in MOLAR:
        return MOLAR[unit]
    if unit in MASS:
        return MASS[unit] * molar_mass(moiety_of(observable))
    hours, dot, level = unit.replace("·", "*").partition("*")
    if dot:
        time, amount = (hours, level) if hours in AREA_TIME else _split(unit)
        return AREA_TIME[time] * unit_factor(amount, observable)
    if unit == "%":
        return 100.0
    if unit == "mm" and observable == "pain_vas":
        return 10.0
    return PLAIN.get(unit, 1.0)


def _split(unit: str) -> tuple[str, str]:
    """`ng*h/mL` as time and level: `h` and `ng/mL`."""
    for time in sorted(AREA_TIME, key=len, reverse=True):
        if f"*{time}" in unit:
            return time, unit.replace(f"*{time}", "", 1)
    raise NotApplicable(f"the unit '{unit}' of an area is not understood")


def curve_statistic(e: Experiment, s: Statistic, arms: Arms, bench: Bench) -> float:
    """A statistic of the typical subject's curve, in the published unit."""
    course = bench.course(arms.own)
    t, y = _curve(course, e.observable)
    if s.name == "tmax":
        return float(t[int(np.argmax(y))]) * unit_factor(e.unit, "")
    if s.name == "cmax":
        return float(y.max()) * unit_factor(e.unit, e.observable)
    if s.name == "auc":
        return statistics.area(t, y, s.start_h, s.stop_h) * unit_factor(e.unit, e.observable)
    if s.name == "auc_inf":
        return statistics.area_to_infinity(t, y) * unit_factor(e.unit, e.observable)
    if s.name == "auc_ratio":
        other = statistics.area_to_infinity(*_curve(course, s.other))
        return statistics.area_to_infinity(t, y) / other if other else math.inf
    if s.name == "half_life":
        return _half_life(e, arms.own, t, y) * unit_factor(e.unit, "")
    if s.name == "bioavailability":
        infused = bench.course(reference_arm(e, arms))
        return unit_factor(e.unit, "") * _per_dose(e.observable, course) / _per_dose(e.observable, infused)
    if s.name in ("clearance", "vss"):
        return _disposition(e, s, course, t, y)
    raise NotApplicable(f"'{s.words}' of a curve")


def _curve(course: Course, observable: str) -> tuple[Floats, Floats]:
    after = course.times_h >= 0
    return course.times_h[after], np.maximum(course.table[observable][after, 0], 0.0)


def amount_of(given: Protocol, observable: str, weight_kg: float) -> float:
    """Dose of what is observed, umol: all ketamine for `ketamine`, one enantiomer for that enantiomer."""
    moiety = moiety_of(observable)
    total = 0.0
    for event in given.events(weight_kg, math.inf):
        for name, amount in event.moieties.items():
            family = name.removeprefix("s_").removeprefix("r_")
            total += amount if moiety in (name, family) else 0.0
    if total <= 0:
        raise NotApplicable(f"no '{moiety}' is given, so that a dose of it has no meaning")
    return total


def _per_dose(observable: str, course: Course) -> float:
    """Area per dose of the typical subject, h/L."""
    amount = amount_of(course.arm.given, observable, float(course.weights[0]))
    return statistics.area_to_infinity(*_curve(course, observable)) / amount


def reference_arm(e: Experiment, arms: Arms) -> Arm:
    """The infusion that a bioavailability is relative to: the comparator, or a usual infusion of the same drug."""
    if arms.other is not None and any(d.amount > 0 for d in arms.other.given):
        return arms.other
    studied = [d for d in arms.own.given if d.amount > 0 and drug(d.drug).moieties]
    if not studied:
        raise NotApplicable("bioavailability needs a drug that is followed by concentration")
    name = studied[-1].drug
    return Arm(e.species, e.population, f"0.5 mg/kg {name} iv over 40 min", e.manipulation)


def _disposition(e: Experiment, s: Statistic, course: Course, t: Floats, y: Floats) -> float:
    weight = float(course.weights[0])
    area = statistics.area_to_infinity(t, y)
    clearance = amount_of(course.arm.given, e.observable, weight) / area
    found = clearance
    if s.name == "vss":
        infused = max(x.duration_h for x in course.arm.given.administrations())
        found = clearance * (statistics.moment_to_infinity(t, y) / area - infused / 2)
    if e.unit in PER_KG:
        return found * PER_KG[e.unit] / weight
    return found * unit_factor(e.unit, "")


def _half_life(e: Experiment, arm: Arm, t: Floats, y: Floats) -> float:
    last = max((x.stop_h for x in arm.given.administrations() if math.isfinite(x.stop_h)), default=0.0)
    if is_concentration(e.observable):
        window = (TERMINAL_H if "terminal" in e.note.lower() else TAIL_H).get(e.species, (4.0, 12.0))
        return statistics.half_life(t, y, last + window[0], last + window[1])
    peak = int(np.argmax(y))
    after = np.arange(len(y)) >= peak
    inside = after & (y <= OCCUPANCY_SHARES[0] * y[peak]) & (y >= OCCUPANCY_SHARES[1] * y[peak])
    if inside.sum() < 3:
        raise ValueError(f"'{e.observable}' does not decline enough to read a half-life")
    return statistics.half_life(t, y, float(t[inside][0]), float(t[inside][-1]))


def log_error(course: Course, observable: str, time_h: float, n: int) -> float:
    """Standard error of the logarithm of a mean level in n people."""
    people = course.at(observable, time_h)[1:]
    if people.size < 3 or (people <= 0).any():
        return 0.0
    return float(np.log(people).std(ddof=1) / math.sqrt(n))
