"""Block of HCN1 channels, the carriers of the hyperpolarisation-activated current I_h.

    I_h = (1 - C/(C + EC50)) (1 - block),   C = S- and R-ketamine

Closed channels are blocked too, and neither use nor voltage matters.  Source: chen-2009 (HCN1 of mouse; S stronger
than the racemate); human channels in oocytes need eight times as much, which is the upper end of the range.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"hcn1_current": p.EC50 / (p.EC50 + u.S + u.R) * (1 - p.block)}


HCN1 = Component(
    name="hcn1",
    summary="Ketamine block of HCN1 channels",
    mechanism="hcn1",
    inputs=(
        Input("S", "uM", "unbound S-ketamine in brain", wire="brain_unbound_s_ketamine", absent=0.0),
        Input("R", "uM", "unbound R-ketamine in brain", wire="brain_unbound_r_ketamine", absent=0.0),
    ),
    parameters=(
        Parameter("EC50", "uM", "ketamine that blocks half", row="hcn1.EC50_ketamine"),
        Parameter("block", "1", "block or knock-out by hand", row="manipulation.block_hcn1"),
    ),
    outputs=(Output("hcn1_current", "1", "I_h over drug-free", when_off=1.0),),
    readout=readout,
    source="chen-2009",
)
