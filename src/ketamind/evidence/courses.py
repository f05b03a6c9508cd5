"""Running arms: each once, in the smallest model that answers, for a typical subject and for drawn ones.

Arms share models: one of blood and brain levels a species, one chain for the common treatments and one for all others
of the file, one slice. So a file compiles a handful of models whatever its length. Agents (`block:`, `inhibit:` ...)
are given to animals and slices half an hour before the drug, from a brain at rest without them; genotypes are there
from the start.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.biology.chain import chain, slice_chain
from ketamind.biology.pharmacokinetics import entries, externals, pharmacokinetics
from ketamind.declare import Addition, Model, extended, shipped_table
from ketamind.declare.units import convert
from ketamind.engine import Batch, Options, Schedule, solve
from ketamind.errors import BadValue
from ketamind.evidence.arms import Arm, is_active, lifelong
from ketamind.evidence.vocabulary import sources
from ketamind.protocols import Effects, Patient, Protocol, drug, drug_effects, parse_manipulation, parse_population
from ketamind.simulation.events import bath_drugs, given_pairs, schedule
from ketamind.simulation.populations import draw_patients, typical_patient
from ketamind.simulation.simulate import CHAIN_SPECIES, actions_of

Floats = NDArray[np.float64]
Pairs = frozenset[tuple[str, str]]
BEFORE_H = 1e-3
"""How long before the first event the baseline is read."""
LEAD_H = 0.5
PAST_THE_END_H = 1.0
"""Baths go on beyond the last reading, since a value at the end of a step is that just after it."""
MONKEY_KG = 7.0
COMMON: Pairs = frozenset({("ketamine", "iv"), ("esketamine", "in"), ("midazolam", "iv"), ("ssri", "po")})
"""Treatments of most clinical trials, which share one chain."""
COARSE = Options(rtol=1e-4, max_steps=1_000_000)
HASTY = replace(COARSE, max_steps=20_000, rescue=0)
MOST_ADMINISTRATIONS = 50_000
"""Doses simulated in one arm: fewer people are drawn for very long courses, whose sampling error says so."""
FEWEST_PEOPLE = 100
FEW_ENOUGH_FOR_THE_ORACLE = 8


class NotApplicable(Exception):
    """An experiment that the model has no part for; the text is the reason."""


@dataclass
class Need:
    """What is wanted of an arm: times [h], observables, and how many drawn subjects beside the typical one."""

    arm: Arm
    times: set[float] = field(default_factory=set)
    observables: set[str] = field(default_factory=set)
    people: int = 0


@dataclass(frozen=True)
class Course:
    """One arm over time: `table[observable]` is (times, subjects); subject 0 is the typical one, the rest are drawn."""

    arm: Arm
    times_h: Floats
    table: Mapping[str, Floats]
    weights: Floats

    def at(self, observable: str, time_h: float) -> Floats:
        """Values (subjects,) at a time."""
        y, t = self.table[observable], self.times_h
        i = int(np.clip(np.searchsorted(t, time_h), 1, len(t) - 1))
        share = float(np.clip((time_h - t[i - 1]) / (t[i] - t[i - 1]), 0, 1))
        return np.asarray((1 - share) * y[i - 1] + share * y[i], dtype=np.float64)

    def part(self, which: slice) -> "Course":
        """The course of some of the subjects."""
        table = {o: values[:, which] for o, values in self.table.items()}
        return replace(self, table=table, weights=self.weights[which])

    def start(self, observable: str) -> Floats:
        """Values (subjects,) before anything is given."""
        return np.asarray(self.table[observable][0], dtype=np.float64)


@dataclass(frozen=True)
class Laboratory:
    """Where arms are run: mechanisms switched off, parameter values, and the seed of the subjects.

    With `draws` (parameter -> values in the unit of its table, all of one length) all subjects of an arm are run
    under each draw of these parameters, one draw after the other, so that a whole ensemble is run at once. A draw
    under which the equations cannot be solved has no numbers. `additions` are wired into every model that has a brain.
    """

    without: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1
    draws: Mapping[str, Floats] = field(default_factory=dict, hash=False)
    additions: tuple[Addition, ...] = ()

    @property
    def ensemble(self) -> int:
        """How many draws there are; 1 without."""
        return max((len(v) for v in self.draws.values()), default=1)

    def adjusted(self, model: Model, effects: Effects) -> Model:
        """A model with this laboratory's changes and those of an arm."""
        off = model.without(*(m for m in self.without if m in model.mechanisms))
        changes = {**effects.values, **self.values}
        return off.with_values({n: v for n, v in changes.items() if n in off.defaults})


@dataclass(frozen=True)
class Cast:
    """Which models serve the arms of a file: the union of drugs, routes and actions, by kind and species."""

    pairs: Mapping[tuple[str, str], Pairs]
    actions: Mapping[tuple[str, str], Mapping[str, Mapping[str, float]]]
    additions: tuple[Addition, ...] = ()

    def model(self, kind: str, species: str) -> Model:
        """The model of a kind (blood, common, further, slice) for a species."""
        moved = self.actions.get((kind, species), {})
        frozen = tuple((row, tuple(sorted(by.items()))) for row, by in sorted(moved.items()))
        added = () if kind == "blood" else self.additions
        return _model(kind, species, self.pairs.get((kind, species), frozenset()), frozen, added)


def cast(needs: Iterable[Need], additions: tuple[Addition, ...] = ()) -> Cast:
    """The models that these arms need together; arms that cannot be understood are left to fail on their own."""
    pairs: dict[tuple[str, str], set[tuple[str, str]]] = {}
    actions: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for need in needs:
        try:
            given = need.arm.given
            key = (kind_of(need), CHAIN_SPECIES.get(table_species(need.arm), "human"))
            here = checked_pairs(need.arm, given)
            moved = actions_of(given)
        except Exception:  # noqa: BLE001  told when the arm is run
            continue
        pairs.setdefault(key, set()).update(here)
        if key[0] != "blood":
            for row, by in moved.items():
                actions.setdefault(key, {}).setdefault(row, {}).update(by)
    for key, found in pairs.items():
        if key[0] == "common":
            found.update(COMMON if key[1] == "human" else ())
    return Cast({k: frozenset(v) for k, v in pairs.items()}, actions, additions)


def table_species(arm: Arm) -> str:
    """The species whose body or tissue an arm is run in."""
    return arm.species if arm.species in CHAIN_SPECIES else "mouse"


def checked_pairs(arm: Arm, given: Protocol) -> Pairs:
    """The (drug, route) pairs of an arm, or its bath drugs as pairs with `bath`. Raises NotApplicable."""
    bath, pairs = bath_drugs(given), given_pairs(given)
    if bath and pairs:
        raise NotApplicable("a bath cannot be combined with doses that pass through the body")
    species = CHAIN_SPECIES[table_species(arm)]
    for name, route in pairs:
        try:
            entries(name, route, species)
        except BadValue as problem:
            raise NotApplicable(str(problem)) from None
    return frozenset((d, "bath") for d in bath) if bath else pairs


def kind_of(need: Need) -> str:
    """The smallest model that gives what is wanted of an arm."""
    arm = need.arm
    if arm.species in ("rodent_slice", "recombinant") or bath_drugs(arm.given):
        return "slice"
    if all(_in_blood(o) for o in need.observables):
        return "blood"
    if arm.species == "human" and not (given_pairs(arm.given) <= COMMON and not actions_of(arm.given)):
        return "further"
    return "common"


def _in_blood(observable: str) -> bool:
    return observable.startswith(("venous_", "arterial_", "csf_", "brain_total_", "brain_unbound_"))


@lru_cache(maxsize=64)
def _model(
    kind: str,
    species: str,
    pairs: Pairs,
    actions: tuple[tuple[str, tuple[tuple[str, float], ...]], ...],
    additions: tuple[Addition, ...],
) -> Model:
    moved = {row: dict(by) for row, by in actions}
    if kind == "slice":
        return extended(slice_chain([d for d, _ in pairs], species, moved), additions)
    if kind == "blood":
        components = pharmacokinetics(sorted(pairs))
        return Model(f"blood_{species}", components, shipped_table(species), externals(components))
    return extended(chain(pairs, species, moved), additions)


def run(need: Need, models: Cast, lab: Laboratory) -> Course:
    """Run one arm. Raises NotApplicable, or an error of the words or of the engine."""
    arm, given = need.arm, need.arm.given
    checked_pairs(arm, given)
    kind = kind_of(need)
    model = models.model(kind, CHAIN_SPECIES[table_species(arm)])
    outputs = model.system.outputs if model.components else {}
    told = {o: sources(o, outputs) for o in sorted(need.observables)}
    _refuse_missing(told, arm, kind)
    who, effects = patient_of(arm), effects_of(arm)
    people = affordable(need)
    values = subjects(who, effects, model, lab, people)
    count = lab.ensemble * (1 + people)
    times = _times(need, given)
    before = effects_of(replace(arm, manipulation=lifelong(arm.manipulation))) if _by_agent(arm) else effects
    models_of_arm = lab.adjusted(model, effects), lab.adjusted(model, before)
    needed = tuple(sorted({n for names in told.values() for n in names}))
    solution = _solve(arm, models_of_arm, effects, values, times, count, needed, lab)
    column = {o: i for i, o in enumerate(solution.observables)}
    table = {
        o: np.mean([solution.values[:, :, column[n]] for n in names], axis=0) for o, names in told.items() if names
    }
    table |= {o: np.zeros((len(times), count)) for o, names in told.items() if not names}
    weights = np.broadcast_to(values.get("patient.weight", np.array([np.nan])), (count,))
    return Course(arm, times, table, np.asarray(weights))


def affordable(need: Need) -> int:
    """How many people are drawn for an arm."""
    doses = max(len(need.arm.given.administrations()), 1)
    return min(need.people, max(FEWEST_PEOPLE, MOST_ADMINISTRATIONS // doses))


def _refuse_missing(told: Mapping[str, tuple[str, ...]], arm: Arm, kind: str) -> None:
    """A level of a drug that is not given is nil; anything else must be given by the model."""
    for observable, names in told.items():
        if not names and not _in_blood(observable):
            raise NotApplicable(f"the {'slice' if kind == 'slice' else 'chain'} gives no '{observable}'")
        if not names and kind == "slice":
            raise NotApplicable("a slice has no blood")


def patient_of(arm: Arm) -> Patient:
    """The subjects of an arm, as the simulation knows them."""
    who = parse_population(arm.population or "", arm.species) if arm.population else Patient(species=arm.species)
    if arm.species == "monkey" and who.weight_kg is None:
        return replace(who, weight_kg=MONKEY_KG)
    return who


def effects_of(arm: Arm) -> Effects:
    """What manipulation and drugs known only by their effect do for the whole run. Raises NotApplicable."""
    given = arm.given
    followed = {d for row in actions_of(given).values() for d in row}
    followed |= {d.drug for d in given if drug(d.drug).kind in ("cyp_interaction", "antidepressant")}
    try:
        return parse_manipulation(arm.manipulation) | drug_effects(given, besides=followed)
    except BadValue as problem:
        if "no part for" in str(problem):
            raise NotApplicable(str(problem)) from None
        raise


def subjects(who: Patient, effects: Effects, model: Model, lab: Laboratory, people: int) -> dict[str, Floats]:
    """Parameter values (1 + people,): the typical subject, then drawn ones; manipulations hold for all."""
    typical = typical_patient(who, model)
    drawn = draw_patients(who, model, lab.seed, people) if people else {}
    fixed = {**effects.values, **lab.values}
    found = {}
    for name in {*typical, *drawn}:
        middle = typical[name][0] if name in typical else model.defaults[name]
        rest = drawn.get(name, np.full(people, middle))
        if name in fixed:
            scale = fixed[name] / middle if middle else 0.0
            rest, middle = (rest * scale if scale else np.full(people, fixed[name])), fixed[name]
        found[name] = np.concatenate([[middle], rest])
    return _under_each_draw(found, fixed, model, lab) if lab.draws else found


def _under_each_draw(
    people: Mapping[str, Floats], fixed: Mapping[str, float], model: Model, lab: Laboratory
) -> dict[str, Floats]:
    """All subjects under each draw, which moves their own value in proportion; what an arm manipulates is not drawn."""
    each = {name: np.tile(values, lab.ensemble) for name, values in people.items()}
    size = max((len(v) for v in people.values()), default=1)
    for name, values in lab.draws.items():
        if name not in model.defaults or name in fixed:
            continue
        drawn = np.repeat(values, size) * convert(1.0, model.table.row(name).unit, model.rows[name].unit)
        typical = people[name][0] if name in people else 0.0
        each[name] = drawn * (each[name] / typical) if typical else drawn
    return each


def _times(need: Need, given: Protocol) -> Floats:
    """Increasing times, from just before anything happens."""
    lead = LEAD_H if _acute(need.arm) else 0.0
    first = min(given.first_h, 0.0) - lead - BEFORE_H
    later = [t for t in need.times if t > first]
    return np.unique(np.round([first, *later, first + 2 * BEFORE_H], 9))


def _acute(arm: Arm) -> bool:
    """True if an agent is given to a brain that was at rest without it, ahead of a drug."""
    return _by_agent(arm) and is_active(arm.given)


def _by_agent(arm: Arm) -> bool:
    return arm.species != "human" and lifelong(arm.manipulation) != arm.manipulation


def _solve(
    arm: Arm,
    models: tuple[Model, Model],
    effects: Effects,
    values: Mapping[str, Floats],
    times: Floats,
    count: int,
    needed: tuple[str, ...],
    lab: Laboratory,
) -> Any:
    """The solution for all subjects; `models` are that of the arm and the one whose rest it starts from."""
    model, untouched = models
    if lab.draws:
        return _solve_draws(arm, models, effects, values, times, count)
    names = tuple(sorted({*wanted_outputs(model), *needed}))
    weights = np.broadcast_to(values.get("patient.weight", np.array([1.0])), (count,))
    schedules = _schedules(arm, effects, model, weights, float(times[-1]) + PAST_THE_END_H)
    start = None
    if _by_agent(arm):
        rest = Batch(times_h=[times[0], times[0] + BEFORE_H], observables=names, values=dict(values), patients=count)
        start = solve(untouched, rest, COARSE).require().final_states
    batch = Batch(
        times_h=times,
        observables=names,
        schedules=schedules[0] if len(schedules) == 1 else schedules,
        values=dict(values),
        start_h=float(times[0]),
        start=start,
        patients=count,
    )
    try:
        return solve(model, batch, COARSE).require()
    except Exception:  # noqa: BLE001  an output that nobody asked for may have no value
        options = replace(COARSE, engine="oracle") if count <= FEW_ENOUGH_FOR_THE_ORACLE else COARSE
        return solve(model, replace(batch, observables=needed), options).require()


def _solve_draws(
    arm: Arm, models: tuple[Model, Model], effects: Effects, values: Mapping[str, Floats], times: Floats, count: int
) -> Any:
    """The same for an ensemble, whose hostile draws are given up soon and have no numbers."""
    model, untouched = models
    names = wanted_outputs(model)
    weights = np.broadcast_to(values.get("patient.weight", np.array([1.0])), (count,))
    schedules = _schedules(arm, effects, model, weights, float(times[-1]) + PAST_THE_END_H)
    common: dict[str, Any] = {"observables": names, "values": dict(values), "patients": count}
    start = None
    if _by_agent(arm):
        rest = solve(untouched, Batch(times_h=[times[0], times[0] + BEFORE_H], **common), HASTY)
        start = np.where(np.isfinite(rest.final_states), rest.final_states, 0.0)
    many = schedules[0] if len(schedules) == 1 else schedules
    return solve(model, Batch(times_h=times, schedules=many, start_h=float(times[0]), start=start, **common), HASTY)


def _schedules(arm: Arm, effects: Effects, model: Model, weights: Floats, last_h: float) -> list[Schedule]:
    """Events of each subject; one for all where all weigh the same. Raises NotApplicable for doses without a scale."""
    chosen = weights[:1] if np.all(weights == weights[0]) else weights
    try:
        return [schedule(arm.given, effects, model, float(w), last_h) for w in chosen]
    except BadValue as problem:
        raise NotApplicable(str(problem)) from None


def wanted_outputs(model: Model) -> tuple[str, ...]:
    """All outputs that any experiment may read: one choice a model, so that it is compiled once."""
    from ketamind.evidence.vocabulary import OBSERVABLES

    outputs = model.system.outputs
    return tuple(sorted({n for o in OBSERVABLES for n in sources(o, outputs)}))


@dataclass
class Bench:
    """All arms of a file, each run when it is first asked for; what went wrong with one is told to each who asks."""

    needs: Mapping[Arm, Need]
    lab: Laboratory
    progress: Callable[[int, int], None] | None = None
    _found: dict[Arm, Course | Exception] = field(default_factory=dict)

    @cached_property
    def models(self) -> Cast:
        """The models that all arms share."""
        return cast(self.needs.values(), self.lab.additions)

    def course(self, arm: Arm) -> Course:
        """The course of an arm. Raises what its simulation raised."""
        if arm not in self._found:
            try:
                self._found[arm] = run(self.needs[arm], self.models, self.lab)
            except Exception as problem:  # noqa: BLE001  kept for every row that asks
                self._found[arm] = problem
            if self.progress is not None:
                self.progress(len(self._found), len(self.needs))
        found = self._found[arm]
        if isinstance(found, Exception):
            raise found
        return found

    def together(self, arms: Iterable[Arm]) -> list[Course]:
        """The courses of several arms."""
        return [self.course(a) for a in arms]
