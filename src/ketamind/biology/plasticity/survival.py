"""Survival of neurons through TrkB and Akt.

    signal = 1 + g_A Ak - s_v sigma                        relative to health at rest
    dV/dt = (signal - untreated signal - V) / tau_V

Akt phosphorylates BAD and FOXO and so lowers the chance that a challenged neuron dies; stress raises it. V is the
change of survival beyond the own untreated rest, averaged over the turnover of the proteins concerned.
Source: datta-1997, brunet-1999, huang-reichardt-2003.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def untreated_signal(u: Any, p: Any) -> Any:
    """Survival signal of this individual without drug, relative to health."""
    return 1 - p.s_v * p.sigma_0


def signal(u: Any, p: Any) -> Any:
    """Survival signal relative to health at rest."""
    return 1 + p.g_A * u.akt_activity - p.s_v * u.stress


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"V": (signal(u, p) - untreated_signal(u, p) - x.V) / p.tau_V}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"survival_signal": signal(u, p), "neuron_survival": untreated_signal(u, p) + x.V}


SURVIVAL = Component(
    name="survival",
    summary="Akt downstream of TrkB protects neurons; stress exposes them",
    inputs=(
        Input("akt_activity", "1", "Akt activity above rest"),
        Input("stress", "1", "stress level"),
    ),
    states=(State("V", "1", "survival beyond the own untreated rest", bounds=(float("-inf"), float("inf"))),),
    parameters=(
        Parameter("g_A", "1", "survival signal per unit of Akt activity", row="survival.g_A"),
        Parameter("s_v", "1", "fall of the survival signal at full stress", row="survival.s_v"),
        Parameter("tau_V", "h", "turnover of the proteins that protect", row="survival.tau_V"),
        Parameter("sigma_0", "1", "stress level that this individual lives under", row="patient.stress"),
    ),
    outputs=(
        Output("survival_signal", "1", "survival signal relative to health"),
        Output("neuron_survival", "1", "survival of challenged neurons relative to health"),
    ),
    rates=rates,
    readout=readout,
    source="huang-reichardt-2003",
)
