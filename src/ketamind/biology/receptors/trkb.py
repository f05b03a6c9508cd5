"""Direct binding of ketamine and hydroxynorketamine to TrkB, the receptor of BDNF.

    y = ketamine/K_ket + (2R,6R)-HNK/K_rr + (2S,6S)-HNK/K_ss,   binding = y / (1 + y) (1 - (1 - residual) Y433F)

The site is in the transmembrane helix. Binding helps BDNF to activate the receptor and does nothing without it, so that
it is a gain for the plasticity stage and not a drive. The mutation Y433F takes most of the binding away.

Source: casarotto-2021; the abstract gives a low micromolar class, the numbers are recalled.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    y = (u.S + u.R) / p.K_ket + u.HNK_2r6r / p.K_rr + u.HNK_2s6s / p.K_ss
    return {"trkb_binding": y / (1 + y) * (1 - (1 - p.residual) * p.y433f)}


TRKB_BINDING = Component(
    name="trkb_binding",
    summary="Ketamine and hydroxynorketamine bound to the antidepressant site of TrkB",
    mechanism="trkb_direct",
    inputs=(
        Input("S", "uM", "unbound S-ketamine in brain", wire="brain_unbound_s_ketamine", absent=0.0),
        Input("R", "uM", "unbound R-ketamine in brain", wire="brain_unbound_r_ketamine", absent=0.0),
        Input("HNK_2r6r", "uM", "unbound (2R,6R)-HNK in brain", wire="brain_unbound_hnk_2r6r", absent=0.0),
        Input("HNK_2s6s", "uM", "unbound (2S,6S)-HNK in brain", wire="brain_unbound_hnk_2s6s", absent=0.0),
    ),
    parameters=(
        Parameter("K_ket", "uM", "Ki of ketamine", row="trkb.Ki_ketamine"),
        Parameter("K_rr", "uM", "Kd of (2R,6R)-HNK", row="trkb.Kd_hnk_2r6r"),
        Parameter("K_ss", "uM", "Kd of (2S,6S)-HNK", row="trkb.Kd_hnk_2s6s"),
        Parameter("residual", "1", "binding left by the mutation", row="trkb.residual_y433f"),
        Parameter("y433f", "1", "share of receptors with the mutation", row="manipulation.trkb_y433f"),
    ),
    outputs=(Output("trkb_binding", "1", "TrkB receptors that hold a drug", when_off=0.0),),
    readout=readout,
    source="casarotto-2021",
)
