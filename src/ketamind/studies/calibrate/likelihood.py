"""How probable published results are under a prediction.

Each result is compared on a scale of its own, on which errors are even:

    levels, means, differences     the number itself          s^2 = se_o^2 + se_p^2 + (0.15 observed)^2
    ratios, exposures, times       its logarithm              s^2 = 0.35^2 + se_p^2
    rates                          its logit                  s^2 = 1 / (n p (1 - p)) + se_p^2 + 0.35^2
    signs                          arcsinh(effect / dead zone)                      s = 0.6
    `remaining`, `restored`        the number, -0.5 to 1.5                          s = 0.12

Numbers: log p = log t4((prediction - observed) / s). Signs and thirds: the share of a normal of standard deviation s
around the prediction that lies on the published side of the dead zone, or in the published third. The last term of
each s is the spread between studies of the same thing. Tails are heavy (t with 4 degrees of freedom; one direction in
twenty is taken to be wrong), so that an outlying study pulls little. Results of one study share animals, assays and
raters: the log-likelihood of a study with m results counts as that of sqrt(m).
Source: Gelman et al., Bayesian Data Analysis, 2013 (robust likelihoods); Miller & Dunson 2019 (tempered ones).
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ketamind.evidence.baselines import study_of
from ketamind.evidence.question import Predicted, Question
from ketamind.evidence.rules import THIRD, judge, observed_error, rule_of, subjects, third
from ketamind.studies.calibrate.forward import Forward

Floats = NDArray[np.float64]
TAIL = 4.0
WRONG = 0.05
BETWEEN, FOLD_SD, RATE_SD, SIGN_SD, THIRD_SD = 0.15, 0.35, 0.35, 0.6, 0.12
LEAST, MOST = 0.005, 0.995
TINY = 1e-9
EDGE_OF_NONE = float(np.arcsinh(1.0))
"""Where the dead zone ends on the scale of signs."""


@dataclass(frozen=True)
class Results:
    """Published results (n,) on their own scales: numbers have a `target`, directions and thirds an interval.

    `weight` tempers those of one study.
    """

    questions: tuple[Question, ...]
    target: Floats
    low: Floats
    high: Floats
    scale: Floats
    weight: Floats

    @property
    def studies(self) -> tuple[str, ...]:
        """The study of each result."""
        return tuple(study_of(q.experiment) for q in self.questions)

    def log_likelihood(self, predicted: Floats) -> Floats:
        """Log-likelihood (..., n), not yet tempered, of predictions (..., n) on their own scales."""
        z = (predicted - self.target) / self.scale
        number = -(TAIL + 1) / 2 * np.log1p(z**2 / TAIL)
        with np.errstate(invalid="ignore"):
            inside = ndtr((self.high - predicted) / self.scale) - ndtr((self.low - predicted) / self.scale)
        found = np.where(np.isnan(self.target), np.log(WRONG / 2 + (1 - WRONG) * inside), number)
        return np.asarray(found)


def results_of(found: Forward) -> Results:
    """The published results that a forward run predicts; sampling errors are those of its median draw."""
    rows = [_scales(q, _middle(found.error[i])) for i, q in enumerate(found.questions)]
    target, low, high, scale = (np.array(column) for column in zip(*rows, strict=True))
    counts = Counter(study_of(q.experiment) for q in found.questions)
    weight = np.array([counts[study_of(q.experiment)] ** -0.5 for q in found.questions])
    return Results(found.questions, target, low, high, scale, weight)


def on_own_scale(found: Forward) -> Floats:
    """The predictions (n, draws) on the scales of their results; NaN where there is no number."""
    with np.errstate(all="ignore"):
        rows = [_transformed(q, found, i) for i, q in enumerate(found.questions)]
    return np.where(np.isfinite(rows), rows, np.nan)


def agrees(results: Results, predicted: Floats) -> NDArray[np.bool_]:
    """Whether predictions (n,) on the results' own scales agree, by the rules of the scoreboard."""
    return np.array([_agrees(q, float(u)) for q, u in zip(results.questions, predicted, strict=True)])


def _agrees(q: Question, u: float) -> bool:
    rule = rule_of(q.experiment, q.statistic)
    value = {
        "sign": np.sign(u) if abs(u) > EDGE_OF_NONE else 0.0,
        "rate": _whole(q) / (1 + np.exp(-u)),
        "fold": np.exp(u) if q.experiment.value > 0 else u,
        "log_z": np.exp(u) if q.experiment.value > 0 else u,
    }.get(rule, u)
    return bool(judge(q.experiment, q.statistic, Predicted(float(value))).agrees)


def _middle(errors: Floats) -> float:
    known = errors[np.isfinite(errors)]
    return float(np.median(known)) if known.size else 0.0


def _scales(q: Question, error: float) -> tuple[float, float, float, float]:
    """Target (NaN for an interval), bounds, and scale of a result."""
    e, rule = q.experiment, rule_of(q.experiment, q.statistic)
    if rule == "sign":
        none = EDGE_OF_NONE
        low, high = {-1: (-np.inf, -none), 0: (-none, none), 1: (none, np.inf)}[round(e.value)]
        return np.nan, low, high, SIGN_SD
    if rule == "thirds":
        place = third(e.value)
        return np.nan, -np.inf if place == 0 else place * THIRD, np.inf if place == 2 else (1 + place) * THIRD, THIRD_SD
    if rule == "rate":
        n, whole = subjects(e), _whole(q)
        p = float(np.clip((e.value / whole * n + 0.5) / (n + 1), LEAST, MOST))
        spread = 1 / (n * p * (1 - p))
        drawn = error / whole / (p * (1 - p))
        return float(_logit(p)), np.nan, np.nan, float(np.sqrt(spread + drawn**2 + RATE_SD**2))
    if rule in ("fold", "log_z") and e.value > 0:
        return float(np.log(e.value)), np.nan, np.nan, float(np.hypot(FOLD_SD, error))
    scale = np.sqrt(observed_error(e) ** 2 + error**2 + (BETWEEN * e.value) ** 2)
    return e.value, np.nan, np.nan, float(max(scale, TINY))


def _transformed(q: Question, found: Forward, i: int) -> Floats:
    rule, value = rule_of(q.experiment, q.statistic), found.value[i]
    if rule == "sign":
        return np.asarray(np.arcsinh(found.size[i] / np.maximum(found.zone[i], TINY)))
    if rule == "thirds":
        return np.asarray(np.clip(value, -0.5, 1.5))
    if rule == "rate":
        return np.asarray(_logit(np.clip(value / _whole(q), LEAST, MOST)))
    if rule in ("fold", "log_z") and q.experiment.value > 0:
        return np.asarray(np.log(np.where(value > 0, value, np.nan)))
    return np.asarray(value)


def _whole(q: Question) -> float:
    return 100.0 if q.experiment.unit == "%" else 1.0


def _logit(p: Floats | float) -> Floats:
    return np.asarray(np.log(p / (1 - p)))
