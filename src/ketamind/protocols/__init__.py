"""What is done, to whom: drugs, protocols in words or TOML, patients, manipulations."""

from ketamind.protocols.drugs import Drug, drug, drugs
from ketamind.protocols.manipulation import Effects, Step, drug_effects, parse_manipulation
from ketamind.protocols.patient import Patient, parse_population
from ketamind.protocols.protocol import Dose, Event, Protocol
from ketamind.protocols.schedule import Schedule
from ketamind.protocols.words import parse_protocol

__all__ = [
    "Dose",
    "Drug",
    "Effects",
    "Event",
    "Patient",
    "Protocol",
    "Schedule",
    "Step",
    "drug",
    "drug_effects",
    "drugs",
    "parse_manipulation",
    "parse_population",
    "parse_protocol",
]
