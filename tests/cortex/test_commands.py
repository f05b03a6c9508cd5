"""The cortex commands through the entry point: numbers on standard output, one message and status 2 for bad input."""

import json
import sys

import numpy as np
import pytest
import xarray as xr

from ketamind.cli import main
from ketamind.cortex import meanfield, simulate
from ketamind.cortex.couple import STATES, cortex
from ketamind.cortex.simulate import in_parallel

INFUSION = "0.5 mg/kg ketamine iv over 40 min"


@pytest.fixture
def ketamind(monkeypatch, capsys):
    """Run a command; its status, standard output and standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["ketamind", *map(str, words)])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code or 0
        out, err = capsys.readouterr()
        return status, out, err

    return run


def test_a_moment_of_a_protocol_with_files(ketamind, tmp_path):
    folder = tmp_path / "out"
    status, out, _ = ketamind("cortex", INFUSION, "--at", "40 min", "--seconds", 1, "--json", "--out", folder)
    assert status == 0
    answer = json.loads(out)
    assert list(answer)[:3] == ["before", "during", "after 24 h"]
    del answer["provenance"]
    names = {p.name for p in folder.iterdir()}
    assert names == {"report.html", "cortex.svg", "cortex.png", "cortex.json", "cortex.nc"}
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "Not medical advice" in html
    assert "<svg" in html
    written = json.loads((folder / "cortex.json").read_text())
    assert {name: written[name] for name in answer} == answer
    with xr.open_dataset(folder / "cortex.nc", engine="h5netcdf") as data:
        rates = data["rate"].sel(moment="during", cell_type="pv")
        assert float(rates) == pytest.approx(answer["during"]["rate_pv"])
        assert data["field"].attrs["units"] == "pA"
        spikes = data["spike_cell_1"].values
    assert (spikes < 800).sum() / 800 == pytest.approx(answer["during"]["rate_pyramidal"], rel=1e-6)


def test_options_reach_the_network(ketamind):
    words = ("cortex", "--drug", "memantine", "--uM", 2, "--seconds", 1, "--json", "--protect", "pv,sst")
    plain, stressed = (
        json.loads(ketamind(*words, "--state", state)[1])["before"]["inhibitory_conductance"]
        for state in ("healthy", "stressed")
    )
    assert stressed < 0.95 * plain
    assert "pyramidal" in ketamind(*words[:-3], "--cells", 2000)[1]


def test_a_mechanism_switched_off_in_chain_and_cortex(ketamind):
    asked = ("cortex", INFUSION, "--seconds", 0.5, "--json")
    without, plain = (json.loads(ketamind(*asked, *more)[1]) for more in (("--without", "nmda,eef2k"), ()))
    assert plain["during"]["rate_pyramidal"] > without["during"]["rate_pyramidal"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cells", "0"), "0 cells is outside what can be simulated"),
        (("--cells", "1000000000"), "GB) is outside what can be simulated"),
        (("--seconds", "-3"), "-3.0 s of cortex cannot be simulated"),
        (("--seconds", "nan"), "nan s of cortex cannot be simulated"),
        (("--protect", "pv,chandelier"), "'chandelier' is not a cell type that can be protected"),
        (("--uM", "nan"), "nan uM of ketamine is not allowed"),
        (("--uM", "1e300"), "1e+300 uM of ketamine is not allowed"),
        (("--drug", "ketamin", "--uM", "1"), "'ketamin' is not a blocker of NMDA receptors"),
        (("--without", "nmdaa"), "'nmdaa' is not a mechanism of the cortex"),
        ((INFUSION, "--without", "nmdaa"), "'nmdaa' is not a mechanism of this model"),
        (("--hypothesis", "tonic_2z"), "'tonic_2z' is not a cortex hypothesis"),
        (("--state", "drowsy"), "'drowsy' is not a wiring state"),
        (("--network", "nowhere"), "'nowhere' is not a network"),
        (("--network", "nowhere.toml"), "nowhere.toml: cannot be read"),
        (("--potentials", "hoped"), "'hoped' is not a choice of potentials"),
        ((INFUSION, "--at=-2 h"), "lies before the first dose"),
        ((INFUSION, "--at", "noon"), "noon"),
        ((INFUSION, "--uM", "1"), "either a protocol, or a drug"),
    ],
)
def test_bad_input_is_one_message_and_status_2(ketamind, tmp_path, words, message):
    status, out, err = ketamind("cortex", *words, "--out", tmp_path / "out")
    assert status == 2
    assert out == ""
    assert message in err
    assert err.startswith("ketamind: ")
    assert len(err.strip().splitlines()) == 1
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("cortex-sweep", "--uM", "0,-1"), "-1.0 uM of ketamine is not allowed"),
        (("cortex-sweep", "--uM", "0,much"), "is not numbers separated by commas"),
        (("cortex-sweep", "--cells", "3"), "3 cells is outside"),
        (("cortex-meanfield", "--points", "3"), "a grid of 3 points cannot be fitted"),
        (("cortex-meanfield", "--seconds", "0"), "0.0 s of cortex cannot be simulated"),
        (("cortex-meanfield", "--cells", "3"), "3 cells is outside"),
        (("cortex-blind", "--folder", "{tmp}", "--lineages", "0"), "0 lineages cannot be calibrated"),
    ],
)
def test_bad_studies_are_one_message_and_status_2(ketamind, tmp_path, words, message):
    status, out, err = ketamind(*(w.format(tmp=tmp_path) for w in words))
    assert (status, out) == (2, "")
    assert message in err


def test_a_run_too_large_for_memory_is_refused_with_its_estimate(ketamind, monkeypatch):
    monkeypatch.setattr(simulate, "free_memory", lambda: 2e8)
    status, _, err = ketamind("cortex", "--cells", 1_000_000)
    assert status == 2
    assert "1,000,000 cells of 'starting' need about" in err
    assert "0.2 GB are free" in err


def test_a_sweep_and_a_fit_write_their_reports(ketamind, tmp_path, monkeypatch):
    monkeypatch.setattr(meanfield, "STARTS", 1)
    monkeypatch.setattr(meanfield, "EVALUATIONS", 1)
    status, out, _ = ketamind("cortex-sweep", "--uM", "0,1", "--seeds", 1, "--seconds", 0.5, "--out", tmp_path / "a")
    assert status == 0
    assert out.splitlines()[1].split()[0] == "0"
    assert {"report.html", "doses.svg", "assumptions.svg", "sweep.json"} <= {p.name for p in (tmp_path / "a").iterdir()}
    asked = ("cortex-meanfield", "--points", 12, "--seconds", 0.5, "--json", "--out", tmp_path / "b")
    assert "circuit.rho_pv" in json.loads(ketamind(*asked)[1])["rows"]
    assert {"report.html", "meanfield.svg", "meanfield.json"} <= {p.name for p in (tmp_path / "b").iterdir()}


def test_progress_counts_to_its_end():
    seen = []
    cortex({"ketamine": 1.0}, seconds=0.3, progress=lambda done, total: seen.append((done, total)))
    assert sorted(seen) == [(k, 6) for k in range(1, 7)]


def test_a_failure_ends_what_runs_beside_it(starting):
    def job(k):
        if k == 0:
            raise ValueError("first")
        simulation, steps = simulate.Simulation(starting, 1000), 0
        while steps < 10_000:
            simulation.run(0.01)
            steps += 1
        return steps

    with pytest.raises(ValueError, match="first"):
        in_parallel(job, range(8), threads=2)


def test_states_of_the_wiring_differ():
    numbers = {s: cortex({"ketamine": 0.0}, seconds=2.0, state=s).as_json()["before"] for s in STATES}
    inhibition = {s: n["inhibitory_conductance"] for s, n in numbers.items()}
    assert inhibition["stressed"] < 0.95 * inhibition["healthy"]
    assert numbers["restored"]["rate_pyramidal"] != numbers["stressed"]["rate_pyramidal"]
    assert np.isfinite(list(inhibition.values())).all()
