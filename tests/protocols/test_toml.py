"""Protocols as TOML: round trip, and files that are wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamind.errors import BadFile, BadValue, KetamindError, UnknownName
from ketamind.protocols import Protocol, parse_protocol
from ketamind.protocols.toml import load_toml, read_toml, write_toml
from protocols.strategies import protocols

GOOD = '[[dose]]\ndrug = "ketamine"\namount = 0.5\nunit = "mg/kg"\nroute = "iv"\n'


@given(protocols)
def test_words_and_toml_hold_the_same(protocol: Protocol) -> None:
    assert read_toml(write_toml(protocol)) == protocol
    assert read_toml(write_toml(parse_protocol(protocol.words()))) == protocol


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        (GOOD + 'durration = "40 min"\n', UnknownName, "'durration' is not a key of a dose. Did you mean 'duration'"),
        (GOOD + 'duration = "40"\n', BadValue, "such as '40 min'"),
        (GOOD + 'duration = "0 min"\n', BadValue, "must be over 0"),
        (GOOD + 'schedule = "twice yearly"\n', UnknownName, "how often"),
        (GOOD + 'schedule = "daily for 3 days at 4 h"\n', UnknownName, "understood"),
        (GOOD.replace("0.5", "nan"), BadValue, "finite"),
        (GOOD.replace("0.5", "-1"), BadValue, "negative"),
        (GOOD.replace("0.5", '"0.5"'), BadFile, "dose 1, key 'amount'"),
        (GOOD.replace('route = "iv"\n', ""), BadFile, "dose 1, key 'route'"),
        (GOOD.replace("ketamine", "ketamne"), UnknownName, "Did you mean 'ketamine'"),
        (GOOD.replace("[[dose]]", "[[doses]]"), KetamindError, "dose"),
        ("dose = 3", BadFile, "key 'dose'"),
        ("", BadFile, "key 'dose'"),
        ("[[dose", BadFile, "not TOML"),
        ("[" * 3000, BadFile, "not TOML"),
        ("x" * 200_000, BadFile, "at most"),
    ],
)
def test_wrong_files_are_named(text: str, error: type[KetamindError], says: str) -> None:
    with pytest.raises(error) as caught:
        read_toml(text)
    assert says in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(KetamindError):
        read_toml(text)


def test_files(tmp_path) -> None:
    path = tmp_path / "arm.toml"
    protocol = parse_protocol("84 mg esketamine in twice weekly for 4 weeks + 1 dose ssri po daily for 28 days")
    path.write_text(write_toml(protocol))
    assert load_toml(path) == protocol
    with pytest.raises(BadFile, match="cannot be read"):
        load_toml(tmp_path / "absent.toml")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile, match="cannot be read"):
        load_toml(path)
