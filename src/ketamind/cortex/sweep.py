"""Sweeps of a network over dose and over what is assumed of its receptors, paired by external events."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.cortex.blind import homeostat, with_drive
from ketamind.cortex.block import Block, Hypothesis, effective_concentrations, hypothesis, run_with_block
from ketamind.cortex.couple import Options, check_options, potentials_of
from ketamind.cortex.network import Network
from ketamind.cortex.recordings import summary
from ketamind.cortex.simulate import Progress, Simulation, check_memory, in_parallel
from ketamind.errors import BadValue

DOSES_UM = (0.0, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
MIXES = ("tonic_2b2d", "tonic_2d", "tonic_2c", "glun2b", "rich_2c2d", "glun2a")
TONIC_SCALES = (0.0, 0.5, 1.0, 1.5)
SETTLE_S = 1.0


@dataclass(frozen=True)
class DosePoint:
    """Numbers of `recordings.summary` at one free concentration, and their spread (sd) over seeds."""

    uM: float  # noqa: N815
    mean: Mapping[str, float]
    sd: Mapping[str, float]


def under_drug(network: Network, assumption: Hypothesis, uM: float, seed: int, o: Options) -> dict[str, float]:
    """The summary of a stretch in steady state at one free concentration of ketamine."""
    simulation = Simulation(network, o.cells, seed)
    block = Block(network, {"ketamine": uM}, assumption, potentials_of(o), o.protect)
    block.settle()
    for _ in range(2):
        block.follow(simulation.run(SETTLE_S / 2, block.condition()))
        block.settle()
    return summary(run_with_block(simulation, block, o.seconds)[0])


def dose_response(
    uM: Sequence[float] = DOSES_UM,
    seeds: int = 2,
    options: Options | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[DosePoint]:
    """Rates, bands and the rest at each free concentration, means over seeds. Raises BadValue and UnknownName."""
    o = options or Options(seconds=6.0)
    network, assumption = check_options(o), hypothesis(o.hypothesis)
    if seeds < 1 or not uM:
        raise BadValue(f"{len(uM)} concentrations and {seeds} seeds give no curve: give at least one of each.")
    for c in uM:
        effective_concentrations({"ketamine": c})
    check_memory(network, o.cells, o.seconds, at_once=os.cpu_count() or 1)
    jobs = [(c, o.seed + k) for c in uM for k in range(seeds)]
    found = in_parallel(lambda j: under_drug(network, assumption, j[0], j[1], o), jobs, threads, progress)
    out = []
    for k, c in enumerate(uM):
        mine = found[k * seeds : (k + 1) * seeds]
        table = {key: np.array([m[key] for m in mine]) for key in mine[0]}
        out.append(
            DosePoint(c, {n: float(v.mean()) for n, v in table.items()}, {n: float(v.std()) for n, v in table.items()})
        )
    return out


def sweep_json(points: Sequence[DosePoint]) -> dict[str, Any]:
    """Means and spreads at each concentration; what could not be read is null."""

    def plain(table: Mapping[str, float]) -> dict[str, float | None]:
        return {k: float(v) if np.isfinite(v) else None for k, v in table.items()}

    return {"doses": [{"uM": p.uM, "mean": plain(p.mean), "sd": plain(p.sd)} for p in points]}


SHOWN = {
    "E": "rate_pyramidal", "PV": "rate_pv", "SST": "rate_sst", "VIP": "rate_vip", "inhib.": "inhibitory_conductance",
    "gamma": "power_gamma", "beta": "power_beta", "alpha": "power_alpha",
}  # fmt: skip


def sweep_text(points: Sequence[DosePoint]) -> str:
    """Rates (Hz) and, over the first concentration, inhibition of pyramidal cells and band powers: a small table."""
    lines = [f"{'uM':>6}" + "".join(f"{name:>9}" for name in SHOWN)]
    for p in points:
        cells = []
        for key in SHOWN.values():
            base = points[0].mean[key]
            relative = f"x{p.mean[key] / base:.2f}" if base > 0 else "-"
            cells.append(f"{p.mean[key]:.2f}" if key.startswith("rate") else relative)
        lines.append(f"{p.uM:6g}" + "".join(f"{c:>9}" for c in cells))
    return "\n".join(lines)


def assumption_map(
    key: str = "rate_pyramidal", uM: float = 1.0, mixes: Sequence[str] = MIXES, tonic: Sequence[float] = TONIC_SCALES,
    options: Options | None = None, threads: int | None = None, progress: Progress | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Ratio of one number under drug to drug-free, by subunit mix (rows) and tonic conductance (columns).

    For each tonic conductance a homeostat restores the drug-free rates first, so that only the drug differs.
    """
    o = options or Options(seconds=6.0)
    network = check_options(o)
    base = Simulation(network, o.cells, o.seed)
    base.run(SETTLE_S)
    targets = base.run(o.seconds).rates()
    networks = in_parallel(lambda scale: retuned(network, scale, targets, o), tonic, threads)
    rest = in_parallel(lambda n: under_drug(n, Hypothesis(), 0.0, o.seed, o), networks, threads)
    jobs = [(name, k) for name in mixes for k in range(len(tonic))]
    found = in_parallel(lambda j: under_drug(networks[j[1]], hypothesis(j[0]), uM, o.seed, o), jobs, threads, progress)
    ratios = [r[key] / rest[k][key] for r, (_, k) in zip(found, jobs, strict=True)]
    return np.array(ratios).reshape(len(mixes), len(tonic))


def retuned(network: Network, tonic: float, targets: Mapping[str, float], o: Options) -> Network:
    """The network with its tonic NMDA conductances scaled and its external rates found anew."""
    cells = {
        t: c.model_copy(update={"tonic": c.tonic.model_copy(update={"conductance": c.tonic.conductance * tonic})})
        for t, c in network.cells.items()
    }
    scaled = network.model_copy(update={"cells": cells})
    return with_drive(scaled, homeostat(scaled, o.cells, targets, o.seed), {})
