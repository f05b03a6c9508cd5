"""The static edition: Explore and Listen along from a plain file server, out of runs computed beforehand.

Between two computed doses the browser goes in a straight line over the logarithm of the dose, quantity by quantity.
How far that is from a direct run is measured here, halfway between neighbours of the main grid where it is worst, and
written beside the runs; the page says it.
"""

import itertools
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.page import listen
from ketamind.page.asked import Asked
from ketamind.page.catalogue import BESIDES, catalogue
from ketamind.page.doors import plain
from ketamind.page.kept import FIRST
from ketamind.page.points import points_of
from ketamind.page.runs import BAND_PATIENTS, SEED, links
from ketamind.page.server import static_folder
from ketamind.page.tables import QUANTITIES, Table, band_table, typical_table

Floats = NDArray[np.float64]
FULL = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0)
SOME = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 2.0)
FEW = (0.1, 0.25, 0.5, 1.0, 2.0)
INFUSED = "mg/kg {} iv over 40 min"
MEASURED = (
    "venous_ketamine",
    "nmda_tonic_pv",
    "rate_pyramidal",
    "bdnf_extracellular",
    "spine_density",
    "cadss",
    "madrs",
)
STEPS = 100
"""Parts of the work that are counted as it advances."""

LARGEST_LEVEL = 65535


@dataclass(frozen=True)
class Grid:
    """Doses of one setting: the protocol is `besides` + dose + `rest`."""

    rest: str
    doses: tuple[float, ...]
    besides: str = ""
    without: tuple[str, ...] = ()

    def asked(self, dose: float) -> Asked:
        """The request at a dose."""
        words = " + ".join(p for p in (self.besides, f"{dose:g} {self.rest}") if p)
        return Asked(**{**FIRST, "protocol": words, "without": list(self.without)})


def grids() -> tuple[Grid, ...]:
    """The main grid, other forms and routes, an antagonist, and each mechanism off in turn."""
    main = INFUSED.format("ketamine")
    naltrexone = next(words for drug, words, _ in BESIDES if drug == "naltrexone")
    return (
        Grid(main, FULL),
        Grid(INFUSED.format("esketamine"), SOME),
        Grid(INFUSED.format("arketamine"), SOME),
        Grid("mg/kg ketamine im", SOME),
        Grid("mg esketamine in", (7.0, 28.0, 56.0, 84.0, 140.0)),
        Grid("mg ketamine po", (10.0, 50.0, 100.0, 200.0, 500.0)),
        Grid(main, SOME, besides=naltrexone),
        *(Grid(main, FEW, without=(m["name"],)) for m in catalogue()["mechanisms"]),
    )


def write_edition(
    folder: Path,
    advance: Callable[[int, int], None] | None = None,
    chosen: Sequence[Grid] | None = None,
    claims: Sequence[str] | None = None,
    patients: int = BAND_PATIENTS,
) -> str:
    """Write the edition into a folder and say what it holds. `chosen` and `claims` limit it; all if left out."""
    told = advance or (lambda done, of: None)
    used = grids() if chosen is None else tuple(chosen)
    names = [c["id"] for c in listen.listed()["claims"]] if claims is None else list(claims)
    data = _shell(folder)
    total = sum(len(g.doses) for g in used) + len(names) + 1
    done = 0
    index: dict[str, Any] = {"grids": [], "exact": {}}
    for number, grid in enumerate(used):
        entry = _grid_entry(grid, number)
        for dose, file in zip(grid.doses, entry["files"], strict=True):
            _write_run(data / file, grid.asked(dose), patients)
            done += 1
            told(done * STEPS // total, STEPS)
        index["grids"].append(entry)
    _write_json(data / "claims.json", listen.listed())
    for name in names:
        _write_claim(data, name, index["exact"], patients)
        done += 1
        told(done * STEPS // total, STEPS)
    index["error"] = measured_error(used[0])
    _write_json(data / "index.json", index)
    _write_json(data / "catalogue.json", _catalogue(used))
    told(STEPS, STEPS)
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    return f"{folder}: {done} runs, {size / 1e6:.1f} MB. Serve it with any file server; open index.html there."


def measured_error(grid: Grid) -> dict[str, dict[str, float]]:
    """Largest and median distance of the interpolated from the direct run, over time, halfway between grid doses."""
    runs = [typical_table(grid.asked(d)).values[0] for d in grid.doses]
    gaps: dict[str, list[float]] = {name: [] for name in MEASURED}
    for (low, a), (high, b) in itertools.pairwise(zip(grid.doses, runs, strict=True)):
        middle = float(np.sqrt(low * high))
        direct = typical_table(grid.asked(float(f"{middle:.6g}"))).values[0]
        between = interpolated(a, b, 0.5)
        for name in MEASURED:
            i = QUANTITIES.index(name)
            gaps[name].append(float(np.max(np.abs(between[i] - direct[i]))))
    return {name: {"max": max(found), "median": float(np.median(found))} for name, found in gaps.items() if found}


def interpolated(a: NDArray[np.float32], b: NDArray[np.float32], share: float) -> Floats:
    """Between two runs, as the browser does it."""
    return np.asarray(a + (b - a) * share, dtype=np.float64)


def _shell(folder: Path) -> Path:
    """The page's files, and the folder for data."""
    shutil.copytree(static_folder(), folder / "static", dirs_exist_ok=True)
    page = (static_folder() / "index.html").read_text(encoding="utf-8")
    (folder / "index.html").write_text(page.replace("<html ", '<html data-edition="static" ', 1), encoding="utf-8")
    (folder / "static" / "index.html").unlink()
    (folder / "data" / "runs").mkdir(parents=True, exist_ok=True)
    return folder / "data"


def _grid_entry(grid: Grid, number: int) -> dict[str, Any]:
    files = [f"runs/{number:02d}-{d:g}.bin" for d in grid.doses]
    told = {"rest": grid.rest, "besides": grid.besides, "without": list(grid.without), "patient": FIRST["patient"]}
    found = {"doses": list(grid.doses), "files": files, "days": FIRST["days"]}
    facts = {}
    for dose in grid.doses:
        asked = grid.asked(dose)
        facts[f"{dose:g}"] = points_of(asked.given(), asked.who())
    return {**told, **found, "points": facts, "links": links(grid.asked(grid.doses[len(grid.doses) // 2]), 24.0)}


def _write_claim(data: Path, name: str, exact: dict[str, str], patients: int) -> None:
    scene = listen.scene(name)
    _write_json(data / "claims" / f"{name}.json", scene)
    for i, side in enumerate(scene["sides"]):
        file = f"runs/{name}-{i}.bin"
        _write_run(data / file, Asked(**side["asked"]), patients)
        exact[as_browser(side["asked"])] = file


def as_browser(asked: Mapping[str, Any]) -> str:
    """A request as the browser writes it: keys sorted, whole numbers without a point.

    >>> as_browser({"days": 14.0, "a": [0.5]})
    '{"a": [0.5], "days": 14}'
    """
    return json.dumps(json.loads(json.dumps(plain(asked)), parse_float=_whole), sort_keys=True)


def _whole(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() else value


def _write_run(path: Path, asked: Asked, patients: int) -> None:
    typical, band = typical_table(asked), band_table(asked, patients, SEED)
    header = {**typical.header, "layers": ["middle", "low", "high"], "patients": patients}
    header.pop("solve_ms", None)
    path.write_bytes(packed(Table(header, np.concatenate([typical.values, band.values]))))


def packed(table: Table) -> bytes:
    """The table with sixteen bits a value: each quantity on its own scale, which the header gives."""
    values = table.values.astype(np.float64)
    low, high = values.min(axis=(0, 2)), values.max(axis=(0, 2))
    span = np.where(high > low, high - low, 1.0)
    levels = np.round((values - low[:, None]) / span[:, None] * LARGEST_LEVEL).astype("<u2")
    scales = {"least": low.tolist(), "step": (span / LARGEST_LEVEL).tolist()}
    text = json.dumps({**table.header, "levels": scales}, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + bytes(levels.tobytes())


def _catalogue(used: Sequence[Grid]) -> Mapping[str, Any]:
    """What can be chosen without a server."""
    whole = catalogue()
    drugs = {g.rest.split()[1] for g in used}
    routes = {g.rest.split()[2] for g in used}
    besides = {g.besides for g in used}
    return {
        **whole,
        "routes": [r for r in whole["routes"] if r["route"] in routes],
        "forms": [f for f in whole["forms"] if f["drug"] in drugs],
        "schedules": whole["schedules"][:1],
        "populations": [p for p in whole["populations"] if FIRST["patient"].startswith(p["name"])],
        "besides": [b for b in whole["besides"] if b["words"] in besides],
        "fixed": ["weight", "age", "minutes", "days"],
    }


def _write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain(content), allow_nan=False), encoding="utf-8")
