"""Ascending drive: what thalamus and brain stem give to cortex fails under anaesthetic doses.

    drive = 1 - a q^4 / (1 + q^4),   q = odds of brain-wide NMDA occupancy over those at which half of that is lost

Odds o / (1 - o) grow as the concentration does. Below that range the drive is whole, so that low doses disinhibit;
above it cortex loses its input and falls silent, whatever its interneurons do. This is not loss of responsiveness,
which comes at far lower occupancy: under an anaesthetic bolus people do not respond while their cortex stays active.
Source: moghaddam-1997 (in rats glutamate no longer rises at 50 mg/kg and falls at 200 mg/kg). The steep exponent and
the lost share a are assumptions.
"""

from typing import Any

from numpy import maximum

from ketamind.declare import Component, Input, Output, Parameter

FULL = 1e-6
"""Smallest free share, so that full occupancy does not divide by nothing."""


def odds(occupancy: Any) -> Any:
    """Occupied over free receptors."""
    return occupancy / maximum(1 - occupancy, FULL)


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    q = odds(u.occupancy) / odds(p.occupancy_50)
    fourth = q**4
    return {"ascending_drive": 1 - p.share * (1 - 1 / (1 + fourth))}


AROUSAL = Component(
    name="arousal",
    summary="Drive of cortex by thalamus and brain stem, which fails under anaesthetic doses",
    inputs=(Input("occupancy", "1", "NMDA receptors blocked, whole brain", wire="nmda_occupancy", absent=0.0),),
    parameters=(
        Parameter("share", "1", "external drive lost under anaesthesia", "circuit.ascending_share"),
        Parameter("occupancy_50", "1", "occupancy at which half of that is lost", "circuit.ascending_occupancy_50"),
    ),
    outputs=(Output("ascending_drive", "1", "drive of cortex from below, relative to the awake brain", when_off=1.0),),
    readout=readout,
    source="moghaddam-1997",
)
