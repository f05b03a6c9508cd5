"""Glutamate: release by pyramidal firing, extracellular level, cycling, and the excess that synapses act on.

    v = (r_E / r_E0) h rel                            release; h: gain by hydroxynorketamine
    dG/dt = (v - G) / tau_G                           extracellular level
    ds/dt = (v - s) / tau_s                           the individual's own rest
    cycling = v,   excess = max(0, v / s - 1)

All relative to health at rest. The set point s follows release over days, so that a depressed or remodelled brain has
a rest of its own with an excess of 0, and a lasting change fades from the excess as synapses scale to it.
Disinhibition is the message of firing to synapses: switched off, pyramidal firing counts as at rest here, while the
rates themselves are computed and shown as before; what metabolites add to release stays.
Source: moghaddam-1997 (extracellular level), chowdhury-2017 (cycling), turrigiano-2008 (scaling over days).
"""

from typing import Any

from numpy import maximum

from ketamind.declare import Component, Input, Output, Parameter, State

NO_RELEASE = 1e-3
"""Smallest set point, so that a silenced cortex does not divide by nothing."""


def activity(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"pyramidal_activity": u.rate_pyramidal / p.rest}


DISINHIBITION = Component(
    name="disinhibition",
    summary="Pyramidal firing, as synapses and extracellular glutamate see it",
    mechanism="disinhibition",
    inputs=(Input("rate_pyramidal", "Hz", "rate of pyramidal cells"),),
    parameters=(Parameter("rest", "Hz", "resting rate of pyramidal cells", "circuit.rest_pyramidal"),),
    outputs=(Output("pyramidal_activity", "1", "pyramidal firing relative to health at rest", when_off=1.0),),
    readout=activity,
)


def release(u: Any) -> Any:
    """Glutamate release relative to health at rest."""
    return u.pyramidal_activity * u.hnk_release * u.glutamate_release


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"G": (release(u) - x.G) / p.tau_G, "s": (release(u) - x.s) / p.tau_s}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {
        "extracellular_glutamate": x.G,
        "glutamate_cycling": release(u),
        "pyramidal_excess": maximum(release(u) / maximum(x.s, NO_RELEASE) - 1, 0),
    }


GLUTAMATE = Component(
    name="glutamate",
    summary="Glutamate release, its extracellular level and the excess over the individual's own rest",
    inputs=(
        Input("pyramidal_activity", "1", "pyramidal firing relative to health at rest"),
        Input("hnk_release", "1", "gain of release by hydroxynorketamine", absent=1.0),
        Input("glutamate_release", "1", "glutamate released per spike", absent=1.0),
    ),
    states=(
        State("G", "1", "extracellular glutamate relative to health at rest", initial=1.0),
        State("s", "1", "release that this individual is used to", initial=1.0),
    ),
    parameters=(
        Parameter("tau_G", "h", "time constant of the extracellular level", "circuit.tau_glutamate"),
        Parameter("tau_s", "h", "time constant of the set point", "circuit.tau_set_point"),
    ),
    outputs=(
        Output("extracellular_glutamate", "1", "extracellular glutamate relative to health at rest"),
        Output("glutamate_cycling", "1", "glutamate-glutamine cycling relative to health at rest"),
        Output("pyramidal_excess", "1", "excess glutamatergic drive over the individual's own rest, 0 or more"),
    ),
    rates=rates,
    readout=readout,
    source="moghaddam-1997, chowdhury-2017",
)
