"""The grammar: every protocol of the evidence, variants in spelling, refusals, and any text at all."""

import csv
import math
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ketamind
from ketamind.errors import BadValue, KetamindError, UnknownName
from ketamind.protocols import Protocol, Schedule, drugs, parse_protocol
from ketamind.protocols.drugs import ROUTES
from ketamind.protocols.quantities import AMOUNT_UNITS
from protocols.strategies import protocols

EXPERIMENTS = Path(ketamind.__file__).parent / "data" / "experiments"
NOT_A_PROTOCOL = {"", *"baseline vehicle saline placebo midazolam sham wildtype unmanipulated control_group".split()}


def written() -> list[str]:
    found = set()
    for path in sorted(EXPERIMENTS.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                found |= {row["protocol"], row["comparator"]}
    return sorted(found - NOT_A_PROTOCOL)


@pytest.mark.parametrize("text", written())
def test_every_protocol_of_the_evidence_parses_and_reads_back(text: str) -> None:
    protocol = parse_protocol(text)
    assert parse_protocol(protocol.words()) == protocol
    assert protocol.events(70.0) or text == "none"


@given(protocols)
def test_words_read_back_as_the_same_protocol(protocol: Protocol) -> None:
    assert parse_protocol(protocol.words()) == protocol


@pytest.mark.parametrize(
    ("variant", "plain"),
    [
        ("0.5mg/kg Ketamine IV over 40min", "0.5 mg/kg ketamine iv over 40 min"),
        ("  0.5 mg / kg   ketamine  i.v.  OVER 40 minutes ", "0.5 mg/kg ketamine iv over 40 min"),
        (".5 mg/kg racemic ketamine intravenous over 2400 s", "0.5 mg/kg ketamine iv over 40 min"),
        ("5 µg/kg ketamine iv", "5 ug/kg ketamine iv"),
        ("5 μg/kg ketamine iv", "5 ug/kg ketamine iv"),
        ("10 µM ketamine bath", "10 uM ketamine bath"),
        ("5 mcg/kg ketamine iv at −45 min", "5 ug/kg ketamine iv at -45 min"),
        ("84 mg Spravato nasal 2x weekly for 4 wks", "84 mg esketamine in twice weekly for 4 weeks"),
        ("84 mg esketamine in twice a week for 28 days", "84 mg esketamine in twice weekly for 4 weeks"),
        ("10 mg S-ketamine po thrice weekly for 1 week", "10 mg esketamine po three times weekly for 1 weeks"),
        ("20 mg ssri orally once daily for 2 weeks", "20 mg ssri po daily for 14 days"),
        ("20 mg ssri po every day for 3 d", "20 mg ssri po daily for 3 days"),
        ("1 mg/kg ketamine ip every other day for 8 days", "1 mg/kg ketamine ip every 2 days for 8 days"),
        ("1 mg/kg ketamine iv every 14 days for 8 weeks", "1 mg/kg ketamine iv every 2 weeks for 8 weeks"),
        ("1 mg/kg ketamine iv at 1 d over 1 hr", "1 mg/kg ketamine iv over 60 min at 24 h"),
        ("1 mg/kg ketamine iv once", "1 mg/kg ketamine iv"),
        ("1 mg/kg (2R,6R)-HNK ip+1 mg/kg MK-801 ip", "1 mg/kg hnk_2r6r ip + 1 mg/kg mk801 ip"),
        ("1e-1 mg/kg ketamine hydrochloride iv", "0.1 mg/kg ketamine_hcl iv"),
        ("300 mg St. John's wort po", "300 mg st_johns_wort po"),
        ("1 dose ssri po daily for 28 days at -28 days", "1 dose ssri po daily for 28 days at -672 h"),
    ],
)
def test_spellings_of_the_same_protocol(variant: str, plain: str) -> None:
    assert parse_protocol(variant) == parse_protocol(plain)
    assert parse_protocol(variant).words() == plain


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("0.5 mg/kg ketamne iv", UnknownName, "Did you mean 'ketamine'"),
        ("0.5 mg/kg ketamine ivv over 40 min", UnknownName, "'ivv' is not a route. Did you mean 'iv'"),
        ("0.5 mgkg ketamine iv", UnknownName, "Did you mean 'mg/kg'"),
        ("0.5 mg/kg ketamine iv dayly for 3 days", UnknownName, "Did you mean 'daily'"),
        ("0.5 mg/kg ketamine iv ovr 40 min", UnknownName, "Did you mean 'over'"),
        ("0.5 mg/kg ketamine iv over 40 parsecs", UnknownName, "not a unit of time"),
        ("0.5 mg/kg ketamine iv twice yearly", UnknownName, "how often"),
        ("0.5 mg/kg ketamine", BadValue, "does not say how ketamine is given"),
        ("ketamine 0.5 mg/kg iv", BadValue, "does not begin with an amount"),
        ("", BadValue, "empty"),
        ("   ", BadValue, "empty"),
        ("0.5 mg/kg ketamine iv +", BadValue, "empty dose"),
        ("-1 mg/kg ketamine iv", BadValue, "negative"),
        ("nan mg/kg ketamine iv", BadValue, "finite"),
        ("inf mg/kg ketamine iv", BadValue, "finite"),
        ("1e999 mg/kg ketamine iv", BadValue, "finite"),
        ("0 mg/kg ketamine iv", BadValue, "`0 mg placebo iv` or `none`"),
        ("500.1 mg/kg ketamine iv", BadValue, "more than 500 mg/kg"),
        ("600000 mg ketamine iv", BadValue, "more than 500 mg/kg"),
        ("100 mg/kg/min ketamine iv over 6 min", BadValue, "more than 500 mg/kg"),
        ("0.5 mg/kg ketamine iv over 0 min", BadValue, "must be over 0"),
        ("0.5 mg/kg ketamine iv over -5 min", BadValue, "must be over 0"),
        ("0.5 mg/kg ketamine iv over 6 min over 7 min", BadValue, "twice over"),
        ("0.5 mg/kg ketamine iv at 6 years", UnknownName, "not a unit of time"),
        ("0.5 mg/kg ketamine iv at 1827 days", BadValue, "five years"),
        ("0.5 mg/kg ketamine iv daily for 1000 days at 1000 days", BadValue, "five years"),
        ("0.5 mg/kg ketamine iv daily for 0 days", BadValue, "whole number"),
        ("0.5 mg/kg ketamine iv daily for 1e308 weeks", BadValue, "whole number"),
        ("1 mg ketamine po six times daily for 1800 days", BadValue, "10000 are allowed"),
        ("10 uM ketamine iv", BadValue, "given by bath or local"),
        ("10 mg ketamine bath", BadValue, "a bath is a concentration"),
        ("target 10 mg ketamine iv", BadValue, "a target is a plasma concentration"),
        ("1 mg/kg/h ketamine iv", BadValue, "say for how long"),
        ("1 dose ketamine iv", BadValue, "no usual daily dose"),
        ("200 mL ketamine po", BadValue, "given in mg or mg/kg"),
        ("200 mg grapefruit po", BadValue, "given in mL"),
        ("200 mL grapefruit iv", BadValue, "is given po, not iv"),
        ("none + 1 mg ketamine iv", BadValue, "does not begin with an amount"),
        ("1 mg ketamine iv + " * 1000, BadValue, "at most 10000 characters"),
    ],
)
def test_refusals_say_what_and_how_to_mend(text: str, error: type[KetamindError], says: str) -> None:
    with pytest.raises(error) as caught:
        parse_protocol(text)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 1500


CLAUSES = """over at for daily weekly twice three times every + target none once induction min h days weeks
0.5 40 -45 1e400 nan inf""".split()
WORDS = st.sampled_from([*drugs(), *ROUTES, *AMOUNT_UNITS, *CLAUSES])


@settings(max_examples=400)
@given(st.one_of(st.text(), st.lists(WORDS, max_size=14).map(" ".join)))
def test_any_text_gives_a_protocol_or_a_clear_refusal(text: str) -> None:
    with suppress(KetamindError):
        protocol = parse_protocol(text)
        assert parse_protocol(protocol.words()) == protocol


def test_placebo_and_saline_may_be_zero() -> None:
    arm = parse_protocol("0 mg/kg saline iv over 40 min + 0 mg placebo po + 1 dose placebo po daily for 2 days")
    assert [event.amount for event in arm.events(70)] == [0.0] * 4


def test_twice_weekly_means_days_0_and_3() -> None:
    events = parse_protocol("84 mg esketamine in twice weekly for 2 weeks").events(70)
    assert [event.start_h / 24 for event in events] == [0, 3, 7, 10]


def test_induction_is_twice_weekly_then_weekly() -> None:
    protocol = parse_protocol("84 mg esketamine in induction esketamine")
    assert [d.schedule for d in protocol] == [Schedule(2, 7, 28), Schedule(1, 7, None)]
    assert len(protocol.events(70, until_h=8 * 168)) == 12
    assert parse_protocol("84 mg esketamine in induction esketamine for 8 weeks").last_h == 7 * 168


def test_target_and_bath_without_an_end_last_for_the_whole_run() -> None:
    (held,) = parse_protocol("target 200 ng/mL ketamine iv").events(70)
    assert held.held
    assert held.amount == pytest.approx(200 / 237.73, rel=1e-4)
    assert math.isinf(parse_protocol("10 uM ketamine bath").events(70)[0].duration_h)
