"""First-order absorption from an injection site or the peritoneum (or, for other drugs, the gut).

    dA/dt = injected - k_a A,   absorbed = F k_a A,   lost = (1 - F) k_a A

Sources: ketalar-label (intramuscular F 0.93); rate constants fitted or assumed, see the table.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Change of the amount in the depot, umol/h."""
    return {"A": u.injected - p.k_a * x.A}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """What reaches blood and what does not, umol/h."""
    return {"absorbed": p.F * p.k_a * x.A, "lost": (1 - p.F) * p.k_a * x.A}


DEPOT = Component(
    name="depot",
    summary="First-order absorption of a dose from where it was put",
    rates=rates,
    readout=readout,
    inputs=(Input("injected", "umol/h", "infusion into the depot", absent=0.0),),
    states=(State("A", "umol", "in the depot"),),
    parameters=(
        Parameter("k_a", "1/h", "absorption", row="ketamine.k_a_im"),
        Parameter("F", "1", "share that is absorbed", row="ketamine.F_im"),
    ),
    outputs=(
        Output("absorbed", "umol/h", "absorbed"),
        Output("lost", "umol/h", "never absorbed"),
    ),
    source="ketalar-label",
)
