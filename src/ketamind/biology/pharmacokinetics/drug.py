"""A further drug (naltrexone, midazolam, memantine, MK-801): two compartments with linear clearance.

    dA/dt   = infusion + absorbed - CL e C - Q (C - C_p)                 C = A / V_c
    dA_p/dt = Q (C - C_p)

`e` is the relative activity of an enzyme that clears the drug (CYP3A4 for midazolam), 1 otherwise.
Sources of the constants: the table, drug by drug.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State

UPTAKES = ("intramuscular", "subcutaneous", "nasal", "oral", "sublingual", "intraperitoneal")


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Changes of amount, umol/h."""
    out = readout(u, x, p)
    absorbed = sum(getattr(u, name) for name in UPTAKES)
    exchange = p.Q * u.size_clearance * (out["arterial"] - x.A_p / (p.V_p * u.size_volume))
    return {"A": u.infusion + u.controlled + absorbed - out["cleared"] - exchange, "A_p": exchange}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Concentration and loss."""
    C = x.A / (p.V_c * u.size_volume)
    return {"arterial": C, "venous": C, "cleared": p.CL * u.enzyme * u.size_clearance * C}


DRUG = Component(
    name="drug",
    summary="Distribution and clearance of a drug in two compartments",
    rates=rates,
    readout=readout,
    inputs=(
        Input("size_volume", "1", "volume relative to the reference body"),
        Input("size_clearance", "1", "clearance relative to the reference body"),
        Input("enzyme", "1", "relative activity of the enzyme that clears the drug", absent=1.0),
        Input("infusion", "umol/h", "intravenous infusion", absent=0.0),
        Input("controlled", "umol/h", "target-controlled infusion", absent=0.0),
        *(Input(name, "umol/h", f"{name} absorption", absent=0.0) for name in UPTAKES),
    ),
    states=(State("A", "umol", "in blood"), State("A_p", "umol", "in peripheral tissue")),
    parameters=(
        Parameter("V_c", "L", "central volume", row="midazolam.V_c"),
        Parameter("V_p", "L", "peripheral volume", row="midazolam.V_p"),
        Parameter("Q", "L/h", "intercompartmental clearance", row="midazolam.Q"),
        Parameter("CL", "L/h", "clearance", row="midazolam.CL"),
    ),
    outputs=(
        Output("arterial", "uM", "concentration in arterial plasma"),
        Output("venous", "uM", "concentration in venous plasma"),
        Output("cleared", "umol/h", "leaves the body"),
    ),
)
