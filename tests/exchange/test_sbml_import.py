"""SBML models as mechanisms: the same curves as before where they say the same, one message where they cannot."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamind.biology.chain import chain
from ketamind.declare import External, Model, Table, shipped_table
from ketamind.engine import Batch, Options, Schedule, Step, solve
from ketamind.errors import BadFile, KetamindError
from ketamind.exchange.sbml_import import parse_sbml, read_sbml, replace_stage, simulate_with_sbml
from ketamind.protocols import Patient

pytest.importorskip("libsbml")

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
<model id="m" timeUnits="{time}" substanceUnits="nmol" volumeUnits="millilitre" extentUnits="nmol">
<listOfUnitDefinitions>
<unitDefinition id="hour"><listOfUnits><unit kind="second" exponent="1" scale="0" multiplier="3600"/></listOfUnits></unitDefinition>
<unitDefinition id="minute"><listOfUnits><unit kind="second" exponent="1" scale="0" multiplier="60"/></listOfUnits></unitDefinition>
<unitDefinition id="nmol"><listOfUnits><unit kind="mole" exponent="1" scale="-9" multiplier="1"/></listOfUnits></unitDefinition>
<unitDefinition id="millilitre"><listOfUnits><unit kind="litre" exponent="1" scale="-3" multiplier="1"/></listOfUnits></unitDefinition>
<unitDefinition id="per_time"><listOfUnits><unit kind="second" exponent="-1" scale="0" multiplier="{seconds}"/></listOfUnits></unitDefinition>
<unitDefinition id="flow"><listOfUnits><unit kind="litre" exponent="1" scale="-3" multiplier="1"/><unit kind="second" exponent="-1" scale="0" multiplier="{seconds}"/></listOfUnits></unitDefinition>
<unitDefinition id="amount_rate"><listOfUnits><unit kind="mole" exponent="1" scale="-9" multiplier="1"/><unit kind="second" exponent="-1" scale="0" multiplier="{seconds}"/></listOfUnits></unitDefinition>
<unitDefinition id="concentration"><listOfUnits><unit kind="mole" exponent="1" scale="-9" multiplier="1"/><unit kind="litre" exponent="-1" scale="-3" multiplier="1"/></listOfUnits></unitDefinition>
</listOfUnitDefinitions>
"""  # noqa: E501
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'
ONE_COMPARTMENT = (
    HEAD.format(time="minute", seconds=60)
    + """<listOfCompartments><compartment id="plasma" spatialDimensions="3" size="20000" units="millilitre" constant="true"/></listOfCompartments>
<listOfSpecies>
<species id="arterial_s_ketamine" compartment="plasma" initialConcentration="0" substanceUnits="nmol" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/>
</listOfSpecies>
<listOfParameters>
<parameter id="CL" value="1000" units="flow" constant="true"/>
<parameter id="input_s_ketamine" value="0" units="amount_rate" constant="false"/>
</listOfParameters>
<listOfReactions>
<reaction id="infusion" reversible="false"><listOfProducts><speciesReference species="arterial_s_ketamine" stoichiometry="1" constant="true"/></listOfProducts>
<kineticLaw>{math}<ci>input_s_ketamine</ci></math></kineticLaw></reaction>
<reaction id="elimination" reversible="false"><listOfReactants><speciesReference species="arterial_s_ketamine" stoichiometry="1" constant="true"/></listOfReactants>
<kineticLaw>{math}<apply><times/><ci>CL</ci><ci>arterial_s_ketamine</ci></apply></math></kineticLaw></reaction>
</listOfReactions></model></sbml>"""  # noqa: E501
).replace("{math}", MATH)
BRAIN = (
    HEAD.format(time="hour", seconds=3600)
    + """<listOfParameters>
<parameter id="held" value="0" units="concentration" constant="false"/>
<parameter id="brain_unbound_s_ketamine" units="concentration" constant="false"/>
<parameter id="brain_total_s_ketamine" units="concentration" constant="false"/>
<parameter id="csf_s_ketamine" units="concentration" constant="false"/>
<parameter id="arterial_s_ketamine" units="concentration" constant="false"/>
<parameter id="k_e0" value="{k_e0}" units="per_time" constant="true"/>
<parameter id="share" value="{share}" units="dimensionless" constant="true"/>
<parameter id="V_u" value="{V_u}" units="dimensionless" constant="true"/>
</listOfParameters>
<listOfRules>
<rateRule variable="held">{math}<apply><times/><ci>k_e0</ci><apply><minus/><apply><times/><ci>share</ci><ci>arterial_s_ketamine</ci></apply><ci>held</ci></apply></apply></math></rateRule>
<assignmentRule variable="brain_unbound_s_ketamine">{math}<ci>held</ci></math></assignmentRule>
<assignmentRule variable="csf_s_ketamine">{math}<ci>brain_unbound_s_ketamine</ci></math></assignmentRule>
<assignmentRule variable="brain_total_s_ketamine">{math}<apply><times/><ci>V_u</ci><ci>csf_s_ketamine</ci></apply></math></assignmentRule>
</listOfRules></model></sbml>"""  # noqa: E501
).replace("{math}", MATH)
INFUSED = Schedule(steps=tuple(Step(0.0, 0.5, f"input_{e}_ketamine", 100.0) for e in ("r", "s")))
EXAMPLE = Path(__file__).parents[2] / "examples" / "one_compartment.xml"
TIMES = np.linspace(0, 8, 33)


def brain_sbml() -> str:
    row = shipped_table().row
    return BRAIN.format(
        k_e0=row("ketamine.k_e0").value,
        V_u=row("ketamine.V_u").value,
        share=row("ketamine.f_u").value * row("ketamine.K_puu").value,
    )


def curves(model: Model, names: list[str]) -> np.ndarray:
    values = {"patient.weight": 70.0}
    batch = Batch(TIMES, names, INFUSED, values=values)
    return solve(model, batch, Options(rtol=1e-9)).require().values[:, 0]


def test_a_mechanism_that_says_the_same_changes_nothing() -> None:
    names = ["brain_unbound_s_ketamine", "brain_total_s_ketamine", "nmda_occupancy", "rate_pyramidal", "madrs"]
    model = chain([("ketamine", "iv")])
    changed = replace_stage(model, parse_sbml(brain_sbml(), "imported_brain"))
    assert "brain_s_ketamine" not in [c.name for c in changed.components]
    assert curves(changed, names) == pytest.approx(curves(model, names), rel=2e-6, abs=1e-9)


def test_reading_works_beside_the_library_for_sed_ml() -> None:
    pytest.importorskip("libsedml")
    assert parse_sbml(brain_sbml(), "x").component.states


@pytest.mark.parametrize(
    ("math", "value"),
    [
        ("<apply><root/><cn>2.25</cn></apply>", 1.5),
        ("<apply><root/><degree><cn>2</cn></degree><cn>2.25</cn></apply>", 1.5),
        ('<cn type="e-notation">1.5<sep/>-2</cn>', 0.015),
        ('<cn type="rational">3<sep/>4</cn>', 0.75),
        ("<apply><minus/><cn>2</cn></apply>", -2.0),
        ("<apply><max/><cn>1</cn><cn>3</cn><cn>2</cn></apply>", 3.0),
        ("<apply><power/><cn>2</cn><cn>3</cn></apply>", 8.0),
        ("<apply><exp/><apply><ln/><cn>5</cn></apply></apply>", 5.0),
        ("<pi/>", np.pi),
    ],
)
def test_equations_mean_what_they_say(math: str, value: float) -> None:
    number = '<parameter id="y" units="dimensionless" constant="false"/></listOfParameters>'
    rule = f'<assignmentRule variable="y">{MATH}{math}</math></assignmentRule></listOfRules>'
    text = change(change(brain_sbml(), "</listOfParameters>", number), "</listOfRules>", rule)
    component = parse_sbml(text, "x").component
    groups = [{q.symbol: 0.5 for q in g} for g in (component.inputs, component.states, component.parameters)]
    assert component.evaluate(component.readout, *groups)["y"] == pytest.approx(value)


def test_one_compartment_in_other_units_follows_its_closed_form(tmp_path: Path) -> None:
    path = tmp_path / "one.xml"
    path.write_text(ONE_COMPARTMENT)
    imported = read_sbml(path)
    assert imported.rows["one.CL"].value == pytest.approx(60.0)
    assert imported.rows["one.CL"].unit == "L*h**-1"
    alone = Model(
        "one",
        (imported.component,),
        Table({(n, "any"): r for n, r in imported.rows.items()}),
        (External("input_s_ketamine", "umol/h", "infusion"),),
    )
    batch = Batch(TIMES, ["arterial_s_ketamine"], Schedule(steps=INFUSED.steps[1:]), rest=False)
    found = solve(alone, batch, Options(rtol=1e-9)).require()["arterial_s_ketamine"][:, 0]
    k, held = 60.0 / 20.0, 100.0 / 60.0
    during = held * (1 - np.exp(-k * np.minimum(TIMES, 0.5)))
    expected = during * np.exp(-k * np.maximum(TIMES - 0.5, 0))
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_bare_number_in_the_wrong_place_is_found_when_wired() -> None:
    rate = "<apply><times/><ci>k_e0</ci><apply><minus/>"
    text = change(brain_sbml(), rate, "<apply><plus/><cn>1</cn>" + rate)
    end = "</apply></math></rateRule>"
    text = change(text, end, "</apply>" + end)
    with pytest.raises(KetamindError, match="equation 'dheld/dt' of 'imported_brain' adds"):
        replace_stage(chain([("ketamine", "iv")]), parse_sbml(text, "imported_brain"), "brain_s_ketamine")


def test_a_run_with_an_imported_model_says_so_and_is_the_same(tmp_path: Path) -> None:
    from ketamind.simulation import simulate

    path = tmp_path / "brain.xml"
    path.write_text(brain_sbml())
    protocol = "0.5 mg/kg ketamine iv over 40 min"
    run = simulate_with_sbml(protocol, path, "brain_s_ketamine", 1, observe=["nmda_occupancy"])
    plain = simulate(protocol, 1, observe=["nmda_occupancy"])
    assert run.at("nmda_occupancy@40min") == pytest.approx(plain.at("nmda_occupancy@40min"), rel=1e-3)
    assert run.provenance["imported"] == "brain.xml in the place of brain_s_ketamine"


def test_a_pharmacokinetic_model_takes_the_whole_stage() -> None:
    dose = "0.5 mg/kg ketamine iv over 40 min"
    observe = ["venous_ketamine", "nmda_occupancy", "madrs"]
    run = simulate_with_sbml(dose, EXAMPLE, "pharmacokinetics", 2, patient=Patient(weight_kg=70), observe=observe)
    umol, volume, k = 0.5 * 70 / 237.73 * 1000, 200.0, 80.0 / 200.0
    expected = umol / (40 / 60) / (k * volume) * (1 - np.exp(-k * 40 / 60))
    assert run.at("venous_ketamine@40min")[0] == pytest.approx(expected, rel=1e-3)
    assert run.at("nmda_occupancy@40min")[0] > 0.1
    assert run.at("madrs@24h")[0] < run.at("madrs@0h")[0]


def change(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


MALFORMED = {
    "empty": ("", "the SBML text, line"),
    "truncated": (ONE_COMPARTMENT[:2000], "the SBML text, line"),
    "not SBML": ("<html></html>", "the SBML text, line"),
    "text for a number": (change(ONE_COMPARTMENT, 'value="1000"', 'value="lots"'), "the SBML text, line"),
    "unknown compartment": (change(ONE_COMPARTMENT, 'compartment="plasma"', 'compartment="blood"'), "blood"),
    "unknown species": (
        change(ONE_COMPARTMENT, "<ci>CL</ci>", "<ci>clearance</ci>"),
        "'clearance'",
    ),
    "mixed units": (change(ONE_COMPARTMENT, 'value="1000" units="flow"', 'value="1000" units="per_time"'), "line"),
    "no unit": (change(brain_sbml(), ' units="per_time"', ""), "parameter 'k_e0' declares no unit"),
    "no value": (change(brain_sbml(), f'value="{shipped_table().row("ketamine.k_e0").value}" units="per_time"',
                        'units="per_time"'), "'k_e0' is constant and has no value"),
    "no kinetic law": (
        change(ONE_COMPARTMENT, f"<kineticLaw>{MATH}<ci>input_s_ketamine</ci></math></kineticLaw>", ""),
        "reaction 'infusion' has no kinetic law",
    ),
    "a circle of rules": (
        change(brain_sbml(), "<ci>brain_unbound_s_ketamine</ci></math>", "<ci>brain_total_s_ketamine</ci></math>"),
        "the SBML text, line",
    ),
    "use of time": (
        change(
            brain_sbml(),
            f'"brain_unbound_s_ketamine">{MATH}<ci>held</ci>',
            f'"brain_unbound_s_ketamine">{MATH}<apply><times/><ci>held</ci><ci>k_e0</ci>'
            '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol></apply>',
        ),
        "the equation of 'brain_unbound_s_ketamine' uses",
    ),
    "an event": (
        change(
            brain_sbml(),
            "</listOfRules>",
            f'</listOfRules><listOfEvents><event useValuesFromTriggerTime="true"><trigger initialValue="true" '
            f'persistent="true">{MATH}<true/></math></trigger></event></listOfEvents>',
        ),
        "the model has 1 event, which cannot be imported",
    ),
    "negative size": (change(ONE_COMPARTMENT, 'size="20000" ', ""), "compartment 'plasma' must be constant"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_model_gives_one_message_with_line_or_element(text: str, message: str) -> None:
    with pytest.raises(BadFile) as caught:
        parse_sbml(text, "x")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_model_damaged_anywhere_is_read_or_refused_in_one_line(data: st.DataObject) -> None:
    text = ONE_COMPARTMENT
    place = data.draw(st.integers(400, len(text)))
    span = data.draw(st.integers(0, 60))
    junk = data.draw(st.text(alphabet='0123456789.-e <>/="abcmns', max_size=8))
    said = "read"
    try:
        parse_sbml(text[:place] + junk + text[place + span :], "x")
    except KetamindError as problem:
        said = str(problem)
    assert "\n" not in said


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.xml"
    with path.open("wb") as handle:
        handle.truncate(50_000_000)
    with pytest.raises(BadFile, match=r"huge\.xml"):
        read_sbml(path)


def test_a_stage_that_is_not_there_is_named() -> None:
    imported = parse_sbml(brain_sbml(), "imported_brain")
    with pytest.raises(KetamindError, match="'pharmakokinetics' is not a stage"):
        replace_stage(chain([("ketamine", "iv")]), imported, "pharmakokinetics")


def test_a_wire_in_another_dimension_is_a_unit_mismatch() -> None:
    per_volume = '<unitDefinition id="per_volume"><listOfUnits><unit kind="litre" exponent="-1" scale="-3" '
    per_volume += 'multiplier="1"/></listOfUnits></unitDefinition></listOfUnitDefinitions>'
    text = change(brain_sbml(), "</listOfUnitDefinitions>", per_volume)
    text = change(text, 'id="arterial_s_ketamine" units="concentration"', 'id="arterial_s_ketamine" units="nmol"')
    text = re.sub(r'(id="share" value="[^"]*") units="dimensionless"', r'\1 units="per_volume"', text)
    with pytest.raises(KetamindError, match="'arterial_s_ketamine' of 'imported_brain' is declared in umol"):
        replace_stage(chain([("ketamine", "iv")]), parse_sbml(text, "imported_brain"), "brain_s_ketamine")
