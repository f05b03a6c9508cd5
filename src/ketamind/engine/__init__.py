"""Numbers from a model: batches of patients solved by a compiled engine, or by SciPy as the reference. No biology."""

from ketamind.engine.batch import Batch, Jump, Options, Schedule, Solution, Status, Step
from ketamind.engine.solve import solve

__all__ = ["Batch", "Jump", "Options", "Schedule", "Solution", "Status", "Step", "solve"]
