"""Depression: from the antidepressant drive of the brain to the MADRS.

    r     = beta * D * exp(omega z) + r_expectancy + r_oral
    E     = r / (1 + r),    logit E = log r
    MADRS = B * (1 - E)

`D` is the antidepressant drive of the plasticity stage, `B` the patient's own baseline, `E` the fraction of it that is
lost. Sources of improvement add as odds: each works on the symptoms that the others left, and an untreated patient,
with r = 0, stays at baseline exactly. With one source the logit of E is normal over patients, which is what fits
means, spread and response rates of trials together; means alone do not give response rates. Patients differ in
how much relief a given drive brings (`z`, wide) and in their placebo response (narrower, `expectancy`), and the two
go together (`responsiveness`). They diverge with time on an oral medicine, whose spread is widest.

The score is free of measurement noise, which belongs to whoever rates it.  Source: calibration `readouts_24h`.
"""

from typing import Any

from numpy import exp, maximum

from ketamind.biology.readouts.responsiveness import response
from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    by_drive = p.beta * maximum(u.drive, 0) * exp(p.omega * u.response)
    odds = by_drive + u.expectancy_odds + u.oral_odds
    improvement = odds / (1 + odds)
    return {"improvement": improvement, "madrs": p.baseline * (1 - improvement)}


DEPRESSION = Component(
    name="depression",
    summary="MADRS from antidepressant drive, expectancy and oral antidepressants",
    inputs=(
        Input("drive", "1", "antidepressant drive, 0 untreated to 1", wire="antidepressant_drive"),
        response("drug"),
        Input("expectancy_odds", "1", "odds of improvement by expectancy", absent=0.0),
        Input("oral_odds", "1", "odds of improvement by an oral antidepressant", absent=0.0),
    ),
    parameters=(
        Parameter("baseline", "points", "MADRS without treatment", row="patient.baseline_madrs"),
        Parameter("beta", "1", "odds of improvement of the typical patient at full drive", row="depression.beta"),
        Parameter("omega", "1", "log-sd of the response to drive", row="depression.omega"),
    ),
    outputs=(
        Output("improvement", "1", "fraction of baseline depression lost"),
        Output("madrs", "points", "Montgomery-Asberg Depression Rating Scale, 0 to 60"),
    ),
    readout=readout,
    source="daly2018; han2016",
)
