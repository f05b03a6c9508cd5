"""Manipulations: the vocabulary, strengths, and what they move."""

import csv
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ketamind
from ketamind.biology.chain import FROM_OUTSIDE
from ketamind.declare import shipped_table
from ketamind.errors import BadValue, KetamindError, UnknownName
from ketamind.protocols import drug_effects, drugs, parse_manipulation, parse_protocol
from ketamind.protocols.manipulation import rules, untouched

DATA = Path(ketamind.__file__).parent / "data"
KINDS = "block knockout knockdown mutate erase stimulate inhibit induce".split()
TARGETS = """nmda glun2a glun2b glun2c glun2d ampa vdcc bdnf trkb trkb_y433f bdnf_val66met eef2k mtorc1 erk akt
protein_synthesis mor hcn1 cyp2b6 cyp3a4 spines lateral_habenula pyramidal_activity neurogenesis serotonin
hnk_formation cyp2b6_1_6 cyp2b6_6_6 gaba_a glutamate_release mecp2_s421a""".split()
PLACES = "pv sst vip interneurons pyramidal mpfc hippocampus lhb systemic".split()


def written() -> list[str]:
    found = set()
    for path in sorted((DATA / "experiments").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as handle:
            found |= {row["manipulation"] for row in csv.DictReader(handle)}
    return sorted(found - {""})


def test_the_whole_vocabulary_is_known() -> None:
    assert {kind for kind, _, _ in rules()} == set(KINDS)
    assert {target for _, target, _ in rules()} == set(TARGETS)
    assert {place for _, _, place in rules()} == set(PLACES)


@pytest.mark.parametrize("text", written())
def test_every_manipulation_of_the_evidence_moves_something(text: str) -> None:
    effects = parse_manipulation(text)
    assert effects.values or effects.steps


@pytest.mark.parametrize("rule", rules().values(), ids=lambda r: r.words)
def test_each_rule_has_an_agent_and_a_strength_and_does_nothing_at_zero(rule) -> None:
    assert rule.agent
    assert 0 < rule.strength <= 1
    nothing = parse_manipulation(f"{rule.words}=0")
    assert all(value == untouched()[name] for name, value in nothing.values.items())
    assert all(step.value == 0 for step in nothing.steps)


@pytest.mark.parametrize("found", drugs().values(), ids=lambda d: d.name)
def test_the_action_of_each_drug_is_in_the_vocabulary(found) -> None:
    for route in found.routes:
        effects = parse_manipulation(found.action(route))
        assert bool(effects.values or effects.steps) == bool(found.action(route))


@pytest.mark.parametrize("species", ["human", "mouse", "rat"])
def test_every_parameter_that_is_moved_stands_in_the_tables_at_its_untouched_value(species: str) -> None:
    table = shipped_table(species)
    assert {name: table.row(name).value for name in untouched()} == untouched()


def test_every_step_has_a_wire_of_the_chain() -> None:
    wires = {setting.step.wire for rule in rules().values() for setting in rule.settings if setting.step}
    assert wires <= {external.wire for external in FROM_OUTSIDE}


def test_places_choose_the_cells() -> None:
    assert set(parse_manipulation("block:nmda@pv").values) == {"manipulation.block_nmda_pv"}
    assert set(parse_manipulation("block:nmda@lhb").values) == {"manipulation.block_nmda_lhb"}
    assert len(parse_manipulation("knockdown:glun2b@interneurons").values) == 3
    assert parse_manipulation("block:mtorc1@mpfc") == parse_manipulation("block:mtorc1")


def test_the_stronger_of_two_counts() -> None:
    assert parse_manipulation("block:ampa=0.3+knockdown:ampa=0.6").values["manipulation.block_ampa"] == 0.6
    genotype = parse_manipulation("mutate:cyp2b6_6_6 + mutate:cyp2b6_1_6")
    assert genotype == parse_manipulation("mutate:cyp2b6_6_6")


def test_drugs_of_a_protocol_act() -> None:
    protocol = parse_protocol("10 mg/kg nbqx ip at -30 min + 10 mg/kg ketamine ip")
    assert dict(drug_effects(protocol).values) == {"manipulation.block_ampa": 0.9}
    assert drug_effects(parse_protocol("0 mg placebo po + 0.5 mg/kg ketamine iv")).values == {}
    local = parse_protocol("1 ug muscimol local at -30 min + 10 mg/kg ketamine ip")
    assert [step.wire for step in drug_effects(local).steps] == ["stimulate_pyramidal"]


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("blok:ampa", UnknownName, "Did you mean 'block'"),
        ("block:mtorc", UnknownName, "Did you mean 'mtorc1'"),
        ("block:nmda@pvv", UnknownName, "Did you mean 'pv'"),
        ("block:vdcc@pv", BadValue, "Of vdcc it can do: block:vdcc"),
        ("induce:ampa", BadValue, "no part for induce:ampa"),
        ("block:ampa=2", BadValue, "from 0 to 1"),
        ("block:ampa=-1", BadValue, "from 0 to 1"),
        ("block:ampa=nan", BadValue, "finite"),
        ("block", BadValue, "kind:target@place=strength"),
        ("block:ampa+", BadValue, "kind:target@place=strength"),
    ],
)
def test_refusals(text: str, error: type[KetamindError], says: str) -> None:
    with pytest.raises(error) as caught:
        parse_manipulation(text)
    assert says in str(caught.value)


@given(
    st.one_of(
        st.text(),
        st.tuples(*(st.sampled_from(words) for words in (KINDS, TARGETS, PLACES))).map(
            lambda w: f"{w[0]}:{w[1]}@{w[2]}"
        ),
    )
)
def test_any_text_gives_effects_or_a_refusal(text: str) -> None:
    with suppress(KetamindError):
        assert all(0 <= value <= 1 for value in parse_manipulation(text).values.values())
