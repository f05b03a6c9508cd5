"""Plasticity: from glutamate and block to BDNF, synaptic strength, spines and the antidepressant drive."""

from ketamind.biology.plasticity.antidepressant_drive import ANTIDEPRESSANT_DRIVE
from ketamind.biology.plasticity.bdnf import BDNF
from ketamind.biology.plasticity.cognition import COGNITION
from ketamind.biology.plasticity.eef2 import EEF2
from ketamind.biology.plasticity.kinases import KINASES
from ketamind.biology.plasticity.latch import LATCH
from ketamind.biology.plasticity.lateral_habenula_block import LATERAL_HABENULA_BLOCK
from ketamind.biology.plasticity.metaplasticity import METAPLASTICITY
from ketamind.biology.plasticity.mtor import MTORC1
from ketamind.biology.plasticity.resilience import RESILIENCE
from ketamind.biology.plasticity.spines import SPINES
from ketamind.biology.plasticity.survival import SURVIVAL
from ketamind.biology.plasticity.synaptic_protein import SYNAPTIC_PROTEIN
from ketamind.biology.plasticity.synaptic_strength import POTENTIATION, SYNAPTIC_STRENGTH
from ketamind.biology.plasticity.trkb_signalling import TRKB_SIGNALLING
from ketamind.declare import Component


def plasticity() -> tuple[Component, ...]:
    """The mechanisms of this stage, in causal order."""
    return (
        EEF2,
        METAPLASTICITY,
        BDNF,
        TRKB_SIGNALLING,
        KINASES,
        MTORC1,
        SYNAPTIC_PROTEIN,
        LATCH,
        POTENTIATION,
        SPINES,
        RESILIENCE,
        SYNAPTIC_STRENGTH,
        LATERAL_HABENULA_BLOCK,
        ANTIDEPRESSANT_DRIVE,
        SURVIVAL,
        COGNITION,
    )
