"""Improvement from expectancy: being treated, believing to have had the drug, and starting a new medicine.

Improvement is counted as odds r = E / (1 - E) of the fraction E of the baseline score that is lost, to which every
source of improvement adds (see `depression`).

    dh/dt = v * (1 - h) / tau_on - h / tau_hope            hope, hours after a visit
    dg/dt = v * (1 - g) / tau_on - g / tau_engaged         engagement, weeks
    db/dt = max(felt - b, 0) / tau_learn - b / tau_doubt   belief to have had the active drug
    felt  = unblinding * (1 - (1 - f_cadss) * (1 - f_mdz)),   f = c / (c + c_half)
    r     = exp(omega z) * g * (E_set / (1 - E_set) * (1 + a h) + G * (k + (1 - k) b)) + care

`v` is 1 during a visit at which something is given, drug or not; `E_set` belongs to the setting and holds at 24 h:
none in a saline crossover, where patients come to know what the drug feels like, more for a nasal spray, most in
hospital or under a masking anaesthetic. Belief is what unblinds: the patient compares what is felt (dissociation, or
the drowsiness of midazolam) with what was announced. `k` is 1 where the allocation is known. `care` is the slow gain
of those who start an oral medicine within a trial; it varies between patients as that medicine's own effect does.

Assumes that belief and setting add. Sources: setting, daly2018, canuso2021, lii2023, nimh_crossover; size of G,
calibration `readouts_placebo` on the difference between saline- and midazolam-controlled trials (dean2021);
placebo share of the drug-arm response 0.66-0.72, matsingos2024 (not used).
"""

from typing import Any

from numpy import exp, maximum

from ketamind.biology.readouts.responsiveness import response
from ketamind.declare import Component, Input, Output, Parameter, State


def felt_effect(u: Any, p: Any) -> Any:
    """Evidence of having had an active drug, 0 to 1."""
    dissociated = u.cadss / (u.cadss + p.cadss_half)
    drowsy = p.awake * u.midazolam / (u.midazolam + p.midazolam_half)
    return p.unblinding * (1 - (1 - dissociated) * (1 - drowsy))


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    learn = maximum(felt_effect(u, p) - x.belief, 0) / p.tau_learn
    return {
        "hope": u.visit * (1 - x.hope) / p.tau_on - x.hope / p.tau_hope,
        "engaged": u.visit * (1 - x.engaged) / p.tau_on - x.engaged / p.tau_engaged,
        "belief": learn - x.belief / p.tau_doubt,
    }


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    believed = p.allocation_known + (1 - p.allocation_known) * x.belief
    setting = p.expectancy / (1 - p.expectancy) * (1 + p.first_hours * x.hope)
    placebo = exp(p.omega * u.response) * x.engaged * (setting + p.gain_belief * believed)
    care = exp(p.omega_oral * u.response_oral) * p.care * x.engaged * u.oral_course
    return {"expectancy_odds": placebo + care, "believed_active": x.engaged * believed}


EXPECTANCY = Component(
    name="expectancy",
    summary="Placebo response by setting, by believed allocation (functional unblinding) and by a new oral medicine",
    inputs=(
        Input("visit", "1", "1 while a dose or a placebo is given and watched over", absent=0.0),
        Input("cadss", "points", "dissociation felt", absent=0.0),
        Input("midazolam", "uM", "unbound midazolam in brain", wire="brain_unbound_midazolam", absent=0.0),
        Input("oral_course", "1", "adaptation to a course of an oral antidepressant", absent=0.0),
        response("placebo"),
        Input("response_oral", "1", "the patient's response to oral antidepressants, in sds"),
    ),
    states=(
        State("hope", "1", "hope in the hours after a visit", bounds=(0, 1)),
        State("engaged", "1", "engagement with the treatment", bounds=(0, 1)),
        State("belief", "1", "belief to have had the active drug", bounds=(0, 1)),
    ),
    parameters=(
        Parameter("expectancy", "1", "fractional placebo improvement of the setting at 24 h", row="patient.expectancy"),
        Parameter("allocation_known", "1", "1 if the patient knows the allocation", row="patient.allocation_known"),
        Parameter("awake", "1", "1 awake, 0 under anaesthesia", row="patient.awake"),
        Parameter("care", "1", "odds of improvement by starting an oral medicine in a trial", row="patient.trial_care"),
        Parameter("omega_oral", "1", "log-sd of the response to oral medicine", row="oral_antidepressant.omega"),
        Parameter("omega", "1", "log-sd of the placebo response", row="expectancy.omega"),
        Parameter("first_hours", "1", "relative extra response in the first hours", row="expectancy.first_hours"),
        Parameter("gain_belief", "1", "odds of improvement by certain belief", row="expectancy.gain_belief"),
        Parameter("unblinding", "1", "1 if felt effects tell the allocation", row="expectancy.unblinding"),
        Parameter("cadss_half", "points", "CADSS that half convinces", row="expectancy.cadss_half"),
        Parameter("midazolam_half", "uM", "unbound midazolam that half convinces", row="expectancy.midazolam_half"),
        Parameter("tau_on", "h", "rise of hope and engagement in a visit", row="expectancy.tau_on"),
        Parameter("tau_hope", "h", "life of hope", row="expectancy.tau_hope"),
        Parameter("tau_engaged", "h", "life of engagement", row="expectancy.tau_engaged"),
        Parameter("tau_learn", "h", "time to be convinced by what is felt", row="expectancy.tau_learn"),
        Parameter("tau_doubt", "h", "life of belief", row="expectancy.tau_doubt"),
    ),
    outputs=(
        Output("expectancy_odds", "1", "odds of improvement by expectancy", when_off=0.0),
        Output("believed_active", "1", "belief of a treated patient to have had the active drug", when_off=0.0),
    ),
    rates=rates,
    readout=readout,
    mechanism="expectancy",
    source="daly2018; canuso2021; lii2023; dean2021; matsingos2024",
)
