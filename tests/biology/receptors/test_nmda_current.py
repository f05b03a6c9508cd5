"""What block and manipulations leave of each conductance, and what an assay sees."""

import numpy as np
import pytest

from biology.receptors.dish import outputs, stage_model, steady
from ketamind.biology.receptors import receptors
from ketamind.declare import External, shipped_table

MODEL = stage_model(
    *receptors(),
    more=tuple(External(f"effect_{d}", "1", "") for d in ("ap5", "cpp", "ro25_6981")),
)
CELLS = ("pyramidal", "pv", "sst", "vip")
E_MAX = shipped_table().row("nmda.allosteric_E_max").value
TRIHETEROMER_LOSS = shipped_table().row("nmda.triheteromer_loss").value


def racemate(C):
    return {"brain_unbound_s_ketamine": C / 2, "brain_unbound_r_ketamine": C / 2}


def at(C, model=MODEL, **more):
    outside = {**racemate(C), **more}
    return outputs(model, steady(model, **outside), **outside)


def with_values(**changes):
    return MODEL.with_values({f"manipulation.{name}": value for name, value in changes.items()})


def test_interneurons_lose_more_than_pyramidal_cells_at_the_free_concentration_of_a_usual_dose():
    left = at(0.5)
    for site in ("synaptic", "tonic"):
        assert left[f"nmda_{site}_pv"] < left[f"nmda_{site}_pyramidal"]
        assert left[f"nmda_{site}_sst"] < left[f"nmda_{site}_pyramidal"]


def test_more_drug_leaves_less():
    courses = [at(C) for C in (0.0, 0.3, 1.0, 5.0, 20.0)]
    for wire in [f"nmda_{site}_{cell}" for site in ("synaptic", "tonic") for cell in CELLS] + ["nmda_lhb"]:
        left = [c[wire] for c in courses]
        assert left == sorted(left, reverse=True)
        assert left[0] == 1.0
        assert left[-1] > 0


def test_knocking_down_a_subunit_takes_its_share():
    assert at(0, with_values(block_glun2b_pyramidal=1.0))["nmda_synaptic_pyramidal"] == pytest.approx(0.6)
    assert at(0, with_values(block_glun2b_pyramidal=1.0))["nmda_tonic_pyramidal"] == 0.0
    assert at(0, with_values(block_glun2a_pv=0.5))["nmda_synaptic_pv"] == pytest.approx(0.7)
    assert at(0, with_values(block_glun2a_pv=0.5))["nmda_synaptic_sst"] == 1.0
    assert at(0, with_values(block_glun2b_sst=1.0, block_glun2d_sst=1.0))["nmda_tonic_sst"] == pytest.approx(
        (1 - TRIHETEROMER_LOSS) ** 2
    )


def test_a_subunit_that_is_gone_is_not_blocked_either():
    lost = [
        1 - at(1.0, m)["nmda_synaptic_pv"] / at(0.0, m)["nmda_synaptic_pv"]
        for m in (MODEL, with_values(block_glun2d_pv=1.0))
    ]
    assert lost[1] < lost[0]


def test_a_modulator_of_glun2d_acts_only_where_and_while_it_is_there():
    more = with_values(stimulate_glun2d_pv=1.0)
    assert at(0, more)["nmda_synaptic_pv"] == pytest.approx(1.2)
    assert at(0, more)["nmda_synaptic_pyramidal"] == 1.0
    gone = with_values(block_glun2d_pv=1.0)
    both = with_values(stimulate_glun2d_pv=1.0, block_glun2d_pv=1.0)
    assert at(0, both)["nmda_synaptic_pv"] == at(0, gone)["nmda_synaptic_pv"]
    assert at(0, both)["nmda_tonic_pv"] == at(0, gone)["nmda_tonic_pv"]


def test_every_subtype_can_be_lost_without_a_bad_number():
    gone = {f"block_glun{s}_pv": 1.0 for s in ("2a", "2b", "2c", "2d")}
    found = at(5.0, with_values(**gone))
    assert found["nmda_synaptic_pv"] == 0.0
    assert np.isfinite(list(found.values())).all()


def test_protection_keeps_the_drug_off_one_cell_type():
    kept = with_values(protect_pv=1.0)
    assert at(5.0, kept)["nmda_synaptic_pv"] == at(5.0, kept)["nmda_tonic_pv"] == 1.0
    assert at(5.0, kept)["nmda_synaptic_sst"] == at(5.0)["nmda_synaptic_sst"] < 1


def test_competitive_antagonists_and_ro25_6981_need_no_activity():
    assert at(0, effect_ap5=0.95)["nmda_lhb"] == pytest.approx(0.05)
    assert at(0, effect_cpp=1.0)["nmda_rest_block"] == 1.0
    assert at(0, effect_ro25_6981=1.0)["nmda_synaptic_vip"] == pytest.approx(0.3)
    assert at(0, with_values(block_nmda_pv=0.4))["nmda_synaptic_pv"] == pytest.approx(0.6)


def test_the_membrane_site_damps_tonic_current_alone_and_incompletely():
    outside = racemate(0.1)
    untouched_pore = outputs(MODEL, **outside)
    assert untouched_pore["nmda_synaptic_pyramidal"] == 1.0
    assert untouched_pore["nmda_tonic_pyramidal"] == pytest.approx(1 - E_MAX / 2, abs=0.02)
    assert outputs(MODEL, **racemate(1e4))["nmda_tonic_pyramidal"] == pytest.approx(1 - E_MAX, abs=1e-4)


def test_enantiomers_and_metabolites_add_by_affinity():
    def potency(moiety):
        return outputs(MODEL, **{f"brain_unbound_{moiety}": 1.0})["nmda_blocker_ketamine"]

    assert outputs(MODEL, **racemate(1.0))["nmda_blocker_ketamine"] == pytest.approx(1.0)
    assert potency("s_ketamine") / potency("r_ketamine") == pytest.approx(1.4 / 0.3)
    assert potency("s_norketamine") / potency("r_norketamine") == pytest.approx(13 / 1.7)
    assert potency("s_ketamine") > potency("hnk_2s6s") > potency("hnk_2r6r") == pytest.approx(0.01)


def test_occupancy_in_an_assay_is_half_where_it_was_measured():
    def half(**per_micromolar):
        low, high = 0.01, 100.0
        for _ in range(40):
            middle = np.sqrt(low * high)
            held = outputs(MODEL, **{k: v * middle for k, v in per_micromolar.items()})["nmda_occupancy"]
            low, high = (middle, high) if held < 0.5 else (low, middle)
        return low

    assert 0.99 < half(**racemate(1.0)) < 2.14
    assert 5.87 < half(brain_unbound_s_norketamine=0.5, brain_unbound_r_norketamine=0.5) < 13.7


def test_receptors_in_place_hold_less_than_membranes_do():
    found = at(0.5)
    assert 0.05 < found["nmda_blocked_cortex"] < found["nmda_occupancy"] < 0.35
