"""The trial around the drug: ratings with their errors, leaving, rescue, relapse. Every draw is by patient and visit.

A rating is the patient's true score, moved by the natural course of mood and the centre, with an error, in whole
points. All depression scales of a visit share one error, as one interview is behind them.

    mood   dx = -x / tau dt + sd sqrt(2 / tau) dW          Ornstein-Uhlenbeck, between visits exactly
    leave  P(stay from t1 to t2) = (1 - p)**(weeks * exp(b * shortfall))
           shortfall: last rating less the baseline, points (negative when better)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ketamind.simulation.population import standard_normals
from ketamind.trials.cohort import uniforms
from ketamind.trials.scales import madrs_rating_sd, points_per_madrs
from ketamind.trials.trial import Arm, Conduct, Reading, Relapse, Rescue, Trial

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
WEEK_H = 168.0
NEVER = np.inf


@dataclass(frozen=True)
class Draws:
    """Random numbers of some patients of a shard: patients `first` to `first + count - 1`, of which `which`.

    `occasion` tells the periods of a crossover apart.
    """

    seed: int
    first: int
    count: int
    which: Integers
    occasion: str = ""

    def normals(self, name: str) -> Floats:
        """Standard normal draws of the stream of that name."""
        return standard_normals(f"trial.{name}{self.occasion}", self.seed, self.first, self.count)[self.which]

    def uniforms(self, name: str) -> Floats:
        """Draws between 0 and 1 of the stream of that name."""
        return uniforms(f"trial.{name}{self.occasion}", self.seed, self.first, self.count)[self.which]


@dataclass(frozen=True)
class Course:
    """What a trial saw of some patients: each reading (NaN where it was not taken), and what befell them [h]."""

    values: Mapping[str, Floats]
    site: Integers
    withdrawn_h: Floats
    rescued_h: Floats


@dataclass(frozen=True)
class Survival:
    """Relapse of those who were well: time from the start of the clock [h], and whether it was a relapse."""

    well: NDArray[np.bool_]
    time_h: Floats
    relapsed: NDArray[np.bool_]


def observe(trial: Trial, arm: Arm, true: Mapping[str, Floats], draws: Draws) -> Course:
    """Rate patients visit by visit; who has left is not read any more."""
    if trial.design == "crossover":
        draws = replace(draws, occasion=f".{arm.name}")
    conduct, n = trial.conduct, len(draws.which)
    site = _sites(conduct, draws)
    shift = conduct.site_sd * _by_site(site, draws) if conduct.site_sd else np.zeros(n)
    withdrawn, rescued = np.full(n, NEVER), np.full(n, NEVER)
    mood = conduct.fluctuation_sd * draws.normals("mood.0") if conduct.fluctuation_sd else np.zeros(n)
    values: dict[str, Floats] = {}
    last, before = np.zeros(n), 0.0
    main = trial.scales[0]
    for time_h, readings in _by_time(trial).items():
        if time_h > 0:
            mood = _moved(mood, conduct, time_h - before, draws, time_h)
            withdrawn = np.minimum(withdrawn, _leave(conduct, last, before, time_h, draws))
        moved = mood + (shift if time_h > 0 else 0.0) - _relief(conduct.rescue, rescued, time_h)
        for reading in readings:
            seen = (
                _rating(reading, true[reading.column], moved, conduct, draws) if reading.rated else true[reading.column]
            )
            values[reading.column] = np.where(withdrawn > time_h, seen, np.nan)
        start, now = values[Reading(main, 0.0).column], values.get(Reading(main, time_h).column)
        if now is not None:
            last = np.where(np.isnan(now), last, now - start)
            rescued = np.minimum(rescued, _rescued(conduct.rescue, now, start, time_h))
        before = time_h
    return Course(values, site, withdrawn, rescued)


def survival(relapse: Relapse, trial: Trial, course: Course) -> Survival:
    """Who was well when the clock started, and when the depression came back."""
    seen = np.array([course.values[Reading(relapse.scale, t).column] for t in relapse.well_h])
    well = (seen <= relapse.well_at_most).sum(axis=0) >= len(relapse.well_h) - relapse.exceptions
    well &= course.withdrawn_h > relapse.from_h
    visits = [r for r in trial.readings if r.observable == relapse.scale and r.time_h > relapse.from_h]
    ratings = np.array([course.values[r.column] for r in visits])
    times = np.array([r.time_h for r in visits]) - relapse.from_h
    row = np.zeros(ratings.shape[1], dtype=np.int64)
    event = np.full(ratings.shape[1], NEVER)
    for k in range(len(times)):
        row = np.where(ratings[k] >= relapse.at_least, row + 1, 0)
        began = times[max(0, k - relapse.consecutive + 1)]
        event = np.where((row >= relapse.consecutive) & (event == NEVER), began, event)
    last = np.where(np.isnan(ratings), 0.0, times[:, None]).max(axis=0)
    relapsed = np.isfinite(event)
    well &= last > 0
    return Survival(well, np.where(relapsed, event, last), relapsed & well)


def _by_time(trial: Trial) -> dict[float, list[Reading]]:
    found: dict[float, list[Reading]] = {}
    for reading in trial.readings:
        found.setdefault(reading.time_h, []).append(reading)
    return found


def _sites(conduct: Conduct, draws: Draws) -> Integers:
    if conduct.sites == 1:
        return np.zeros(len(draws.which), dtype=np.int64)
    patient = replace(draws, occasion="").uniforms("site")
    return np.minimum((patient * conduct.sites).astype(np.int64), conduct.sites - 1)


def _by_site(site: Integers, draws: Draws) -> Floats:
    """A draw for each centre, by its number."""
    return standard_normals("trial.centre", draws.seed, 0, int(site.max(initial=0)) + 1)[site]


def _moved(mood: Floats, conduct: Conduct, hours: float, draws: Draws, time_h: float) -> Floats:
    if not conduct.fluctuation_sd:
        return mood
    kept = float(np.exp(-hours / (24 * conduct.fluctuation_days)))
    fresh = conduct.fluctuation_sd * np.sqrt(1 - kept**2)
    return np.asarray(kept * mood + fresh * draws.normals(f"mood.{time_h:g}"), dtype=np.float64)


def _leave(conduct: Conduct, last: Floats, before: float, time_h: float, draws: Draws) -> Floats:
    """When each patient leaves, if between these visits."""
    if not conduct.withdrawal_per_week:
        return np.full(len(last), NEVER)
    per_h = -np.log1p(-conduct.withdrawal_per_week) / WEEK_H * np.exp(conduct.withdrawal_per_point * last)
    when = before - np.log(draws.uniforms(f"leave.{time_h:g}")) / per_h
    return np.where(when < time_h, when, NEVER)


def _relief(rescue: Rescue | None, rescued: Floats, time_h: float) -> "Floats | float":
    if rescue is None:
        return 0.0
    return np.asarray(rescue.points * (1 - np.exp(-np.maximum(time_h - rescued, 0.0) / rescue.tau_h)), dtype=np.float64)


def _rescued(rescue: Rescue | None, now: Floats, start: Floats, time_h: float) -> "Floats | float":
    if rescue is None or time_h < rescue.from_h:
        return NEVER
    return np.where(now > (1 - rescue.below) * start, time_h, NEVER)


def _rating(reading: Reading, true: Floats, moved: Floats, conduct: Conduct, draws: Draws) -> Floats:
    """Whole points, none under 0."""
    scale = reading.observable
    slope = points_per_madrs().get(scale, 0.0)
    usual = slope * madrs_rating_sd()
    sd = conduct.rating_sd.get(scale, usual)
    stream = f"rating.{reading.time_h:g}" if slope else f"rating.{scale}.{reading.time_h:g}"
    error = sd * draws.normals(stream) if sd else 0.0
    return np.asarray(np.maximum(np.round(true + slope * moved + error), 0.0), dtype=np.float64)
