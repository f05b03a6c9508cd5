"""Sublingual or buccal dose: part crosses the mucosa, the rest is swallowed as it dissolves.

    dA/dt = -k_a A,   absorbed = FR k_a A,   swallowed = (1 - FR) k_a A

Sources: rolan-2014 (wafer, total F 0.29), yanagihara-2003; FR fitted to total bioavailability.
"""

from typing import Any

from ketamind.declare import Component, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Change of the amount under the tongue, umol/h."""
    return {"A": -p.k_a * x.A}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Absorbed through the mucosa and swallowed, umol/h."""
    return {"absorbed": p.FR * p.k_a * x.A, "swallowed": (1 - p.FR) * p.k_a * x.A}


SUBLINGUAL = Component(
    name="sublingual",
    summary="Absorption through the mouth's mucosa; the rest is swallowed",
    rates=rates,
    readout=readout,
    states=(State("A", "umol", "under the tongue"),),
    parameters=(
        Parameter("FR", "1", "share absorbed by the mucosa", row="sublingual.FR"),
        Parameter("k_a", "1/h", "dissolution and absorption", row="sublingual.k_a"),
    ),
    outputs=(
        Output("absorbed", "umol/h", "absorbed by the mucosa"),
        Output("swallowed", "umol/h", "swallowed"),
    ),
    source="rolan-2014",
)
