"""Dopamine D2 receptors: occupancy by ketamine, at most small.

    occupancy = C / (C + K)

One group found 0.055 to 0.5 uM at the high-affinity state, another nothing up to 10 uM; K stands at that bound, and the
range holds both.  Source: can-2016, kapur-2002, seeman-2005.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"d2_occupancy": (u.S + u.R) / (u.S + u.R + p.K)}


D2 = Component(
    name="dopamine_d2",
    summary="Ketamine at dopamine D2 receptors",
    mechanism="d2",
    inputs=(
        Input("S", "uM", "unbound S-ketamine in brain", wire="brain_unbound_s_ketamine", absent=0.0),
        Input("R", "uM", "unbound R-ketamine in brain", wire="brain_unbound_r_ketamine", absent=0.0),
    ),
    parameters=(Parameter("K", "uM", "Ki of ketamine", row="d2.Ki_ketamine"),),
    outputs=(Output("d2_occupancy", "1", "D2 receptors held by ketamine", when_off=0.0),),
    readout=readout,
    source="can-2016",
)
