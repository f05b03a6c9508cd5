"""What is read from a simulated stretch of cortex, with units, as a data set.

Field. The proxy for LFP and EEG is the sum over pyramidal cells of the absolute AMPA and GABA-A currents
(Mazzoni et al. 2008, 10.1371/journal.pcbi.1000239); `weighted` is the AMPA current 6 ms late minus 1.65 times the
GABA current (Mazzoni et al. 2015, 10.1371/journal.pcbi.1004584). Gamma is read in four ways, since a drug that
takes inhibition away also takes away the current that the first proxy counts: field, PV current on pyramidal cells,
pyramidal spikes, weighted field; each also over its shot-noise floor.

Burst: a spike with a neighbour of the same cell less than 10 ms away.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ketamind.cortex.simulate import Recording
from ketamind.cortex.spectrum import (
    BANDS,
    Series,
    aperiodic,
    band_power,
    over_floor,
    power_spectrum,
    spike_field_synchrony,
)
from ketamind.errors import BadFile

if TYPE_CHECKING:
    import xarray as xr

BURST_MS = 10.0
FEWEST_INTERVALS = 4
WEIGHTED_LAG_MS, WEIGHTED_GABA = 6, 1.65
READINGS = ("field", "pv_current", "pyramidal_spikes", "weighted")
CURRENTS = ("ampa", "nmda", "gaba_pv", "gaba_sst", "gaba_vip", "gaba_b")
SIGNAL_OF = dict(zip(CURRENTS, ("i_ampa", "i_nmda", "i_gaba_1", "i_gaba_2", "i_gaba_3", "i_gaba_b"), strict=True))


def intervals(ms: Series, cell: NDArray[np.int32]) -> tuple[Series, NDArray[np.int32]]:
    """Interspike intervals of all cells, each with its cell."""
    order = np.lexsort((ms, cell))
    t, c = ms[order], cell[order]
    same = c[1:] == c[:-1]
    return np.diff(t)[same], c[1:][same]


def burst_fraction(ms: Series, cell: NDArray[np.int32]) -> float:
    """Share of spikes that belong to a burst; not a number without spikes."""
    if ms.size == 0:
        return float("nan")
    order = np.lexsort((ms, cell))
    t, c = ms[order], cell[order]
    close = (np.diff(t) < BURST_MS) & (c[1:] == c[:-1])
    return float((np.append(close, False) | np.append(False, close)).mean())


def irregularity(ms: Series, cell: NDArray[np.int32]) -> float:
    """Mean coefficient of variation of the intervals, over cells with at least four of them."""
    gap, owner = intervals(ms, cell)
    if gap.size == 0:
        return float("nan")
    number = np.unique(owner, return_inverse=True)[1]
    n = np.bincount(number)
    mean = np.bincount(number, gap) / n
    square = np.bincount(number, gap**2) / n
    enough = n >= FEWEST_INTERVALS
    if not enough.any():
        return float("nan")
    sd = np.sqrt(np.maximum(square - mean**2, 0) * n / np.maximum(n - 1, 1))
    return float((sd / mean)[enough].mean())


def fano(ms: Series, start: float, stop: float, bin_ms: float = 5.0) -> float:
    """Variance over mean of the population's spike count in bins: 1 for independent cells."""
    counts = np.histogram(ms, np.arange(start, stop + bin_ms / 2, bin_ms))[0]
    return float(counts.var() / counts.mean()) if counts.sum() else float("nan")


def field(recording: Recording) -> Series:
    """Field proxy: mean over pyramidal cells of |AMPA| + |GABA-A| current, pA, each ms."""
    gaba = sum(recording.signal(f"i_gaba_{k}", "pyramidal") for k in (1, 2, 3))
    return np.abs(recording.signal("i_ampa", "pyramidal")) + np.abs(gaba)


def weighted_field(recording: Recording) -> Series:
    """Reference weighted sum: AMPA current 6 ms late minus 1.65 times the GABA-A current, pA."""
    ampa = recording.signal("i_ampa", "pyramidal")
    gaba = np.asarray(sum(recording.signal(f"i_gaba_{k}", "pyramidal") for k in (1, 2, 3)))
    late = np.concatenate((np.full(WEIGHTED_LAG_MS, ampa[0]), ampa[:-WEIGHTED_LAG_MS]))
    return np.asarray(late - WEIGHTED_GABA * gaba)


def spike_signal(recording: Recording, cell_type: str) -> Series:
    """Population rate of a type, Hz, each ms."""
    first, last = recording.cell_range(cell_type)
    n = len(recording.signals)
    at = np.clip((recording.spikes(cell_type)[0] - recording.start_ms).astype(int), 0, n - 1)
    return np.bincount(at, minlength=n) * 1e3 / (last - first)


def gamma_signals(recording: Recording) -> dict[str, Series]:
    """The four signals in which gamma is read."""
    return {
        "field": field(recording),
        "pv_current": recording.signal("i_gaba_1", "pyramidal"),
        "pyramidal_spikes": spike_signal(recording, "pyramidal"),
        "weighted": weighted_field(recording),
    }


def summary(recording: Recording) -> dict[str, float]:
    """The numbers of a stretch by the names of the evidence vocabulary, for many runs at once."""
    out = {f"rate_{t}": r for t, r in recording.rates().items()}
    out |= {f"potential_{t}": float(recording.signal("potential", t).mean()) for t in recording.network.types}
    out["cv_pyramidal"] = irregularity(*recording.spikes("pyramidal"))
    out["burst_fraction"] = burst_fraction(*recording.spikes("pyramidal"))
    out["inhibitory_conductance"] = conductance(recording, ("g_gaba_1", "g_gaba_2", "g_gaba_3"), "pyramidal")
    out["excitatory_conductance"] = conductance(recording, ("g_ampa", "g_nmda", "g_tonic"), "pyramidal")
    spectra = {name: power_spectrum(x) for name, x in gamma_signals(recording).items()}
    f, power = spectra["field"]
    out |= {f"power_{b}": band_power(f, power, span) for b, span in BANDS.items()}
    for name, (g, p) in spectra.items():
        out[f"gamma_{name}"] = band_power(g, p, BANDS["gamma"])
        out[f"gamma_{name}_over_floor"] = over_floor(g, p)
    fit = aperiodic(f, power)
    out |= {"aperiodic_exponent": fit.slope_high, "aperiodic_exponent_low": fit.slope_low}
    out |= {"gamma_peak_frequency": fit.peak_hz, "gamma_peak_height": fit.peak_height}
    return out


def conductance(recording: Recording, names: tuple[str, ...], cell_type: str) -> float:
    return float(sum(recording.signal(n, cell_type).mean() for n in names))


def recurrent_share(recording: Recording, cell_type: str) -> float:
    """Share of the AMPA conductance of a type that comes from the network's own pyramidal cells.

    With a cortical loop (`feedback`) the share of external events that follows the network's rate counts as recurrent.
    """
    network = recording.network
    drive = network.cells[cell_type].drive  # type: ignore[index]
    total = recording.signal("g_ampa", cell_type).mean()
    k = [p for p in network.projections if p.source == "pyramidal" and p.target == cell_type]
    if not k or total <= 0:
        return float("nan")
    degree = k[0].probability * network.counts(network.reference_cells)["pyramidal"]
    own = degree * k[0].weight * recording.rates()["pyramidal"] * 1e-3 * network.synapses.ampa_decay
    own = min(own, total)
    return float((own + drive.feedback * (total - own)) / total)


def dataset(recording: Recording, condition: str = "") -> "xr.Dataset":
    """Everything read from a stretch, with units: by cell type, by band, spectrum, field and spikes."""
    import xarray as xr

    types = list(recording.network.types)
    per_type = {t: recording.spikes(t) for t in types}
    signals = {name: (x, *power_spectrum(x)) for name, x in gamma_signals(recording).items()}
    lfp, f, power = signals["field"]
    fit = aperiodic(f, power)
    start = recording.start_ms
    variables: dict[str, Any] = {
        "rate": ("cell_type", list(recording.rates().values()), {"units": "Hz"}),
        "cv": ("cell_type", [irregularity(*per_type[t]) for t in types], {"units": "1"}),
        "burst_fraction": ("cell_type", [burst_fraction(*per_type[t]) for t in types], {"units": "1"}),
        "fano": ("cell_type", [fano(per_type[t][0], start, recording.stop_ms) for t in types], {"units": "1"}),
        "potential": ("cell_type", [recording.signal("potential", t).mean() for t in types], {"units": "mV"}),
        "current": (
            ("cell_type", "current_kind"),
            [[recording.signal(SIGNAL_OF[k], t).mean() for k in CURRENTS] for t in types],
            {"units": "pA", "long_name": "mean synaptic current, inward positive"},
        ),
        "spike_field_synchrony": (
            "cell_type",
            [spike_field_synchrony(per_type[t][0] - start, lfp, BANDS["gamma"]) for t in types],
            {"units": "1", "long_name": "pairwise phase consistency of spikes to the field, 30-80 Hz"},
        ),
        "recurrent_share": ("cell_type", [recurrent_share(recording, t) for t in types], {"units": "1"}),
        "field": ("time", lfp, {"units": "pA", "long_name": "mean |AMPA| + |GABA-A| current of pyramidal cells"}),
        "spectrum": ("frequency", power, {"units": "pA2/Hz"}),
        "power": ("band", [band_power(f, power, b) for b in BANDS.values()], {"units": "pA2/Hz"}),
        "gamma": ("reading", [band_power(*signals[r][1:], BANDS["gamma"]) for r in READINGS], {"units": "own2/Hz"}),
        "gamma_over_floor": ("reading", [over_floor(*signals[r][1:]) for r in READINGS], {"units": "1"}),
        "gamma_peak_frequency": ((), fit.peak_hz, {"units": "Hz"}),
        "gamma_peak_height": ((), fit.peak_height, {"units": "log10"}),
        "aperiodic_exponent": ((), fit.slope_high, {"units": "1", "long_name": "slope of the fit, 20-100 Hz"}),
        "spike_time": ("spike", recording.spike_ms - start, {"units": "ms"}),
        "spike_cell": ("spike", recording.spike_cell, {"units": "1"}),
    }
    n = recording.network.counts(recording.cells)
    return xr.Dataset(
        variables,
        coords={
            "cell_type": types,
            "current_kind": list(CURRENTS),
            "band": list(BANDS),
            "reading": list(READINGS),
            "time": ("time", np.arange(lfp.size, dtype=float), {"units": "ms"}),
            "frequency": ("frequency", f, {"units": "Hz"}),
            "cells": ("cell_type", [n[t] for t in types]),
        },
        attrs={
            "network": recording.network.name,
            "size": recording.cells,
            "seed": recording.seed,
            "seconds": recording.seconds,
            "condition": condition,
        },
    )


def save(data: "xr.Dataset", file: str | Path) -> None:
    """Write a data set of recordings as NetCDF. Raises BadFile if the place cannot be written."""
    try:
        data.to_netcdf(file, engine="h5netcdf")
    except OSError as e:
        raise BadFile(f"{file}: cannot be written ({e.strerror or e}).") from None
