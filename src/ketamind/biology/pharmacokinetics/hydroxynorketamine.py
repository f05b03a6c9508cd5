"""(2,6)-Hydroxynorketamine of one enantiomer: two compartments fed by norketamine, or given as a drug.

    dA/dt   = formed + given - CL C - Q (C - C_p)                        C = A / V_c
    dA_p/dt = Q (C - C_p)

(2S,6S) comes from S-, (2R,6R) from R-norketamine. The late tail is weakly identified in people.
Sources: kamp-2020, hasan-2021 (people), highland-2018, lumsden-2019 (mouse); constants fitted.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State

UPTAKES = ("intramuscular", "subcutaneous", "oral", "intraperitoneal")


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Changes of amount, umol/h."""
    out = readout(u, x, p)
    given = u.infusion + u.controlled + sum(getattr(u, name) for name in UPTAKES)
    exchange = p.Q * u.size_clearance * (out["arterial"] - x.A_p / (p.V_p * u.size_volume))
    return {"A": u.formed + given - out["cleared"] - exchange, "A_p": exchange}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Concentration and loss."""
    C = x.A / (p.V_c * u.size_volume)
    return {"arterial": C, "venous": C, "cleared": p.CL * u.size_clearance * C}


HYDROXYNORKETAMINE = Component(
    name="hydroxynorketamine",
    summary="Hydroxynorketamine formed from norketamine or given, and its clearance",
    rates=rates,
    readout=readout,
    inputs=(
        Input("size_volume", "1", "volume relative to the reference body"),
        Input("size_clearance", "1", "clearance relative to the reference body"),
        Input("formed", "umol/h", "formed from norketamine", absent=0.0),
        Input("infusion", "umol/h", "intravenous infusion", absent=0.0),
        Input("controlled", "umol/h", "target-controlled infusion", absent=0.0),
        *(Input(name, "umol/h", f"{name} absorption", absent=0.0) for name in UPTAKES),
    ),
    states=(State("A", "umol", "in blood"), State("A_p", "umol", "in peripheral tissue")),
    parameters=(
        Parameter("V_c", "L", "central volume", row="hydroxynorketamine.V_c"),
        Parameter("V_p", "L", "peripheral volume", row="hydroxynorketamine.V_p"),
        Parameter("Q", "L/h", "intercompartmental clearance", row="hydroxynorketamine.Q"),
        Parameter("CL", "L/h", "clearance", row="hydroxynorketamine.CL_2s6s"),
    ),
    outputs=(
        Output("arterial", "uM", "concentration in arterial plasma"),
        Output("venous", "uM", "concentration in venous plasma"),
        Output("cleared", "umol/h", "leaves the body"),
    ),
    source="kamp-2020; hasan-2021",
)
