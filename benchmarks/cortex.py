"""Speed and agreement of the spiking cortex: this package beside Brian2 and NEST, on one network, one core, one run.

    python benchmarks/cortex.py --json                        10,000 cells, 1 s: seconds of computing a simulated second
    python benchmarks/cortex.py --agree                       rates over repeats, drug-free and at 1 uM (assumed ratio)
    python benchmarks/cortex.py --nest                        the plain network, beside NEST's aeif_cond_exp
    python benchmarks/cortex.py --scaling                     1,000 to 100,000 cells, without Brian2

Brian2 (extra `peers`) is used in C++ standalone mode with -O3 -march=native -ffast-math, NEST (package
`nest-simulator`) with one thread; `--peer-python` names a Python that has them, if it is not this one. Both sides get
the same synapses, and neither time has building in it; of several tries on each side the fastest counts.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from ketamind.cortex import kernel
from ketamind.cortex.network import CELL_TYPES, Network, memory_estimate, read_network
from ketamind.cortex.recordings import irregularity
from ketamind.cortex.simulate import Condition, Simulation, cell_parameters
from ketamind.cortex.spectrum import BANDS, band_power, power_spectrum
from ketamind.cortex.wiring import Wiring, first_blocks, wire

HERE = Path(__file__).parent
BRIAN2, NEST = HERE / "cortex_brian2.py", HERE / "cortex_nest.py"
NEST_TRIES = 2
WARM_UP_S = 0.5
TRIES = 5


def assumed_block(uM: float) -> dict[str, float]:
    """The starting network's assumed block 1/(1 + C/IC50): 10 uM on pyramidal and VIP, 1 uM on PV and SST cells."""
    return {t: 1 / (1 + uM / ic50) for t, ic50 in zip(CELL_TYPES, (10, 1, 1, 10), strict=True)}


def pairs(network: Network, cells: int, wiring: Wiring) -> dict[str, Any]:
    """Source and target numbers of each projection."""
    first, out = first_blocks(network, cells), {}
    n = network.counts(cells)
    for k, p in enumerate(network.projections):
        at, sources = wiring.starts[k], n[p.source]
        indptr = wiring.indptr[at : at + sources + 1]
        flat = wiring.targets[indptr[0] : indptr[-1]].astype(np.int64)
        block, lane = flat // kernel.BLOCK, flat % kernel.BLOCK
        out[f"i{k}"] = np.repeat(np.arange(sources, dtype=np.int32), np.diff(indptr))
        out[f"j{k}"] = ((block - first[network.types.index(p.target)]) * kernel.LANES + lane).astype(np.int32)
    return out


def ours(
    network: Network, cells: int, seconds: float, seed: int, left: dict[str, float], wiring: Wiring
) -> dict[str, Any]:
    """Rates, and time of a simulated second."""
    condition = Condition(nmda_synaptic=left, nmda_tonic=left)
    simulation = Simulation(network, cells, seed, wiring)
    start = time.perf_counter()
    recording = simulation.run(WARM_UP_S + seconds, condition)
    took = (time.perf_counter() - start) / (WARM_UP_S + seconds)
    spikes = statistics(*recording.spikes("pyramidal"), network.counts(cells)["pyramidal"], seconds)
    return {"s_per_s": took, "rates": recording.rates(), "statistics": spikes}


def statistics(ms: Any, cell: Any, n: int, seconds: float) -> dict[str, float]:
    """CV and band powers of the pyramidal population rate, from spikes alone, after the warm-up."""
    late = ms >= WARM_UP_S * 1e3
    ms, cell = ms[late] - WARM_UP_S * 1e3, cell[late]
    rate = np.bincount(np.clip(ms.astype(int), 0, round(seconds * 1e3) - 1), minlength=round(seconds * 1e3)) * 1e3 / n
    f, power = power_spectrum(rate.astype(float))
    return {"cv": irregularity(ms, cell)} | {b: band_power(f, power, BANDS[b]) for b in ("alpha", "beta", "gamma")}


def peer(
    network: Network, cells: int, seconds: float, conditions: list[dict[str, float]], repeats: int, wiring: Wiring,
    python: str, floats: str, record: bool = False, script: Path = BRIAN2,
) -> list[dict[str, Any]]:  # fmt: skip
    """The same in Brian2 or NEST: one entry a condition and repeat."""
    n = network.counts(cells)
    values = {t: map(float, cell_parameters(network, t, Condition())) for t in network.types}
    with tempfile.TemporaryDirectory() as folder:
        job = {
            "dt": network.step,
            "folder": f"{folder}/build",
            "float": floats,
            "record": record,
            "warm_up": WARM_UP_S,
            "seconds": seconds,
            "repeats": repeats,
            "conditions": conditions,
            "cells": {
                t: {
                    "n": n[t],
                    "t_ref": network.cells[t].t_ref,  # type: ignore[index]
                    "rate": network.cells[t].drive.rate,  # type: ignore[index]
                    "parameters": dict(zip(kernel.PARAMETERS, values[t], strict=True)),
                }
                for t in network.types
            },
            "projections": [p.model_dump(mode="json") for p in network.projections],
        }
        Path(folder, "job.json").write_text(json.dumps(job))
        np.savez(Path(folder, "synapses.npz"), **pairs(network, cells, wiring))
        command = [python, str(script), f"{folder}/job.json", f"{folder}/synapses.npz"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode:
            raise SystemExit(f"{script.name} did not run (is it in --peer-python?): {done.stderr[-800:]}")
        found = list(json.loads(done.stdout[done.stdout.index("[{") :]))
        for k, run in enumerate(found if record else []):
            spikes = np.load(Path(folder, f"spikes_{k}.npz"))
            run["statistics"] = statistics(spikes["ms"], spikes["cell"], n["pyramidal"], seconds)
    return found


def speed(a: argparse.Namespace, network: Network) -> dict[str, Any]:
    """Seconds of computing a simulated second on both sides."""
    wiring = wire(network, a.cells, 1)
    rest = assumed_block(0)
    Simulation(network, 1000).run(0.01)
    tries = [ours(network, a.cells, a.seconds, 1, rest, wiring) for _ in range(TRIES)]
    mine = min(tries, key=lambda r: r["s_per_s"])
    theirs = min(
        peer(network, a.cells, a.seconds, [rest], TRIES, wiring, a.peer_python, a.float),
        key=lambda r: r["seconds_each"],
    )
    ratio = theirs["seconds_each"] / mine["s_per_s"]
    return {
        "cells": a.cells,
        "synapses": int(wiring.targets.size),
        "bytes_per_synapse": wiring.bytes_per_synapse,
        "ours_s_per_s": mine["s_per_s"],
        "brian2_s_per_s": theirs["seconds_each"],
        "ratio": ratio,
        "ours_rates": mine["rates"],
        "brian2_rates": theirs["rates"],
    }


def speed_nest(a: argparse.Namespace, network: Network) -> dict[str, Any]:
    """Seconds of computing a simulated second beside NEST, on a network that both can express."""
    wiring, rest = wire(network, a.cells, 1), assumed_block(0)
    Simulation(network, a.cells, 1, wiring).run(0.01)
    mine = min((ours(network, a.cells, a.seconds, 1, rest, wiring) for _ in range(TRIES)), key=lambda r: r["s_per_s"])
    tried = peer(network, a.cells, a.seconds, [rest], NEST_TRIES, wiring, a.peer_python, a.float, script=NEST)
    theirs = min(tried, key=lambda r: r["seconds_each"])
    return {
        "cells": a.cells,
        "synapses": int(wiring.targets.size),
        "ours_s_per_s": mine["s_per_s"],
        "nest_s_per_s": theirs["seconds_each"],
        "ratio": theirs["seconds_each"] / mine["s_per_s"],
        "ours_rates": mine["rates"],
        "nest_rates": theirs["rates"],
    }


def agreement(a: argparse.Namespace, network: Network) -> dict[str, Any]:
    """Rates, CV and spectra over repeats of the external events, on one wiring, drug-free and at 1 uM."""
    wiring = wire(network, a.cells, 1)
    conditions = {"0 uM": assumed_block(0), "1 uM": assumed_block(1)}
    theirs = peer(
        network, a.cells, a.seconds, list(conditions.values()), a.repeats, wiring, a.peer_python, a.float, record=True
    )
    out = {}
    for k, (name, left) in enumerate(conditions.items()):
        mine = [ours(network, a.cells, a.seconds, 1 + s, left, wiring) for s in range(a.repeats)]
        other = theirs[k * a.repeats : (k + 1) * a.repeats]
        for t in network.types:
            out[f"{name} rate {t} Hz"] = compared([r["rates"][t] for r in mine], [r["rates"][t] for r in other])
        for key in ("cv", "alpha", "beta", "gamma"):
            pair = ([r["statistics"][key] for r in side] for side in (mine, other))
            out[f"{name} {key}"] = compared(*pair)
    return out


def compared(ours: list[float], brian2: list[float]) -> dict[str, float]:
    """Means of both sides, relative difference, and that difference in standard errors."""
    x, y = np.array(ours), np.array(brian2)
    error = np.hypot(x.std(ddof=1), y.std(ddof=1)) / np.sqrt(x.size)
    means = {"ours": float(x.mean()), "brian2": float(y.mean())}
    return means | {
        "difference": float(x.mean() / y.mean() - 1),
        "standard_errors": float((x.mean() - y.mean()) / error),
    }


def scaling(a: argparse.Namespace, network: Network) -> dict[str, Any]:
    """Time and memory from 1,000 to 100,000 cells."""
    Simulation(network, 1000).run(0.01)
    out = {}
    for cells in (1000, 3000, 10_000, 30_000, 100_000):
        wiring = wire(network, cells, 1)
        tries = [ours(network, cells, a.seconds, 1, assumed_block(0), wiring) for _ in range(2)]
        found = min(tries, key=lambda r: r["s_per_s"])
        memory = memory_estimate(network, cells) / 1e6
        out[str(cells)] = found | {"megabytes": memory, "us_per_cell": 1e6 * found["s_per_s"] / cells}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--network", default="")
    parser.add_argument("--float", choices=("float32", "float64"), default="float32", help="of Brian2")
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--agree", action="store_true")
    parser.add_argument("--nest", action="store_true")
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args()
    network = read_network(a.network or ("plain" if a.nest else "starting"))
    a.cells = a.cells or (1000 if a.agree else 10_000)
    study = agreement if a.agree else scaling if a.scaling else speed_nest if a.nest else speed
    found = study(a, network)
    if a.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(name, json.dumps(value) if isinstance(value, dict) else value)


if __name__ == "__main__":
    main()
