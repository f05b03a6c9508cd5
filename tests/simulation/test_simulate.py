"""From words to a run: what is simulated, for whom, and what is refused."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamind.declare import Row
from ketamind.errors import BadFile, BadValue, UnknownName
from ketamind.protocols import Patient, parse_protocol
from ketamind.simulation import Run, simulate
from ketamind.simulation.events import visits
from ketamind.simulation.population import draw, standard_normals
from ketamind.simulation.simulate import time_grid

INFUSION = "0.5 mg/kg ketamine iv over 40 min"


@pytest.fixture(scope="module")
def run():
    return simulate(INFUSION, days=2, observe=["venous_ketamine", "madrs", "cadss"])


def test_a_run_carries_units_sources_and_provenance(run):
    assert run["madrs"].attrs["units"] == "points"
    assert "biology/readouts" in run["madrs"].attrs["given_by"]
    assert run.provenance["protocol"] == INFUSION
    assert len(run.provenance["parameters"]) == 16
    assert "Not medical advice" in run.data.attrs["note"]


def test_the_dose_follows_weight():
    heavy = simulate(INFUSION, days=0.1, patient=Patient(weight_kg=140), observe=["venous_ketamine"])
    fixed = simulate(
        "35 mg ketamine iv over 40 min", days=0.1, patient=Patient(weight_kg=140), observe=["venous_ketamine"]
    )
    assert heavy.at("venous_ketamine@40min")[0] == pytest.approx(2 * fixed.at("venous_ketamine@40min")[0], rel=1e-4)


def test_hydrochloride_holds_less_base():
    observe = ["venous_ketamine"]
    base, salt = (
        simulate(f"40 mg {d} iv", days=0.1, observe=observe).at("venous_ketamine@1h")[0]
        for d in ("ketamine", "ketamine_hcl")
    )
    assert salt / base == pytest.approx(0.867, abs=0.001)


def test_the_same_seed_gives_the_same_patients_in_whole_or_in_parts():
    options = {"days": 1, "patient": "trd", "seed": 5, "observe": ["madrs"], "times_h": [0.0, 24.0]}
    whole = simulate(INFUSION, patients=12, **options)["madrs"].values
    part = simulate(INFUSION, patients=5, first=7, **options)["madrs"].values
    assert np.allclose(whole[:, 7:], part, rtol=0, atol=1e-3)


def test_patients_differ_and_stated_facts_do_not():
    run = simulate(
        INFUSION, days=1, patient=Patient(population="trd", baseline_madrs=33), patients=20, observe=["madrs"]
    )
    assert np.ptp(run["madrs"].values[0]) < 1e-6
    assert np.ptp(run.at("madrs@24h")) > 3


def test_saved_runs_come_back_bit_for_bit(run, tmp_path):
    back = Run.load(run.save(tmp_path / "run.nc"))
    assert back.data.identical(run.data)


def test_damaged_and_foreign_files_are_refused(run, tmp_path):
    path = run.save(tmp_path / "run.nc")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadFile, match="truncated or not NetCDF"):
        Run.load(path)
    with pytest.raises(BadFile, match="is not a file"):
        Run.load(tmp_path / "none.nc")
    with pytest.raises(BadFile, match="cannot write"):
        run.save(tmp_path / "no" / "such" / "folder.nc")
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("days", [0, -1, float("nan"), float("inf"), 1e6])
def test_a_run_needs_a_possible_length(days):
    with pytest.raises(BadValue, match="cannot be simulated"):
        simulate(INFUSION, days=days)


def test_what_is_asked_of_a_run_must_lie_in_it(run):
    with pytest.raises(BadValue, match="outside the run"):
        run.at("madrs@3d")
    with pytest.raises(UnknownName, match="'mood' is not in this run"):
        run["mood"]
    with pytest.raises(UnknownName, match="Did you mean 'madrs'"):
        simulate(INFUSION, observe=["madr"])
    with pytest.raises(UnknownName, match="Did you mean 'nmda'"):
        simulate(INFUSION, without=["nmdaa"])
    with pytest.raises(UnknownName, match="is not a parameter"):
        simulate(INFUSION, values={"nmda.frobnicate": 1.0})


def test_the_grid_is_close_at_each_dose():
    protocol = parse_protocol(f"{INFUSION} twice weekly for 2 weeks")
    times = time_grid(protocol, 336.0)
    assert np.all(np.diff(times) > 0)
    for start in (0.0, 72.0, 168.0, 240.0):
        assert np.any(np.isclose(times, start + 2 / 3))


def test_pills_at_home_mean_weekly_visits_and_infusions_one_each():
    pills = parse_protocol("1 dose ssri po daily for 28 days").events(70.0)
    assert [s.start_h for s in visits(pills, 672.0)] == [0.0, 168.0, 336.0, 504.0]
    infusions = parse_protocol(f"50 mg naltrexone po at -45 min + {INFUSION}").events(70.0)
    assert len(visits(infusions, 672.0)) == 1


ROW = Row("x.y", 2.0, "1", 1.0, 3.0, 0.3, "lognormal", "any", "", "", "s", "design", "")


def test_lognormal_draws_have_the_stated_median_and_spread():
    values = draw(ROW, 2.0, standard_normals("x.y", 0, 0, 40_000))
    assert np.median(values) == pytest.approx(2.0, rel=0.01)
    assert values.std() / values.mean() == pytest.approx(0.3, rel=0.03)


@given(st.integers(0, 2**32), st.integers(0, 1000), st.integers(1, 50))
@settings(max_examples=50)
def test_a_patients_number_decides_their_draw(seed, first, count):
    whole = standard_normals("any.row", seed, 0, first + count)
    assert np.array_equal(whole[first:], standard_normals("any.row", seed, first, count))


def test_provenance_is_plain_json(run):
    assert json.loads(run.data.attrs["provenance"])["version"]
