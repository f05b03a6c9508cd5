"""The same network in Brian2, C++ standalone: run by `benchmarks/cortex.py` with a Python that has Brian2.

Reads a job (JSON) with the kernel parameters of each cell type and the projections, and the synapses (npz); builds
once, runs the binary once for each condition and repeat, and prints rates and run times as JSON. Needs nothing else.
Synaptic decay and events sit in one code object after the state update, so that the order within a step is that of
the network under test: deliver, integrate potential, decay. Brian2 counts refractory time from the start of the step
of the spike and so holds a cell one step less than the time given; it is given one step more.
"""

import json
import sys
from pathlib import Path

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    prefs,
    second,
    set_device,
)

MODEL = """
dv/dt = per_dt * dt_C * rate_v : 1 (unless refractory)
dw/dt = per_dt * dt_w * (a * (v - EL) - w) : 1
rate_v = gL * (EL - v) + gL * dT * exp(clip((v - VT) / dT, -80, 8)) - w - (gA + g_n) * v + gI * (EI - v) + y : 1
g_n = free_s * s / (1 + k_s * exp(-m_s * v)) + free_t * gT / (1 + k_t * exp(-m_t * v)) : 1
gI = g1 + g2 + g3 : 1
gA : 1
x : 1
s : 1
g1 : 1
g2 : 1
g3 : 1
y : 1
free_s : 1 (shared)
free_t : 1 (shared)
"""
STEP = """
events = 1.0 * poisson(mean)
gA = gA * keep_a + q * events
s = s * keep_s + x * rise
x = x * keep_x + q_n * events
g1 = g1 * keep_1
g2 = g2 * keep_2
g3 = g3 * keep_3
y = y * keep_y
"""
RESET = "v = Vr; w += b; y += adp / (1 + (g2 / half)**2)"
ROWS = {"pyramidal": "gA", "pv": "g1", "sst": "g2", "vip": "g3"}


def build(job: dict, synapses: dict) -> tuple[dict, dict]:
    """Groups and spike monitors of the network."""
    dt = job["dt"]
    defaultclock.dt = dt * ms
    groups, monitors, objects = {}, {}, []
    for t, c in job["cells"].items():
        p = c["parameters"]
        names = {
            "dt_C": p["dt_over_C"], "dt_w": p["dt_over_tau_w"], "EI": p["EI"], "gL": p["gL"], "EL": p["EL"],
            "VT": p["VT"], "dT": p["dT"], "a": p["a"], "b": p["b"], "Vr": p["Vr"], "peak": p["V_peak"],
            "k_s": p["k_synaptic"], "m_s": p["gamma_synaptic"], "k_t": p["k_tonic"], "m_t": p["gamma_tonic"],
            "gT": p["g_tonic"], "q": p["q_ext"], "q_n": p["q_ext_nmda"], "rise": p["dt_over_rise"],
            "keep_a": p["keep_ampa"], "keep_x": p["keep_x"], "keep_s": p["keep_nmda"], "keep_1": p["keep_1"],
            "keep_2": p["keep_2"], "keep_3": p["keep_3"], "keep_y": p["keep_y"], "adp": p["adp"],
            "half": p["half_adp"], "mean": c["rate"] * dt * 1e-3, "per_dt": 1 / (dt * ms),
        }  # fmt: skip
        g = NeuronGroup(
            c["n"],
            MODEL,
            threshold="v > peak",
            reset=RESET,
            refractory=(c["t_ref"] + dt) * ms,
            method="euler",
            namespace=names,
            name=t,
        )
        g.run_regularly(STEP, when="after_groups")
        g.v = "-65 + 8 * rand()"
        g.free_s, g.free_t = 1.0, 1.0
        groups[t], monitors[t] = g, SpikeMonitor(g, record=job["record"])
        objects += [g, monitors[t]]
    for k, pr in enumerate(job["projections"]):
        row, ratio = ROWS[pr["source"]], job["cells"][pr["target"]]["parameters"]["ratio_nmda"]
        on_pre = f"{row}_post += weight" + (f"; x_post += {ratio!r} * weight" if row == "gA" else "")
        syn = Synapses(
            groups[pr["source"]],
            groups[pr["target"]],
            on_pre=on_pre,
            delay=pr["delay"] * ms,
            namespace={"weight": pr["weight"]},
        )
        syn.connect(i=synapses[f"i{k}"], j=synapses[f"j{k}"])
        objects.append(syn)
    return groups, {"monitors": monitors, "network": Network(*objects)}


def save_spikes(file: Path, monitor: SpikeMonitor) -> None:
    """Times (ms) and cells of all spikes of a type."""
    np.savez(file, ms=np.asarray(monitor.t / ms), cell=np.asarray(monitor.i))


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    synapses = np.load(sys.argv[2])
    prefs.codegen.cpp.extra_compile_args_gcc = ["-O3", "-march=native", "-ffast-math", "-w"]
    prefs.core.default_float_dtype = {"float32": np.float32, "float64": np.float64}[job["float"]]
    set_device("cpp_standalone", directory=job["folder"], build_on_run=False)
    groups, built = build(job, synapses)
    built["network"].run(job["warm_up"] * second)
    built["network"].run(job["seconds"] * second)
    device.build(directory=job["folder"], compile=True, run=False)
    out = []
    for condition in job["conditions"]:
        for _ in range(job["repeats"]):
            free = {groups[t].free_s: condition[t] for t in groups} | {groups[t].free_t: condition[t] for t in groups}
            device.run(run_args=free)
            total = job["warm_up"] + job["seconds"]
            rates = {t: float(m.num_spikes) / groups[t].N / total for t, m in built["monitors"].items()}
            if job["record"]:
                save_spikes(Path(job["folder"]).parent / f"spikes_{len(out)}.npz", built["monitors"]["pyramidal"])
            out.append({"seconds_each": device._last_run_time / total, "rates": rates, "condition": condition})
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
