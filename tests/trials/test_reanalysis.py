"""A generated trial analysed again by other people's software: statsmodels' formulas, and Cox written out."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import optimize, stats

from ketamind.studies.trials import report_trial
from ketamind.trials import read_trial
from ketamind.trials.survival import hazard_ratio
from trials.test_declaration import GOOD

LEAVERS = (
    GOOD + '[conduct]\nwithdrawal_per_week = 0.15\n[[endpoint]]\noutcome = "response"\nscale = "madrs"\nat = "7 d"'
)


@pytest.fixture(scope="module")
def report():
    return report_trial(read_trial(GOOD + '[[endpoint]]\noutcome = "response"\nscale = "madrs"\nat = "24 h"'), 240, 5)


def frame(report):
    table = pd.concat([t.to_pandas() for t in report.outcome.tables()], ignore_index=True)
    table["active"] = (table["arm"] == "ketamine").astype(float)
    table["change"] = table["madrs_24h"] - table["madrs_0h"]
    return table


def estimate(report, what, versus):
    return next(e for e in report.analysis.estimates if e.what.startswith(what) and bool(e.versus) == versus)


def test_complete_data_give_the_covariance_analysis_of_statsmodels(report):
    ours = estimate(report, "change", versus=True)
    theirs = smf.ols("change ~ active + madrs_0h", frame(report)).fit()
    assert ours.value == pytest.approx(theirs.params["active"], rel=1e-6)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.conf_int().loc["active"]), rel=1e-4)


def test_response_rates_are_wilsons(report):
    ours = estimate(report, "response", versus=False)
    table = frame(report)
    arm = table[table["arm"] == ours.arm]
    hits, n = int((arm["madrs_24h"] <= arm["madrs_0h"] / 2).sum()), len(arm)
    low, high = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert ours.value == pytest.approx(100 * hits / n)
    assert (ours.low, ours.high) == pytest.approx((100 * low, 100 * high), rel=1e-6)


def test_with_drop_out_the_mixed_model_is_near_one_with_a_random_intercept():
    found = report_trial(read_trial(LEAVERS), 400, 6)
    table = frame(found)
    late = table.assign(visit="late", y=table["madrs_168h"] - table["madrs_0h"], patient=table.index)
    early = table.assign(visit="early", y=table["change"], patient=table.index)
    long = pd.concat([early, late]).dropna(subset=["y"])
    assert long["y"].size < 800
    theirs = smf.mixedlm("y ~ (active + madrs_0h) * C(visit)", long, groups=long["patient"]).fit(reml=True)
    ours = estimate(found, "change", versus=True)
    # the other model takes both visits as equally variable, so that agreement is near, not exact
    assert ours.value == pytest.approx(theirs.params["active"], abs=0.15 * (ours.high - ours.low))


def test_the_hazard_ratio_maximises_the_partial_likelihood_written_out():
    rng = np.random.default_rng(4)
    group = np.arange(120) % 2 == 0
    time = np.ceil(rng.exponential(np.where(group, 9.0, 5.0)))
    event = time <= 12
    time = np.minimum(time, 12.0)
    x = group.astype(float)

    def minus_log_likelihood(b):
        total = 0.0
        for t in np.unique(time[event]):
            tied, risk = event & (time == t), np.exp(b * x[time >= t])
            dead = np.exp(b * x[tied])
            shares = np.arange(tied.sum()) / tied.sum()
            total += b * x[tied].sum() - np.log(risk.sum() - shares * dead.sum()).sum()
        return -total

    best = optimize.minimize_scalar(minus_log_likelihood, bounds=(-3, 3), method="bounded").x
    assert np.log(hazard_ratio(time, event, group).value) == pytest.approx(best, abs=1e-4)
