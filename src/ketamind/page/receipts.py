"""Where a number comes from: value, range, species, citation, how it was verified, and what doubling it changes."""

import math
import re
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ketamind.biology.chain import full_chain
from ketamind.declare import Model, Row
from ketamind.errors import unknown_name
from ketamind.evidence.experiments import Experiment
from ketamind.page.asked import Asked, under_each
from ketamind.simulation.observe import parse_observation
from ketamind.simulation.simulate import chain_for
from ketamind.studies.compare import all_experiments
from ketamind.studies.explain import VERIFIED_WORDS, explain
from ketamind.studies.published import used_to_calibrate

WATCHED = (
    "venous_ketamine@40min",
    "nmda_occupancy@40min",
    "extracellular_glutamate@40min",
    "bdnf_extracellular@4h",
    "spine_density@24h",
    "cadss@40min",
    "madrs@4h",
    "madrs@24h",
    "madrs@7d",
)
"""What is looked at when a parameter is doubled."""

MOST_SHOWN = 12
WIDE = 10.0
"""A range whose ends lie further apart than this is drawn on a logarithmic line."""


def receipt(name: str) -> dict[str, Any]:
    """All that is known of a parameter, observable, mechanism or published result. Raises UnknownName."""
    if name in experiments():
        used = {"calibrated_on": used_to_calibrate(name), "kind": "published result", "name": name}
        return as_evidence(experiments()[name]) | used
    found = explain(name)
    told: dict[str, Any] = {"name": name, "kind": found.kind, **found.facts}
    model = full_chain()
    if found.kind == "parameter":
        told |= {"place": place(model.rows[name]), "guessed": model.rows[name].verified == "assumed"}
        told["sources"] = citations(split_sources(model.rows[name].source))
    elif found.kind == "observable":
        told["parameters"] = [_brief(model.rows[row]) for row in found.facts["parameters"] if row in model.rows]
        told["sources"] = citations(split_sources(str(found.facts["source"])))
        told["published"] = [as_evidence(e) for e in of_observable(name)[:MOST_SHOWN]]
    return told


def place(row: Row) -> dict[str, Any]:
    """Where the value stands in its range, 0 to 1, on a line that is logarithmic where the range is wide."""
    low, high = row.low, row.high
    if not (math.isfinite(low) and math.isfinite(high)) or low >= high:
        return {"at": None, "scale": "none"}
    wide = low > 0 and high / low > WIDE
    at = (
        math.log(row.value / low) / math.log(high / low) if wide and row.value > 0 else (row.value - low) / (high - low)
    )
    return {"at": min(1.0, max(0.0, at)), "scale": "logarithmic" if wide else "linear"}


def doubled(asked: Asked, name: str) -> dict[str, Any]:
    """What doubling a parameter changes in this setting: each watched observable before, after, and the difference.

    A share that would pass 1 is taken to the end of its range instead, and that is said. Raises UnknownName.
    """
    model = chain_for(asked.given(), asked.who().species)
    if name not in model.rows:
        raise unknown_name(name, "a parameter of this setting's model", model.rows)
    row = model.rows[name]
    value = asked.values.get(name, asked.who().parameters().get(name, row.value))
    new = _twice(row, value)
    watched = _watched(model, asked.days * 24, WATCHED)
    times = np.unique([0.0, *(t for _, t in watched)])
    table = under_each(asked, [{name: value}, {name: new}], sorted({o for o, _ in watched}), times)
    changes = [_change(model, o, t, table[o], times) for o, t in watched]
    return {"name": name, "value": value, "doubled": new, "how": _how(row, value, new), "unit": row.unit} | {
        "changes": changes
    }


def most_moving(asked: Asked, words: str) -> dict[str, Any]:
    """Which parameters move an observable at a time most when doubled, in this setting. Raises as `doubled`."""
    wanted = parse_observation(words)
    model = chain_for(asked.given(), asked.who().species)
    if wanted.name not in model.system.outputs:
        raise unknown_name(wanted.name, "an observable of this setting's model", model.system.outputs)
    rows = [r for n, r in model.rows.items() if r.value != 0 and not n.startswith(("manipulation.", "patient."))]
    changes = [{}, *({r.id: _twice(r, r.value)} for r in rows)]
    times = np.unique([0.0, min(max(wanted.time_h, 0.0), asked.days * 24)])
    reached = under_each(asked, changes, [wanted.name], times)[wanted.name][-1]
    moved = sorted(
        (
            (float(v - reached[0]), r)
            for v, r in zip(reached[1:], rows, strict=True)
            if np.isfinite(v) and not math.isclose(v, reached[0], rel_tol=1e-4, abs_tol=1e-9)
        ),
        key=lambda pair: -abs(pair[0]),
    )
    shown = [{"change": change, "how": _how(r, r.value, _twice(r, r.value)), **_brief(r)} for change, r in moved]
    info = model.system.outputs[wanted.name]
    return {"name": wanted.name, "time_h": float(times[-1]), "unit": info.unit, "value": float(reached[0])} | {
        "moved": shown[:MOST_SHOWN],
        "tried": len(rows),
        "unsolved": int(np.sum(~np.isfinite(reached[1:]))),
    }


def split_sources(text: str) -> tuple[str, ...]:
    """The keys in a source cell."""
    return tuple(key for key in re.split(r"[;,]\s*", text.strip()) if key)


def citations(keys: Iterable[str]) -> list[dict[str, str]]:
    """Each key with what the bibliography holds of it; a key without an entry stands for itself."""
    return [{"key": key, **bibliography().get(key.strip(), {})} for key in keys]


@lru_cache(maxsize=1)
def bibliography() -> dict[str, dict[str, str]]:
    """All entries of the bibliography: authors, year, title, journal, DOI or PMID."""
    folder = Path(str(resources.files("ketamind") / "data" / "references"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.bib")))
    entries = re.split(r"^@\w+\{", text, flags=re.M)[1:]
    return {entry.split(",", 1)[0].strip(): _fields(entry) for entry in entries}


def _fields(entry: str) -> dict[str, str]:
    found = dict(re.findall(r"(\w+)\s*=\s*\{((?:[^{}]|\{[^{}]*\})*)\}", entry))
    keep = ("author", "year", "title", "journal", "doi", "pmid", "url", "note")
    return {key: re.sub(r"[{}]|\s+(?=\s)", "", found[key]).strip() for key in keep if key in found}


@lru_cache(maxsize=1)
def experiments() -> dict[str, Experiment]:
    """All published results by id, with those that tell hypotheses apart."""
    return {e.id: e for e in all_experiments()}


def of_observable(name: str) -> list[Experiment]:
    """Published results of an observable, human ones first."""
    found = [e for e in experiments().values() if e.observable == name]
    return sorted(found, key=lambda e: e.species != "human")


def as_evidence(e: Experiment) -> dict[str, Any]:
    """A published result for a reader: what, in whom, how verified, and whose."""
    told = {k: v for k, v in asdict(e).items() if k not in ("domain", "spread_text", "verified")}
    return told | {"verified": VERIFIED_WORDS.get(e.verified, e.verified)}


def _brief(row: Row) -> dict[str, Any]:
    return {"parameter": row.id, "meaning": row.meaning, "of": row.value, "in": row.unit} | {
        "verified": row.verified,
        "how verified": VERIFIED_WORDS[row.verified],
    }


def _twice(row: Row, value: float) -> float:
    """Twice the value, or the end of its range where twice would pass the 1 that a share cannot pass."""
    share = row.unit == "1" and row.high <= 1 and 0 <= value <= 1
    return min(2 * value, row.high) if share else 2 * value


def _how(row: Row, value: float, new: float) -> str:
    return "doubled" if math.isclose(new, 2 * value) else f"taken to {new:g}, the end of its range"


def _watched(model: Model, last_h: float, words: Iterable[str]) -> list[tuple[str, float]]:
    wanted = [parse_observation(w) for w in words]
    return [(w.name, w.time_h) for w in wanted if w.name in model.system.outputs and w.time_h <= last_h]


def _change(model: Model, name: str, time_h: float, table: Any, times: Any) -> dict[str, Any]:
    row = int(np.searchsorted(times, time_h))
    before, after = (float(v) for v in table[row])
    return {"observable": name, "time_h": time_h, "unit": model.system.outputs[name].unit} | {
        "before": before,
        "after": after,
        "change": after - before,
    }
