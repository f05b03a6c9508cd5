"""Statistics against textbook data, closed forms and their own error rates."""

import numpy as np
import pytest

from ketamind.trials.power import analytic_power, assurance, simulated_power, welch
from ketamind.trials.repeated_measures import Gathered, design, fit
from ketamind.trials.survival import at, hazard_ratio, kaplan_meier

# Freireich et al. 1963, remission in leukaemia, weeks: 6-mercaptopurine (censored marked by 0) and placebo.
DRUG_WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
DRUG_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO_WEEKS = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_kaplan_meier_of_freireichs_data():
    curve = kaplan_meier(np.array(DRUG_WEEKS, float), np.array(DRUG_EVENT, bool))
    known = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for week, share in known.items():
        assert at(curve, week) == pytest.approx(share, abs=5e-4)
    assert curve.median_h == 23
    placebo = kaplan_meier(np.array(PLACEBO_WEEKS, float), np.ones(21, bool))
    assert placebo.median_h == 8
    assert ((curve.low <= curve.free) & (curve.free <= curve.high)).all()


def test_cox_of_freireichs_data():
    time = np.array(DRUG_WEEKS + PLACEBO_WEEKS, float)
    event = np.array(DRUG_EVENT + [1] * 21, bool)
    ratio = hazard_ratio(time, event, np.repeat([False, True], 21))
    assert np.log(ratio.value) == pytest.approx(1.5721, abs=2e-3)
    assert ratio.low == pytest.approx(2.147, rel=0.01)
    assert ratio.high == pytest.approx(10.81, rel=0.01)


def test_a_median_that_is_not_reached_is_infinite():
    assert kaplan_meier(np.array([1.0, 2.0, 3.0]), np.zeros(3, bool)).median_h == np.inf
    assert np.isnan(hazard_ratio(np.ones(4), np.zeros(4, bool), np.array([1, 1, 0, 0], bool)).value)


def simulated(rng, n, effect=0.0, missing=0.0, visits=3):
    arm = np.arange(n) % 2 == 0
    baseline = rng.normal(32, 5, n)
    factor = np.linalg.cholesky(np.array([[40, 25, 20], [25, 60, 40], [20, 40, 90.0]])[:visits, :visits])
    y = -0.3 * (baseline[:, None] - 32) - 5 + rng.normal(size=(n, visits)) @ factor.T
    y[arm] += effect
    gone = rng.random(n) < missing
    for i in np.flatnonzero(gone):
        y[i, rng.integers(1, visits) :] = np.nan
    return design(arm, baseline, 32.0), y


def gathered(z, y):
    found = Gathered(z.shape[1], y.shape[1])
    half = len(z) // 2
    found.add(z[:half], y[:half])
    found.add(z[half:], y[half:])
    return found


def test_with_complete_data_the_mixed_model_is_covariance_analysis_at_each_visit():
    import statsmodels.api as sm

    z, y = simulated(np.random.default_rng(1), 60, effect=-3.0)
    found = fit(gathered(z, y))
    for visit in range(3):
        ordinary = sm.OLS(y[:, visit], z).fit()
        value, error, low, high = found.effect(1, visit)
        assert value == pytest.approx(ordinary.params[1], rel=1e-9)
        assert error == pytest.approx(ordinary.bse[1], rel=1e-6)
        assert (low, high) == pytest.approx(tuple(ordinary.conf_int()[1]), rel=1e-6)
        assert found.p_value(1, visit) == pytest.approx(ordinary.pvalues[1], rel=1e-5)


def dense_likelihood(residual, z, y):
    """Restricted log likelihood written out patient by patient."""
    q, t = z.shape[1], y.shape[1]
    normal, right, rest, rows = np.zeros((q * t, q * t)), np.zeros(q * t), 0.0, 0
    parts = []
    for zi, yi in zip(z, y, strict=True):
        seen = np.flatnonzero(~np.isnan(yi))
        x = np.kron(zi, np.eye(t)[seen])
        v = residual[np.ix_(seen, seen)]
        normal += x.T @ np.linalg.solve(v, x)
        right += x.T @ np.linalg.solve(v, yi[seen])
        parts.append((x, v, yi[seen]))
        rows += len(seen)
    b = np.linalg.solve(normal, right)
    for x, v, yi in parts:
        left = yi - x @ b
        rest += np.linalg.slogdet(v)[1] + left @ np.linalg.solve(v, left)
    total = rest + np.linalg.slogdet(normal)[1] + (rows - q * t) * np.log(2 * np.pi)
    return -0.5 * total, b.reshape(q, t)


def test_with_missing_visits_it_is_the_maximum_of_the_likelihood_written_out():
    z, y = simulated(np.random.default_rng(2), 80, effect=-3.0, missing=0.3)
    found = fit(gathered(z, y))
    best, b = dense_likelihood(found.residual, z, y)
    assert found.log_likelihood == pytest.approx(best, rel=1e-9)
    np.testing.assert_allclose(found.coefficients, b, rtol=1e-7)
    rng = np.random.default_rng(3)
    for _ in range(20):
        bend = np.eye(3) + 0.03 * rng.normal(size=(3, 3))
        assert dense_likelihood(bend @ found.residual @ bend.T, z, y)[0] <= best + 1e-6


@pytest.mark.parametrize(("missing", "trials"), [(0.0, 1000), (0.25, 120)])
def test_a_null_trial_is_significant_in_five_of_a_hundred(missing, trials):
    rng = np.random.default_rng(11)
    hits = sum(fit(gathered(*simulated(rng, 60, missing=missing))).p_value(1, 2) < 0.05 for _ in range(trials))
    assert abs(hits / trials - 0.05) < 3.3 * np.sqrt(0.05 * 0.95 / trials)


def test_simulated_trials_of_one_treatment_against_itself_are_significant_in_five_of_a_hundred():
    from ketamind.trials import read_trial
    from ketamind.trials.gathered import as_arrays, change
    from ketamind.trials.run import run_trial
    from trials.test_declaration import GOOD

    trial = read_trial(GOOD.replace("0.5 mg/kg ketamine iv over 40 min", "0 mg/kg saline iv over 40 min"))
    hits, trials, size = 0, 500, 40
    for table in run_trial(trial, trials * size, seed=9).tables():
        columns = as_arrays(table, trial)
        z = design(columns["arm"] == "ketamine", columns["madrs_0h"], 32.0)
        y = np.column_stack([change(columns, "madrs", t) for t in trial.visits_h])
        for k in range(0, len(z) - size + 1, size):
            hits += fit(gathered(z[k : k + size], y[k : k + size])).p_value(1, 0) < 0.05
    assert abs(hits / trials - 0.05) < 3.3 * np.sqrt(0.05 * 0.95 / trials)


def test_simulated_power_agrees_with_the_formula():
    rng = np.random.default_rng(5)
    one, other = rng.normal(-5, 10, 20_000), rng.normal(0, 10, 20_000)
    for found in simulated_power(one, other, (20, 64, 100), seed=1):
        known = analytic_power(one.mean() - other.mean(), 10.0, found.per_arm)
        assert found.power == pytest.approx(known, abs=0.035)
        assert found.low < found.power < found.high


def test_power_without_a_difference_is_the_level():
    same = np.random.default_rng(6).normal(0, 10, 20_000)
    (found,) = simulated_power(same, same, (40,), seed=2, replicates=4000)
    assert found.power == pytest.approx(0.05, abs=0.012)


def test_assurance_is_power_averaged_over_the_belief():
    rng = np.random.default_rng(7)
    difference = rng.normal(5, 2, 20_000)
    error = 10 * np.sqrt(2 / 64)
    won = np.mean(difference + rng.normal(0, error, 20_000) > 1.959964 * error)
    assert assurance(5.0, 2.0, 10.0, 64) == pytest.approx(won, abs=0.012)
    assert assurance(5.0, 1e-9, 10.0, 64) == pytest.approx(analytic_power(5, 10, 64), abs=0.01)


def test_welch_is_scipys():
    from scipy import stats

    rng = np.random.default_rng(8)
    one, other = rng.normal(size=(5, 12)), rng.normal(0.5, 2, (5, 30))
    np.testing.assert_allclose(welch(one, other), stats.ttest_ind(one, other, axis=1, equal_var=False).pvalue)
    assert welch(np.zeros((1, 4)), np.zeros((1, 4)))[0] == 1.0
