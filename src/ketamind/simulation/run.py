"""The Run: what came out of a simulation, with units, sources and provenance, as one labelled data set."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ketamind.errors import BadFile, BadValue, unknown_name
from ketamind.simulation.observe import Observation, parse_observation

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """Observables over time (h from the first dose) and patients, as an `xarray.Dataset`.

    `run["madrs"]` is an array (time, patient) with its unit and meaning in `attrs`; `run.data` is the data set.
    """

    data: xr.Dataset

    def __getitem__(self, name: str) -> xr.DataArray:
        if name not in self.data:
            hint = "`ketamind explain NAME` describes each; simulate(..., observe=[...]) chooses them."
            raise unknown_name(name, "in this run", [str(v) for v in self.data.data_vars], hint)
        return self.data[name]

    @property
    def times_h(self) -> Floats:
        """Times of the run, in hours from the first dose."""
        return np.asarray(self.data["time"].values, dtype=np.float64)

    @property
    def provenance(self) -> dict[str, Any]:
        """Version, protocol, patients, mechanisms off, seed and a hash of all parameter values."""
        return dict(json.loads(self.data.attrs["provenance"]))

    def at(self, words: "str | Observation") -> Floats:
        """The values (patient,) of `name@time`, linear between the two nearest times.

        Raises UnknownName for an observable, BadValue for a time outside the run.
        """
        wanted = parse_observation(words) if isinstance(words, str) else words
        values = self[wanted.name]
        first, last = self.times_h[[0, -1]]
        if not first <= wanted.time_h <= last:
            raise BadValue(f"'{wanted.text}' is outside the run, which lasts from {first:g} to {last:g} h.")
        table = np.asarray(values.values, dtype=np.float64)
        return np.array([np.interp(wanted.time_h, self.times_h, column) for column in table.T])

    def mean(self, words: "str | Observation") -> float:
        """The mean over patients of `name@time`."""
        return float(np.mean(self.at(words)))

    def band(self, name: str, low: float = 5.0, high: float = 95.0) -> tuple[Floats, Floats, Floats]:
        """Lower percentile, median and upper percentile (time,) over patients."""
        table = np.asarray(self[name].values, dtype=np.float64)
        lower, middle, upper = np.percentile(table, [low, 50.0, high], axis=1)
        return lower, middle, upper

    def save(self, path: "str | Path") -> Path:
        """Write the run as NetCDF (through a temporary file, so that nothing half-written is left behind).

        Raises BadFile if the place cannot be written.
        """
        target = Path(path)
        part = target.with_name(target.name + ".part")
        try:
            packed = {name: {"zlib": True, "complevel": 4, "shuffle": True} for name in self.data.data_vars}
            self.data.to_netcdf(part, engine="h5netcdf", encoding=packed)
            part.replace(target)
        except OSError as problem:
            part.unlink(missing_ok=True)
            raise BadFile(f"cannot write '{target}': {problem.strerror or problem}. Choose another place.") from None
        return target

    @staticmethod
    def load(path: "str | Path") -> "Run":
        """Read a run that `save` wrote. Raises BadFile for a file that is missing, truncated or something else."""
        target = Path(path)
        if not target.is_file():
            raise BadFile(f"'{target}' is not a file.")
        try:
            with xr.open_dataset(target, engine="h5netcdf") as opened:
                data = opened.load()
        except (OSError, ValueError, RuntimeError, KeyError) as problem:
            raise BadFile(f"'{target}' cannot be read as a run: truncated or not NetCDF ({problem}).") from None
        if "provenance" not in data.attrs or "time" not in data.dims:
            raise BadFile(f"'{target}' is NetCDF, but not a run that ketamind saved.")
        return Run(data)

    def plot(self, names: Iterable[str] = ()) -> Any:
        """A matplotlib figure of the chain, or of the observables named."""
        from ketamind.report.figures import chain_figure, curves_figure

        chosen = tuple(names)
        return curves_figure(self, chosen) if chosen else chain_figure(self)
