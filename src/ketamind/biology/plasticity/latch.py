"""A durable change of transcription, charged by ERK (phosphorylation of MeCP2 at serine 421).

    dU/dt = k_U K (1 - S421A) (1 - U) - U / tau_U

U (0 to 1) lengthens the life of potentiation and lets new spines be kept; mice whose MeCP2 cannot be phosphorylated
lose the effect of a week later, not that of the first hours. Source: kim-2021.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    charge = p.k_U * u.erk_activity * (1 - p.s421a) * (1 - x.U)
    return {"U": charge - x.U / p.tau_U}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"durable_latch": x.U}


LATCH = Component(
    name="latch",
    summary="ERK sets a durable change of transcription that keeps what was built",
    mechanism="durable_transcription",
    inputs=(Input("erk_activity", "1", "ERK activity above rest"),),
    states=(State("U", "1", "durable transcriptional change", bounds=(0, 1)),),
    parameters=(
        Parameter("k_U", "1/h", "charging at full ERK activity", row="latch.k_U"),
        Parameter("tau_U", "h", "decay", row="latch.tau_U"),
        Parameter("s421a", "1", "MeCP2 that cannot be phosphorylated at serine 421", row="manipulation.mecp2_s421a"),
    ),
    outputs=(Output("durable_latch", "1", "durable transcriptional change, 0 to 1", when_off=0.0),),
    rates=rates,
    readout=readout,
    source="kim-2021",
)
