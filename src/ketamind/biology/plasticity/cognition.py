"""Cognition as far as it rests on prefrontal synapses: working memory, reversal learning, fear extinction.

    C = (1 + strength) density                             connectivity, 1 in health
    working memory, reversal = 1 + c (C - 1), less what NMDA block takes while the drug is there
    extinction = 1 + c_E (1 - I_ampa) (C - 1)

Acute block of NMDA receptors impairs working memory and reversal; connectivity carries what is better or worse
days later. Source: arnsten-2009 (stress and prefrontal connections), girgenti-2017 (extinction needs mTORC1 and
AMPA receptors). Slopes are assumptions.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    change = (1 - p.block_ampa) * ((1 + u.synaptic_strength) * u.spine_density - 1)
    acute = 1 - p.c_N * (1 - u.nmda_synaptic_pyramidal)
    return {
        "working_memory": (1 + p.c_W * change) * acute,
        "reversal_learning": (1 + p.c_R * change) * acute,
        "fear_extinction": 1 + p.c_E * change,
    }


COGNITION = Component(
    name="cognition",
    summary="Working memory, reversal learning and fear extinction from prefrontal connectivity",
    inputs=(
        Input("synaptic_strength", "1", "excess strength of excitatory synapses, 0 in health at rest"),
        Input("spine_density", "1", "spine density relative to health"),
        Input("nmda_synaptic_pyramidal", "1", "synaptic NMDA conductance of pyramidal cells relative to no drug"),
    ),
    parameters=(
        Parameter("c_W", "1", "working memory per change of connectivity", row="cognition.c_W"),
        Parameter("c_R", "1", "reversal learning per change of connectivity", row="cognition.c_R"),
        Parameter("c_E", "1", "fear extinction per change of connectivity", row="cognition.c_E"),
        Parameter("c_N", "1", "acute loss at full block of NMDA receptors", row="cognition.c_N"),
        Parameter("block_ampa", "1", "AMPA receptors blocked", row="manipulation.block_ampa"),
    ),
    outputs=(
        Output("working_memory", "1", "working memory relative to health"),
        Output("reversal_learning", "1", "reversal learning relative to health"),
        Output("fear_extinction", "1", "learning of fear extinction relative to health"),
    ),
    readout=readout,
    source="girgenti-2017",
)
