"""Populations and settings: what a word such as `trd;setting=crossover` implies for the patients drawn."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

from ketamind.declare import Model, Row
from ketamind.protocols import Patient
from ketamind.simulation.population import Floats, Normals, draw_population, standard_normals


@dataclass(frozen=True)
class Typical:
    """The middle of a parameter in a population, and its standard deviation between patients (None: as its row)."""

    mean: float
    sd: float | None


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Mapping[str, Any]]:
    text = (resources.files("ketamind") / "data" / "populations.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def typical_values(patient: Patient) -> dict[str, Typical]:
    """What species, population and setting imply, in this order, and then what the patient states."""
    words = _words()
    layers = (
        words["species"].get(patient.species, {}),
        words["population"].get(patient.population, {}),
        words["setting"].get(patient.setting, {}),
    )
    found = {row: Typical(float(v["mean"]), float(v["sd"])) for layer in layers for row, v in layer.items()}
    stated = {row: Typical(value, 0.0) for row, value in patient.parameters().items()}
    return found | stated


def typical_patient(patient: Patient, model: Model) -> dict[str, Floats]:
    """Values (1,) of the one typical patient of a population: every spread is left out."""
    return {n: np.array([t.mean]) for n, t in typical_values(patient).items() if n in model.defaults}


def draw_patients(
    patient: Patient,
    model: Model,
    seed: int,
    count: int,
    first: int = 0,
    sample: Mapping[str, Typical] | None = None,
    normals: Normals = standard_normals,
) -> dict[str, Floats]:
    """Values (count,) of every parameter that differs from the model's own, for patients `first` onwards.

    `sample` is what is known of one study's own patients; it overrides the population's words. A patient's own
    quantities stay within the range of their row. The same seed gives the same patients whatever their number.
    `normals` gives the standard normal draws behind each, independent of each other unless it makes them go together.
    """
    known = typical_values(patient) | dict(sample or {})
    typical = {n: t for n, t in known.items() if n in model.defaults}
    rows = {name: _row(row, typical.get(name)) for name, row in model.rows.items()}
    drawn = draw_population(rows, {}, seed, count, first, normals)
    fixed = {n: np.full(count, t.mean) for n, t in typical.items() if n not in drawn}
    return fixed | {n: np.clip(v, *_limits(rows[n])) for n, v in drawn.items()}


def _row(row: Row, typical: Typical | None) -> Row:
    """The row with the population's own middle and spread."""
    if typical is None or typical.sd is None:
        return row if typical is None else replace(row, value=typical.mean)
    if row.spread == "lognormal" and typical.mean > 0:
        return replace(row, value=typical.mean, between=typical.sd / typical.mean)
    return replace(row, value=typical.mean, between=typical.sd, spread="normal")


def _limits(row: Row) -> tuple[float, float]:
    """What a patient can be: the range of a patient's own quantity; no limit for others, whose range is doubt."""
    if row.id.startswith("patient.") and row.high > row.low:
        return min(row.low, row.value), max(row.high, row.value)
    return -np.inf, np.inf
