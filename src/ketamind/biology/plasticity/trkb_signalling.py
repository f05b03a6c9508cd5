"""TrkB: activation at the surface, and signalling from endosomes.

BDNF above its resting level activates surface TrkB. Drug bound to the receptor's transmembrane part (theta) makes
it answer to BDNF more strongly: a gain, not an agonist. Active receptors are taken up and go on signalling inside.

    B' = B (1 - antibody) (1 + psi theta);   L = max(0, B' - 1 - th_L) (1 - I_trkb);   f = L / (L + K_L)
    dR/dt = -k_a f R + k_d A + k_rec (1 - R - A - I)        surface
    dA/dt = k_a f R - (k_d + k_i) A                         active at the surface
    dI/dt = k_i A - k_x I                                   active in endosomes

Phosphorylation as measured is the resting part, which follows B' up to the threshold, and the evoked part A + I.
k_i is a net rate, chosen so that saturating BDNF halves surface TrkB in 2-3 h (proenca-2016); the gross rate is
faster (jain-bhalla-2009). Source also: casarotto-2021 (direct binding), ji-2010 (transient after acute BDNF).
"""

from typing import Any

from numpy import maximum, minimum

from ketamind.biology.plasticity.saturation import hill
from ketamind.declare import Component, Input, Output, Parameter, State


def ligand(u: Any, p: Any) -> Any:
    """Free BDNF as the receptor answers to it, 1 at rest."""
    return u.bdnf_extracellular * (1 - p.block_bdnf) * (1 + p.psi * u.trkb_binding)


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    excess = maximum(ligand(u, p) - 1 - p.th_L, 0) * (1 - p.block_trkb)
    activate = p.k_a * hill(excess, p.K_L) * x.R
    return {
        "R": -activate + p.k_d * x.A + p.k_rec * (1 - x.R - x.A - x.I),
        "A": activate - (p.k_d + p.k_i) * x.A,
        "I": p.k_i * x.A - p.k_x * x.I,
    }


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    resting = minimum(ligand(u, p), 1 + p.th_L) * (1 - p.block_trkb)
    return {
        "trkb_activity": x.A + x.I,
        "trkb_surface": x.R,
        "p_trkb": resting + p.fold * (x.A + x.I),
    }


TRKB_SIGNALLING = Component(
    name="trkb_signalling",
    summary="BDNF activates TrkB, which signals from the surface and from endosomes",
    inputs=(
        Input("bdnf_extracellular", "1", "extracellular BDNF relative to rest"),
        Input("trkb_binding", "1", "TrkB occupied by drug", absent=0.0),
    ),
    states=(
        State("R", "1", "TrkB at the surface, inactive", initial=1.0, bounds=(0, 1)),
        State("A", "1", "TrkB at the surface, active", bounds=(0, 1)),
        State("I", "1", "TrkB in signalling endosomes", bounds=(0, 1)),
    ),
    parameters=(
        Parameter("psi", "1", "gain of BDNF signalling at full drug occupancy", row="trkb.psi"),
        Parameter("th_L", "1", "excess BDNF below which TrkB stays at rest", row="trkb.th_L"),
        Parameter("K_L", "1", "excess BDNF for half-maximal activation", row="trkb.K_L"),
        Parameter("k_a", "1/h", "activation", row="trkb.k_a"),
        Parameter("k_d", "1/h", "dephosphorylation at the surface", row="trkb.k_d"),
        Parameter("k_i", "1/h", "net internalisation of active TrkB", row="trkb.k_i"),
        Parameter("k_x", "1/h", "end of endosomal signalling", row="trkb.k_x"),
        Parameter("k_rec", "1/h", "return to the surface", row="trkb.k_rec"),
        Parameter("fold", "1", "phosphorylation at full activity, above rest", row="trkb.fold"),
        Parameter("block_bdnf", "1", "BDNF bound by a neutralising antibody", row="manipulation.block_bdnf"),
        Parameter("block_trkb", "1", "TrkB blocked", row="manipulation.block_trkb"),
    ),
    outputs=(
        Output("trkb_activity", "1", "active fraction of TrkB above rest"),
        Output("trkb_surface", "1", "inactive TrkB at the surface"),
        Output("p_trkb", "1", "phosphorylated TrkB relative to rest"),
    ),
    rates=rates,
    readout=readout,
    source="proenca-2016",
)
