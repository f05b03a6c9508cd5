"""Listen along: the claims in order, each as a scene with its control, its verdict and the papers on both sides.

Verdicts and papers are those of the claims study, as it was last run; the curves of a scene are computed when it is
opened.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ketamind.biology.chain import full_chain
from ketamind.errors import unknown_name
from ketamind.page.asked import Asked, times_to
from ketamind.page.receipts import as_evidence
from ketamind.page.scenes import PATIENT, SCENES, Scene, Side
from ketamind.page.tables import shown_per_model_unit
from ketamind.simulation.simulate import chain_for, simulate
from ketamind.studies import claims as study
from ketamind.studies.claims import Claims, Verdict

BAND_PATIENTS, SEED = 64, 1
LOW, HIGH = 5, 95
MARKS = {study.SHOWN: "holds", study.SOME: "in_part", study.CONTRADICTED: "fails"}
ABSENT = "Not yet demonstrated: the claims study has not been run. `ketamind claims --renew` runs it."
STALE = "The model's numbers have changed since this verdict. `ketamind claims --renew` computes it anew."
READ = tuple(sorted({o for found in SCENES.values() for o in found.observables}))
"""All that any scene reads, so that scenes share what is compiled for them."""


@lru_cache(maxsize=1)
def stored() -> Claims:
    """The claims study as it was last run."""
    return study.stored()


def listed() -> dict[str, Any]:
    """All claims with their verdicts, and whether these are of the present parameters."""
    found = stored()
    tested = any(v.tested for v in found.verdicts)
    state = "absent" if not tested else "stale" if found.stale else "current"
    note = {"absent": ABSENT, "stale": STALE, "current": ""}[state]
    return {"claims": [_claim(v) for v in found.verdicts], "state": state, "note": note}


@lru_cache(maxsize=64)
def scene(name: str) -> dict[str, Any]:
    """The scene of a claim: both sides' curves with bands, and the papers for and against. Raises UnknownName."""
    if name not in SCENES:
        raise unknown_name(name, "a claim", SCENES)
    found = SCENES[name]
    model = full_chain().system.outputs
    judged = next(v for v in stored().verdicts if v.claim.id == name)
    return {
        "id": name,
        "at_h": found.at_h,
        "days": found.days,
        "vignette": found.vignette,
        "sides": [_side(found, side) for side in (found.side, found.control)],
        "observables": [{"name": o, "unit": _unit(o), "meaning": model[o].meaning} for o in found.observables],
        "papers": {
            "for": [as_evidence(f.experiment) for f in judged.favour],
            "against": [as_evidence(f.experiment) for f in judged.against],
        },
    }


def _claim(v: Verdict) -> dict[str, Any]:
    c = v.claim
    told = {"id": c.id, "timestamp": c.timestamp, "claim": c.claim, "shows": c.must_show, "vanishes": c.must_abolish}
    return told | {"verdict": _verdict(v) if v.tested else None}


def _verdict(v: Verdict) -> dict[str, Any]:
    """The verdict as a mark, the checks that it rests on, and who shows it."""
    told = v.as_json()
    return {
        "verdict": MARKS[v.verdict],
        "words": v.verdict,
        "hypotheses": told["hypotheses"],
        "contradicted_by": told["contradicted_by"],
        "checks": [{**one, "control": two} for one, two in zip(told["shown"], told["control"], strict=True)],
    }


def _side(found: Scene, side: Side) -> dict[str, Any]:
    asked = asked_of(found, side)
    times = times_to(found.days * 24)
    outputs = chain_for(asked.given()).system.outputs
    options: dict[str, Any] = {
        "patient": asked.who(),
        "without": side.without,
        "manipulation": side.manipulation,
        "values": dict(side.values),
        "observe": [o for o in READ if o in outputs],
        "times_h": times.tolist(),
    }
    middle = simulate(asked.given(), found.days, **options)
    people = simulate(asked.given(), found.days, patients=BAND_PATIENTS, seed=SEED, **options)
    curves: dict[str, Mapping[str, Any]] = {}
    for name in found.observables:
        if name in outputs:
            scale = shown_per_model_unit(name)
            low, high = np.percentile(people[name].values, (LOW, HIGH), axis=1) * scale
            curves[name] = {"middle": middle[name].values[:, 0] * scale, "low": low, "high": high}
    return {"label": side.label, "asked": asked.model_dump(), "times_h": times, "curves": curves}


def asked_of(found: Scene, side: Side) -> Asked:
    """What a browser would ask to see this side."""
    return Asked(
        protocol=side.protocol,
        patient=PATIENT,
        without=list(side.without),
        manipulation=side.manipulation,
        values=dict(side.values),
        days=found.days,
    )


def _unit(name: str) -> str:
    return "ng/mL" if name.startswith("venous_") else full_chain().system.outputs[name].unit
