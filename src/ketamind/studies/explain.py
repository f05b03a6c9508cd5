"""Explain a name: a parameter with its source, a mechanism with its equations, an observable with its provider."""

from dataclasses import dataclass
from typing import Any

from ketamind.biology.chain import full_chain
from ketamind.declare import Component, Model, Row
from ketamind.errors import unknown_name

VERIFIED_WORDS = {
    "primary": "seen in the source",
    "secondary": "seen in a review or a citing paper",
    "memory": "recalled, not checked",
    "derived": "calculated from sourced data",
    "design": "chosen for the model",
    "assumed": "guessed: nothing sourced was found",
    "calibrated": "fitted; the conditions name the data",
    "none": "no source found",
}


@dataclass(frozen=True)
class Explanation:
    """Facts about a name, in the order a reader wants them."""

    name: str
    kind: str
    facts: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {"name": self.name, "kind": self.kind, **self.facts}

    def as_text(self) -> str:
        """For people: one fact a line, long ones below."""
        lines = [f"{self.name} ({self.kind})"]
        for key, value in self.facts.items():
            if isinstance(value, list):
                lines += [f"  {key}:", *(f"    {item}" for item in value)]
            elif isinstance(value, str) and "\n" in value:
                lines += [f"  {key}:", *(f"    {line}" for line in value.splitlines())]
            elif value not in ("", None):
                lines.append(f"  {key}: {value}")
        return "\n".join(lines)


def list_mechanisms(species: str = "human") -> tuple[Explanation, ...]:
    """Everything that can be switched off, in causal order."""
    return tuple(_mechanism(name, parts) for name, parts in full_chain(species).mechanisms.items())


def explain(name: str, species: str = "human") -> Explanation:
    """What is known of a parameter, mechanism, component or observable. Raises UnknownName."""
    model = full_chain(species)
    components = {c.name: c for c in model.components}
    if name in model.rows:
        return _parameter(name, model)
    if name in model.mechanisms:
        return _mechanism(name, model.mechanisms[name])
    if name in model.system.outputs:
        return _observable(name, model, components)
    if name in components:
        return _mechanism(name, (components[name],))
    known = {*model.rows, *model.mechanisms, *model.system.outputs, *components}
    raise unknown_name(name, "a parameter, mechanism or observable", known)


def _parameter(name: str, model: Model) -> Explanation:
    row: Row = model.rows[name]
    users = [c for c in model.components if any(q.row == name for q in c.parameters)]
    facts: dict[str, Any] = {
        "meaning": row.meaning,
        "value": row.value,
        "unit": row.unit,
        "low": row.low,
        "high": row.high,
        "between people": _between(row),
        "species": row.species,
        "conditions": row.conditions,
        "source": row.source,
        "verified": row.verified,
        "how verified": VERIFIED_WORDS[row.verified],
        "note": row.note,
        "enters": [f"{c.name} ({c.file}): {c.summary}" for c in users],
        "equations": "\n\n".join(dict.fromkeys(c.equations for c in users)),
    }
    return Explanation(name, "parameter", facts)


def _between(row: Row) -> str:
    if not row.between:
        return "does not vary"
    kind = {"lognormal": "coefficient of variation", "normal": "standard deviation", "logit": "sd of the logit"}
    return f"{row.between:g} ({kind.get(row.spread, row.spread)}, {row.spread})"


def _mechanism(name: str, parts: tuple[Component, ...]) -> Explanation:
    facts: dict[str, Any] = {
        "does": "; ".join(dict.fromkeys(c.summary for c in parts)),
        "parts": [f"{c.name} ({c.file})" for c in parts],
        "gives": [
            f"{o.wire or o.symbol} [{o.unit}] {o.meaning}"
            + ("" if o.when_off is None else f"; {o.when_off:g} when off")
            for c in parts
            for o in c.outputs
        ],
        "equations": "\n\n".join(dict.fromkeys(c.equations for c in parts)),
    }
    return Explanation(name, "mechanism", facts)


def _observable(name: str, model: Model, components: dict[str, Component]) -> Explanation:
    info = model.system.outputs[name]
    component = components[info.component]
    facts: dict[str, Any] = {
        "meaning": info.meaning,
        "unit": info.unit,
        "given by": f"{component.name} ({component.file})",
        "mechanism": component.mechanism,
        "source": component.source,
        "parameters": sorted({q.row for q in component.parameters}),
        "equations": component.equations,
    }
    return Explanation(name, "observable", facts)
