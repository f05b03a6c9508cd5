"""Blockers, genotypes, silencing and erasure, in the words of the evidence: `block:ampa`, `knockdown:glun2b@pv=0.7`.

    kind:target[@place][=strength]      joined by `+`

What each term moves in the model stands in `data/manipulations.toml`, the only place that maps words to parameters.
There too stand the strength that a term has when none is written, and the agent that this strength is meant for.
Rules that share a parameter do not add: the stronger one counts.
"""

import math
import re
import tomllib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from importlib import resources
from types import MappingProxyType
from typing import Any

from ketamind.declare import shipped_table
from ketamind.errors import BadValue, unknown_name
from ketamind.protocols.drugs import drug
from ketamind.protocols.protocol import Protocol
from ketamind.protocols.quantities import normalised, number, shorten

EXAMPLE = "write such as `block:ampa`, `knockdown:glun2b@pv=0.7`"


@dataclass(frozen=True)
class Step:
    """An external input `wire` that has `value` from `start_h` to `stop_h` (hours from time 0), else 0."""

    wire: str
    start_h: float
    stop_h: float
    value: float


@dataclass(frozen=True)
class Effects:
    """What a manipulation does to the model: parameter values by table id, and steps of external inputs.

    >>> dict(parse_manipulation("block:ampa=0.8").values)
    {'manipulation.block_ampa': 0.8}
    """

    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    steps: tuple[Step, ...] = ()

    def __or__(self, other: "Effects") -> "Effects":
        """Both together; where both set a parameter, the one further from its untouched value counts."""
        values = dict(self.values)
        for name, value in other.values.items():
            rest = untouched().get(name, 0.0)
            if name not in values or abs(value - rest) > abs(values[name] - rest):
                values[name] = value
        return Effects(MappingProxyType(values), tuple(dict.fromkeys(self.steps + other.steps)))


@dataclass(frozen=True)
class Setting:
    """One thing that a rule moves: a parameter from its untouched value to the one at full strength, or a step.

    `full` is a number, or the row of the human parameter tables that holds it.
    """

    parameter: str = ""
    untouched: float = 0.0
    full: float | str = 1.0
    step: Step | None = None

    def at(self, strength: float) -> Effects:
        """The effect at a strength from 0 to 1."""
        if self.step is not None:
            value = self.step.value * strength
            return Effects(steps=(Step(self.step.wire, self.step.start_h, self.step.stop_h, value),))
        full = shipped_table().row(self.full).value if isinstance(self.full, str) else self.full
        value = (1 - strength) * self.untouched + strength * full
        return Effects(MappingProxyType({self.parameter: value}))


@dataclass(frozen=True)
class Rule:
    """What one kind of manipulation of one target at one place moves, how strongly if unsaid, and by which agent."""

    kind: str
    target: str
    place: str
    strength: float
    agent: str
    settings: tuple[Setting, ...]

    @property
    def words(self) -> str:
        """`kind:target@place`, without the place if it is the whole body."""
        return f"{self.kind}:{self.target}" + ("" if self.place == "systemic" else f"@{self.place}")


@lru_cache(maxsize=1)
def rules() -> Mapping[tuple[str, str, str], Rule]:
    """Every rule by kind, target and place."""
    content = _table()
    found: dict[tuple[str, str, str], Rule] = {}
    for entry in content["rule"]:
        regions = content["regions"] if entry.get("in_brain", True) else []
        for place, sets in _places(entry["sets"], regions).items():
            settings = tuple(_setting(item) for item in sets)
            for kind, strength in entry["kinds"].items():
                found[kind, entry["target"], place] = Rule(
                    kind, entry["target"], place, strength, entry["agent"], settings
                )
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def untouched() -> Mapping[str, float]:
    """The value of each parameter that a manipulation can move, in a brain without any."""
    return {s.parameter: s.untouched for rule in rules().values() for s in rule.settings if s.parameter}


def parse_manipulation(text: str) -> Effects:
    """The effects of the terms in a text; an empty text has none.

    >>> sorted(parse_manipulation("knockdown:glun2b@interneurons=1").values.values())
    [1.0, 1.0, 1.0]

    Raises UnknownName for a kind, target or place that is not known; BadValue for a combination that the model has no
    part for, or a strength outside 0 to 1.
    """
    if isinstance(text, str) and not text.strip():
        return Effects()
    terms = normalised(text, "a manipulation").split("+")
    return _together(_term(term.strip()) for term in terms)


def drug_effects(protocol: Protocol, besides: Container[str] = ()) -> Effects:
    """What the drugs of a protocol do that are not followed by concentration: nbqx is `block:ampa`.

    The effect holds for the whole run. Drugs in `besides` are left out: those that the model follows over time.
    """
    given = {(dose.drug, dose.route) for dose in protocol if dose.amount > 0 and dose.drug not in besides}
    actions = {drug(name).action(route) for name, route in given}
    return _together(parse_manipulation(action) for action in sorted(actions))


def _together(effects: Iterable[Effects]) -> Effects:
    return reduce(lambda one, other: one | other, effects, Effects())


def _term(term: str) -> Effects:
    found = re.fullmatch(r"([^:@=]+):([^:@=]+)(?:@([^:@=]+))?(?:=([^:@=]+))?", term)
    if not found:
        raise BadValue(f"'{shorten(term)}' is not of the form kind:target@place=strength; {EXAMPLE}.")
    kind, target, place, strength = (part.strip() if part else "" for part in found.groups())
    rule = _rule(kind, target, place or "systemic")
    value = number(strength, "the strength") if strength else rule.strength
    if not 0 <= value <= 1:
        raise BadValue(f"strength {value:g} of '{rule.words}' must be from 0 to 1.")
    return _together(setting.at(value) for setting in rule.settings)


def _rule(kind: str, target: str, place: str) -> Rule:
    known = rules()
    words = ((kind, "a kind of manipulation", 0), (target, "a target of manipulation", 1), (place, "a place", 2))
    for word, what, position in words:
        choices = {key[position] for key in known}
        if word not in choices:
            raise unknown_name(shorten(word, 40), what, choices)
    if (kind, target, place) not in known:
        possible = sorted(rule.words for rule in known.values() if rule.target == target)
        raise BadValue(
            f"the model has no part for {kind}:{target}@{place}. Of {target} it can do: {', '.join(possible)}."
        )
    return known[kind, target, place]


@lru_cache(maxsize=1)
def _table() -> Any:
    text = (resources.files("ketamind") / "data" / "manipulations.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _places(sets: Mapping[str, list[Any]], regions: list[str]) -> dict[str, list[Any]]:
    """A rule for the whole body also serves each region that the model does not tell apart from it."""
    found = dict(sets)
    for region in regions:
        if "systemic" in sets:
            found.setdefault(region, sets["systemic"])
    return found


def _setting(item: Any) -> Setting:
    if isinstance(item, str):
        return Setting(item)
    if "wire" in item:
        return Setting(step=Step(item["wire"], item["start_h"], item.get("stop_h", math.inf), item["value"]))
    return Setting(item["parameter"], item["untouched"], item["full"])
