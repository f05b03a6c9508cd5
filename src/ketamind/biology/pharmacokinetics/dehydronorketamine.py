"""Dehydronorketamine of one enantiomer: one compartment fed by norketamine.

    dA/dt = formed - CL C                                                C = A / V

Only V and CL relative to the formed share are identified by plasma data.  Source: kamp-2020; constants fitted.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Change of amount, umol/h."""
    return {"A": u.formed - readout(u, x, p)["cleared"]}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Concentration and loss."""
    C = x.A / (p.V * u.size_volume)
    return {"arterial": C, "venous": C, "cleared": p.CL * u.size_clearance * C}


DEHYDRONORKETAMINE = Component(
    name="dehydronorketamine",
    summary="Dehydronorketamine formed from norketamine, and its clearance",
    rates=rates,
    readout=readout,
    inputs=(
        Input("size_volume", "1", "volume relative to the reference body"),
        Input("size_clearance", "1", "clearance relative to the reference body"),
        Input("formed", "umol/h", "formed from norketamine"),
    ),
    states=(State("A", "umol", "in the body"),),
    parameters=(
        Parameter("V", "L", "volume", row="dehydronorketamine.V"),
        Parameter("CL", "L/h", "clearance", row="dehydronorketamine.CL"),
    ),
    outputs=(
        Output("arterial", "uM", "concentration in arterial plasma"),
        Output("venous", "uM", "concentration in venous plasma"),
        Output("cleared", "umol/h", "leaves the body"),
    ),
    source="kamp-2020",
)
