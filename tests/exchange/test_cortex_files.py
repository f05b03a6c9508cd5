"""The spiking cortex in NWB, MNE and SONATA, read back by the tools that will use it."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from ketamind.cortex.network import read_network
from ketamind.cortex.recordings import field
from ketamind.cortex.simulate import Recording, Simulation
from ketamind.errors import KetamindError
from ketamind.exchange.cortex_files import to_mne, to_mne_epochs, to_nwb, to_sonata
from ketamind.exchange.extras import quiet
from ketamind.exchange.sonata import EDGES, synapses

CELLS = 1000


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    simulation = Simulation(read_network("starting"), CELLS, 1)
    simulation.run(0.1)
    return {"before": simulation.run(1.2), "during": simulation.run(1.2)}


@pytest.fixture(scope="module")
def nwb(recordings: dict[str, Recording], tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pynwb")
    return to_nwb(recordings, tmp_path_factory.mktemp("nwb") / "cortex.nwb")


def test_the_inspector_finds_nothing_to_mend(nwb: Path) -> None:
    inspector = pytest.importorskip("nwbinspector")
    with quiet():
        found = list(inspector.inspect_nwbfile(nwbfile_path=nwb, importance_threshold=inspector.Importance.CRITICAL))
        worse = [m for m in found if m.importance.value >= inspector.Importance.BEST_PRACTICE_VIOLATION.value]
    assert [f"{m.check_function_name}: {m.message}" for m in worse] == []


def test_spikes_and_fields_come_back(nwb: Path, recordings: dict[str, Recording]) -> None:
    import pynwb

    with quiet(), pynwb.NWBHDF5IO(str(nwb), "r") as opened:
        file = opened.read()
        spikes = [np.asarray(file.units["spike_times"][i]) for i in range(len(file.units))]
        types = list(file.units["cell_type"][:])
        proxy = file.processing["ecephys"]["absolute_currents_during"].data[:]
    assert len(spikes) == CELLS
    assert sum(map(len, spikes)) == sum(len(r.spike_ms) for r in recordings.values())
    before = recordings["before"]
    counts = np.bincount(before.spike_cell, minlength=CELLS)
    assert [int((s < before.seconds).sum()) for s in spikes] == list(counts)
    assert types.count("PV interneuron") == before.network.counts(CELLS)["pv"]
    assert np.allclose(proxy, field(recordings["during"]) * 1e-12)


def test_elephant_reads_the_spikes(nwb: Path, recordings: dict[str, Recording]) -> None:
    elephant = pytest.importorskip("elephant.statistics")
    neo = pytest.importorskip("neo")
    with quiet():
        blocks = neo.NWBIO(str(nwb), "r").read_all_blocks()
        trains = [t for b in blocks for s in b.segments for t in s.spiketrains]
        rates = [float(elephant.mean_firing_rate(t).magnitude) for t in trains if len(t)]
    total = sum(len(r.spike_ms) for r in recordings.values())
    assert sum(map(len, trains)) in (total, total * len(blocks))
    assert rates
    assert np.isfinite(rates).all()


def test_mne_sees_the_same_spectrum(recordings: dict[str, Recording]) -> None:
    pytest.importorskip("mne")
    raw = to_mne(recordings["before"])
    assert raw.info["sfreq"] == 1000
    assert np.allclose(raw.get_data()[0], field(recordings["before"]) * 1e-12)
    epochs = to_mne_epochs(recordings, 0.5)
    assert len(epochs["before"]) == len(epochs["during"]) == 2
    with quiet():
        power = epochs.compute_psd(picks="misc", fmax=100, verbose="error")
    assert power.get_data(picks="misc").shape[:2] == (4, 2)
    with pytest.raises(KetamindError, match="no stretch is as long"):
        to_mne_epochs(recordings, 60)


@pytest.fixture(scope="module")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return to_sonata(read_network("starting"), tmp_path_factory.mktemp("sonata"), CELLS, 1)


def test_the_circuit_holds_the_wiring_of_the_simulation(circuit: Path) -> None:
    network = read_network("starting")
    wiring = Simulation(network, CELLS, 1).wiring
    source, target, kind = synapses(network, CELLS, 1)
    assert len(source) == wiring.targets.size
    assert target.max() < CELLS
    counts = network.counts(CELLS)
    first = dict(zip(counts, np.concatenate([[0], np.cumsum(list(counts.values()))[:-1]]), strict=True))
    for k, projection in enumerate(network.projections):
        for ids, cell_type in ((source, projection.source), (target, projection.target)):
            mine = ids[kind == k] - first[cell_type]
            assert ((mine >= 0) & (mine < counts[cell_type])).all()
    same = [k for k, p in enumerate(network.projections) if p.source == p.target]
    assert not (source == target)[np.isin(kind, same)].any()
    with h5py.File(circuit.parent / "edges.h5") as file:
        assert file[f"edges/{EDGES}/source_node_id"].shape == source.shape


def test_libsonata_reads_cells_and_partners(circuit: Path) -> None:
    libsonata = pytest.importorskip("libsonata")
    source, target, _ = synapses(read_network("starting"), CELLS, 1)
    nodes = libsonata.NodeStorage(str(circuit.parent / "nodes.h5")).open_population("cortex")
    edges = libsonata.EdgeStorage(str(circuit.parent / "edges.h5")).open_population(EDGES)
    assert nodes.size == CELLS
    assert edges.size == len(source)
    assert list(nodes.get_attribute("cell_type", libsonata.Selection([0]))) == ["pyramidal"]
    for cell in (0, 500, 999):
        afferent = edges.source_nodes(edges.afferent_edges(cell))
        efferent = edges.target_nodes(edges.efferent_edges(cell))
        assert sorted(afferent) == sorted(source[target == cell])
        assert sorted(efferent) == sorted(target[source == cell])


def test_what_cannot_be_written_is_one_message(recordings: dict[str, Recording], tmp_path: Path) -> None:
    pytest.importorskip("pynwb")
    with pytest.raises(KetamindError, match="no recordings"):
        to_nwb({}, tmp_path / "x.nwb")
    with pytest.raises(KetamindError, match="cannot write"):
        to_nwb(recordings, tmp_path / "no" / "x.nwb")
    with pytest.raises(KetamindError, match="cells"):
        to_sonata(read_network("starting"), tmp_path, 10)
