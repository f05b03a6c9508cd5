"""Suicidal ideation: partly carried by mood, partly by an arm of its own.

    r_own = beta * D * exp(omega z) + r_expectancy
    E     = s * E_mood + (1 - s) * r_own / (1 + r_own)
    SSI   = B_ssi * (1 - E),   likewise C-SSRS ideation, MADRS item 10 and CGI-SS-r

About a third of the effect on ideation at 24 h is mediated by mood; the rest is given to a direct arm with its own
spread between patients. Scales without a published link fall by the same fraction.

Source: share by mood, grunebaum2018; size of the direct arm, calibration `readouts_ssi` on the same trial.
"""

from typing import Any

from numpy import exp, maximum

from ketamind.biology.readouts.responsiveness import response
from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    own = p.beta * maximum(u.drive, 0) * exp(p.omega * u.response) + u.expectancy_odds
    left = 1 - p.mood_share * u.improvement - (1 - p.mood_share) * own / (1 + own)
    return {
        "ssi": p.ssi * left,
        "cssrs_ideation": p.cssrs * left,
        "madrs_item10": p.item10 * left,
        "cgi_ss_r": p.cgi * left,
    }


SUICIDALITY = Component(
    name="suicidality",
    summary="Suicidal ideation, a third by mood and the rest directly",
    inputs=(
        Input("drive", "1", "antidepressant drive, 0 untreated to 1", wire="antidepressant_drive"),
        response("ideation"),
        Input("improvement", "1", "fraction of baseline depression lost"),
        Input("expectancy_odds", "1", "odds of improvement by expectancy", absent=0.0),
    ),
    parameters=(
        Parameter("mood_share", "1", "share of the effect carried by mood", row="suicidality.mood_share"),
        Parameter("beta", "1", "odds of improvement at full drive, direct arm", row="suicidality.beta"),
        Parameter("omega", "1", "log-sd of the direct arm between patients", row="suicidality.omega"),
        Parameter("ssi", "points", "SSI without treatment", row="patient.baseline_ssi"),
        Parameter("cssrs", "points", "C-SSRS ideation without treatment", row="patient.baseline_cssrs"),
        Parameter("item10", "points", "MADRS item 10 without treatment", row="patient.baseline_madrs_item10"),
        Parameter("cgi", "points", "CGI-SS-r without treatment", row="patient.baseline_cgi_ss_r"),
    ),
    outputs=(
        Output("ssi", "points", "Scale for Suicidal Ideation, 0 to 38"),
        Output("cssrs_ideation", "points", "Columbia scale, severity of ideation, 0 to 5"),
        Output("madrs_item10", "points", "MADRS item 10, suicidal thoughts, 0 to 6"),
        Output("cgi_ss_r", "points", "Clinical Global Impression of severity of suicidality, revised, 0 to 6"),
    ),
    readout=readout,
    source="grunebaum2018",
)
