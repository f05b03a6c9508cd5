"""A Dask cluster gives the same results as threads, also when one of its workers is killed."""

import os
import signal

import pytest

from ketamind.trials import read_trial
from ketamind.trials import run as running
from ketamind.trials.run import run_trial
from trials.test_declaration import GOOD
from trials.test_run import LEAVING, files

distributed = pytest.importorskip("distributed")


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_three_of_which_one_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "SHARD", 300)
    trial = read_trial(LEAVING)
    run_trial(trial, 6000, seed=3, folder=tmp_path / "threads")
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
    ) as cluster:
        victims = [w.pid for w in cluster.workers.values()]

        def kill_one(done, _):
            if victims and done >= 600:
                os.kill(victims[0], signal.SIGKILL)
                victims.clear()

        run_trial(trial, 6000, seed=3, folder=tmp_path / "dask", scheduler=cluster.scheduler_address, progress=kill_one)
    assert not victims
    assert files(tmp_path / "dask") == files(tmp_path / "threads")


@pytest.mark.filterwarnings("ignore")
def test_bad_input_on_a_cluster_is_told_as_elsewhere():
    from ketamind.errors import KetamindError

    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        trial = read_trial(GOOD.replace('scales = ["madrs"]', 'scales = ["madrs", "mood"]'))
        with pytest.raises(KetamindError, match="'mood' is not an observable"):
            run_trial(trial, 40, scheduler=cluster.scheduler_address)
