"""mTORC1 and its substrate p70S6K.

    dM/dt = ((1 - I) H(w_A Ak + (1 - w_A) K; K_M, n_M) - M) / tau_M

M is the active fraction above rest. Rapamycin blocks it, as a constant manipulation or as a drug effect that varies
in time. The Akt share w_A is where S-ketamine (more mTORC1) and R-ketamine (more ERK) may part, on the word of one
group. Source: li-2010, jain-bhalla-2009.
"""

from typing import Any

from ketamind.biology.plasticity.saturation import steep_hill
from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    upstream = p.w_A * u.akt_activity + (1 - p.w_A) * u.erk_activity
    free = (1 - p.block) * (1 - u.effect_rapamycin)
    return {"M": (free * steep_hill(upstream, p.K_M, p.n_M) - x.M) / p.tau_M}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    phosphorylation = 1 + p.fold * x.M
    return {"mtorc1_activity": x.M, "p_mtor": phosphorylation, "p_p70s6k": phosphorylation}


MTORC1 = Component(
    name="mtorc1",
    summary="Akt and ERK switch on mTORC1 and p70S6K",
    mechanism="mtorc1",
    inputs=(
        Input("erk_activity", "1", "ERK activity above rest"),
        Input("akt_activity", "1", "Akt activity above rest"),
        Input("effect_rapamycin", "1", "mTORC1 blocked by rapamycin given as a drug", absent=0.0),
    ),
    states=(State("M", "1", "mTORC1 activity above rest", bounds=(0, 1)),),
    parameters=(
        Parameter("w_A", "1", "share of Akt in the input of mTORC1", row="mtor.w_A"),
        Parameter("K_M", "1", "input for half-maximal activity", row="mtor.K_M"),
        Parameter("n_M", "1", "steepness", row="mtor.n_M"),
        Parameter("tau_M", "h", "time constant", row="mtor.tau_M"),
        Parameter("fold", "1", "phosphorylation at full activity, above rest", row="mtor.fold"),
        Parameter("block", "1", "mTORC1 blocked", row="manipulation.block_mtorc1"),
    ),
    outputs=(
        Output("mtorc1_activity", "1", "active fraction of mTORC1 above rest", when_off=0.0),
        Output("p_mtor", "1", "phosphorylated mTOR relative to rest", when_off=1.0),
        Output("p_p70s6k", "1", "phosphorylated p70S6K relative to rest", when_off=1.0),
    ),
    rates=rates,
    readout=readout,
    source="li-2010",
)
