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
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ketamind.cortex.blind import Calibrated, accepted, lineage, plan, read_ensemble, save_ensemble
from ketamind.cortex.block import ASSUMED_POTENTIALS, Block, Hypothesis, hypothesis, looped, run_with_block
from ketamind.cortex.recordings import summary
from ketamind.cortex.simulate import Progress, Simulation, in_parallel
from ketamind.errors import BadFile, BadValue, unknown_name

SETTLE_S, STRETCH_S = 4.0, 0.5
LOW_UM = 0.4  # free in the brain at the end of 0.5 mg/kg over 40 min, as the chain has it (0.41 uM)
UM, HIGH_UM = 1.0, 10.0
INTERNEURONS = frozenset({"pv", "sst"})
HYPOTHESES = (
    "tonic_2c+loop", "tonic_2c", "tonic_2d", "tonic_2d+loop", "tonic_2b2d", "tonic_2b2d+loop", "glun2b", "glun2b+loop",
    "allosteric", "allosteric+loop", "rich_2c2d", "rich_2c2d+loop", "tonic_2c+allosteric", "tonic_2c+allosteric+loop",
    "glun2b+tonic_2c", "glun2b+tonic_2c+loop", "glun2a", "glun2a+loop", "pyramidal_only", "pyramidal_only+loop",
    "interneurons_only", "interneurons_only+loop", "chain", "chain+loop",
)  # fmt: skip
POTENTIALS = ("simulated", "assumed")
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
    seeds: int = 1
    potentials: str = "simulated"
    cells: int | None = None
    most_networks: int = 20

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


CONDITIONS = {
    "low": (LOW_UM, frozenset[str]()),
    "drug": (UM, frozenset[str]()),
    "protected": (UM, INTERNEURONS),
    "high": (HIGH_UM, frozenset[str]()),
}


def seeds_of(c: Calibrated, s: Settings) -> list[int]:
    """Seeds of wiring and events that no part of the calibration has used."""
    return [1000 + c.lineage * 10 + k for k in range(s.seeds)]


def drug_free(c: Calibrated, loop: bool, s: Settings) -> list[Ratios]:
    """Features without drug, one set a seed; where the receptors are makes no difference then."""
    assumption = Hypothesis(feedback=0.5 if loop else None)
    return [simulate(c, assumption, 0.0, frozenset(), seed, s) for seed in seeds_of(c, s)]


def ratios(c: Calibrated, name: str, s: Settings, base: Sequence[Ratios]) -> dict[str, Ratios]:
    """Features over drug-free, geometric means over seeds, by condition; the aperiodic exponent as a difference."""
    assumption, out = hypothesis(name), {}
    for condition, (uM, protect) in CONDITIONS.items():
        drug = [simulate(c, assumption, uM, protect, seed, s) for seed in seeds_of(c, s)]
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
    """What one hypothesis predicts: ratios by network and condition; `networks` are the lineages, in the same order."""

    hypothesis: str
    by_network: tuple[dict[str, Ratios], ...]
    networks: tuple[int, ...] = ()

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


@dataclass
class Predictor:
    """Predicts hypothesis by hypothesis for the same networks, whose drug-free stretches are simulated once."""

    settings: Settings = field(default_factory=Settings)
    rests: dict[tuple[int, bool], list[Ratios]] = field(default_factory=dict)

    def one(self, c: Calibrated, name: str) -> dict[str, Ratios]:
        """Ratios of one network under one hypothesis."""
        loop = hypothesis(name).feedback is not None
        key = (c.lineage, loop)
        if key not in self.rests:
            self.rests[key] = drug_free(c, loop, self.settings)
        return ratios(c, name, self.settings, self.rests[key])


def predict(
    found: Sequence[Calibrated], name: str, settings: Settings | None = None, threads: int | None = None
) -> Prediction:
    """The drug's effect in every network of an ensemble under one hypothesis. Raises UnknownName."""
    hypothesis(name)
    p = Predictor(settings or Settings())
    ratios = in_parallel(lambda c: p.one(c, name), found, threads)
    return Prediction(name, tuple(ratios), tuple(c.lineage for c in found))


def calibrate_ensemble(
    folder: Path, lineages: int = 30, seed: int = 1, threads: int | None = None, progress: Progress | None = None
) -> list[Calibrated]:
    """Calibrate lineages that the folder lacks, each saved as it ends; returns all. Goes on where it was stopped."""
    if not 1 <= lineages <= 1000:
        raise BadValue(f"{lineages} lineages cannot be calibrated: give 1 to 1000 (30 for a result).")
    missing = [k for k in range(lineages) if not (folder / f"network_{k:03d}.json").is_file()]

    def one(number: int) -> None:
        save_ensemble([lineage(number, seed)], folder)

    in_parallel(one, missing, threads, progress)
    return read_ensemble(folder)


def predict_ensemble(
    folder: Path,
    names: Sequence[str] = HYPOTHESES,
    settings: Settings | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Prediction]:
    """Predictions of each hypothesis for the accepted networks of a folder, the first `most_networks` lineages of them.

    Each network's is written there as it ends, and what is written is not simulated again. Raises UnknownName for a
    hypothesis or a choice of potentials that is not known, BadFile for a folder without accepted networks.
    """
    s = settings or Settings()
    if s.potentials not in POTENTIALS:
        raise unknown_name(s.potentials, "a choice of potentials", POTENTIALS)
    for name in names:
        hypothesis(name)
    kept = accepted(read_ensemble(folder))[: s.most_networks]
    if not kept:
        raise BadFile(f"{folder}: no network here meets the drug-free windows; calibrate more lineages.")
    p, jobs = Predictor(s), [(name, c) for name in names for c in kept]

    def one(job: tuple[str, Calibrated]) -> dict[str, Ratios]:
        name, c = job
        file = folder / "predictions" / s.potentials / f"{name}_{c.lineage:03d}.json"
        if file.is_file():
            return dict(json.loads(file.read_text(encoding="utf-8")))
        found = p.one(c, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps(found), encoding="utf-8")
        part.replace(file)
        return found

    done = in_parallel(one, jobs, threads, progress)
    n, lineages = len(kept), tuple(c.lineage for c in kept)
    return [Prediction(name, tuple(done[k * n : (k + 1) * n]), lineages) for k, name in enumerate(names)]
