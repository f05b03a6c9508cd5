"""Simulations: who gets what, solved and labelled."""

from ketamind.simulation.observe import Observation, parse_observation, parse_observations
from ketamind.simulation.run import Run
from ketamind.simulation.simulate import chain_for, simulate

__all__ = ["Observation", "Run", "chain_for", "parse_observation", "parse_observations", "simulate"]
