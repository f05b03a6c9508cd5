"""A virtual trial for the page: picked or edited, run in small parts that can be stopped, read as far as it came."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ketamind.errors import BadFile, BadValue
from ketamind.evidence.experiments import shipped_experiments
from ketamind.page.asked import Name
from ketamind.page.doors import Checked
from ketamind.page.jobs import Job
from ketamind.studies.explain import VERIFIED_WORDS
from ketamind.studies.published import Comparison, compare, row_of
from ketamind.studies.trials import TrialReport, usual_patients
from ketamind.trials import Trial, load_trial, read_trial, shipped_trials
from ketamind.trials.analysis import analyse
from ketamind.trials.cohort import patients_of
from ketamind.trials.gathered import ArmData, gather
from ketamind.trials.run import Outcome, run_shard
from ketamind.trials.store import Memory
from ketamind.trials.trial import ESTIMANDS, Reading
from ketamind.trials.workers import Shard

Floats = NDArray[np.float64]
MOST_PATIENTS = 100_000
PART, SMALL_PART = 200, 50
LONG_H = 60 * 24.0
"""Trials longer than this are run in smaller parts, so that progress is seen and stopping keeps nearly everything."""

BAND = 1.96
MOST_ARMS, MOST_VISITS = 8, 200
DOTS = 60
PERCENTILES = np.linspace(2, 98, DOTS)


class TrialAsked(Checked):
    """A shipped trial by name, or the text of one; virtual patients, and whether they guess their arm."""

    name: Name = ""
    text: str = Field(default="", max_length=50_000)
    patients: int = Field(default=0, ge=0, le=MOST_PATIENTS)
    seed: int = Field(default=1, ge=0, le=2**31)
    unblinding: bool = True

    def trial(self) -> Trial:
        """The trial. Raises UnknownName, BadFile or BadValue for one that cannot be run here."""
        found = read_trial(_safe(self.text)) if self.text.strip() else load_shipped(self.name)
        if len(found.arms) > MOST_ARMS or len(found.visits_h) > MOST_VISITS:
            raise BadValue(f"the page runs trials of at most {MOST_ARMS} arms and {MOST_VISITS} visits.")
        return found if self.unblinding else replace(found, conduct=replace(found.conduct, unblinding=False))


def load_shipped(name: str) -> Trial:
    """A shipped trial; files on the server's disk are out of a browser's reach."""
    return load_trial(name.removesuffix(".toml") if name.lower().endswith(".toml") else name)


@lru_cache(maxsize=1)
def listed() -> dict[str, Any]:
    """The shipped trials, with what is said of each before it is run."""
    return {"trials": [_described(load_trial(name), _text(name)) for name in shipped_trials()]}


def described(asked: TrialAsked) -> dict[str, Any]:
    """The trial as it would be run. Raises as `TrialAsked.trial`."""
    return _described(asked.trial(), asked.text)


def run(asked: TrialAsked, job: Job) -> dict[str, Any] | None:
    """The trial, or as much of it as was done when it was stopped; nothing if that was less than ten in an arm."""
    trial = asked.trial()
    wanted = patients_of(trial, asked.patients or usual_patients(trial))
    part = SMALL_PART if trial.last_h > LONG_H else PART
    shards = [Shard(k, a, min(part, wanted - a)) for k, a in enumerate(range(0, wanted, part))]
    done: list[Shard] = []
    store = Memory(done)
    job.advance(0, wanted)
    for shard in shards:
        if job.stop.is_set():
            break
        store.put(shard, run_shard(trial, asked.seed, shard))
        done.append(shard)
        job.advance(shard.first + shard.count, wanted)
    patients = sum(s.count for s in done)
    if not done:
        return None
    return told(reported(Outcome(trial, patients, asked.seed, store)), wanted)


def reported(outcome: Outcome) -> TrialReport:
    """Analysed, and set beside the publication, with what a stopped trial cannot yet answer left out."""
    data = gather(outcome)
    seed, comparisons = outcome.seed, []
    for published in outcome.trial.published:
        try:
            comparisons.append(compare(published, row_of(published), data, seed))
        except BadValue:  # too few were well enough to be followed, so far
            continue
    return TrialReport(outcome, data, analyse(data, seed), tuple(comparisons))


def told(report: TrialReport, wanted: int) -> dict[str, Any]:
    """All that the view draws."""
    trial = report.trial
    return {
        **report.as_json(),
        "wanted": wanted,
        "scales": list(trial.scales),
        "curves": {s: {n: _curve(a, trial, s) for n, a in report.data.arms.items()} for s in trial.scales},
        "points": {s: _points(report, s) for s in trial.scales},
        "relapse": {
            n: {"time_h": [0.0, *c.time_h], "free": [1.0, *c.free], "low": [1.0, *c.low], "high": [1.0, *c.high]}
            | {"n": c.n, "events": c.events}
            for n, c in report.analysis.curves.items()
        },
        "people": _people(report),
        "published": [_beside(c) for c in report.comparisons],
    }


def _safe(text: str) -> str:
    """The text, if it names no file of this machine. Raises BadFile."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    if table.get("patients"):
        raise BadFile("key 'patients': a table of patients is read by the command line only (`ketamind trial`).")
    return text


def _text(name: str) -> str:
    path = Path(str(resources.files("ketamind") / "data" / "trials" / f"{name}.toml"))
    return path.read_text(encoding="utf-8")


def _described(trial: Trial, text: str) -> dict[str, Any]:
    return {
        "name": trial.name,
        "title": trial.title,
        "note": trial.note,
        "design": trial.design,
        "population": trial.cohort.population,
        "arms": [{**_arm(trial, i), "protocol": trial.protocol(a).words()} for i, a in enumerate(trial.arms)],
        "visits_h": list(trial.visits_h),
        "scales": list(trial.scales),
        "entry": {r: {"mean": t.mean, "sd": t.sd} for r, t in trial.cohort.sample.items()},
        "leave_per_week": trial.conduct.withdrawal_per_week,
        "unblinding": trial.conduct.unblinding,
        "estimand": ESTIMANDS[trial.estimand],
        "usual_patients": usual_patients(trial),
        "text": text,
    }


def _arm(trial: Trial, i: int) -> dict[str, Any]:
    arm = trial.arms[i]
    return {"name": arm.name, "n": arm.n, "kind": arm.kind}


def _curve(arm: ArmData, trial: Trial, scale: str) -> dict[str, Any]:
    """Means of a scale by visit, and the range of the means of arms of the published size."""
    visits = [r for r in trial.readings if r.observable == scale]
    moments = [arm.levels[r.column] for r in visits]
    mean = np.array([m.mean for m in moments])
    half = np.array([BAND * m.sd / np.sqrt(arm.arm.n) for m in moments])
    return {"time_h": [r.time_h for r in visits], "mean": mean, "low": mean - half, "high": mean + half}


def _points(report: TrialReport, scale: str) -> list[dict[str, Any]]:
    """Published levels, and published changes counted from the simulated baseline."""
    found = []
    for c in report.comparisons:
        if c.versus or c.time_h is None or c.what not in (f"change of {scale}", f"level of {scale}"):
            continue
        start = report.data.arms[c.arm].levels[Reading(scale, 0.0).column].mean
        shift = start if c.what.startswith("change") else 0.0
        found.append({"arm": c.arm, "time_h": c.time_h, "value": shift + c.published, "half": c.published_half_width})
    return found


def _people(report: TrialReport) -> dict[str, Any] | None:
    """Changes of the first scale at the first endpoint's time: the spread of each arm as evenly many dots."""
    endpoint = next((e for e in report.trial.endpoints if e.outcome in ("change", "response")), None)
    if endpoint is None:
        return None
    arms = {}
    for name, arm in report.data.arms.items():
        columns: Mapping[str, Floats] = arm.kept
        now = columns[Reading(endpoint.scale, endpoint.time_h).column]
        before = columns[Reading(endpoint.scale, 0.0).column]
        change = (now - before)[np.isfinite(now - before)]
        if len(change):
            arms[name] = {"mean": change.mean(), "dots": np.percentile(change, PERCENTILES)}
    return {"scale": endpoint.scale, "time_h": endpoint.time_h, "arms": arms}


def _beside(c: Comparison) -> dict[str, Any]:
    e = _experiments().get(c.experiment.split(" - ")[0])
    told = {"label": c.label, "how_verified": VERIFIED_WORDS.get(c.verified, c.verified)}
    return {**c.as_json(), **told, "url": e.url if e else "", "doi_or_pmid": e.doi_or_pmid if e else ""}


@lru_cache(maxsize=1)
def _experiments() -> Mapping[str, Any]:
    return {e.id: e for e in shipped_experiments()}
