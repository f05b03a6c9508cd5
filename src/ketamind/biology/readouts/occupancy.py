"""Concentration recovered from receptor occupancy.

A drug that binds one site at concentration C holds the fraction f = C / (C + K) of it, so f / (1 - f) = C / K.
Effects whose potency was published as a plasma concentration can so be driven by NMDA-receptor occupancy itself:
they follow the drug through blood, brain and binding, and vanish with the binding.
"""

from typing import Any

from numpy import maximum, minimum

TINY = 1e-9
"""Keeps non-integer powers and their slopes finite at zero drug."""

HIGHEST = 0.999


def potency_units(occupancy: Any, occupancy_50: Any) -> Any:
    """Concentration in units of the one that gives half of the effect, from the occupancies at both [1]."""
    held = minimum(maximum(occupancy, 0), HIGHEST)
    return held / (1 - held) * (1 - occupancy_50) / occupancy_50


def sigmoid(strength: Any, hill: Any) -> Any:
    """Hill function of `strength` (1 at half effect) for any exponent, exactly 0 at 0."""
    power = (maximum(strength, 0) + TINY) ** hill - TINY**hill
    return power / (1 + power)
