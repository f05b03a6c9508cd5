"""Read-outs: from the state of receptors and synapses to what is rated and measured in people."""

from ketamind.biology.readouts.anaesthesia import LOSS_OF_RESPONSIVENESS
from ketamind.biology.readouts.analgesia import ANALGESIA
from ketamind.biology.readouts.baseline_two_pool import BASELINE_TWO_POOL
from ketamind.biology.readouts.blood_pressure import BLOOD_PRESSURE
from ketamind.biology.readouts.depression import DEPRESSION
from ketamind.biology.readouts.depression_scales import DEPRESSION_SCALES
from ketamind.biology.readouts.dissociation import DISSOCIATION
from ketamind.biology.readouts.drug_liking import DRUG_LIKING
from ketamind.biology.readouts.expectancy import EXPECTANCY
from ketamind.biology.readouts.oral_antidepressant import ORAL_ANTIDEPRESSANT, ORAL_COURSE
from ketamind.biology.readouts.ptsd import PTSD
from ketamind.biology.readouts.responsiveness import RESPONSIVENESS
from ketamind.biology.readouts.suicidality import SUICIDALITY
from ketamind.declare import Component


def readouts() -> tuple[Component, ...]:
    """All read-outs, in causal order."""
    return (
        DISSOCIATION,
        LOSS_OF_RESPONSIVENESS,
        ANALGESIA,
        DRUG_LIKING,
        BLOOD_PRESSURE,
        BASELINE_TWO_POOL,
        RESPONSIVENESS,
        ORAL_COURSE,
        ORAL_ANTIDEPRESSANT,
        EXPECTANCY,
        DEPRESSION,
        DEPRESSION_SCALES,
        SUICIDALITY,
        PTSD,
    )


__all__ = [
    "ANALGESIA",
    "BASELINE_TWO_POOL",
    "BLOOD_PRESSURE",
    "DEPRESSION",
    "DEPRESSION_SCALES",
    "DISSOCIATION",
    "DRUG_LIKING",
    "EXPECTANCY",
    "LOSS_OF_RESPONSIVENESS",
    "ORAL_ANTIDEPRESSANT",
    "ORAL_COURSE",
    "PTSD",
    "RESPONSIVENESS",
    "SUICIDALITY",
    "readouts",
]
