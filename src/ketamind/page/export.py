"""A view taken along: the protocol as TOML, the run as CSV, and the Python that gives the same numbers again."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from pydantic import Field

from ketamind import __version__
from ketamind.errors import unknown_name
from ketamind.page.asked import Asked, Name, Word, typical_run
from ketamind.page.doors import Checked
from ketamind.protocols.toml import write_toml

RESEARCH_ONLY = "For research and teaching. Not medical advice: do not choose a treatment or a dose from this."
LONGEST_TEXT = 60
Option: TypeAlias = tuple[str, Any, Any]
"""Name, value, and the value that need not be written."""

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


class Wanted(Checked):
    """A view and what it shows; fields that the view has no use for are left out."""

    view: Name = "explore"
    asked: Asked = Field(default_factory=Asked)
    observe: list[Name] = Field(default=[], max_length=60)
    trial: Name = ""
    patients: int = Field(default=0, ge=0, le=1_000_000)
    seed: int = Field(default=1, ge=0, le=2**31)
    at: Word = "40 min"
    uM: float | None = Field(default=None, ge=0, le=200, allow_inf_nan=False)  # noqa: N815
    protect: list[Name] = Field(default=[], max_length=8)
    cells: int = Field(default=1000, ge=50, le=20_000)
    seconds: float = Field(default=3.0, gt=0, le=60)
    hypotheses: list[Name] = Field(default=[], max_length=2)
    claim: Name = ""


def harmless(text: str) -> str:
    """Text from outside that may be shown and opened in a spreadsheet: short, one line, and never a formula.

    >>> harmless('=HYPERLINK("http://x","y")')
    '\\'=HYPERLINK("http://x","y")'
    """
    plain = CONTROLS.sub(" ", text).strip()[:LONGEST_TEXT]
    numeric = re.fullmatch(r"[-+]?[\d.,]+(e[-+]?\d+)?", plain, re.I)
    return f"'{plain}" if plain[:1] in "=+-@|" and plain and not numeric else plain


def as_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV whose texts no spreadsheet takes for formulas."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([harmless(n) for n in names])
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else f"{cell:.6g}" for cell in row])
    return out.getvalue()


def run_csv(wanted: Wanted) -> str:
    """The typical patient's curves, a row a time, with units in the names. Raises as `simulate`."""
    run = typical_run(wanted.asked, wanted.observe)
    names = [str(n) for n in run.data.data_vars]
    heads = ["time [h]", *(f"{n} [{run[n].attrs['units']}]" for n in names)]
    columns = [run.times_h, *(run[n].values[:, 0] for n in names)]
    return as_csv(heads, zip(*columns, strict=True))


def protocol_toml(wanted: Wanted) -> str:
    """The protocol as TOML, which the command line reads back, with the rest of the setting as comments."""
    asked = wanted.asked
    notes = [RESEARCH_ONLY, f"ketamind {__version__}. Patient: {asked.who().words()}"]
    notes += [f"Mechanisms off: {', '.join(asked.without)}"] if asked.without else []
    notes += [f"Manipulation: {asked.manipulation}"] if asked.manipulation else []
    return "".join(f"# {harmless_line(n)}\n" for n in notes) + "\n" + write_toml(asked.given())


def harmless_line(text: str) -> str:
    """One line, whatever came in."""
    return CONTROLS.sub(" ", text)


def python_of(wanted: Wanted) -> str:
    """The Python that gives the view's numbers again. Raises UnknownName for a view that there is not."""
    writers = {
        "explore": _run_code,
        "mydata": _run_code,
        "listen": _claim_code,
        "theories": _theories_code,
        "cortex": _cortex_code,
        "trial": _trial_code,
    }
    if wanted.view not in writers:
        raise unknown_name(wanted.view, "a view", writers)
    head = f'"""From the ketamind page, version {__version__}. {RESEARCH_ONLY}"""\n\nimport ketamind as km\n\n'
    return head + writers[wanted.view](wanted)


def _call(name: str, first: str, options: Sequence[Option]) -> str:
    """A call with those options that differ from their defaults."""
    lines = [f"    {first!r},", *(f"    {k}={v!r}," for k, v, usual in options if v != usual)]
    return f"{name}(\n" + "\n".join(lines) + "\n)\n"


def _run_code(wanted: Wanted) -> str:
    asked = wanted.asked
    options: list[Option] = [("days", asked.days, 14.0), ("patient", asked.patient, ""), ("without", asked.without, [])]
    options += [("manipulation", asked.manipulation, ""), ("values", asked.values, {})]
    options += [("observe", wanted.observe, [])]
    shown = wanted.observe or ["venous_ketamine", "madrs"]
    return "run = " + _call("km.simulate", asked.given().words(), options) + f"print(run.data[{shown!r}])\n"


def _claim_code(wanted: Wanted) -> str:
    return _run_code(wanted)


def _theories_code(wanted: Wanted) -> str:
    names, asked = wanted.hypotheses, wanted.asked
    return (
        "from ketamind.evidence.hypotheses import load_hypothesis\n\n"
        f"for name in {names!r}:\n"
        "    theory = load_hypothesis(name)\n"
        f"    run = km.simulate({asked.given().words()!r}, days={asked.days!r}, patient={asked.patient!r},\n"
        "                      without=theory.without, values=theory.values)\n"
        "    print(name, run.mean('madrs@24h'))\n"
    )


def _cortex_code(wanted: Wanted) -> str:
    source: dict[str, Any] = {"drug": "ketamine", "uM": wanted.uM}
    if wanted.uM is None:
        words, without = wanted.asked.given().words(), tuple(wanted.asked.without)
        source = {"protocol": words, "at": wanted.at, "without": without}
    settings = {**source, "protect": tuple(wanted.protect), "cells": wanted.cells, "seconds": wanted.seconds}
    lines = [f"    {name}={value!r}," for name, value in {**settings, "seed": wanted.seed}.items()]
    call = "CortexRequest(\n" + "\n".join(lines) + "\n)"
    head = "from ketamind.cortex.command import CortexRequest, perform\n\n"
    return f"{head}found = perform({call})\nprint(found.as_text())\n"


def _trial_code(wanted: Wanted) -> str:
    options: list[Option] = [("patients", wanted.patients, 0), ("seed", wanted.seed, 1)]
    return "report = " + _call("km.trial", wanted.trial, options) + "print(report.as_text())\n"
