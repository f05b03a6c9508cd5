"""Where the NMDA receptors of the model are: cell, site and subunits, and what a manipulation leaves of them.

A pool is the receptors of one cell type and site that block and unblock together. GluN1/2A and 2B share a synaptic
pool, since they open nearly as often and bind ketamine nearly as well; receptors with GluN2D, which stay open far
longer, are a pool of their own.

    kept = (1 - loss_2A), ...; a GluN1/2B/2D receptor loses `half` of its function with either subunit's loss

A loss is a block, knock-down or knock-out of the gene at that place, 0 to 1; a gain is a positive modulator of GluN2D
and acts only on what its loss leaves.

Source: subunits by cell matta-2013, perszyk-2016, miller-2014, lewis-2022; the shares are assumed.
"""

from dataclasses import dataclass
from typing import Any

from ketamind.declare import Input, Parameter

CELLS = ("pyramidal", "pv", "sst", "vip", "lhb")
CORTICAL_CELLS = CELLS[:4]


@dataclass(frozen=True)
class Pool:
    """Receptors of one cell type and site. `name` is `<cell>_<site>`, with `_slow` for those with GluN2D."""

    cell: str
    site: str
    subtypes: tuple[str, ...]
    slow: bool = False

    @property
    def name(self) -> str:
        """The name by which wires and components know the pool."""
        return f"{self.cell}_{self.site}" + ("_slow" if self.slow else "")

    def share_row(self, subtype: str) -> str:
        """Table row of the subtype's share of the drug-free conductance of this cell and site."""
        return f"nmda.share_{self.cell}_{self.site}_{subtype}"


POOLS = (
    Pool("pyramidal", "synaptic", ("2a", "2b")),
    Pool("pyramidal", "tonic", ("2b",)),
    Pool("pv", "synaptic", ("2a", "2b")),
    Pool("pv", "synaptic", ("2d",), slow=True),
    Pool("pv", "tonic", ("2c", "2d", "2b2d")),
    Pool("sst", "synaptic", ("2a", "2b")),
    Pool("sst", "synaptic", ("2b2d",), slow=True),
    Pool("sst", "tonic", ("2c", "2d", "2b2d")),
    Pool("vip", "synaptic", ("2a", "2b")),
    Pool("vip", "tonic", ("2b",)),
    Pool("lhb", "synaptic", ("2a", "2b")),
)

SUBUNITS = {"2a": ("2a",), "2b": ("2b",), "2c": ("2c",), "2d": ("2d",), "2b2d": ("2b", "2d")}
"""The GluN2 subunits of each receptor."""

RO25_6981 = Input("ro25_6981", "1", "block of GluN2B by Ro 25-6981", wire="effect_ro25_6981", absent=0.0)


def pools_of(cell: str, site: str) -> tuple[Pool, ...]:
    """The pools of one cell type and site."""
    return tuple(p for p in POOLS if (p.cell, p.site) == (cell, site))


def share_parameters(pools: tuple[Pool, ...]) -> tuple[Parameter, ...]:
    """Shares of the subtypes of pools of one cell and site, and the manipulations that change them."""
    cell = pools[0].cell
    subtypes = [s for pool in pools for s in pool.subtypes]
    subunits = sorted({unit for s in subtypes for unit in SUBUNITS[s]})
    shares = [
        Parameter(f"share_{s}", "1", f"share of GluN1/{s.upper()}", row=pool.share_row(s))
        for pool in pools
        for s in pool.subtypes
    ]
    losses = [
        Parameter(f"loss_{s}", "1", f"loss of GluN{s.upper()}", row=f"manipulation.block_glun{s}_{cell}")
        for s in subunits
    ]
    gain = [Parameter("gain_2d", "1", "modulation of GluN2D", row=f"manipulation.stimulate_glun2d_{cell}")]
    half = [Parameter("half", "1", "function lost with one of two subunits", row="nmda.triheteromer_loss")]
    return (*shares, *losses, *(gain if "2d" in subunits else ()), *(half if "2b2d" in subtypes else ()))


def kept(u: Any, p: Any, subtype: str) -> Any:
    """Conductance of a subtype under the manipulations, relative to none."""
    if subtype == "2b2d":
        left_2b = 1 - p.half * (1 - (1 - p.loss_2b) * (1 - u.ro25_6981))
        return left_2b * (1 - p.half * p.loss_2d) * (1 + p.gain_2d * (1 - p.loss_2d))
    if subtype == "2b":
        return (1 - p.loss_2b) * (1 - u.ro25_6981)
    if subtype == "2d":
        return (1 - p.loss_2d) * (1 + p.gain_2d)
    return 1 - getattr(p, f"loss_{subtype}")
