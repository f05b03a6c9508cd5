"""What a run comes to: the numbers that were asked for, or the chain at a few telling moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ketamind.simulation import Observation, Run, parse_observation

MOMENTS = ("40min", "4h", "24h", "7d")
TELLING = (
    "venous_ketamine",
    "brain_unbound_ketamine",
    "nmda_occupancy",
    "rate_pyramidal",
    "rate_pv",
    "rate_sst",
    "extracellular_glutamate",
    "power_gamma",
    "bdnf_extracellular",
    "synaptic_strength",
    "spine_density",
    "madrs",
    "cadss",
)


@dataclass(frozen=True)
class Summary:
    """Values of observables at times, over the patients of a run."""

    run: Run
    observations: tuple[Observation, ...]

    def values(self) -> dict[str, float]:
        """The mean over patients of each."""
        return {o.text: self.run.mean(o) for o in self.observations}

    def as_json(self) -> dict[str, Any]:
        """For machines: means, units, and the 5-95 % range between patients where there are several."""
        found: dict[str, Any] = {
            "values": self.values(),
            "units": {o.text: str(self.run[o.name].attrs["units"]) for o in self.observations},
        }
        if self.run.data.sizes["patient"] > 1:
            found["ranges"] = {o.text: np.percentile(self.run.at(o), [5, 95]).tolist() for o in self.observations}
        return {**found, "provenance": self.run.provenance}

    def as_text(self) -> str:
        """For people: a line an observable, a column a time."""
        facts = self.run.provenance
        lines = [facts["protocol"], f"{facts['patient'] or 'typical patient'}, {facts['patients']} simulated"]
        times = list(dict.fromkeys(o.text.partition("@")[2] for o in self.observations))
        names = list(dict.fromkeys(o.name for o in self.observations))
        known = {o.text: o for o in self.observations}
        width = max(len(n) for n in names) + 2
        lines.append(" " * width + "".join(f"{t:>12}" for t in times) + "  unit")
        for name in names:
            cells = "".join(self._cell(known.get(f"{name}@{t}")) for t in times)
            lines.append(f"{name:<{width}}{cells}  {self.run[name].attrs['units']}")
        return "\n".join([*lines, "For research and teaching. Not medical advice."])

    def _cell(self, observation: Observation | None) -> str:
        return f"{self.run.mean(observation):>12.4g}" if observation is not None else " " * 12


def summarise(run: Run, wanted: Sequence[Observation] = ()) -> Summary:
    """The observations asked for; without any, what the run holds of the telling ones at a few moments."""
    if wanted:
        return Summary(run, tuple(wanted))
    last_h = float(run.times_h[-1])
    moments = [m for m in MOMENTS if parse_observation(f"x@{m}").time_h <= last_h] or [f"{last_h:g}h"]
    names = [n for n in TELLING if n in run.data]
    return Summary(run, tuple(parse_observation(f"{n}@{m}") for n in names for m in moments))
