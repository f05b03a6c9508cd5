"""Numbers from a model: batches of patients solved by a compiled engine, or by SciPy as the reference. No biology."""

from ketamind.engine.batch import Batch, Jump, Options, Schedule, Solution, Step
from ketamind.engine.sensitivity import Sensitivities, sensitivities
from ketamind.engine.solve import solve, stream
from ketamind.engine.status import Status

__all__ = [
    "Batch",
    "Jump",
    "Options",
    "Schedule",
    "Sensitivities",
    "Solution",
    "Status",
    "Step",
    "sensitivities",
    "solve",
    "stream",
]
