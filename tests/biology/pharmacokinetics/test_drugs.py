"""Naltrexone, midazolam, memantine and MK-801 against what is published of them."""

import numpy as np
import pytest

from biology.pharmacokinetics.benches import area, run
from ketamind.declare import shipped_table

HOURS = np.linspace(0, 400, 4001)


def blockade(mg):
    return run([("naltrexone", "po", mg, 0, 0)], ("mor_blockade_naltrexone",), HOURS)["mor_blockade_naltrexone"]


def test_naltrexone_blocks_mu_receptors_for_days():
    share = blockade(50)
    at = {h: share[np.argmin(abs(HOURS - h))] for h in (8, 48)}
    assert 0.9 < at[8] < 0.98
    assert 0.65 < at[48] < 0.88
    late = HOURS[share.argmax()] < HOURS
    half_time = HOURS[late & (share < share.max() / 2)][0]
    assert 72 < half_time < 110


@pytest.mark.parametrize(("mg", "low", "high"), [(2, 0.2, 0.45), (5, 0.4, 0.65), (15, 0.55, 0.85)])
def test_naltrexone_blockade_follows_the_dose(mg, low, high):
    assert low < blockade(mg)[80] < high


def test_equivalent_free_naltrexone_gives_the_same_blockade():
    K = shipped_table().row("mor.Ki_naltrexone").within("uM").value
    names = ("brain_unbound_naltrexone", "mor_blockade_naltrexone")
    found = run([("naltrexone", "po", 50, 0, 0)], names, HOURS)
    free = found[names[0]]
    np.testing.assert_allclose(free / (free + K), found[names[1]], atol=1e-6)


def test_plasma_naltrexone_is_gone_long_before_its_blockade():
    found = run([("naltrexone", "po", 50, 0, 0)], ("venous_naltrexone",), HOURS)["venous_naltrexone"] * 341.4
    assert 8 < found.max() < 20
    assert found[HOURS > 24].max() < 0.05 * found.max()


def test_midazolam_after_a_subcutaneous_dose():
    times = np.linspace(0, 24, 2401)
    found = run([("midazolam", "sc", 7, 0, 0)], ("venous_midazolam",), times)["venous_midazolam"] * 325.77
    assert found.max() == pytest.approx(127.8, rel=0.15)
    assert 0.3 < times[found.argmax()] < 0.8


def test_memantine_stays_for_days_in_people_and_for_hours_in_mice():
    late = run([("memantine", "po", 20, 0, 0)], ("venous_memantine",), [24, 84])["venous_memantine"]
    assert 0.3 < late[1] / late[0] < 0.7
    mouse = run([("memantine", "sc", 0.25, 0, 0)], ("venous_memantine",), [1, 9], "mouse")["venous_memantine"]
    assert mouse[1] < 0.3 * mouse[0]


@pytest.mark.parametrize(("route", "plasma", "brain"), [("sc", 5.18, 99.0), ("ip", 3.47, 62.2)])
def test_mk801_in_mice(route, plasma, brain):
    times = np.linspace(0.25, 4, 600)
    names = ("venous_mk801", "brain_total_mk801")
    found = run([("mk801", route, 0.0025, 0, 0)], names, times, "mouse")
    assert area(times, found[names[0]]) * 221.3 == pytest.approx(plasma, rel=0.25)
    assert area(times, found[names[1]]) * 221.3 == pytest.approx(brain, rel=0.25)
