"""What a drug does that is known by its effect, not by its concentration at a receptor.

A co-drug's amount `d` is 1 right after a usual effective dose and decays from there. Such a dose moves a
manipulation by a stated strength `s`; other amounts follow simple occupancy:

    o = s / (1 - s) * d,   moved = 1 - (1 - own) * prod_drugs 1 / (1 + o)

where `own` is the manipulation set by hand. A medicine that is rated by being taken or not saturates at one dose:

    effect = min(d, 1)

Source: occupancy at equilibrium; strengths and half-lives, the tables of drugs.
"""

from collections.abc import Mapping
from typing import Any

from numpy import minimum

from ketamind.declare import Component, Input, Output, Parameter

MOST = 0.999
"""Strength of an action that is called complete: an occupancy of 1 would need an endless dose."""


def drug_action(row: str, strengths: Mapping[str, float]) -> Component:
    """The action of co-drugs on one manipulation parameter, 0 to 1; gives wire `moved.<row>`.

    `strengths` tells by how much a usual dose of each drug moves it.
    """
    odds = {drug: min(s, MOST) / (1 - min(s, MOST)) for drug, s in strengths.items()}

    def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
        left = 1 - p.own
        for drug, o in odds.items():
            left = left / (1 + o * getattr(u, drug))
        return {"moved": 1 - left}

    return Component(
        name=f"action_on_{row}",
        summary=f"Action of {', '.join(odds)} on {row.removeprefix('manipulation.')}",
        readout=readout,
        inputs=tuple(Input(d, "1", f"amount of {d}, 1 after a usual dose", wire=f"dose_{d}") for d in odds),
        parameters=(Parameter("own", "1", "the manipulation set by hand", row=row),),
        outputs=(Output("moved", "1", f"{row} with the drugs' action", wire=f"moved.{row}"),),
    )


def medicine_effect(drug: str) -> Component:
    """The effect of a medicine taken daily, 0 to 1; gives wire `effect_<drug>`."""

    def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
        return {"effect": minimum(u.dose, 1)}

    return Component(
        name=f"effect_of_{drug}",
        summary=f"Effect of {drug} at its targets, 1 on a usual daily dose",
        readout=readout,
        inputs=(Input("dose", "1", f"amount of {drug}, 1 after a usual dose", wire=f"dose_{drug}"),),
        outputs=(Output("effect", "1", f"effect of {drug}", wire=f"effect_{drug}"),),
    )
