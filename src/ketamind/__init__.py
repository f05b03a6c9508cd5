"""ketamind: how ketamine works in the brain, as an executable, quantitative, falsifiable model.

    import ketamind as km
    run = km.simulate("0.5 mg/kg ketamine iv over 40 min")
    run["madrs"]

For research and teaching. Not medical advice.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ketamind.cortex.couple import cortex
    from ketamind.errors import KetamindError
    from ketamind.protocols import Patient, Protocol
    from ketamind.simulation.run import Run
    from ketamind.simulation.simulate import simulate
    from ketamind.studies.claims import claims
    from ketamind.studies.compare import compare
    from ketamind.studies.explain import explain
    from ketamind.studies.knockouts import knock_out as knockouts
    from ketamind.studies.optimise import optimise
    from ketamind.studies.trials import trial

_PLACES = {
    "KetamindError": ("ketamind.errors", "KetamindError"),
    "Patient": ("ketamind.protocols", "Patient"),
    "Protocol": ("ketamind.protocols", "Protocol"),
    "Run": ("ketamind.simulation", "Run"),
    "claims": ("ketamind.studies.claims", "claims"),
    "compare": ("ketamind.studies.compare", "compare"),
    "cortex": ("ketamind.cortex.couple", "cortex"),
    "explain": ("ketamind.studies.explain", "explain"),
    "knockouts": ("ketamind.studies.knockouts", "knock_out"),
    "optimise": ("ketamind.studies.optimise", "optimise"),
    "simulate": ("ketamind.simulation", "simulate"),
    "trial": ("ketamind.studies.trials", "trial"),
}
"""What the package offers, and where it is: loaded when first asked for, so that import stays quick."""

__all__ = [
    "KetamindError",
    "Patient",
    "Protocol",
    "Run",
    "__version__",
    "claims",
    "compare",
    "cortex",
    "explain",
    "knockouts",
    "optimise",
    "simulate",
    "trial",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'ketamind' has no attribute '{name}'")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)
