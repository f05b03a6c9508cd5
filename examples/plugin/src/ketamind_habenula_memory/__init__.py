"""A plug-in for ketamind: a lateral habenula that stays quiet after the drug has gone."""

from pathlib import Path

from ketamind_habenula_memory.mechanism import HABENULA_MEMORY

HYPOTHESIS = Path(__file__).parent / "hypothesis.toml"
"""What the entry point of the group `ketamind.hypotheses` names: the path of a TOML file."""

__all__ = ["HABENULA_MEMORY", "HYPOTHESIS"]
