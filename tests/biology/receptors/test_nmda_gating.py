"""The full gating scheme: conservation, balance, potency, trapping, and the kinetics it was fitted to."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from biology.receptors.dish import SECOND, TABLE, blocked, equilibrium, generator, outputs, scheme, stage_model, values
from ketamind.biology.receptors import SUBTYPES, in_vitro
from ketamind.biology.receptors.nmda_trapping import trapping
from ketamind.declare import External

SATURATING = 1000.0
PUBLISHED = {"2a": (0.33, 5.35), "2b": (0.31, 5.08), "2c": (0.51, 1.18), "2d": (0.83, 2.95)}
STATES = ("C1", "C2", "O", "D", "B0", "B1", "B2", "BO", "BD")


def potency(subtype, Mg, drug="ketamine", V=-66.0):
    """Concentration that halves the steady current under saturating glutamate."""

    def open_channels(C):
        return equilibrium(generator(subtype, SATURATING, C=C, V=V, drug=drug, Mg=Mg))[2]

    low, high, half = 1e-5, 1e4, open_channels(0.0) / 2
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if open_channels(middle) > half else (low, middle)
    return low


@given(st.sampled_from(SUBTYPES), st.floats(0.01, 1000), st.floats(0, 30), st.floats(-80, 20), st.floats(1e-6, 10))
@settings(max_examples=60, deadline=None)
def test_fractions_stay_between_0_and_1_and_sum_to_1(subtype, G, C, V, seconds):
    start = np.append(np.zeros(9), 1.0)
    state = expm(generator(subtype, G, C=C, V=V) * seconds * SECOND) @ start
    assert np.all(state > -1e-9)
    assert state[:9].sum() < 1 + 1e-9


def test_only_the_pore_moves_receptors_between_free_and_blocked():
    component = scheme("2b")
    p = values(component, k_escape=50.0)
    x = SimpleNamespace(**dict(zip(STATES, np.linspace(0.02, 0.1, 9), strict=True)))
    u = SimpleNamespace(G=3.0, C=2.0, V=-50.0)
    change = component.rates(u, x, p)
    closed = component.rates(u, SimpleNamespace(**{**vars(x), "O": 0.0, "BO": 0.0}), p)
    held = sum(change[s] for s in STATES if s.startswith("B"))
    assert sum(closed[s] for s in STATES if s.startswith("B")) == pytest.approx(0, abs=1e-9)
    no_drug = component.rates(SimpleNamespace(G=3.0, C=0.0, V=-50.0), SimpleNamespace(**{**vars(x), "BO": 0.0}), p)
    assert sum(no_drug[s] for s in STATES if s.startswith("B")) == pytest.approx(0, abs=1e-9)
    assert held != 0


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_without_escape_every_step_is_in_balance_at_equilibrium(subtype):
    C, G, V = 3.0, 2.0, -50.0
    p = values(scheme(subtype))
    state = dict(zip(STATES, equilibrium(generator(subtype, G, C=C, V=V)), strict=False))
    C0 = 1 - sum(state.values())
    for zero, one, two, opened, shut in ((C0, "C1", "C2", "O", "D"), (state["B0"], "B1", "B2", "BO", "BD")):
        assert 2 * p.kb * G * zero == pytest.approx(p.ku * state[one])
        assert p.kb * G * state[one] == pytest.approx(2 * p.ku * state[two])
        assert p.beta * state[two] == pytest.approx(p.alpha * state[opened])
        assert p.kd * state[two] == pytest.approx(p.kr * state[shut], abs=1e-9)
    assert state["B2"] / state["C2"] == pytest.approx(state["BO"] / state["O"])


@pytest.mark.parametrize("subtype", PUBLISHED)
def test_ketamine_blocks_half_at_the_published_concentration_with_and_without_magnesium(subtype):
    free, with_magnesium = PUBLISHED[subtype]
    assert potency(subtype, 0.0) == pytest.approx(free, rel=0.005)
    assert potency(subtype, 1.0) == pytest.approx(with_magnesium, rel=0.01)


@pytest.mark.parametrize("drug", ["memantine", "lanicemine"])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_escape_leaves_the_potency_where_it_was_measured(drug, subtype):
    assert potency(subtype, 0.0, drug) == pytest.approx(TABLE.row(f"{drug}.IC50_{subtype}").value, rel=0.12)


def test_the_steady_block_is_the_same_at_every_glutamate_concentration():
    held = [blocked(equilibrium(generator("2a", G, C=1.0, V=-60.0))) for G in (0.05, 1.0, 300.0)]
    assert held == pytest.approx([held[0]] * 3, rel=1e-6)


@pytest.mark.parametrize(
    ("drug", "least", "most"), [("ketamine", 0.95, 1.0), ("memantine", 0.82, 0.85), ("lanicemine", 0.52, 0.59)]
)
def test_trapping_on_joint_washout_is_as_published_and_as_its_closed_form(drug, least, most):
    conditions = {"drug": drug, "Mg": 0.0}
    loaded = equilibrium(generator("2a", SATURATING, C=50.0, **conditions))
    washed = expm(generator("2a", 0.0, C=0.0, **conditions) * 120 * SECOND) @ loaded
    trapped = blocked(washed) / blocked(loaded)
    component = trapping(drug)
    assert trapped == pytest.approx(component.readout(None, None, values(component))["trapped"], abs=0.005)
    assert least <= trapped <= most


def test_washout_without_glutamate_keeps_the_drug_and_glutamate_frees_it():
    loaded = equilibrium(generator("2a", 300.0, C=10.0))
    silent = expm(generator("2a", 0.0) * 600 * SECOND) @ loaded
    active = expm(generator("2a", 300.0) * 60 * SECOND) @ loaded
    assert blocked(silent) > 0.9 * blocked(loaded)
    assert blocked(active) < 0.01 * blocked(loaded)


@pytest.mark.parametrize(
    ("subtype", "peak", "decay_ms"), [("2a", (0.35, 0.55), (70, 110)), ("2b", (0.06, 0.14), (400, 650))]
)
def test_responses_to_a_pulse_of_glutamate_are_as_published(subtype, peak, decay_ms):
    rest = np.append(np.zeros(9), 1.0)
    pulse = generator(subtype, 1000.0, Mg=0.0)
    times = np.linspace(0.1e-3, 0.1, 200) * SECOND
    top = max((expm(pulse * t) @ rest)[2] for t in times)
    assert peak[0] < top < peak[1]
    start = expm(pulse * 5e-3 * SECOND) @ rest
    after = np.linspace(0, 5, 500) * SECOND
    step = expm(generator(subtype, 0.0, Mg=0.0) * after[1])
    course = [start]
    for _ in after[1:]:
        course.append(step @ course[-1])
    opened = np.array([s[2] for s in course])
    weighted = 1e3 / SECOND * np.trapezoid(opened, after) / opened.max()
    assert decay_ms[0] < weighted < decay_ms[1]


def test_drug_current_and_blocked_fraction_of_the_wired_dish():
    dish = stage_model(
        *in_vitro(),
        more=(External("glutamate", "uM", "", 100.0), External("potential", "mV", "", -66.0)),
    )
    assert {f"nmda_{s}" for s in SUBTYPES} | {"nmda_native", "nmda_trapped_fraction"} <= set(dish.system.outputs)
    drug = {"brain_unbound_s_ketamine": 1.0, "brain_unbound_r_ketamine": 1.0}
    opened = {"nmda_gating_2a.O": 0.1, "nmda_gating_2a.BO": 0.1}
    assert outputs(dish, opened, **drug)["nmda_2a"] == pytest.approx(0.1 / (1 + 1 / 3.57 * np.exp(0.062 * 66)))
    assert outputs(dish, opened)["nmda_blocked_2a"] == 0.1
    assert outputs(dish, **drug)["nmda_blocker_ketamine"] == pytest.approx(2.0, rel=1e-6)
    assert outputs(dish.without("nmda"), **drug)["nmda_blocker_ketamine"] == 0.0
