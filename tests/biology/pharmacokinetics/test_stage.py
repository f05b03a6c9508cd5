"""Mass balance, bounds, linearity, and what interactions, size, age, ancestry and genotype do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biology.pharmacokinetics.benches import TIGHT, area, model_of, run, schedule_of
from ketamind.engine import Batch, Schedule, Step, solve

TWO_WEEKS_H = 336.0
T = np.concatenate([[0.0], np.geomspace(0.01, 120, 600)])
KETAMINE = "venous_ketamine"


@pytest.mark.parametrize(
    ("route", "duration_h", "species"),
    [(r, d, "human") for r, d in (("iv", 0), ("iv", 2 / 3), ("im", 0), ("sc", 0), ("sc", 24))]
    + [(r, 0, "human") for r in ("in", "po", "sl")]
    + [(r, 0, s) for r in ("ip", "iv", "sc") for s in ("mouse", "rat")],
)
def test_mass_balances_over_two_weeks(route, duration_h, species):
    mg = 84.0 * {"human": 1.0, "mouse": 1e-3, "rat": 1e-2}[species]
    model = model_of({("ketamine", route)}, species, ledger=True)
    gone = ("gone_ledger_s", "gone_ledger_r")
    batch = Batch((0.0, TWO_WEEKS_H), gone, schedule_of(model, [("ketamine", route, mg, duration_h, 0.0)]), rest=False)
    solution = solve(model, batch, TIGHT).require()
    dose = mg * 1000 / 237.73 / 2
    for enantiomer, hnk in (("s", "hnk_2s6s"), ("r", "hnk_2r6r")):
        left = sum(
            solution.final_states[0, i]
            for name, i in model.system.state_index.items()
            if name.endswith(("A", "A_1", "A_2", "A_h", "A_p", "G", "N_1", "N_2"))
            and not name.startswith("brain")
            and (f"{enantiomer}_" in name.split(".")[0][-25:] or name.startswith(hnk))
            and not name.startswith("hnk_2r6r" if enantiomer == "s" else "hnk_2s6s")
        )
        total = solution[f"gone_ledger_{enantiomer}"][-1, 0] + left
        assert total == pytest.approx(dose, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(
    route=st.sampled_from(["iv", "im", "sc", "in", "po", "sl"]),
    mg=st.floats(0.1, 500),
    start_h=st.integers(0, 100),
    weight=st.floats(40, 140),
)
def test_no_amount_is_ever_negative(route, mg, start_h, weight):
    model = model_of({("ketamine", route)}, values={"patient.weight": weight})
    names = tuple(s.name for s in model.system.states)
    batch = Batch(np.linspace(0, 200, 60), names, schedule_of(model, [("ketamine", route, mg, 0, start_h)]), rest=False)
    values = solve(model, batch).require().values
    assert values.min() >= -1e-6 * values.max()


def test_twice_the_dose_is_twice_the_concentration():
    one, two = (run([("ketamine", "im", mg, 0, 0)], (KETAMINE,), T)[KETAMINE] for mg in (35, 70))
    np.testing.assert_allclose(two[1:], 2 * one[1:], rtol=1e-5)


def test_a_racemate_is_the_sum_of_its_enantiomers():
    both = run([("ketamine", "iv", 35, 2 / 3, 0)], (KETAMINE,), T)[KETAMINE]
    s, r = (run([(d, "iv", 17.5, 2 / 3, 0)], (KETAMINE,), T)[KETAMINE] for d in ("esketamine", "arketamine"))
    np.testing.assert_allclose(both[1:], (s + r)[1:], rtol=1e-5)


def test_esketamine_alone_brings_no_r_enantiomer():
    outputs = model_of({("esketamine", "iv")}).system.outputs
    assert not [name for name in outputs if "r_ketamine" in name or "2r6r" in name]
    assert {"venous_ketamine", "brain_unbound_hydroxynorketamine", "venous_dehydronorketamine"} <= set(outputs)


def test_clearance_is_that_of_a_well_stirred_liver():
    model = model_of({("esketamine", "iv")})
    p = model.defaults
    clearance = 1 / (1 / p["ketamine.Q_h"] + 1 / p["ketamine.CL_int_s"])
    found = run([("esketamine", "iv", 20, 1, 0)], ("arterial_s_ketamine",), np.linspace(0, 240, 20001))
    exposure = area(np.linspace(0, 240, 20001), found["arterial_s_ketamine"])
    assert 20 * 1000 / 237.73 / exposure == pytest.approx(clearance, rel=2e-3)


def test_the_usual_infusion_reaches_the_usual_concentration():
    found = run([("ketamine", "iv", 35, 2 / 3, 0)], (KETAMINE, "brain_unbound_ketamine"), T)
    peak = found[KETAMINE].max() * 237.73
    assert 140 < peak < 280
    assert 0.2 < found["brain_unbound_ketamine"].max() < 0.6


def bioavailability(route, values=None):
    given = area(
        T, run([("esketamine", route, 20, 0, 0)], ("arterial_s_ketamine",), T, values=values)["arterial_s_ketamine"]
    )
    iv = area(
        T, run([("esketamine", "iv", 20, 0.5, 0)], ("arterial_s_ketamine",), T, values=values)["arterial_s_ketamine"]
    )
    return given / iv


def test_bioavailability_falls_from_muscle_to_nose_to_tongue_to_gut():
    found = [bioavailability(route) for route in ("im", "in", "sl", "po")]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(0.93, abs=0.02)
    assert 0.08 < found[-1] < 0.25


def exposure(route, values=None):
    duration = 0.5 if route == "iv" else 0
    return area(T, run([("esketamine", route, 20, duration, 0)], (KETAMINE,), T, values=values)[KETAMINE])


@pytest.mark.parametrize("enzyme", ["cyp3a4", "cyp2b6"])
def test_inhibition_raises_an_oral_dose_far_more_than_an_infusion(enzyme):
    inhibited = {f"manipulation.inhibit_{enzyme}": 1.0}
    oral, iv = (exposure(route, inhibited) / exposure(route) for route in ("po", "iv"))
    assert 1.0 < iv < 1.35
    assert oral - 1 > 2.5 * (iv - 1)


def test_induction_as_by_rifampicin_lowers_an_oral_dose_far_more_than_an_infusion():
    induced = {"manipulation.induce_cyp3a4": 1.0, "manipulation.induce_cyp2b6": 1.0}
    oral, nasal, iv = (exposure(route, induced) / exposure(route) for route in ("po", "in", "iv"))
    assert oral < 0.25 < nasal < iv < 0.95


@pytest.mark.parametrize(
    ("drug", "doses", "every_h", "raises"),
    [
        ("ticlopidine", 12, 12, True),
        ("clarithromycin", 8, 12, True),
        ("itraconazole", 6, 24, True),
        ("grapefruit", 15, 8, True),
        ("rifampicin", 6, 24, False),
        ("st_johns_wort", 42, 8, False),
    ],
)
def test_courses_of_codrugs_move_an_oral_dose_the_right_way(drug, doses, every_h, raises):
    course = [(drug, "po", 1.0, 0, every_h * i) for i in range(doses)]
    start = every_h * doses
    both = [*course, ("esketamine", "po", 20, 0, start)]
    found = area(T, run(both, (KETAMINE,), start + T)[KETAMINE]) / exposure("po")
    assert (1.3 < found < 5) if raises else (0.05 < found < 0.75)


def test_clearance_grows_less_than_weight_and_volume_as_weight():
    light, heavy = (exposure("iv", {"patient.weight": w}) for w in (50.0, 100.0))
    assert light / heavy == pytest.approx(2**0.75, rel=0.02)


def test_the_old_clear_less_and_people_of_japanese_ancestry_absorb_more_by_the_nose():
    assert exposure("iv", {"patient.age": 75.0}) > 1.05 * exposure("iv")
    asian = {"patient.asian": 1.0}
    assert exposure("in", {**asian, "patient.japanese": 1.0}) > 1.1 * exposure("in", asian)


def test_a_poor_metaboliser_clears_less():
    assert exposure("iv", {"patient.cyp2b6_activity": 0.3}) > 1.05 * exposure("iv")


def test_block_of_hydroxynorketamine_formation_leaves_ketamine_and_norketamine():
    names = ("venous_ketamine", "venous_norketamine", "venous_hydroxynorketamine")
    dose = [("ketamine", "iv", 35, 2 / 3, 0)]
    free = run(dose, names, T)
    blocked = run(dose, names, T, values={"manipulation.block_hnk_formation": 1.0})
    for name in names[:2]:
        np.testing.assert_allclose(free[name], blocked[name], rtol=1e-4, atol=1e-9)
    assert blocked[names[2]].max() < 1e-9 < free[names[2]].max()


def test_a_target_is_held_within_five_per_cent():
    model = model_of({("ketamine", "target")})
    steps = [Step(0, 1, f"target_{e}_ketamine", 0.4) for e in ("s", "r")]
    times = np.array([0.25, 0.5, 0.99])
    found = solve(model, Batch(times, ("arterial_ketamine",), Schedule((), steps), rest=False)).require()
    np.testing.assert_allclose(found["arterial_ketamine"][:, 0], 0.8, rtol=0.06)


@pytest.mark.parametrize(("species", "slowest_h", "weight"), [("mouse", 0.6, 0.025), ("rat", 1.3, 0.25)])
def test_rodents_clear_ketamine_quickly(species, slowest_h, weight):
    times = np.linspace(0, 4, 800)
    found = run([("ketamine", "ip", 10 * weight, 0, 0)], (KETAMINE, "brain_unbound_ketamine"), times, species)
    late = (times > 0.5) & (times < 2)
    half_life = -np.log(2) / np.polyfit(times[late], np.log(found[KETAMINE][late]), 1)[0]
    assert 0.1 < half_life < slowest_h
    assert 1 < found["brain_unbound_ketamine"].max() < 8


def test_drug_put_into_the_brain_stays_there_a_while_and_never_reaches_blood():
    found = run([("ketamine", "icv", 1e-4, 0, 0)], ("brain_unbound_ketamine", KETAMINE), [0, 0.01, 1], "mouse")
    assert found["brain_unbound_ketamine"][0] > found["brain_unbound_ketamine"][1] > found["brain_unbound_ketamine"][2]
    assert found[KETAMINE].max() == 0
