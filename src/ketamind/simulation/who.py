"""What the command line means: a protocol in words or a file, a patient or a population in words."""

from dataclasses import replace
from pathlib import Path

from ketamind.errors import BadFile, BadValue
from ketamind.protocols import Patient, Protocol, parse_population, parse_protocol
from ketamind.protocols.toml import load_toml


def protocol_from(text: str) -> Protocol:
    """The protocol in plain words, or in the TOML file of that name.

    Raises BadFile for a file that cannot be read, UnknownName or BadValue for words that cannot be understood.
    """
    name = text.strip()
    if not name.lower().endswith(".toml"):
        return parse_protocol(text)
    if not Path(name).is_file():
        raise BadFile(f"'{name}' is not a file.")
    return load_toml(name)


def who_is_meant(patient: str, population: str, species: str) -> Patient:
    """The patient that these words describe: a population with suffixes, then `key=value` pairs on top.

    >>> who_is_meant("weight_kg=82", "trd;setting=parallel", "human").words()
    'population=trd,weight_kg=82.0,setting=parallel'
    """
    pairs = [p for p in patient.replace(";", ",").split(",") if p.strip()]
    if population and any(p.strip().startswith("population") for p in pairs):
        raise BadValue("the population is given twice: with --population and in --patient.")
    stated_species = any(p.strip().startswith("species") for p in pairs)
    if population:
        return parse_population(";".join([population, *pairs]), species)
    found = Patient.parse(",".join(pairs))
    return found if stated_species else replace(found, species=species, population=_own(found, species))


def _own(found: Patient, species: str) -> str:
    """The population that was stated, or none, so that the species brings its own."""
    return found.population if found.population != Patient().population or species == "human" else ""
