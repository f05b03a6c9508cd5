"""Words of statistics, observables and comparators, and the arms that they make."""

from dataclasses import replace

import pytest

from evidence.rows import row
from ketamind.biology.chain import full_chain
from ketamind.errors import BadValue, UnknownName
from ketamind.evidence.arms import arms_of, lifelong
from ketamind.evidence.experiments import shipped_experiments
from ketamind.evidence.moments import clock_start
from ketamind.evidence.rules import rule_of
from ketamind.evidence.score import question_of
from ketamind.evidence.statistic_words import parse_statistic
from ketamind.evidence.vocabulary import CIRCUIT, CLINICAL, PLASTICITY, WITHOUT_A_PART, check_words, sources

ESKETAMINE = "84 mg esketamine in twice weekly for 4 weeks + 1 dose ssri po daily for 28 days"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("auc_0p25_4", {"start_h": 0.25, "stop_h": 4.0}),
        ("auc_ratio:venous_s_ketamine", {"other": "venous_s_ketamine"}),
        ("correlation:cadss@0.67", {"other": "cadss", "time_h": 0.67}),
        ("correlation_sign:venous_ketamine@24", {"other": "venous_ketamine", "time_h": 24}),
        ("exceed_rate:value>=180", {"side": "value", "limit": 180}),
        ("exceed_rate:change>=25", {"side": "change", "limit": 25}),
        ("response_rate:nonresponse@24", {"side": "nonresponse", "time_h": 24}),
        ("response_rate:ever", {"side": "ever", "time_h": None}),
        ("remission_rate:held_from@48", {"side": "held_from", "time_h": 48}),
        ("sensitivity:response@4", {"side": "response", "time_h": 4}),
        ("difference_share@1008", {"time_h": 1008}),
        ("sign_since:24", {"time_h": 24}),
        ("risk_ratio:response_rate@168", {"time_h": 168}),
        ("hazard_ratio:remission", {"side": "remission"}),
    ],
)
def test_statistics_with_parameters(words, found):
    statistic = parse_statistic(words)
    assert {k: getattr(statistic, k) for k in found} == found


def test_a_statistic_of_a_statistic():
    assert parse_statistic("ratio:auc_0_24").inner.stop_h == 24
    assert parse_statistic("odds_ratio:remission_rate").inner.name == "remission_rate"


def test_every_shipped_word_is_known_and_has_a_rule():
    for e in shipped_experiments():
        check_words(e.domain, e.species, e.observable)
        assert rule_of(e, parse_statistic(e.statistic))


def test_unknown_words_name_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'half_life'"):
        parse_statistic("half_lif")
    with pytest.raises(UnknownName, match="Did you mean 'madrs'"):
        check_words("clinical", "human", "madrz")
    with pytest.raises(UnknownName, match="Did you mean 'saline'"):
        arms_of(row(comparator="salin"))
    with pytest.raises(BadValue, match="since when"):
        parse_statistic("response_rate:nonresponse")


def test_the_chain_reads_every_observable_or_there_is_a_reason():
    outputs = full_chain().system.outputs
    missing = {o for o in (*CIRCUIT, *PLASTICITY, *CLINICAL) if not sources(o, outputs)}
    assert missing <= set(WITHOUT_A_PART)


@pytest.mark.parametrize("word", ["saline", "placebo", "vehicle", "sham", "control_group"])
def test_an_inert_comparator_keeps_times_and_oral_medicines(word):
    other = arms_of(row(protocol=ESKETAMINE, comparator=word)).other
    assert other.protocol == "0 mg placebo in twice weekly for 4 weeks + 1 dose ssri po daily for 28 days"


def test_midazolam_takes_the_times_of_the_study_drug():
    arms = arms_of(row(protocol="0.5 mg/kg ketamine iv over 40 min weekly for 2 weeks", comparator="midazolam"))
    assert arms.other.protocol == "0.045 mg/kg midazolam iv over 40 min weekly for 2 weeks"


def test_own_baseline_is_no_arm():
    assert arms_of(row(comparator="baseline")).other is None


def test_an_agent_is_taken_away_and_a_genotype_stays():
    e = row(species="mouse", population="naive", protocol="10 mg/kg ketamine ip", comparator="unmanipulated")
    arms = arms_of(replace(e, manipulation="block:ampa"))
    assert (arms.own.manipulation, arms.other.manipulation) == ("block:ampa", "")
    assert arms.control.protocol == "0 mg placebo ip"
    assert arms.control.manipulation == "block:ampa"
    assert lifelong("stimulate:glun2d+knockout:glun2d") == "knockout:glun2d"


def test_without_a_drug_the_agent_is_the_treatment():
    e = row(species="mouse", population="naive", protocol="none", comparator="wildtype")
    arms = arms_of(replace(e, manipulation="stimulate:glun2d+knockout:glun2d"))
    assert arms.other.manipulation == "stimulate:glun2d"
    assert (arms.control.manipulation, arms.other_control.manipulation) == ("knockout:glun2d", "")


def test_an_untreated_disease_is_compared_with_health():
    arms = arms_of(row(species="rat", population="chronic_stress", protocol="none", comparator="control_group"))
    assert (arms.other.population, arms.other.protocol) == ("naive", "none")


def test_open_label_in_the_note_becomes_the_setting():
    assert arms_of(row(note="6 infusions, open label")).own.population == "trd;setting=open_label"
    assert arms_of(row(note="open label", population="trd;setting=crossover")).own.population.endswith("crossover")


def test_the_clock_starts_at_the_switch_to_placebo():
    switched = "84 mg esketamine in weekly for 4 weeks + 0 mg placebo in weekly for 4 weeks at 672 h"
    assert clock_start(arms_of(row(protocol=switched))) == 672
    assert clock_start(arms_of(row())) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"spread_kind": "sdd"}, "Did you mean 'sd'?"),
        ({"observable": "venous_ketamine", "statistic": "cmax", "unit": "ng/L"}, "is not a unit of concentration"),
    ],
)
def test_an_unknown_kind_of_spread_or_unit_of_a_level_is_named(changes, told):
    found = question_of(row(domain="pharmacokinetics", **changes))
    assert isinstance(found, UnknownName)
    assert told in str(found)
