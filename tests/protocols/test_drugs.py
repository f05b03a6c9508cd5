"""The drug table against sum formulas and published molar masses."""

import pytest

from ketamind.protocols import drugs
from ketamind.protocols.drugs import ROUTES, drug, drug_name

KINDS = {
    "ketamine_family",
    "nmda_antagonist",
    "opioid_antagonist",
    "benzodiazepine",
    "antidepressant",
    "cyp_interaction",
    "tool_compound",
    "inert",
}
VOCABULARY = """ketamine esketamine arketamine norketamine hnk_2r6r hnk_2s6s memantine mk801 ap5 cpp lanicemine
ro25_6981 amantadine phencyclidine naltrexone naloxone midazolam lorazepam lamotrigine rapamycin ssri snri quetiapine
ticlopidine
clarithromycin itraconazole rifampicin grapefruit st_johns_wort nbqx muscimol saline placebo s_norketamine r_norketamine
ketamine_hcl esketamine_hcl arketamine_hcl norketamine_hcl naltrexone_hcl midazolam_hcl""".split()


@pytest.mark.parametrize("name", VOCABULARY)
def test_every_drug_of_the_vocabulary_is_there(name: str) -> None:
    assert drug(name).name == drug_name(name) == name


@pytest.mark.parametrize("found", drugs().values(), ids=lambda d: d.name)
def test_entries_are_complete(found) -> None:
    assert found.kind in KINDS
    assert found.source
    assert set(found.routes) <= set(ROUTES)
    assert sum(found.moieties.values()) == pytest.approx(1.0 if found.moieties else 0.0)
    assert bool(found.moieties) + bool(found.acts) + found.inert + (found.kind == "antidepressant") == 1
    assert 0 < found.salt_fraction <= 1


@pytest.mark.parametrize(
    ("name", "base", "dosed"),
    [
        ("ketamine_hcl", 237.73, 274.19),
        ("norketamine", 223.70, 223.70),
        ("hnk_2r6r", 239.70, 239.70),
        ("naltrexone_hcl", 341.40, 377.86),
        ("midazolam", 325.77, 325.77),
        ("memantine_hcl", 179.30, 215.76),
        ("mk801_maleate", 221.30, 337.37),
        ("rapamycin", 914.17, 914.17),
        ("itraconazole", 705.63, 705.63),
        ("nbqx", 336.28, 336.28),
    ],
)
def test_molar_masses_are_the_published_ones(name: str, base: float, dosed: float) -> None:
    assert drug(name).molar_mass == pytest.approx(base, abs=0.05)
    assert drug(name).dosed_molar_mass == pytest.approx(dosed, abs=0.05)
