"""Knock-outs: each mechanism off in turn, and what is left of each outcome.

The effect of a protocol on an observable is its difference from the same brain without the drug, so that an outcome
which a mechanism holds up at rest is not mistaken for an effect of the dose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ketamind.protocols import Patient, Protocol, parse_protocol
from ketamind.simulation import Observation, Run, chain_for, parse_observations, simulate

OUTCOMES = (
    "cadss@40min,power_gamma@40min,bdnf_extracellular@1h,synaptic_strength@4h,spine_density@24h,madrs@24h,madrs@7d"
)


@dataclass(frozen=True)
class Knockouts:
    """Effects of a protocol (value with the dose minus value without), intact and with each mechanism off."""

    protocol: Protocol
    observations: tuple[Observation, ...]
    intact: dict[str, float]
    effects: dict[str, dict[str, float]]
    runs: dict[str, Run]

    def left(self) -> dict[str, dict[str, float]]:
        """What is left of each effect, 1 = all of it (NaN where the intact effect is nil)."""
        return {name: {k: _share(v, self.intact[k]) for k, v in row.items()} for name, row in self.effects.items()}

    def as_json(self) -> dict[str, Any]:
        """For machines: effects in the observable's unit, and shares left."""
        left = {n: {k: v if v == v else None for k, v in row.items()} for n, row in self.left().items()}
        return {"protocol": self.protocol.words(), "intact": self.intact, "effects": self.effects, "left": left}

    def as_text(self) -> str:
        """A table: what is left of each effect, in percent."""
        names = [o.text for o in self.observations]
        width = max(len(n) for n in (*self.effects, "effect of the dose")) + 2
        lines = [f"{'effect of the dose':<{width}}" + "".join(f"{self.intact[n]:>{len(n) + 3}.3g}" for n in names)]
        for mechanism, row in self.left().items():
            cells = "".join(f"{_percent(row[n]):>{len(n) + 3}}" for n in names)
            lines.append(f"{mechanism:<{width}}{cells}")
        head = " " * width + "".join(f"{n:>{len(n) + 3}}" for n in names)
        return "\n".join([f"What is left with one mechanism off: {self.protocol.words()}", head, *lines])


def knock_out(
    protocol: "str | Protocol",
    mechanisms: Sequence[str] = (),
    observe: "str | Sequence[Observation]" = OUTCOMES,
    *,
    species: str = "human",
    patient: Patient | None = None,
) -> Knockouts:
    """Simulate a protocol intact and with each mechanism off (all of them, if none is named).

    Raises UnknownName for a mechanism or an observable that the model does not have.
    """
    given = parse_protocol(protocol) if isinstance(protocol, str) else protocol
    observations = parse_observations(observe or OUTCOMES) if isinstance(observe, str) else tuple(observe)
    known = chain_for(given, species).mechanisms
    chosen = tuple(mechanisms) or tuple(known)
    who = patient or Patient(species=species)
    runs = {name: _run(given, (name,), observations, who) for name in chosen}
    intact = _run(given, (), observations, who)
    bare = {name: _run(Protocol(), (name,), observations, who) for name in chosen}
    rest = _run(Protocol(), (), observations, who)
    return Knockouts(
        given,
        observations,
        _effect(intact, rest, observations),
        {name: _effect(runs[name], bare[name], observations) for name in chosen},
        {"intact": intact, **runs},
    )


def _run(protocol: Protocol, without: tuple[str, ...], observations: Sequence[Observation], patient: Patient) -> Run:
    days = max(1.0, max(o.time_h for o in observations) / 24)
    names = tuple(dict.fromkeys(o.name for o in observations))
    return simulate(protocol, days=days, patient=patient, without=without, observe=names)


def _effect(dosed: Run, rest: Run, observations: Sequence[Observation]) -> dict[str, float]:
    return {o.text: dosed.mean(o) - rest.mean(o) for o in observations}


def _share(left: float, whole: float) -> float:
    return left / whole if abs(whole) > 1e-6 else float("nan")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share == share else "-"
