"""The door: each dose enters once, wholly, and only where it makes sense."""

from collections import defaultdict

import pytest

from ketamind.biology.pharmacokinetics import (
    CODRUGS,
    DRUGS,
    ROUTES,
    entries,
    externals,
    molar_mass,
    pharmacokinetics,
)
from ketamind.declare import Model, shipped_table
from ketamind.errors import BadValue, UnknownName

PAIRS = [(d, r, s) for d, data in DRUGS.items() for r in data.routes for s in ("human", "mouse") if s in data.species]
PAIRS = [(d, r, s) for d, r, s in PAIRS if r != "ip" or s != "human"]


@pytest.mark.parametrize(("drug", "route", "species"), PAIRS)
def test_every_entry_exists_in_the_model_that_its_drug_and_route_call_for(drug, route, species):
    components = pharmacokinetics([(drug, route)])
    model = Model("dose", components, shipped_table(species), externals(components))
    states = set(model.system.state_index)
    wires = {e.wire for e in model.system.externals}
    for entry in entries(drug, route, species, 84.0):
        assert entry.target in (states if entry.kind == "jump" else wires)
        if entry.duration:
            assert model.table.row(entry.duration).unit == "h"


@pytest.mark.parametrize(("drug", "route", "species"), PAIRS)
def test_the_parts_of_a_dose_make_the_whole(drug, route, species):
    totals = defaultdict(float)
    for entry in entries(drug, route, species, 84.0):
        if "released" not in entry.target:
            totals[entry.moiety] += entry.fraction
    assert sum(totals.values()) == pytest.approx(1.0)
    assert dict(totals) == pytest.approx(dict(DRUGS[drug].moieties))


def test_a_racemate_is_half_of_each_enantiomer():
    shares = {e.moiety: e.fraction for e in entries("ketamine", "iv")}
    assert shares == {"s_ketamine": 0.5, "r_ketamine": 0.5}


def test_only_the_first_28_mg_of_a_nasal_dose_count_as_the_first_device():
    found = {e.target: e.fraction for e in entries("esketamine", "in", "human", 84.0)}
    assert found["nasal_s_ketamine.N_1"] == pytest.approx(1 / 3)
    assert found["nasal_s_ketamine.N_2"] == pytest.approx(2 / 3)
    assert "nasal_s_ketamine.N_2" not in {e.target for e in entries("esketamine", "in", "human", 28.0)}


def test_an_infusion_enters_as_steps():
    for route in ("iv", "sc", "im", "po"):
        assert {e.kind for e in entries("ketamine", route, infused=True)} == {"step"}


def test_a_dose_as_hydrochloride_holds_less_base():
    assert molar_mass("ketamine") / molar_mass("ketamine_hcl") == pytest.approx(0.867, abs=5e-4)
    assert molar_mass("s_norketamine") == molar_mass("norketamine") == 223.70
    assert molar_mass("r_hydroxynorketamine") == molar_mass("hnk_2r6r")


def test_no_drug_needs_no_mechanism():
    assert entries("saline", "iv") == ()
    assert pharmacokinetics([("saline", "iv"), ("placebo", "po")]) == ()


@pytest.mark.parametrize("drug", CODRUGS)
def test_a_codrug_gives_its_effect(drug):
    components = pharmacokinetics([(drug, "po")])
    model = Model("codrug", components, shipped_table(), externals(components))
    assert f"effect_{drug}" in model.system.outputs
    assert entries(drug, "po")[0].unit == "dose"


def test_a_wrong_word_is_named_with_the_nearest_known_one():
    with pytest.raises(UnknownName, match=r"'ketamin' is not a drug\. Did you mean 'ketamine'"):
        entries("ketamin", "iv")
    with pytest.raises(UnknownName, match="'rectal' is not a route"):
        entries("ketamine", "rectal")


def test_pairs_that_make_no_sense_are_refused_with_the_reason():
    with pytest.raises(BadValue, match="for rodents, not for human"):
        entries("ketamine", "ip", "human")
    with pytest.raises(BadValue, match="in-vitro"):
        entries("ketamine", "bath", "rodent_slice")
    with pytest.raises(BadValue, match="no pharmacokinetics of mk801 in human"):
        entries("mk801", "iv", "human")
    with pytest.raises(BadValue, match="no data on memantine by route 'in'"):
        entries("memantine", "in", "human")


def test_every_route_has_words():
    assert {r for d in DRUGS.values() for r in d.routes} <= set(ROUTES)
