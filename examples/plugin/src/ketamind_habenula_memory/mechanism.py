"""A lateral habenula that stays quiet after the drug has gone.

    dM/dt = k (1 - g_lhb) (1 - M) - M / tau
    relief = 1 - (1 - I) (1 - M) g_lhb

While NMDA receptors of habenula cells are blocked (1 - g_lhb), their synapses weaken (M), and stay weak for days.
Without M this is the shipped mechanism, whose place it takes. Both numbers are inventions of this example.
"""

from pathlib import Path
from typing import Any

from ketamind.declare import Addition, Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"M": p.k * (1 - u.nmda_lhb) * (1 - x.M) - x.M / p.tau}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"habenula_relief": 1 - (1 - p.block) * (1 - x.M) * u.nmda_lhb}


COMPONENT = Component(
    name="habenula_memory",
    summary="Block of NMDA receptors weakens synapses of the lateral habenula for days",
    mechanism="lateral_habenula",
    inputs=(Input("nmda_lhb", "1", "NMDA conductance of habenula cells relative to no drug"),),
    states=(State("M", "1", "weakening of habenula synapses", bounds=(0, 1)),),
    parameters=(
        Parameter("k", "1/h", "weakening at full block", row="habenula_memory.k"),
        Parameter("tau", "h", "life of the weakening", row="habenula_memory.tau"),
        Parameter("block", "1", "lateral habenula silenced", row="manipulation.block_lateral_habenula"),
    ),
    outputs=(Output("habenula_relief", "1", "relief from habenula output, 0 at rest", when_off=0.0),),
    rates=rates,
    readout=readout,
)

HABENULA_MEMORY = Addition(
    name="habenula_memory",
    components=(COMPONENT,),
    replaces=("lateral_habenula_block",),
    table=Path(__file__).parent / "numbers.csv",
)
