"""Patients: what may be said of them, and what is refused."""

import csv
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ketamind
from ketamind.errors import BadValue, KetamindError, UnknownName
from ketamind.protocols import Patient, parse_population
from ketamind.protocols.patient import GENOTYPES, POPULATIONS, SETTINGS

EXPERIMENTS = Path(ketamind.__file__).parent / "data" / "experiments"


def described() -> list[tuple[str, str]]:
    found = set()
    for path in sorted(EXPERIMENTS.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as handle:
            found |= {(row["species"], row["population"]) for row in csv.DictReader(handle)}
    return sorted(found)


@pytest.mark.parametrize(("species", "population"), described())
def test_every_population_of_the_evidence_parses(species: str, population: str) -> None:
    patient = parse_population(population, species)
    assert patient.species == species
    assert patient.population == population.split(";")[0]


def test_suffixes_are_what_they_say() -> None:
    patient = parse_population("naive;mg_mM=0;v_mV=-67", "rodent_slice")
    assert (patient.mg_mM, patient.v_mV) == (0.0, -67.0)
    assert parse_population("healthy;age=70;ethnicity=caucasian").ethnicity == "caucasian"


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("weight_kg=0", BadValue, "2 to 350 kg for a human"),
        ("weight_kg=1000", BadValue, "2 to 350 kg for a human"),
        ("species=mouse,weight_kg=0.3", BadValue, "0.005 to 0.1 kg for a mouse"),
        ("species=rat,weight_kg=70", BadValue, "for a rat"),
        ("weight_kg=nan", BadValue, "finite"),
        ("weight_kg=heavy", BadValue, "must be a number"),
        ("weight=82", UnknownName, "Did you mean 'weight_kg'"),
        ("weight_kg", BadValue, "not a pair"),
        ("age=70,age=71", BadValue, "given twice"),
        ("age=-1", BadValue, "0 to 120 years"),
        ("baseline_madrs=61", BadValue, "0 to 60 points"),
        ("population=depressed", UnknownName, "Known: alcohol_dependence"),
        ("species=cat", UnknownName, "a species that is known"),
        ("setting=crosover", UnknownName, "Did you mean 'crossover'"),
        ("cyp2b6=*1/*7", UnknownName, "*6/*6"),
        ("nmda.k_on=inf", BadValue, "finite"),
        ("values=3", UnknownName, "something a patient states"),
    ],
)
def test_refusals(text: str, error: type[KetamindError], says: str) -> None:
    with pytest.raises(error) as caught:
        Patient.parse(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("written", ["*1/*6", "1_6", "1/6", "*1_*6"])
def test_spellings_of_a_genotype(written: str) -> None:
    assert Patient.parse(f"cyp2b6={written}").cyp2b6 == "*1/*6"


def test_defaults_follow_the_species() -> None:
    assert Patient().population == "mdd"
    assert Patient(species="rat").population == "naive"
    assert Patient.parse("species=rat").population == "naive"
    assert Patient.parse("") == Patient()


def test_what_is_stated_sets_parameters() -> None:
    patient = Patient.parse("weight_kg=60,bdnf_val66met=met/met,ethnicity=japanese,patient.weight=61")
    assert patient.parameters() == {
        "patient.weight": 61.0,
        "manipulation.bdnf_val66met": 1.0,
        "patient.asian": 1.0,
        "patient.japanese": 1.0,
    }
    assert Patient().parameters() == {}


patients = st.builds(
    Patient,
    population=st.sampled_from(POPULATIONS),
    weight_kg=st.one_of(st.none(), st.floats(2, 350)),
    age=st.one_of(st.none(), st.floats(0, 120)),
    sex=st.sampled_from(["", "female", "male"]),
    cyp2b6=st.sampled_from(["", *GENOTYPES["cyp2b6"]]),
    setting=st.sampled_from(["", *SETTINGS]),
    v_mV=st.one_of(st.none(), st.floats(-150, 100)),
    values=st.dictionaries(st.sampled_from(["nmda.k_on", "patient.stress"]), st.floats(-10, 10)),
)


@given(patients)
def test_words_read_back_as_the_same_patient(patient: Patient) -> None:
    assert Patient.parse(patient.words()) == patient


@given(
    st.one_of(st.text(), st.from_regex(r"[a-z_.]{1,8}=[0-9a-z*/.]{1,5}(,[a-z_]{1,9}=[0-9.e-]{1,6})?", fullmatch=True))
)
def test_any_text_gives_a_patient_or_a_refusal(text: str) -> None:
    with suppress(KetamindError):
        assert Patient.parse(text)
    with suppress(KetamindError):
        assert parse_population(text)
