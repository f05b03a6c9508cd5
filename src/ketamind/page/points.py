"""Published points that belong to a setting, in the units of the page, with who measured them and how sure it is.

Those whose protocol and people match are full; those that come near are pale, and say in words what differs. A rating
that comes near is shown as change from its own baseline only, since other people started elsewhere.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ketamind.errors import KetamindError
from ketamind.evidence.experiments import Experiment, shipped_experiments
from ketamind.evidence.matching import Published, as_published, published
from ketamind.page.tables import QUANTITIES, shown_per_model_unit
from ketamind.protocols import Event, Patient, Protocol, parse_population, parse_protocol
from ketamind.studies.explain import VERIFIED_WORDS
from ketamind.studies.published import used_to_calibrate

SHOWN = frozenset(QUANTITIES)
FOLD = 2.0
"""How many times larger or smaller the dose of a near match may be."""

MOST_NEAR = 16
BODY_KG = 70.0


def points_of(protocol: Protocol, patient: Patient) -> dict[str, Any]:
    """The points of the quantities that the page draws, in order of time."""
    exact = [p for p in published(protocol, patient) if p.observable in SHOWN]
    known = {p.experiment.id for p in exact}
    near = [(p, words) for p, words in _near(protocol, patient) if p.experiment.id not in known][:MOST_NEAR]
    told = [_point(p, "") for p in exact] + [_point(p, words) for p, words in near]
    return {"points": sorted(told, key=lambda p: float(p["time_h"]))}


def _near(protocol: Protocol, patient: Patient) -> Iterator[tuple[Published, str]]:
    ours = protocol.events(BODY_KG)
    for e in _comparable():
        differences = _differences(ours, _events(e.protocol))
        if differences is None:
            continue
        theirs = parse_population(e.population, e.species)
        people = [theirs.population.replace("_", " ")] if theirs.population != patient.population else []
        if people and e.domain == "clinical" and e.statistic == "value" and e.observable != "cadss":
            continue
        yield as_published(e), ", ".join([*differences, *people]) or "another setting"


@lru_cache(maxsize=1)
def _comparable() -> tuple[Experiment, ...]:
    """Human values at a time, of something that the page draws, with nothing manipulated."""
    return tuple(
        e
        for e in shipped_experiments()
        if e.species == "human"
        and e.observable in SHOWN
        and e.statistic in ("value", "change")
        and e.time_h is not None
        and not e.manipulation
    )


@lru_cache(maxsize=2048)
def _events(words: str) -> tuple[Event, ...]:
    try:
        return parse_protocol(words).events(BODY_KG)
    except KetamindError:
        return ()


def _differences(ours: tuple[Event, ...], theirs: tuple[Event, ...]) -> list[str] | None:
    """What differs between two courses of the same drugs by the same routes, in words; None if too far apart."""
    if not ours or len(ours) != len(theirs):
        return None
    words: dict[str, None] = {}
    for a, b in zip(ours, theirs, strict=True):
        if (a.drug, a.route, a.unit, a.held) != (b.drug, b.route, b.unit, b.held) or not a.amount or not b.amount:
            return None
        if not 1 / FOLD <= b.amount / a.amount <= FOLD or abs(a.start_h - b.start_h) > 12:
            return None
        if abs(b.amount / a.amount - 1) > 0.05:
            words[f"{b.amount / BODY_KG:.2g} mg/kg" if b.route in ("iv", "im", "sc") else f"{b.amount:.3g} mg"] = None
        if abs(b.duration_h - a.duration_h) > 0.05:
            words[f"over {60 * b.duration_h:.0f} min" if b.duration_h else "at once"] = None
    return list(words)


def _point(p: Published, difference: str) -> dict[str, Any]:
    scale = shown_per_model_unit(p.observable)
    e = p.experiment
    return {
        "experiment": e.id,
        "observable": p.observable,
        "time_h": p.time_h,
        "value": p.value * scale,
        "half_width": None if p.half_width is None else p.half_width * scale,
        "spread_kind": e.spread_kind,
        "relative": p.relative,
        "difference": difference,
        "n": e.n,
        "citation": e.citation,
        "url": e.url,
        "population": e.population,
        "protocol": e.protocol,
        "verified": VERIFIED_WORDS.get(e.verified, e.verified),
        "calibrated_on": used_to_calibrate(e.id),
    }
