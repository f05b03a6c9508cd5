"""Trapping: the share of blocked NMDA receptors that keep the drug when drug and glutamate are washed off together.

A blocked receptor that holds two glutamates either loses one, and then keeps the drug, or opens and may release it:

    h = 2 ku / (2 ku + beta r / (alpha + r)),   r = k_on IC50
    trapped = h (1 + kd/kr + E alpha/(alpha + r)) / (1 + E + kd/kr),   E = beta/alpha

from the equilibrium of block under saturating glutamate. r is the whole rate of leaving an open channel, through the
mouth or as the gate shuts. Read for GluN1/2A without magnesium at V_ref, at room temperature, as in the assays.

Exact for the full scheme (nmda_gating.py).  Source: the assay is blanpied-1997; ketamine nearly all trapped
kotermanski-2009-trapping, 0.86 sanacora-2014.
"""

from typing import Any

from ketamind.biology.receptors.nmda_gating import drug_parameters, gating_parameters, pore_parameters
from ketamind.declare import Component, Output


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    r = p.k_on * p.IC50
    E, D = p.beta / p.alpha, p.kd / p.kr
    stays = p.alpha / (p.alpha + r)
    h = 2 * p.ku / (2 * p.ku + p.beta * r / (p.alpha + r))
    return {"trapped": h * (1 + D + E * stays) / (1 + E + D)}


def trapping(drug: str = "ketamine", subtype: str = "2a") -> Component:
    """The trapped fraction of a drug on one subtype; `nmda_trapped_fraction` for ketamine on GluN1/2A."""
    wire = "nmda_trapped_fraction" if (drug, subtype) == ("ketamine", "2a") else f"nmda_trapped_{drug}_{subtype}"
    return Component(
        name=f"nmda_trapping_{drug}_{subtype}",
        summary=f"Share of blocked GluN1/{subtype.upper()} receptors that keep {drug} on joint washout",
        parameters=tuple(
            q
            for q in (*gating_parameters(subtype), *pore_parameters(subtype, drug), *drug_parameters(drug))
            if q.symbol in ("ku", "beta", "alpha", "kd", "kr", "k_on", "IC50")
        ),
        outputs=(Output("trapped", "1", "fraction of blocked receptors that keep the drug", wire=wire),),
        readout=readout,
        source="blanpied-1997",
    )
