"""The chain: a dose becomes a mood curve. Stages meet here, by the names of their inputs and outputs.

    dose -> pharmacokinetics -> brain concentrations -> receptors -> block by cell, opioid tone, TrkB
         -> circuit -> rates, glutamate -> plasticity -> BDNF, strength, spines -> read-outs -> scales

and back: rates drive the block that shapes them, and synapses change the circuit that changes them.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from ketamind.biology.circuit import circuit
from ketamind.biology.drug_action import drug_action, medicine_effect
from ketamind.biology.pharmacokinetics import CODRUGS, DRUGS, externals, pharmacokinetics
from ketamind.biology.pharmacokinetics.enzymes import ENZYME_DRUGS
from ketamind.biology.plasticity import plasticity
from ketamind.biology.readouts import readouts
from ketamind.biology.receptors import BLOCKERS, receptors
from ketamind.declare import Component, External, Model, shipped_table

Given = frozenset[tuple[str, str]]
Actions = Mapping[str, Mapping[str, float]]

FROM_OUTSIDE = (
    External("stress_pulse", "1", "stress on top of the individual's own level"),
    External("stimulate_pyramidal", "1", "drive of pyramidal cells from outside; negative inhibits"),
    External("erase_spines", "1/h", "loss of new spines by photo-shrinking"),
    External("visit", "1", "1 while a dose or a placebo is given and watched over"),
)
MEDICINES = ("ssri", "snri")
EVERYTHING: Given = frozenset(
    {("ketamine", route) for route in ("iv", "im", "sc", "in", "po", "sl")}
    | {("naltrexone", "po"), ("midazolam", "iv"), ("memantine", "po"), ("ssri", "po"), ("snri", "po")}
)
"""Drugs and routes of the fullest human chain, for listings and explanations."""


def chain(given: Iterable[tuple[str, str]] = (), species: str = "human", actions: Actions | None = None) -> Model:
    """The chain with the pharmacokinetics that these (drug, route) pairs need.

    `actions` tells which manipulations co-drugs move, and by how much at a usual dose: row -> drug -> strength.
    Raises UnknownName for a drug or route, BadValue for a pair that makes no sense.
    """
    pairs = frozenset(given)
    moved = dict(actions or {})
    blood = [_named_by_dose(c) for c in pharmacokinetics(sorted(pairs))]
    brain = _brain(drug for drug, _ in pairs)
    doors = (*externals(blood), *FROM_OUTSIDE)
    return _model("chain", (*blood, *_effects(blood, moved), *brain), species, doors, moved)


def slice_chain(drugs: Iterable[str], species: str = "mouse", actions: Actions | None = None) -> Model:
    """The chain without a body: drugs reach the tissue from a bath, whose concentrations are set from outside.

    A co-drug in a bath is set as `dose_<drug>`, 1 being the concentration that is usual in slices.
    """
    names = sorted(set(drugs))
    moved = dict(actions or {})
    moieties = sorted({m for d in names if d in DRUGS for m in DRUGS[d].moieties})
    doors = [External(f"brain_unbound_{m}", "uM", f"{m} in the bath") for m in moieties]
    doors += [External(f"dose_{d}", "1", f"{d} in the bath") for d in names if d in CODRUGS]
    actors = tuple(drug_action(row, strengths) for row, strengths in moved.items())
    return _model("slice", (*actors, *_brain(names)), species, (*doors, *FROM_OUTSIDE), moved)


@lru_cache(maxsize=4)
def full_chain(species: str = "human") -> Model:
    """The chain with every common drug and route, for listings and explanations."""
    given = EVERYTHING if species == "human" else frozenset({("ketamine", "ip"), ("ketamine", "iv")})
    return chain(given, species)


def _brain(drugs: Iterable[str]) -> tuple[Component, ...]:
    blockers = sorted({d for d in drugs if d in BLOCKERS and d in DRUGS and d != "ketamine"})
    return (*receptors(*blockers), *circuit(), *plasticity(), *readouts())


def _named_by_dose(component: Component) -> Component:
    """Co-drugs other than those that act on enzymes give their amount, from which an effect is made here."""
    if component.name in CODRUGS and component.name not in ENZYME_DRUGS:
        return component.bind(component.name, wires={"effect": f"dose_{component.name}"})
    return component


def _effects(blood: Iterable[Component], actions: Actions) -> tuple[Component, ...]:
    taken = [c.name for c in blood if c.name in MEDICINES]
    return (*(medicine_effect(d) for d in taken), *(drug_action(row, s) for row, s in actions.items()))


def _model(
    name: str, components: tuple[Component, ...], species: str, doors: tuple[External, ...], actions: Actions
) -> Model:
    wanted = {i.wire or i.symbol for c in components for i in c.inputs}
    used = tuple(e for e in doors if e.wire in wanted)
    modulators = {row: f"moved.{row}" for row in actions}
    return Model(f"{name}_{species}", components, shipped_table(species), used, modulators=modulators)
