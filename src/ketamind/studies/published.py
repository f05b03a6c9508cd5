"""Published results of a trial beside simulated trials of the published size.

A simulated trial draws as many of the simulated patients of each arm as the publication had, with replacement; the 95 %
prediction interval holds the middle 95 % of such trials. Which published numbers served to calibrate a parameter is
read from the parameter tables and said. With an ensemble of parameter draws the interval holds the middle 95 % of the
trials of all its members.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.declare import shipped_table
from ketamind.errors import BadValue, unknown_name
from ketamind.evidence.experiments import Experiment, shipped_experiments
from ketamind.trials.analysis import relapse_ratio
from ketamind.trials.gathered import Data, change
from ketamind.trials.power import welch
from ketamind.trials.survival import kaplan_meier
from ketamind.trials.trial import Published, Reading, Trial

Floats = NDArray[np.float64]
Columns = Mapping[str, Floats]
REPLICATES = 2000
SURVIVAL_REPLICATES = 200
ALPHA = 0.05
REMITTED = {"madrs": 12, "hamd17": 7, "hamd6": 4, "hamd24": 10, "hamd25": 10, "qids_sr16": 5}


@dataclass(frozen=True)
class Comparison:
    """A published number beside its simulation; 95 % of simulated trials of its size lie in `low` to `high`."""

    experiment: str
    what: str
    arm: str
    versus: str
    time_h: float | None
    unit: str
    published: float
    published_half_width: float | None
    simulated: float
    low: float
    high: float
    primary: bool
    calibrated_on: bool
    verified: str
    citation: str

    @property
    def inside(self) -> bool:
        """True if the published number lies in the range of simulated trials."""
        return self.low <= self.published <= self.high

    @property
    def label(self) -> str:
        """For people."""
        who = f"{self.arm} against {self.versus}" if self.versus else self.arm
        when = "" if self.time_h is None else f", {_time(self.time_h)}"
        return f"{self.what}, {who}{when}"

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        plain = {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in asdict(self).items()}
        return {**plain, "inside": self.inside}


@lru_cache(maxsize=1)
def _experiments() -> Mapping[str, Experiment]:
    return {e.id: e for e in shipped_experiments()}


def row_of(published: Published) -> Experiment:
    known = _experiments()
    for name in (published.experiment, *((published.minus,) if published.minus else ())):
        if name not in known:
            raise unknown_name(name, "a shipped experiment", known)
    return known[published.experiment]


@lru_cache(maxsize=1)
def _calibrating_words() -> str:
    """All notes and conditions of calibrated parameters, in which the experiments are named that they rest on."""
    rows = shipped_table().rows.values()
    return " ".join(f"{r.conditions} {r.note}" for r in rows if r.verified in ("calibrated", "derived"))


def used_to_calibrate(experiment: str) -> bool:
    """True if a parameter's row says that it rests on this experiment."""
    return experiment in _calibrating_words()


def compare(published: Published, e: Experiment, data: Data, seed: int, members: Sequence[Data] = ()) -> Comparison:
    """One published result beside simulated trials of its size, by each member of an ensemble if there is one.

    Raises BadValue for what the trial does not read.
    """
    rng = np.random.default_rng([seed, *e.id.encode()])
    names = (published.arm, published.versus) if published.versus else (published.arm,)
    sizes = [_size(published, e, data, n) for n in names]
    tried = [
        _simulated(published, e, [one.arms[n].kept for n in names], sizes, data.trial, rng) for one in (data, *members)
    ]
    simulated = tried[0][0]
    low, high = _middle(np.concatenate([trials for _, trials in (tried[1:] or tried)]))
    other = _experiments()[published.minus] if published.minus else None
    minus = 0.0 if other is None else other.value
    used = _calibrating_words()
    return Comparison(
        experiment=e.id if other is None else f"{e.id} - {other.id}",
        what=f"{WORDS.get(e.statistic, e.statistic)} of {e.observable}",
        arm=published.arm,
        versus=published.versus,
        time_h=e.time_h if e.statistic not in ("hazard_ratio", "median_time") else None,
        unit=e.unit,
        published=e.value - minus,
        published_half_width=_half_width(e, other),
        simulated=simulated,
        low=low,
        high=high,
        primary=published.primary,
        calibrated_on=e.id in used or (other is not None and other.id in used),
        verified=e.verified,
        citation=e.citation,
    )


def _middle(trials: Floats) -> tuple[float, float]:
    """The range of the middle 95 % of trials; NaN if none of them has the number."""
    found = trials[~np.isnan(trials)]
    if not found.size:
        return float("nan"), float("nan")
    low, high = np.percentile(found, [2.5, 97.5], method="closest_observation")
    return float(low), float(high)


WORDS = {
    "change": "change",
    "value": "level",
    "response_rate": "response",
    "remission_rate": "remission",
    "difference": "difference in change",
    "effect_size": "standardised difference in change",
    "sign": "sign of significant difference",
    "hazard_ratio": "hazard ratio of relapse",
    "median_time": "median time to relapse",
}


def _size(published: Published, e: Experiment, data: Data, name: str) -> int:
    alone = not published.versus and e.statistic not in ("hazard_ratio", "median_time")
    return e.n if alone and e.n else data.arms[name].arm.n


def _half_width(e: Experiment, other: Experiment | None) -> float | None:
    """Half of the published 95 % interval, where it can be told."""
    if other is not None or e.spread is None:
        return None
    if e.spread_kind == "ci95":
        return e.spread
    if e.spread_kind == "sem":
        return 1.96 * e.spread
    return 1.96 * e.spread / np.sqrt(e.n) if e.spread_kind == "sd" and e.n else None


def _simulated(
    published: Published,
    e: Experiment,
    columns: Sequence[Columns],
    sizes: list[int],
    trial: Trial,
    rng: np.random.Generator,
) -> tuple[float, Floats]:
    """The number from all patients, and from each of many trials of the published size."""
    if e.statistic in ("hazard_ratio", "median_time"):
        return _survival(e.statistic, columns, sizes, rng)
    values = [_values(published, e, c, trial) for c in columns]
    whole = _statistic(e.statistic, [v[None] for v in values], trial.design)
    samples = _samples(values, sizes, trial.design, rng)
    return float(whole[0]), _statistic(e.statistic, samples, trial.design)


def _samples(values: list[Floats], sizes: list[int], design: str, rng: np.random.Generator) -> list[Floats]:
    """Patients drawn for each trial; the same ones in both arms of a crossover."""
    if design == "crossover":
        which = rng.integers(0, values[0].size, (REPLICATES, max(sizes)))
        return [v[which] for v in values]
    return [v[rng.integers(0, v.size, (REPLICATES, n))] for v, n in zip(values, sizes, strict=True)]


def _values(published: Published, e: Experiment, columns: Columns, trial: Trial) -> Floats:
    """What is averaged: points, or 100 and 0 for response; NaN where a patient was not rated."""
    time_h = float(e.time_h or 0.0)
    if Reading(e.observable, time_h).column not in columns:
        raise BadValue(f"'{e.id}' is {e.observable} at {time_h:g} h, which this trial does not read.")
    now, before = columns[Reading(e.observable, time_h).column], columns[Reading(e.observable, 0.0).column]
    if e.statistic == "value":
        return now
    if e.statistic == "response_rate":
        return _hits(now <= before / 2, now, published)
    if e.statistic == "remission_rate":
        at_most = published.at_most if published.at_most is not None else REMITTED[e.observable]
        return _hits(now <= at_most, now, published)
    if e.statistic in ("change", "difference", "effect_size", "sign"):
        return change(columns, e.observable, time_h)
    raise BadValue(f"a trial cannot be compared by the statistic '{e.statistic}' of '{e.id}'.")


def _hits(reached: NDArray[np.bool_], now: Floats, published: Published) -> Floats:
    """100 for those who reached it, 0 for the others; NaN, or a failure, for those who were not rated."""
    missing = 0.0 if published.missing_fails else np.nan
    return np.where(np.isnan(now), missing, 100.0 * reached)


def _statistic(name: str, samples: list[Floats], design: str) -> Floats:
    """The statistic of each row of samples."""
    means = [np.nanmean(s, axis=1) for s in samples]
    if len(samples) == 1:
        return np.asarray(means[0], dtype=np.float64)
    apart = np.asarray(means[0] - means[1], dtype=np.float64)
    if name == "effect_size":
        spread = np.sqrt(0.5 * sum(np.nanvar(s, axis=1, ddof=1) for s in samples))
        return np.asarray(apart / np.maximum(spread, 1e-9))
    if name != "sign":
        return apart
    pair = samples[0] - samples[1] if design == "crossover" else None
    p = welch(pair, np.zeros_like(pair)) if pair is not None else welch(_filled(samples[0]), _filled(samples[1]))
    return np.asarray(np.sign(apart) * (p < ALPHA), dtype=np.float64)


def _filled(samples: Floats) -> Floats:
    """Missing values replaced by the mean of those there, so that tests along rows need no masks."""
    return np.where(np.isnan(samples), np.nanmean(samples, axis=1, keepdims=True), samples)


def _survival(
    name: str, columns: Sequence[Columns], sizes: list[int], rng: np.random.Generator
) -> tuple[float, Floats]:
    """Hazard ratio between two arms, or median time to relapse in one [h], among those who were well."""
    well = [{k: c[k][c["well"].astype(bool)] for k in ("well", "relapsed", "followed_h")} for c in columns]
    if any(len(w["well"]) < 10 for w in well):
        raise BadValue("fewer than ten simulated patients were well enough to be followed; simulate more patients.")

    def number(parts: list[Columns]) -> float:
        if name == "hazard_ratio":
            return relapse_ratio(parts[0], parts[1])[0]
        return kaplan_meier(parts[0]["followed_h"], parts[0]["relapsed"].astype(bool)).median_h

    def sample(part: Columns, size: int) -> Columns:
        which = rng.integers(0, len(part["well"]), size)
        return {k: v[which] for k, v in part.items()}

    trials = [number([sample(w, n) for w, n in zip(well, sizes, strict=True)]) for _ in range(SURVIVAL_REPLICATES)]
    return number(list(well)), np.array(trials)


def _time(hours: float) -> str:
    return f"{hours:.3g} h" if hours < 48 else f"{hours / 24:.3g} d"
