"""Answers kept on disk to what a fresh page asks first, so that it opens on a finished run while the model is wired.

They are found by a fingerprint of the package's own files, so that nothing older than the code is ever shown, and are
computed by the same functions as any other answer.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from ketamind.engine import codegen

FIRST: Mapping[str, Any] = {
    "protocol": "0.5 mg/kg ketamine iv over 40 min",
    "patient": "trd;setting=parallel",
    "without": [],
    "days": 14,
}
"""The setting on which the page opens."""

QUESTIONS: Mapping[str, Any] = {
    "/api/catalogue": None,
    "/api/run": FIRST,
    "/api/band": FIRST,
    "/api/points": FIRST,
    "/api/links": {**FIRST, "at_h": 24},
}
"""What a fresh page asks, in order: address and body."""

MODEL_FILES = (".py", ".csv", ".toml")


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Changes with every change of the package's code or tables."""
    root = Path(str(resources.files("ketamind")))
    files = (p for p in root.rglob("*") if p.suffix in MODEL_FILES)
    facts = sorted((str(p.relative_to(root)), p.stat().st_size, p.stat().st_mtime_ns) for p in files)
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def answer_to(address: str, make: Callable[[], bytes]) -> bytes:
    """The answer to a first question, from disk if it is there, else made and kept."""
    return codegen.kept(f"page-{fingerprint()}-{address.rpartition('/')[2]}", make)


def kept_answers() -> dict[str, bytes]:
    """The answers that are on disk, by address."""
    found = {}
    for address in QUESTIONS:
        try:
            found[address] = answer_to(address, _absent)
        except LookupError:
            continue
    return found


def is_first(address: str, raw: bytes) -> bool:
    """True if this is what a fresh page asks at that address.

    >>> is_first("/api/catalogue", b""), is_first("/api/run", b"{}")
    (True, False)
    """
    try:
        return address in QUESTIONS and bool(json.loads(raw or b"null") == QUESTIONS[address])
    except (ValueError, RecursionError):
        return False


def _absent() -> bytes:
    raise LookupError
