import importlib.util

import numpy as np
import pytest

from ketamind.cortex.recordings import burst_fraction, dataset, fano, irregularity, recurrent_share, save, summary


def spikes(*trains):
    ms = np.concatenate([np.asarray(t, float) for t in trains])
    cell = np.concatenate([np.full(len(t), k) for k, t in enumerate(trains)]).astype(np.int32)
    order = np.argsort(ms, kind="stable")
    return ms[order], cell[order]


def test_bursts_are_spikes_with_a_near_neighbour_of_the_same_cell():
    assert burst_fraction(*spikes([0, 5, 100], [2, 200])) == pytest.approx(2 / 5)
    assert np.isnan(burst_fraction(*spikes([])))


def test_irregularity_of_clocks_and_of_chance():
    rng = np.random.default_rng(0)
    clock = [np.arange(0, 2000, 50)] * 3
    chance = [np.cumsum(rng.exponential(50, 2000)) for _ in range(5)]
    assert irregularity(*spikes(*clock)) == pytest.approx(0, abs=1e-9)
    assert irregularity(*spikes(*chance)) == pytest.approx(1, abs=0.05)
    assert np.isnan(irregularity(*spikes([0, 1])))


def test_fano_of_independent_spikes_is_one():
    ms = np.random.default_rng(1).uniform(0, 10_000, 50_000)
    assert fano(ms, 0, 10_000) == pytest.approx(1, abs=0.1)


def test_the_baseline_is_that_of_the_reference(baseline):
    numbers = summary(baseline)
    assert numbers["burst_fraction"] == pytest.approx(0.098, abs=0.03)
    assert 0.8 < numbers["cv_pyramidal"] < 1.2
    assert recurrent_share(baseline, "pyramidal") == pytest.approx(0.025, abs=0.005)
    assert recurrent_share(baseline, "pv") == pytest.approx(0.09, abs=0.02)


def test_a_data_set_has_units_and_consistent_sizes(baseline):
    data = dataset(baseline, "drug-free")
    assert all("units" in v.attrs for v in data.data_vars.values())
    assert data["field"].size == 6000
    assert data["spike_cell"].max() < 1000
    assert data["current"].sel(cell_type="pyramidal", current_kind="ampa") > 0
    assert data["current"].sel(cell_type="pyramidal", current_kind="gaba_pv") < 0


@pytest.mark.skipif(importlib.util.find_spec("h5py") is None, reason="writing NetCDF needs h5py")
def test_a_data_set_survives_a_file(baseline, tmp_path):
    import xarray as xr

    data = dataset(baseline)
    save(data, tmp_path / "cortex.nc")
    with xr.open_dataset(tmp_path / "cortex.nc", engine="h5netcdf") as again:
        xr.testing.assert_allclose(data, again.load())
