"""What a calibration gives: draws, what was learned of each parameter, diagnostics; stored small, read back."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.studies.calibrate.crossvalidate import CrossValidation
from ketamind.studies.calibrate.emulator import Emulator
from ketamind.studies.calibrate.posterior import Runs, Stage
from ketamind.studies.calibrate.priors import values_at

Floats = NDArray[np.float64]
INFORMED = 0.2
"""Least contraction, 1 - (posterior sd / prior sd), from which the experiments are said to inform a parameter."""
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Learned:
    """One parameter: prior and posterior medians and 95 % ranges, contraction, R-hat and effective sample size."""

    name: str
    unit: str
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    contraction: float
    r_hat: float
    effective: float

    @property
    def informed(self) -> bool:
        """True where the experiments say something that the prior did not."""
        return self.contraction >= INFORMED

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "parameter": self.name,
            "unit": self.unit,
            "prior": [_short(v) for v in self.prior],
            "posterior": [_short(v) for v in self.posterior],
            "contraction": round(self.contraction, 3),
            "informed": self.informed,
            "r_hat": round(self.r_hat, 3),
            "effective_samples": round(self.effective),
        }


@dataclass(frozen=True)
class Calibration:
    """A calibrated stage: `draws` (parameter -> values), what was learned, checks of emulator and prediction."""

    stage: str
    hypothesis: str
    seed: int
    draws: dict[str, Floats]
    learned: tuple[Learned, ...]
    validation: CrossValidation
    checks: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "stage": self.stage,
            "hypothesis": self.hypothesis,
            "seed": self.seed,
            "parameters": [p.as_json() for p in self.learned],
            "cross_validation": self.validation.as_json(),
            "checks": {k: _short(v) for k, v in self.checks.items()},
        }

    def as_text(self) -> str:
        """For people."""
        return text_of(self.as_json())


def text_of(found: dict[str, Any]) -> str:
    """A calibration, as it is stored, for people."""
    learned, v = found["parameters"], found["cross_validation"]
    head = f"{'':<34}{'prior':>26}{'posterior':>28}{'contraction':>13}{'R-hat':>8}{'eff.':>8}"
    rows = [
        f"{p['parameter']:<34}{_range(p['prior']):>26}{_range(p['posterior']):>28}"
        f"{p['contraction']:>13.2f}{p['r_hat']:>8.3f}{p['effective_samples']:>8}"
        for p in learned
    ]
    return "\n".join(
        [
            f"{found['stage']}, {found['hypothesis']}: {sum(p['informed'] for p in learned)} of {len(learned)}"
            " parameters are informed by the experiments; the others stay at their priors.",
            head,
            *rows,
            f"studies left out: {v['agree_left_out']} of {v['compared']} results agree (fitted {v['agree_fitted']}); "
            f"log predictive density {v['log_predictive_density']:.1f} (standard error {v['standard_error']:.1f})",
            *(f"{name.replace('_', ' ')}: {value:.3g}" for name, value in found["checks"].items()),
            "For research and teaching. Not medical advice.",
        ]
    )


def summarise(
    stage: Stage,
    runs: Runs,
    chain: Floats,
    emulator: Emulator,
    again: Runs,
    cv: CrossValidation,
    checks: Mapping[str, float],
) -> Calibration:
    """The result of a stage. `again` holds runs of the model at the draws that are kept."""
    import arviz

    per_walker = np.moveaxis(chain, 1, 0)
    posterior = arviz.convert_to_dataset({"z": per_walker[:: max(1, len(per_walker) // 8)]})
    r_hat, effective = (
        arviz.rhat(posterior)["z"].values,
        arviz.ess(arviz.convert_to_dataset({"z": per_walker}))["z"].values,
    )
    flat = chain.reshape(-1, chain.shape[-1])
    quantiles = np.quantile(flat, [0.5, 0.025, 0.975], axis=0)
    learned = []
    for i, prior in enumerate(stage.priors):
        middle, low, high = (float(v) for v in prior.value(quantiles[:, i]))
        learned.append(
            Learned(
                prior.name,
                prior.unit,
                (prior.median, prior.low, prior.high),
                (middle, low, high),
                float(1 - flat[:, i].std()),
                float(r_hat[i]),
                float(effective[i]),
            )
        )
    kept = values_at(stage.priors, again.scores)
    return Calibration(
        stage.name,
        stage.hypothesis.name,
        stage.seed,
        kept,
        tuple(learned),
        cv,
        {**_checks(runs, emulator, again), **checks},
    )


def _checks(runs: Runs, emulator: Emulator, again: Runs) -> dict[str, float]:
    """Emulator against model at the draws kept, and how often 90 % predictive ranges hold the published number."""
    usable = np.isfinite(emulator.error)
    off = (emulator(again.scores).T - again.predictions)[usable] / runs.results.scale[usable, None]
    number = ~np.isnan(runs.results.target)
    rng = np.random.default_rng(0)
    noise = rng.standard_t(4, again.predictions[number].shape) * runs.results.scale[number, None]
    low, high = np.nanquantile(again.predictions[number] + noise, [0.05, 0.95], axis=1)
    inside = (low <= runs.results.target[number]) & (runs.results.target[number] <= high)
    return {
        "runs_of_the_model": float(len(runs.scores) + len(again.scores)),
        "results": float(len(runs.results.weight)),
        "emulator_error_in_scales_of_the_results": float(np.nanmedian(np.abs(off))),
        "share_of_numbers_within_90_percent_predictive_ranges": float(inside.mean()),
        "highest_log_posterior": float(max(runs.log_posterior().max(), again.log_posterior().max())),
    }


def store(found: Calibration, folder: Path) -> None:
    """Write `<stage>_<hypothesis>.json` and the draws beside it as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    base = f"{found.stage}_{found.hypothesis}"
    (folder / f"{base}.json").write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")
    with (folder / f"{base}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(found.draws)
        writer.writerows([f"{v:.6g}" for v in row] for row in zip(*found.draws.values(), strict=True))


def store_score(found: Calibration, folder: Path) -> None:
    """Add the cross-validated score of a hypothesis to `hypotheses.json`, which `compare` reads."""
    path = folder / "hypotheses.json"
    scores = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    v = found.validation
    scores[found.hypothesis] = {
        "score": round(v.density, 2),
        "standard_error": round(v.error, 2),
        "agree_left_out": v.agree,
        "compared": v.compared,
        "stage": found.stage,
    }
    path.write_text(json.dumps(scores, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def stored_folder() -> Path:
    """Where the package keeps its calibrations."""
    return Path(str(resources.files("ketamind") / "data" / "calibration"))


def stored(stage: str, hypothesis: str) -> dict[str, Any] | None:
    """What the package keeps of a calibration, or None."""
    path = stored_folder() / f"{stage}_{hypothesis}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def left_out_measures(hypothesis: str) -> dict[str, float]:
    """The scoreboard's measures for studies left out, over the stages that the package keeps; empty if none are."""
    sums: dict[str, tuple[float, int]] = {}
    for stage in ("pharmacokinetics", "circuit", "plasticity", "readouts"):
        kept = stored(stage, hypothesis) or {}
        for name, (total, n) in kept.get("cross_validation", {}).get("measures", {}).items():
            before = sums.get(name, (0.0, 0))
            sums[name] = (before[0] + total, before[1] + n)
    means = {name: total / n for name, (total, n) in sums.items() if n}
    if "gmfe" in means:
        means["gmfe"] = float(np.exp(means["gmfe"]))
    return {name: float(np.sqrt(v)) if name.endswith("rmse") else v for name, v in means.items()}


def stored_draws(stage: str, hypothesis: str) -> dict[str, Floats]:
    """The draws that the package keeps (parameter -> values, in the unit of its table); empty if there are none."""
    path = stored_folder() / f"{stage}_{hypothesis}.csv"
    if not path.is_file():
        return {}
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    return {
        name: np.array(column, dtype=float) for name, column in zip(rows[0], zip(*rows[1:], strict=True), strict=True)
    }


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _range(three: Sequence[float]) -> str:
    return f"{three[0]:.3g} ({three[1]:.3g} to {three[2]:.3g})"
