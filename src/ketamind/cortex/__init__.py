"""The spiking cortex: a network of pyramidal, PV, SST and VIP cells under drug, tied to the chain at chosen moments.

The package may be called: `ketamind.cortex(run, at="40 min")` is `ketamind.cortex.couple.cortex`.
"""

import sys
from types import ModuleType
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


class CallableModule(ModuleType):
    """This package and the function users meet as `ketamind.cortex` have one name, so the package answers as both."""

    def __call__(self, *given: Any, **settings: Any) -> Any:
        from ketamind.cortex.couple import cortex

        return cortex(*given, **settings)


sys.modules[__name__].__class__ = CallableModule
