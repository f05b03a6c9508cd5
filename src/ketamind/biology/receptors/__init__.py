"""Receptors: unbound brain concentrations and cell activity in, what the drugs do to each receptor out."""

from ketamind.biology.receptors.dopamine_d2 import D2
from ketamind.biology.receptors.hcn1 import HCN1
from ketamind.biology.receptors.hnk import HNK_RELEASE
from ketamind.biology.receptors.nicotinic import NICOTINIC_A7
from ketamind.biology.receptors.nmda_block import BLOCKERS, block
from ketamind.biology.receptors.nmda_current import ALLOSTERIC_SITE, CONDUCTANCES, CORTEX, RESTING_RECEPTORS
from ketamind.biology.receptors.nmda_exposure import KETAMINE_EXPOSURE, exposure
from ketamind.biology.receptors.nmda_gating import SUBTYPES, gating_scheme
from ketamind.biology.receptors.nmda_native import NATIVE_CURRENT
from ketamind.biology.receptors.nmda_occupancy import OCCUPANCY
from ketamind.biology.receptors.nmda_pools import POOLS
from ketamind.biology.receptors.nmda_trapping import trapping
from ketamind.biology.receptors.opioid import OPIOID
from ketamind.biology.receptors.trkb import TRKB_BINDING
from ketamind.declare import Component
from ketamind.errors import unknown_name

NMDA_READOUTS = (ALLOSTERIC_SITE, *CONDUCTANCES, RESTING_RECEPTORS, CORTEX, OCCUPANCY, trapping())
OTHER_TARGETS = (OPIOID, TRKB_BINDING, HCN1, HNK_RELEASE, D2, NICOTINIC_A7)


def receptors(*more_blockers: str) -> tuple[Component, ...]:
    """The receptor stage of the chain: ketamine, and any further blockers of the NMDA pore.

    Each further blocker (`memantine`, `mk801`, ...) reads `brain_unbound_<name>` and shares the pores with ketamine.
    Raises UnknownName.
    """
    further = [component for drug in more_blockers for component in nmda_blocker(drug)]
    own = (KETAMINE_EXPOSURE, *(block(pool) for pool in POOLS))
    return (*own, *further, *NMDA_READOUTS, *OTHER_TARGETS)


def nmda_blocker(drug: str) -> tuple[Component, ...]:
    """Exposure and block, in every pool, of a blocker other than ketamine. Raises UnknownName."""
    known = [d for d in BLOCKERS if d != "ketamine"]
    if drug not in known:
        raise unknown_name(drug, "a further blocker of the NMDA pore", known)
    return (exposure(drug), *(block(pool, drug) for pool in POOLS))


def in_vitro(drug: str = "ketamine") -> tuple[Component, ...]:
    """Receptors in a dish under one blocker of the NMDA pore, by the full gating scheme.

    From outside come the bath as `brain_unbound_*` [uM], `glutamate` [uM] and `potential` [mV]; magnesium is the
    parameter `nmda.Mg_bath` and temperature `nmda.warmth_bath`. Gives `nmda_2a`, `nmda_2b`, `nmda_2c`, `nmda_2d`,
    `nmda_2b2d` and `nmda_native` currents, `nmda_blocked_*`, and the other targets. Raises UnknownName.
    """
    if drug not in BLOCKERS:
        raise unknown_name(drug, "a blocker of the NMDA pore", BLOCKERS)
    pore = KETAMINE_EXPOSURE if drug == "ketamine" else exposure(drug)
    return (
        pore,
        *(gating_scheme(s, drug) for s in SUBTYPES),
        NATIVE_CURRENT,
        OCCUPANCY,
        trapping(drug),
        *OTHER_TARGETS,
    )


__all__ = ["BLOCKERS", "POOLS", "SUBTYPES", "in_vitro", "nmda_blocker", "receptors"]
