"""The posterior of a stage: runs of the model, an emulator of them, and an ensemble sampler on the emulator.

    log posterior(z) = sum_i w_i log p_i(emulated_i(z)) - |z|^2 / 2

First each parameter is moved alone, one standard deviation up and down, then in rounds: the emulator is fitted to all
runs so far, its posterior is sampled, and the model is run at draws of it, until the emulator is right where the
posterior lies. The last draws are run as well: what is reported of them is the model's own.
Samplers: emcee (Foreman-Mackey et al. 2013), differential-evolution moves (ter Braak & Vrugt 2008).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ketamind.evidence.experiments import Experiment
from ketamind.studies.calibrate.emulator import Emulator, fit_emulator
from ketamind.studies.calibrate.forward import Forward, forward
from ketamind.studies.calibrate.likelihood import Results, on_own_scale, results_of
from ketamind.studies.calibrate.priors import Prior, values_at

Floats = NDArray[np.float64]
Told = Callable[[int, int], None]
BURN, STEPS, KEEP_EVERY = 1500, 3000, 10
EDGE = 3.0
"""Scores beyond this lie outside the tables' ranges."""


@dataclass(frozen=True)
class Stage:
    """What is calibrated on what: parameters with their priors, experiments, people drawn for each arm of a trial."""

    name: str
    priors: tuple[Prior, ...]
    experiments: tuple[Experiment, ...]
    people: int = 0
    without: tuple[str, ...] = ()
    values: tuple[tuple[str, float], ...] = ()
    seed: int = 1


@dataclass(frozen=True)
class Runs:
    """Runs of the model: scores (draws, parameters) and predictions (n, draws) on the results' own scales."""

    results: Results
    scores: Floats
    predictions: Floats

    def joined(self, other: "Runs") -> "Runs":
        """These runs and others of the same results."""
        return replace(
            self,
            scores=np.concatenate([self.scores, other.scores]),
            predictions=np.concatenate([self.predictions, other.predictions], axis=1),
        )

    def log_posterior(self) -> Floats:
        """Of each run, by the model itself; a missing number counts as the worst of that result."""
        each = self.results.log_likelihood(self.predictions.T)
        worst = np.nan_to_num(np.nanmin(np.where(np.isfinite(each), each, np.nan), axis=0), nan=-6.0)
        likely = (np.where(np.isfinite(each), each, worst) * self.results.weight).sum(axis=1)
        return np.asarray(likely - (self.scores**2).sum(axis=1) / 2)


def run(stage: Stage, scores: Floats, progress: Told | None = None) -> Runs:
    """Run the model at scores."""
    found: Forward = forward(
        stage.experiments,
        values_at(stage.priors, scores),
        stage.people,
        stage.seed,
        stage.without,
        dict(stage.values),
        progress,
    )
    return Runs(results_of(found), scores, on_own_scale(found))


def one_at_a_time(parameters: int) -> Floats:
    """The middle, and each parameter alone one standard deviation up and down."""
    moves = np.eye(parameters)
    return np.concatenate([np.zeros((1, parameters)), moves, -moves])


def log_density(results: Results, emulator: Emulator, z: Floats, use: NDArray[np.bool_] | None = None) -> Floats:
    """Log posterior (draws,) by the emulator; `use` (n,) leaves results out."""
    widened = replace(
        results, scale=np.hypot(results.scale, np.where(np.isfinite(emulator.error), emulator.error, 1.0))
    )
    each = widened.log_likelihood(emulator(z))
    usable = np.isfinite(emulator.error) & (True if use is None else use)
    likely = (each[:, usable] * results.weight[usable]).sum(axis=1)
    inside = np.abs(z).max(axis=1) <= EDGE
    return np.where(inside & np.isfinite(likely), likely - (z**2).sum(axis=1) / 2, -np.inf)


def sample(
    runs: Runs, seed: int, use: NDArray[np.bool_] | None = None, steps: int = STEPS, burn: int = BURN
) -> tuple[Floats, Emulator]:
    """Chains (steps kept, walkers, parameters) of the emulator's posterior, and the emulator."""
    import emcee

    rng = np.random.default_rng(seed)
    emulator = fit_emulator(runs.scores, runs.predictions)
    parameters = runs.scores.shape[1]
    walkers = 4 * parameters + 4
    best = runs.scores[int(np.argmax(runs.log_posterior()))]
    start = np.clip(0.7 * best + 0.3 * rng.standard_normal((walkers, parameters)), -EDGE, EDGE)
    sampler = emcee.EnsembleSampler(
        walkers,
        parameters,
        lambda z: log_density(runs.results, emulator, z, use),
        vectorize=True,
        moves=[(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.1), (emcee.moves.StretchMove(), 0.1)],
    )
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(start, burn + steps, skip_initial_state_check=True)
    return np.asarray(sampler.get_chain(discard=burn, thin=KEEP_EVERY)), emulator


def learn(stage: Stage, rounds: int, draws: int, told: Callable[[str], None] | None = None) -> Runs:
    """Runs of the model that lie where the posterior is."""
    say = told or (lambda _: None)
    parameters = len(stage.priors)
    rng = np.random.default_rng(stage.seed)
    runs = run(stage, one_at_a_time(parameters))
    for k in range(rounds):
        say(f"{stage.name}: round {k + 1} of {rounds}, best {runs.log_posterior().max():.1f}")
        chain, _ = sample(runs, stage.seed + k, steps=600, burn=900)
        flat = chain.reshape(-1, parameters)
        runs = runs.joined(run(stage, flat[rng.choice(len(flat), draws, replace=False)]))
    return runs


def choose(chain: Floats, count: int, seed: int) -> Floats:
    """Draws (count, parameters) of chains."""
    flat = chain.reshape(-1, chain.shape[-1])
    return np.asarray(flat[np.random.default_rng(seed).choice(len(flat), count, replace=False)])


def experiments_of(experiments: Sequence[Experiment], domains: Sequence[str]) -> tuple[Experiment, ...]:
    """Those of some domains."""
    return tuple(e for e in experiments if e.domain in domains)
