"""The smallest effects that an experiment of the usual size would report; anything less counts as no change.

They were set before any comparison, as follows. Rating scales: near the smallest difference that clinicians call
relevant. Relative quantities (rates, powers, proteins, currents, behaviour): 5 % of the reference. Receptor
occupancies: 10 % of all receptors, the error of ex-vivo binding and imaging. Exposures: 20 %, the bounds of
bioequivalence. Times in minutes and hours have none.
"""

from ketamind.evidence.vocabulary import is_concentration

ABSOLUTE = {
    "madrs": 2.0,
    "hamd17": 1.5,
    "hamd24": 2.0,
    "hamd25": 2.0,
    "hamd6": 1.0,
    "qids_sr16": 1.5,
    "phq9": 1.5,
    "bdi2": 3.0,
    "ssi": 1.5,
    "cssrs_ideation": 0.3,
    "madrs_item10": 0.3,
    "cgi_ss_r": 0.3,
    "caps5": 4.0,
    "ies_r": 4.0,
    "pcl5": 5.0,
    "cadss": 2.0,
    "bprs": 1.5,
    "vas_high": 5.0,
    "drug_liking": 5.0,
    "pain_vas": 1.0,
    "systolic_bp": 3.0,
    "diastolic_bp": 3.0,
    "loss_of_responsiveness": 0.1,
    "nmda_occupancy": 0.1,
    "nmda_trapped_fraction": 0.1,
    "mor_occupancy": 0.1,
    "kor_occupancy": 0.1,
    "dor_occupancy": 0.1,
    "d2_occupancy": 0.1,
    "trkb_binding": 0.05,
    "mor_signal": 0.05,
    "kor_signal": 0.05,
    "antidepressant_behaviour": 0.05,
    "fst_immobility": 0.05,
    "fear_extinction": 0.05,
    "burst_fraction": 0.02,
    "burst_fraction_lhb": 0.02,
    "gamma_peak_frequency": 1.0,
    "aperiodic_exponent": 0.05,
    "ratio": 0.1823,
}
"""In the unit of the observable; `ratio` is the logarithm of a ratio of exposures or potencies (20 %)."""

RELATIVE = 0.05
CONCENTRATION = 0.2


def dead_zone(observable: str, base: float) -> float:
    """Largest effect that counts as none, in the unit of the observable, where its reference level is `base`."""
    if observable in ABSOLUTE:
        return ABSOLUTE[observable]
    return (CONCENTRATION if is_concentration(observable) else RELATIVE) * abs(base)
