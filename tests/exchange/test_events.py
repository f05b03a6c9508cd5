"""Protocols and event tables: the way there and back is without loss."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamind.errors import BadFile, KetamindError
from ketamind.exchange.events import protocols, read_events, regular_schedule, to_events
from ketamind.exchange.tables import parse_table
from ketamind.protocols import Protocol, parse_protocol
from ketamind.protocols.protocol import MOST_ADMINISTRATIONS
from ketamind.protocols.toml import read_toml, write_toml
from protocols.strategies import protocols as random_protocols

WORDS = (
    "0.5 mg/kg ketamine iv over 40 min",
    "50 mg naltrexone po at -45 min + 0.5 mg/kg ketamine iv over 40 min",
    "84 mg esketamine in twice weekly for 4 weeks + 84 mg esketamine in weekly at 672 h",
    "target 200 ng/mL ketamine_hcl iv over 60 min",
    "10 uM ketamine bath over 20 min",
    "1 dose ssri po daily for 14 days + 20 mL grapefruit po three times daily for 3 days",
    "0.3 mg/kg/h esketamine iv over 90 min every 2 days for 9 days",
)


def there_and_back(protocol: Protocol, names: str = "nonmem", weight_kg: float = 70.0) -> Protocol:
    table = to_events(protocol, names=names, weight_kg=weight_kg)
    found = protocols(parse_table(table))
    assert not found["1"].losses
    return found["1"].protocol


@pytest.mark.parametrize("names", ["nonmem", "adppk"])
@pytest.mark.parametrize("words", WORDS)
def test_words_toml_table_words(words: str, names: str) -> None:
    protocol = read_toml(write_toml(parse_protocol(words)))
    assert there_and_back(protocol, names) == parse_protocol(words)


@settings(deadline=None, max_examples=150)
@given(random_protocols.filter(lambda p: p.doses), st.sampled_from(["nonmem", "adppk"]), st.floats(0.3, 200))
def test_any_protocol_comes_back_in_the_same_words(protocol: Protocol, names: str, weight_kg: float) -> None:
    protocol = read_toml(write_toml(protocol))
    try:
        protocol.events(weight_kg)
    except KetamindError:
        return
    assert there_and_back(protocol, names, weight_kg).words() == protocol.words()


@settings(deadline=None, max_examples=100)
@given(st.sampled_from([1, 3, 6, 8, 12, 24, 36, 48, 168, 336]), st.integers(2, 60))
def test_a_schedule_from_interval_and_count_gives_these_doses(interval_h: int, count: int) -> None:
    schedule = regular_schedule(interval_h, count)
    if schedule is not None:
        assert list(schedule.offsets_h()) == [k * interval_h for k in range(count)]


def test_a_foreign_table_is_read_by_nonmem_rules(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(
        "#ID,TIME,AMT,RATE,CMT,EVID,MDV,DV,ADDL,II,WT\n"
        "1,0,35,52.5,1,1,1,.,2,48,70\n"
        "1,0.5,.,.,1,0,0,0.61,.,.,70\n"
        "2,0,40,0,5,1,1,.,13,12,80\n"
    )
    found = read_events(path)
    assert found["1"].protocol.words() == "35 mg ketamine iv over 40 min every 2 days for 5 days"
    assert found["2"].protocol.words() == "40 mg ketamine po twice daily for 7 days"
    assert found["1"].losses == ()
    assert found["2"].losses == ("CMT 5 without ROUTE is read as po; say ROUTE if it is something else",)


def test_adppk_names_mean_the_same() -> None:
    text = (
        "STUDYID,USUBJID,USUBJIDN,AFRLT,RLTU,AMT,DOSEDUR,ROUTE,EVID,MDV,WTBL\n"
        "S1,S1-001,1,0,min,35,40,INTRAVENOUS,1,1,70\n"
    )
    found = protocols(parse_table(text))
    assert [r.protocol.words() for r in found.values()] == ["35 mg ketamine iv over 40 min"]


def test_steady_state_is_written_out_and_told() -> None:
    found = protocols(parse_table("ID,TIME,AMT,EVID,SS,II,CMT\n1,0,20,1,1,24,5\n"))["1"]
    assert found.protocol.first_h == -14 * 24
    assert "SS 1 is written out as the doses of the 14 days before" in found.losses


HEAD = "ID,TIME,AMT,RATE,DUR,CMT,EVID,MDV,DV,ADDL,II,WT\n"
MALFORMED = {
    "truncated": (HEAD + "1,0,35,52.5\n", "line 2: 4 cells stand under 12 names"),
    "no names": ("1,0,35,52.5\n1,1,2,3\n", "line 1: there is no column ID"),
    "names only": (HEAD, "holds no rows"),
    "text for a number": (HEAD + "1,0,lots,0,,1,1,1,.,0,0,70\n", "line 2: AMT 'lots' is not a number"),
    "infinite": (HEAD + "1,0,inf,0,,1,1,1,.,0,0,70\n", "line 2: AMT 'inf' is not a finite number"),
    "unknown compartment": (HEAD + "1,0,35,0,,99,1,1,.,0,0,70\n", "line 2 (subject 1): CMT 99 is not a compartment"),
    "negative duration": (HEAD + "1,0,35,0,-1,1,1,1,.,0,0,70\n", "line 2: DUR is -1; it cannot be negative"),
    "time falls": (
        HEAD + "1,2,35,0,,1,1,1,.,0,0,70\n1,-1,35,0,,1,1,1,.,0,0,70\n",
        "line 3 (subject 1): TIME falls from 2 to -1 h",
    ),
    "mixed units": (
        "ID,TIME,AMT,EVID,DOSE,DOSEU,WT\n1,0,35000,1,0.5,mg/kg,70\n",
        "line 2 (subject 1): AMT 35000 is not what 0.5 mg/kg comes to at 70 kg (35 mg): are the units mixed?",
    ),
    "rate and duration disagree": (HEAD + "1,0,35,35,40,1,1,1,.,0,0,70\n", "RATE 35 over DUR 40 h is not AMT 35"),
    "huge dose": (HEAD + "1,0,1e9,0,,1,1,1,.,0,0,70\n", "line 2 (subject 1): '1000000000 mg ketamine' cannot be"),
    "huge count": (HEAD + "1,0,1,0,,1,1,1,.,1e9,24,70\n", "line 2 (subject 1): ADDL 1000000000 is more than"),
    "centuries": (HEAD + "1,1e9,35,0,,1,1,1,.,0,0,70\n", "line 2: TIME is 1e+09 h, further off than five years"),
    "reset": (HEAD + "1,0,35,0,,1,4,1,.,0,0,70\n", "line 2: EVID 4 starts the subject anew"),
    "modelled rate": (HEAD + "1,0,35,-2,,1,1,1,.,0,0,70\n", "line 2: RATE -2 leaves the infusion to a model"),
    "schedule that is not so": (
        "ID,TIME,AMT,EVID,ADDL,II,SCHED\n1,0,35,1,1,24,daily for 9 days\n",
        "line 2 (subject 1): SCHED 'daily for 9 days' means 9 doses from 0 to 192 h, but",
    ),
    "unknown drug": ("ID,TIME,AMT,EVID,DRUG\n1,0,35,1,ketamin\n", "line 2 (subject 1): 'ketamin' is not a drug. Did"),
    "rows apart": ("ID,TIME,AMT\n1,0,35\n2,0,35\n1,1,35\n", "line 4 (subject 1): its rows do not stand together"),
    "a column twice": ("ID,TIME,AMT,AMT\n1,0,35,35\n", "line 1: column 'AMT' stands twice"),
    "open quote": ('ID,TIME,AMT\n1,0,"35\n', "is not a CSV file"),
}


@pytest.mark.parametrize(("text", "message"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_table_gives_one_message_with_the_line(text: str, message: str) -> None:
    with pytest.raises(KetamindError) as caught:
        protocols(parse_table(text, "'data.csv'"))
    assert message in str(caught.value)
    assert "data.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01", b"\x00" * 100], ids=["not text", "zeros"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=r"data\.csv"):
        read_events(path)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    with path.open("wb") as handle:
        handle.truncate(200_000_000)
    with pytest.raises(BadFile, match="Split it"):
        read_events(path)


TABLE = to_events(parse_protocol(WORDS[1]), weight_kg=82)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_table_damaged_anywhere_is_read_or_refused_in_one_line(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TABLE)))
    span = data.draw(st.integers(0, 20))
    junk = data.draw(st.text(alphabet='0123456789.,-+eE \n"nafiIDAMTkg%\u00b5\x00', max_size=6))
    said = "the table, read"
    try:
        protocols(parse_table(TABLE[:place] + junk + TABLE[place + span :]))
    except KetamindError as problem:
        said = str(problem)
    assert "\n" not in said
    assert "the table" in said


def test_many_doses_are_refused() -> None:
    rows = "".join(f"1,{k},1,1\n" for k in range(MOST_ADMINISTRATIONS + 1))
    with pytest.raises(BadFile, match="administrations"):
        protocols(parse_table("ID,TIME,AMT,EVID\n" + rows))


def test_a_missing_file_is_one_message() -> None:
    with pytest.raises(BadFile, match="cannot be read as an event table"):
        read_events("nowhere.csv")
