"""A network that NEST can express, in NEST with `aeif_cond_exp`: run by `benchmarks/cortex.py --nest`.

Reads the job and the synapses that `cortex_brian2.py` reads, for a network with one excitatory and one inhibitory
conductance and no NMDA (the `plain` network). The adaptive solver of that model (Runge-Kutta-Fehlberg with an error
bound) is NEST's only one for these cells. One thread; prints rates and the time of a simulated second as JSON.
"""

import json
import sys
import time
from pathlib import Path

import nest
import numpy as np


def cells(job: dict, t: str) -> nest.NodeCollection:
    """The cells of one type with their external events."""
    c, dt = job["cells"][t], job["dt"]
    p = c["parameters"]
    group = nest.Create(
        "aeif_cond_exp",
        c["n"],
        {
            "C_m": dt / p["dt_over_C"], "g_L": p["gL"], "E_L": p["EL"], "V_th": p["VT"], "Delta_T": p["dT"],
            "a": p["a"], "tau_w": dt / p["dt_over_tau_w"], "b": p["b"], "V_reset": p["Vr"], "V_peak": p["V_peak"],
            "t_ref": c["t_ref"], "E_ex": 0.0, "E_in": p["EI"], "tau_syn_ex": -dt / np.log(p["keep_ampa"]),
            "tau_syn_in": -dt / np.log(p["keep_1"]),
        },
    )  # fmt: skip
    group.V_m = list(np.random.default_rng(1).uniform(-65, -57, c["n"]))
    events = nest.Create("poisson_generator", {"rate": c["rate"]})
    nest.Connect(events, group, syn_spec={"weight": p["q_ext"], "delay": dt})
    return group


def main() -> None:
    job, synapses = json.loads(Path(sys.argv[1]).read_text()), np.load(sys.argv[2])
    nest.set_verbosity("M_ERROR")
    nest.resolution, nest.local_num_threads, nest.rng_seed = job["dt"], 1, 1
    groups = {t: cells(job, t) for t in job["cells"]}
    for k, p in enumerate(job["projections"]):
        first = {t: g[0].global_id for t, g in groups.items()}
        sign = 1.0 if p["source"] == "pyramidal" else -1.0
        n = len(synapses[f"i{k}"])
        nest.Connect(
            synapses[f"i{k}"].astype(np.int64) + first[p["source"]],
            synapses[f"j{k}"].astype(np.int64) + first[p["target"]],
            "one_to_one",
            {"weight": np.full(n, sign * p["weight"]), "delay": np.full(n, p["delay"])},
        )
    nest.Simulate(1e3 * job["warm_up"])
    recorders = {t: nest.Create("spike_recorder") for t in groups}
    for t, r in recorders.items():
        nest.Connect(groups[t], r)
    nest.Prepare()
    out = []
    for _ in range(job["repeats"]):
        before = {t: r.n_events for t, r in recorders.items()}
        start = time.perf_counter()
        nest.Run(1e3 * job["seconds"])
        took = (time.perf_counter() - start) / job["seconds"]
        rates = {t: (r.n_events - before[t]) / len(groups[t]) / job["seconds"] for t, r in recorders.items()}
        out.append({"seconds_each": took, "rates": rates})
    nest.Cleanup()
    print("\n" + json.dumps(out))


if __name__ == "__main__":
    main()
