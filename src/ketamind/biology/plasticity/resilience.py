"""Stress and the synapses that bear it: weakening, and resilience against it.

    dz/dt = (delta sigma / R - delta sigma_0 / R_0 - z) / tau_d           z: weakening beyond the own untreated rest
    R = (density (1 + w))^m,  R_0 the same in the own untreated brain

Stress weakens excitatory synapses, the more so the fewer and weaker they are. R is the resilience: 1 in a healthy
brain; at 2 the same stress weakens half as much. So chronic stress, having taken spines, makes its next blow harder,
and a treatment that gave spines and strength back softens it. Source: li-2011 (smaller, rarer EPSCs after chronic
stress, repaired by ketamine), duman-aghajanian-2012; the form of R is a modelling choice.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    target = p.delta * u.stress / resilience(u, p)
    return {"z": (target - weakening_untreated(u, p) - x.z) / p.tau_d}


def resilience(u: Any, p: Any) -> Any:
    """Tolerance of stress relative to health."""
    return (u.spine_density * (1 + u.potentiation)) ** p.m


def weakening_untreated(u: Any, p: Any) -> Any:
    """Strength that the individual's own lasting stress takes without treatment."""
    return p.delta * p.sigma_0 / u.spine_density_untreated**p.m


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {
        "stress_weakening": weakening_untreated(u, p) + x.z,
        "stress_weakening_change": x.z,
        "stress_resilience": resilience(u, p),
    }


RESILIENCE = Component(
    name="resilience",
    summary="Stress weakens synapses; spines and strength soften the blow",
    inputs=(
        Input("stress", "1", "stress level"),
        Input("spine_density", "1", "spine density relative to health"),
        Input("spine_density_untreated", "1", "spine density of this individual without drug"),
        Input("potentiation", "1", "potentiation of AMPA synapses, 0 at rest"),
    ),
    states=(
        State("z", "1", "strength taken by stress beyond the untreated rest", bounds=(float("-inf"), float("inf"))),
    ),
    parameters=(
        Parameter("delta", "1", "strength taken by full stress from a healthy brain", row="resilience.delta"),
        Parameter("tau_d", "h", "time constant of weakening and recovery", row="resilience.tau_d"),
        Parameter("m", "1", "steepness of resilience", row="resilience.m"),
        Parameter("sigma_0", "1", "stress level that this individual lives under", row="patient.stress"),
    ),
    outputs=(
        Output("stress_weakening", "1", "strength taken by stress"),
        Output("stress_weakening_change", "1", "strength taken by stress beyond the untreated rest"),
        Output("stress_resilience", "1", "tolerance of stress relative to health"),
    ),
    rates=rates,
    readout=readout,
    source="li-2011",
)
