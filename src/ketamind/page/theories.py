"""Rival theories: which hypothesis reproduces which deciding experiment, two of them side by side, and what would tell.

The matrix is the stored comparison. Curves of two hypotheses, and the designs that would tell them apart, are computed
when they are asked for: each design in both hypotheses, for the typical person and for drawn ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ketamind.declare import Addition
from ketamind.errors import BadValue, unknown_name
from ketamind.evidence.arms import Arm
from ketamind.evidence.courses import Cast, Course, Need, NotApplicable, cast, run
from ketamind.evidence.hypotheses import Hypothesis, shipped_hypotheses
from ketamind.page.asked import Name, times_to
from ketamind.page.doors import Checked
from ketamind.page.jobs import Job
from ketamind.page.receipts import as_evidence
from ketamind.studies.compare import Column, Comparison, stored
from ketamind.studies.published import used_to_calibrate

Floats = NDArray[np.float64]
PEOPLE, SEED = 100, 1
TOO_FAR = 40.0
POWER_FACTOR = 2 * (1.96 + 0.84) ** 2
"""Subjects in each of two arms = this over the squared gap in sds between people (80 % power, 5 % two-sided)."""

INFUSION = "0.5 mg/kg ketamine iv over 40 min"
TRD = "trd;setting=parallel"


@dataclass(frozen=True)
class Design:
    """An experiment that could be done: two arms, and what is read when. Lower readings are no better or worse here."""

    title: str
    protocol: str
    against: str
    observable: str
    time_h: float
    unit: str
    species: str = "human"
    population: str = TRD
    manipulation: str = ""
    against_manipulation: str = ""

    def arms(self) -> tuple[Arm, Arm]:
        """The arm under study, and the one that it is compared with."""
        return (
            Arm(self.species, self.population, self.protocol, self.manipulation),
            Arm(self.species, self.population, self.against, self.against_manipulation),
        )


MOUSE = {"species": "mouse", "population": "chronic_stress"}
DOSED_MOUSE = "10 mg/kg ketamine ip"
DESIGNS = (
    Design(
        "Naltrexone 50 mg before, MADRS at 1 day",
        f"50 mg naltrexone po at -45 min + {INFUSION}",
        f"0 mg placebo po at -45 min + {INFUSION}",
        "madrs",
        24.0,
        "points",
    ),
    Design(
        "Rapamycin 6 mg before, MADRS at day 7",
        f"6 mg rapamycin po at -120 min + {INFUSION}",
        f"0 mg placebo po at -120 min + {INFUSION}",
        "madrs",
        168.0,
        "points",
    ),
    Design(
        "R-ketamine against S-ketamine, MADRS at 1 day",
        "0.5 mg/kg arketamine iv over 40 min",
        "0.5 mg/kg esketamine iv over 40 min",
        "madrs",
        24.0,
        "points",
    ),
    Design(
        "Memantine 20 mg a day against placebo, MADRS at day 7",
        "20 mg memantine po daily for 7 days",
        "0 mg placebo po daily for 7 days",
        "madrs",
        168.0,
        "points",
    ),
    Design(
        "Lamotrigine 300 mg before, MADRS at 1 day",
        f"300 mg lamotrigine po at -120 min + {INFUSION}",
        f"0 mg placebo po at -120 min + {INFUSION}",
        "madrs",
        24.0,
        "points",
    ),
    Design(
        "A third of the dose, MADRS at 1 day", "0.15 mg/kg ketamine iv over 40 min", INFUSION, "madrs", 24.0, "points"
    ),
    Design(
        "Ketamine against midazolam, MADRS at 4 h",
        INFUSION,
        "0.045 mg/kg midazolam iv over 40 min",
        "madrs",
        4.0,
        "points",
    ),
    Design(
        "Mouse: GluN2B out of SST cells, behaviour at 1 day",
        DOSED_MOUSE,
        DOSED_MOUSE,
        "antidepressant_behaviour",
        24.0,
        "",
        manipulation="knockdown:glun2b@sst",
        **MOUSE,
    ),
    Design(
        "Mouse: GluN2B out of pyramidal cells, behaviour at 1 day",
        DOSED_MOUSE,
        DOSED_MOUSE,
        "antidepressant_behaviour",
        24.0,
        "",
        manipulation="knockdown:glun2b@pyramidal",
        **MOUSE,
    ),
    Design(
        "Mouse: TrkB Y433F, behaviour at 1 day",
        DOSED_MOUSE,
        DOSED_MOUSE,
        "antidepressant_behaviour",
        24.0,
        "",
        manipulation="mutate:trkb_y433f",
        **MOUSE,
    ),
    Design(
        "Mouse: eEF2 kinase knocked out, behaviour at 1 h",
        DOSED_MOUSE,
        DOSED_MOUSE,
        "antidepressant_behaviour",
        1.0,
        "",
        manipulation="knockout:eef2k",
        **MOUSE,
    ),
    Design(
        "Mouse: no hydroxynorketamine formed, behaviour at 1 day",
        DOSED_MOUSE,
        DOSED_MOUSE,
        "antidepressant_behaviour",
        24.0,
        "",
        manipulation="block:hnk_formation",
        **MOUSE,
    ),
    Design(
        "Mouse: AMPA receptors blocked, behaviour at 1 day",
        DOSED_MOUSE,
        DOSED_MOUSE,
        "antidepressant_behaviour",
        24.0,
        "",
        manipulation="block:ampa",
        **MOUSE,
    ),
)


class Pair(Checked):
    """Two hypotheses, and the protocol under which they are drawn."""

    a: Name
    b: Name
    protocol: str = Field(default=INFUSION, max_length=500)
    manipulation: Name = ""
    observable: Name = "madrs"
    days: float = Field(default=14.0, gt=0, le=56)

    def both(self) -> tuple[Hypothesis, Hypothesis]:
        """The hypotheses. Raises UnknownName for one that is not shipped, BadValue for one against itself."""
        if self.a == self.b:
            raise BadValue("choose two different hypotheses.")
        return shipped(self.a), shipped(self.b)


def shipped(name: str) -> Hypothesis:
    """The shipped hypothesis of that name; files on the server's disk are out of a browser's reach."""
    known = {h.name: h for h in shipped_hypotheses()}
    if name not in known:
        raise unknown_name(name, "a shipped hypothesis", known)
    return known[name]


def matrix() -> dict[str, Any]:
    """Hypotheses by deciding experiments, with their scores on what was calibrated on and on what was not."""
    found = stored()
    if not found.columns:
        rows = [{**h.as_json(), "stale": True} for h in shipped_hypotheses()]
        return {"state": "absent", "hypotheses": rows, "themes": [], "experiments": {}, "cells": {}, "stale": []}
    told = found.as_json()
    wanted = {i for t in told["themes"] for i in t["ids"]}
    seen = [e.id for e in found.experiments if used_to_calibrate(e.id)]
    return {
        "state": "stale" if found.stale else "current",
        "stale": told["stale"],
        "hypotheses": [_row(found, c, h, seen) for c, h in zip(found.columns, told["hypotheses"], strict=True)],
        "themes": told["themes"],
        "experiments": {
            e.id: as_evidence(e) | {"short": _short(e.citation)} for e in found.experiments if e.id in wanted
        },
        "cells": {h: {i: c for i, c in cells.items() if i in wanted} for h, cells in told["cells"].items()},
        "parting": [i for i in told["parting"] if i in wanted],
        "seen": len(seen),
        "all": len(found.experiments),
    }


def _row(found: Comparison, column: Column, told: Mapping[str, Any], seen: Sequence[str]) -> dict[str, Any]:
    unseen = [e.id for e in found.experiments if e.id not in set(seen)]
    shares = {"calibrated": found.share(column, seen).as_json(), "unseen": found.share(column, unseen).as_json()}
    return {**told, **shares}


def _short(citation: str) -> str:
    return citation.split(",")[0][:40]


def curves(pair: Pair) -> dict[str, Any]:
    """The course of an observable under two hypotheses: the typical person, and where the middle 90 % of people lie."""
    times = times_to(pair.days * 24)
    arm = Arm("human", TRD, pair.protocol, pair.manipulation)
    sides = []
    for h in pair.both():
        course = _course(arm, pair.observable, tuple(float(t) for t in times), h.name)
        table = np.array([course.at(pair.observable, t) for t in times])
        low, high = np.percentile(table[:, 1:], (5, 95), axis=1)
        mean = table[:, 1:].mean(axis=1)
        sides.append(
            {"name": h.name, "title": h.title, "account": h.account, "typical": table[:, 0]}
            | {"mean": mean, "low": low, "high": high}
        )
    gap = np.abs(sides[0]["typical"] - sides[1]["typical"])
    return {
        "times_h": times,
        "observable": pair.observable,
        "sides": sides,
        "widest_h": float(times[int(gap.argmax())]),
    }


def telling(pair: Pair, job: Job) -> dict[str, Any]:
    """Designs by how far two hypotheses lie apart on them, in standard deviations between people."""
    both = pair.both()
    found, refused = [], 0
    for place, design in enumerate(DESIGNS):
        job.advance(place, len(DESIGNS))
        if job.stop.is_set():
            break
        try:
            found.append(_told(design, [_effect(design, h) for h in both]))
        except NotApplicable:
            refused += 1
    found.sort(key=lambda d: -d["gap_sd"])
    return {"designs": found, "tried": len(DESIGNS), "refused": refused}


def _effect(design: Design, h: Hypothesis) -> dict[str, Any]:
    """The difference between the arms under a hypothesis, and the spread of the reading between people."""
    own, other = (_at(arm, design, h) for arm in design.arms())
    spread = float(np.sqrt(0.5 * (own[1:].var(ddof=1) + other[1:].var(ddof=1))))
    return {"typical": float(own[0] - other[0]), "mean": float(own[1:].mean() - other[1:].mean()), "sd": spread}


def _at(arm: Arm, design: Design, h: Hypothesis) -> Floats:
    return _course(arm, design.observable, (design.time_h,), h.name).at(design.observable, design.time_h)


def _told(design: Design, effects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    gap = abs(effects[0]["mean"] - effects[1]["mean"])
    sd = max(float(np.sqrt(np.mean([e["sd"] ** 2 for e in effects]))), 1e-9)
    apart = gap / sd
    return {
        **{k: getattr(design, k) for k in ("title", "protocol", "against", "observable", "time_h", "unit", "species")},
        "manipulation": design.manipulation,
        "a": effects[0],
        "b": effects[1],
        "gap": gap,
        "gap_sd": min(apart, TOO_FAR),
        "per_arm": int(np.ceil(POWER_FACTOR / apart**2)) + 1 if apart > 0.05 else None,
    }


@lru_cache(maxsize=256)
def _course(arm: Arm, observable: str, times: tuple[float, ...], hypothesis: str) -> Course:
    h = shipped(hypothesis)
    need = Need(arm, set(times), {observable}, PEOPLE)
    models = _models(h.additions)
    if arm not in {a for d in DESIGNS for a in d.arms()}:
        models = cast([need], h.additions)
    return run(need, models, h.laboratory(SEED))


@lru_cache(maxsize=8)
def _models(additions: tuple[Addition, ...]) -> Cast:
    """The models that all designs share, so that few are compiled."""
    return cast([Need(a, {d.time_h}, {d.observable}) for d in DESIGNS for a in d.arms()], additions)
