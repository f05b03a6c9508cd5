"""The compiled step against closed forms, and the starting network against independent implementations of it."""

import numpy as np
import pytest

from ketamind.cortex import kernel
from ketamind.cortex.compiled import compiled, fast_exp, stream_keys
from ketamind.cortex.network import CELL_TYPES, ShortTerm
from ketamind.cortex.simulate import Condition, Simulation, in_parallel
from ketamind.errors import BadValue, UnknownName


def ratio_condition(uM: float) -> Condition:
    """The assumed block 1/(1 + C/IC50), IC50 10 uM on pyramidal and VIP cells, 1 uM on PV and SST cells."""
    left = {t: 1 / (1 + uM / ic50) for t, ic50 in zip(CELL_TYPES, (10, 1, 1, 10), strict=True)}
    return Condition(nmda_synaptic=left, nmda_tonic=left)


@pytest.mark.parametrize(
    ("uM", "rates"),
    [
        (0, (2.52, 11.94, 5.29, 9.13)),
        (0.5, (4.83, 10.33, 4.46, 12.5)),
        (1, (6.33, 10.51, 3.2, 14.31)),
        (5, (9.17, 5.34, 0.01, 17.51)),
        (10, (1.96, 0.1, 0.0, 9.13)),
    ],
)
def test_rates_of_the_starting_network(starting, uM, rates):
    simulation = Simulation(starting, 1000, seed=1)
    simulation.run(0.5, ratio_condition(uM))
    found = simulation.run(6.0, ratio_condition(uM)).rates()
    assert list(found.values()) == pytest.approx(rates, rel=0.04, abs=0.1)


def test_the_fast_exponential_is_exact_to_float32():
    @compiled
    def apply(x, y):
        for i in range(x.size):
            y[i] = fast_exp(x[i])

    x = np.linspace(-50, 50, 100_001).astype(np.float32)
    y = np.empty_like(x)
    apply(x, y)
    assert np.max(np.abs(y / np.exp(x.astype(np.float64)) - 1)) < 5e-6


@pytest.mark.parametrize("mean", [0.05, 0.382, 0.95])
def test_external_events_are_poisson_and_independent(mean):
    n_blocks, steps = 40, 500
    cells = n_blocks * kernel.LANES
    state = np.zeros(n_blocks * kernel.BLOCK, np.float32)
    thresholds = np.zeros(kernel.N_THRESHOLDS, np.int32)
    kernel.poisson_thresholds(mean, thresholds)
    keys = stream_keys(3, 1, cells)
    counts = np.empty((steps, cells))
    for step in range(steps):
        kernel.draw_events(state, *keys, 0, n_blocks, np.uint32(step * 16), thresholds, False)
        counts[step] = state.reshape(n_blocks, kernel.ROWS, kernel.LANES)[:, kernel.COUNT // kernel.LANES].ravel()
    n = counts.size
    assert counts.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / n))
    assert counts.var() == pytest.approx(mean, abs=5 * np.sqrt((mean + 2 * mean**2) / n))
    assert counts.mean(axis=0).var() * steps == pytest.approx(mean, rel=0.25)
    assert np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1] == pytest.approx(0, abs=5 / np.sqrt(n))
    assert np.corrcoef(counts[:, 0], counts[:, 1])[0, 1] == pytest.approx(0, abs=5 / np.sqrt(steps))


def test_a_lone_conductance_decays_exactly(starting):
    simulation = Simulation(starting, 1000, seed=1)
    simulation.drive[:, 0] = 0
    state = simulation.state.reshape(-1, kernel.ROWS, kernel.LANES)
    state[:, kernel.A // kernel.LANES] = 1.0
    state[:, kernel.V // kernel.LANES] = -67.0
    simulation.run(0.002)
    assert state[0, kernel.A // kernel.LANES, 0] == pytest.approx(np.exp(-1), rel=1e-5)


def test_the_same_seed_gives_the_same_spikes_in_any_thread_and_in_pieces(starting):
    def run(pieces):
        simulation = Simulation(starting, 1000, seed=7)
        found = [simulation.run(0.6 / pieces) for _ in range(pieces)]
        return np.concatenate([f.spike_cell for f in found]), np.concatenate([f.spike_ms for f in found])

    runs = in_parallel(run, (1, 1, 3, 4), threads=4)
    for cells, ms in runs[1:]:
        assert (cells == runs[0][0]).all()
        assert (ms == runs[0][1]).all()


def test_another_seed_gives_other_spikes(starting):
    a, b = (Simulation(starting, 1000, seed).run(0.3) for seed in (1, 2))
    assert a.spike_cell.size != b.spike_cell.size


def test_nothing_is_recompiled_when_parameters_change(starting):
    Simulation(starting, 1000, seed=1).run(0.01)
    before = len(kernel.advance.signatures)
    Simulation(starting, 2000, seed=2).run(0.01, ratio_condition(3))
    assert len(kernel.advance.signatures) == before


def test_rates_hold_at_another_size(starting, baseline):
    """Cells share less of their input in a larger network, which lowers rates by up to a sixth from 1,000 to 4,000."""
    simulation = Simulation(starting, 4000, seed=1)
    simulation.run(0.5)
    found = simulation.run(3.0).rates()
    assert list(found.values()) == pytest.approx(list(baseline.rates().values()), rel=0.17)


def test_a_depressing_synapse_reaches_the_steady_state_of_tsodyks_and_markram():
    U, tau_rec, gap = 0.5, 200.0, 50.0
    u, r, last = np.zeros(1), np.ones(1), np.full(1, -1e9)
    for k in range(100):
        out = kernel.release(u, r, last, 0, 0, k * gap, U, tau_rec, 1e-3)
    left = np.exp(-gap / tau_rec)
    assert out == pytest.approx((1 - left) / (1 - (1 - U) * left), rel=1e-6)


def test_depression_lowers_and_gaba_b_inhibits(starting):
    def rate(network):
        simulation = Simulation(network, 1000, seed=1)
        simulation.run(0.5)
        return simulation.run(3.0).rates()["pyramidal"]

    def changed(source, **update):
        return starting.model_copy(
            update={
                "projections": tuple(
                    p.model_copy(update=update) if p.source == source and p.target == "pyramidal" else p
                    for p in starting.projections
                )
            }
        )

    plain = rate(starting)
    assert rate(changed("pv", short_term=ShortTerm(U=0.6, tau_rec=200, tau_fac=0))) > plain
    assert rate(changed("sst", gaba_b_weight=0.3)) < plain


def test_drive_follows_the_pyramidal_rate_in_a_cortical_loop(starting):
    from ketamind.cortex.block import looped

    def rate(reference):
        simulation = Simulation(looped(starting, 0.5), 1000, seed=1)
        simulation.set_loop(reference)
        simulation.run(0.5)
        return simulation.run(3.0).rates()["pyramidal"]

    assert rate(2.5) == pytest.approx(2.5, rel=0.3)
    assert rate(5.0) < 1.0


@pytest.mark.parametrize("seconds", [-1.0, 0.0, float("nan")])
def test_impossible_times_are_refused(starting, seconds):
    with pytest.raises(BadValue, match=r"cannot be simulated: give a time above 0"):
        Simulation(starting, 1000).run(seconds)


def test_impossible_conditions_are_refused():
    with pytest.raises(UnknownName, match=r"'pvv' is not a cell type\. Did you mean 'pv'"):
        Condition(nmda_tonic={"pvv": 0.5})
    with pytest.raises(BadValue, match="drive sst = -1"):
        Condition(drive={"sst": -1.0})
