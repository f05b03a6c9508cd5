"""Who is connected to whom: every ordered pair of distinct cells is drawn independently, by geometric skips.

The draw of a source cell depends on the seed, the projection and that cell only. Targets of a source are stored
together and in order, as positions in the kernel's state array.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.cortex.compiled import compiled, stream_keys, uniform
from ketamind.cortex.kernel import BLOCK, LANES
from ketamind.cortex.network import Network

WIRING = 101  # streams of projection p have purpose WIRING + p


@dataclass(frozen=True)
class Wiring:
    """All synapses of a network: `starts[p] + i` is the entry in `indptr` of source cell i of projection p."""

    starts: NDArray[np.int64]
    indptr: NDArray[np.int64]
    targets: NDArray[np.int32]

    @property
    def bytes_per_synapse(self) -> float:
        return (self.targets.nbytes + self.indptr.nbytes + self.starts.nbytes) / max(1, self.targets.size)


@compiled
def draw_targets(
    keys_a: Any, keys_b: Any, n_targets: Any, p: Any, same: Any, first_block: Any, counts: Any, out: Any
) -> Any:
    """Targets of each source; with an empty `out`, counts only. Returns the number drawn."""
    scale = 1.0 / np.log1p(-p) if p < 1 else 0.0
    total = 0
    for i in range(keys_a.shape[0]):
        target, draw, begin = -1, 0, total
        while True:
            target += 1 + int(min(np.log(uniform(keys_a[i], keys_b[i], draw)) * scale, 2e9))
            draw += 1
            if target >= n_targets:
                break
            if same and target == i:
                continue
            if out.shape[0] > 0:
                out[total] = (first_block + target // LANES) * BLOCK + target % LANES
            total += 1
        counts[i] = total - begin
    return total


def first_blocks(network: Network, cells: int) -> NDArray[np.int64]:
    """First block of each type and, last, the number of blocks; each type starts a new block."""
    blocks = [-(-n // LANES) for n in network.counts(cells).values()]
    return np.concatenate(([0], np.cumsum(blocks))).astype(np.int64)


def wire(network: Network, cells: int, seed: int) -> Wiring:
    """The synapses of a network of this size, the same for the same seed."""
    n, first = network.counts(cells), first_blocks(network, cells)
    starts: list[int] = []
    indptr: list[NDArray[np.int64]] = []
    parts: list[NDArray[np.int32]] = []
    base = 0
    for k, projection in enumerate(network.projections):
        sources, targets = n[projection.source], n[projection.target]
        keys = stream_keys(seed, WIRING + k, sources)
        block = int(first[network.types.index(projection.target)])
        same = projection.source == projection.target
        shape = (targets, network.probability(projection, cells), same, block)
        counts = np.zeros(sources, np.int64)
        found = np.zeros(draw_targets(*keys, *shape, counts, np.zeros(0, np.int32)), np.int32)
        draw_targets(*keys, *shape, counts, found)
        starts.append(sum(len(x) for x in indptr))
        indptr.append(base + np.concatenate(([0], np.cumsum(counts))))
        parts.append(found)
        base += len(found)
    return Wiring(np.array(starts, np.int64), np.concatenate(indptr), np.concatenate(parts))
