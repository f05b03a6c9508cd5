"""Run a cortical network: a `Simulation` holds its state and advances under a `Condition`, which may change between
stretches. Two simulations with the same seed have the same wiring and the same external events, whatever their
condition, so that differences between them are effects and not chance."""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field, fields
from threading import Event
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ketamind.cortex.network import CELL_TYPES, Cells, Network, check_size, memory_estimate
from ketamind.errors import BadValue, unknown_name

EVENTS, POTENTIALS, SLOW_NOISE = 1, 2, 3  # purposes of random streams
FILTER_MS = 1000.0  # time constant of the pyramidal rate that the cortical loop follows
RECORD_MS = 1.0
MEMORY_SHARE = 0.8
STOP: ContextVar[Event | None] = ContextVar("stop", default=None)
"""Set when whoever waits for a simulation has gone: it then ends at its next stretch."""

Progress = Callable[[int, int], None]
Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Condition:
    """What drug, hormones and plasticity make of the network, each as a factor to its drug-free value.

    `nmda_synaptic` and `nmda_tonic` are shares of NMDA conductance left, by cell type; `release` transmitter released
    by each type and `external_release` that of outside input; `drive` external event rate of each type; `excitation`
    strength of all excitatory synapses onto each type; `current` an extra current, pA, by type.
    """

    nmda_synaptic: Mapping[str, float] = field(default_factory=dict)
    nmda_tonic: Mapping[str, float] = field(default_factory=dict)
    release: Mapping[str, float] = field(default_factory=dict)
    drive: Mapping[str, float] = field(default_factory=dict)
    current: Mapping[str, float] = field(default_factory=dict)
    excitation: Mapping[str, float] = field(default_factory=dict)
    external_release: float = 1.0

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            for key, number in value.items() if isinstance(value, Mapping) else [("", value)]:
                if key and key not in CELL_TYPES:
                    raise unknown_name(key, "a cell type", CELL_TYPES)
                if not np.isfinite(number) or (number < 0 and f.name != "current"):
                    raise BadValue(f"{f.name} {key} = {number} is not allowed: give a number >= 0, 1 for no change.")


@dataclass(frozen=True)
class Recording:
    """What a stretch of simulation gave: spikes (ms, cell number) and, each ms, the mean signals of each type."""

    network: Network
    cells: int
    seed: int
    start_ms: float
    stop_ms: float
    spike_ms: NDArray[np.float64]
    spike_cell: NDArray[np.int32]
    signals: NDArray[np.float32]  # (n_times, n_types, n_signals), see kernel.SIGNALS

    @property
    def seconds(self) -> float:
        return (self.stop_ms - self.start_ms) / 1000

    def signal(self, name: str, cell_type: str) -> NDArray[np.float64]:
        """One signal, a value each ms; `name` as in `kernel.SIGNALS`."""
        from ketamind.cortex.kernel import SIGNALS

        column = SIGNALS.index(name)
        return self.signals[:, self.network.types.index(cell_type), column].astype(np.float64)

    def cell_range(self, cell_type: str) -> tuple[int, int]:
        n = self.network.counts(self.cells)
        first = sum(list(n.values())[: self.network.types.index(cell_type)])
        return first, first + n[cell_type]

    def spikes(self, cell_type: str) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Times (ms) and cell numbers of the spikes of one type."""
        first, last = self.cell_range(cell_type)
        mine = (self.spike_cell >= first) & (self.spike_cell < last)
        return self.spike_ms[mine], self.spike_cell[mine]

    def rates(self) -> dict[str, float]:
        """Mean firing rate of each type, Hz."""
        n = self.network.counts(self.cells)
        return {t: self.spikes(t)[0].size / n[t] / self.seconds for t in self.network.types}

    def after(self, ms: float) -> "Recording":
        """The same without its first `ms` milliseconds."""
        start = self.start_ms + ms
        keep = self.spike_ms >= start
        skip = round(ms / RECORD_MS)
        return Recording(
            self.network, self.cells, self.seed, start, self.stop_ms,
            self.spike_ms[keep], self.spike_cell[keep], self.signals[skip:],
        )  # fmt: skip


def join(parts: list[Recording]) -> Recording:
    """Consecutive stretches of one simulation as one."""
    head, tail = parts[0], parts[-1]
    return Recording(
        head.network, head.cells, head.seed, head.start_ms, tail.stop_ms,
        np.concatenate([p.spike_ms for p in parts]),
        np.concatenate([p.spike_cell for p in parts]),
        np.concatenate([p.signals for p in parts]),
    )  # fmt: skip


class Simulation:
    """A network of a given size with its wiring, state and clock.

    `rates` overrides the external event rates (Hz by type); `wiring` reuses synapses already drawn.
    """

    def __init__(self, network: Network, cells: int = 1000, seed: int = 1, wiring: Any = None) -> None:
        from ketamind.cortex import kernel
        from ketamind.cortex.compiled import stream_keys, stream_uniforms
        from ketamind.cortex.wiring import first_blocks, wire

        check_size(network, cells)
        check_memory(network, cells)
        self.network, self.cells, self.seed, self.step = network, cells, seed, 0
        self.n_cells = np.array(list(network.counts(cells).values()), np.int64)
        self.first = first_blocks(network, cells)
        self.wiring = wiring or wire(network, cells, seed)
        n_lanes = int(self.first[-1]) * kernel.LANES
        self.keys = stream_keys(seed, EVENTS, n_lanes)
        self.noise_keys = np.array([k[0] for k in stream_keys(seed, SLOW_NOISE, 1)], np.uint32)
        low, high = network.start
        u = stream_uniforms(seed, POTENTIALS, n_lanes)
        state = np.zeros((int(self.first[-1]), kernel.ROWS, kernel.LANES), np.float32)
        state[:, 0, :] = (low + (high - low) * u).reshape(-1, kernel.LANES)
        self.state = state.reshape(-1)
        slots = 1 << int(np.ceil(np.log2(max(self.delays) + 2)))
        self.line_count = np.zeros((slots, len(network.types)), np.int64)
        self.line_cells = np.zeros((slots, cells), np.int32)
        n_sources = self.wiring.indptr.size
        self.release_state = (np.zeros(n_sources), np.ones(n_sources), np.full(n_sources, -1e9))
        tau = network.fluctuation.tau
        self.common = np.array([network.fluctuation.sd, np.exp(-1 / tau), 0.0, 1.0, 0.0])
        self.drive = np.array([[c.drive.rate, c.drive.feedback, 1.0] for c in network.cells.values()])

    @property
    def delays(self) -> list[int]:
        """Delay of each projection in steps; a spike acts in the step after the one in which it has arrived."""
        return [round(p.delay / self.network.step) for p in self.network.projections]

    def set_loop(self, reference_rate: float) -> None:
        """Let the share `feedback` of the drive follow the pyramidal rate; at `reference_rate` (Hz) it is in balance.

        Until this is called the loop is held in balance.
        """
        self.drive[:, 2] = reference_rate
        self.common[3] = reference_rate
        self.common[4] = self.network.step / FILTER_MS

    def run(self, seconds: float, condition: Condition | None = None) -> Recording:
        """Advance by `seconds` of cortical time."""
        if not (np.isfinite(seconds) and seconds > 0):
            raise BadValue(f"{seconds} s cannot be simulated: give a time above 0, such as 3.")
        from ketamind.cortex import kernel

        stop = STOP.get()
        if stop is not None and stop.is_set():
            raise KeyboardInterrupt
        condition = condition or Condition()
        n_steps, every = round(seconds * 1e3 / self.network.step), round(RECORD_MS / self.network.step)
        start, left, parts = self.step, n_steps, []
        n_fields = (self.step + n_steps - 1) // every - -(-self.step // every) + 1
        signals = np.zeros((n_fields, len(self.n_cells), len(kernel.SIGNALS)), np.float32)
        fields_from = -(-self.step // every) * every
        drive = self.drive.copy()
        drive[:, 0] *= [condition.drive.get(t, 1.0) for t in self.network.types]
        fixed = self.projections(condition)
        parameters = self.parameters(condition)
        room = int(min(self.cells * (2 + 40 * seconds), 2e7)) + self.cells
        while left:
            steps, cells = np.empty(room, np.int32), np.empty(room, np.int32)
            done, n = kernel.advance(
                self.state, *self.keys, self.first, self.n_cells, parameters, *fixed,
                self.wiring.starts, self.wiring.indptr, self.wiring.targets, *self.release_state,
                self.line_count, self.line_cells, drive, self.common, self.noise_keys,
                self.step, left, self.network.step, steps, cells, 0, signals, fields_from, every,
            )  # fmt: skip
            parts.append((steps[:n].copy(), cells[:n].copy()))
            self.step, left = self.step + done, left - done
        dt = self.network.step
        return Recording(
            self.network, self.cells, self.seed, start * dt, self.step * dt,
            np.concatenate([p[0] for p in parts]) * dt, np.concatenate([p[1] for p in parts]), signals,
        )  # fmt: skip

    def parameters(self, condition: Condition) -> NDArray[np.float32]:
        """Kernel parameters of each type under a condition."""
        return np.array([cell_parameters(self.network, t, condition) for t in self.network.types], np.float32)

    def projections(self, condition: Condition) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float64]]:
        """Kernel description of each projection: route, weights, short-term plasticity."""
        from ketamind.cortex import kernel

        types = self.network.types
        route, weights, plasticity = [], [], []
        for p, delay in zip(self.network.projections, self.delays, strict=True):
            excites = p.source == "pyramidal"
            row = kernel.ARRIVED if excites else kernel.GABA_ROWS[CELL_TYPES.index(p.source) - 1]
            factor = condition.release.get(p.source, 1.0)
            if excites:
                factor *= condition.excitation.get(p.target, 1.0)
            route.append([types.index(p.source), types.index(p.target), row, delay, p.gaba_b_weight > 0])
            weights.append([p.weight * factor, p.gaba_b_weight * factor])
            s = p.short_term
            plasticity.append([s.U, max(s.tau_rec, 1e-3), max(s.tau_fac, 1e-3)] if s else [0.0, 1.0, 1.0])
        return np.array(route, np.int64), np.array(weights, np.float32), np.array(plasticity)


def cell_parameters(network: Network, cell_type: str, condition: Condition) -> list[float]:
    """The numbers of `kernel.PARAMETERS` for one type."""
    c: Cells = network.cells[cell_type]  # type: ignore[index]
    s, dt = network.synapses, network.step
    adp = c.after_depolarisation
    q = c.drive.weight * condition.external_release * condition.excitation.get(cell_type, 1.0)
    decays = (s.ampa_decay, s.nmda_rise, s.nmda_decay, *(c.gaba_a_decay.get(t, 5.0) for t in ("pv", "sst", "vip")))
    keep = [float(np.exp(-dt / tau)) for tau in (*decays, adp.decay if adp else 1.0, s.gaba_b_rise, s.gaba_b_decay)]
    return [
        dt / c.C, c.g_L, c.E_L, c.V_T, c.delta_T, c.a, dt / c.tau_w, c.b, c.V_r, round(c.t_ref / dt), network.peak,
        q, q * c.drive.nmda_ratio, c.nmda_ratio, condition.nmda_synaptic.get(cell_type, 1.0),
        c.tonic.conductance * condition.nmda_tonic.get(cell_type, 1.0), s.gaba_a_reversal, s.gaba_b_reversal,
        c.synaptic.magnesium.k, c.synaptic.magnesium.gamma, c.tonic.magnesium.k, c.tonic.magnesium.gamma,
        *keep, dt / s.nmda_rise, dt / s.gaba_b_rise, condition.current.get(cell_type, 0.0),
        adp.current if adp else 0.0, adp.half_conductance if adp else 1.0,
    ]  # fmt: skip


def check_memory(network: Network, cells: int, seconds: float = 10.0, at_once: int = 1) -> None:
    """Refuse a run whose estimate exceeds the memory that is free."""
    need = at_once * memory_estimate(network, cells, seconds)
    free = free_memory()
    if need > MEMORY_SHARE * free:
        raise BadValue(
            f"{cells:,} cells of '{network.name}' need about {need / 1e9:,.1f} GB and {free / 1e9:,.1f} GB are free. "
            f"Use fewer cells, fewer runs at once or a shorter time."
        )


def free_memory() -> float:
    """Bytes of memory that can be had now; unlimited where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            found = [line.split()[1] for line in lines if line.startswith("MemAvailable")]
        return 1024.0 * float(found[0])
    except (OSError, IndexError):
        return float("inf")


def in_parallel(
    function: Callable[[Job], Result], jobs: Iterable[Job], threads: int | None = None, progress: Progress | None = None
) -> list[Result]:
    """The results in the order of the jobs; the kernel holds no interpreter lock, so threads run at once.

    `progress` is told how many jobs are done, of how many. If one job fails or the user stops, the others end too.
    """
    stop, pool = Event(), ThreadPoolExecutor(threads or os.cpu_count())
    STOP.set(stop)
    try:
        futures = [pool.submit(copy_context().run, function, job) for job in jobs]
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            if progress is not None:
                progress(done, len(futures))
        return [future.result() for future in futures]
    except BaseException:
        stop.set()
        raise
    finally:
        STOP.set(None)
        pool.shutdown(wait=False, cancel_futures=True)
