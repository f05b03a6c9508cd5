"""The reduction of block to one fraction a pool: against the full scheme, and in itself."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biology.receptors.dish import (
    AMBIENT,
    BRAIN,
    SECOND,
    blocked,
    course,
    equilibrium,
    generator,
    stage_model,
    steady,
    values,
)
from biology.receptors.dish import outputs as read
from biology.receptors.dish import rates as slopes
from ketamind.biology.receptors import BLOCKERS, POOLS, nmda_blocker, receptors
from ketamind.biology.receptors.nmda_block import approach, block
from ketamind.errors import UnknownName

CONCENTRATIONS = (0.1, 1.0, 10.0)
FREQUENCIES = (0, 1, 10, 40)
POTENTIALS = (-75, -60, -45)
TIMES = tuple(np.array([1, 2, 5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600, 7200, 20000]) * SECOND)
FIRST_SECONDS = 9 * SECOND
RIVALS = {f"B_{d}": 0.0 for d in BLOCKERS if d != "ketamine"}


def one_pool(pool, C, frequency, V, drug="ketamine", **changes):
    """Where a pool is heading, and its rate, at synaptic events of a given frequency."""
    component = block(pool, drug)
    p = values(component, G_ambient=AMBIENT, **changes)
    rate = frequency * SECOND**-1 / p.release if hasattr(p, "release") else 0.0
    rivals = {f"B_{d}": 0.0 for d in BLOCKERS}
    u = SimpleNamespace(C=C, V=V, rate=rate, burst=1.0, glutamate_ratio=1.0, ro25_6981=0.0, **rivals)
    start, end = (component.rates(u, SimpleNamespace(B=B), p)["B"] for B in (0.0, 1.0))
    return start / (start - end), start - end


def mixture(pool):
    """Subtypes present in a pool, with their shares of it."""
    p = values(block(pool))
    shares = {s: getattr(p, f"share_{s}") for s in pool.subtypes if getattr(p, f"share_{s}") > 0}
    return {s: w / sum(shares.values()) for s, w in shares.items()}


def errors(pool, C, frequency, V, washout):
    """Reduction minus full scheme along a wash-in or washout, and the times [h]."""
    depth, k = one_pool(pool, C, frequency, V)
    parts = [(w, *course(s, C, frequency, V, TIMES, washout)) for s, w in mixture(pool).items()]
    full, times = sum(w * held for w, held, _ in parts), parts[0][2]
    _, k_free = one_pool(pool, 0.0, frequency, V)
    reduced = depth * np.exp(-k_free * times) if washout else depth * (1 - np.exp(-k * times))
    return np.abs(reduced - full), times


@pytest.mark.parametrize("pool", POOLS, ids=lambda p: p.name)
def test_the_reduction_follows_the_full_scheme(pool):
    """Within 0.03 from ten seconds on, and within 0.05 in the seconds in which a burst of openings still counts."""
    frequencies = FREQUENCIES if pool.site == "synaptic" else (0,)
    for C, f, V, washout in itertools.product(CONCENTRATIONS, frequencies, POTENTIALS, (False, True)):
        off, times = errors(pool, C, f, V, washout)
        where = (pool.name, C, f, V, washout)
        assert off.max() < 0.05, where
        assert off[times > FIRST_SECONDS].max() < 0.03, where


@pytest.mark.parametrize("pool", POOLS, ids=lambda p: p.name)
def test_the_steady_block_is_that_of_the_full_scheme(pool):
    for C, V in itertools.product(CONCENTRATIONS, POTENTIALS):
        full = sum(w * blocked(equilibrium(generator(s, 1.0, C=C, V=V, **BRAIN))) for s, w in mixture(pool).items())
        assert one_pool(pool, C, 1.0, V)[0] == pytest.approx(full, abs=1e-5)


@pytest.mark.parametrize("drug", ["memantine", "lanicemine"])
def test_escape_costs_the_reduction_little(drug):
    for C, V in itertools.product((0.3, 3.0, 30.0), POTENTIALS):
        full = sum(
            w * blocked(equilibrium(generator(s, 100.0, C=C, V=V, drug=drug, **BRAIN)))
            for s, w in mixture(POOLS[0]).items()
        )
        assert one_pool(POOLS[0], C, 1.0, V, drug)[0] == pytest.approx(full, abs=0.03)


def test_block_comes_and_goes_as_an_exponential_at_constant_conditions():
    component = block(POOLS[0])
    p = values(component)
    u = SimpleNamespace(C=2.0, V=-60.0, rate=2.0, burst=1.0, glutamate_ratio=1.0, ro25_6981=0.0, **RIVALS)
    at = [component.rates(u, SimpleNamespace(B=B), p)["B"] for B in (0.0, 0.3, 0.6)]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1])
    assert at[0] > 0 > at[2]


def test_activity_sets_the_speed_and_not_the_depth():
    depths, speeds = zip(*(one_pool(POOLS[0], 1.0, f, -70.0) for f in (0.0, 0.1, 1.0, 10.0, 40.0)), strict=True)
    assert max(depths) - min(depths) < 0.01
    assert list(speeds) == sorted(speeds)
    assert speeds[-1] > 500 * speeds[0]


def test_depolarisation_and_glun2d_deepen_the_block():
    pools = {p.name: p for p in POOLS}
    pyramidal, _ = one_pool(pools["pyramidal_synaptic"], 1.0, 1.0, -70.0)
    depolarised, _ = one_pool(pools["pyramidal_synaptic"], 1.0, 1.0, -55.0)
    glun2d, _ = one_pool(pools["pv_synaptic_slow"], 1.0, 1.0, -55.0)
    assert pyramidal < depolarised < glun2d


@given(
    st.sampled_from(POOLS),
    st.floats(0, 100),
    st.floats(0, 100),
    st.floats(-90, 0),
    st.floats(0, 100),
    st.floats(0.2, 5),
)
@settings(max_examples=150, deadline=None)
def test_a_fraction_never_leaves_0_to_1_and_more_drug_is_more_block(pool, C, more, V, f, glutamate):
    component = block(pool)
    p = values(component)
    u = {"V": V, "rate": f, "burst": 0.3, "glutamate_ratio": glutamate, "ro25_6981": 0.0, **RIVALS}
    low, high = (
        {B: component.rates(SimpleNamespace(C=c, **u), SimpleNamespace(B=B), p)["B"] for B in (0.0, 1.0)}
        for c in (C, C + more)
    )
    assert low[0.0] >= 0 >= low[1.0]
    depth = [r[0.0] / (r[0.0] - r[1.0]) for r in (low, high)]
    assert depth[1] >= depth[0] - 1e-12


def test_no_drug_is_exactly_no_block():
    model = stage_model(*receptors())
    assert set(slopes(model).values()) == {0.0}
    found = read(model)
    assert all(found[w] == 1.0 for w in found if w.startswith(("nmda_synaptic", "nmda_tonic")) or w == "nmda_lhb")
    assert all(found[w] == 0.0 for w in found if w.startswith("nmda_blocked"))
    assert found["nmda_rest_block"] == found["nmda_occupancy"] == 0.0


def test_with_the_mechanism_off_the_drug_does_not_reach_the_pore():
    drug = {"brain_unbound_s_ketamine": 3.0, "brain_unbound_r_ketamine": 3.0}
    model = stage_model(*receptors()).without("nmda")
    assert set(slopes(model, **drug).values()) == {0.0}
    assert read(model, **drug)["nmda_tonic_pv"] == 1.0


def test_the_stage_is_lean():
    assert len(stage_model(*receptors()).system.states) == 11


def test_two_drugs_share_the_pore():
    both = stage_model(*receptors("memantine"), drugs=("memantine",))
    drugs = {"brain_unbound_s_ketamine": 1.0, "brain_unbound_r_ketamine": 1.0, "brain_unbound_memantine": 4.0}
    held = {n: v for n, v in steady(both, **drugs).items() if n.endswith("pyramidal_tonic.B")}
    ketamine, memantine = (held[f"nmda_block_{d}_pyramidal_tonic.B"] for d in ("ketamine", "memantine"))
    alone = steady(both, **{**drugs, "brain_unbound_memantine": 0.0})["nmda_block_ketamine_pyramidal_tonic.B"]
    tonic = next(p for p in POOLS if p.name == "pyramidal_tonic")
    x = [b / (1 - b) for b in (alone, one_pool(tonic, 4.0, 0.0, -70.0, "memantine")[0])]
    assert ketamine == pytest.approx(x[0] / (1 + sum(x)))
    assert memantine == pytest.approx(x[1] / (1 + sum(x)))
    assert ketamine < alone


def test_the_habenula_keeps_its_drug_for_hours_once_its_bursts_are_gone():
    lhb = next(p for p in POOLS if p.cell == "lhb")
    p = values(block(lhb))
    u = SimpleNamespace(C=0.0, V=-53.0, rate=6.0, glutamate_ratio=1.0, ro25_6981=0.0, **RIVALS)
    half_lives = [
        -np.log(2) / block(lhb).rates(SimpleNamespace(burst=b, **vars(u)), SimpleNamespace(B=1.0), p)["B"]
        for b in (0.25, 0.01)
    ]
    assert half_lives[0] < 2 < 8 < half_lives[1]


def test_drugs_that_are_not_pore_blockers_are_refused():
    with pytest.raises(UnknownName, match="Did you mean 'memantine'"):
        nmda_blocker("memantin")


def test_approach_is_monotone_in_ambient_glutamate():
    component = block(POOLS[1])
    p = values(component)
    plain = SimpleNamespace(**{k.removesuffix("_2b"): v for k, v in vars(p).items()})
    speeds = [approach(1.0, -70.0, G, 0.0, plain)[1] for G in (0.005, 0.025, 0.1, 1.0)]
    assert speeds == sorted(speeds)
