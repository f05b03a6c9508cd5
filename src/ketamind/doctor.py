"""Is this installation well? Versions, the compiled engine, its cache, data, optional packages, and cures."""

import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal

from ketamind import __version__

Verdict = Literal["well", "optional", "unwell"]
OLDEST_PYTHON = (3, 11)
TOLERANCE = 1e-6
"""How near the compiled engine must come to a known answer."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, and what to do where it is not well."""

    name: str
    verdict: Verdict
    found: str
    cure: str = ""

    def as_json(self) -> dict[str, str]:
        """For machines."""
        return {"name": self.name, "verdict": self.verdict, "found": self.found, "cure": self.cure}

    def as_text(self) -> str:
        """For people: a line, and the cure below."""
        mark = {"well": "ok", "optional": "--", "unwell": "!!"}[self.verdict]
        line = f"{mark}  {self.name:<18} {self.found}"
        return line + (f"\n{'':<23}{self.cure}" if self.cure else "")


@dataclass(frozen=True)
class Report:
    """All that was looked at."""

    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        """Whether nothing that every user needs is amiss."""
        return all(f.verdict != "unwell" for f in self.findings)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {"well": self.well, "findings": [f.as_json() for f in self.findings]}

    def as_text(self) -> str:
        """For people."""
        lines = [f.as_text() for f in self.findings]
        last = "All is well." if self.well else "Something is amiss: see the lines marked !!."
        return "\n".join([*lines, "", last])


def examine() -> Report:
    """Look at everything; a look that fails is a finding, never an exception."""
    looks: tuple[Callable[[], Finding], ...] = (_python, _packages, _engine, _cache, _processor, _data)
    return Report((*(_look(look) for look in looks), *_extras()))


def _look(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as problem:  # noqa: BLE001
        name = look.__name__.strip("_")
        return Finding(
            name, "unwell", f"{type(problem).__name__}: {problem}", "Install ketamind again in an empty environment."
        )


def _python() -> Finding:
    found = f"ketamind {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding("version", "unwell", found, "Python 3.11 or newer is needed.")
    return Finding("version", "well", found)


def _packages() -> Finding:
    versions = {name: _version(name) for name, extra in _requirements() if not extra}
    missing = [name for name, version in versions.items() if not version]
    if missing:
        return Finding("packages", "unwell", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Finding("packages", "well", ", ".join(f"{name} {version}" for name, version in sorted(versions.items())))


def _engine() -> Finding:
    """Solve first-order decay, whose answer is known, on the compiled engine alone."""
    import numpy as np

    from ketamind.engine import Batch, Options, solve

    start = time.perf_counter()
    k, t = 0.5, np.array([0.0, 1.0, 4.0])
    solution = solve(_decay(k), Batch(tuple(t), ("amount",), rest=False), Options(rtol=1e-9, rescue=0))
    error = float(np.max(np.abs(solution.require().values[:, 0, 0] - np.exp(-k * t))))
    took = time.perf_counter() - start
    found = f"solves decay to {error:.1e} of the exact answer ({took:.1f} s with loading)"
    if not error < TOLERANCE:
        return Finding("compiled engine", "unwell", found, "Empty the cache folder; if it stays, reinstall numba.")
    return Finding("compiled engine", "well", found)


def _decay(k: float) -> Any:
    from ketamind.declare import Component, Model, Output, Parameter, Row, State, Table

    row = Row("decay.k", k, "1/h", k, k, 0.0, "fixed", "any", "rate of decay", "", "definition", "design", "")
    decay = Component(
        name="decay",
        summary="First-order decay",
        states=(State("A", "1", "amount", initial=1.0),),
        parameters=(Parameter("k", "1/h", "rate of decay", row="decay.k"),),
        outputs=(Output("amount", "1", "amount left"),),
        rates=lambda u, x, p: {"A": -p.k * x.A},
        readout=lambda u, x, p: {"amount": x.A},
    )
    return Model("decay", (decay,), Table({(row.id, row.species): row}))


def _cache() -> Finding:
    import tempfile

    from ketamind.engine.codegen import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        cure = "Set KETAMIND_CACHE to a folder that can be written; until then each process compiles anew."
        return Finding("cache", "unwell", f"{folder}: {problem.strerror or problem}", cure)
    megabytes = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
    return Finding("cache", "well", f"{folder}: writable, {megabytes:.1f} MB; it may be deleted at any time")


def _processor() -> Finding:
    from ketamind.engine.codegen import lanes

    width = lanes()
    cure = "" if width > 2 else "Slow but right: this processor shows neither AVX2 nor AVX-512."
    found = f"{width} patients to an instruction, {os.cpu_count()} processors"
    return Finding("processor", "well" if width > 2 else "optional", found, cure)


def _data() -> Finding:
    from ketamind.biology.chain import chain
    from ketamind.declare import shipped_table

    model = chain({("ketamine", "iv")})
    found = f"{len(shipped_table().rows)} parameter rows; {len(model.system.states)} states are wired from them"
    return Finding("data", "well", found)


def _extras() -> Iterator[Finding]:
    """Each extra that a user may want, and how to get it."""
    wanted = [(name, extra) for name, extra in _requirements() if extra]
    for extra in dict.fromkeys(e for _, e in wanted):
        names = [name for name, of in wanted if of == extra]
        missing = [name for name in names if not _version(name)]
        if missing:
            cure = f"pip install 'ketamind[{extra}]'"
            yield Finding(f"extra {extra}", "optional", f"not installed: {', '.join(missing)}", cure)
        else:
            yield Finding(f"extra {extra}", "well", ", ".join(names))


def _requirements() -> list[tuple[str, str]]:
    """What the installed package asks for: name, and the extra that wants it (empty for everyone).

    >>> ("numpy", "") in _requirements()
    True
    """
    found = []
    for line in metadata.requires("ketamind") or ():
        name = re.match(r"[A-Za-z0-9._-]+", line)
        extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", line)
        if name:
            found.append((name[0], extra[1] if extra else ""))
    return found


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
