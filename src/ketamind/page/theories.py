"""Rival theories: which hypothesis reproduces which deciding experiment, two of them side by side, and what would tell.

The matrix is the stored comparison. Curves of two hypotheses, and the studies that would tell them apart, are computed
when they are asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ketamind.errors import BadValue, unknown_name
from ketamind.evidence.arms import Arm
from ketamind.evidence.courses import Course, Need, cast, run
from ketamind.evidence.hypotheses import Hypothesis, shipped_hypotheses
from ketamind.page.asked import Name, times_to
from ketamind.page.doors import Checked
from ketamind.page.jobs import Job, Stopped
from ketamind.page.receipts import as_evidence
from ketamind.studies.candidates import shipped_candidates
from ketamind.studies.compare import Column, Comparison, stored
from ketamind.studies.discriminate import discriminate
from ketamind.studies.published import used_to_calibrate

Floats = NDArray[np.float64]
PEOPLE, GROUP, SEED = 100, 20, 1
DRAWS, FEW_PEOPLE, MOST_STUDIES = 8, 8, 7
INFUSION = "0.5 mg/kg ketamine iv over 40 min"
TRD = "trd;setting=parallel"


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
    """The change of an observable under two hypotheses: the mean of people, and how far groups of them scatter."""
    times = times_to(pair.days * 24)
    arm = Arm("human", TRD, pair.protocol, pair.manipulation)
    sides = [_group(arm, pair.observable, times, h) for h in pair.both()]
    gap = np.abs(sides[0]["mean"] - sides[1]["mean"])
    widest_h = float(times[int(gap.argmax())])
    return {"times_h": times, "observable": pair.observable, "sides": sides, "widest_h": widest_h}


def _group(arm: Arm, observable: str, times: Floats, h: Hypothesis) -> dict[str, Any]:
    """Mean change of drawn people, and where the means of 95 % of groups of twenty lie."""
    course = _course(arm, observable, tuple(float(t) for t in times), h.name)
    table = np.array([course.at(observable, t) for t in times])[:, 1:]
    change = table - table[0]
    mean, half = change.mean(axis=1), 1.96 * change.std(axis=1, ddof=1) / np.sqrt(GROUP)
    told = {"name": h.name, "title": h.title, "account": h.account}
    return {**told, "mean": mean, "low": mean - half, "high": mean + half}


def telling(pair: Pair, job: Job) -> dict[str, Any] | None:
    """Studies by how much they tell which of two hypotheses is true; nothing if it was stopped.

    A quick look: few draws of what is in doubt, and few people. Raises as `discriminate`.
    """
    kept = _told_apart(pair.a, pair.b)

    def advance(done: int, total: int) -> None:
        job.advance(done, total)
        if job.stop.is_set():
            raise Stopped

    if not kept:
        try:
            found = discriminate(*pair.both(), draws=DRAWS, people=FEW_PEOPLE, progress=advance).as_json()
        except Stopped:
            return None
        studies = found["studies"]
        kept |= {**found, "studies": [_ready(v) for v in studies[:MOST_STUDIES]], "tried": len(studies)}
    return kept


@lru_cache(maxsize=32)
def _told_apart(a: str, b: str) -> dict[str, Any]:
    """Where the answer for two hypotheses is kept once it is there."""
    return {}


def _ready(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """A study with the words of its two groups, ready to be run."""
    study = next(s for s in shipped_candidates().studies if s.name == verdict["study"])
    return {**verdict, "own_arm": asdict(study.own), "other_arm": asdict(study.other)}


@lru_cache(maxsize=64)
def _course(arm: Arm, observable: str, times: tuple[float, ...], hypothesis: str) -> Course:
    h = shipped(hypothesis)
    need = Need(arm, set(times), {observable}, PEOPLE)
    return run(need, cast([need], h.additions), h.laboratory(SEED))
