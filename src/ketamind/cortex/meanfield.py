"""The chain's mean-field circuit, fitted to a spiking network.

A grid of conditions (block of each cell type and site, external drive of pyramidal cells, SST output, strength of
excitation on pyramidal cells) is simulated with spikes, each point with the same external events as rest. The rate
equations of `biology/circuit/rates.py`, unchanged, are then fitted to the rates of two thirds of the points: shares of
recurrence and NMDA, tonic depolarisation, inhibitory weights, gain, short-term plasticity; rates and potentials at
rest, leak and ceilings are the network's own. The error is that on the points kept out. What comes out is a set of
rows of the parameter tables, to be used in place of those that ship.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.biology.circuit.rates import CELL
from ketamind.cortex.block import table
from ketamind.cortex.network import CELL_TYPES, Network, check_size, read_network
from ketamind.cortex.simulate import Condition, Progress, Recording, Simulation, check_memory, in_parallel
from ketamind.cortex.wiring import wire
from ketamind.errors import BadFile, BadValue

Array = NDArray[np.float64]

LOWEST_LEFT = 0.3  # deepest block of the grid: 70 %, past which pyramidal cells fall silent
DRIVE, SST_OUTPUT, EXCITATION = (0.96, 1.08), (0.6, 1.0), (0.96, 1.04)
WARM_UP_S = 0.5
OUT_SHARE = 3  # every third point is kept out of the fit
SOFT_HZ = 0.5  # error below which a low rate counts as right
REL, ABS_HZ = 0.15, 0.5
PRIOR_WEIGHT = 0.03
OUTLIER = 0.3
STARTS, EVALUATIONS = 3, 80
NEIGHBOURS, FURTHEST = 48, 1.2  # random starts that are looked at, and how far off (sd, on the line of the fit)
SLACK = 1e-3  # by which a constant may pass the end of its range
STEPS, STEP_H = 400, 1e-3 / 3600
FRACTIONS, LOGARITHMIC, PLAIN = ("rho", "n"), ("T", "W_pv", "W_sst", "W_vip"), ("c_e",)
SHARED = ("k", "c_pv", "c_sst")


@dataclass(frozen=True)
class Point:
    """One condition of the grid, by cell type where it has one; all 1 is rest."""

    nmda_synaptic: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    nmda_tonic: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    drive: float = 1.0
    sst_output: float = 1.0
    excitation: float = 1.0

    @property
    def condition(self) -> Condition:
        return Condition(
            nmda_synaptic=dict(zip(CELL_TYPES, self.nmda_synaptic, strict=True)),
            nmda_tonic=dict(zip(CELL_TYPES, self.nmda_tonic, strict=True)),
            drive={"pyramidal": self.drive},
            release={"sst": self.sst_output},
            excitation={"pyramidal": self.excitation},
        )


def grid(points: int, seed: int = 1) -> list[Point]:
    """Points spread over block, drive and wiring state: half with the block of one dose in all types, a quarter with
    block of single types, a quarter mixed with drive and wiring. Latin hypercube within each."""
    if points < 12:
        raise BadValue(f"a grid of {points} points cannot be fitted: give 12 or more (96 for a result).")
    rng = np.random.default_rng(seed)

    def spread(n: int, k: int) -> Array:
        return np.asarray((np.array([rng.permutation(n) for _ in range(k)]).T + rng.random((n, k))) / n)

    out = []
    for n, kind in ((points // 2, "dose"), (points // 4, "single"), (points - points // 2 - points // 4, "mixed")):
        for i, u in enumerate(spread(n, 12)):
            left = 1 - (1 - LOWEST_LEFT) * u[:8]
            if kind == "dose":  # one dose, with bias between types of up to threefold
                left = 1 / (1 + 2.0 * u[8] ** 1.5 * (0.4 + 1.2 * u[:8]))
            if kind == "single":
                left = np.where(np.arange(8) % 4 == i % 4, left, 1.0)
            wiring = kind == "mixed"
            scale = [low + (high - low) * x if wiring else 1.0 for (low, high), x in zip(
                (DRIVE, SST_OUTPUT, EXCITATION), u[9:12], strict=True)]  # fmt: skip
            if wiring:
                left = 1 - (1 - left) * 0.4
            out.append(Point(tuple(left[:4].tolist()), tuple(left[4:].tolist()), *map(float, scale)))
    order = rng.permutation(len(out))
    return [out[k] for k in order]


@dataclass(frozen=True)
class Measured:
    """Rates (Hz) of the network at rest and at each point: (seed, point, type); potentials at rest, mV."""

    points: tuple[Point, ...]
    rest: Array
    rates: Array
    potential: Array

    @property
    def spread(self) -> Array:
        """Standard error over seeds of the paired effect on each rate, Hz: (point, type)."""
        effect = self.rates - self.rest[:, None, :]
        n = len(self.rest)
        return np.asarray(effect.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.zeros_like(effect[0]))


def measure(
    network: Network, points: Sequence[Point], cells: int = 1000, seeds: int = 2, seconds: float = 4.0,
    threads: int | None = None, progress: Progress | None = None,
) -> Measured:  # fmt: skip
    """Rates of the spiking network at rest and at each point, paired by external events."""
    wirings = {seed: wire(network, cells, seed) for seed in range(1, seeds + 1)}

    def one(job: tuple[int, Point]) -> Recording:
        seed, point = job
        simulation = Simulation(network, cells, seed, wirings[seed])
        simulation.run(WARM_UP_S, point.condition)
        return simulation.run(seconds, point.condition)

    jobs = [(seed, p) for seed in wirings for p in (Point(), *points)]
    found = in_parallel(one, jobs, threads, progress)
    rates = np.array([list(r.rates().values()) for r in found]).reshape(seeds, len(points) + 1, -1)
    at_rest = [r for (_, p), r in zip(jobs, found, strict=True) if p == Point()]
    potential = np.mean([[r.signal("potential", t).mean() for t in network.types] for r in at_rest], axis=0)
    return Measured(tuple(points), rates[:, 0], rates[:, 1:], potential)


@dataclass(frozen=True)
class Constants:
    """The rows that the fit may move, with their place in the vector of the fit."""

    rows: tuple[str, ...]
    start: Array

    @staticmethod
    def shipped() -> "Constants":
        names = [f"{q}_{t}" for t in CELL_TYPES for q in (*FRACTIONS, *LOGARITHMIC, *PLAIN)] + list(SHARED)
        values = np.array([table().row(f"circuit.{n}").value for n in names])
        return Constants(tuple(names), np.array([to_line(n, v) for n, v in zip(names, values, strict=True)]))

    def values(self, x: Array) -> dict[str, Any]:
        """Parameter values of a vector (or of vectors, along the first axis)."""
        return {n: from_line(n, x[..., i]) for i, n in enumerate(self.rows)}


def kind(name: str) -> str:
    """How a constant is moved: within 0 to 1, above 0, or freely."""
    symbol = name if name in SHARED else name.rsplit("_", 1)[0]
    if symbol in FRACTIONS:
        return "fraction"
    return "log" if symbol in LOGARITHMIC or symbol == "k" else "plain"


def to_line(name: str, value: float) -> float:
    if kind(name) == "fraction":
        return float(np.log(value / (1 - value)))
    return float(np.log(max(value, 1e-3))) if kind(name) == "log" else float(value)


def from_line(name: str, x: Array) -> Array:
    if kind(name) == "fraction":
        return np.asarray(1 / (1 + np.exp(-x)))
    return np.asarray(np.exp(x)) if kind(name) == "log" else np.asarray(np.tanh(x))


def steady_rates(p: Mapping[str, Any], m: Measured, network: Network) -> Array:
    """Steady rates of the chain's equations at all points: (parameter set, point, type)."""
    points, rest = m.points, m.rest.mean(axis=0)
    r = [np.full((1, len(points)), rest[k]) for k in range(4)]
    constants = [cell_constants(k, t, p, m, network) for k, t in enumerate(CELL_TYPES)]
    inputs = [cell_inputs(k, points) for k in range(4)]
    for _ in range(STEPS):
        now = dict(zip(CELL_TYPES, r, strict=True))
        slope = [CELL.rates(SimpleNamespace(**u, **now), SimpleNamespace(r=r[k]), c)["r"] for k, (u, c) in enumerate(
            zip(inputs, constants, strict=True))]  # fmt: skip
        r = [np.maximum(a + STEP_H * b, 0.0) for a, b in zip(r, slope, strict=True)]
    return np.stack(np.broadcast_arrays(*r), axis=-1)


def cell_inputs(k: int, points: Sequence[Point]) -> dict[str, Any]:
    """Inputs of the rate equation of one type at all points. External drive enters where that of the cortex does."""
    pyramidal = CELL_TYPES[k] == "pyramidal"
    own = {i.symbol: i.absent for i in CELL.inputs if i.absent is not None}
    return own | {
        "nmda_synaptic": np.array([[p.nmda_synaptic[k] for p in points]]),
        "nmda_tonic": np.array([[p.nmda_tonic[k] for p in points]]),
        "sst_output": np.array([[p.sst_output for p in points]]),
        "spine": np.array([[p.excitation for p in points]]) if pyramidal else 1.0,
        "rest_of_cortex": np.array([[p.drive for p in points]]) if pyramidal else 1.0,
    }


def cell_constants(k: int, cell: str, p: Mapping[str, Any], m: Measured, network: Network) -> SimpleNamespace:
    """Constants of the rate equation of one type, in the units of the chain (h, mV, Hz)."""
    rest = m.rest.mean(axis=0)
    rows = {q.symbol: q for q in CELL.parameters}
    fitted = {s: np.asarray(p[f"{s}_{cell}"])[..., None] for s in (*FRACTIONS, *LOGARITHMIC, *PLAIN)}
    fitted |= {s: np.asarray(p[s])[..., None] for s in SHARED}
    tau = table().row(f"circuit.tau_{cell}").within(rows["tau"].unit).value
    own = {
        "rest": rest[k],
        "r_max": table().row(f"circuit.r_max_{cell}").value,
        "tau": tau,
        "V_rest": m.potential[k],
        "E_L": network.cells[cell].E_L,  # type: ignore[index]
        "phi": 1.0,
    }
    return SimpleNamespace(**fitted, **own, **{f"rest_{t}": rest[j] for j, t in enumerate(CELL_TYPES)})


@dataclass(frozen=True)
class Fit:
    """Fitted rows of the parameter tables and how well they do on points kept out of the fit."""

    rows: Mapping[str, float]
    within: float  # share of kept-out rates within 15 % or 0.5 Hz
    within_fitted: float
    signs: float  # share of kept-out effects of more than two standard errors whose sign agrees
    effects: int
    typical_error: float  # median relative error on kept-out points
    outside_range: tuple[str, ...]

    def save(self, file: Path) -> None:
        """Write rows and errors as JSON; the rows can be handed to a simulation as `values`. Raises BadFile."""
        try:
            file.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        except OSError as e:
            raise BadFile(f"{file}: cannot be written ({e.strerror or e}).") from None

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"signs": self.signs if np.isfinite(self.signs) else None}

    def as_text(self) -> str:
        return (
            f"kept-out rates within {REL:.0%} or {ABS_HZ} Hz: {self.within:.0%} "
            f"(fitted points {self.within_fitted:.0%}); "
            f"signs of {self.effects} clear effects: {self.signs:.0%}; median error {self.typical_error:.1%}; "
            f"outside the plausible range: {', '.join(self.outside_range) or 'none'}"
        )


def limits(constants: Constants, plausible: bool = False) -> tuple[Array, Array]:
    """Where the fit may go: a factor of 12 either way for what is above 0 and nearly all of the line for the rest, or
    the plausible ranges of the tables."""
    if plausible:
        rows = [(name, table().row(f"circuit.{name}")) for name in constants.rows]
        low, high = (np.array([to_line(n, edge(n, getattr(r, end))) for n, r in rows]) for end in ("low", "high"))
        return low - SLACK, high + SLACK
    kinds = [kind(row) for row in constants.rows]
    reach = np.array([{"log": 2.5, "fraction": 5.0, "plain": 2.0}[k] for k in kinds])
    centre = np.where(np.array(kinds) == "log", constants.start, 0.0)
    return centre - reach, centre + reach


def edge(name: str, value: float) -> float:
    """The end of a range as the fit can reach it: short-term plasticity moves on a hyperbolic tangent."""
    return float(np.arctanh(np.clip(value, -0.99, 0.99))) if kind(name) == "plain" else value


def fit(
    m: Measured,
    network: Network,
    starts: int | None = None,
    evaluations: int | None = None,
    seed: int = 1,
    plausible: bool = False,
) -> Fit:
    """Fit the chain's constants to the measured rates; every third point is kept out.

    The best of several starts: those of the shipped constants and many random neighbours of them that fit best as
    they are. With `plausible` the constants stay within the ranges of the tables.
    """
    constants = Constants.shipped()
    out, within = kept_out(m), limits(constants, plausible)
    residuals = misfit(constants, m, network, ~out)
    near = neighbours(constants, within, seed)
    best = near[np.argsort((residuals(near) ** 2).sum(axis=1))[: starts or STARTS]]
    found = [descend(x, within, residuals, evaluations or EVALUATIONS) for x in best]
    x = min(found, key=lambda pair: pair[0])[1]
    values = {name: float(v) for name, v in constants.values(x).items()}
    model = steady_rates(constants.values(x[None]), m, network)[0]
    found_fit = judge(values, model, m, out)
    return replace(found_fit, rows={**found_fit.rows, **own_rows(m, network)})


def fit_network(
    name: str, points: int = 96, cells: int = 1000, seeds: int = 2, seconds: float = 4.0, seed: int = 1,
    plausible: bool = False, progress: Progress | None = None,
) -> tuple[Measured, Fit]:  # fmt: skip
    """Measure a network over the grid and fit the chain to it. Raises BadValue, BadFile and UnknownName."""
    network = read_network(name)
    if not (np.isfinite(seconds) and 0 < seconds <= 3600):
        raise BadValue(f"{seconds} s of cortex cannot be simulated: give a time above 0 and up to 3600 s.")
    if not 12 <= points <= 10_000:
        raise BadValue(f"a grid of {points} points cannot be fitted: give 12 to 10,000 (96 for a result).")
    check_size(network, cells)
    check_memory(network, cells, seconds, at_once=os.cpu_count() or 1)
    m = measure(network, grid(points, seed), cells, seeds, seconds, progress=progress)
    return m, fit(m, network, seed=seed, plausible=plausible)


def model_rates(m: Measured, found: Fit, network: Network) -> Array:
    """Rates of the chain's equations with the fitted constants at the measured points: (point, type), Hz."""
    p = {name.removeprefix("circuit."): np.array([v]) for name, v in found.rows.items()}
    return np.asarray(steady_rates(p, m, network)[0])


def kept_out(m: Measured) -> NDArray[np.bool_]:
    """Which points the fit does not see."""
    return np.asarray(np.arange(len(m.points)) % OUT_SHARE == 0)


def own_rows(m: Measured, network: Network) -> dict[str, float]:
    """The network's own rates and potentials at rest and its leak potentials, as rows: the fit holds only with them."""
    rest = m.rest.mean(axis=0)
    out = {f"circuit.rest_{t}": float(rest[k]) for k, t in enumerate(CELL_TYPES)}
    out |= {f"circuit.V_rest_{t}": float(m.potential[k]) for k, t in enumerate(CELL_TYPES)}
    out |= {f"circuit.E_L_{t}": network.cells[t].E_L for t in CELL_TYPES}  # type: ignore[index]
    return out


def neighbours(constants: Constants, within: tuple[Array, Array], seed: int) -> Array:
    """The shipped constants and random neighbours, ever further off, inside the limits of the fit."""
    rng = np.random.default_rng(seed)
    reach = np.linspace(0, FURTHEST, NEIGHBOURS)[:, None]
    moved = constants.start + reach * rng.normal(size=(NEIGHBOURS, constants.start.size))
    return np.asarray(np.clip(moved, within[0] + 1e-4, within[1] - 1e-4))


def misfit(constants: Constants, m: Measured, network: Network, use: NDArray[np.bool_]) -> Callable[[Array], Array]:
    """Residuals of several vectors of constants at once, (vector, residual): relative, softened for low rates."""
    target = m.rates.mean(axis=0)

    def residuals(x: Array) -> Array:
        model = steady_rates(constants.values(x), m, network)
        off = np.log((model + SOFT_HZ) / (target + SOFT_HZ))[:, use].reshape(len(model), -1)
        prior = PRIOR_WEIGHT * (x - constants.start)
        return np.asarray(np.nan_to_num(np.concatenate((off, prior), axis=1), nan=5.0, posinf=5.0, neginf=-5.0))

    return residuals


def descend(
    start: Array, within: tuple[Array, Array], residuals: Callable[[Array], Array], evaluations: int
) -> tuple[float, Array]:
    """Cost and constants where least squares ends, outliers softened."""
    from scipy.optimize import least_squares

    def slopes(x: Array) -> Array:
        h = 1e-4
        return np.asarray((residuals(x + h * np.eye(x.size)) - residuals(x[None])).T / h)

    best = least_squares(  # type: ignore[operator]
        lambda x: residuals(x[None])[0],
        start,
        jac=slopes,
        bounds=within,
        loss="soft_l1",
        f_scale=OUTLIER,
        max_nfev=evaluations,
    )
    return float(best.cost), np.asarray(best.x)


def judge(values: Mapping[str, float], model: Array, m: Measured, out: NDArray[np.bool_]) -> Fit:
    """What the fit is worth on the points kept out."""
    target, rest = m.rates.mean(axis=0), m.rest.mean(axis=0)
    off = np.abs(model - target)
    good = (off <= REL * target) | (off <= ABS_HZ)
    effect = target - rest
    clear = (np.abs(effect) > 2 * m.spread) & (np.abs(effect) > 0.02 * rest) & out[:, None]
    agree = np.sign(model - rest) == np.sign(effect)
    ranges = {n: table().row(f"circuit.{n}") for n in values}
    return Fit(
        rows={f"circuit.{n}": v for n, v in values.items()},
        within=float(good[out].mean()),
        within_fitted=float(good[~out].mean()),
        signs=float(agree[clear].mean()) if clear.any() else float("nan"),
        effects=int(clear.sum()),
        typical_error=float(np.median((off / np.maximum(target, SOFT_HZ))[out])),
        outside_range=tuple(n for n, row in ranges.items() if not row.low - SLACK <= values[n] <= row.high + SLACK),
    )
