"""What the block leaves of the NMDA conductance of each cell type, and the share of receptors blocked in cortex.

    synaptic = sum share kept (1 - B)                       times (1 - AP5) (1 - CPP) (1 - block)
    tonic    = sum share kept (1 - B) (1 - E_max A)         likewise,   A = C_ket / (C_ket + EC50)

B is the sum over the drugs in the pore. A is ketamine at a site in the membrane that damps receptors opened by ambient
glutamate and spares brief synaptic activation; memantine does not share it. `protect` keeps the drugs off a cell.
Drug-free, each conductance is exactly 1.

Resting receptors are those that spontaneous release and ambient glutamate open on quiet pyramidal cells: part synaptic,
part tonic. The share blocked in cortex is weighted by receptors and not by current.

Source: abbott-2025 (allosteric site: nanomolar, incomplete, tonic only), orser-1997 (a membrane route);
gideons-2014, miller-2014 (resting receptors). E_max is assumed.
"""

from collections.abc import Callable
from typing import Any

from ketamind.biology.receptors.nmda_block import BLOCKERS, blocked_wire
from ketamind.biology.receptors.nmda_pools import (
    CELLS,
    CORTICAL_CELLS,
    POOLS,
    RO25_6981,
    Pool,
    kept,
    pools_of,
    share_parameters,
)
from ketamind.declare import Component, Input, Output, Parameter


def allosteric_readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    C = u.S + u.R
    return {"damping": p.E_max * C / (C + p.EC50)}


ALLOSTERIC_SITE = Component(
    name="nmda_allosteric",
    summary="Ketamine in the membrane damps tonically active NMDA receptors",
    mechanism="nmda",
    inputs=(
        Input("S", "uM", "unbound S-ketamine in brain", wire="brain_unbound_s_ketamine", absent=0.0),
        Input("R", "uM", "unbound R-ketamine in brain", wire="brain_unbound_r_ketamine", absent=0.0),
    ),
    parameters=(
        Parameter("E_max", "1", "tonic conductance lost at saturation", row="nmda.allosteric_E_max"),
        Parameter("EC50", "uM", "ketamine for half of it", row="nmda.allosteric_EC50"),
    ),
    outputs=(Output("damping", "1", "tonic conductance lost", wire="nmda_allosteric_damping", when_off=0.0),),
    readout=allosteric_readout,
    source="abbott-2025",
)


def _held(u: Any, pool: Pool) -> Any:
    return sum(getattr(u, f"B_{drug}_{pool.name}") for drug in BLOCKERS)


def _held_inputs(pools: tuple[Pool, ...]) -> tuple[Input, ...]:
    return tuple(
        Input(f"B_{drug}_{pool.name}", "1", f"share that {drug} holds", wire=blocked_wire(drug, pool), absent=0.0)
        for pool in pools
        for drug in BLOCKERS
    )


def _conductance(pools: tuple[Pool, ...], tonic: bool) -> Callable[[Any, Any, Any], dict[str, Any]]:
    def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
        left = total = 0.0
        for pool in pools:
            free = 1 - (1 - p.protect) * _held(u, pool)
            for subtype in pool.subtypes:
                share = getattr(p, f"share_{subtype}")
                total, left = total + share, left + share * kept(u, p, subtype) * free
        competitive = (1 - u.ap5) * (1 - u.cpp) * (1 - p.block)
        damped = 1 - (1 - p.protect) * u.damping if tonic else 1.0
        return {"conductance": left / total * damped * competitive}

    return readout


def conductance(cell: str, site: str) -> Component:
    """NMDA conductance of a cell type and site, relative to drug-free."""
    pools = pools_of(cell, site)
    damping = Input("damping", "1", "tonic conductance lost", wire="nmda_allosteric_damping", absent=0.0)
    wire = "nmda_lhb" if cell == "lhb" else f"nmda_{site}_{cell}"
    return Component(
        name=f"nmda_current_{cell}_{site}",
        summary=f"{site.capitalize()} NMDA conductance of {cell} cells relative to drug-free",
        inputs=(
            *_held_inputs(pools),
            Input("ap5", "1", "share of glutamate sites held by AP5", wire="effect_ap5", absent=0.0),
            Input("cpp", "1", "share of glutamate sites held by CPP", wire="effect_cpp", absent=0.0),
            *((damping,) if site == "tonic" else ()),
            RO25_6981,
        ),
        parameters=(
            *share_parameters(pools),
            Parameter("block", "1", "block by hand", row=f"manipulation.block_nmda_{cell}"),
            Parameter("protect", "1", "protection from the drugs", row=f"manipulation.protect_{cell}"),
        ),
        outputs=(Output("conductance", "1", "conductance relative to drug-free", wire=wire, when_off=1.0),),
        readout=_conductance(pools, site == "tonic"),
    )


CONDUCTANCES = tuple(
    conductance(cell, site) for cell in CELLS for site in ("synaptic", "tonic") if pools_of(cell, site)
)


def rest_readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"blocked": 1 - p.tonic * u.tonic - (1 - p.tonic) * u.synaptic}


RESTING_RECEPTORS = Component(
    name="nmda_rest",
    summary="Block of the NMDA receptors that are active on quiet pyramidal cells",
    inputs=(
        Input("synaptic", "1", "synaptic conductance left", wire="nmda_synaptic_pyramidal"),
        Input("tonic", "1", "tonic conductance left", wire="nmda_tonic_pyramidal"),
    ),
    parameters=(Parameter("tonic", "1", "tonic share of resting activation", row="nmda.rest_tonic_share"),),
    outputs=(Output("blocked", "1", "resting NMDA activation lost", wire="nmda_rest_block", when_off=0.0),),
    readout=rest_readout,
    source="gideons-2014",
)

CORTICAL_POOLS = tuple(p for p in POOLS if p.cell in CORTICAL_CELLS)


def cortex_readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    weight = occupied = 0.0
    for cell in CORTICAL_CELLS:
        for site, share in (("synaptic", 1 - p.tonic), ("tonic", p.tonic)):
            pools = pools_of(cell, site)
            sizes = [sum(getattr(p, pool.share_row(s)) for s in pool.subtypes) for pool in pools]
            w = getattr(p, cell) * share
            mean = sum(size * _held(u, pool) for size, pool in zip(sizes, pools, strict=True)) / sum(sizes)
            weight, occupied = weight + w, occupied + w * mean
    return {"blocked": occupied / weight}


CORTEX = Component(
    name="nmda_cortex",
    summary="Share of cortical NMDA receptors that hold a drug, in place",
    inputs=_held_inputs(CORTICAL_POOLS),
    parameters=(
        *(
            Parameter(c, "1", f"share of cortical receptors on {c} cells", row=f"nmda.density_{c}")
            for c in CORTICAL_CELLS
        ),
        Parameter("tonic", "1", "share of receptors outside synapses", row="nmda.density_tonic"),
        *(
            Parameter(pool.share_row(s), "1", f"share of GluN1/{s.upper()}", row=pool.share_row(s))
            for pool in CORTICAL_POOLS
            for s in pool.subtypes
        ),
    ),
    outputs=(Output("blocked", "1", "cortical receptors that hold a drug", wire="nmda_blocked_cortex", when_off=0.0),),
    readout=cortex_readout,
)
