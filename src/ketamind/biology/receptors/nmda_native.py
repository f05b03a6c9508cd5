"""NMDA current of a cultured cortical neuron in a dish: GluN1/2A and 2B receptors together.

    current = share I_2A / I_2A,max + (1 - share) I_2B / I_2B,max,   I_max = E/(1 + E + kd/kr)

`share` is that of the drug-free current, so each subtype is scaled by its own open probability at saturating glutamate.
Source: blanpied-1997 (native receptors behave as a mixture of the two).
"""

from typing import Any

from ketamind.biology.receptors.nmda_gating import gating_parameters
from ketamind.declare import Component, Input, Output, Parameter


def _most(beta: Any, alpha: Any, kd: Any, kr: Any) -> Any:
    """Open probability at saturating glutamate."""
    return beta / alpha / (1 + beta / alpha + kd / kr)


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    part_2a = u.I_2a / _most(p.beta_2a, p.alpha_2a, p.kd_2a, p.kr_2a)
    part_2b = u.I_2b / _most(p.beta_2b, p.alpha_2b, p.kd_2b, p.kr_2b)
    return {"nmda_native": p.share * part_2a + (1 - p.share) * part_2b}


NATIVE_CURRENT = Component(
    name="nmda_native",
    summary="NMDA current of a cultured cortical neuron",
    inputs=(
        Input("I_2a", "1", "GluN1/2A current", wire="nmda_2a"),
        Input("I_2b", "1", "GluN1/2B current", wire="nmda_2b"),
    ),
    parameters=(
        Parameter("share", "1", "GluN1/2A share of the drug-free current", row="nmda.share_pyramidal_synaptic_2a"),
        *(
            Parameter(f"{q.symbol}_{s}", q.unit, q.meaning, row=q.row)
            for s in ("2a", "2b")
            for q in gating_parameters(s)
            if q.symbol in ("beta", "alpha", "kd", "kr")
        ),
    ),
    outputs=(Output("nmda_native", "1", "current relative to saturating glutamate without drug"),),
    readout=readout,
    source="blanpied-1997",
)
