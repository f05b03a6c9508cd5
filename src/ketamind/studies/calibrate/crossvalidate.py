"""What a calibration predicts of studies that it has not seen.

Studies are dealt into folds; for each fold the posterior is sampled without its studies, and they are predicted. The
score of a result is the log of its probability averaged over the draws, tempered as in the likelihood; the sum over
all is the expected log predictive density (Vehtari, Gelman & Gabry 2017), its standard error that of the sum over
studies. Beside it stands the share of results that the median prediction gets right by the scoreboard's rules.
Predictions are the emulator's, which was made with all studies' *predictions* but never saw an observed number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.evidence.rules import rule_of
from ketamind.studies.calibrate.likelihood import Results, agrees
from ketamind.studies.calibrate.posterior import Runs, choose, sample, widened

Floats = NDArray[np.float64]
FOLDS = 5
DRAWS = 400


@dataclass(frozen=True)
class CrossValidation:
    """Expected log predictive density with its standard error; agreement left out and fitted, of results compared.

    `measures` holds, for studies left out, what the scoreboard reports: (sum, how many) of signs, thirds and response
    rates that agree, and of squared errors of MADRS changes.
    """

    density: float
    error: float
    agree: int
    fitted: int
    compared: int
    by_study: Mapping[str, float]
    measures: Mapping[str, tuple[float, int]]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "log_predictive_density": round(self.density, 3),
            "standard_error": round(self.error, 3),
            "agree_left_out": self.agree,
            "agree_fitted": self.fitted,
            "compared": self.compared,
            "measures": {name: [round(total, 3), n] for name, (total, n) in self.measures.items()},
            "by_study": {name: round(value, 4) for name, value in sorted(self.by_study.items())},
        }


def cross_validate(runs: Runs, seed: int, folds: int = FOLDS) -> CrossValidation:
    """Leave each fold of studies out in turn."""
    studies = np.array(runs.results.studies)
    names = np.unique(studies)
    fold_of = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % folds, strict=True))
    fold = np.array([fold_of[s] for s in studies])
    density, middle = np.zeros(len(studies)), np.zeros(len(studies))
    for k in range(folds):
        out = fold == k
        density[out], middle[out] = _predict(runs, seed + k, out)
    _, fitted = _predict(runs, seed, np.zeros(len(studies), bool), everything=True)
    by_study = {str(s): float(density[studies == s].sum()) for s in names}
    spread = np.array(list(by_study.values()))
    return CrossValidation(
        float(density.sum()),
        float(np.sqrt(len(spread)) * spread.std(ddof=1)) if len(spread) > 1 else 0.0,
        int(agrees(runs.results, middle).sum()),
        int(agrees(runs.results, fitted).sum()),
        len(studies),
        by_study,
        measures_of(runs.results, middle),
    )


def measures_of(results: Results, middle: Floats) -> dict[str, tuple[float, int]]:
    """Sums behind the scoreboard's measures, for predictions (n,) on the results' own scales."""
    right = agrees(results, middle)
    asked = [(q.experiment, q.statistic.name, rule_of(q.experiment, q.statistic)) for q in results.questions]
    which = {
        "sign_accuracy": [rule == "sign" for _, _, rule in asked],
        "remaining_accuracy": [name == "remaining" for _, name, _ in asked],
        "response_rates_inside": [name == "response_rate" for _, name, _ in asked],
    }
    found = {key: (float(right[np.array(mask)].sum()), int(sum(mask))) for key, mask in which.items()}
    madrs = np.array([e.observable == "madrs" and name == "change" for e, name, _ in asked])
    squared = float(((middle - results.target)[madrs] ** 2).sum())
    return {**found, "madrs_change_rmse": (squared, int(madrs.sum()))}


def _predict(runs: Runs, seed: int, out: NDArray[np.bool_], everything: bool = False) -> tuple[Floats, Floats]:
    """Tempered log density and median prediction of the results left out (of all, if `everything`)."""
    chain, emulator = sample(runs, seed, out, steps=1500, burn=1000)
    predicted = emulator(choose(chain, DRAWS, seed))
    wanted = np.ones(len(out), bool) if everything else out
    each = widened(runs.results, emulator).log_likelihood(predicted)[:, wanted]
    top = each.max(axis=0)
    averaged = top + np.log(np.exp(each - top).mean(axis=0))
    return averaged * runs.results.weight[wanted], np.median(predicted, axis=0)[wanted]
