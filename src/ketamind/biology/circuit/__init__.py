"""Circuit: NMDA block, synaptic state and stress become rates, glutamate, oscillations and habenula bursts."""

from ketamind.biology.circuit.activity import ACTIVITY
from ketamind.biology.circuit.arousal import AROUSAL
from ketamind.biology.circuit.dendrite import DENDRITE
from ketamind.biology.circuit.gamma import GAMMA
from ketamind.biology.circuit.glutamate import DISINHIBITION, GLUTAMATE
from ketamind.biology.circuit.lateral_habenula import HABENULA_NMDA, LATERAL_HABENULA
from ketamind.biology.circuit.rates import PV, PYRAMIDAL, REST_OF_CORTEX, SST, VIP
from ketamind.biology.circuit.stress import STRESS
from ketamind.biology.circuit.transmission import TRANSMISSION
from ketamind.declare import Component


def circuit() -> tuple[Component, ...]:
    """All mechanisms of the stage, in causal order."""
    return (
        STRESS,
        AROUSAL,
        TRANSMISSION,
        PYRAMIDAL,
        PV,
        SST,
        VIP,
        REST_OF_CORTEX,
        DISINHIBITION,
        GLUTAMATE,
        ACTIVITY,
        DENDRITE,
        GAMMA,
        HABENULA_NMDA,
        LATERAL_HABENULA,
    )
