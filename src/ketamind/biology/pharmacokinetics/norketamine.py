"""Norketamine of one enantiomer: formed from ketamine in liver and gut wall, two compartments.

    dA/dt   = formed + given - CL C - Q (C - C_p)                        C = A / V_c
    dA_p/dt = Q (C - C_p)
    hydroxylated = f_HNK (1 - block) CL C,   dehydrogenated = f_DHNK CL C,   other = the rest of CL C

A block of hydroxynorketamine formation (6,6-dideuteration) leaves the clearance and shifts it to the other products.
Clearance is lower in people of East Asian ancestry.  Sources: perez-ruixo-2021, simons-2022; constants fitted.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State

SOURCES = ("liver", "oral", "nasal_swallowed", "sublingual_swallowed")
UPTAKES = ("intramuscular", "subcutaneous", "oral", "intraperitoneal")


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Changes of amount, umol/h."""
    C, C_p = x.A / (p.V_c * u.size_volume), x.A_p / (p.V_p * u.size_volume)
    formed = sum(getattr(u, f"from_{name}") for name in SOURCES)
    given = u.infusion + u.controlled + sum(getattr(u, name) for name in UPTAKES)
    exchange = p.Q * u.size_clearance * (C - C_p)
    return {"A": formed + given - cleared(u, x, p) - exchange, "A_p": exchange}


def cleared(u: Any, x: Any, p: Any) -> Any:
    """Norketamine metabolised, umol/h."""
    return p.CL * (1 - p.asian * p.asian_loss) * u.size_clearance * x.A / (p.V_c * u.size_volume)


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Concentration and products."""
    C = x.A / (p.V_c * u.size_volume)
    loss = cleared(u, x, p)
    hydroxylated, dehydrogenated = p.f_HNK * (1 - p.block) * loss, p.f_DHNK * loss
    return {
        "arterial": C,
        "venous": C,
        "hydroxylated": hydroxylated,
        "dehydrogenated": dehydrogenated,
        "other": loss - hydroxylated - dehydrogenated,
    }


NORKETAMINE = Component(
    name="norketamine",
    summary="Formation, distribution and clearance of a norketamine enantiomer",
    rates=rates,
    readout=readout,
    inputs=(
        Input("size_volume", "1", "volume relative to the reference body"),
        Input("size_clearance", "1", "clearance relative to the reference body"),
        *(Input(f"from_{name}", "umol/h", f"formed from ketamine, {name}", absent=0.0) for name in SOURCES),
        Input("infusion", "umol/h", "intravenous infusion", absent=0.0),
        Input("controlled", "umol/h", "target-controlled infusion", absent=0.0),
        *(Input(name, "umol/h", f"{name} absorption", absent=0.0) for name in UPTAKES),
    ),
    states=(State("A", "umol", "in blood"), State("A_p", "umol", "in peripheral tissue")),
    parameters=(
        Parameter("V_c", "L", "central volume", row="norketamine.V_c"),
        Parameter("V_p", "L", "peripheral volume", row="norketamine.V_p"),
        Parameter("Q", "L/h", "intercompartmental clearance", row="norketamine.Q"),
        Parameter("CL", "L/h", "clearance", row="norketamine.CL_s"),
        Parameter("f_HNK", "1", "share of the clearance that forms (2,6)-HNK", row="norketamine.f_HNK"),
        Parameter("f_DHNK", "1", "share of the clearance that forms DHNK", row="norketamine.f_DHNK"),
        Parameter("block", "1", "block of HNK formation", row="manipulation.block_hnk_formation"),
        Parameter("asian", "1", "1 for East Asian ancestry", row="patient.asian"),
        Parameter("asian_loss", "1", "share of the clearance lost in East Asians", row="norketamine.asian_loss"),
    ),
    outputs=(
        Output("arterial", "uM", "concentration in arterial plasma"),
        Output("venous", "uM", "concentration in venous plasma"),
        Output("hydroxylated", "umol/h", "hydroxynorketamine formed"),
        Output("dehydrogenated", "umol/h", "dehydronorketamine formed"),
        Output("other", "umol/h", "turned to other products"),
    ),
    source="perez-ruixo-2021; simons-2022",
)
