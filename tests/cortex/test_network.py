from pathlib import Path

import pytest

from ketamind.cortex.network import SHIPPED, check_size, memory_estimate, read_network, shipped_networks
from ketamind.cortex.simulate import Simulation, check_memory
from ketamind.cortex.wiring import wire
from ketamind.errors import BadFile, BadValue, UnknownName


def test_counts_add_up_at_any_size(starting):
    for cells in (1000, 1001, 12_345):
        assert sum(starting.counts(cells).values()) == cells


def test_the_mean_in_degree_is_the_same_at_every_size(starting):
    for p in starting.projections:
        small, large = (starting.probability(p, n) * starting.counts(n)[p.source] for n in (1000, 50_000))
        assert large == pytest.approx(small, rel=1e-3)


def test_synapses_drawn_are_those_expected(starting):
    synapses = wire(starting, 3000, seed=1)
    assert synapses.targets.size == pytest.approx(starting.synapse_count(3000), rel=0.01)
    assert synapses.bytes_per_synapse < 5


def test_wiring_depends_on_the_seed_alone(starting):
    a, b, c = (wire(starting, 1000, seed) for seed in (1, 1, 2))
    assert (a.targets == b.targets).all()
    assert a.targets.size != c.targets.size


def test_no_cell_is_connected_to_itself(starting):
    from ketamind.cortex.kernel import BLOCK, LANES

    synapses = wire(starting, 1000, seed=1)
    for i in range(800):
        own = (i // LANES) * BLOCK + i % LANES
        assert own not in synapses.targets[synapses.indptr[i] : synapses.indptr[i + 1]]


@pytest.mark.parametrize("cells", [0, -5, 10**9])
def test_impossible_sizes_are_refused(starting, cells):
    with pytest.raises(BadValue, match=r"outside what can be simulated: 1,000 to 10,000,000"):
        Simulation(starting, cells)


def test_a_billion_cells_are_refused_with_the_memory_they_would_need(starting):
    with pytest.raises(BadValue, match=r"1,000,000,000 cells \(about \d+ GB\)"):
        check_size(starting, 10**9)


def test_a_run_too_large_for_memory_is_refused_before_it_starts(starting, monkeypatch):
    monkeypatch.setattr("ketamind.cortex.simulate.free_memory", lambda: 1e8)
    with pytest.raises(BadValue, match=r"need about .* GB and 0.1 GB are free"):
        check_memory(starting, 1_000_000)
    assert memory_estimate(starting, 10_000) < 2e7


def test_every_shipped_network_runs():
    assert shipped_networks() == ["plain", "starting"]
    for name in shipped_networks():
        assert Simulation(read_network(name), 2000).run(0.3).rates()["pyramidal"] > 0.5


def test_an_unknown_network_names_the_known_ones():
    with pytest.raises(UnknownName, match=r"'startin' is not a network\. Did you mean 'starting'"):
        read_network("startin")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("share = 0.8", "share = 0.7", "shares of the cell types must sum to 1"),
        ("C = 230.0", "C = -1.0", r"'cells.pyramidal.C': .* \(given: -1.0\)"),
        ("delay = 1.0", "latency = 1.0", "'projections.0.latency'|'projections.0.delay'"),
        ('target = "pv"', 'target = "pyramidal"', "two projections join the same pair|does not have"),
        ('name = "starting"', "name =", "not valid TOML"),
    ],
)
def test_a_faulty_file_is_refused_with_file_and_key(tmp_path: Path, old, new, message):
    text = (SHIPPED / "starting.toml").read_text()
    assert old in text
    file = tmp_path / "faulty.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(BadFile, match=message):
        read_network(file)


def test_a_missing_file_is_one_message(tmp_path: Path):
    with pytest.raises(BadFile, match="cannot be read"):
        read_network(tmp_path / "none.toml")
