"""Runs in NetCDF, Zarr and Parquet come back bit for bit; draws go to ArviZ."""

from pathlib import Path

import numpy as np
import pytest

from ketamind.errors import KetamindError
from ketamind.exchange.extras import quiet
from ketamind.exchange.runs import read_run, to_inference_data, with_conventions, write_run
from ketamind.simulation import Run, simulate

SUFFIXES = (".nc", ".zarr", ".parquet")


@pytest.fixture(scope="module")
def run() -> Run:
    names = ["venous_ketamine", "madrs", "rate_pyramidal"]
    return simulate("0.5 mg/kg ketamine iv over 40 min", 2, patient="trd", patients=3, seed=1, observe=names)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_run_comes_back_bit_for_bit(run: Run, suffix: str, tmp_path: Path) -> None:
    back = read_run(write_run(run, tmp_path / f"run{suffix}"))
    assert back.data.identical(run.data)
    for name in run.data.variables:
        assert back.data[name].values.tobytes() == run.data[name].values.tobytes()
    assert back.provenance == run.provenance
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"run{suffix}"]


def test_attributes_follow_cf(run: Run) -> None:
    data = with_conventions(run)
    assert data.attrs["Conventions"].startswith("CF-")
    assert data["venous_ketamine"].attrs["units"] == "umol L-1"
    assert data["madrs"].attrs["units"] == "1"
    assert all(v.attrs.get("long_name") for v in data.data_vars.values())


@pytest.mark.parametrize("suffix", [".nc", ".parquet"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
def test_a_file_cut_short_is_one_message(run: Run, suffix: str, share: float, tmp_path: Path) -> None:
    path = write_run(run, tmp_path / f"run{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(KetamindError, match=f"run\\{suffix}") as caught:
        read_run(path)
    assert "\n" not in str(caught.value).strip()


@pytest.mark.parametrize("suffix", [".nc", ".parquet"])
@pytest.mark.parametrize("content", [b"text", b"\x00" * 5000, b"\x89HDF\r\n\x1a\n" * 9, b"PAR1" * 99])
def test_a_file_of_something_else_is_one_message(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"run{suffix}"
    path.write_bytes(content)
    with pytest.raises(KetamindError, match=f"run\\{suffix}"):
        read_run(path)


@pytest.mark.parametrize("damage", ["emptied", "cut", "removed", "replaced"])
@pytest.mark.parametrize("which", ["zarr.json", "madrs/zarr.json"])
def test_a_store_with_damaged_metadata_is_one_message(run: Run, damage: str, which: str, tmp_path: Path) -> None:
    path = write_run(run, tmp_path / "run.zarr")
    file = path / which
    text = file.read_text()
    (path / "zarr.json").unlink() if damage == "removed" else file.write_text(
        {"emptied": "", "cut": text[: len(text) // 2], "replaced": "[1, 2]"}[damage]
    )
    if which == "madrs/zarr.json":
        (path / "zarr.json").unlink(missing_ok=True)
    with pytest.raises(KetamindError, match=r"run\.zarr"):
        read_run(path)


def test_a_damaged_store_is_one_message(run: Run, tmp_path: Path) -> None:
    path = write_run(run, tmp_path / "run.zarr")
    for file in path.rglob("*.json"):
        file.write_text(file.read_text()[:20])
    with pytest.raises(KetamindError, match=r"run\.zarr"):
        read_run(path)


@pytest.mark.parametrize("name", ["run.txt", "nowhere.nc", "nowhere.zarr", "nowhere.parquet"])
def test_what_is_no_run_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(KetamindError, match=r"must end in|does not exist"):
        read_run(tmp_path / name)


def test_parquet_of_something_else_is_refused(tmp_path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(KetamindError, match="not a run that ketamind wrote"):
        read_run(tmp_path / "x.parquet")


def test_an_unknown_suffix_is_not_written(run: Run, tmp_path: Path) -> None:
    with pytest.raises(KetamindError, match=r"must end in \.nc"):
        write_run(run, tmp_path / "run.xls")


def test_draws_become_inference_data() -> None:
    arviz = pytest.importorskip("arviz")
    draws = {"nmda.k_on": np.random.default_rng(1).lognormal(size=200), "trkb.psi": np.linspace(0, 1, 200)}
    data = to_inference_data(draws, prior={"nmda.k_on": np.ones(50)})
    assert set(data.groups()) == {"posterior", "prior"}
    with quiet():
        summary = arviz.summary(data, kind="stats")
    assert summary.loc["trkb.psi", "mean"] == pytest.approx(0.5, abs=0.01)
    with pytest.raises(KetamindError, match="no draws"):
        to_inference_data({})
