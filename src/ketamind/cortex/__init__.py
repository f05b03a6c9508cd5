"""The spiking cortex: a network of pyramidal, PV, SST and VIP cells under drug, tied to the chain at chosen moments."""

from typing import Any

__all__ = ["Condition", "Options", "Simulation", "cortex", "read_network"]


def __getattr__(name: str) -> Any:
    if name in ("cortex", "Options"):
        from ketamind.cortex import couple

        return getattr(couple, name)
    if name in ("Condition", "Simulation"):
        from ketamind.cortex import simulate

        return getattr(simulate, name)
    if name == "read_network":
        from ketamind.cortex.network import read_network

        return read_network
    raise AttributeError(name)
