"""Alternatives to parts of the chain, for hypotheses to name. None is in the shipped chain."""

from collections.abc import Mapping

from ketamind.biology.plasticity.antidepressant_drive import ANTIDEPRESSANT_DRIVE
from ketamind.biology.readouts.baseline_two_pool import TWO_POOL_MOOD
from ketamind.declare import Addition

ALTERNATIVES: Mapping[str, Addition] = {
    "two_pool_mood": Addition("two_pool_mood", (TWO_POOL_MOOD,), replaces=(ANTIDEPRESSANT_DRIVE.name,)),
}
"""By name: mood that follows the dose by two pools, with no brain between."""
