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
    from ketamind.evidence.score import score_experiments as score
    from ketamind.exchange.cortex_files import to_mne, to_nwb, to_sonata
    from ketamind.exchange.events import read_events, to_events
    from ketamind.exchange.omex import to_omex
    from ketamind.exchange.petab import to_petab
    from ketamind.exchange.population import read_people
    from ketamind.exchange.runs import read_run, to_inference_data, write_run
    from ketamind.exchange.sbml import to_sbml
    from ketamind.exchange.sbml_import import simulate_with_sbml
    from ketamind.exchange.trial_events import trial_from_events, trial_to_events
    from ketamind.protocols import Patient, Protocol
    from ketamind.simulation.run import Run
    from ketamind.simulation.simulate import simulate
    from ketamind.studies.claims import claims
    from ketamind.studies.compare import compare
    from ketamind.studies.explain import explain
    from ketamind.studies.fit import fit
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
    "fit": ("ketamind.studies.fit", "fit"),
    "knockouts": ("ketamind.studies.knockouts", "knock_out"),
    "optimise": ("ketamind.studies.optimise", "optimise"),
    "read_events": ("ketamind.exchange.events", "read_events"),
    "read_people": ("ketamind.exchange.population", "read_people"),
    "read_run": ("ketamind.exchange.runs", "read_run"),
    "score": ("ketamind.evidence.score", "score_experiments"),
    "simulate": ("ketamind.simulation", "simulate"),
    "simulate_with_sbml": ("ketamind.exchange.sbml_import", "simulate_with_sbml"),
    "to_events": ("ketamind.exchange.events", "to_events"),
    "to_inference_data": ("ketamind.exchange.runs", "to_inference_data"),
    "to_mne": ("ketamind.exchange.cortex_files", "to_mne"),
    "to_nwb": ("ketamind.exchange.cortex_files", "to_nwb"),
    "to_omex": ("ketamind.exchange.omex", "to_omex"),
    "to_petab": ("ketamind.exchange.petab", "to_petab"),
    "to_sbml": ("ketamind.exchange.sbml", "to_sbml"),
    "to_sonata": ("ketamind.exchange.cortex_files", "to_sonata"),
    "trial": ("ketamind.studies.trials", "trial"),
    "trial_from_events": ("ketamind.exchange.trial_events", "trial_from_events"),
    "trial_to_events": ("ketamind.exchange.trial_events", "trial_to_events"),
    "write_run": ("ketamind.exchange.runs", "write_run"),
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
    "fit",
    "knockouts",
    "optimise",
    "read_events",
    "read_people",
    "read_run",
    "score",
    "simulate",
    "simulate_with_sbml",
    "to_events",
    "to_inference_data",
    "to_mne",
    "to_nwb",
    "to_omex",
    "to_petab",
    "to_sbml",
    "to_sonata",
    "trial",
    "trial_from_events",
    "trial_to_events",
    "write_run",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'ketamind' has no attribute '{name}'")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)
