"""The tables behind the read-outs: sources, ranges, populations."""

import re
import tomllib

import pytest

from . import harness

MODEL = harness.model()
BIB = set(re.findall(r"^@\w+\{(\w+),", (harness.DATA / "references" / "readouts.bib").read_text(), re.MULTILINE))
CALIBRATIONS = {
    "readouts_24h",
    "readouts_placebo",
    "readouts_oral",
    "readouts_ssi",
    "readouts_cadss",
    "readouts_pressure",
    "two_pool",
    "plasticity_readouts_stage",
}
POPULATIONS = tomllib.loads((harness.DATA / "populations.toml").read_text())
WORDS = (
    "healthy mdd trd suicidal_mdd ptsd ptsd_veteran bipolar_depression elderly_trd surgical naive chronic_stress "
    "helpless cort schizophrenia chronic_pain parturient alcohol_dependence"
).split()
ENTRIES = [
    pytest.param(parameter, entry, id=f"{kind}.{name}.{parameter}")
    for kind, groups in POPULATIONS.items()
    for name, group in groups.items()
    for parameter, entry in group.items()
]


@pytest.mark.parametrize("name", MODEL.rows)
def test_each_row_has_a_source_that_exists(name):
    row = MODEL.rows[name]
    assert row.source in BIB | CALIBRATIONS
    assert row.verified != "calibrated" or row.source in CALIBRATIONS


def test_each_word_of_the_vocabulary_has_an_entry():
    assert set(POPULATIONS["population"]) == set(WORDS)
    assert set(POPULATIONS["setting"]) == {"crossover", "parallel", "open_label", "inpatient", "masked_anaesthesia"}
    assert set(POPULATIONS["species"]) == {"human", "mouse", "rat"}


@pytest.mark.parametrize(("parameter", "entry"), ENTRIES)
def test_populations_name_values_within_range_and_their_source(parameter, entry):
    assert set(entry) == {"mean", "sd", "source", "verified"}
    assert entry["sd"] >= 0
    assert entry["source"] in BIB | CALIBRATIONS
    if parameter in MODEL.rows:
        row = MODEL.rows[parameter]
        assert row.low <= entry["mean"] <= row.high
    else:
        assert parameter in {"patient.weight", "patient.age", "patient.stress"}


def test_the_stage_is_lean():
    assert len(MODEL.system.states) <= 8
