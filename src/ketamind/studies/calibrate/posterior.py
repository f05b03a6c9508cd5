"""The posterior of a stage: runs of the model, an emulator of them, and an ensemble sampler on the emulator.

    log posterior(z) = sum_i w_i log p_i(prediction_i(z)) - |z|^2 / 2

1. Ascent, on the model itself: each parameter is moved a little to find the slopes of all predictions; the best step
   of several lengths, tried on the model, is taken.
2. Design: each parameter alone half a standard deviation up and down from there, then draws of the emulator's
   posterior, in rounds, so that the emulator is right where the posterior lies.
3. Sampling of the emulator's posterior (emcee: Foreman-Mackey et al. 2013; differential-evolution moves: ter Braak &
   Vrugt 2008), the emulator's own error added to that of each result.

Draws of the posterior are run again, so that what is reported of them is the model's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ketamind.evidence.experiments import Experiment
from ketamind.evidence.hypotheses import Hypothesis
from ketamind.studies.calibrate.emulator import Emulator, fit_emulator
from ketamind.studies.calibrate.forward import forward
from ketamind.studies.calibrate.likelihood import Results, on_own_scale, results_of
from ketamind.studies.calibrate.priors import Prior, values_at

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Told = Callable[[str], None]
EDGE = 2.5
"""Scores beyond this lie outside the ranges."""
STEP = 0.5
RADII = (0.28, 0.56, 0.8, 1.2)
NO_NUMBER = -6.0
"""Log-likelihood of a result for which the model gives no number."""
NUDGE = 1e-5


@dataclass(frozen=True)
class Stage:
    """What is calibrated on what: an account, parameters with priors, experiments, people drawn for each trial arm."""

    name: str
    hypothesis: Hypothesis
    priors: tuple[Prior, ...]
    experiments: tuple[Experiment, ...]
    people: int = 0
    seed: int = 1


@dataclass(frozen=True)
class Runs:
    """Runs of the model: scores (draws, parameters) and predictions (n, draws) on the results' own scales."""

    results: Results
    scores: Floats
    predictions: Floats

    def joined(self, other: "Runs") -> "Runs":
        """These runs and others of the same results."""
        scores = np.concatenate([self.scores, other.scores])
        return replace(self, scores=scores, predictions=np.concatenate([self.predictions, other.predictions], axis=1))

    def log_posterior(self) -> Floats:
        """Of each run, by the model itself."""
        return log_posterior(self.results, self.predictions.T, self.scores)


def log_posterior(results: Results, predictions: Floats, z: Floats) -> Floats:
    """Of predictions (draws, n) at scores (draws, parameters)."""
    each = results.log_likelihood(predictions)
    likely = np.where(np.isfinite(each), each, NO_NUMBER) @ results.weight
    return np.asarray(likely - (z**2).sum(axis=1) / 2)


def run(stage: Stage, z: Floats) -> Runs:
    """Run the model at scores (draws, parameters)."""
    lab = replace(stage.hypothesis.laboratory(stage.seed), draws=values_at(stage.priors, z))
    found = forward(stage.experiments, lab, stage.people)
    return Runs(results_of(found), z, on_own_scale(found))


def ascend(stage: Stage, iterations: int, starts: int, say: Told) -> Floats:
    """Scores (parameters,) of the highest posterior found in some climbs, which differ in where they look around."""
    tops = np.array([climb(stage, iterations, stage.seed + k, say) for k in range(starts)])
    return np.asarray(tops[int(np.argmax(run(stage, tops).log_posterior()))])


def climb(stage: Stage, iterations: int, seed: int, say: Told, start: Floats | None = None) -> Floats:
    """Scores (parameters,) at the end of one climb, from the prior's median unless told."""
    rng = np.random.default_rng(seed)
    z = np.zeros(len(stage.priors)) if start is None else start
    for k in range(iterations):
        moves = np.diag(rng.choice([-STEP, STEP], z.size))
        around = run(stage, np.concatenate([z[None], z + moves]))
        here = around.predictions[:, 0]
        slopes = np.nan_to_num((around.predictions[:, 1:] - here[:, None]) / moves.sum(axis=1))
        tried = run(stage, _steps(around.results, np.nan_to_num(here), slopes, z))
        best = int(np.argmax(tried.log_posterior()))
        gain = tried.log_posterior()[best] - around.log_posterior()[0]
        say(f"{stage.name}: step {k + 1} of {iterations} gains {max(gain, 0):.2f}")
        if gain <= 0:
            break
        z = tried.scores[best]
    return z


def _steps(results: Results, here: Floats, slopes: Floats, z: Floats) -> Floats:
    """Where the posterior is highest if predictions go on along their slopes, within several distances."""

    def downhill(new: Floats) -> tuple[float, Floats]:
        predicted = here + slopes @ (new - z)
        value, above = (results.log_likelihood(p[None])[0] for p in (predicted, predicted + NUDGE))
        slope = slopes.T @ ((above - value) / NUDGE * results.weight)
        return -float(value @ results.weight) + float(new @ new) / 2, new - slope

    found = []
    for radius in RADII:
        bounds = [(max(-EDGE, c - radius), min(EDGE, c + radius)) for c in z]
        best = minimize(downhill, z, jac=True, method="L-BFGS-B", bounds=bounds).x  # type: ignore[no-untyped-call]
        found += [best, z + 0.6 * (best - z)]
    return np.array(found)


def learn(stage: Stage, centre: Floats, rounds: int, draws: int, say: Told) -> Runs:
    """Runs of the model where the posterior is."""
    moves = STEP * np.eye(centre.size)
    runs = run(stage, np.clip(np.concatenate([centre[None], centre + moves, centre - moves]), -EDGE, EDGE))
    for k in range(rounds):
        say(f"{stage.name}: {len(runs.scores)} runs, round {k + 1} of {rounds}")
        chain, _ = sample(runs, stage.seed + k, steps=500, burn=500)
        runs = runs.joined(run(stage, choose(chain, draws, stage.seed + k)))
    return runs


def widened(results: Results, emulator: Emulator) -> Results:
    """The results with the error of the emulator added to their scales."""
    return replace(results, scale=np.hypot(results.scale, np.where(np.isfinite(emulator.error), emulator.error, 0.0)))


def log_density(results: Results, emulator: Emulator, z: Floats, use: Mask) -> Floats:
    """Log posterior (draws,) by the emulator and the results in `use` (n,)."""
    each = widened(results, emulator).log_likelihood(emulator(z))[:, use]
    likely = each @ results.weight[use] - (z**2).sum(axis=1) / 2
    return np.where(np.abs(z).max(axis=1) <= EDGE, likely, -np.inf)


def sample(
    runs: Runs, seed: int, left_out: Mask | None = None, steps: int = 6000, burn: int = 3000
) -> tuple[Floats, Emulator]:
    """Chains (steps kept, walkers, parameters) of the posterior without the results left out; and the emulator."""
    import emcee

    rng = np.random.default_rng(seed)
    emulator = fit_emulator(runs.scores, runs.predictions)
    use = np.isfinite(emulator.error) & ~(left_out if left_out is not None else np.zeros(len(emulator.error), bool))
    size = runs.scores.shape[1]
    best = runs.scores[int(np.argmax(runs.log_posterior()))]
    start = np.clip(0.7 * best + 0.4 * rng.standard_normal((2 * size + 4, size)), -EDGE, EDGE)
    sampler = emcee.EnsembleSampler(
        len(start),
        size,
        lambda z: log_density(runs.results, emulator, z, use),
        vectorize=True,
        moves=[(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.1), (emcee.moves.StretchMove(), 0.1)],
    )
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(start, burn + steps, skip_initial_state_check=True)
    return np.asarray(sampler.get_chain(discard=burn, thin=10)), emulator


def choose(chain: Floats, count: int, seed: int) -> Floats:
    """Draws (count, parameters) of chains."""
    flat = chain.reshape(-1, chain.shape[-1])
    return np.asarray(flat[np.random.default_rng(seed).choice(len(flat), count, replace=False)])
