"""Who receives the protocol: species, population and what is known of the individual.

A population's own typical values (weight, baseline score, stress) belong to the simulation; what stands here overrides
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from ketamind.errors import BadValue, unknown_name
from ketamind.protocols.manipulation import parse_manipulation
from ketamind.protocols.quantities import finite, normalised, number, shorten

WEIGHTS_KG = {
    "human": (2.0, 350.0),
    "monkey": (0.3, 25.0),
    "rat": (0.02, 1.2),
    "mouse": (0.005, 0.1),
    "rodent_slice": (0.005, 1.2),
    "recombinant": (0.005, 350.0),
}
"""The species, and the lightest and heaviest body of each (tissue and cells: of the animal that they came from)."""

POPULATIONS = (
    *("healthy", "mdd", "trd", "suicidal_mdd", "ptsd", "ptsd_veteran", "bipolar_depression", "elderly_trd"),
    *("surgical", "naive", "chronic_stress", "helpless", "cort", "schizophrenia", "chronic_pain", "parturient"),
    "alcohol_dependence",
)
SETTINGS = ("masked_anaesthesia", "crossover", "parallel", "open_label", "inpatient")
ETHNICITIES = (
    *("caucasian", "black", "hispanic", "asian", "asian_non_japanese", "japanese", "chinese", "korean", "indian"),
    "other",
)
GENOTYPES = {
    "cyp2b6": ("*1/*1", "*1/*6", "*6/*6"),
    "bdnf_val66met": ("val/val", "val/met", "met/met"),
}
CHOICES = {
    "species": tuple(WEIGHTS_KG),
    "population": POPULATIONS,
    "setting": SETTINGS,
    "ethnicity": ETHNICITIES,
    "sex": ("female", "male"),
    **GENOTYPES,
}
RANGES = {
    "age": (0.0, 120.0, "years"),
    "baseline_madrs": (0.0, 60.0, "points"),
    "stress": (0.0, 1.0, "(0 none, 1 chronic)"),
    "treatment_resistance": (0.0, 4.0, "failed treatments"),
    "mg_mM": (0.0, 20.0, "mM"),
    "v_mV": (-150.0, 100.0, "mV"),
}
"""Least and largest value of each number that a patient may state, and its unit."""


ROWS = {
    "weight_kg": "patient.weight",
    "age": "patient.age",
    "baseline_madrs": "patient.baseline_madrs",
    "stress": "patient.stress",
    "treatment_resistance": "patient.treatment_resistance",
    "mg_mM": "nmda.Mg_bath",
}
"""The model parameter that each number sets."""

ASIAN = {"patient.asian": 1.0}
ANCESTRY_ROWS = {
    "japanese": {"patient.asian": 1.0, "patient.japanese": 1.0},
    **dict.fromkeys(("asian", "asian_non_japanese", "chinese", "korean"), ASIAN),
}
"""The model parameters that an ethnicity sets; the others set none."""

GENOTYPE_TERMS = {
    "*1/*6": "mutate:cyp2b6_1_6",
    "*6/*6": "mutate:cyp2b6_6_6",
    "val/met": "mutate:bdnf_val66met=0.5",
    "met/met": "mutate:bdnf_val66met",
}
"""Genotypes as manipulations; the others are the reference."""


@dataclass(frozen=True)
class Patient:
    """One body and brain. What is left out (None or empty) is typical of the population.

    Units are in the names: `weight_kg`, `mg_mM` (magnesium in the bath), `v_mV` (holding potential); age in years.
    `treatment_resistance` counts the antidepressants that failed before. `values` overrides model parameters by their
    table id.

    >>> Patient(weight_kg=82).population
    'mdd'

    Raises UnknownName for a word that is not known, BadValue for a number that no such body has.
    """

    species: str = "human"
    population: str = ""
    weight_kg: float | None = None
    age: float | None = None
    sex: str = ""
    cyp2b6: str = ""
    bdnf_val66met: str = ""
    baseline_madrs: float | None = None
    stress: float | None = None
    treatment_resistance: float | None = None
    setting: str = ""
    ethnicity: str = ""
    mg_mM: float | None = None  # noqa: N815 - the unit is part of the name
    v_mV: float | None = None  # noqa: N815
    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def __post_init__(self) -> None:
        _check_choice("species", self.species)
        if not self.population:
            object.__setattr__(self, "population", "mdd" if self.species == "human" else "naive")
        for name in CHOICES:
            if getattr(self, name):
                _check_choice(name, getattr(self, name))
        for name, (low, high, unit) in RANGES.items():
            _check_range(name, getattr(self, name), low, high, unit)
        low, high = WEIGHTS_KG[self.species]
        _check_range("weight_kg", self.weight_kg, low, high, f"kg for a {self.species.replace('_', ' ')}")
        for name, value in self.values.items():
            finite(value, f"'{name}'")
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    @staticmethod
    def parse(text: str) -> "Patient":
        """The patient that `key=value` pairs describe; a key with a dot is a model parameter.

        >>> Patient.parse("weight_kg=82, age=70, nmda.k_on=4").values["nmda.k_on"]
        4.0

        Raises UnknownName for an unknown key, BadValue for a value that cannot be.
        """
        return _with_pairs(Patient(), text.replace(";", ",").split(",")) if text.strip() else Patient()

    def parameters(self) -> dict[str, float]:
        """What the patient states, as values of model parameters; `values` has the last word.

        >>> Patient(weight_kg=82, bdnf_val66met="val/met").parameters()
        {'patient.weight': 82.0, 'manipulation.bdnf_val66met': 0.5}
        """
        stated = {row: float(getattr(self, name)) for name, row in ROWS.items() if getattr(self, name) is not None}
        for genotype in (self.cyp2b6, self.bdnf_val66met):
            stated |= parse_manipulation(GENOTYPE_TERMS.get(genotype, "")).values
        stated |= ANCESTRY_ROWS.get(self.ethnicity, {})
        return stated | dict(self.values)

    def words(self) -> str:
        """The patient as `key=value` pairs, which `parse` reads back."""
        defaults = Patient()
        named = [(f.name, getattr(self, f.name)) for f in fields(self) if f.name != "values"]
        pairs = [f"{name}={value}" for name, value in named if value != getattr(defaults, name)]
        return ",".join([*pairs, *(f"{name}={value!r}" for name, value in self.values.items())])


def parse_population(text: str, species: str = "human") -> Patient:
    """The patient that a population with suffixes describes.

    >>> patient = parse_population("mdd;setting=crossover;weight_kg=82")
    >>> patient.population, patient.setting, patient.weight_kg
    ('mdd', 'crossover', 82.0)
    """
    name, *pairs = normalised(text, "a population").split(";")
    return _with_pairs(Patient(species=species, population=name.strip()), pairs)


def _with_pairs(patient: Patient, pairs: list[str]) -> Patient:
    stated: dict[str, object] = {}
    values = dict(patient.values)
    for pair in pairs:
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not key or not value:
            raise BadValue(f"'{shorten(pair)}' is not a pair such as weight_kg=82.")
        name = _key(key)
        if name in stated or name in values:
            raise BadValue(f"'{name}' is given twice.")
        if "." in name:
            values[name] = number(value.lower(), f"'{name}'")
        else:
            stated[name] = _word(name, value) if name in CHOICES else number(value.lower(), f"'{name}'")
    return replace(patient, **{"population": _population(patient, stated), "values": values, **stated})  # type: ignore[arg-type]


def _population(patient: Patient, stated: Mapping[str, object]) -> str:
    """A species named without a population takes that species' own."""
    return "" if "species" in stated and "population" not in stated else patient.population


def _key(written: str) -> str:
    """The field of that name, whatever its case; a table id stays as it is."""
    if "." in written:
        return written
    known = {f.name.lower(): f.name for f in fields(Patient) if f.name != "values"}
    if written.lower() not in known:
        raise unknown_name(
            shorten(written, 40),
            "something a patient states",
            known.values(),
            "A model parameter is named group.symbol.",
        )
    return known[written.lower()]


def _word(name: str, value: str) -> str:
    plain = value.lower()
    if name in GENOTYPES:
        plain = plain.replace("_", "/").replace("|", "/")
    if name == "cyp2b6":
        plain = "/".join("*" + allele.lstrip("*") for allele in plain.split("/"))
    return plain


def _check_choice(name: str, value: object) -> None:
    if value not in CHOICES[name]:
        raise unknown_name(shorten(str(value), 40), f"a {name} that is known", CHOICES[name])


def _check_range(name: str, value: float | None, low: float, high: float, unit: str) -> None:
    if value is not None and not low <= finite(value, f"'{name}'") <= high:
        raise BadValue(f"{name} = {value:g} is outside what is possible: {low:g} to {high:g} {unit}.")
