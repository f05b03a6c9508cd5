"""Knock-outs: each mechanism off in turn, each antagonist given in turn, and what is left of each outcome.

The effect of a protocol on an observable is its difference from the same brain given saline in its place, so that what
a mechanism holds up at rest, or a visit does by itself, is not mistaken for an effect of the dose. An antagonist is in
both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ketamind.errors import unknown_name
from ketamind.protocols import Patient, Protocol, parse_protocol
from ketamind.simulation import Observation, Run, chain_for, parse_observations, simulate

OUTCOMES = (
    "mor_signal@40min,cadss@40min,rate_pyramidal@40min,bdnf_extracellular@1h,synaptic_strength@4h,"
    "spine_density@24h,madrs@24h,madrs@7d"
)
NIL = 1e-6
"""An effect smaller than this is none, and has no shares."""


@dataclass(frozen=True)
class Variant:
    """One way to take something away: mechanisms off, a manipulation in words, or a drug given besides."""

    without: tuple[str, ...] = ()
    manipulation: str = ""
    besides: str = ""


ANTAGONISTS: Mapping[str, Variant] = {
    "naltrexone": Variant(besides="50 mg naltrexone po at -45 min"),
    "rapamycin": Variant(manipulation="block:mtorc1"),
    "nbqx": Variant(manipulation="block:ampa"),
    "verapamil": Variant(manipulation="block:vdcc"),
    "anti_bdnf": Variant(manipulation="block:bdnf"),
    "k252a": Variant(manipulation="block:trkb"),
    "anisomycin": Variant(manipulation="block:protein_synthesis"),
    "spine_erasure": Variant(manipulation="erase:spines"),
}
"""Agents of the published antagonist studies, by name."""


@dataclass(frozen=True)
class Knockouts:
    """Effects of a protocol (value under it minus value under saline), intact and under each variant."""

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
        for variant, row in self.left().items():
            cells = "".join(f"{_percent(row[n]):>{len(n) + 3}}" for n in names)
            lines.append(f"{variant:<{width}}{cells}")
        head = " " * width + "".join(f"{n:>{len(n) + 3}}" for n in names)
        return "\n".join([f"What is left with one mechanism off: {self.protocol.words()}", head, *lines])


def knock_out(
    protocol: "str | Protocol",
    names: Sequence[str] = (),
    observe: "str | Sequence[Observation]" = OUTCOMES,
    *,
    species: str = "human",
    patient: Patient | None = None,
) -> Knockouts:
    """Simulate a protocol intact and with each named mechanism off or antagonist given (all, if none is named).

    Raises UnknownName for a mechanism, antagonist or observable that is not known.
    """
    given = parse_protocol(protocol) if isinstance(protocol, str) else protocol
    observations = parse_observations(observe or OUTCOMES) if isinstance(observe, str) else tuple(observe)
    who = patient or Patient(species=species)
    variants = _variants(given, names, who.species)
    intact = _run(given, Variant(), observations, who)
    runs = {name: _run(given, variant, observations, who) for name, variant in variants.items()}
    saline = placebo(given)
    rest = _run(saline, Variant(), observations, who)
    bare = {name: _run(saline, variant, observations, who) for name, variant in variants.items()}
    return Knockouts(
        given,
        observations,
        _effect(intact, rest, observations),
        {name: _effect(runs[name], bare[name], observations) for name in variants},
        {"intact": intact, **runs},
    )


def placebo(protocol: Protocol) -> Protocol:
    """Saline at the same times and by the same routes.

    >>> placebo(parse_protocol("0.5 mg/kg ketamine iv over 40 min")).words()
    '0 mg saline iv over 40 min'
    """
    return Protocol(tuple(replace(d, drug="saline", amount=0.0, unit="mg", target=False) for d in protocol))


def _variants(protocol: Protocol, names: Sequence[str], species: str) -> dict[str, Variant]:
    known = {name: Variant(without=(name,)) for name in chain_for(protocol, species).mechanisms} | dict(ANTAGONISTS)
    for name in names:
        if name not in known:
            raise unknown_name(name, "a mechanism of this model, nor an antagonist", known)
    return {name: known[name] for name in names or known}


def _run(protocol: Protocol, variant: Variant, observations: Sequence[Observation], patient: Patient) -> Run:
    days = max(1.0, max(o.time_h for o in observations) / 24)
    besides = parse_protocol(variant.besides) if variant.besides else Protocol()
    return simulate(
        Protocol((*besides.doses, *protocol.doses)),
        days=days,
        patient=patient,
        without=variant.without,
        manipulation=variant.manipulation,
        observe=tuple(dict.fromkeys(o.name for o in observations)),
    )


def _effect(dosed: Run, rest: Run, observations: Sequence[Observation]) -> dict[str, float]:
    return {o.text: dosed.mean(o) - rest.mean(o) for o in observations}


def _share(left: float, whole: float) -> float:
    return left / whole if abs(whole) > NIL else float("nan")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share == share else "-"
