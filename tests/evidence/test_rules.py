"""Rules of agreement on made-up predictions, and the naive baselines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.rows import row
from ketamind.evidence.baselines import naive, naive_agrees
from ketamind.evidence.dead_zones import ABSOLUTE, dead_zone
from ketamind.evidence.question import Predicted
from ketamind.evidence.rules import judge, observed_error, published_range
from ketamind.evidence.statistic_words import parse_statistic
from ketamind.evidence.vocabulary import OBSERVABLES


def agrees(predicted, /, error=0.0, **changes):
    e = row(**changes)
    return judge(e, parse_statistic(e.statistic), Predicted(predicted, error)).agrees


@given(st.floats(1e-3, 1e3), st.floats(0.1, 10))
def test_fold_is_two_sided(value, factor):
    level = {"domain": "pharmacokinetics", "observable": "venous_ketamine", "statistic": "cmax", "unit": "uM"}
    assert agrees(value * factor, value=value, **level) == (0.5 <= factor <= 2)


def test_fold_takes_a_published_range():
    tmax = {"statistic": "tmax", "value": 0.75, "spread_kind": "range", "spread_text": "0.25-1.0", "unit": "h"}
    assert agrees(0.3, **tmax)
    assert not agrees(0.2, **tmax)


def test_means_by_both_errors():
    mean = {"value": -14.0, "spread": 10.0, "spread_kind": "sd", "n": 100}
    assert agrees(-15.9, **mean)
    assert not agrees(-16.1, **mean)
    assert agrees(-16.1, error=1.0, **mean)


@pytest.mark.parametrize(
    ("kind", "spread", "text", "error"),
    [
        ("sd", 8.0, "8", 2.0),
        ("sem", 2.0, "2", 2.0),
        ("ci95", 3.92, "3.92", 2.0),
        ("iqr", 5.396, "5.396", 2.0),
        ("range", None, "-18--10", 2.0),
    ],
)
def test_every_kind_of_spread_becomes_a_standard_error(kind, spread, text, error):
    e = row(n=16, spread=spread, spread_text=text, spread_kind=kind)
    assert observed_error(e) == pytest.approx(error, rel=1e-3)


def test_bounds_of_an_interval_are_read_from_the_note():
    e = row(spread=8.96, spread_text="8.96", spread_kind="ci95", note="pooled; ci95 4.37..22.29 as printed, half")
    assert published_range(e) == (4.37, 22.29)


def test_rates_by_the_interval_of_the_published_count():
    rate = {"statistic": "response_rate", "value": 50.0, "unit": "%", "n": 20}
    assert agrees(35.0, **rate)
    assert not agrees(25.0, **rate)
    assert agrees(0.0, **{**rate, "value": 0.0, "n": 222})


def test_odds_ratios_by_their_logarithm():
    ratio = {
        "statistic": "odds_ratio:response_rate",
        "value": 9.87,
        "unit": "OR",
        "spread": 8.96,
        "spread_kind": "ci95",
    }
    note = "ci95 4.37..22.29 as printed"
    assert agrees(4.5, note=note, **ratio)
    assert not agrees(1.5, note=note, **ratio)


@pytest.mark.parametrize(("value", "same"), [(-0.3, True), (0.32, True), (0.5, False), (1.0, False)])
def test_what_is_abolished_stays_in_the_lowest_third(value, same):
    e = row(statistic="remaining", value=0.0, unit="fraction")
    assert judge(e, parse_statistic("remaining"), Predicted(value)).agrees is same


def test_no_number_is_no_agreement_and_says_why():
    verdict = judge(row(), parse_statistic("change"), Predicted(float("nan"), note="the effect is absent"))
    assert not verdict.agrees
    assert verdict.reason == "the effect is absent"


def test_every_observable_has_a_dead_zone():
    assert all(dead_zone(o, 1.0) > 0 for o in OBSERVABLES)
    assert set(ABSOLUTE) - {"ratio"} <= set(OBSERVABLES)


def test_a_baseline_never_looks_at_its_own_study():
    signs = [(f"s{i}-a", v) for i, v in enumerate((1, 1, -1))]
    rows = [(row(id=i, statistic="sign", value=v, unit="sign"), parse_statistic("sign")) for i, v in signs]
    assert [naive(e, s, rows) for e, s in rows] == [1, 1, 1]
    alone = row(id="s9-b", value=-3.0)
    assert naive(alone, parse_statistic("change"), [(alone, parse_statistic("change"))]) is None
    assert not naive_agrees(alone, parse_statistic("change"), [])


def test_a_baseline_of_levels_is_their_geometric_mean():
    level = {"domain": "pharmacokinetics", "observable": "venous_ketamine", "statistic": "cmax", "unit": "uM"}
    rows = [(row(id=f"p{i}-a", value=v, **level), parse_statistic("cmax")) for i, v in enumerate((9.0, 1.0, 4.0))]
    assert naive(*rows[0], rows) == pytest.approx(2.0)
