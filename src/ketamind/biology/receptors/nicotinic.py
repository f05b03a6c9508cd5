"""Nicotinic alpha7 receptors: block by ketamine, and far more strongly by dehydronorketamine.

    current = 1 / (1 + ketamine/K_ket + DHNK/K_dhnk)

Source: coates-2001 (ketamine, human receptors), moaddel-2013 (dehydronorketamine).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"nachr_a7_current": 1 / (1 + (u.S + u.R) / p.K_ket + (u.S_DHNK + u.R_DHNK) / p.K_dhnk)}


NICOTINIC_A7 = Component(
    name="nicotinic_a7",
    summary="Block of nicotinic alpha7 receptors by ketamine and dehydronorketamine",
    mechanism="nicotinic_a7",
    inputs=(
        Input("S", "uM", "unbound S-ketamine in brain", wire="brain_unbound_s_ketamine", absent=0.0),
        Input("R", "uM", "unbound R-ketamine in brain", wire="brain_unbound_r_ketamine", absent=0.0),
        Input("S_DHNK", "uM", "unbound S-DHNK in brain", wire="brain_unbound_s_dehydronorketamine", absent=0.0),
        Input("R_DHNK", "uM", "unbound R-DHNK in brain", wire="brain_unbound_r_dehydronorketamine", absent=0.0),
    ),
    parameters=(
        Parameter("K_ket", "uM", "IC50 of ketamine", row="nicotinic.IC50_ketamine"),
        Parameter("K_dhnk", "uM", "IC50 of dehydronorketamine", row="nicotinic.IC50_dehydronorketamine"),
    ),
    outputs=(Output("nachr_a7_current", "1", "alpha7 current over drug-free", when_off=1.0),),
    readout=readout,
    source="moaddel-2013",
)
