"""Venous sampling: peripheral venous plasma follows arterial plasma with a delay.

    dC_v/dt = k_v (C - C_v)

Most studies sample an arm vein, which lags behind the artery that feeds the brain. Meant for infusions and absorption:
in the first minutes after a bolus one delay is only a sketch of the true mixing.  Source: kamp-2020-meta (structure).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Change of the venous concentration, uM/h."""
    return {"C_v": p.k_v * (u.arterial - x.C_v)}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Venous concentration."""
    return {"venous": x.C_v}


VENOUS = Component(
    name="venous",
    summary="Delay between arterial and peripheral venous plasma",
    rates=rates,
    readout=readout,
    inputs=(Input("arterial", "uM", "concentration in arterial plasma"),),
    states=(State("C_v", "uM", "concentration in venous plasma"),),
    parameters=(Parameter("k_v", "1/h", "equilibration of venous with arterial plasma", row="ketamine.k_v"),),
    outputs=(Output("venous", "uM", "concentration in venous plasma"),),
    source="kamp-2020-meta",
)
