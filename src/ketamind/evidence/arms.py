"""From the words of an experiment to arms: who receives what, and what they are compared with."""

import re
from dataclasses import dataclass, replace

from ketamind.errors import BadValue
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.vocabulary import COMPARATORS, INERT, SAME_BRAIN
from ketamind.protocols import Dose, Protocol, drug, parse_protocol

HEALTHY = {"human": "healthy"}
ACUTE = ("block", "inhibit", "stimulate", "erase")
"""Kinds of manipulation by an agent that is given; the others are there from the start of life."""

MINIATURE = ("mepsc_frequency", "mepsc_amplitude", "nmda_mepsc")
SILENT = "inhibit:pyramidal_activity"

MIDAZOLAM = Dose("midazolam", 0.045, "mg/kg", "iv", duration_h=40 / 60)
"""The active placebo of ketamine trials (PMID 23982301)."""


@dataclass(frozen=True)
class Arm:
    """One group of an experiment, in words."""

    species: str
    population: str
    protocol: str
    manipulation: str = ""

    @property
    def given(self) -> Protocol:
        """The protocol, understood. Raises UnknownName or BadValue."""
        return parse_protocol(self.protocol)


@dataclass(frozen=True)
class Arms:
    """The groups of an experiment: its own, what it is compared with, and the untreated control of each.

    `other` is None where there is no comparator, or the group is compared with its own baseline.
    """

    own: Arm
    other: Arm | None
    control: Arm
    other_control: Arm | None

    def all(self) -> tuple[Arm, ...]:
        """Each arm once."""
        found = (self.own, self.other, self.control, self.other_control)
        return tuple(dict.fromkeys(a for a in found if a is not None))


def arms_of(e: Experiment) -> Arms:
    """The arms of an experiment. Raises UnknownName or BadValue for words that cannot be understood."""
    own = Arm(e.species, _population(e), e.protocol, _conditions(e, e.manipulation))
    other = _other(e, own)
    return Arms(own, other, control_of(own), None if other is None else control_of(other))


def _population(e: Experiment) -> str:
    """The population in words; an open label that only the note tells of becomes its setting."""
    open_label = re.search(r"open[- ]label", e.note, re.I) and e.species == "human" and ";setting=" not in e.population
    return f"{e.population};setting=open_label" if open_label and e.population else e.population


def _conditions(e: Experiment, manipulation: str) -> str:
    """A manipulation, with the silence of neurons in which miniature currents are recorded (tetrodotoxin)."""
    silence = SILENT if e.observable in MINIATURE else ""
    return "+".join(t for t in (manipulation, silence) if t)


def control_of(arm: Arm) -> Arm:
    """The same subjects without the treatment under study: without drug, or where none is given, without the agent.

    >>> control_of(Arm("human", "trd", "0.5 mg/kg ketamine iv over 40 min")).protocol
    '0 mg placebo iv over 40 min'
    """
    if is_active(arm.given):
        return replace(arm, protocol=inert(arm.given).words())
    return replace(arm, manipulation=lifelong(arm.manipulation))


def inert(protocol: Protocol) -> Protocol:
    """The protocol with a placebo in place of each drug; an oral antidepressant beside another drug stays."""
    studied = [d for d in protocol if d.amount > 0 and drug(d.drug).kind != "antidepressant"]
    kept = "antidepressant" if studied else ""
    doses = []
    for dose in protocol:
        if dose.route == "bath":
            continue
        same = drug(dose.drug).kind == kept
        doses.append(dose if same else replace(dose, drug="placebo", amount=0.0, unit="mg", target=False))
    return Protocol(tuple(doses))


def is_active(protocol: Protocol) -> bool:
    """True if any drug is given."""
    return any(d.amount > 0 for d in protocol)


def midazolam_like(protocol: Protocol) -> Protocol:
    """Midazolam infusions at the times of the study drug."""
    studied = [d for d in protocol if d.amount > 0 and drug(d.drug).kind in ("ketamine_family", "nmda_antagonist")]
    if not studied:
        raise BadValue("'midazolam' as comparator needs a protocol with a drug whose times it takes.")
    return Protocol(tuple(replace(MIDAZOLAM, at_h=d.at_h, schedule=d.schedule) for d in studied))


def _other(e: Experiment, own: Arm) -> Arm | None:
    word = e.comparator
    if word in ("", "baseline"):
        return None
    if word in SAME_BRAIN and e.manipulation:
        chronic = lifelong(e.manipulation)
        agents = "+".join(t for t in e.manipulation.split("+") if t not in chronic.split("+"))
        both = chronic and agents and not is_active(own.given)
        return replace(own, manipulation=_conditions(e, agents if both else ""))
    if word in (*INERT, *SAME_BRAIN):
        return control_of(own)
    if word == "midazolam":
        return replace(own, protocol=midazolam_like(own.given).words())
    if word == "control_group":
        return _control_group(own)
    return replace(own, protocol=_as_protocol(word))


def _as_protocol(word: str) -> str:
    if word.isidentifier() and word != "none":
        from ketamind.errors import unknown_name

        raise unknown_name(word, "a comparator", COMPARATORS, "A comparator may also be a protocol.")
    return word


def _control_group(own: Arm) -> Arm:
    """Untreated patients beside treated ones; beside an untreated disease, the healthy of that species."""
    if is_active(own.given) and own.species == "human":
        return control_of(own)
    suffixes = own.population.partition(";")[2]
    name = HEALTHY.get(own.species, "naive")
    return Arm(own.species, f"{name};{suffixes}" if suffixes else name, "none")


def lifelong(manipulation: str) -> str:
    """The terms of a manipulation that are there from the start of life, without the agents that are given.

    >>> lifelong("block:ampa+mutate:trkb_y433f")
    'mutate:trkb_y433f'
    """
    terms = [t.strip() for t in manipulation.split("+") if t.strip()]
    return "+".join(t for t in terms if t.split(":")[0] not in ACUTE)
