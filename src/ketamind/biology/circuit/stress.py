"""Stress: the level that the circuit and its synapses feel.

    stress = patient.stress + stress_pulse

0 is health, 1 chronic stress or depression; a pulse adds an acute stressor for as long as it lasts.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"stress": p.level + u.stress_pulse}


STRESS = Component(
    name="stress",
    summary="Standing stress of the individual plus an acute pulse",
    inputs=(Input("stress_pulse", "1", "acute stress on top of the standing level", absent=0.0),),
    parameters=(Parameter("level", "1", "standing stress, 0 healthy to 1 depressed", row="patient.stress"),),
    outputs=(Output("stress", "1", "stress level, 0 healthy to 1 depressed or chronically stressed"),),
    readout=readout,
)
