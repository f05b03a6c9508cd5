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
class Speaks:
    """Which published results speak to a claim: these observables, and the sign that would be for it.

    With `blocked`, results in which one of these targets was blocked: an effect that is then gone, or smaller, is for
    the claim. `until_h` leaves out later results.
    """

    observables: tuple[str, ...]
    sign: int = 1
    blocked: tuple[str, ...] = ()
    until_h: float = 1e9


@dataclass(frozen=True)
class Scene:
    """A claim as a scene: two sides, the moment to look at, and observables, the first of which is drawn large."""

    observables: tuple[str, ...]
    at_h: float
    control: Side
    side: Side = Side("With the drug")
    vignette: str = "circuit"
    days: float = 14.0
    speaks: tuple[Speaks, ...] = ()


MOOD = ("madrs", "hamd17", "fst_immobility", "qids_sr16")
OFF_NMDA = Side("Without NMDA block", without=("nmda",))
PROTECTED_CELLS = Side("NMDA receptors of PV and SST cells kept free", values=PROTECTED)
RELIEF = Speaks(MOOD, -1, until_h=24.0)

SCENES: Mapping[str, Scene] = {
    "nmda-antagonist": Scene(
        ("nmda_occupancy", "nmda_synaptic_pyramidal", "nmda_tonic_pv"),
        2 / 3,
        OFF_NMDA,
        speaks=(Speaks(("nmda_native", "nmda_phasic", "nmda_tonic", "nmda_epsc_pyramidal"), -1),),
    ),
    "interneuron-block": Scene(
        ("inhibitory_conductance", "rate_pv", "rate_sst", "nmda_tonic_pv"),
        2 / 3,
        PROTECTED_CELLS,
        speaks=(
            Speaks(("rate_pv", "rate_sst", "rate_interneuron", "calcium_sst", "sipsc_frequency", "gaba_tonic"), -1),
            Speaks(MOOD, -1, blocked=("glun2b@sst", "glun2b@pv", "glun2b@interneurons", "glun2d")),
        ),
    ),
    "excitatory-bursts": Scene(
        ("rate_pyramidal", "burst_fraction", "power_gamma"),
        2 / 3,
        PROTECTED_CELLS,
        speaks=(
            Speaks(("rate_pyramidal", "burst_fraction", "power_gamma", "dendritic_calcium", "calcium_pyramidal"), 1),
            Speaks(("extracellular_glutamate", "glutamate_cycling"), 1),
        ),
    ),
    "bursts-to-plasticity": Scene(
        ("bdnf_extracellular", "extracellular_glutamate", "synaptic_strength", "madrs"),
        4.0,
        Side("AMPA receptors blocked", manipulation="block:ampa"),
        vignette="synapse",
        speaks=(Speaks((*MOOD, "spine_density", "p_mtor", "bdnf_tissue"), blocked=("ampa", "vdcc")),),
    ),
    "plasticity-definition": Scene(
        ("spine_density", "synaptic_strength"),
        24.0,
        Side("mTORC1 blocked", manipulation="block:mtorc1"),
        vignette="dendrite",
        speaks=(
            Speaks(("spine_density", "spine_formation", "psd95", "glua1", "synapsin1", "ampa_epsc", "sv2a_density"), 1),
            Speaks(("spine_density", "psd95", "glua1", "synapsin1", *MOOD), blocked=("mtorc1", "protein_synthesis")),
        ),
    ),
    "bdnf-release": Scene(
        ("bdnf_extracellular", "bdnf_plasma"),
        1.0,
        Side("Calcium channels blocked", manipulation="block:vdcc"),
        vignette="synapse",
        speaks=(
            Speaks(("bdnf_extracellular", "bdnf_plasma", "bdnf_tissue"), 1),
            Speaks(MOOD, -1, blocked=("bdnf", "vdcc")),
        ),
    ),
    "bdnf-survival": Scene(
        ("synaptic_potentiation", "neuron_survival", "p_akt"),
        24.0,
        Side("TrkB blocked", manipulation="block:trkb"),
        vignette="synapse",
        speaks=(
            Speaks(("neuron_survival", "synaptic_potentiation", "p_akt", "p_erk"), 1),
            Speaks(("synaptic_potentiation", *MOOD), blocked=("trkb",)),
        ),
    ),
    "trkb-direct": Scene(
        ("p_trkb", "trkb_binding"),
        2 / 3,
        Side("TrkB Y433F, which ketamine cannot hold", without=("nmda", "opioid"), manipulation="mutate:trkb_y433f"),
        Side("Without NMDA block and opioid action", without=("nmda", "opioid")),
        vignette="synapse",
        speaks=(
            Speaks(("trkb_binding", "p_trkb"), 1),
            Speaks((*MOOD, "synaptic_potentiation"), blocked=("trkb_y433f",)),
        ),
    ),
    "mor-binding": Scene(
        ("mor_signal", "mor_occupancy", "drug_liking", "pain_vas"),
        2 / 3,
        Side("Naltrexone before", protocol=f"{NALTREXONE} + {INFUSION}"),
        vignette="opioid",
        speaks=(
            Speaks(("mor_occupancy", "kor_occupancy", "drug_liking", "vas_high"), 1),
            Speaks(("pain_vas",), -1),
        ),
    ),
    "mor-second-pathway": Scene(
        ("madrs", "mor_signal", "cadss"),
        24.0,
        Side("Naltrexone too, without NMDA block", protocol=f"{NALTREXONE} + {INFUSION}", without=("nmda",)),
        Side("Without NMDA block", without=("nmda",)),
        vignette="mood",
        speaks=(Speaks((*MOOD, "hamd24"), -1, blocked=("mor", "naltrexone")),),
    ),
    "rapid-onset": Scene(
        ("madrs",),
        4.0,
        Side("Midazolam instead", protocol=MIDAZOLAM),
        vignette="mood",
        speaks=(RELIEF,),
    ),
    "rapid-by-nmda-and-mor": Scene(
        ("madrs", "nmda_occupancy", "mor_signal"),
        4.0,
        Side("Without NMDA block and opioid action", without=("nmda", "opioid")),
        vignette="mood",
        speaks=(Speaks(MOOD, -1, blocked=("mor", "naltrexone", "nmda")),),
    ),
    "durability": Scene(
        ("madrs", "spine_density", "venous_ketamine"),
        168.0,
        Side("New spines erased", manipulation="erase:spines"),
        vignette="dendrite",
        speaks=(
            Speaks((*MOOD, "antidepressant_behaviour"), blocked=("spines",)),
            Speaks(("spine_density", "spine_formation"), 1),
        ),
    ),
    "resilience-cognition": Scene(
        ("stress_resilience", "working_memory", "reversal_learning"),
        24.0,
        Side("New spines erased", manipulation="erase:spines"),
        vignette="dendrite",
        speaks=(Speaks(("working_memory", "reversal_learning", "stress_resilience", "fear_extinction"), 1),),
    ),
    "psychiatric-uses": Scene(
        ("madrs", "caps5", "ssi"),
        24.0,
        Side("Midazolam instead", protocol=MIDAZOLAM),
        vignette="mood",
        speaks=(Speaks((*MOOD, "caps5", "ies_r", "pcl5", "ssi", "cssrs_ideation", "madrs_item10"), -1),),
    ),
    "dissociation": Scene(
        ("cadss", "loss_of_responsiveness"),
        2 / 3,
        OFF_NMDA,
        vignette="mood",
        speaks=(Speaks(("cadss", "vas_high", "bprs"), 1, until_h=1.0),),
    ),
    "beyond-monoamines": Scene(
        ("madrs",),
        24.0,
        Side("A new SSRI instead, daily", protocol="1 dose ssri po daily for 28 days"),
        vignette="mood",
        days=28.0,
        speaks=(RELIEF,),
    ),
}
