"""Nasal spray: part of each device is absorbed by the mucosa, the rest is swallowed.

    dN_1/dt = -k_a N_1          first 28-mg device, share FR_n absorbed
    dN_2/dt = -k_a N_2          later devices, share m FR_n
    absorbed  = FR_n k_a N_1 + m FR_n k_a N_2
    swallowed = (1 - FR_n) R_1 + (1 - m FR_n) R_2

N holds what the mucosa would take if it took all; the swallowed rest is released to the gut at zero order, so R_1 and
R_2 carry the whole dose over the release time and their shares are taken here. That keeps FR_n a property of the
person (larger in Japanese) and not of the protocol.  Source: perez-ruixo-2021; FR_n and k_a re-fitted.
"""

from typing import Any

from numpy import minimum

from ketamind.declare import Component, Input, Output, Parameter, State


def shares(p: Any) -> tuple[Any, Any]:
    """Absorbed share of the first and of later devices, at most all."""
    first = minimum(p.FR_n * (1 + p.japanese * (p.japanese_gain - 1)), 1)
    return first, p.m * first


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Changes of amount, umol/h."""
    return {"N_1": -p.k_a * x.N_1, "N_2": -p.k_a * x.N_2}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Absorbed through the mucosa and swallowed, umol/h."""
    first, later = shares(p)
    return {
        "absorbed": p.k_a * (first * x.N_1 + later * x.N_2),
        "swallowed": (1 - first) * u.released_first + (1 - later) * u.released_later,
    }


NASAL = Component(
    name="nasal",
    summary="Absorption of a nasal spray by the mucosa; the rest is swallowed",
    rates=rates,
    readout=readout,
    inputs=(
        Input("released_first", "umol/h", "first device, over the release time of what is swallowed", absent=0.0),
        Input("released_later", "umol/h", "later devices, over the release time of what is swallowed", absent=0.0),
    ),
    states=(
        State("N_1", "umol", "first device, on the mucosa"),
        State("N_2", "umol", "later devices, on the mucosa"),
    ),
    parameters=(
        Parameter("FR_n", "1", "share of the first device absorbed by the mucosa", row="nasal.FR_n"),
        Parameter("m", "1", "that share in later devices over that in the first", row="nasal.m_later"),
        Parameter("k_a", "1/h", "mucosal absorption", row="nasal.k_a"),
        Parameter("japanese", "1", "1 for Japanese ancestry", row="patient.japanese"),
        Parameter("japanese_gain", "1", "FR_n in Japanese over that in others", row="nasal.japanese_gain"),
    ),
    outputs=(
        Output("absorbed", "umol/h", "absorbed by the mucosa"),
        Output("swallowed", "umol/h", "swallowed"),
    ),
    source="perez-ruixo-2021",
)
