"""Published values that belong to a setting: same drugs and routes, doses close, nothing else manipulated."""

from dataclasses import dataclass
from functools import lru_cache

from ketamind.biology.pharmacokinetics import molar_mass
from ketamind.errors import KetamindError
from ketamind.evidence.experiments import Experiment, shipped_experiments
from ketamind.protocols import Event, Patient, Protocol, parse_population, parse_protocol

CLOSE = 0.2
"""How far dose and duration may lie from the published ones, as a share of them."""


@dataclass(frozen=True)
class Published:
    """A published value in the unit and on the scale of the model's observable.

    `relative` marks a change from the patients' own baseline; `half_width` is the published spread (sd, sem or 95 %
    half-width, as `spread_kind` says), where there is one.
    """

    experiment: Experiment
    observable: str
    time_h: float
    value: float
    half_width: float | None
    relative: bool


def published(protocol: Protocol, patient: Patient) -> tuple[Published, ...]:
    """All shipped experiments under this protocol, nearly, that are values at a time.

    Ratings are taken from the patient's own population and setting only; concentrations from any.
    """
    found = []
    for experiment in shipped_experiments():
        if experiment.statistic not in ("value", "change") or experiment.manipulation or experiment.time_h is None:
            continue
        if _same_people(experiment, patient) and _alike(protocol, experiment.protocol):
            found.append(as_published(experiment))
    return tuple(found)


def _same_people(experiment: Experiment, patient: Patient) -> bool:
    if experiment.species != patient.species:
        return False
    if experiment.domain != "clinical":
        return True
    theirs = parse_population(experiment.population, experiment.species)
    return (theirs.population, theirs.setting or "parallel") == (patient.population, patient.setting or "parallel")


def as_published(experiment: Experiment) -> Published:
    """An experiment at a time, on the scale of the model's observable."""
    scale = 1.0
    if experiment.unit == "ng/mL":
        substance = experiment.observable.partition("_")[2]
        scale = 1.0 / molar_mass(substance)
    assert experiment.time_h is not None
    spread = None if experiment.spread is None else experiment.spread * scale
    return Published(
        experiment,
        experiment.observable,
        experiment.time_h or 0.0,
        experiment.value * scale,
        spread,
        experiment.statistic == "change",
    )


@lru_cache(maxsize=2048)
def _administrations(words: str) -> tuple[Event, ...]:
    try:
        return parse_protocol(words).events(70.0)
    except KetamindError:
        return ()


def _alike(protocol: Protocol, words: str) -> bool:
    ours, theirs = protocol.events(70.0), _administrations(words)
    return len(ours) == len(theirs) > 0 and all(_close(a, b) for a, b in zip(ours, theirs, strict=True))


def _close(a: Event, b: Event) -> bool:
    same = (a.drug, a.route, a.held, a.unit) == (b.drug, b.route, b.held, b.unit)
    numbers = ((a.amount, b.amount), (a.duration_h, b.duration_h), (a.start_h, b.start_h))
    return same and all(abs(x - y) <= CLOSE * abs(y) + 1e-9 for x, y in numbers)
