"""Relief from the lateral habenula.

    relief = 1 - (1 - I) g_lhb

Bursts of the lateral habenula, carried by its NMDA receptors, hold down the monoamine centres; block of these
receptors lifts that. The block itself, with its trapping for a day in nearly silent synapses, comes from the receptor
stage (g_lhb: NMDA conductance of habenula cells relative to no drug). Source: yang-2018, ma-2023.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"habenula_relief": 1 - (1 - p.block) * u.nmda_lhb}


LATERAL_HABENULA_BLOCK = Component(
    name="lateral_habenula_block",
    summary="Block of NMDA receptors in the lateral habenula relieves the monoamine centres",
    mechanism="lateral_habenula",
    inputs=(Input("nmda_lhb", "1", "NMDA conductance of habenula cells relative to no drug"),),
    parameters=(Parameter("block", "1", "lateral habenula silenced", row="manipulation.block_lateral_habenula"),),
    outputs=(Output("habenula_relief", "1", "relief from habenula output, 0 at rest", when_off=0.0),),
    readout=readout,
    source="yang-2018",
)
