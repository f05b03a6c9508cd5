"""How one patient fared: solved, solved with a remark, or not; and then where, why and what to try."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Status:
    """How one patient fared: `ok`; `flagged` (solved, but see the reason); or `failed`, with where and what to try."""

    outcome: Literal["ok", "flagged", "failed"] = "ok"
    time_h: float = float("nan")
    state: str = ""
    step_h: float = float("nan")
    reason: str = ""
    cure: str = ""

    def __str__(self) -> str:
        if self.outcome == "ok":
            return "ok"
        where = f" at {self.time_h:.6g} h, step {self.step_h:.3g} h, fastest state '{self.state}'" if self.state else ""
        reason = self.reason.removesuffix(".")
        return f"{self.outcome}{where}: {reason}." + (f" {self.cure}" if self.cure else "")


OK = Status()

CURES = {
    "the step became too small to go on": "Look in that equation for a pole, a jump or runaway growth.",
    "its rate has no finite value": "Look in that equation for a division by zero, or a root or power below zero.",
    "it leaves its bounds": "Mend its rate at the bound, or declare other bounds.",
    "it took more steps than max_steps": "Raise max_steps, or loosen rtol.",
    "it does not come to rest before the start": "Use rest=False with start states, or raise max_steps.",
}
"""What can go wrong in a solve, and what to try."""


def stopped(state: str, time_h: float, step_h: float, reason: str) -> Status:
    """The status of a patient whose integration ended early."""
    return Status("failed", time_h, state, step_h, reason, CURES[reason])


def unobservable(name: str) -> Status:
    """The status of a patient with an observable that has no finite value."""
    cure = "Look in its equation for a division by zero, or a root or power below zero."
    return Status("failed", reason=f"observable '{name}' has no finite value", cure=cure)
