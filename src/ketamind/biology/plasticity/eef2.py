"""Resting NMDA receptors, eEF2 kinase and the translation of BDNF.

Spontaneous glutamate opens NMDA receptors at rest and keeps eEF2 kinase active, which phosphorylates elongation
factor 2 and slows translation. Block at rest takes the brake off; mTORC1 inhibits the kinase as well, through S6K.

    de/dt = ((1 - I) (1 - alpha_e rho) / (1 + beta_M M) - e) / tau_e        e: p-eEF2 relative to rest
    elongation gain = 1 + gam_e max(0, 1 - e)

An inhibitor (I) acts at once; an animal born without the kinase has adapted, so that it rests like a wildtype and
answers neither to the drug nor to the inhibitor. Large beta_M closes a loop through BDNF and mTORC1 that latches,
which is not seen in tissue. Source: autry-2011, nosyreva-2013, suzuki-2021.
"""

from typing import Any

from numpy import maximum

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    present = 1 - p.knockout
    resting_input = 1 - present * p.alpha_e * u.nmda_rest_block
    activity = (1 - present * p.block) * resting_input / (1 + present * p.beta_M * u.mtorc1_activity)
    return {"e": (activity - x.e) / p.tau_e}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {
        "p_eef2": (1 - p.knockout) * x.e,
        "elongation_gain": 1 + p.gam_e * maximum(1 - x.e, 0),
    }


EEF2 = Component(
    name="eef2",
    summary="Block of NMDA receptors at rest disinhibits translation through eEF2 kinase",
    mechanism="eef2k",
    inputs=(
        Input("nmda_rest_block", "1", "fraction of resting pyramidal NMDA receptors blocked"),
        Input("mtorc1_activity", "1", "active fraction of mTORC1 above rest"),
    ),
    states=(State("e", "1", "phosphorylated eEF2 relative to rest", initial=1.0),),
    parameters=(
        Parameter("tau_e", "h", "time constant of eEF2 phosphorylation", row="eef2.tau_e"),
        Parameter("alpha_e", "1", "fall of p-eEF2 at full block of resting NMDA receptors", row="eef2.alpha_e"),
        Parameter("beta_M", "1", "inhibition of eEF2 kinase by mTORC1/S6K", row="eef2.beta_M"),
        Parameter("gam_e", "1", "gain of elongation per unit fall of p-eEF2", row="eef2.gam_e"),
        Parameter("block", "1", "acute inhibition of eEF2 kinase", row="manipulation.block_eef2k"),
        Parameter("knockout", "1", "eEF2 kinase missing from birth", row="manipulation.knockout_eef2k"),
    ),
    outputs=(
        Output("p_eef2", "1", "phosphorylated eEF2 relative to a wildtype at rest", when_off=1.0),
        Output("elongation_gain", "1", "speed of translation relative to rest", when_off=1.0),
    ),
    rates=rates,
    readout=readout,
    source="autry-2011",
)
