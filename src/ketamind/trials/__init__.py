"""Virtual trials: declared in a file or in Python, run at any size, analysed as trials are."""

from ketamind.trials.files import load_trial, read_trial, shipped_trials
from ketamind.trials.trial import Arm, Cohort, Conduct, Endpoint, Published, Reading, Relapse, Rescue, Trial

__all__ = [
    "Arm",
    "Cohort",
    "Conduct",
    "Endpoint",
    "Published",
    "Reading",
    "Relapse",
    "Rescue",
    "Trial",
    "load_trial",
    "read_trial",
    "shipped_trials",
]
