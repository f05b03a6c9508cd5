"""What brings a result back: version, command line, seed and parameter tables, in every output."""

from contextvars import ContextVar
from typing import Any

from ketamind import __version__
from ketamind.declare import shipped_table

ASKED: ContextVar[dict[str, Any]] = ContextVar("asked")
"""The command line under way, and the seed it was given or takes by default; nothing outside the command line."""


def provenance() -> dict[str, Any]:
    """Version, fingerprint of the shipped parameter tables and, under a command, its words and its seed.

    >>> {"parameter_tables", "version"} <= set(provenance())
    True
    """
    return {"version": __version__, **ASKED.get({}), "parameter_tables": shipped_table().fingerprint}


def stamped(value: dict[str, Any]) -> dict[str, Any]:
    """The value with a `provenance` block; what its own block says stands.

    >>> stamped({"provenance": {"version": "0.0.1"}})["provenance"]["version"]
    '0.0.1'
    """
    return {**value, "provenance": provenance() | value.get("provenance", {})}


def provenance_words(facts: dict[str, Any]) -> str:
    """Facts in one line, empty ones left out.

    >>> provenance_words({"version": "0.1.0", "seed": 0, "without": []})
    'version 0.1.0, seed 0'
    """
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in facts.items() if value not in ("", [], None))
