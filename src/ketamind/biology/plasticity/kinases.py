"""ERK and Akt downstream of TrkB.

    dK/dt  = ((1 - I_erk) T / (T + K_K) - K) / tau_K
    dAk/dt = ((1 - I_akt) T / (T + K_A) - Ak) / tau_A

Both are activities above rest, 0 to 1; `fold` turns them into phosphorylation relative to rest.
Source: li-2010 (transient rise within the hour), jain-bhalla-2009 (minutes from TrkB to both kinases).
"""

from typing import Any

from ketamind.biology.plasticity.saturation import hill
from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    erk = (1 - p.block_erk) * hill(u.trkb_activity, p.K_K)
    akt = (1 - p.block_akt) * hill(u.trkb_activity, p.K_A)
    return {"K": (erk - x.K) / p.tau_K, "Ak": (akt - x.Ak) / p.tau_A}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {
        "erk_activity": x.K,
        "akt_activity": x.Ak,
        "p_erk": 1 + p.fold * x.K,
        "p_akt": 1 + p.fold * x.Ak,
    }


KINASES = Component(
    name="kinases",
    summary="TrkB drives ERK and Akt",
    inputs=(Input("trkb_activity", "1", "active fraction of TrkB above rest"),),
    states=(
        State("K", "1", "ERK activity above rest", bounds=(0, 1)),
        State("Ak", "1", "Akt activity above rest", bounds=(0, 1)),
    ),
    parameters=(
        Parameter("tau_K", "h", "time constant of ERK", row="kinases.tau_K"),
        Parameter("K_K", "1", "TrkB activity for half-maximal ERK", row="kinases.K_K"),
        Parameter("tau_A", "h", "time constant of Akt", row="kinases.tau_A"),
        Parameter("K_A", "1", "TrkB activity for half-maximal Akt", row="kinases.K_A"),
        Parameter("fold", "1", "phosphorylation at full activity, above rest", row="kinases.fold"),
        Parameter("block_erk", "1", "ERK blocked", row="manipulation.block_erk"),
        Parameter("block_akt", "1", "Akt blocked", row="manipulation.block_akt"),
    ),
    outputs=(
        Output("erk_activity", "1", "ERK activity above rest"),
        Output("akt_activity", "1", "Akt activity above rest"),
        Output("p_erk", "1", "phosphorylated ERK relative to rest"),
        Output("p_akt", "1", "phosphorylated Akt relative to rest"),
    ),
    rates=rates,
    readout=readout,
    source="li-2010",
)
