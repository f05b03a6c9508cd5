"""Loss of responsiveness, from NMDA block with help from block of HCN1 channels.

    d = (1 - w) * q + w * h,   q, h: NMDA and HCN1 block odds relative to those at the half-effect concentration
    P = d**4 / (1 + d**4)

Assumes the two blocks add as doses do; the steep exponent stands for the narrow range between the awake and the
anaesthetised. Without NMDA block the weak HCN1 part is left, so that hypnosis then needs far higher doses.

Source: no response at 1959 ng/mL, full response at 159 ng/mL of S-ketamine, langsjo2005; HCN1, chen2009.
"""

from typing import Any

from ketamind.biology.readouts.occupancy import potency_units
from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    nmda = potency_units(u.occupancy, p.occupancy_50)
    hcn1 = potency_units(1 - u.hcn1_current, p.hcn1_block_50)
    drive = (1 - p.hcn1_weight) * nmda + p.hcn1_weight * hcn1
    fourth = drive**4
    return {"loss_of_responsiveness": fourth / (1 + fourth)}


LOSS_OF_RESPONSIVENESS = Component(
    name="loss_of_responsiveness",
    summary="Anaesthesia: probability of not responding, from NMDA and HCN1 block",
    inputs=(
        Input("occupancy", "1", "NMDA receptors blocked, whole brain", wire="nmda_occupancy", absent=0.0),
        Input("hcn1_current", "1", "HCN1 current relative to no drug", absent=1.0),
    ),
    parameters=(
        Parameter("occupancy_50", "1", "NMDA occupancy at which half respond", row="anaesthesia.occupancy_50"),
        Parameter("hcn1_block_50", "1", "HCN1 block at the same concentration", row="anaesthesia.hcn1_block_50"),
        Parameter("hcn1_weight", "1", "share of HCN1 in the hypnotic drive", row="anaesthesia.hcn1_weight"),
    ),
    outputs=(Output("loss_of_responsiveness", "1", "probability of not responding to command"),),
    readout=readout,
    source="langsjo2005; chen2009",
)
