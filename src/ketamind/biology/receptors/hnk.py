"""Hydroxynorketamine at glutamate terminals: more release, without any NMDA receptor.

    H = (2R,6R)-HNK + potency (2S,6S)-HNK,   drive = H / (H + EC50),   release = 1 + a drive

The field response of CA1 grows and paired-pulse facilitation falls with the concentration, while miniature amplitude
and AMPA-evoked current do not change: a presynaptic action.  Source: riggs-2020; EC50 in highland-2021. The size `a` of
the gain is assumed.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    H = u.HNK_2r6r + p.potency * u.HNK_2s6s
    drive = H / (H + p.EC50)
    return {"hnk_drive": drive, "hnk_release": 1 + p.a * drive}


HNK_RELEASE = Component(
    name="hnk_release",
    summary="Hydroxynorketamine raises glutamate release",
    mechanism="hnk",
    inputs=(
        Input("HNK_2r6r", "uM", "unbound (2R,6R)-HNK in brain", wire="brain_unbound_hnk_2r6r", absent=0.0),
        Input("HNK_2s6s", "uM", "unbound (2S,6S)-HNK in brain", wire="brain_unbound_hnk_2s6s", absent=0.0),
    ),
    parameters=(
        Parameter("EC50", "uM", "(2R,6R)-HNK for half the gain", row="hnk.EC50_release"),
        Parameter("potency", "1", "potency of (2S,6S)-HNK over (2R,6R)-HNK", row="hnk.potency_2s6s"),
        Parameter("a", "1", "gain at saturation", row="hnk.release_gain"),
    ),
    outputs=(
        Output("hnk_drive", "1", "share of the largest action", when_off=0.0),
        Output("hnk_release", "1", "glutamate release over rest", when_off=1.0),
    ),
    readout=readout,
    source="riggs-2020",
)
