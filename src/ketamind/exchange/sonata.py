"""The network's cells and synapses in the SONATA format: HDF5 of nodes and edges, CSV of their types, JSON around them.

Source: SONATA data format 0.1 (github.com/AllenInstitute/sonata).
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from ketamind.cortex.kernel import BLOCK, LANES
from ketamind.cortex.network import Network
from ketamind.cortex.wiring import Wiring, first_blocks, wire
from ketamind.errors import BadFile
from ketamind.exchange.events import write_text

POPULATION = "cortex"
EDGES = f"{POPULATION}_to_{POPULATION}"
MAGIC, VERSION = 0x0A7A, (0, 1)

Whole = NDArray[np.int64]


def write_circuit(network: Network, folder: Path, cells: int, seed: int) -> Path:
    """All files of a circuit; returns its configuration."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _nodes(network, folder / "nodes.h5", cells)
        _edges(network, folder / "edges.h5", cells, seed)
    except OSError as problem:
        raise BadFile(f"cannot write into '{folder}': {problem.strerror or problem}. Choose another folder.") from None
    write_text(folder / "node_types.csv", _node_types(network))
    write_text(folder / "edge_types.csv", _edge_types(network))
    return write_text(folder / "circuit_config.json", json.dumps(CONFIGURATION, indent=2) + "\n")


CONFIGURATION = {
    "manifest": {"$BASE_DIR": "."},
    "networks": {
        "nodes": [{"nodes_file": "$BASE_DIR/nodes.h5", "node_types_file": "$BASE_DIR/node_types.csv"}],
        "edges": [{"edges_file": "$BASE_DIR/edges.h5", "edge_types_file": "$BASE_DIR/edge_types.csv"}],
    },
}


def _stamp(file: h5py.File) -> None:
    file.attrs["magic"] = np.uint32(MAGIC)
    file.attrs["version"] = np.array(VERSION, np.uint32)


def _nodes(network: Network, path: Path, cells: int) -> None:
    counts = network.counts(cells)
    types = np.repeat(np.arange(len(counts)), list(counts.values()))
    with h5py.File(path, "w") as file:
        _stamp(file)
        group = file.create_group(f"nodes/{POPULATION}")
        group["node_type_id"] = types.astype(np.uint64)
        group["node_group_id"] = np.zeros(cells, np.uint64)
        group["node_group_index"] = np.arange(cells, dtype=np.uint64)
        group["node_id"] = np.arange(cells, dtype=np.uint64)
        own = group.create_group("0")
        own["cell_type"] = np.array(list(counts), dtype=h5py.string_dtype())[types]


def synapses(network: Network, cells: int, seed: int) -> tuple[Whole, Whole, Whole]:
    """Source cell, target cell and projection of every synapse, in the order of projections."""
    drawn: Wiring = wire(network, cells, seed)
    counts = list(network.counts(cells).values())
    first_cell = np.concatenate([[0], np.cumsum(counts)])
    blocks = first_blocks(network, cells)
    parts: list[tuple[Whole, Whole, Whole]] = []
    for k, projection in enumerate(network.projections):
        source, target = (network.types.index(t) for t in (projection.source, projection.target))
        ends = drawn.indptr[drawn.starts[k] : drawn.starts[k] + counts[source] + 1]
        places = drawn.targets[ends[0] : ends[-1]].astype(np.int64)
        lane = (places // BLOCK - blocks[target]) * LANES + places % BLOCK
        owners = np.repeat(np.arange(counts[source]), np.diff(ends))
        parts.append((owners + first_cell[source], lane + first_cell[target], np.full(len(lane), k)))
    sources, targets, kinds = zip(*parts, strict=True)
    return np.concatenate(sources), np.concatenate(targets), np.concatenate(kinds)


def _edges(network: Network, path: Path, cells: int, seed: int) -> None:
    source, target, kind = synapses(network, cells, seed)
    order = np.lexsort((source, target))
    source, target, kind = source[order], target[order], kind[order]
    weights = np.array([p.weight for p in network.projections])
    delays = np.array([p.delay for p in network.projections])
    with h5py.File(path, "w") as file:
        _stamp(file)
        group = file.create_group(f"edges/{EDGES}")
        for name, ids in (("source_node_id", source), ("target_node_id", target)):
            group[name] = ids.astype(np.uint64)
            group[name].attrs["node_population"] = POPULATION
        group["edge_type_id"] = kind.astype(np.uint64)
        group["edge_group_id"] = np.zeros(len(kind), np.uint64)
        group["edge_group_index"] = np.arange(len(kind), dtype=np.uint64)
        own = group.create_group("0")
        own["syn_weight"] = weights[kind]
        own["delay"] = delays[kind]
        for side, ids in (("source_to_target", source), ("target_to_source", target)):
            _index(group.create_group(f"indices/{side}"), ids, cells)


def _index(group: h5py.Group, ids: Whole, cells: int) -> None:
    """Where the edges of each node stand: ranges of rows, and which ranges are a node's."""
    order = np.argsort(ids, kind="stable")
    sorted_ids = ids[order]
    breaks = np.flatnonzero((np.diff(sorted_ids) != 0) | (np.diff(order) != 1)) + 1
    begin = np.concatenate([[0], breaks]) if len(ids) else np.zeros(0, np.int64)
    end = np.concatenate([breaks, [len(ids)]]) if len(ids) else np.zeros(0, np.int64)
    rows = np.stack([order[begin], order[end - 1] + 1], axis=1) if len(ids) else np.zeros((0, 2), np.int64)
    owner = sorted_ids[begin] if len(ids) else np.zeros(0, np.int64)
    edges = np.searchsorted(owner, np.arange(cells + 1))
    group["range_to_edge_id"] = rows.astype(np.uint64)
    group["node_id_to_ranges"] = np.stack([edges[:-1], edges[1:]], axis=1).astype(np.uint64)


def _node_types(network: Network) -> str:
    """Types of cells with their adaptive exponential constants (pF, nS, mV, ms, pA)."""
    rows = []
    for number, (name, cell) in enumerate(network.cells.items()):
        plain = {k: v for k, v in cell.model_dump().items() if isinstance(v, int | float) and k != "share"}
        rows.append({"node_type_id": number, "pop_name": name, "model_type": "point_neuron", **plain})
    return _csv(rows)


def _edge_types(network: Network) -> str:
    """Projections with weight (nS), delay (ms) and short-term plasticity."""
    rows = []
    for number, p in enumerate(network.projections):
        short = p.short_term.model_dump() if p.short_term else {"U": "", "tau_rec": "", "tau_fac": ""}
        rows.append(
            {
                "edge_type_id": number,
                "source_pop_name": p.source,
                "target_pop_name": p.target,
                "syn_weight": p.weight,
                "gaba_b_weight": p.gaba_b_weight,
                "delay": p.delay,
                "probability_at_reference": p.probability,
                **short,
            }
        )
    return _csv(rows)


def _csv(rows: list[dict[str, Any]]) -> str:
    """SONATA's tables are separated by spaces."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(k for r in rows for k in r)), delimiter=" ", lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "NULL" if v == "" else v for k, v in row.items()} for row in rows)
    return out.getvalue()
