"""Statistics against closed forms and textbook data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamind.evidence import statistics

RATE = 0.4
T = np.concatenate([np.linspace(0, 6, 400), np.linspace(6.1, 60, 400)])
BOLUS = 5 * np.exp(-RATE * T)

# Freireich 1963: weeks to relapse in acute leukaemia, placebo and 6-mercaptopurine (True: relapsed)
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], dtype=float)
DRUG = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], dtype=float)
DRUG_EVENTS = np.array([True] * 9 + [False] * 12)


def test_exposure_of_a_bolus_in_one_compartment():
    assert statistics.area_to_infinity(T, BOLUS) == pytest.approx(5 / RATE, rel=1e-3)
    assert statistics.moment_to_infinity(T, BOLUS) / statistics.area_to_infinity(T, BOLUS) == pytest.approx(
        1 / RATE, rel=1e-3
    )
    assert statistics.half_life(T, BOLUS, 4, 12) == pytest.approx(np.log(2) / RATE)
    assert statistics.area(T, BOLUS, 0, 2) == pytest.approx(5 / RATE * (1 - np.exp(-RATE * 2)), rel=1e-3)


def test_a_curve_that_rises_has_no_half_life():
    with pytest.raises(ValueError, match="does not decline"):
        statistics.half_life(T, 1 + T, 4, 12)


def test_survival_of_the_leukaemia_trial():
    every = np.ones(21, dtype=bool)
    assert statistics.median_survival(PLACEBO, every) == 8
    assert statistics.median_survival(DRUG, DRUG_EVENTS) == 23
    assert statistics.survival_at(DRUG, DRUG_EVENTS, 10) == pytest.approx(0.753, abs=5e-4)
    ratio = statistics.hazard_ratio([(PLACEBO, every), (DRUG, DRUG_EVENTS)])
    assert ratio == pytest.approx(np.exp(1.509), rel=2e-3)


def test_nobody_relapses_and_the_median_is_never_reached():
    times, none = np.full(9, 10.0), np.zeros(9, dtype=bool)
    assert statistics.median_survival(times, none) == np.inf
    with pytest.raises(ValueError, match="nobody"):
        statistics.hazard_ratio([(times, none), (times, none)])


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 3))
@settings(max_examples=25, deadline=None)
def test_a_hazard_ratio_turns_over_with_its_arms(seed, factor):
    rng = np.random.default_rng(seed)
    one, other = (
        (t, rng.random(60) < 0.8) for t in (rng.exponential(1, 60).round(1), rng.exponential(factor, 60).round(1))
    )
    there, back = statistics.hazard_ratio([one, other]), statistics.hazard_ratio([other, one])
    assert there * back == pytest.approx(1, rel=1e-4)


def test_wilson_interval_of_the_textbook():
    """Newcombe 1998, table I: 81 of 263, and 0 of 20."""
    assert statistics.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert statistics.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@given(st.integers(1, 5000), st.floats(0, 1))
def test_an_interval_holds_its_own_rate(n, share):
    k = round(share * n)
    low, high = statistics.wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1


def test_effect_size_of_shifted_groups():
    rng = np.random.default_rng(0)
    one = rng.standard_normal(4000)
    assert statistics.cohen_d(one - 0.8, one) == pytest.approx(-0.8, rel=0.02)
    assert statistics.se_of_d(0.0, 50, 50) == pytest.approx(0.2)


def test_correlation_without_spread_is_none():
    assert statistics.correlation(np.ones(5), np.arange(5.0)) == 0.0
    assert statistics.correlation(np.arange(5.0), -np.arange(5.0)) == pytest.approx(-1)


@given(st.floats(0.01, 100))
def test_half_effect_of_a_hyperbola_is_found(ec50):
    C = np.geomspace(1e-4, 1e4, 81)
    assert statistics.crossing(C, 1 / (1 + C / ec50), 0.5) == pytest.approx(ec50, rel=0.01)
    assert statistics.crossing(C, C / (C + ec50), 0.5) == pytest.approx(ec50, rel=0.01)


def test_no_crossing_is_told_as_nan():
    assert np.isnan(statistics.crossing(np.array([1.0, 2.0]), np.array([1.0, 0.9]), 0.5))


def test_odds_of_an_empty_cell_are_finite():
    assert 0 < statistics.odds(0.0, 12) < 0.1
