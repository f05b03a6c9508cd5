"""Stand-ins for the receptor and circuit stages, so that plasticity can be run alone.

depot' = -k_a depot                                     (10 mg/kg ip: a depot that holds the dose at the start)
C'     = C_pk k_a depot + infusion - (k_e + k_12) C + k_21 C_2
C_2'   = k_12 C - k_21 C_2
x      = g_I C / (C + K_I) (1 - top H(C; K_P, n_P)) (1 - muscimol)
l'     = k_on C (1 - l) - k_off l                       (block trapped in the habenula)
"""

from dataclasses import replace

from biology.plasticity.harness import ERASE, STRESS_PULSE, with_rows
from ketamind.biology.plasticity import plasticity
from ketamind.biology.plasticity.saturation import hill, steep_hill
from ketamind.declare import Component, External, Input, Model, Output, Parameter, Row, State

INFUSION = External("infusion", "uM/h", "rise of unbound ketamine in brain by infusion")
STIMULATION = External("stimulate_pyramidal", "1", "pyramidal drive by light")


def rates(u, x, p):
    return {
        "depot": -p.k_a * x.depot,
        "C": p.C_pk * p.k_a * x.depot + u.infusion - (p.k_e + p.k_12) * x.C + p.k_21 * x.C_2,
        "C_2": p.k_12 * x.C - p.k_21 * x.C_2,
        "blocked": p.k_on * x.C * (1 - x.blocked) - p.k_off * x.blocked,
    }


def readout(u, x, p):
    rise = p.g_I * hill(x.C, p.K_I) * (1 - p.top * steep_hill(x.C, p.K_P, p.n_P)) * (1 - p.muscimol)
    return {
        "ketamine": x.C,
        "pyramidal_excess": rise + u.stimulate_pyramidal * (1 - p.muscimol),
        "nmda_rest_block": hill(x.C, p.K_rest),
        "nmda_synaptic_pyramidal": 1 - hill(x.C, p.K_syn),
        "nmda_lhb": 1 - x.blocked,
        "trkb_binding": hill(x.C, p.K_T),
        "mu_tone": 1 - p.naltrexone,
        "stress": p.sigma_0 + u.stress_pulse,
    }


NUMBERS = {
    "k_a": (10.0, "1/h"),
    "C_pk": (4.0, "uM"),
    "k_e": (2.0, "1/h"),
    "k_12": (0.0, "1/h"),
    "k_21": (1.0, "1/h"),
    "k_on": (0.6, "1/(uM*h)"),
    "k_off": (0.0578, "1/h"),
    "g_I": (1.0, "1"),
    "K_I": (0.5, "uM"),
    "top": (1.0, "1"),
    "K_P": (6.0, "uM"),
    "n_P": (1.4, "1"),
    "K_rest": (1.5, "uM"),
    "K_syn": (6.0, "uM"),
    "K_T": (12.3, "uM"),
    "muscimol": (0.0, "1"),
    "naltrexone": (0.0, "1"),
    "depot": (1.0, "1"),
}
ROWS = tuple(
    Row(f"surrogate.{k}", v, unit, v, v, 0.0, "fixed", "any", "", "", "invented", "design", "")
    for k, (v, unit) in NUMBERS.items()
)

SURROGATE = Component(
    name="surrogate",
    summary="Ketamine in brain and what the earlier stages make of it",
    inputs=(
        Input("infusion", "uM/h", "infusion"),
        Input("stress_pulse", "1", "stress above the usual"),
        Input("stimulate_pyramidal", "1", "pyramidal drive by light"),
    ),
    states=(
        State("depot", "1", "share of the dose not yet absorbed", initial="depot_0"),
        State("C", "uM", "unbound ketamine in brain"),
        State("C_2", "uM", "ketamine in slow tissue"),
        State("blocked", "1", "habenula receptors blocked", bounds=(0, 1)),
    ),
    parameters=(
        *(Parameter(k, unit, k, row=f"surrogate.{k}") for k, (_, unit) in NUMBERS.items() if k != "depot"),
        Parameter("depot_0", "1", "dose in the depot", row="surrogate.depot"),
        Parameter("sigma_0", "1", "usual stress", row="patient.stress"),
    ),
    outputs=(
        Output("ketamine", "uM", "unbound ketamine in brain"),
        *(
            Output(name, "1", name)
            for name in (
                "pyramidal_excess",
                "nmda_rest_block",
                "nmda_synaptic_pyramidal",
                "nmda_lhb",
                "trkb_binding",
                "mu_tone",
                "stress",
            )
        ),
    ),
    rates=rates,
    readout=readout,
)


def surrogate_model(**numbers):
    """This stage wired to the surrogates; `numbers` override those of the surrogates."""
    rows = [replace(r, value=numbers.get(r.id.split(".")[1], r.value)) for r in ROWS]
    rows = [replace(r, low=r.value, high=r.value) for r in rows]
    outside = (INFUSION, STRESS_PULSE, STIMULATION, ERASE)
    return Model("plasticity alone", (SURROGATE, *plasticity()), with_rows(*rows), outside)


V1 = {
    "eef2.gam_e": 1.2,
    "kinases.K_A": 0.35,
    "protein.tau_P": 104.0,
    "latch.tau_U": 120.0,
    "strength.w_max": 1.0,
    "bdnf.met_loss": 0.75,
    "bdnf.k_b": 1.0,
    "bdnf.K_y": 0.92,
    "bdnf.n_y": 4.0,
    "bdnf.tau_h": 1e12,
    "bdnf.mu_U": 0.05,
    "bdnf.phi": 1.0,
    "bdnf.g_H": 0.0,
    "bdnf.q": 6.0,
    "opioid.gate_weight": 0.9,
    "opioid.additive_weight": 0.0,
    "trkb.psi": 1.0,
    "trkb.th_L": 0.1,
    "trkb.K_L": 2.0,
    "mtor.K_M": 0.37,
    "mtor.n_M": 3.0,
    "trkb.k_x": 1.5,
    "protein.k_p": 0.63,
    "strength.k_w": 1.2,
    "strength.K_T": 0.0,
    "strength.tau_w": 24.0,
    "strength.lam_P": 0.0,
    "strength.lam_U": 3.0,
    "metaplasticity.k_s": 0.0,
    "spines.f0": 0.0415 / 24,
    "spines.eps_n": 0.15 / 24,
    "spines.kap": 0.0037 / 24,
    "spines.eps_s": 0.0013685 / 24,
    "spines.c": 0.0,
    "spines.g_f": 2.65,
    "spines.K_F": 0.11,
    "spines.g_k": 16.0,
    "spines.a_U": 0.0,
    "spines.s_f": 0.35,
    "spines.s_n": 0.0,
    "spines.s_e": 3.0,
    "resilience.delta": 0.0,
    "drive.a_l": 0.83,
    "drive.a_w": 1.8,
    "drive.a_s": 6.9,
}
"""plasticity-ode-v1 as values of this model: what was added since is switched off."""
