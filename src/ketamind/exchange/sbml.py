"""A model and its dosing as SBML Level 3 Version 2.

Carried: every state with its rate, every output and parameter with unit and meaning, switches of mechanisms, external
inputs, doses as events (all that changes at one time is one event), the drug-free steady state as initial values;
MIRIAM annotations and SBO terms. Names keep their words; a dot becomes two underscores. SBML time starts at 0: the
note of the model tells which hour of the protocol that is.

Lost: ranges, spread and sources of parameters, how they were verified, bounds of states, which mechanism a file
describes, populations. Scores (points) become dimensionless.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from ketamind import __version__
from ketamind.declare import Model
from ketamind.declare.expression import Expression, Graph
from ketamind.declare.units import Unit, infer, unit
from ketamind.engine import Batch, Options, Schedule, solve
from ketamind.errors import BadFile, BadValue, unknown_name
from ketamind.exchange.events import write_text
from ketamind.exchange.extras import need, quiet
from ketamind.exchange.identifiers import (
    RESOLVER,
    SBO_BY_UNIT,
    SBO_COMPARTMENT,
    SBO_MODEL,
    SBO_PARAMETER,
    SBO_SUBSTANCE,
    TAXA,
    proteins_of,
    substances_of,
)
from ketamind.protocols import Patient, Protocol, parse_population, parse_protocol
from ketamind.simulation.events import schedule
from ketamind.simulation.populations import typical_patient
from ketamind.simulation.simulate import Setting, prepare

LEVEL, VERSION = 3, 2
BODY = "body"
REST_RTOL = 1e-9
SMALLEST = 1e-12
"""States at rest below this are 0: what is left of a decay (1e-297) defeats other people's error control."""

BASE_UNITS = {
    "[time]": "second",
    "[length]": "metre",
    "[mass]": "kilogram",
    "[substance]": "mole",
    "[current]": "ampere",
    "[temperature]": "kelvin",
    "[score]": "dimensionless",
}
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"}
PRECEDENCE = {"add": 1, "sub": 1, "mul": 2, "div": 2, "pow": 4}
FUNCTIONS = {"log": "ln"}


USUAL = (
    *("arterial_ketamine", "venous_ketamine", "venous_norketamine", "brain_unbound_ketamine", "nmda_occupancy"),
    *(
        "rate_pyramidal",
        "rate_pv",
        "glutamate_release",
        "bdnf_extracellular",
        "spine_density",
        "synaptic_strength",
        "cadss",
        "madrs",
    ),
)
"""Outputs that are carried where none are named."""


@dataclass(frozen=True)
class Start:
    """Where a simulation begins: hour of the protocol, states, and parameters that differ from the model's own."""

    time_h: float
    states: Mapping[str, float]
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """All that changes at one time (h from the start): amounts added to states, levels that inputs take."""

    time_h: float
    added: Mapping[str, float]
    levels: Mapping[str, float]


def to_sbml(
    protocol: "str | Protocol",
    path: "str | Path | None" = None,
    *,
    patient: "Patient | str | None" = None,
    days: float = 14.0,
    without: Sequence[str] = (),
    manipulation: str = "",
    values: Mapping[str, float] | None = None,
    observe: Sequence[str] = (),
) -> str:
    """The chain for a protocol and one typical patient as SBML text, also written to `path` if given.

    Besides what the states rest on, it holds the outputs in `observe` (the usual ones if none, every one for `all`:
    other tools may then need minutes to load it).

    Raises UnknownName or BadValue as `simulate` does, MissingExtra without python-libsbml, BadFile for a place that
    cannot be written.
    """
    given = parse_protocol(protocol) if isinstance(protocol, str) else protocol
    who = parse_population(patient) if isinstance(patient, str) else (patient or Patient())
    text = document(*ready(given, who, days, Setting(tuple(without), manipulation, dict(values or {}))), observe)
    if path is not None:
        write_text(path, text)
    return text


def ready(protocol: Protocol, patient: Patient, days: float, setting: Setting) -> tuple[Model, Schedule, Start, str]:
    """The model, its events, its start and a title, for one typical patient at rest before the first event."""
    prepared = prepare(protocol, patient, setting)
    if prepared.acute:
        raise BadValue(
            f"'{setting.manipulation}' begins shortly before the first dose, which SBML here cannot say; "
            "use lasting manipulations (knockout, knockdown, mutate, induce), or set values."
        )
    model = prepared.model
    typical = {n: float(v[0]) for n, v in typical_patient(patient, model).items()}
    weight = typical.get("patient.weight", model.defaults.get("patient.weight", 70.0))
    events = schedule(protocol, prepared.steps, model, weight, days * 24)
    times = [0.0, *(j.time_h for j in events.jumps), *(s.start_h for s in events.steps)]
    start = at_rest(model, typical, min(times))
    return model.with_values(typical), events, start, protocol.words()


def at_rest(model: Model, values: Mapping[str, float], time_h: float) -> Start:
    """The drug-free steady state, from which a run starts."""
    batch = Batch([time_h], [next(iter(model.system.state_index))], values=dict(values), start_h=time_h)
    states = solve(model, batch, Options(rtol=REST_RTOL)).require().final_states[0]
    settled = np.where(np.abs(states) < SMALLEST, 0.0, states)
    return Start(time_h, dict(zip(model.system.state_index, map(float, settled), strict=True)))


def changes(events: Schedule, start_h: float) -> list[Change]:
    """The events by time, steps as the level that each input has from then on."""
    added: dict[float, dict[str, float]] = {}
    for jump in events.jumps:
        at = added.setdefault(jump.time_h, {})
        at[jump.state] = at.get(jump.state, 0.0) + float(jump.amount)
    levels: dict[float, dict[str, float]] = {}
    for wire in {s.wire for s in events.steps}:
        mine = [s for s in events.steps if s.wire == wire]
        for time_h in sorted({t for s in mine for t in (s.start_h, s.stop_h)}):
            on = [float(s.value) for s in mine if s.start_h <= time_h < s.stop_h]
            levels.setdefault(time_h, {})[wire] = sum(on)
    times = sorted({*added, *levels})
    return [Change(t - start_h, added.get(t, {}), levels.get(t, {})) for t in times]


def sid(name: str) -> str:
    """A name as an SBML identifier.

    >>> sid("ketamine.V_c"), sid("moved.manipulation.nmda")
    ('ketamine__V_c', 'moved__manipulation__nmda')
    """
    plain = "".join(c if c.isalnum() or c == "_" else "__" for c in name)
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"


def observed(model: Model, names: Sequence[str]) -> tuple[str, ...]:
    """The outputs meant by these names: the usual ones for none, every one for `all`. Raises UnknownName."""
    if tuple(names) == ("all",):
        return tuple(model.system.outputs)
    for name in names:
        if name not in model.system.outputs:
            raise unknown_name(name, "an output of this model", [*model.system.outputs, "all"])
    return tuple(names) or tuple(n for n in USUAL if n in model.system.outputs)


def document(model: Model, events: Schedule, start: Start, title: str, observe: Sequence[str] = ()) -> str:
    """The SBML text of a model with its events and start. Raises MissingExtra without python-libsbml."""
    libsbml = need("libsbml", "SBML")
    writer = Writer(libsbml, model, start, observed(model, observe))
    writer.describe(title)
    writer.quantities()
    writer.equations()
    for number, change in enumerate(changes(events, start.time_h), start=1):
        writer.event(number, change)
    return writer.text()


class Writer:
    """An SBML document on the way, and what has been named in it."""

    def __init__(self, libsbml: Any, model: Model, start: Start, observe: Sequence[str]) -> None:
        self.sbml, self.source, self.start = libsbml, model, start
        self.document = libsbml.SBMLDocument(LEVEL, VERSION)
        self.model = self.document.createModel()
        self.units: dict[str, str] = {}
        self.settings = libsbml.L3ParserSettings()
        self.settings.setParseLog(libsbml.L3P_PARSE_LOG_AS_LN)
        self.settings.setParseL3v2Functions(True)
        self.settings.setParseUnits(True)
        self.formulas = Formulas(model, self.measure, observe)

    def describe(self, title: str) -> None:
        """Name, note, species and units of the whole model."""
        self.model.setId(sid(self.source.name))
        self.model.setName(f"ketamind: {title}")
        self.model.setSBOTerm(SBO_MODEL)
        self.model.setMetaId("model")
        self.model.setTimeUnits(self.unit("h"))
        self.model.setSubstanceUnits(self.unit("umol"))
        self.model.setExtentUnits(self.unit("umol"))
        self.model.setVolumeUnits("litre")
        self.model.setNotes(
            '<notes><body xmlns="http://www.w3.org/1999/xhtml"><p>'
            f"Written by ketamind {__version__}. Protocol: {escape(title)}. Time 0 is {self.start.time_h:g} h of the "
            "protocol; initial values are the drug-free steady state. For research and teaching. Not medical advice."
            "</p></body></notes>"
        )
        taxon = TAXA.get(self.source.table.species)
        if taxon:
            self._annotate(self.model, "hasTaxon", [f"{RESOLVER}taxonomy:{taxon}"])
        body = self.model.createCompartment()
        body.setId(BODY)
        body.setConstant(True)
        body.setSize(1.0)
        body.setUnits("litre")
        body.setSpatialDimensions(3)
        body.setSBOTerm(SBO_COMPARTMENT)

    def unit(self, name: str) -> str:
        """The identifier of a unit, defined when first asked for."""
        if name not in self.units:
            measure = unit(name)
            self.units[name] = self.unit_of(measure, name)
        return self.units[name]

    def unit_of(self, measure: Unit, name: str) -> str:
        """The identifier of a unit given by its dimensions."""
        if measure.agrees(Unit(1.0)) or (measure.scale == 1.0 and all(d == "[score]" for d, _ in measure.dimensions)):
            return "dimensionless"
        definition = self.model.createUnitDefinition()
        identifier = f"unit_{len(self.units)}_{hashlib.sha256(str(measure).encode()).hexdigest()[:6]}"
        definition.setId(identifier)
        definition.setName(name)
        self._unit(definition, "dimensionless", 1.0, measure.scale)
        for dimension, power in measure.dimensions:
            self._unit(definition, BASE_UNITS[dimension], float(power), 1.0)
        return identifier

    def _unit(self, definition: Any, kind: str, exponent: float, multiplier: float) -> None:
        part = definition.createUnit()
        part.setKind(self.sbml.UnitKind_forName(kind))
        part.setExponent(exponent)
        part.setScale(0)
        part.setMultiplier(multiplier)

    def quantities(self) -> None:
        """States, external inputs, parameters and outputs, with their values."""
        for state in self.source.system.states:
            value = self.start.states[state.name]
            if state.unit == "umol":
                self._species(state.name, state.meaning, value)
            else:
                self._parameter(state.name, state.unit, state.meaning, value, constant=False)
        for external in self.source.externals:
            self._parameter(external.wire, external.unit, external.meaning, external.rest, constant=False)
        rows = self.source.rows
        for name in self.source.system.parameters:
            row = rows.get(name)
            value = {**self.source.defaults, **self.start.values}[name]
            told = (row.unit, row.meaning) if row else ("1", f"1 with {name.removeprefix('on.')}, 0 without")
            self._parameter(name, *told, value, constant=True)
        for wire in self.formulas.assigned:
            info = self.source.system.outputs[wire]
            part = self._parameter(wire, info.unit, info.meaning, None, constant=False)
            self._annotate(part, "isVersionOf", proteins_of(info.component))
        for node, label in self.formulas.shared.items():
            part = self.model.createParameter()
            part.setId(label)
            part.setConstant(False)
            measure = self.formulas.units[node]
            part.setUnits(self.measure(measure))

    def measure(self, measure: Unit | None) -> str:
        """The identifier of a unit that an expression was found to have."""
        if measure is None:
            return "dimensionless"
        key = f"{measure.scale!r} {measure.dimensions!r}"
        if key not in self.units:
            self.units[key] = self.unit_of(measure, str(measure))
        return self.units[key]

    def _species(self, name: str, meaning: str, value: float) -> None:
        part = self.model.createSpecies()
        part.setId(sid(name))
        part.setName(f"{name}: {meaning}")
        part.setMetaId(f"meta_{sid(name)}")
        part.setCompartment(BODY)
        part.setHasOnlySubstanceUnits(True)
        part.setSubstanceUnits(self.unit("umol"))
        part.setInitialAmount(value)
        part.setBoundaryCondition(False)
        part.setConstant(False)
        part.setSBOTerm(SBO_SUBSTANCE)
        self._annotate(part, *substances_of(name))

    def _parameter(self, name: str, units: str, meaning: str, value: float | None, constant: bool) -> Any:
        part = self.model.createParameter()
        part.setId(sid(name))
        part.setName(f"{name}: {meaning}")
        part.setMetaId(f"meta_{sid(name)}")
        part.setUnits(self.unit(units))
        part.setConstant(constant)
        part.setSBOTerm(SBO_BY_UNIT.get(units, SBO_PARAMETER))
        if value is not None:
            part.setValue(value)
        self._annotate(part, *substances_of(name))
        return part

    def _annotate(self, part: Any, relation: str, addresses: Sequence[str]) -> None:
        if not addresses:
            return
        term = self.sbml.CVTerm(self.sbml.BIOLOGICAL_QUALIFIER)
        term.setBiologicalQualifierType(getattr(self.sbml, f"BQB_{_qualifier(relation)}"))
        for address in addresses:
            term.addResource(address)
        part.addCVTerm(term)

    def equations(self) -> None:
        """Rules: what is shared and what is observed, in order, and the rate of every state."""
        for label, formula in self.formulas.rules():
            self._rule(self.model.createAssignmentRule(), label, formula)
        for state in self.source.system.states:
            self._rule(self.model.createRateRule(), sid(state.name), self.formulas.text(state.rate.id))

    def _rule(self, rule: Any, variable: str, formula: str) -> None:
        rule.setVariable(variable)
        rule.setMath(self._math(formula))

    def _math(self, formula: str) -> Any:
        math = self.sbml.parseL3FormulaWithSettings(formula, self.settings)
        if math is None:
            raise BadFile(f"this cannot be said in SBML: {formula[:120]} ({self.sbml.getLastParseL3Error()}).")
        return math

    def constant(self, name: str, units: str, meaning: str, value: float = 0.0) -> None:
        """A further constant, beside those of the model."""
        self._parameter(name, units, meaning, value, constant=True)

    def event(self, number: int, change: Change) -> None:
        """All that happens at one time of a schedule."""
        units = {name: self.unit(self._unit_name(name)) for name in (*change.added, *change.levels)}
        sets = {sid(n): f"{sid(n)} + {number_text(v, units[n])}" for n, v in change.added.items()}
        sets |= {sid(n): number_text(v, units[n]) for n, v in change.levels.items()}
        self.event_at(f"event_{number}", number_text(change.time_h, self.unit("h")), sets)

    def event_at(self, name: str, time: str, sets: Mapping[str, str]) -> None:
        """An event: from that time on, variables are set by formulas, all at once."""
        event = self.model.createEvent()
        event.setId(name)
        event.setUseValuesFromTriggerTime(True)
        trigger = event.createTrigger()
        trigger.setInitialValue(False)
        trigger.setPersistent(True)
        trigger.setMath(self._math(f"time >= {time}"))
        for variable, formula in sets.items():
            assignment = event.createEventAssignment()
            assignment.setVariable(variable)
            assignment.setMath(self._math(formula))

    def text(self) -> str:
        """The document as it stands."""
        return str(self.sbml.writeSBMLToString(self.document))

    def _unit_name(self, name: str) -> str:
        system = self.source.system
        if name in system.state_index:
            return system.states[system.state_index[name]].unit
        return next(e.unit for e in self.source.externals if e.wire == name)


def _qualifier(relation: str) -> str:
    return {"is": "IS", "isVersionOf": "IS_VERSION_OF", "hasTaxon": "HAS_TAXON"}[relation]


def number_text(value: float, units: str = "dimensionless") -> str:
    """A number with its unit, as the formula parser reads it."""
    text = f"{abs(value)!r} {units}"
    return text if value >= 0 else f"(-{text})"


class Formulas:
    """The equations of a model as formulas: outputs by their names, what is used twice by a label of its own."""

    def __init__(self, model: Model, unit_name: Callable[[Unit | None], str], observe: Sequence[str]) -> None:
        system = model.system
        self.graph: Graph = system.graph
        self.unit_name = unit_name
        self.names = {n: sid(n) for n in (*system.state_index, *system.parameters, *(e.wire for e in model.externals))}
        self.outputs = {wire: info.value.id for wire, info in system.outputs.items()}
        wanted = [Expression(self.graph, self.outputs[o]) for o in observe] + [s.rate for s in system.states]
        self.order = self.graph.reachable(wanted)
        self.assigned = self._assigned(observe)
        self.by_node = self._named()
        self.shared = self._shared(wanted)
        self.units = self._units(model)
        self._texts: dict[int, str] = {}

    def _assigned(self, observe: Sequence[str]) -> tuple[str, ...]:
        """The outputs that are asked for, and those that the rates rest on."""
        taken, used = set(self.names.values()), {n for n in self.order if self.graph.nodes[n][1]}
        chosen = {w for w, node in self.outputs.items() if w in observe or node in used}
        return tuple(w for w in self.outputs if w in chosen and sid(w) not in taken)

    def _named(self) -> dict[int, str]:
        """Node -> the first output that it is, where it is more than a symbol or a number."""
        found: dict[int, str] = {}
        for wire in self.assigned:
            node = self.outputs[wire]
            if self.graph.nodes[node][1]:
                found.setdefault(node, sid(wire))
        return found

    def _shared(self, wanted: Iterable[Expression]) -> dict[int, str]:
        uses = dict.fromkeys(self.order, 0)
        for node in self.order:
            for argument in self.graph.nodes[node][1]:
                uses[argument] += 1
        for expression in wanted:
            uses[expression.id] += 1
        return {n: f"v{n}" for n in self.order if uses[n] > 1 and self.graph.nodes[n][1] and n not in self.by_node}

    def _units(self, model: Model) -> dict[int, Unit | None]:
        symbols = {s.name: unit(s.unit) for s in model.system.states}
        symbols |= {e.wire: unit(e.unit) for e in model.externals}
        rows = model.rows
        symbols |= {n: unit(rows[n].unit) if n in rows else Unit(1.0) for n in model.system.parameters}
        found = infer(self.graph, [Expression(self.graph, n) for n in self.order], symbols, model.name)
        return dict(zip(self.order, found, strict=True))

    def rules(self) -> list[tuple[str, str]]:
        """(variable, formula) of every assignment, each after those that it rests on."""
        found = []
        for node in self.order:
            label = self.by_node.get(node) or self.shared.get(node)
            if label:
                found.append((label, self.formula(node)))
        named = set(self.by_node.values())
        return found + [(sid(w), self.text(self.outputs[w])) for w in self.assigned if sid(w) not in named]

    def text(self, node: int) -> str:
        """How a node is named where it is used."""
        label = self.by_node.get(node) or self.shared.get(node)
        if label:
            return label
        if node not in self._texts:
            self._texts[node] = self.formula(node)
        return self._texts[node]

    def formula(self, node: int) -> str:
        """A node in terms of what it rests on."""
        op, args, value = self.graph.nodes[node]
        if op == "symbol":
            return self.names[str(value)]
        if op == "const":
            return number_text(float(value))  # type: ignore[arg-type]
        parts = [self._argument(a, args, op) for a in args]
        if op in SIGNS:
            return f"({parts[0]} {SIGNS[op]} {parts[1]})"
        return f"(-{parts[0]})" if op == "neg" else f"{FUNCTIONS.get(op, op)}({', '.join(parts)})"

    def _argument(self, node: int, beside: tuple[int, ...], op: str) -> str:
        """An argument; a bare zero has the unit of what it is added to or compared with."""
        if op in ("add", "sub", "max", "min") and self.units[node] is None:
            known = next((self.units[b] for b in beside if self.units[b] is not None), None)
            if self.graph.nodes[node][0] == "const":
                return number_text(0.0, self.unit_name(known))
        return self.text(node)


def check_sbml(text: str, units: bool = True) -> tuple[str, ...]:
    """What libsbml finds wrong with an SBML text: errors, and unit inconsistencies if asked for."""
    libsbml = need("libsbml", "SBML")
    with quiet():
        document = libsbml.readSBMLFromString(text)
        document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, units)
        document.setConsistencyChecks(libsbml.LIBSBML_CAT_MODELING_PRACTICE, False)
        document.checkConsistency()
        found = [document.getError(i) for i in range(document.getNumErrors())]
    return tuple(f"line {e.getLine()}: {' '.join(e.getMessage().split())}" for e in found)
