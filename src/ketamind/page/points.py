"""Published points that belong to a setting, in the units of the page, with who measured them and how sure it is."""

from typing import Any

from ketamind.evidence.matching import Published, published
from ketamind.page.tables import QUANTITIES, shown_per_model_unit
from ketamind.protocols import Patient, Protocol
from ketamind.studies.explain import VERIFIED_WORDS
from ketamind.studies.published import used_to_calibrate

SHOWN = frozenset(QUANTITIES)


def points_of(protocol: Protocol, patient: Patient) -> dict[str, Any]:
    """The points of the quantities that the page draws, in order of time."""
    found = sorted((p for p in published(protocol, patient) if p.observable in SHOWN), key=lambda p: p.time_h)
    return {"points": [_point(p) for p in found]}


def _point(p: Published) -> dict[str, Any]:
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
        "n": e.n,
        "citation": e.citation,
        "url": e.url,
        "population": e.population,
        "protocol": e.protocol,
        "verified": VERIFIED_WORDS.get(e.verified, e.verified),
        "calibrated_on": used_to_calibrate(e.id),
    }
