"""How probable published results are under a prediction, by kind of result.

    levels, means     t4((predicted - observed) / s),   s^2 = se_o^2 + se_p^2 + tau^2, of logarithms where ratios count
    rates             the same of the logit, se_o from the number of patients
    signs             share of a normal around the predicted effect that lies on the published side of the dead zone
    `remaining`       share of a normal around it that lies in the published third

tau is the spread between studies of the same thing, beyond what their sizes explain. Tails are heavy (t with 4 degrees
of freedom; one sign in twenty is taken to be wrong), so that an outlying study pulls little. Results of one study
share its animals, assays and raters: the log-likelihood of a study with m results counts as that of sqrt(m).
Source: Gelman et al., Bayesian Data Analysis, 2013 (robust likelihoods); Miller & Dunson 2019 (tempered ones).
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ketamind.evidence.baselines import study_of
from ketamind.evidence.question import Question
from ketamind.evidence.rules import THIRD, observed_error, rule_of, subjects, third
from ketamind.studies.calibrate.forward import Forward

Floats = NDArray[np.float64]
TAIL = 4.0
WRONG = 0.05
FOLD_SD = 0.35
RATE_SD = 0.35
THIRD_SD = 0.12
BETWEEN = 0.15
"""Spread between studies: of levels and effects relative to the published one; of rates on the logit scale RATE_SD."""
NO_NUMBER = -6.0
"""Log-likelihood of an experiment for which a draw gives no number."""
LEAST, MOST = 0.005, 0.995


def log_likelihood(found: Forward) -> Floats:
    """Log-likelihood (experiments, draws), not yet tempered by study."""
    rows = [_RULES[rule_of(q.experiment, q.statistic)](q, found, i) for i, q in enumerate(found.questions)]
    return np.where(np.isfinite(rows), rows, NO_NUMBER)


def tempering(questions: tuple[Question, ...]) -> Floats:
    """The weight (experiments,) of each result: one over the root of how many its study has."""
    studies = [study_of(q.experiment) for q in questions]
    counts = Counter(studies)
    return np.array([counts[s] ** -0.5 for s in studies])


def _t(z: Floats, scale: Floats | float) -> Floats:
    return np.asarray(-(TAIL + 1) / 2 * np.log1p((z / scale) ** 2 / TAIL))


def _level(q: Question, found: Forward, i: int) -> Floats:
    e = q.experiment
    tau = BETWEEN * abs(e.value)
    scale = np.sqrt(observed_error(e) ** 2 + np.nan_to_num(found.error[i]) ** 2 + tau**2)
    return _t(found.value[i] - e.value, scale)


def _fold(q: Question, found: Forward, i: int) -> Floats:
    e = q.experiment
    if e.value <= 0:
        return _level(q, found, i)
    with np.errstate(all="ignore"):
        z = np.log(np.where(found.value[i] > 0, found.value[i], np.nan) / e.value)
    return _t(z, np.sqrt(FOLD_SD**2 + np.nan_to_num(found.error[i]) ** 2))


def _rate(q: Question, found: Forward, i: int) -> Floats:
    e = q.experiment
    whole = 100.0 if e.unit == "%" else 1.0
    n = subjects(e)
    seen = np.clip((e.value / whole * n + 0.5) / (n + 1), LEAST, MOST)
    predicted = np.clip(found.value[i] / whole, LEAST, MOST)
    drawn = np.nan_to_num(found.error[i]) / whole / (predicted * (1 - predicted))
    scale = np.sqrt(1 / (n * seen * (1 - seen)) + drawn**2 + RATE_SD**2)
    return _t(np.log(predicted / (1 - predicted)) - np.log(seen / (1 - seen)), scale)


def _sign(q: Question, found: Forward, i: int) -> Floats:
    size, zone = found.size[i], np.maximum(found.zone[i], 1e-9)
    low, high = {-1: (-np.inf, -zone), 0: (-zone, zone), 1: (zone, np.inf)}[round(q.experiment.value)]
    right = ndtr((high - size) / zone) - ndtr((low - size) / zone)
    return np.asarray(np.log(WRONG / 2 + (1 - WRONG) * right))


def _third(q: Question, found: Forward, i: int) -> Floats:
    place = third(q.experiment.value)
    low = -np.inf if place == 0 else place * THIRD
    high = np.inf if place == 2 else (place + 1) * THIRD
    v = found.value[i]
    right = ndtr((high - v) / THIRD_SD) - ndtr((low - v) / THIRD_SD)
    return np.asarray(np.log(WRONG / 2 + (1 - WRONG) * right))


_RULES = {"z": _level, "fold": _fold, "log_z": _fold, "rate": _rate, "sign": _sign, "thirds": _third}
