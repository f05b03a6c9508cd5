"""An SBML model as a mechanism of this one, in the place of another, by name.

Carried: species with their reactions, rate and assignment rules, constants with units. What the SBML calls like a wire
of the model is that wire: a variable with a rule or a reaction is an output, a variable without one is an input (so
`input_s_ketamine` takes the infusion). Everything is turned to h, umol and L; units are checked twice, by libsbml in
the file and by the wiring here, and what declares no unit is refused.

Not carried, and refused by name: events, algebraic rules, delays, use of time, compartments that change, constraints,
conditions (piecewise), packages. Lost: annotations, display units, ranges of values.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from ketamind import __version__
from ketamind.declare import Component, Input, Model, Output, Parameter, Row, State
from ketamind.declare.units import Unit, unit
from ketamind.errors import BadFile, KetamindError, unknown_name
from ketamind.exchange.extras import need, quiet
from ketamind.protocols import Patient, Protocol, parse_population, parse_protocol
from ketamind.simulation import Run
from ketamind.simulation.populations import typical_patient
from ketamind.simulation.simulate import (
    as_run,
    check_observables,
    parameter_hash,
    prepare,
    solve_patients,
    time_grid,
)

LARGEST_BYTES = 20_000_000
MOST_STATES = 1_000
OURS = {
    "[substance]": ("umol", Fraction(1)),
    "[time]": ("h", Fraction(1)),
    "[length]": ("L", Fraction(1, 3)),
    "[mass]": ("kg", Fraction(1)),
    "[current]": ("ampere", Fraction(1)),
    "[temperature]": ("kelvin", Fraction(1)),
}
"""Base dimension -> the unit of one coherent system, and the power of that unit it is (a length is L^(1/3))."""

BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "minus": lambda a, b: a - b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
}
UNARY: Mapping[str, Callable[[Any], Any]] = {
    "minus": lambda a: -a,
    "exp": np.exp,
    "ln": np.log,
    "abs": np.absolute,
    "tanh": np.tanh,
    "root": np.sqrt,
}
MANY: Mapping[str, Callable[[Any, Any], Any]] = {
    "plus": lambda a, b: a + b,
    "times": lambda a, b: a * b,
    "max": np.maximum,
    "min": np.minimum,
}
CONSTANTS = {"pi": np.pi, "exponentiale": np.e}
CONVERSIONS = ("expandFunctionDefinitions", "promoteLocalParameters", "expandInitialAssignments")


@dataclass(frozen=True)
class Quantity:
    """Something in the SBML model: its identifier, our unit for it, and its value there in our unit."""

    id: str
    unit: str
    value: float
    meaning: str


@dataclass(frozen=True)
class Imported:
    """An SBML model as a mechanism, with the rows of the table that its constants need."""

    component: Component
    rows: Mapping[str, Row]


def read_sbml(path: "str | Path", name: str = "") -> Imported:
    """The mechanism in an SBML file.

    Raises BadFile naming file, line or element; MissingExtra without python-libsbml.
    """
    place = Path(path)
    try:
        if place.stat().st_size > LARGEST_BYTES:
            raise BadFile(f"'{place.name}' has {place.stat().st_size:,} bytes; at most {LARGEST_BYTES:,} are read.")
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        raise BadFile(f"'{place}' cannot be read as SBML ({problem}).") from None
    return parse_sbml(text, name or place.stem, f"'{place.name}'")


def parse_sbml(text: str, name: str, where: str = "the SBML text") -> Imported:
    """The mechanism in an SBML text. Raises as `read_sbml`."""
    libsbml = need("libsbml", "SBML")
    with quiet():
        document = libsbml.readSBMLFromString(text)
        _refuse_faults(libsbml, document, where)
        _refuse_elements(document.getModel(), where)
        for conversion in CONVERSIONS:
            options = libsbml.ConversionProperties()
            options.addOption(conversion, True)
            if document.convert(options) != libsbml.LIBSBML_OPERATION_SUCCESS:
                raise BadFile(f"{where}: {conversion} is not possible; write the values out.")
        return Reader(libsbml, document, name, where).imported()


def _refuse_faults(libsbml: Any, document: Any, where: str) -> None:
    """Whatever libsbml calls an error, and units that do not agree."""
    if document.getModel() is None or document.getNumErrors(libsbml.LIBSBML_SEV_FATAL):
        fault = document.getError(0)
        raise BadFile(f"{where}, line {fault.getLine()}: {_plainly(fault)}" if fault else f"{where} holds no model.")
    _refuse_undeclared(document.getModel(), where)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_MODELING_PRACTICE, False)
    document.checkConsistency()
    bare = {libsbml.UndeclaredUnits}  # numbers in equations: the wiring judges them
    for i in range(document.getNumErrors()):
        fault = document.getError(i)
        unit_fault = fault.getCategory() == libsbml.LIBSBML_CAT_UNITS_CONSISTENCY and fault.getErrorId() not in bare
        if fault.getSeverity() >= libsbml.LIBSBML_SEV_ERROR or unit_fault:
            raise BadFile(f"{where}, line {fault.getLine()}: {_plainly(fault)}")


def _plainly(fault: Any) -> str:
    """What libsbml says of this file, without the rule that it cites first."""
    words = " ".join(fault.getMessage().split())
    own = re.sub(r"^ ?L\dV\d Section [\d.]+ ?", "", words.partition("Reference:")[2])
    return (own or words)[:300]


def _refuse_undeclared(model: Any, where: str) -> None:
    for part in model.getListOfParameters():
        if not part.isSetUnits():
            raise BadFile(f"{where}: parameter '{part.getId()}' declares no unit (dimensionless is one).")


def _refuse_elements(model: Any, where: str) -> None:
    """What a mechanism cannot say."""
    refused = {
        "event": model.getNumEvents(),
        "constraint": model.getNumConstraints(),
        "algebraic rule": sum(r.isAlgebraic() for r in model.getListOfRules()),
    }
    for what, count in refused.items():
        if count:
            raise BadFile(f"{where}: the model has {count} {what}{'s' if count > 1 else ''}, which cannot be imported.")
    for compartment in model.getListOfCompartments():
        if not compartment.getConstant() or not compartment.isSetSize():
            raise BadFile(f"{where}: compartment '{compartment.getId()}' must be constant and have a size.")
    if len(model.getListOfSpecies()) + len(model.getListOfRules()) > MOST_STATES:
        raise BadFile(f"{where}: the model has more than {MOST_STATES} species and rules.")


class Reader:
    """An SBML model being read."""

    def __init__(self, libsbml: Any, document: Any, name: str, where: str) -> None:
        self.sbml, self.name, self.where = libsbml, name, where
        self.document, self.model = document, document.getModel()  # the document owns the model: keep both
        self.rules = {r.getVariable(): r for r in self.model.getListOfRules()}
        self.rule_math, self.law_math = _equations(libsbml.writeSBMLToString(document))
        self.species = {s.getId(): s for s in self.model.getListOfSpecies()}
        self.changes = self._reactions()
        self.known: dict[str, Quantity] = {}
        for part in (*self.model.getListOfCompartments(), *self.species.values(), *self.model.getListOfParameters()):
            self.known[part.getId()] = self._quantity(part)

    def imported(self) -> Imported:
        """The mechanism and its rows."""
        states = tuple(i for i in self.known if self._moves(i))
        assigned = tuple(i for i in self.known if i in self.rules and self.rules[i].isAssignment())
        inputs = tuple(i for i in self.known if self._is_input(i))
        constants = tuple(i for i in self.known if i not in (*states, *assigned, *inputs))
        rows = {self._row(i): _row(self._row(i), self.known[i], self.where) for i in constants}
        formulas = {i: self._formula(i) for i in states} | {i: self._assignment(i) for i in assigned}
        component = Component(
            name=self.name,
            summary=self.model.getName() or f"imported from {self.where}",
            inputs=tuple(Input(i, self.known[i].unit, self.known[i].meaning, absent=self._absent(i)) for i in inputs),
            states=tuple(State(i, self.known[i].unit, self.known[i].meaning, self.known[i].value) for i in states),
            parameters=tuple(Parameter(i, self.known[i].unit, self.known[i].meaning, self._row(i)) for i in constants),
            outputs=tuple(Output(i, self.known[i].unit, self.known[i].meaning) for i in (*states, *assigned)),
            rates=_rates(states, assigned, formulas),
            readout=_readout(states, assigned, formulas),
            source=self.where,
        )
        return Imported(component, rows)

    def _row(self, identifier: str) -> str:
        return f"{self.name}.{identifier}"

    def _moves(self, identifier: str) -> bool:
        rule = self.rules.get(identifier)
        reacts = identifier in self.changes and not self.species[identifier].getBoundaryCondition()
        return reacts or (rule is not None and rule.isRate())

    def _is_input(self, identifier: str) -> bool:
        """A variable that nothing in the file sets."""
        part = self.model.getElementBySId(identifier)
        free = identifier not in self.rules and not self._moves(identifier)
        return (
            free
            and identifier not in {c.getId() for c in self.model.getListOfCompartments()}
            and not part.getConstant()
        )

    def _absent(self, identifier: str) -> float | None:
        value = self.known[identifier].value
        return value if np.isfinite(value) else None

    def _quantity(self, part: Any) -> Quantity:
        identifier = part.getId()
        measure = self._unit(part)
        ours = our_unit(measure)
        return Quantity(
            identifier,
            ours,
            self._value(part) * measure.scale / unit(ours).scale,
            part.getName() or identifier,
        )

    def _unit(self, part: Any) -> Unit:
        definition = part.getDerivedUnitDefinition()
        if definition is None or (definition.getNumUnits() == 0 and part.getTypeCode() != self.sbml.SBML_PARAMETER):
            raise BadFile(f"{self.where}: '{part.getId()}' declares no unit; set those of substance and volume.")
        if part.getTypeCode() == self.sbml.SBML_SPECIES and part.getHasOnlySubstanceUnits():
            definition = self._substance(part)
        return self._measure(definition, part.getId())

    def _substance(self, species: Any) -> Any:
        name = species.getSubstanceUnits() or self.model.getSubstanceUnits()
        found = self.model.getUnitDefinition(name)
        if found is not None:
            return found
        made = self.sbml.UnitDefinition(self.document.getLevel(), self.document.getVersion())
        part = made.createUnit()
        part.setKind(self.sbml.UnitKind_forName(name))
        part.setExponent(1)
        part.setScale(0)
        part.setMultiplier(1.0)
        return made

    def _measure(self, definition: Any, identifier: str) -> Unit:
        total = Unit(1.0)
        for part in (definition.getUnit(i) for i in range(definition.getNumUnits())):
            kind = self.sbml.UnitKind_toString(part.getKind())
            plain = "1" if kind in ("dimensionless", "item") else kind
            if kind == "(Invalid UnitKind)":
                raise BadFile(f"{self.where}: the unit of '{identifier}' is not known.")
            scale = part.getMultiplier() * 10.0 ** part.getScale()
            total = total * Unit(unit(plain).scale * scale, unit(plain).dimensions) ** part.getExponentAsDouble()
        return total

    def _value(self, part: Any) -> float:
        """Amount of a species that is an amount, concentration of one that is a concentration; size; value."""
        if part.getTypeCode() == self.sbml.SBML_COMPARTMENT:
            return float(part.getSize())
        if part.getTypeCode() == self.sbml.SBML_PARAMETER:
            return float(part.getValue()) if part.isSetValue() else float("nan")
        size = self.model.getCompartment(part.getCompartment()).getSize()
        if part.getHasOnlySubstanceUnits():
            return float(
                part.getInitialAmount() if part.isSetInitialAmount() else part.getInitialConcentration() * size
            )
        return float(
            part.getInitialConcentration() if part.isSetInitialConcentration() else part.getInitialAmount() / size
        )

    def _reactions(self) -> dict[str, list[tuple[float, Any]]]:
        """Species -> (stoichiometry, kinetic law) of every reaction that makes or uses it."""
        found: dict[str, list[tuple[float, Any]]] = {}
        for reaction in self.model.getListOfReactions():
            math = self.law_math.get(reaction.getId())
            if math is None:
                raise BadFile(f"{self.where}: reaction '{reaction.getId()}' has no kinetic law.")
            for sign, many in ((-1.0, reaction.getListOfReactants()), (1.0, reaction.getListOfProducts())):
                for one in many:
                    amount = one.getStoichiometry() if one.isSetStoichiometry() else 1.0
                    found.setdefault(one.getSpecies(), []).append((sign * amount, math))
        return found

    def _formula(self, identifier: str) -> Callable[[Any], Any]:
        """The rate of a state."""
        rule = self.rules.get(identifier)
        if rule is not None:
            return self._assignment(identifier)
        species = self.species[identifier]
        terms = [(amount, self._math(math, identifier)) for amount, math in self.changes[identifier]]
        volume = None if species.getHasOnlySubstanceUnits() else species.getCompartment()

        def rate(values: Any) -> Any:
            total = sum(amount * term(values) for amount, term in terms)
            return total if volume is None else total / getattr(values, volume)

        return rate

    def _assignment(self, identifier: str) -> Callable[[Any], Any]:
        math = self.rule_math.get(identifier)
        if math is None:
            raise BadFile(f"{self.where}: the rule of '{identifier}' has no equation.")
        return self._math(math, identifier)

    def _math(self, node: Element, owner: str) -> Callable[[Any], Any]:
        """An equation in MathML as a function of everything by identifier."""
        tag = _tag(node)
        if tag == "cn":
            return self._number(node, owner)
        if tag in CONSTANTS:
            return lambda values: CONSTANTS[tag]
        if tag == "ci":
            return self._name((node.text or "").strip(), owner)
        if tag != "apply" or not len(node):
            raise self._cannot(tag, owner)
        operation, *arguments = node
        if _tag(operation) == "root" and len(arguments) == 2:
            arguments = self._square(arguments, owner)
        return self._apply(_tag(operation), [self._math(a, owner) for a in arguments], owner)

    def _apply(self, operation: str, parts: list[Callable[[Any], Any]], owner: str) -> Callable[[Any], Any]:
        if operation in MANY and parts:
            join = MANY[operation]
            return lambda v: _joined(join, [p(v) for p in parts])
        if operation in BINARY and len(parts) == 2:
            both = BINARY[operation]
            return lambda v: both(parts[0](v), parts[1](v))
        if operation in UNARY and len(parts) == 1:
            one = UNARY[operation]
            return lambda v: one(parts[0](v))
        raise self._cannot(operation, owner)

    def _square(self, arguments: list[Element], owner: str) -> list[Element]:
        """What stands under a root of degree 2."""
        degree = arguments[0]
        if _tag(degree) != "degree" or (degree[0].text or "").strip() not in ("2", "2.0"):
            raise self._cannot("root of another degree than 2", owner)
        return arguments[1:]

    def _name(self, name: str, owner: str) -> Callable[[Any], Any]:
        if name not in self.known:
            raise BadFile(f"{self.where}: the equation of '{owner}' uses '{name}', which is no quantity here.")
        return lambda values: getattr(values, name)

    def _cannot(self, what: str, owner: str) -> BadFile:
        told = "time or another csymbol" if what == "csymbol" else f"'{what}'"
        return BadFile(f"{self.where}: the equation of '{owner}' uses {told}, which a mechanism cannot say.")

    def _number(self, node: Element, owner: str) -> Callable[[Any], Any]:
        parts = [float(t) for t in node.itertext() if t.strip()]
        kind = node.get("type", "real")
        joined = {"e-notation": lambda a, b: a * 10.0**b, "rational": lambda a, b: a / b}
        value = joined[kind](*parts) if kind in joined and len(parts) == 2 else parts[0]
        units = next((v for k, v in node.items() if k.endswith("}units")), "dimensionless")
        if units != "dimensionless" and value != 0:
            raise BadFile(
                f"{self.where}: the equation of '{owner}' holds the number {value:g} {units}; make it a parameter."
            )
        return lambda values: value


def _tag(node: Element) -> str:
    return node.tag.rpartition("}")[2]


def _equations(text: str) -> tuple[dict[str, Element], dict[str, Element]]:
    """The MathML of each rule by its variable, and of each kinetic law by its reaction.

    Read from the text: the library's own trees change their class once its sister for SED-ML is loaded.
    """
    rules: dict[str, Element] = {}
    laws: dict[str, Element] = {}
    for node in ElementTree.fromstring(text).iter():
        math = next((c for c in node if _tag(c) == "math"), None)
        if _tag(node) in ("rateRule", "assignmentRule") and math is not None and len(math):
            rules[node.get("variable", "")] = math[0]
        if _tag(node) == "reaction":
            law = next((c for c in node if _tag(c) == "kineticLaw"), None)
            inner = None if law is None else next((c for c in law if _tag(c) == "math"), None)
            if inner is not None and len(inner):
                laws[node.get("id", "")] = inner[0]
    return rules, laws


def _joined(join: Callable[[Any, Any], Any], values: Sequence[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = join(total, value)
    return total


def _row(name: str, given: Quantity, where: str) -> Row:
    if not np.isfinite(given.value):
        raise BadFile(f"{where}: '{given.id}' is constant and has no value.")
    return Row(
        id=name,
        value=given.value,
        unit=given.unit,
        low=given.value,
        high=given.value,
        between=0.0,
        spread="fixed",
        species="any",
        meaning=given.meaning,
        conditions="",
        source=where,
        verified="none",
        note="imported from SBML",
    )


Formulas = Mapping[str, Callable[[Any], Any]]


def _all(u: Any, x: Any, p: Any, assigned: Sequence[str], formulas: Formulas) -> SimpleNamespace:
    """Every quantity by identifier, assigned ones computed in the order in which they can be."""
    values = SimpleNamespace(**vars(p), **vars(u), **vars(x))
    left = list(assigned)
    while left:
        before = len(left)
        for name in tuple(left):
            try:
                setattr(values, name, formulas[name](values))
            except AttributeError:
                continue
            left.remove(name)
        if len(left) == before:
            raise BadFile(f"the rules of {', '.join(left)} rest on each other in a circle.")
    return values


def _rates(
    states: Sequence[str], assigned: Sequence[str], formulas: Formulas
) -> Callable[[Any, Any, Any], dict[str, Any]]:
    def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
        values = _all(u, x, p, assigned, formulas)
        return {name: formulas[name](values) for name in states}

    return rates


def _readout(
    states: Sequence[str], assigned: Sequence[str], formulas: Formulas
) -> Callable[[Any, Any, Any], dict[str, Any]]:
    def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
        values = _all(u, x, p, assigned, formulas)
        return {name: getattr(values, name) for name in (*states, *assigned)}

    return readout


def our_unit(measure: Unit) -> str:
    """The unit of the coherent system (h, umol, L, kg) in which a quantity of that dimension is kept.

    >>> our_unit(unit("nmol/mL")), our_unit(unit("L/min"))
    ('umol*L**-1', 'L*h**-1')
    """
    parts = []
    for dimension, power in sorted(measure.dimensions, key=lambda d: list(OURS).index(d[0]) if d[0] in OURS else 99):
        if dimension not in OURS:
            raise BadFile(f"a quantity of dimension {dimension} cannot be imported.")
        name, share = OURS[dimension]
        exponent = power * share
        parts.append(name if exponent == 1 else f"{name}**{_plain(exponent)}")
    parts.sort(key=lambda p: ("**-" in p, list("uLhka").index(p[0])))
    return "*".join(parts) or "1"


def _plain(exponent: Fraction) -> str:
    return str(exponent) if exponent.denominator == 1 else f"({exponent})"


def replace_stage(model: Model, imported: Imported, stage: str = "") -> Model:
    """The model with an imported mechanism in the place of a stage, mechanism or component of that name.

    A stage is a folder of the chain (pharmacokinetics, receptors, circuit, plasticity, readouts). Without a name the
    components go that provide what the import does. Raises UnknownName for a stage that is not there, ModelError or
    UnitMismatch if what is left cannot be wired.
    """
    gone = _replaced(model, imported.component, stage)
    outside = {e.wire for e in model.externals}
    kept = tuple(c for c in model.components if c not in gone)
    rows = {**model.table.rows, **{(name, "any"): row for name, row in imported.rows.items()}}
    provided = {o.wire or o.symbol for c in kept for o in c.outputs}
    wired = {o.wire or o.symbol for c in gone for o in c.outputs} - provided
    component = _only_wires(imported.component, wired, provided | outside)
    changed = replace(
        model,
        components=(component, *kept),
        table=replace(model.table, rows=rows),
        values={n: v for n, v in model.values.items() if n in _rows_of((component, *kept))},
        _system=[],
    )
    changed.system  # noqa: B018 - wires and checks units now, where the import can be named
    return changed


def simulate_with_sbml(
    protocol: "str | Protocol",
    path: "str | Path",
    stage: str = "",
    days: float = 14.0,
    *,
    patient: "Patient | str | None" = None,
    observe: Sequence[str] = (),
) -> Run:
    """A run of the chain in one typical patient, with the SBML model of a file in the place of a stage.

    Raises what `read_sbml`, `replace_stage` and `simulate` raise.
    """
    given = parse_protocol(protocol) if isinstance(protocol, str) else protocol
    who = parse_population(patient) if isinstance(patient, str) else (patient or Patient())
    imported = read_sbml(path)
    prepared = prepare(given, who)
    model = replace_stage(prepared.model, imported, stage)
    if "patient.weight" not in model.defaults:
        given = _for_weight(given, typical_patient(who, prepared.model), prepared.model.defaults["patient.weight"])
    changed = replace(prepared, model=model, acute={n: v for n, v in prepared.acute.items() if n in model.defaults})
    times = time_grid(given, days * 24)
    names = tuple(observe) or tuple(model.system.outputs)
    check_observables(names, model)
    solution = solve_patients(changed, given, typical_patient(who, model), 1, times, names)
    facts = {
        "version": __version__,
        "protocol": given.words(),
        "patient": who.words(),
        "patients": 1,
        "seed": 0,
        "model": model.name,
        "imported": f"{Path(path).name} in the place of {stage or 'what it provides'}",
        "parameters": parameter_hash(model),
    }
    return as_run(solution, model, times, names, facts)


def _for_weight(protocol: Protocol, typical: Mapping[str, Any], usual: float) -> Protocol:
    """The same doses in all, not per kg, where no mechanism is left that knows the weight."""
    weight = float(typical.get("patient.weight", [usual])[0])
    doses = (
        replace(d, amount=d.amount * weight, unit=d.unit.replace("/kg", "")) if "/kg" in d.unit else d for d in protocol
    )
    return Protocol(tuple(doses))


def _rows_of(components: Sequence[Component]) -> set[str]:
    switches = {f"on.{c.mechanism}" for c in components if c.mechanism}
    return {q.row for c in components for q in c.parameters} | switches


def _replaced(model: Model, component: Component, stage: str) -> tuple[Component, ...]:
    if not stage:
        outputs = {o.wire or o.symbol for o in component.outputs}
        found = tuple(c for c in model.components if outputs & {o.wire or o.symbol for o in c.outputs})
    else:
        found = tuple(c for c in model.components if stage in (c.name, c.mechanism, _folder(c)))
    if not found:
        known = {name for c in model.components for name in (c.name, c.mechanism, _folder(c)) if name}
        if stage:
            raise unknown_name(stage, "a stage, mechanism or component of this model", known)
        raise KetamindError(
            f"'{component.name}' provides nothing that the model knows; it has {', '.join(sorted(outputs))}. "
            "Call its variables like wires of the model, or name the stage it replaces."
        )
    return found


def _folder(component: Component) -> str:
    parts = component.file.split("/")
    return parts[1] if parts[0] == "biology" and len(parts) > 2 else ""


def _only_wires(component: Component, wanted: set[str], taken: set[str]) -> Component:
    """The component with what others read under the wire's name, and everything else under its own."""
    outputs = tuple(
        o if o.symbol in wanted else replace(o, wire=f"{component.name}_{o.symbol}" if o.symbol in taken else o.symbol)
        for o in component.outputs
    )
    return replace(component, outputs=outputs)
