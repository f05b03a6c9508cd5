"""Dissociation and psychotomimetic effects, from block of NMDA receptors.

    q     = occupancy odds relative to the half-effect occupancy, times the patient's own sensitivity
    e     = q**n / (1 + q**n)                              acute effect, 0 to 1
    CADSS = awake * S_max * e * (1 - k * H)
    BPRS  = B0 + S_bprs * e * (1 - k * H)
    VAS   = 100 * q_high / (1 + q_high)                    "how high do you feel"

Tolerance after the first exposure is a memory that forms over hours, so that it spares the dose that caused it:

    dX/dt = k_X * e * (1 - X) - X / tau_X                  trace of a recent exposure
    dH/dt = X * (1 - H) / tau_H - H / tau_forget           habituation

Opioid receptors take no part, so naltrexone leaves these read-outs alone. The delay between blood and effect is
that of entry into the brain and of block itself. No path leads from here to mood but by what the patient believes
to have received (`expectancy`).

Source: linear in plasma concentration at 50-200 ng/mL, bowdle1998; size in patients, vanschalkwyk2018; weaker on
repeated infusions and gone by 2 h, abdallah2022; equilibration, olofsen2012.
"""

from typing import Any

from numpy import exp

from ketamind.biology.readouts.occupancy import potency_units, sigmoid
from ketamind.declare import Component, Input, Output, Parameter, State


def acute_effect(u: Any, p: Any) -> Any:
    """Effect before tolerance, 0 to 1."""
    sensitivity = exp(p.omega * p.sensitivity)
    return sigmoid(sensitivity * potency_units(u.occupancy, p.occupancy_50), p.hill)


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    imprint = p.k_imprint * acute_effect(u, p) * (1 - x.X)
    consolidate = x.X * (1 - x.H) / p.tau_consolidate
    return {"X": imprint - x.X / p.tau_trace, "H": consolidate - x.H / p.tau_forget}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    effect = acute_effect(u, p) * (1 - p.tolerance * x.H)
    high = potency_units(u.occupancy, p.occupancy_high)
    return {
        "cadss": p.awake * p.cadss_max * effect,
        "bprs": p.bprs_baseline + p.awake * p.bprs_max * effect,
        "vas_high": p.awake * p.vas_max * high / (1 + high),
    }


DISSOCIATION = Component(
    name="dissociation",
    summary="CADSS, BPRS and feeling high follow NMDA block; later doses are felt less",
    inputs=(Input("occupancy", "1", "NMDA receptors blocked, whole brain", wire="nmda_occupancy", absent=0.0),),
    states=(
        State("X", "1", "trace of a recent dissociative exposure", bounds=(0, 1)),
        State("H", "1", "habituation to dissociation", bounds=(0, 1)),
    ),
    parameters=(
        Parameter("occupancy_50", "1", "NMDA occupancy at half of the largest effect", row="dissociation.occupancy_50"),
        Parameter("hill", "1", "Hill exponent", row="dissociation.hill"),
        Parameter("omega", "1", "log-sd of sensitivity between patients", row="dissociation.omega"),
        Parameter("sensitivity", "1", "the patient's sensitivity, in sds", row="patient.dissociation_sensitivity"),
        Parameter("awake", "1", "1 awake, 0 under anaesthesia", row="patient.awake"),
        Parameter("cadss_max", "points", "largest CADSS", row="dissociation.cadss_max"),
        Parameter("bprs_baseline", "points", "BPRS without drug", row="patient.baseline_bprs"),
        Parameter("bprs_max", "points", "largest rise of BPRS", row="dissociation.bprs_max"),
        Parameter("vas_max", "1", "end of the visual analogue scale", row="dissociation.vas_max"),
        Parameter("occupancy_high", "1", "NMDA occupancy at half of the scale", row="dissociation.occupancy_high"),
        Parameter("tolerance", "1", "share of the effect lost once habituated", row="dissociation.tolerance"),
        Parameter("k_imprint", "1/h", "imprinting at full effect", row="dissociation.k_imprint"),
        Parameter("tau_trace", "h", "life of the trace", row="dissociation.tau_trace"),
        Parameter("tau_consolidate", "h", "formation of habituation", row="dissociation.tau_consolidate"),
        Parameter("tau_forget", "h", "loss of habituation", row="dissociation.tau_forget"),
    ),
    outputs=(
        Output("cadss", "points", "Clinician-Administered Dissociative States Scale, 0 to 92"),
        Output("bprs", "points", "Brief Psychiatric Rating Scale, 18 items, 18 to 126"),
        Output("vas_high", "1", "feeling high, visual analogue scale 0 to 100"),
    ),
    rates=rates,
    readout=readout,
    source="bowdle1998; vanschalkwyk2018; abdallah2022; olofsen2012",
)
