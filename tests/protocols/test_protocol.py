"""Doses and the administrations that they make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamind.errors import BadValue, UnknownName
from ketamind.protocols import Dose, Protocol, Schedule, parse_protocol
from protocols.strategies import protocols, schedules


@given(protocols, st.floats(10, 300))
def test_one_event_for_each_repeat_in_order_of_time(protocol: Protocol, weight_kg: float) -> None:
    events = protocol.events(weight_kg)
    assert len(events) == sum(dose.count for dose in protocol)
    assert [e.start_h for e in events] == sorted(e.start_h for e in events)
    assert not any(e.per_kg for e in events)


@given(schedules.filter(lambda s: s is not None))
def test_a_schedule_counts_what_it_gives(schedule: Schedule) -> None:
    offsets = list(schedule.offsets_h())
    assert len(offsets) == schedule.count
    assert offsets == sorted(set(offsets))
    assert offsets[0] == 0
    assert offsets[-1] < schedule.days * 24


@given(protocols, st.floats(10, 300))
def test_mass_per_kg_scales_with_weight_and_mass_does_not(protocol: Protocol, weight_kg: float) -> None:
    for plain, scaled in zip(protocol.administrations(), protocol.events(weight_kg), strict=True):
        assert scaled.amount == pytest.approx(plain.amount * (weight_kg if plain.per_kg else 1))


def test_a_rate_gives_rate_times_duration() -> None:
    (event,) = parse_protocol("0.65 mg/kg/h ketamine iv over 40 min").events(70)
    assert event.amount == pytest.approx(0.65 * 70 * 40 / 60)
    assert event.duration_h == pytest.approx(2 / 3)


def test_salt_is_converted_to_base_and_base_to_moles() -> None:
    (event,) = parse_protocol("10 mg ketamine_hcl iv").events(70)
    assert event.drug == "ketamine"
    assert event.amount == pytest.approx(10 * 237.73 / 274.19, rel=1e-4)
    assert sum(event.moieties.values()) == pytest.approx(10 * 1000 / 274.19, rel=1e-4)


def test_a_bath_of_racemate_is_half_each_enantiomer() -> None:
    (event,) = parse_protocol("10 uM ketamine bath").events(70)
    assert event.moieties == {"s_ketamine": 5.0, "r_ketamine": 5.0}


def test_mg_are_held_against_500_mg_per_kg_once_the_weight_is_known() -> None:
    protocol = parse_protocol("20 mg ketamine ip")
    assert protocol.events(0.3)
    with pytest.raises(BadValue, match=r"at 0\.02 kg; more than 500 mg/kg"):
        protocol.events(0.02)


def test_the_clock_starts_at_the_first_dose_of_the_words() -> None:
    protocol = parse_protocol("50 mg naltrexone po at -45 min + 0.5 mg/kg ketamine iv over 40 min")
    assert (protocol.first_h, protocol.last_h) == (-0.75, pytest.approx(2 / 3))
    assert protocol.drugs == ("naltrexone", "ketamine")
    assert protocol.routes == ("po", "iv")
    assert Protocol().last_h == 0


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_a_body_needs_a_weight(weight: float) -> None:
    with pytest.raises(BadValue):
        parse_protocol("1 mg/kg ketamine iv").events(weight)


def test_doses_are_checked_when_they_are_made() -> None:
    with pytest.raises(UnknownName):
        Dose("ketamine", 1, "mg", "intravenous")
    with pytest.raises(BadValue):
        Dose("ketamine", 1, "mg", "iv", duration_h="40 min")  # type: ignore[arg-type]
    with pytest.raises(BadValue):
        Schedule(times=2, period_days=14)


@pytest.mark.parametrize(
    ("text", "species", "weight_kg", "doses"),
    [
        ("1 dose ssri po", "human", 70, 1),
        ("41.8 mg ssri po", "human", 70, 2.09),
        ("250 mg ticlopidine po", "human", 70, 1),
        ("200 mL grapefruit po", "human", 70, 1),
        ("1 dose grapefruit po", "human", 70, 3),
        ("1 dose ssri ip", "rat", 0.3, 1),
        ("1 dose naltrexone po", "human", 70, 1),
        ("20 mg/kg nbqx ip", "mouse", 0.025, 2),
        ("3 mg rapamycin ip", "rat", 0.3, 1),
        ("1.25 ug muscimol local", "rat", 0.3, 0.5),
        ("100 uM ap5 bath", "rodent_slice", 0.03, 2),
        ("0 mg placebo po", "human", 70, 0),
    ],
)
def test_usual_doses(text: str, species: str, weight_kg: float, doses: float) -> None:
    (event,) = parse_protocol(text).administrations()
    assert event.usual_doses(species, weight_kg) == pytest.approx(doses)
    assert event.for_weight(weight_kg).usual_doses(species, weight_kg) == pytest.approx(doses)


def test_no_usual_dose_is_said() -> None:
    (event,) = parse_protocol("5 mg nbqx po").administrations()
    with pytest.raises(BadValue, match="no usual dose of nbqx"):
        event.usual_doses("human", 70)
