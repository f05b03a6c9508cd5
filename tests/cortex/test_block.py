import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamind.biology.receptors import POOLS, SUBTYPES, nmda_block
from ketamind.cortex.block import (
    ASSUMED_POTENTIALS,
    Block,
    effective_concentrations,
    hypotheses,
    hypothesis,
    run_with_block,
    values_of,
)
from ketamind.cortex.network import CELL_TYPES, read_network
from ketamind.cortex.simulate import Simulation
from ketamind.errors import BadValue, UnknownName

NETWORK = read_network("starting")


def blocked(uM, assumption="tonic_2b2d", drug="ketamine", **changes):
    block = Block(NETWORK, {drug: uM}, hypothesis(assumption), ASSUMED_POTENTIALS, **changes)
    block.settle()
    return {site: {t: 1 - g for t, g in left.items()} for site, left in block.left().items()}


def test_steady_block_is_that_of_competition_with_magnesium():
    """1 uM of ketamine in 1 mM magnesium: 14 % of 2A/2B at -70 mV, 28 % of 2D and 47 % of 2C at -55 mV."""
    assert blocked(1, "tonic_2d")["synaptic"]["pyramidal"] == pytest.approx(0.14, abs=0.01)
    assert blocked(1, "tonic_2d")["tonic"]["sst"] == pytest.approx(0.28, abs=0.01)
    assert blocked(1, "tonic_2c")["tonic"]["sst"] == pytest.approx(0.47, abs=0.01)


def test_the_equation_is_that_of_the_receptor_stage():
    """dB/dt of a pool of one subtype, from the chain's own component."""
    pool = next(p for p in POOLS if p.name == "pyramidal_tonic")
    component = nmda_block.block(pool)
    block = Block(NETWORK, {"ketamine": 0.7}, hypothesis("tonic_2b2d"), ASSUMED_POTENTIALS)
    block.blocked[0] = 0.05
    u = {i.symbol: i.absent for i in component.inputs} | {"C": block.C["ketamine"], "V": -70.0}
    rate = component.evaluate(component.rates, u, {"B": 0.05}, values_of(component.parameters))["B"]
    block.advance(1e-3, 2.5)
    k = SUBTYPES.index("2b")
    assert (block.blocked[0, 0, 1, k] - 0.05) * 3.6e6 == pytest.approx(rate, rel=1e-3)


def test_speed_follows_activity_and_depth_does_not():
    def course(rate):
        block = Block(NETWORK, {"ketamine": 1.0}, hypothesis("tonic_2b2d"), ASSUMED_POTENTIALS)
        early = [block.advance(20.0, rate), 1 - block.left()["synaptic"]["pyramidal"]][1]
        for _ in range(100):
            block.advance(1000.0, rate)
        return early, 1 - block.left()["synaptic"]["pyramidal"]

    slow, fast = course(0.5), course(20.0)
    assert fast[0] > 2 * slow[0]
    assert fast[1] == pytest.approx(slow[1], rel=1e-3)


@given(
    st.floats(0, 1e3),
    st.floats(0, 100),
    st.floats(1e-3, 1e3),
    st.floats(0, 100),
    st.sampled_from(["ketamine", "mk801"]),
)
def test_block_stays_between_none_and_all(uM, other, seconds, rate, drug):
    block = Block(NETWORK, {drug: uM, "memantine": other})
    block.advance(seconds, rate)
    total = block.blocked.sum(axis=0)
    assert (total >= 0).all()
    assert (total <= 1).all()


@settings(max_examples=20)
@given(st.floats(0, 100), st.floats(0, 100))
def test_more_drug_blocks_more(a, b):
    low, high = sorted((a, b))
    for site in ("synaptic", "tonic"):
        for t in CELL_TYPES:
            assert blocked(low)[site][t] <= blocked(high)[site][t] + 1e-12


def test_long_advance_reaches_the_steady_state_for_several_blockers_at_once():
    block = Block(NETWORK, {"ketamine": 0.7, "memantine": 2.0, "mk801": 0.01})
    for _ in range(800):
        block.advance(2000.0, 10.0)
    assert np.allclose(block.blocked, block.steady(), rtol=1e-4)


def test_no_drug_is_no_block():
    assert set(Block(NETWORK, {}).left()["tonic"].values()) == {1.0}


def test_silent_synapses_keep_their_blocker_longer():
    def kept(rate):
        block = Block(NETWORK, {"ketamine": 1.0})
        block.settle()
        before = block.blocked[0, 0, 0, 0]
        block.set_concentrations({})
        block.advance(60.0, rate)
        return block.blocked[0, 0, 0, 0] / before

    assert kept(0.0) > 0.9
    assert kept(10.0) < 0.5


@pytest.mark.parametrize("drug", ["esketamine", "arketamine", "memantine", "mk801", "brain_unbound_s_ketamine"])
def test_every_blocker_goes_through_the_same_door(drug):
    assert blocked(1.0, drug=drug)["synaptic"]["pv"] > 0.02


def test_esketamine_is_stronger_than_arketamine():
    assert blocked(1, drug="esketamine")["tonic"]["pv"] > 2 * blocked(1, drug="arketamine")["tonic"]["pv"]


def test_magnesium_matters_more_to_memantine_at_2a_than_at_2c():
    left = blocked(2, "tonic_2c", drug="memantine")
    assert left["tonic"]["pv"] > 2 * left["synaptic"]["pyramidal"]


def test_protection_and_hypotheses():
    assert blocked(1, protect=frozenset({"pv"}))["tonic"]["pv"] == 0
    assert blocked(1, "pyramidal_only")["synaptic"]["sst"] == 0
    plain, allosteric = blocked(1), blocked(1, "allosteric")
    assert allosteric["synaptic"] == plain["synaptic"]
    assert 1 - allosteric["tonic"]["pv"] == pytest.approx((1 - plain["tonic"]["pv"]) * (1 - 0.5 / 1.1))
    both = hypothesis("tonic_2c+allosteric")
    assert both.tonic == hypotheses()["tonic_2c"].tonic
    assert both.allosteric == (0.1, 0.5)


def test_closed_loop_deepens_block_with_time_and_depolarisation():
    simulation = Simulation(NETWORK, 1000, seed=1)
    simulation.run(0.3)
    block = Block(NETWORK, {"ketamine": 2.0})
    recording, course = run_with_block(simulation, block, 1.0)
    assert recording.seconds == pytest.approx(1.0)
    assert (np.diff(course.left[:, 0, :], axis=0) < 0).all()
    assert block.V[0] == pytest.approx(recording.signal("potential", "pyramidal")[-100:].mean(), abs=0.2)


def test_bad_input_is_one_message():
    with pytest.raises(UnknownName, match=r"'pvv' is not a cell type that can be protected\. Did you mean 'pv'"):
        Block(NETWORK, {}, protect=frozenset({"pvv"}))
    with pytest.raises(UnknownName, match=r"'ketamin' is not a blocker of NMDA receptors\. Did you mean 'ketamine'"):
        effective_concentrations({"ketamin": 1})
    with pytest.raises(BadValue, match="-1 uM of ketamine is not allowed"):
        effective_concentrations({"ketamine": -1})
    with pytest.raises(UnknownName, match="'tonic_2e' is not a cortex hypothesis"):
        hypothesis("tonic_2e")
