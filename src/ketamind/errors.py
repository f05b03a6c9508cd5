"""The exceptions a user can meet, each saying what was given, what is allowed and how to mend it."""

from collections.abc import Iterable
from difflib import get_close_matches

FEW, MANY = 8, 40
"""How many near names a message lists, and from how many on it lists no more than those."""


class KetamindError(Exception):
    """Root of every error that ketamind raises on purpose; the command line turns it into exit status 2."""


class UnknownName(KetamindError):
    """A word that is not in the vocabulary where it was used."""


class BadValue(KetamindError):
    """A number, unit or option outside what is allowed."""


class BadFile(KetamindError):
    """A file that cannot be read, written or understood."""


class ModelError(KetamindError):
    """A model that cannot be wired: missing, doubled or circular names."""


class UnitMismatch(ModelError):
    """An equation whose sides, terms or arguments differ in unit."""


class SolveFailed(KetamindError):
    """An integration that could not be completed; says when, where and what to try."""


def unknown_name(given: str, kind: str, known: Iterable[str], hint: str = "") -> UnknownName:
    """The one form of message for a name that is not known.

    >>> print(unknown_name("nmda_blok", "a mechanism", ["nmda_block", "trkb"]))
    'nmda_blok' is not a mechanism. Did you mean 'nmda_block'? Known: nmda_block, trkb.
    """
    names = sorted(known)
    near = get_close_matches(given.lower(), names, n=FEW, cutoff=0.5)
    parts = [f"'{given}' is not {kind}."]
    if near:
        parts.append(f"Did you mean '{near[0]}'?")
    if len(names) <= MANY:
        parts.append(f"Known: {', '.join(names) if names else '(none)'}.")
    else:
        parts.append(f"{len(names)} are known; nearest: {', '.join(near or names[:FEW])}.")
    if hint:
        parts.append(hint)
    return UnknownName(" ".join(parts))
