"""What the drug does in networks that were calibrated without it: a pure prediction, hypothesis by hypothesis.

Each condition is paired with the drug-free one by the same external events, and block follows the simulated (or the
assumed) potentials until both are steady. Reported for each network and each of four readings of gamma:

    inhibition   inhibitory conductance on pyramidal cells falls
    pyramidal    pyramidal rate rises by more than 5 %
    gamma        30-80 Hz power rises by more than 10 %
    flat         alpha and beta power rise by less than 5 %
    control      with PV and SST cells protected neither pyramidal rate nor gamma rises (by 2 % and 5 %)
    reversal     at 10 uM both are below their values at 1 uM

and `all`, all of these in one network. Limits of 5 and 10 % are about two standard deviations of paired runs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ketamind.cortex.blind import Calibrated, accepted, badness, lineage, plan, read_ensemble, save_ensemble
from ketamind.cortex.block import ASSUMED_POTENTIALS, Block, Hypothesis, hypothesis, looped, run_with_block
from ketamind.cortex.recordings import READINGS, summary
from ketamind.cortex.simulate import Simulation, in_parallel
from ketamind.errors import BadValue

SETTLE_S, STRETCH_S = 4.0, 0.5
LOW_UM, UM, HIGH_UM = 0.5, 1.0, 10.0
INTERNEURONS = frozenset({"pv", "sst"})
HYPOTHESES = (
    "tonic_2b2d", "tonic_2d", "tonic_2c", "glun2b", "allosteric", "rich_2c2d", "glun2a", "pyramidal_only",
    "tonic_2d+loop", "tonic_2c+loop", "glun2b+loop", "allosteric+loop", "rich_2c2d+loop", "glun2a+loop",
    "tonic_2c+allosteric", "tonic_2c+allosteric+loop", "pyramidal_only+loop",
)  # fmt: skip
FINDINGS = ("inhibition", "pyramidal", "gamma", "flat", "control", "reversal", "all")
Ratios = dict[str, float]


def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share."""
    if n == 0:
        return 0.0, 1.0
    centre, half = (k + z * z / 2) / (n + z * z), z * np.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


@dataclass(frozen=True)
class Settings:
    """How long, how often and at which potentials predictions are made."""

    seconds: float = 10.0
    seeds: int = 2
    potentials: str = "simulated"
    cells: int | None = None

    @property
    def fixed(self) -> Mapping[str, float]:
        return ASSUMED_POTENTIALS if self.potentials == "assumed" else {}


def simulate(
    c: Calibrated, assumption: Hypothesis, uM: float, protect: frozenset[str], seed: int, s: Settings
) -> Ratios:
    """Features of one stretch at one free concentration of ketamine."""
    network = looped(c.network, assumption.feedback)
    simulation = Simulation(network, s.cells or plan()["cells"], seed)
    if assumption.feedback is not None:
        simulation.set_loop(c.reference_rate)
    block = Block(network, {"ketamine": uM}, assumption, s.fixed, protect)
    block.settle()
    for _ in range(round(SETTLE_S / STRETCH_S)):
        block.follow(simulation.run(STRETCH_S, block.condition()))
        block.settle()
    return summary(run_with_block(simulation, block, s.seconds, stretch=STRETCH_S)[0])


def ratios(c: Calibrated, name: str, s: Settings) -> dict[str, Ratios]:
    """Features over drug-free, geometric means over seeds, by condition; the aperiodic exponent as a difference."""
    assumption = hypothesis(name)
    conditions = {
        "low": (LOW_UM, frozenset[str]()),
        "drug": (UM, frozenset[str]()),
        "protected": (UM, INTERNEURONS),
        "high": (HIGH_UM, frozenset[str]()),
    }
    seeds = [1000 + c.lineage * 10 + k for k in range(s.seeds)]
    base = [simulate(c, assumption, 0.0, frozenset(), seed, s) for seed in seeds]
    out = {}
    for condition, (uM, protect) in conditions.items():
        drug = [simulate(c, assumption, uM, protect, seed, s) for seed in seeds]
        out[condition] = {key: compare(key, [d[key] for d in drug], [b[key] for b in base]) for key in base[0]}
    return out


def compare(key: str, drug: Sequence[float], base: Sequence[float]) -> float:
    """Mean difference of exponents, heights and potentials; geometric mean ratio of all else."""
    d, b = np.asarray(drug), np.asarray(base)
    if key.startswith(("aperiodic", "potential", "gamma_peak")):
        return float(np.mean(d - b))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.maximum(d, 1e-6) / np.maximum(b, 1e-6))
    return float(np.exp(np.mean(logs)))


def findings(r: Mapping[str, Ratios], reading: str, dose: str = "drug") -> dict[str, bool]:
    """What holds in one network, gamma read in one way."""
    gamma = f"gamma_{reading}"
    now, protected, high = r[dose], r["protected"], r["high"]
    found = {
        "inhibition": now["inhibitory_conductance"] < 1,
        "pyramidal": now["rate_pyramidal"] > 1.05,
        "gamma": now[gamma] > 1.1,
        "flat": now["power_alpha"] < 1.05 and now["power_beta"] < 1.05,
        "control": protected["rate_pyramidal"] < 1.02 and protected[gamma] < 1.05,
        "reversal": high["rate_pyramidal"] < r["drug"]["rate_pyramidal"] and high[gamma] < r["drug"][gamma],
    }
    return {k: bool(v) for k, v in found.items()} | {"all": all(found.values())}


@dataclass(frozen=True)
class Prediction:
    """What one hypothesis predicts: ratios by network and condition."""

    hypothesis: str
    by_network: tuple[dict[str, Ratios], ...]

    def shares(self, reading: str, dose: str = "drug") -> dict[str, tuple[int, int, float, float]]:
        """For each finding: networks in which it holds, all networks, and the 95 % interval of the share."""
        n = len(self.by_network)
        counts = {f: sum(findings(r, reading, dose)[f] for r in self.by_network) for f in FINDINGS}
        return {f: (k, n, *wilson(k, n)) for f, k in counts.items()}

    def quantiles(self, key: str, condition: str = "drug") -> tuple[float, float, float]:
        """Median and 10-90 % range over networks of one ratio."""
        values = [r[condition][key] for r in self.by_network]
        middle, low, high = np.nanquantile(values, [0.5, 0.1, 0.9])
        return float(middle), float(low), float(high)

    def as_json(self) -> dict[str, Any]:
        keys = self.by_network[0]["drug"] if self.by_network else {}
        return {
            "hypothesis": self.hypothesis,
            "networks": len(self.by_network),
            "shares": {d: {r: self.shares(r, d) for r in READINGS} for d in ("low", "drug")},
            "quantiles": {c: {k: self.quantiles(k, c) for k in keys} for c in ("low", "drug", "protected", "high")},
        }


def predict(
    found: Sequence[Calibrated], name: str, settings: Settings | None = None, threads: int | None = None
) -> Prediction:
    """The drug's effect in every network of an ensemble under one hypothesis. Raises UnknownName."""
    hypothesis(name)
    s = settings or Settings()
    return Prediction(name, tuple(in_parallel(lambda c: ratios(c, name, s), found, threads)))


def calibrate_ensemble(folder: Path, lineages: int = 30, seed: int = 1, threads: int | None = None) -> list[Calibrated]:
    """Calibrate lineages that the folder lacks, each saved as it ends; returns all. Goes on where it was stopped."""
    if lineages < 1:
        raise BadValue(f"{lineages} lineages cannot be calibrated: give 1 or more (30 for a result).")
    missing = [k for k in range(lineages) if not (folder / f"network_{k:03d}.json").is_file()]

    def one(number: int) -> None:
        save_ensemble([lineage(number, seed)], folder)

    in_parallel(one, missing, threads)
    return read_ensemble(folder)


def predict_ensemble(
    folder: Path, names: Sequence[str] = HYPOTHESES, settings: Settings | None = None, threads: int | None = None
) -> list[Prediction]:
    """Predictions of each hypothesis for the accepted networks of a folder, written there; goes on where it stopped."""
    kept = sorted(accepted(read_ensemble(folder)), key=badness)
    s, out = settings or Settings(), []
    for name in names:
        file = folder / f"prediction_{name}_{s.potentials}.json"
        if file.is_file():
            stored = json.loads(file.read_text(encoding="utf-8"))
            out.append(Prediction(name, tuple(stored["by_network"])))
            continue
        done = predict(kept, name, s, threads)
        file.write_text(json.dumps(done.as_json() | {"by_network": done.by_network}), encoding="utf-8")
        out.append(done)
    return out


def table_text(predictions: Sequence[Prediction], reading: str = "field", dose: str = "drug") -> str:
    """Share of networks in which each finding holds, and median ratios, one line a hypothesis."""
    keys = {
        "E": "rate_pyramidal", "PV": "rate_pv", "SST": "rate_sst", "gI": "inhibitory_conductance",
        "gamma": f"gamma_{reading}", "beta": "power_beta", "alpha": "power_alpha",
    }  # fmt: skip
    lines = [f"{'hypothesis':26}" + "".join(f"{f:>11}" for f in FINDINGS) + "".join(f"{k:>7}" for k in keys)]
    for p in predictions:
        counts = "".join(f"{f'{k}/{n}':>11}" for k, n, *_ in p.shares(reading, dose).values())
        medians = "".join(f"{p.quantiles(key, dose)[0]:7.2f}" for key in keys.values())
        lines.append(f"{p.hypothesis:26}{counts}{medians}")
    return "\n".join(lines)
