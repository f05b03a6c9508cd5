"""Dendritic spines: new ones form and mostly vanish within days, a few are kept for months.

    dn/dt = f0 (1 - s_f sigma) beta (1 + g_f F) - eps_n (1 + s_n sigma) n - kept - erased
    ds/dt = kept - eps_s (1 + s_e sigma) s - erased
    kept  = kap (1 + g_k G) n (1 - c s)
    F = (1 - a_U + a_U U / (U + K_Uc)) (P w)^2 / ((P w)^2 + K_F^2)
    G = P / (P + K_c) * U / (U + K_Uc)

n and s are new and persistent spines as shares of a healthy density. Synaptic protein and potentiation together
raise formation, not survival, and most of it (a_U) with the durable change; protein and that change let new spines be
kept while sites are free (1 - c s). Stress (sigma) slows formation and speeds loss. beta is the support by basal BDNF.
Erasure takes only what exceeds the untreated brain, as light on recently potentiated spines does.

The states are relative to the untreated rest of the same individual, which solves a quadratic equation, so that every
brain, healthy or stressed, starts at rest. Source: holtmaat-2005 (73 % persistent), grutzendler-2002 (4 % lost a
month), phoumthipphavong-2016 and pryazhnikov-2018 (formation up, elimination not), moda-sava-2019 (onset, erasure),
ng-2018 (stress).
"""

from typing import Any

from numpy import maximum, sqrt

from ketamind.biology.plasticity.saturation import hill
from ketamind.declare import Component, Input, Output, Parameter, State


def untreated(p: Any, sigma: Any, trophic: Any) -> tuple[Any, Any]:
    """New and persistent spines without drug after long stress at `sigma`, as shares of a healthy density."""
    formed = p.f0 * (1 - p.s_f * sigma) * trophic
    loss_new, loss_old = p.eps_n * (1 + p.s_n * sigma), p.eps_s * (1 + p.s_e * sigma)
    linear = loss_old * (loss_new + p.kap) + formed * p.kap * p.c
    persistent = 2 * formed * p.kap / (linear + sqrt(linear**2 - 4 * loss_old * formed * (p.kap**2 * p.c)))
    return (formed - loss_old * persistent) / loss_new, persistent


def hazard(p: Any, n: Any, s: Any, sigma: Any) -> Any:
    """Loss per spine and hour in a population of `n` new and `s` persistent spines at stress `sigma`."""
    return (p.eps_n * (1 + p.s_n * sigma) * n + p.eps_s * (1 + p.s_e * sigma) * s) / (n + s)


def flows(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """New and persistent spines, and what adds to and takes from each, per hour."""
    n_0, s_0 = untreated(p, p.sigma_0, u.trophic_support)
    n, s = x.n * n_0, x.s * s_0
    built = u.synaptic_protein * u.potentiation
    durable = hill(u.durable_latch, p.K_Uc)
    formation_drive = (1 - p.a_U + p.a_U * durable) * hill(built * built, p.K_F * p.K_F)
    keeping_drive = hill(u.synaptic_protein, p.K_c) * durable
    erased = (u.erase_spines + p.erase * p.k_erase) * maximum(n + s - n_0 - s_0, 0) / (n + s)
    return {
        "n_0": n_0,
        "s_0": s_0,
        "n": n,
        "s": s,
        "formed": p.f0 * (1 - p.s_f * u.stress) * u.trophic_support * (1 + p.g_f * formation_drive),
        "kept": p.kap * (1 + p.g_k * keeping_drive) * n * (1 - p.c * s),
        "lost_new": p.eps_n * (1 + p.s_n * u.stress) * n,
        "lost_old": p.eps_s * (1 + p.s_e * u.stress) * s,
        "erased_new": erased * n,
        "erased_old": erased * s,
    }


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    f = flows(u, x, p)
    return {
        "n": (f["formed"] - f["lost_new"] - f["kept"] - f["erased_new"]) / f["n_0"],
        "s": (f["kept"] - f["lost_old"] - f["erased_old"]) / f["s_0"],
    }


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    f = flows(u, x, p)
    healthy = sum(untreated(p, 0.0, 1.0))
    density = (f["n"] + f["s"]) / healthy
    rest = (f["n_0"] + f["s_0"]) / healthy
    return {
        "spine_density": density,
        "spine_density_untreated": rest,
        "spine_formation": f["formed"] / p.f0,
        "spine_elimination": hazard(p, f["n_0"], f["s_0"], u.stress) / hazard(p, *untreated(p, 0.0, 1.0), 0.0),
        "sv2a_density": 1 + p.sv2a_share * (density - 1),
    }


SPINES = Component(
    name="spines",
    summary="Formation, loss and keeping of dendritic spines",
    mechanism="spines",
    inputs=(
        Input("synaptic_protein", "1", "excess synaptic protein per synapse"),
        Input("potentiation", "1", "potentiation of AMPA synapses, 0 at rest"),
        Input("durable_latch", "1", "durable transcriptional change, 0 to 1"),
        Input("trophic_support", "1", "support of spine formation by basal BDNF, 1 in a wildtype"),
        Input("stress", "1", "stress level"),
        Input("erase_spines", "1/h", "erasure of spines that exceed the untreated brain", absent=0.0),
    ),
    states=(
        State("n", "1", "new spines relative to the own untreated brain", initial=1.0),
        State("s", "1", "persistent spines relative to the own untreated brain", initial=1.0),
    ),
    parameters=(
        Parameter("f0", "1/h", "formation at rest, per spine of a healthy density", row="spines.f0"),
        Parameter("eps_n", "1/h", "loss of new spines", row="spines.eps_n"),
        Parameter("kap", "1/h", "rate at which new spines compete to be kept", row="spines.kap"),
        Parameter("eps_s", "1/h", "loss of persistent spines", row="spines.eps_s"),
        Parameter("c", "1", "inverse of the largest persistent density", row="spines.c"),
        Parameter("g_f", "1", "largest rise of formation", row="spines.g_f"),
        Parameter("K_F", "1", "protein times potentiation for half of that rise", row="spines.K_F"),
        Parameter("a_U", "1", "share of that rise which needs the durable change", row="spines.a_U"),
        Parameter("g_k", "1", "largest rise of keeping", row="spines.g_k"),
        Parameter("K_c", "1", "synaptic protein for half of that rise", row="spines.K_c"),
        Parameter("K_Uc", "1", "durable change for half of its effect on spines", row="spines.K_Uc"),
        Parameter("s_f", "1", "fall of formation at full stress", row="spines.s_f"),
        Parameter("s_n", "1", "rise of the loss of new spines at full stress", row="spines.s_n"),
        Parameter("s_e", "1", "rise of the loss of persistent spines at full stress", row="spines.s_e"),
        Parameter(
            "sv2a_share",
            "1",
            "share of synapses seen by SV2A imaging that sit on these spines",
            row="spines.sv2a_share",
        ),
        Parameter("k_erase", "1/h", "rate of a full erasure", row="spines.k_erase"),
        Parameter("sigma_0", "1", "stress level that this individual lives under", row="patient.stress"),
        Parameter(
            "erase", "1", "lasting erasure of spines that exceed the untreated brain", row="manipulation.erase_spines"
        ),
    ),
    outputs=(
        Output("spine_density", "1", "spine density relative to health", when_off=1.0),
        Output("spine_density_untreated", "1", "spine density of this individual without drug", when_off=1.0),
        Output("spine_formation", "1", "spine formation relative to health", when_off=1.0),
        Output(
            "spine_elimination", "1", "loss of the spines that stood before treatment, relative to health", when_off=1.0
        ),
        Output("sv2a_density", "1", "SV2A binding relative to health", when_off=1.0),
    ),
    rates=rates,
    readout=readout,
    source="holtmaat-2005",
)
