"""What each claim looks like on the page: the protocol, the control that should abolish it, and what is read.

Only settings stand here. What comes out is computed when a claim is opened; the verdict is that of the claims study.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

INFUSION = "0.5 mg/kg ketamine iv over 40 min"
NALTREXONE = "50 mg naltrexone po at -45 min"
MIDAZOLAM = "0.045 mg/kg midazolam iv over 40 min"
PATIENT = "trd;setting=parallel"
PROTECTED = {"manipulation.protect_pv": 1.0, "manipulation.protect_sst": 1.0}


@dataclass(frozen=True)
class Side:
    """One of the two pictures: what is given to whom, and what is changed in the model."""

    label: str
    protocol: str = INFUSION
    without: tuple[str, ...] = ()
    manipulation: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """A claim as a scene: two sides, the moment to look at, and observables, the first of which is drawn large."""

    observables: tuple[str, ...]
    at_h: float
    control: Side
    side: Side = Side("With the drug")
    vignette: str = "circuit"
    days: float = 14.0


OFF_NMDA = Side("Without NMDA block", without=("nmda",))
PROTECTED_CELLS = Side("NMDA receptors of PV and SST cells kept free", values=PROTECTED)

SCENES: Mapping[str, Scene] = {
    "nmda-antagonist": Scene(
        ("nmda_occupancy", "nmda_synaptic_pyramidal", "nmda_tonic_pv"),
        2 / 3,
        OFF_NMDA,
    ),
    "interneuron-block": Scene(
        ("inhibitory_conductance", "rate_pv", "rate_sst", "nmda_tonic_pv"),
        2 / 3,
        PROTECTED_CELLS,
    ),
    "excitatory-bursts": Scene(
        ("rate_pyramidal", "burst_fraction", "power_gamma"),
        2 / 3,
        PROTECTED_CELLS,
    ),
    "bursts-to-plasticity": Scene(
        ("bdnf_extracellular", "extracellular_glutamate", "synaptic_strength", "madrs"),
        4.0,
        Side("AMPA receptors blocked", manipulation="block:ampa"),
        vignette="synapse",
    ),
    "plasticity-definition": Scene(
        ("spine_density", "synaptic_strength"),
        24.0,
        Side("mTORC1 blocked", manipulation="block:mtorc1"),
        vignette="dendrite",
    ),
    "bdnf-release": Scene(
        ("bdnf_extracellular", "bdnf_plasma"),
        1.0,
        Side("Calcium channels blocked", manipulation="block:vdcc"),
        vignette="synapse",
    ),
    "bdnf-survival": Scene(
        ("synaptic_potentiation", "neuron_survival", "p_akt"),
        24.0,
        Side("TrkB blocked", manipulation="block:trkb"),
        vignette="synapse",
    ),
    "trkb-direct": Scene(
        ("p_trkb", "trkb_binding"),
        2 / 3,
        Side("TrkB Y433F, which ketamine cannot hold", without=("nmda", "opioid"), manipulation="mutate:trkb_y433f"),
        Side("Without NMDA block and opioid action", without=("nmda", "opioid")),
        vignette="synapse",
    ),
    "mor-binding": Scene(
        ("mor_signal", "mor_occupancy", "drug_liking", "pain_vas"),
        2 / 3,
        Side("Naltrexone before", protocol=f"{NALTREXONE} + {INFUSION}"),
        vignette="opioid",
    ),
    "mor-second-pathway": Scene(
        ("madrs", "mor_signal", "cadss"),
        24.0,
        Side("Naltrexone too, without NMDA block", protocol=f"{NALTREXONE} + {INFUSION}", without=("nmda",)),
        Side("Without NMDA block", without=("nmda",)),
        vignette="mood",
    ),
    "rapid-onset": Scene(
        ("madrs",),
        4.0,
        Side("Midazolam instead", protocol=MIDAZOLAM),
        vignette="mood",
    ),
    "rapid-by-nmda-and-mor": Scene(
        ("madrs", "nmda_occupancy", "mor_signal"),
        4.0,
        Side("Without NMDA block and opioid action", without=("nmda", "opioid")),
        vignette="mood",
    ),
    "durability": Scene(
        ("madrs", "spine_density", "venous_ketamine"),
        168.0,
        Side("New spines erased", manipulation="erase:spines"),
        vignette="dendrite",
    ),
    "resilience-cognition": Scene(
        ("stress_resilience", "working_memory", "reversal_learning"),
        24.0,
        Side("New spines erased", manipulation="erase:spines"),
        vignette="dendrite",
    ),
    "psychiatric-uses": Scene(
        ("madrs", "caps5", "ssi"),
        24.0,
        Side("Midazolam instead", protocol=MIDAZOLAM),
        vignette="mood",
    ),
    "dissociation": Scene(
        ("cadss", "loss_of_responsiveness"),
        2 / 3,
        OFF_NMDA,
        vignette="mood",
    ),
    "beyond-monoamines": Scene(
        ("madrs",),
        24.0,
        Side("A new SSRI instead, daily", protocol="1 dose ssri po daily for 28 days"),
        vignette="mood",
        days=28.0,
    ),
}
