"""Runs as NetCDF, Zarr or Parquet with attributes in the manner of CF, and calibration draws for ArviZ.

Carried, bit for bit: every value, time and patient; units, meaning and source of each observable; provenance. Lost: CF
has no unit of rating points, which becomes 1 (our own unit stays beside it, as `ketamind_units`).

NetCDF and Zarr hold arrays (time, patient); Parquet holds one row a time and patient, for data frames.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ketamind import __version__
from ketamind.errors import BadFile, BadValue
from ketamind.exchange.extras import need, quiet
from ketamind.simulation import Run

Floats = NDArray[np.float64]
CONVENTIONS = "CF-1.11"
UDUNITS = {
    "uM": "umol L-1",
    "nM": "nmol L-1",
    "points": "1",
    "umol/h": "umol h-1",
    "1/h": "h-1",
    "1/(uM*h)": "L umol-1 h-1",
    "Hz/mV**2": "Hz mV-2",
    "fraction": "1",
}
"""Units as UDUNITS writes them, where ours are written otherwise."""

OWN = "ketamind_units"
META = b"ketamind"


def with_conventions(run: Run) -> xr.Dataset:
    """The run's data set with CF attributes beside its own."""
    data = run.data.copy()
    data.attrs |= {
        "Conventions": CONVENTIONS,
        "title": f"ketamind: {run.provenance.get('protocol', '')}",
        "source": f"ketamind {__version__}",
        "comment": "For research and teaching. Not medical advice.",
    }
    for variable in data.variables.values():
        own = variable.attrs.get("units")
        if own in UDUNITS:
            variable.attrs |= {OWN: own, "units": UDUNITS[own]}
    data["time"].attrs |= {"axis": "T"}
    return data


def without_conventions(data: xr.Dataset) -> Run:
    """The run behind a data set that `with_conventions` made."""
    plain = data.copy()
    for name in ("Conventions", "title", "source", "comment"):
        plain.attrs.pop(name, None)
    for variable in plain.variables.values():
        if OWN in variable.attrs:
            variable.attrs["units"] = variable.attrs.pop(OWN)
    plain["time"].attrs.pop("axis", None)
    return Run(plain)


def write_run(run: Run, path: "str | Path") -> Path:
    """Write a run as `.nc`, `.zarr` or `.parquet`, whole or not at all. Raises BadFile, BadValue, MissingExtra."""
    target = Path(path)
    writers = {".nc": _write_netcdf, ".zarr": _write_zarr, ".parquet": _write_parquet}
    if target.suffix not in writers:
        raise BadValue(f"'{target.name}' must end in {', '.join(writers)}.")
    try:
        writers[target.suffix](with_conventions(run), target)
    except OSError as problem:
        raise BadFile(f"cannot write '{target}': {problem.strerror or problem}. Choose another place.") from None
    return target


def read_run(path: "str | Path") -> Run:
    """A run from `.nc`, `.zarr` or `.parquet`. Raises BadFile for a file missing, cut short or something else."""
    target = Path(path)
    readers = {".nc": _read_netcdf, ".zarr": _read_zarr, ".parquet": _read_parquet}
    if target.suffix not in readers:
        raise BadFile(f"'{target.name}' must end in {', '.join(readers)}.")
    if not target.exists():
        raise BadFile(f"'{target}' does not exist.")
    data = readers[target.suffix](target)
    if "provenance" not in data.attrs or "time" not in data.dims or "patient" not in data.dims:
        raise BadFile(f"'{target}' can be read, but is not a run that ketamind wrote.")
    return without_conventions(data)


def _write_netcdf(data: xr.Dataset, target: Path) -> None:
    Run(data).save(target)


def _read_netcdf(target: Path) -> xr.Dataset:
    return Run.load(target).data


def _write_zarr(data: xr.Dataset, target: Path) -> None:
    need("zarr", "Zarr")
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    with quiet():
        data.to_zarr(part, mode="w", consolidated=True)
    shutil.rmtree(target, ignore_errors=True)
    part.replace(target)


def _read_zarr(target: Path) -> xr.Dataset:
    need("zarr", "Zarr")
    try:
        with quiet():
            found: xr.Dataset = xr.open_zarr(target, decode_timedelta=False).load()
    except Exception as problem:  # noqa: BLE001 - a damaged store fails in many ways, none of them documented
        raise BadFile(f"'{target}' cannot be read as Zarr: {_first_line(problem)}") from None
    return found


def _write_parquet(data: xr.Dataset, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    times, patients = data["time"].values, data["patient"].values
    columns: dict[str, Any] = {"time": np.repeat(times, len(patients)), "patient": np.tile(patients, len(times))}
    columns |= {str(n): v.values.ravel() for n, v in data.data_vars.items()}
    about = {"attrs": data.attrs, "variables": {str(n): v.attrs for n, v in data.variables.items()}}
    table = pa.table(columns).replace_schema_metadata({META: json.dumps(about)})
    part = target.with_name(target.name + ".part")
    pq.write_table(table, part, compression="zstd")
    part.replace(target)


def _read_parquet(target: Path) -> xr.Dataset:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(target)
        about = json.loads((table.schema.metadata or {})[META])
    except KeyError:
        raise BadFile(f"'{target}' is Parquet, but not a run that ketamind wrote.") from None
    except (OSError, pa.ArrowInvalid, ValueError) as problem:
        raise BadFile(f"'{target}' cannot be read as Parquet: {_first_line(problem)}") from None
    patients = np.unique(table["patient"].to_numpy())
    shape = (table.num_rows // max(1, len(patients)), len(patients))
    times = table["time"].to_numpy().reshape(shape)[:, 0]
    names = [n for n in table.column_names if n not in ("time", "patient")]
    variables = {n: (("time", "patient"), table[n].to_numpy().reshape(shape)) for n in names}
    data = xr.Dataset(variables, {"time": times, "patient": patients}, about["attrs"])
    for name, attributes in about["variables"].items():
        data[name].attrs = attributes
    return data


def _first_line(problem: BaseException) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0][:200]


def to_inference_data(draws: Mapping[str, Floats], prior: Mapping[str, Floats] | None = None) -> Any:
    """Calibration draws, by table row, as ArviZ InferenceData (one chain); `prior` draws beside them if given.

    Carried: every draw under its row's name, units and meaning. Lost: nothing; chains are joined before storage, so
    that convergence between chains cannot be judged from it. Raises MissingExtra, BadValue for no draws.
    """
    arviz = need("arviz", "InferenceData")
    if not draws:
        raise BadValue("there are no draws to hand on.")
    with quiet():
        groups = {"posterior": {n: np.asarray(v)[None] for n, v in draws.items()}}
        if prior:
            groups["prior"] = {n: np.asarray(v)[None] for n, v in prior.items()}
        return arviz.from_dict(**groups, attrs={"source": f"ketamind {__version__}"})
