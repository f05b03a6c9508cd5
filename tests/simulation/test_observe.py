"""Observations in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamind.errors import BadValue, KetamindError
from ketamind.simulation.observe import parse_observation, parse_observations


@pytest.mark.parametrize(
    ("words", "name", "time_h"),
    [
        ("madrs@24h", "madrs", 24),
        ("cadss@40min", "cadss", 40 / 60),
        ("spine_density@7 days", "spine_density", 168),
        ("rate_pv@500ms", "rate_pv", 0.5 / 3600),
        ("venous_ketamine@-1h", "venous_ketamine", -1),
        ("madrs@2wk", "madrs", 336),
    ],
)
def test_names_and_times(words, name, time_h):
    found = parse_observation(words)
    assert (found.name, found.time_h) == (name, pytest.approx(time_h))


@pytest.mark.parametrize(
    "words", ["madrs", "madrs@", "madrs@h", "madrs@24 parsecs", "@24h", "madrs@1e999h", "a@1.2.3h", "a@5m"]
)
def test_other_forms_are_refused(words):
    with pytest.raises(BadValue):
        parse_observation(words)


def test_lists():
    assert [o.name for o in parse_observations("madrs@24h, cadss@40min,")] == ["madrs", "cadss"]


@given(st.text())
def test_any_text_parses_or_is_refused_cleanly(words):
    try:
        parse_observation(words)
    except KetamindError:
        return
