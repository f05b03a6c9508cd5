"""Gut: swallowed ketamine is absorbed at first order through a wall that demethylates part of it.

    dG/dt = swallowed - k_a G,     F_g = 1 / (1 + x_0 (f_3A4 CYP3A4 + 1 - f_3A4))
    portal = F_g k_a G,   norketamine = f_NK (1 - F_g) k_a G

x_0 is the odds of being lost in the wall; most of it is CYP3A4, so that inhibitors and inducers change an oral dose
far more than an infusion (rifampicin: -86 % oral, -14 % intravenous). What passes enters the liver by the portal vein.

Sources: perez-ruixo-2021 (F_g 0.64), peltoniemi-2012 (the gut dominates induction); x_0, f_3A4 and f_NK fitted.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Change of the amount in the gut, umol/h."""
    return {"G": u.swallowed - p.k_a * x.G}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """What reaches the portal vein, as ketamine and as norketamine, and what is lost, umol/h."""
    odds = p.x_0 * (p.f_3A4 * u.cyp3a4_gut + 1 - p.f_3A4)
    absorbed = p.k_a * x.G
    portal = absorbed / (1 + odds)
    return {
        "portal": portal,
        "norketamine": p.f_NK * (absorbed - portal),
        "lost": (1 - p.f_NK) * (absorbed - portal),
    }


GUT = Component(
    name="gut",
    summary="Absorption of swallowed ketamine through a metabolising gut wall",
    rates=rates,
    readout=readout,
    inputs=(
        Input("swallowed", "umol/h", "swallowed", absent=0.0),
        Input("cyp3a4_gut", "1", "CYP3A4 activity of the gut wall"),
    ),
    states=(State("G", "umol", "in the gut"),),
    parameters=(
        Parameter("k_a", "1/h", "absorption", row="gut.k_a_oral"),
        Parameter("x_0", "1", "odds of being metabolised in the wall", row="gut.x_0"),
        Parameter("f_3A4", "1", "share of the wall's metabolism by CYP3A4", row="gut.f_3A4"),
        Parameter("f_NK", "1", "share of the wall's metabolism that yields norketamine", row="gut.f_NK"),
    ),
    outputs=(
        Output("portal", "umol/h", "ketamine that reaches the portal vein"),
        Output("norketamine", "umol/h", "norketamine formed in the wall"),
        Output("lost", "umol/h", "other products formed in the wall"),
    ),
    source="perez-ruixo-2021; peltoniemi-2012",
)
