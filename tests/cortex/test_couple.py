import numpy as np
import pytest

from ketamind.cortex.couple import REST, Moment, condition_of, cortex, moment, moments_of
from ketamind.errors import BadValue, UnknownName


@pytest.mark.parametrize("now", [Moment(), Moment({}, REST)])
def test_rest_is_no_change(starting, now):
    condition = condition_of(now, starting)
    assert set(condition.release.values()) == {1.0}
    assert condition.excitation == {"pyramidal": 1.0}
    assert condition.current == {"pyramidal": 0.0}


def test_each_wire_acts_in_its_own_direction(starting):
    def of(**wires):
        return condition_of(Moment({}, wires), starting)

    assert of(stress=1.0).release["sst"] == pytest.approx(0.6)
    assert of(spine_density=0.8).excitation["pyramidal"] < 1 < of(synaptic_strength=0.3).excitation["pyramidal"]
    assert of(hcn1_current=0.5).current["pyramidal"] < 0
    assert of(hnk_release=1.2).external_release == 1.2
    assert of(mor_signal=0.1).release["pv"] < 1 < of(mu_tone=0.0).release["pv"]


def test_before_keeps_the_brain_and_drops_the_drug():
    moments = moments_of({"brain_unbound_ketamine": 1.0, "spine_density": 0.8, "mor_signal": 0.2}, "0 h")
    assert moments["before"] == Moment({}, {"spine_density": 0.8})
    assert moments["during"].free_uM == {"brain_unbound_ketamine": 1.0}


def test_disinhibition_by_block_from_the_receptors_and_its_control():
    drug = {"brain_unbound_ketamine": 1.0}
    both = cortex(drug, seconds=3.0, hypothesis="tonic_2c").as_json()
    assert both["during"]["rate_pyramidal"] > 1.2 * both["before"]["rate_pyramidal"]
    assert both["during"]["inhibitory_conductance"] < 0.9 * both["before"]["inhibitory_conductance"]
    control = cortex(drug, seconds=3.0, protect=frozenset({"pv", "sst"})).as_json()
    assert control["during"]["rate_pyramidal"] < 1.02 * control["before"]["rate_pyramidal"]


def test_without_nmda_nothing_is_left_of_the_drug():
    result = cortex({"brain_unbound_ketamine": 5.0}, seconds=0.5, without=("nmda",))
    assert np.array_equal(*(r.spike_cell for r in result.recordings.values()))


def test_stress_weakens_sst_inhibition_and_repair_restores_it():
    moments = {"healthy": {}, "stressed": {"stress": 1.0, "spine_density": 0.8}, "restored": {"stress": 0.0}}
    numbers = cortex(moments, seconds=2.0).as_json()
    assert numbers["stressed"]["inhibitory_conductance"] < 0.95 * numbers["healthy"]["inhibitory_conductance"]
    assert numbers["restored"] == numbers["healthy"]


def test_the_data_set_is_by_moment():
    data = cortex({"brain_unbound_s_ketamine": 0.5}, seconds=1.0).data
    assert list(data["moment"].values) == ["before", "during"]
    assert data["rate"].dims == ("moment", "cell_type")
    assert data["spike_time_1"].attrs["moment"] == "during"


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"cells": 0}, BadValue, "0 cells is outside"),
        ({"cells": 10**9}, BadValue, r"1,000,000,000 cells \(about"),
        ({"seconds": -1.0}, BadValue, "-1.0 s of cortex cannot be simulated"),
        ({"protect": frozenset({"pvv"})}, UnknownName, "'pvv' is not a cell type that can be protected"),
        ({"without": ("nmdaa",)}, UnknownName, "'nmdaa' is not a mechanism of the cortex"),
        ({"hypothesis": "x"}, UnknownName, "'x' is not a cortex hypothesis"),
        ({"network": "x"}, UnknownName, "'x' is not a network"),
        ({"potentials": "x"}, UnknownName, "'x' is not a choice of potentials"),
    ],
)
def test_bad_options_are_one_message(settings, error, message):
    with pytest.raises(error, match=message):
        cortex({"brain_unbound_ketamine": 1.0}, **settings)


def test_bad_wires_are_one_message():
    with pytest.raises(UnknownName, match="'spine_densty' is not a blocker"):
        cortex({"spine_densty": 0.9})
    with pytest.raises(BadValue, match=r"spine_density = -1\.0 is not allowed"):
        moment({"spine_density": -1.0})


def test_moments_are_read_from_a_run_and_24_h_later():
    import xarray as xr

    from ketamind.simulation.run import Run

    hours = np.array([0.0, 0.5, 1.0, 30.0])
    columns = {
        "brain_unbound_s_ketamine": [0.0, 0.4, 0.2, 0.0],
        "brain_unbound_r_ketamine": [0.0, 0.4, 0.2, 0.0],
        "synaptic_strength": [0.0, 0.1, 0.2, 0.5],
    }
    variables = {k: (("time", "patient"), np.array(v)[:, None] * [1.0, 1.2]) for k, v in columns.items()}
    run = Run(xr.Dataset(variables, coords={"time": hours}))
    moments = moments_of(run, "30 min")
    assert list(moments) == ["before", "during", "after 24 h"]
    assert moments["during"].free_uM["brain_unbound_s_ketamine"] == pytest.approx(0.44)
    assert moments["after 24 h"].wires["synaptic_strength"] > moments["during"].wires["synaptic_strength"]
    with pytest.raises(BadValue, match="outside the run"):
        moments_of(run, "40 h")
    with pytest.raises(BadValue, match="holds no free brain concentration"):
        moments_of(Run(run.data[["synaptic_strength"]]), "30 min")


def test_figures_are_drawn(tmp_path):
    from ketamind.cortex.sweep import DosePoint
    from ketamind.report.cortex_figures import cortex_figure, dose_figure, map_figure

    result = cortex({"brain_unbound_ketamine": 1.0}, seconds=1.1)
    numbers = {name: {k: v or 0.0 for k, v in n.items()} for name, n in result.as_json().items()}
    zero = dict.fromkeys(numbers["before"], 0.0)
    points = [DosePoint(0.0, numbers["before"], zero), DosePoint(1.0, numbers["during"], zero)]
    figures = {
        "cortex": cortex_figure(result.recordings),
        "dose": dose_figure(points, "dose"),
        "map": map_figure([[1.0, 1.2]], ["tonic_2c"], ["0", "1.5"], "map", "ratio"),
    }
    for name, figure in figures.items():
        figure.savefig(tmp_path / f"{name}.svg")
        assert (tmp_path / f"{name}.svg").stat().st_size > 5000
    result.save(tmp_path / "cortex.nc")
    assert "pyramidal" in result.as_text()
