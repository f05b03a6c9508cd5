"""Slow improvement on a serotonin (and noradrenaline) reuptake inhibitor.

    dA/dt = (taken - A) / tau,   taken = 1 - (1 - effect_ssri) * (1 - effect_snri)
    course = A**2
    r      = rho * exp(-kappa * steps) * exp(omega z) * course          odds of improvement, see `depression`

The square gives the slow start: a third of the six-week difference to placebo at week 1. `steps` is the number of
treatments that failed before; each one divides the typical odds by exp(kappa). The wide `omega` makes most patients
respond well or hardly at all, as in trials, where it also carries the divergence of patients by day 28.

Source: week 1, taylor2006; remission by step 36.8, 30.6, 13.7 and 13.0 %, rush2006; spread, trivedi2006.
"""

from typing import Any

from numpy import exp

from ketamind.biology.readouts.responsiveness import response
from ketamind.declare import Component, Input, Output, Parameter, State


def course_rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    taken = 1 - (1 - u.effect_ssri) * (1 - u.effect_snri)
    return {"A": (taken - x.A) / p.tau}


def course_readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"oral_course": x.A * x.A}


ORAL_COURSE = Component(
    name="oral_course",
    summary="Adaptation over weeks to an oral antidepressant",
    inputs=(
        Input("effect_ssri", "1", "effect of an SSRI at its target, 1 on a usual daily dose", absent=0.0),
        Input("effect_snri", "1", "effect of an SNRI at its targets, 1 on a usual daily dose", absent=0.0),
    ),
    states=(State("A", "1", "adaptation", bounds=(0, 1)),),
    parameters=(Parameter("tau", "h", "time constant of adaptation", row="oral_antidepressant.tau"),),
    outputs=(Output("oral_course", "1", "adaptation reached, 0 to 1"),),
    rates=course_rates,
    readout=course_readout,
    source="taylor2006",
)


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    resistance = exp(-p.kappa * p.steps)
    return {"oral_odds": p.rho * resistance * exp(p.omega * u.response) * u.oral_course}


ORAL_ANTIDEPRESSANT = Component(
    name="oral_antidepressant",
    summary="Improvement by serotonin reuptake inhibition, less after each failed treatment",
    inputs=(Input("oral_course", "1", "adaptation reached, 0 to 1"), response("oral")),
    parameters=(
        Parameter("rho", "1", "odds of improvement of the typical first-step patient", row="oral_antidepressant.rho"),
        Parameter("kappa", "1", "log-odds lost with each failed treatment", row="oral_antidepressant.kappa"),
        Parameter("omega", "1", "log-sd between patients", row="oral_antidepressant.omega"),
        Parameter("steps", "1", "treatments that failed before", row="patient.treatment_resistance"),
    ),
    outputs=(Output("oral_odds", "1", "odds of improvement by the oral antidepressant", when_off=0.0),),
    readout=readout,
    mechanism="serotonin",
    source="rush2006; trivedi2006",
)
