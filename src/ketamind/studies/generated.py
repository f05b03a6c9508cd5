"""Results that take minutes to compute, kept with the package: what they rest on, and whether that still holds.

A result is stamped with the version and a fingerprint of all numbers that it rests on: the parameter tables, the
experiments and the hypothesis. A reader is told when the package has moved on since.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from ketamind import __version__
from ketamind.errors import BadFile
from ketamind.evidence.hypotheses import Hypothesis

DATA = Path(str(resources.files("ketamind") / "data"))
FOLDER = DATA / "generated"
RESTS_ON = ("parameters", "experiments")
RENEW = "`ketamind {} --renew` computes it anew."


@dataclass(frozen=True)
class Stamp:
    """What a result was computed from."""

    version: str
    fingerprint: str
    seed: int
    people: int

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "version": self.version,
            "fingerprint": self.fingerprint,
            "seed": self.seed,
            "people": self.people,
        }


def stamp(hypothesis: Hypothesis, more: str = "", seed: int = 1, people: int = 0) -> Stamp:
    """The stamp of a result under a hypothesis; `more` is whatever else it rests on."""
    text = json.dumps([_numbers(), hypothesis.as_json(), more], sort_keys=True)
    return Stamp(__version__, hashlib.sha256(text.encode()).hexdigest()[:16], seed, people)


@lru_cache(maxsize=1)
def _numbers() -> str:
    """A fingerprint of the tables that every result rests on."""
    found = hashlib.sha256()
    for path in sorted(p for part in RESTS_ON for p in (DATA / part).glob("*.csv")):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def read_generated(name: str) -> dict[str, Any]:
    """A generated file as it stands; nothing if there is none. Raises BadFile for one that is damaged."""
    path = FOLDER / f"{name}.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise BadFile(f"'{path}' cannot be read ({problem}). {RENEW.format(name)}") from None


def write_generated(name: str, content: Mapping[str, Any]) -> Path:
    """Write a generated file whole or not at all. Raises BadFile if the package cannot be written to."""
    path = FOLDER / f"{name}.json"
    part = path.with_suffix(".part")
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as problem:
        raise BadFile(
            f"cannot write '{path}': {problem.strerror or problem}. --renew needs a package that can be written to; "
            "--json gives the result without storing it."
        ) from None
    return path
