"""What is done, to whom: drugs, protocols in words or TOML, patients, manipulations."""

from ketamind.protocols.drugs import Drug, drug, drugs
from ketamind.protocols.protocol import Dose, Event, Protocol
from ketamind.protocols.schedule import Schedule
from ketamind.protocols.words import parse

__all__ = ["Dose", "Drug", "Event", "Protocol", "Schedule", "drug", "drugs", "parse"]
