"""Disposition of one ketamine enantiomer: arterial blood, two peripheral tissues and a well-stirred liver.

    dA/dt   = infusion + absorbed - Q_1 (C - C_1) - Q_2 (C - C_2) - Q_h (C - C_h)      C = A / V_c
    dA_1/dt = Q_1 (C - C_1)
    dA_2/dt = Q_2 (C - C_2)
    dA_h/dt = Q_h (C - C_h) + portal - (demethylated + other)
    demethylated = f_m CL_int a C_h,   other = (1 - f_m) CL_int a o C_h
    a = f_2B6 CYP2B6 + f_3A4 CYP3A4 + (1 - f_2B6 - f_3A4)

So a change of an enzyme acts on the intrinsic clearance: an infusion feels it little, because liver flow limits the
clearance, and a swallowed dose feels it fully. `o` is the smaller non-demethylating clearance of people of East Asian
ancestry.  Assumes linear kinetics and no interaction of the enantiomers.

Sources: structure after kamp-2020-meta and perez-ruixo-2021; constants fitted (see the table).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State

UPTAKES = ("intramuscular", "subcutaneous", "nasal", "sublingual")
PORTALS = ("oral", "nasal_swallowed", "sublingual_swallowed", "intraperitoneal")


def concentrations(u: Any, x: Any, p: Any) -> tuple[Any, Any, Any, Any]:
    """In artery, both peripheral tissues and liver, uM."""
    size = u.size_volume
    return x.A / (p.V_c * size), x.A_1 / (p.V_1 * size), x.A_2 / (p.V_2 * size), x.A_h / (p.V_h * size)


def metabolised(u: Any, p: Any, C_h: Any) -> tuple[Any, Any]:
    """Ketamine turned to norketamine, and to other products, umol/h."""
    enzymes = p.f_2B6 * u.cyp2b6_liver + p.f_3A4 * u.cyp3a4_liver + (1 - p.f_2B6 - p.f_3A4)
    cleared = p.CL_int * u.size_clearance * enzymes * C_h
    other_factor = 1 - p.asian * p.asian_loss
    return p.f_m * cleared, (1 - p.f_m) * other_factor * cleared


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Changes of amount, umol/h."""
    C, C_1, C_2, C_h = concentrations(u, x, p)
    absorbed = sum(getattr(u, name) for name in UPTAKES)
    portal = sum(getattr(u, f"portal_{name}") for name in PORTALS)
    to_first = p.Q_1 * u.size_clearance * (C - C_1)
    to_second = p.Q_2 * u.size_clearance * (C - C_2)
    to_liver = p.Q_h * u.size_clearance * u.age_flow * (C - C_h)
    demethylated, other = metabolised(u, p, C_h)
    return {
        "A": u.infusion + u.controlled + absorbed - to_first - to_second - to_liver,
        "A_1": to_first,
        "A_2": to_second,
        "A_h": to_liver + portal - demethylated - other,
    }


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Arterial concentration and what the liver makes of the drug."""
    C, _, _, C_h = concentrations(u, x, p)
    demethylated, other = metabolised(u, p, C_h)
    return {"arterial": C, "demethylated": demethylated, "other": other}


KETAMINE = Component(
    name="ketamine",
    summary="Distribution of a ketamine enantiomer and its clearance by the liver",
    rates=rates,
    readout=readout,
    inputs=(
        Input("size_volume", "1", "volume relative to the reference body"),
        Input("size_clearance", "1", "clearance relative to the reference body"),
        Input("age_flow", "1", "liver blood flow relative to a young adult"),
        Input("cyp3a4_liver", "1", "CYP3A4 activity of the liver"),
        Input("cyp2b6_liver", "1", "CYP2B6 activity of the liver"),
        Input("infusion", "umol/h", "intravenous infusion", absent=0.0),
        Input("controlled", "umol/h", "target-controlled infusion", absent=0.0),
        *(Input(name, "umol/h", f"{name} absorption into blood", absent=0.0) for name in UPTAKES),
        *(Input(f"portal_{name}", "umol/h", f"{name} absorption into the portal vein", absent=0.0) for name in PORTALS),
    ),
    states=(
        State("A", "umol", "in arterial blood and what equilibrates with it at once"),
        State("A_1", "umol", "in shallow peripheral tissue"),
        State("A_2", "umol", "in deep peripheral tissue"),
        State("A_h", "umol", "in liver and portal blood"),
    ),
    parameters=(
        Parameter("V_c", "L", "central volume", row="ketamine.V_c"),
        Parameter("V_1", "L", "shallow peripheral volume", row="ketamine.V_1"),
        Parameter("V_2", "L", "deep peripheral volume", row="ketamine.V_2"),
        Parameter("V_h", "L", "hepato-portal volume", row="ketamine.V_h"),
        Parameter("Q_1", "L/h", "clearance to shallow tissue", row="ketamine.Q_1"),
        Parameter("Q_2", "L/h", "clearance to deep tissue", row="ketamine.Q_2"),
        Parameter("Q_h", "L/h", "liver blood flow", row="ketamine.Q_h"),
        Parameter("CL_int", "L/h", "intrinsic clearance of the liver", row="ketamine.CL_int_s"),
        Parameter("f_m", "1", "share of the intrinsic clearance that forms norketamine", row="ketamine.f_m"),
        Parameter("f_2B6", "1", "share of the intrinsic clearance by CYP2B6", row="ketamine.f_2B6"),
        Parameter("f_3A4", "1", "share of the intrinsic clearance by CYP3A4", row="ketamine.f_3A4"),
        Parameter("asian", "1", "1 for East Asian ancestry", row="patient.asian"),
        Parameter("asian_loss", "1", "share of the other clearance lost in East Asians", row="ketamine.asian_loss"),
    ),
    outputs=(
        Output("arterial", "uM", "concentration in arterial plasma"),
        Output("demethylated", "umol/h", "norketamine formed by the liver"),
        Output("other", "umol/h", "turned to other products by the liver"),
    ),
    source="kamp-2020-meta; perez-ruixo-2021",
)
