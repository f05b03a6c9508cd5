"""Drug liking on the bipolar scale (0 strong dislike, 50 neutral, 100 strong liking).

    liking = 50 + 50 * (1 - exp(-(a * q + b * m)))

`q` is the NMDA occupancy in units of that which half dissociates, `m` the mu-opioid signal. 0.5 mg/kg comes near the
ceiling in recreational users; how much of it is opioid is not known, so `b` is a wide prior.

Source: esmethadone_hap.
"""

from typing import Any

from numpy import exp, maximum

from ketamind.biology.readouts.occupancy import potency_units
from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    pleasure = p.by_nmda * potency_units(u.occupancy, p.occupancy_50) + p.by_mu * maximum(u.mor_signal, 0)
    return {"drug_liking": p.neutral + p.awake * p.neutral * (1 - exp(-pleasure))}


DRUG_LIKING = Component(
    name="drug_liking",
    summary="Drug liking from NMDA block and mu-opioid signal",
    inputs=(
        Input("occupancy", "1", "NMDA receptors blocked, whole brain", wire="nmda_occupancy", absent=0.0),
        Input("mor_signal", "1", "signal of the drug at mu-opioid receptors", absent=0.0),
    ),
    parameters=(
        Parameter("occupancy_50", "1", "NMDA occupancy that half dissociates", row="dissociation.occupancy_50"),
        Parameter("by_nmda", "1", "liking by NMDA block", row="drug_liking.by_nmda"),
        Parameter("by_mu", "1", "liking by mu signal", row="drug_liking.by_mu"),
        Parameter("neutral", "1", "neutral point, half of the scale", row="drug_liking.neutral"),
        Parameter("awake", "1", "1 awake, 0 under anaesthesia", row="patient.awake"),
    ),
    outputs=(Output("drug_liking", "1", "drug liking at the moment, bipolar scale 0 to 100, 50 neutral"),),
    readout=readout,
    source="esmethadone_hap",
)
