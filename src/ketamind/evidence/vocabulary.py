"""The words of the experiments tables: species, observables, comparators, and how the model gives each observable.

An observable of a publication is read from the model's output of the same name, or from the outputs that stand for
it here (their mean). What the model has no part for is said with the reason.
"""

from collections.abc import Mapping, Set

from ketamind.errors import unknown_name
from ketamind.protocols.patient import WEIGHTS_KG

DOMAINS = ("pharmacokinetics", "receptors", "circuit", "plasticity", "clinical")
SPECIES = tuple(WEIGHTS_KG)
INERT = ("vehicle", "saline", "placebo", "sham")
SAME_BRAIN = ("wildtype", "unmanipulated")
SPREAD_KINDS = ("sd", "sem", "ci95", "range", "iqr")
COMPARATORS = ("baseline", *INERT, "midazolam", *SAME_BRAIN, "control_group")

MOIETIES = (
    "ketamine s_ketamine r_ketamine norketamine s_norketamine r_norketamine s_dehydronorketamine r_dehydronorketamine "
    "dehydronorketamine hydroxynorketamine s_hydroxynorketamine r_hydroxynorketamine hnk_2r6r hnk_2s6s naltrexone "
    "midazolam memantine mk801"
).split()
PLACES = ("venous", "arterial", "brain_total", "brain_unbound", "csf")
CONCENTRATIONS = tuple(f"{place}_{moiety}" for place in PLACES for moiety in MOIETIES)
RECEPTORS = (
    "nmda_2a nmda_2b nmda_2c nmda_2d nmda_2b2d nmda_native nmda_epsc_pyramidal nmda_epsc_pv nmda_epsc_sst "
    "nmda_epsc_vip nmda_epsc_interneuron nmda_epsc_lhb nmda_mepsc nmda_tonic nmda_phasic nmda_occupancy "
    "nmda_trapped_fraction mor_occupancy mor_signal kor_occupancy kor_signal dor_occupancy trkb_binding "
    "hcn1_current d2_occupancy nachr_a7_current sepsc_frequency sepsc_amplitude sipsc_frequency mepsc_frequency "
    "mepsc_amplitude ampa_current gaba_tonic"
).split()
CIRCUIT = (
    "rate_pyramidal rate_pv rate_sst rate_vip rate_interneuron rate_all rate_thalamus rate_lhb burst_fraction "
    "burst_fraction_lhb calcium_pyramidal calcium_pv calcium_sst dendritic_calcium inhibitory_conductance power_delta "
    "power_theta power_alpha power_beta power_gamma power_low_gamma power_high_gamma gamma_peak_frequency evoked_gamma "
    "aperiodic_exponent spike_gamma_synchrony extracellular_glutamate glutamate_cycling"
).split()
PLASTICITY = (
    "p_eef2 bdnf_tissue bdnf_extracellular bdnf_plasma p_trkb p_erk p_akt p_mtor p_p70s6k psd95 glua1 synapsin1 "
    "surface_ampar ampa_epsc synaptic_potentiation spine_density spine_formation spine_elimination sv2a_density "
    "antidepressant_behaviour fst_immobility fear_extinction reversal_learning working_memory neuron_survival "
    "stress_resilience"
).split()
DEPRESSION = "madrs hamd17 hamd24 hamd25 hamd6 qids_sr16 phq9 bdi2".split()
IDEATION = "ssi cssrs_ideation madrs_item10 cgi_ss_r".split()
CLINICAL = [
    *DEPRESSION,
    *IDEATION,
    *"caps5 ies_r pcl5 cadss bprs vas_high drug_liking pain_vas systolic_bp diastolic_bp".split(),
    "loss_of_responsiveness",
]
OBSERVABLES = (*CONCENTRATIONS, *RECEPTORS, *CIRCUIT, *PLASTICITY, *CLINICAL)

DISH = ("nmda_2a", "nmda_2b", "nmda_2c", "nmda_2d", "nmda_2b2d", "nmda_native")
"""Currents that are recorded under a held voltage with agonist in the bath: the full gating scheme."""

READ_FROM: Mapping[str, tuple[str, ...]] = {
    "nmda_epsc_pyramidal": ("nmda_synaptic_pyramidal",),
    "nmda_epsc_pv": ("nmda_synaptic_pv",),
    "nmda_epsc_sst": ("nmda_synaptic_sst",),
    "nmda_epsc_vip": ("nmda_synaptic_vip",),
    "nmda_epsc_interneuron": ("nmda_synaptic_pv", "nmda_synaptic_sst"),
    "nmda_epsc_lhb": ("nmda_lhb",),
    "nmda_mepsc": ("nmda_synaptic_pyramidal",),
    "nmda_phasic": ("nmda_synaptic_pyramidal",),
    "nmda_native": ("nmda_synaptic_pyramidal",),
    "nmda_tonic": ("nmda_tonic_pyramidal",),
    "mepsc_frequency": ("hnk_release",),
    "mepsc_amplitude": ("surface_ampar",),
    "sepsc_amplitude": ("ampa_epsc",),
    "ampa_current": ("surface_ampar",),
}
"""Model outputs whose mean stands for an observable that the chain has no output of that name for.

Miniature currents are those of quiet synapses: their frequency follows release, their size the AMPA receptors at the
surface, which also carry the current that AMPA itself evokes. In tissue a native NMDA current is that of pyramidal
cells.
"""

WITHOUT_A_PART: Mapping[str, str] = {
    "rate_thalamus": "the chain has a cortex and a lateral habenula, and no thalamus",
    "gaba_tonic": "the chain has synaptic GABA-A receptors only, and not those outside synapses that ketamine boosts",
    "spike_gamma_synchrony": "mean rates have no single spikes to lock to gamma",
}
NO_SUBTYPE = "in a living brain a current of one recombinant subtype cannot be recorded"


def sources(observable: str, outputs: Mapping[str, object]) -> tuple[str, ...]:
    """The model outputs that an observable is read from; none if the model has no part for it."""
    if observable in outputs:
        return (observable,)
    found = READ_FROM.get(observable, ())
    return found if found and all(name in outputs for name in found) else ()


def is_concentration(observable: str) -> bool:
    """True for drug levels in blood, brain or CSF."""
    return observable in CONCENTRATIONS


def check_spread(kind: str) -> None:
    """Raise UnknownName for a kind of spread that is none, which would be read as a standard deviation."""
    if kind and kind not in SPREAD_KINDS:
        raise unknown_name(kind, "a kind of spread", SPREAD_KINDS)


def check_words(domain: str, species: str, observable: str, own: Set[str] = frozenset()) -> None:
    """Raise UnknownName, with the nearest known word, for a word outside the vocabulary and `own` observables."""
    for word, kind, known in (
        (domain, "a domain", DOMAINS),
        (species, "a species", SPECIES),
        (observable, "an observable", {*OBSERVABLES, *own}),
    ):
        if word not in known:
            raise unknown_name(word, kind, known)
