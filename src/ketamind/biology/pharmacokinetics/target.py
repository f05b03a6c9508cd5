"""Target-controlled infusion: a pump that drives the arterial concentration to a set value.

    infused = k V_c size max(target - C, 0)

A steep proportional controller in place of a pump's model-based one: it reaches the target within minutes and stays
a few per cent below it.  Design choice, not a published device.
"""

from typing import Any

from numpy import maximum

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Infusion rate of the pump, umol/h."""
    return {"infused": p.k * p.V * u.size_volume * maximum(u.target - u.arterial, 0)}


TARGET_INFUSION = Component(
    name="target_infusion",
    summary="Infusion pump that holds a target concentration",
    readout=readout,
    inputs=(
        Input("size_volume", "1", "volume relative to the reference body"),
        Input("target", "uM", "concentration to hold"),
        Input("arterial", "uM", "concentration in arterial plasma"),
    ),
    parameters=(
        Parameter("k", "1/h", "gain of the controller", row="pump.k"),
        Parameter("V", "L", "central volume", row="ketamine.V_c"),
    ),
    outputs=(Output("infused", "umol/h", "infusion rate"),),
)
