"""Listen along: the claims in order, each as a scene with its control, its verdict and the papers on both sides."""

import csv
import math
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ketamind.biology.chain import full_chain
from ketamind.errors import unknown_name
from ketamind.evidence.experiments import Experiment, shipped_experiments
from ketamind.evidence.vocabulary import COMPARATORS
from ketamind.page.asked import Asked, times_to
from ketamind.page.receipts import as_evidence
from ketamind.page.scenes import PATIENT, SCENES, Scene, Side, Speaks
from ketamind.page.tables import shown_per_model_unit
from ketamind.simulation.simulate import chain_for, simulate

BAND_PATIENTS, SEED = 64, 1
LOW, HIGH = 5, 95
MOST_PAPERS = 14
CHANGES = (
    *("sign", "peak_sign", "sign_since", "change", "percent_change", "difference", "effect_size"),
    *("peak_percent_change", "peak_difference"),
)
NIL_AT_REST = ("cadss", "mor_occupancy", "kor_occupancy", "trkb_binding", "nmda_occupancy", "drug_liking", "vas_high")
KETAMINES = ("ketamine", "esketamine", "arketamine")
READ = tuple(sorted({o for found in SCENES.values() for o in found.observables}))
"""All that any scene reads, so that scenes share what is compiled for them."""


@lru_cache(maxsize=1)
def claims() -> tuple[Mapping[str, str], ...]:
    """The rows of `claims.csv`, in the order in which they are said."""
    path = Path(str(resources.files("ketamind") / "data" / "claims.csv"))
    with path.open(newline="", encoding="utf-8") as handle:
        return tuple(csv.DictReader(handle))


def listed() -> dict[str, Any]:
    """All claims with their verdicts, and whether these are of the present parameters."""
    judged = verdicts()
    return {
        "claims": [_claim(row, judged["by_claim"].get(row["id"])) for row in claims()],
        "state": judged["state"],
        "note": judged["note"],
    }


def verdicts() -> dict[str, Any]:
    """The verdicts of the claims study as it was last run; none, and why, if there are none."""
    return {"by_claim": {}, "state": "absent", "note": "Not yet demonstrated: the claims study has not been run."}


@lru_cache(maxsize=64)
def scene(name: str) -> dict[str, Any]:
    """The scene of a claim: both sides' curves with bands, and the papers for and against. Raises UnknownName."""
    if name not in SCENES:
        raise unknown_name(name, "a claim", SCENES)
    found = SCENES[name]
    model = full_chain().system.outputs
    return {
        "id": name,
        "at_h": found.at_h,
        "days": found.days,
        "vignette": found.vignette,
        "sides": [_side(found, side) for side in (found.side, found.control)],
        "observables": [{"name": o, "unit": _unit(o), "meaning": model[o].meaning} for o in found.observables],
        "papers": papers(found),
    }


def papers(found: Scene) -> dict[str, Any]:
    """Published results that speak to a scene, for the claim and against it."""
    sides: dict[str, list[dict[str, Any]]] = {"for": [], "against": []}
    seen: set[str] = set()
    for speaks in found.speaks:
        for e in shipped_experiments():
            verdict = None if e.id in seen else speaking(e, speaks)
            if verdict is not None:
                seen.add(e.id)
                sides["for" if verdict else "against"].append(as_evidence(e))
    return {side: rows[:MOST_PAPERS] for side, rows in sides.items()} | {
        "more": sum(max(0, len(rows) - MOST_PAPERS) for rows in sides.values())
    }


def speaking(e: Experiment, speaks: Speaks) -> bool | None:
    """True if a published result is for the claim, False if against it, None if it does not speak to it."""
    if e.observable not in speaks.observables or not any(d in e.protocol for d in KETAMINES):
        return None
    if e.time_h is not None and e.time_h > speaks.until_h:
        return None
    sign = _direction(e)
    if speaks.blocked:
        blocked = any(t in e.manipulation or t in e.protocol for t in speaks.blocked)
        return _gone(e, sign, speaks.sign) if blocked else None
    if e.manipulation or sign is None or e.comparator not in ("", *COMPARATORS):
        return None
    return sign == speaks.sign


def _gone(e: Experiment, sign: int | None, effect: int) -> bool | None:
    """True if an effect was gone under a blocker, or smaller than without it; None for other statistics."""
    if e.statistic == "remaining":
        return e.value < 0.5
    against_the_same = any(d in e.comparator for d in KETAMINES)
    return sign == -effect if sign is not None and against_the_same else None


def _direction(e: Experiment) -> int | None:
    """The direction of a published change, 0 for none; None for a statistic that has no direction."""
    from_nil = e.observable in NIL_AT_REST and e.statistic in ("value", "incidence")
    if from_nil or e.statistic.partition(":")[0] in CHANGES:
        return int(np.sign(e.value))
    if e.statistic == "ratio" and e.value > 0:
        return int(np.sign(math.log(e.value)))
    return None


def _claim(row: Mapping[str, str], judged: Mapping[str, Any] | None) -> dict[str, Any]:
    told = {"id": row["id"], "timestamp": row["timestamp"], "claim": row["claim"]}
    told |= {"shows": row["what_a_simulation_must_show"], "vanishes": row["control_that_must_abolish_it"]}
    return told | {"verdict": None if judged is None else dict(judged)}


def _side(found: Scene, side: Side) -> dict[str, Any]:
    asked = asked_of(found, side)
    times = times_to(found.days * 24)
    options = {
        "patient": asked.who(),
        "without": side.without,
        "manipulation": side.manipulation,
        "values": dict(side.values),
        "observe": [o for o in READ if o in chain_for(asked.given()).system.outputs],
        "times_h": times.tolist(),
    }
    middle = simulate(asked.given(), found.days, **options)
    people = simulate(asked.given(), found.days, patients=BAND_PATIENTS, seed=SEED, **options)
    curves = {}
    for name in set(found.observables) & set(options["observe"]):
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
