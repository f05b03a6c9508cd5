"""Running trials: the same patients whatever the shards, workers and interruptions; what befalls them in a trial."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ketamind.engine import Options
from ketamind.errors import BadFile, KetamindError
from ketamind.simulation.simulate import solve_patients
from ketamind.trials import load_trial, read_trial
from ketamind.trials import run as running
from ketamind.trials.cohort import allocation, values_of
from ketamind.trials.run import ready, run_trial
from ketamind.trials.store import Folder
from trials.test_declaration import GOOD

LEAVING = GOOD + "[conduct]\nwithdrawal_per_week = 0.3\nsites = 4\nsite_sd = 1.0\nfluctuation_sd = 2.0\n"


def whole(outcome):
    return pa.concat_tables(list(outcome.tables()))


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(running, "SHARD", 60)


def test_workers_and_shards_change_nothing(small_shards, monkeypatch):
    trial = read_trial(LEAVING)
    one = whole(run_trial(trial, 300, seed=3, workers=1))
    assert one.equals(whole(run_trial(trial, 300, seed=3, workers=3)))
    monkeypatch.setattr(running, "SHARD", 150)
    assert one.equals(whole(run_trial(trial, 300, seed=3, workers=2)))


def test_the_first_patients_are_the_same_in_a_larger_trial():
    trial = read_trial(LEAVING)
    few, many = whole(run_trial(trial, 60, seed=3)), whole(run_trial(trial, 120, seed=3))
    assert few.equals(many.slice(0, few.num_rows))


def test_arms_are_balanced_in_blocks_and_follow_the_shares():
    trial = read_trial(GOOD.replace("n = 20\nkind", "share = 2\nn = 20\nkind"))
    placed = allocation(trial, 1, 0, 300)
    assert np.bincount(placed).tolist() == [100, 200]
    np.testing.assert_array_equal(placed[7:50], allocation(trial, 1, 7, 43))
    assert len({tuple(b) for b in placed.reshape(-1, 3)}) == 3


def test_a_crossover_keeps_its_patients():
    trial = read_trial('design = "crossover"\n' + GOOD)
    table = whole(run_trial(trial, 50, seed=2)).to_pandas()
    one, other = (table[table["arm"] == a].reset_index() for a in ("ketamine", "saline"))
    assert (one["patient"] == other["patient"]).all()
    np.testing.assert_allclose(one["weight_kg"], other["weight_kg"])
    assert abs((one["madrs_0h"] - other["madrs_0h"]).mean()) < 2
    assert one["madrs_24h"].mean() < other["madrs_24h"].mean() - 2


def test_who_leaves_is_not_read_any_more():
    table = whole(run_trial(read_trial(LEAVING), 400, seed=1)).to_pandas()
    left = table["withdrawn_h"].notna()
    assert 0.2 < left.mean() < 0.4
    assert (table["madrs_168h"].isna() == left).all()
    assert table["madrs_24h"].isna().sum() < left.sum()


def test_rescue_lowers_scores_and_the_hypothetical_estimand_leaves_them_out():
    from ketamind.trials.gathered import gather

    rescued = GOOD + '[conduct.rescue]\nsince = "24 h"\nbelow = 0.2\npoints = 12.0\ntau = "1 d"\n'
    plain, helped = (whole(run_trial(read_trial(t), 200, seed=1)).to_pandas() for t in (GOOD, rescued))
    who = helped["rescued_h"] < 168
    assert who.any()
    assert helped["madrs_168h"][who].mean() < plain["madrs_168h"][who].mean() - 8
    assert helped["madrs_168h"][~who].equals(plain["madrs_168h"][~who])
    data = gather(run_trial(read_trial('estimand = "hypothetical"\n' + rescued), 200, seed=1))
    assert sum(a.levels["madrs_168h"].n for a in data.arms.values()) == 200 - who.sum()


def test_without_unblinding_or_expectancy_an_active_drug_loses_part_of_its_lead():
    def lead(conduct):
        table = whole(run_trial(read_trial(GOOD + conduct), 400, seed=1)).to_pandas()
        means = table.groupby("arm")["madrs_24h"].mean()
        return means["saline"] - means["ketamine"]

    blind = lead("[conduct]\nunblinding = false\n")
    assert blind < lead("") - 0.3
    assert lead("[conduct]\nexpectancy = false\n") > 0


def test_draws_go_together_as_asked():
    text = GOOD + '[[correlation]]\nbetween = ["patient.age", "patient.weight"]\nvalue = 0.7\n'
    trial = read_trial(text)
    arm = ready(trial)[0]
    drawn = values_of(trial, arm.arm, arm.prepared.model, 1, 0, 4000)
    assert np.corrcoef(drawn["patient.age"], drawn["patient.weight"])[0, 1] == pytest.approx(0.7, abs=0.04)
    assert np.std(drawn["patient.age"]) == pytest.approx(12, rel=0.06)


def test_genotypes_have_their_shares_and_move_their_parameters():
    text = GOOD + '[categories.bdnf_val66met]\n"val/val" = 0.6\n"val/met" = 0.3\n"met/met" = 0.1\n'
    trial = read_trial(text)
    arm = ready(trial)[0]
    moved = values_of(trial, arm.arm, arm.prepared.model, 1, 0, 5000)["manipulation.bdnf_val66met"]
    shares = [np.mean(moved == v) for v in (0.0, 0.5, 1.0)]
    np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=0.02)


def test_real_patients_from_a_table(tmp_path):
    (tmp_path / "them.csv").write_text("weight_kg,age,baseline_madrs\n60,30,40\n100,60,28\n", encoding="utf-8")
    table = whole(run_trial(read_trial('patients = "them.csv"\n' + GOOD, tmp_path), 40, seed=1)).to_pandas()
    assert set(table["weight_kg"]) == {60.0, 100.0}
    assert table["madrs_0h"][table["patient"] % 2 == 0].mean() == pytest.approx(40, abs=2)
    bad = {
        "weight_kg,age\n60,30\n": "lacks the columns baseline_madrs",
        "weight_kg,age,baseline_madrs\n60,30,\n": "line 2",
        "weight_kg,age,baseline_madrs\n60,30,99\n": "line 2",
        "weight_kg,age,baseline_madrs\n": "holds no patients",
    }
    for k, (text, message) in enumerate(bad.items()):
        (tmp_path / f"bad{k}.csv").write_text(text, encoding="utf-8")
        with pytest.raises(BadFile, match=message):
            run_trial(read_trial(f'patients = "bad{k}.csv"\n' + GOOD, tmp_path), 40)


def files(folder: Path):
    return {p.name: p.read_bytes() for p in sorted((folder / "patients").iterdir())}


def test_a_run_is_resumed_and_another_run_is_not(small_shards, tmp_path):
    trial = read_trial(LEAVING)
    run_trial(trial, 300, seed=3, folder=tmp_path / "a")
    kept = files(tmp_path / "a")
    assert len(kept) == 5
    assert len(pd.read_parquet(tmp_path / "a" / "patients")) == 300
    for name in list(kept)[1:4]:
        (tmp_path / "a" / "patients" / name).unlink()
    (tmp_path / "a" / "patients" / next(iter(kept))).write_bytes(b"PAR1 half")
    run_trial(trial, 300, seed=3, folder=tmp_path / "a", resume=True)
    assert files(tmp_path / "a") == kept
    with pytest.raises(KetamindError, match="differs in seed"):
        run_trial(trial, 300, seed=4, folder=tmp_path / "a", resume=True)
    assert files(tmp_path / "a") == kept


def test_a_full_disk_stops_with_a_message_and_keeps_what_is_done(small_shards, tmp_path, monkeypatch):
    trial = read_trial(GOOD)
    real = os.fsync
    written = []

    def full(handle):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(handle)
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadFile, match=r"No space left on device.*--resume"):
        run_trial(trial, 300, seed=3, folder=tmp_path)
    assert len(files(tmp_path)) == 2
    monkeypatch.setattr(os, "fsync", real)
    run_trial(trial, 300, seed=3, folder=tmp_path, resume=True)
    assert len(files(tmp_path)) == 5


KILLED = """
import sys
from pathlib import Path
from ketamind.trials import load_trial, run
run.SHARD = 400
run.run_trial(load_trial(sys.argv[1]), 3200, 5, folder=Path(sys.argv[2]), workers=2, resume=len(sys.argv) > 3)
"""


def test_killed_at_any_moment_a_run_goes_on_to_the_same_files(tmp_path):
    (tmp_path / "t.toml").write_text(LEAVING, encoding="utf-8")

    def start(folder, *more):
        return subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "t.toml"), str(tmp_path / folder), *more])

    assert start("whole").wait(timeout=300) == 0
    for wanted in (1, 4, 7):
        process = start("cut", "resume")
        patients = tmp_path / "cut" / "patients"
        while process.poll() is None and len(list(patients.glob("*.parquet"))) < wanted:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start("cut", "resume").wait(timeout=300) == 0
    assert files(tmp_path / "cut") == files(tmp_path / "whole")
    manifests = [json.loads((tmp_path / n / "manifest.json").read_text()) for n in ("cut", "whole")]
    assert manifests[0] == manifests[1]
    assert manifests[0]["complete"]


def test_a_folder_that_cannot_be_written_is_refused():
    with pytest.raises(BadFile, match="cannot write"):
        Folder.open(Path("/proc/no/where"), (), {}, resume=False)


def test_a_scheduler_that_cannot_be_reached_is_named(monkeypatch):
    from ketamind.trials import workers

    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "CONNECT_S", 1)
    with pytest.raises(KetamindError, match=r"scheduler at 'tcp://127.0.0.1:9' cannot be reached"):
        run_trial(read_trial(GOOD), 40, scheduler="tcp://127.0.0.1:9")


def test_relapse_is_followed_in_those_who_were_well():
    trial = load_trial("murrough_2013_repeated")
    table = whole(run_trial(trial, 200, seed=1)).to_pandas()
    assert (table["well"] == ((table["madrs_288h"] <= 16) & table["followed_h"].notna())).all()
    assert not table["relapsed"][~table["well"]].any()
    assert table["followed_h"][table["relapsed"]].max() < 84 * 24 - 288


def test_a_year_of_weekly_doses_is_solved_where_a_segment_ends_within_rounding():
    trial = load_trial("sustain_1")
    arm = ready(trial)[1]
    drawn = values_of(trial, arm.arm, arm.prepared.model, 1, 263, 1)
    found = solve_patients(arm.prepared, arm.protocol, drawn, 1, arm.times_h, ("madrs",), Options(rtol=1e-4))
    assert np.isfinite(found.values).all()
