"""Does the procedure find parameters that are known? Published numbers are made up from them, and calibrated on.

True scores are drawn from the prior, each result is drawn around its prediction with its own scatter (numbers by the t
distribution of the likelihood, directions and thirds by where the scattered prediction falls, one in twenty of them
wrong), independent of each other; the posterior is sampled as always. Counted is how often the 90 % interval of a
parameter that this data informs holds its true value.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ketamind.evidence.rules import THIRD
from ketamind.studies.calibrate.emulator import Emulator, fit_emulator
from ketamind.studies.calibrate.likelihood import EDGE_OF_NONE, TAIL, WRONG, Results
from ketamind.studies.calibrate.posterior import EDGE, Runs, sample, widened

Floats = NDArray[np.float64]
INFORMED = 0.2
WORLDS = 6


def coverage(runs: Runs, seed: int, worlds: int = WORLDS) -> tuple[float, int]:
    """Share of 90 % intervals of informed parameters that hold the truth, and how many there were."""
    rng = np.random.default_rng(seed)
    emulator = fit_emulator(runs.scores, runs.predictions)
    held: list[bool] = []
    for world in range(worlds):
        truth = np.clip(rng.standard_normal(runs.scores.shape[1]), -EDGE, EDGE)
        made_up = replace(runs, results=results_of_world(runs.results, emulator, truth, rng))
        chain, _ = sample(made_up, seed + world, steps=1500, burn=1000)
        flat = chain.reshape(-1, truth.size)
        low, high = np.quantile(flat, [0.05, 0.95], axis=0)
        informed = 1 - flat.std(axis=0) >= INFORMED
        held += [bool(v) for v in ((low <= truth) & (truth <= high))[informed]]
    return (float(np.mean(held)) if held else float("nan")), len(held)


def results_of_world(results: Results, emulator: Emulator, truth: Floats, rng: np.random.Generator) -> Results:
    """Published results as a world with these parameters would give them, of the same kinds and sizes."""
    scale = widened(results, emulator).scale
    number = ~np.isnan(results.target)
    noise = np.where(number, rng.standard_t(TAIL, scale.size), rng.standard_normal(scale.size)) * scale
    seen = emulator(truth[None])[0] + noise
    seen = np.where(~number & (rng.random(scale.size) < WRONG), 3 * rng.standard_normal(scale.size), seen)
    intervals = [
        _interval(v, r.statistic.name in ("remaining", "restored"))
        for v, r in zip(seen, results.questions, strict=True)
    ]
    low, high = (np.array(side) for side in zip(*intervals, strict=True))
    return replace(
        results,
        target=np.where(number, seen, np.nan),
        low=np.where(number, np.nan, low),
        high=np.where(number, np.nan, high),
        weight=np.ones(scale.size),
    )


def _interval(value: float, thirds: bool) -> tuple[float, float]:
    edges = (-np.inf, THIRD, 2 * THIRD, np.inf) if thirds else (-np.inf, -EDGE_OF_NONE, EDGE_OF_NONE, np.inf)
    place = sum(value >= edge for edge in edges[1:3])
    return edges[place], edges[place + 1]
