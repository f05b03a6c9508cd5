"""Opioid receptors: ketamine as a weak ligand, naltrexone and naloxone as competitors, endogenous tone.

    x_S = S/K_S, x_R = R/K_R,  n = naltrexone/K_n + naloxone/K_x       (each receptor its own K)
    occupancy = (x + n) / (1 + x + n)        blockade = n / (1 + x + n)
    signal    = (e_S x_S + e_R x_R) / (1 + x + n),  amplified:  signal (1 + a) / (1 + a signal)
    tone      = (1 + r C/(C + K_r)) / (1 + n)

Clinical doses fill one or two receptors in a hundred, so that an opioid part of the effect needs one of two helpers:
a receptor reserve that amplifies a small signal (a), or a release of endogenous opioids that ketamine causes and
naltrexone silences (r). Both are 0 as shipped, and each is a hypothesis to switch on by its parameter.

`block` is a block or knock-out of the mu receptor by hand. The drugs' binding is at equilibrium.

Source: hirota-1999 (affinities; S two to three times R; no agonist effect seen on cAMP), bonaventura-2021 (S but not R
activates), trostheim-2022 (naltrexone).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    mu_s, mu_r = u.S / p.mu_S, u.R / p.mu_R
    mu_n = u.naltrexone / p.mu_naltrexone + u.naloxone / p.mu_naloxone
    mu_all = 1 + mu_s + mu_r + mu_n
    kappa_x = u.S / p.kappa_S + u.R / p.kappa_R
    kappa_n = (u.naltrexone / p.mu_naltrexone + u.naloxone / p.mu_naloxone) / p.kappa_selectivity
    delta_x = (u.S + u.R) / p.delta_K
    delta_n = (u.naltrexone / p.mu_naltrexone + u.naloxone / p.mu_naloxone) / p.delta_selectivity
    signal = (1 - p.block) * (p.e_S * mu_s + p.e_R * mu_r) / mu_all
    release = p.release * (u.S + u.R) / (u.S + u.R + p.K_release)
    return {
        "mor_occupancy": (mu_s + mu_r + mu_n) / mu_all,
        "mor_blockade": p.block + (1 - p.block) * mu_n / mu_all,
        "mor_signal": signal * (1 + p.amplification) / (1 + p.amplification * signal),
        "mu_tone": (1 - p.block) * (1 + release) / (1 + mu_n),
        "kor_occupancy": (kappa_x + kappa_n) / (1 + kappa_x + kappa_n),
        "kor_signal": p.e_kappa * u.S / p.kappa_S / (1 + kappa_x + kappa_n),
        "dor_occupancy": (delta_x + delta_n) / (1 + delta_x + delta_n),
    }


OPIOID = Component(
    name="opioid",
    summary="Mu, kappa and delta receptors under ketamine, naltrexone and naloxone; endogenous mu tone",
    mechanism="opioid",
    inputs=(
        Input("S", "uM", "unbound S-ketamine in brain", wire="brain_unbound_s_ketamine", absent=0.0),
        Input("R", "uM", "unbound R-ketamine in brain", wire="brain_unbound_r_ketamine", absent=0.0),
        Input("naltrexone", "uM", "unbound naltrexone in brain", wire="brain_unbound_naltrexone", absent=0.0),
        Input("naloxone", "uM", "unbound naloxone in brain", wire="brain_unbound_naloxone", absent=0.0),
    ),
    parameters=(
        Parameter("mu_S", "uM", "Ki of S-ketamine at mu", row="opioid.Ki_mu_s_ketamine"),
        Parameter("mu_R", "uM", "Ki of R-ketamine at mu", row="opioid.Ki_mu_r_ketamine"),
        Parameter("mu_naltrexone", "uM", "Ki of naltrexone at mu", row="mor.Ki_naltrexone"),
        Parameter("mu_naloxone", "uM", "Ki of naloxone at mu", row="opioid.Ki_mu_naloxone"),
        Parameter("kappa_S", "uM", "Ki of S-ketamine at kappa", row="opioid.Ki_kappa_s_ketamine"),
        Parameter("kappa_R", "uM", "Ki of R-ketamine at kappa", row="opioid.Ki_kappa_r_ketamine"),
        Parameter("kappa_selectivity", "1", "antagonist Ki, kappa over mu", row="opioid.antagonist_kappa_over_mu"),
        Parameter("delta_K", "uM", "Ki of ketamine at delta", row="opioid.Ki_delta_ketamine"),
        Parameter("delta_selectivity", "1", "antagonist Ki, delta over mu", row="opioid.antagonist_delta_over_mu"),
        Parameter("e_S", "1", "efficacy of S-ketamine at mu", row="opioid.efficacy_mu_s_ketamine"),
        Parameter("e_R", "1", "efficacy of R-ketamine at mu", row="opioid.efficacy_mu_r_ketamine"),
        Parameter("e_kappa", "1", "efficacy of S-ketamine at kappa", row="opioid.efficacy_kappa_s_ketamine"),
        Parameter("amplification", "1", "receptor reserve", row="opioid.amplification"),
        Parameter("release", "1", "endogenous opioid released at most", row="opioid.endogenous_release"),
        Parameter("K_release", "uM", "ketamine for half of that release", row="opioid.EC50_release"),
        Parameter("block", "1", "block of mu receptors by hand", row="manipulation.block_mor"),
    ),
    outputs=(
        Output("mor_occupancy", "1", "mu receptors held by any drug", when_off=0.0),
        Output("mor_blockade", "1", "mu receptors held by an antagonist", when_off=0.0),
        Output("mor_signal", "1", "mu signal of ketamine, relative to a full agonist", when_off=0.0),
        Output("mu_tone", "1", "endogenous mu tone over rest", when_off=1.0),
        Output("kor_occupancy", "1", "kappa receptors held by any drug", when_off=0.0),
        Output("kor_signal", "1", "kappa signal of ketamine, relative to a full agonist", when_off=0.0),
        Output("dor_occupancy", "1", "delta receptors held by any drug", when_off=0.0),
    ),
    readout=readout,
    source="hirota-1999",
)
