"""The patients of a trial: who they are, and which arm each is in.

Patient `i` of a seed is the same whatever the number of patients, shards or workers: all draws are counted by patient.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ketamind.declare import Model
from ketamind.errors import BadFile, BadValue, KetamindError, unknown_name
from ketamind.protocols import Patient, parse_manipulation, parse_population
from ketamind.protocols.patient import GENOTYPE_TERMS, GENOTYPES, ROWS
from ketamind.simulation.population import Normals, standard_normals
from ketamind.simulation.populations import draw_patients
from ketamind.trials.trial import Arm, Cohort, Trial

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NEEDED_COLUMNS = ("weight_kg", "age", "baseline_madrs")
CATEGORIES = {"sex": ("female", "male"), **GENOTYPES}
"""What a category may be. Sex is recorded; no parameter of the chain depends on it."""


def uniforms(name: str, seed: int, first: int, count: int) -> Floats:
    """Draws between 0 and 1 of patients `first` onwards, each stream by its name."""
    return np.asarray(ndtr(standard_normals(name, seed, first, count)), dtype=np.float64)


def allocation(trial: Trial, seed: int, first: int, count: int) -> Integers:
    """The arm (its place in `trial.arms`) of patients `first` onwards, randomised in blocks of the shares."""
    slots = np.repeat(np.arange(len(trial.arms)), [a.share for a in trial.arms])
    size = len(slots)
    first_block, last_block = first // size, -(-(first + count) // size)
    keys = [standard_normals(f"trial.allocation.{k}", seed, first_block, last_block - first_block) for k in range(size)]
    order = np.argsort(np.array(keys).T, axis=1, kind="stable")
    skip = first - first_block * size
    return np.asarray(slots[order].ravel()[skip : skip + count], dtype=np.int64)


def values_of(trial: Trial, arm: Arm, model: Model, seed: int, first: int, count: int) -> dict[str, Floats]:
    """Parameter values (count,) of patients `first` onwards, as the arm's own sample has them."""
    cohort = trial.cohort
    who = parse_population(cohort.population)
    sample = {**cohort.sample, **arm.sample}
    _check_rows([*sample, *cohort.correlated()], model)
    drawn = draw_patients(who, model, seed, count, first, sample, normals=_together(cohort))
    for name, shares in cohort.categories.items():
        words = category(name, shares, seed, first, count)
        drawn |= _genotypes(words, model)
    if cohort.table:
        drawn |= read_patients(cohort.table).values(model, first, count)
    return drawn


def category(name: str, shares: Mapping[str, float], seed: int, first: int, count: int) -> NDArray[np.str_]:
    """The category of each patient, in words. Raises UnknownName."""
    if name not in CATEGORIES:
        raise unknown_name(name, "a category of patients", CATEGORIES)
    for word in shares:
        if word not in CATEGORIES[name]:
            raise unknown_name(word, f"a {name} that is known", CATEGORIES[name])
    edges = np.cumsum(list(shares.values()))[:-1]
    return np.array(list(shares))[
        np.searchsorted(edges, uniforms(f"trial.category.{name}", seed, first, count), "right")
    ]


def _check_rows(names: list[str], model: Model) -> None:
    known = model.table.names()
    for name in names:
        if name not in known:
            raise unknown_name(name, "a row of the parameter tables", known)


def _together(cohort: Cohort) -> Normals:
    """Standard normal draws by name, of which those named in the cohort's correlations go together."""
    names = cohort.correlated()
    if not names:
        return standard_normals
    factor = cohort.factor()

    def normals(name: str, seed: int, first: int, count: int) -> Floats:
        if name not in names:
            return standard_normals(name, seed, first, count)
        apart = np.array([standard_normals(n, seed, first, count) for n in names])
        return np.asarray(factor[names.index(name)] @ apart, dtype=np.float64)

    return normals


def _genotypes(words: NDArray[np.str_], model: Model) -> dict[str, Floats]:
    """Parameters that a genotype moves."""
    found: dict[str, Floats] = {}
    for word in dict.fromkeys(words.tolist()):
        for row, value in parse_manipulation(GENOTYPE_TERMS.get(word, "")).values.items():
            if row in model.defaults:
                column = found.setdefault(row, np.full(len(words), model.defaults[row]))
                column[words == word] = value
    return found


@dataclass(frozen=True)
class PatientTable:
    """Real patients, a row each: columns are `weight_kg`, `age`, genotypes, or parameter rows such as `nmda.k_on`."""

    columns: Mapping[str, Floats]
    genotypes: Mapping[str, NDArray[np.str_]]
    count: int

    def values(self, model: Model, first: int, count: int) -> dict[str, Floats]:
        """Parameter values of virtual patients `first` onwards; after the last row the first one comes again."""
        which = np.arange(first, first + count) % self.count
        found = {ROWS.get(n, n): column[which] for n, column in self.columns.items()}
        for name in found:
            if name not in model.defaults and name not in ROWS.values():
                raise unknown_name(name, "a parameter of this model", model.defaults)
        for words in self.genotypes.values():
            found |= _genotypes(words[which], model)
        return {n: v for n, v in found.items() if n in model.defaults}


@lru_cache(maxsize=4)
def read_patients(path: str) -> PatientTable:
    """Read a CSV of real patients.

    Raises BadFile for a file that cannot be read, lacks a column that is needed, or holds a value that no patient has.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle)
            missing = [c for c in NEEDED_COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise BadFile(
                    f"'{path}' lacks the columns {', '.join(missing)}; patients need {', '.join(NEEDED_COLUMNS)}."
                )
            rows = [_patient(path, line, cells) for line, cells in enumerate(reader, start=2)]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise BadFile(f"'{path}' cannot be read as a table of patients: {problem}.") from None
    if not rows:
        raise BadFile(f"'{path}' holds no patients.")
    words = [n for n in rows[0] if n in CATEGORIES]
    numbers = [n for n in rows[0] if n not in CATEGORIES]
    return PatientTable(
        {n: np.array([float(r[n]) for r in rows]) for n in numbers},
        {n: np.array([str(r[n]) for r in rows]) for n in words},
        len(rows),
    )


def _patient(path: str, line: int, cells: Mapping[str | None, str]) -> dict[str, str]:
    """One row, checked by making a patient of it."""
    known = {str(k): str(v or "").strip() for k, v in cells.items() if k is not None}
    if None in cells or not all(known.values()):
        raise BadFile(f"'{path}', line {line}: a cell is empty or there are more cells than columns.")
    try:
        Patient.parse(",".join(f"{k}={v}" for k, v in known.items()))
    except KetamindError as problem:
        raise BadFile(f"'{path}', line {line}: {problem}") from None
    return known


def patients_of(trial: Trial, patients: int) -> int:
    """The number of patients, checked. Raises BadValue."""
    fewest = 2 if trial.design == "crossover" else 2 * sum(a.share for a in trial.arms)
    if patients < fewest:
        raise BadValue(f"{patients} patients are too few for this trial; it needs at least {fewest}.")
    return patients
