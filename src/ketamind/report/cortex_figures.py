"""Figures of the spiking cortex: raster, rates, spectrum, dose-response."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ketamind.cortex.meanfield import REL, Fit, Measured, kept_out, model_rates
from ketamind.cortex.network import Network
from ketamind.cortex.predict import FINDINGS, Prediction
from ketamind.cortex.recordings import field
from ketamind.cortex.simulate import Recording
from ketamind.cortex.spectrum import aperiodic, curve, power_spectrum
from ketamind.cortex.sweep import DosePoint
from ketamind.report.style import CELL, INK, NEUTRAL, RC, STAGE

NAMES = {"pyramidal": "pyramidal", "pv": "PV", "sst": "SST", "vip": "VIP"}
MARKERS = {"pyramidal": "o", "pv": "s", "sst": "^", "vip": "D"}
RASTER_MS = 1000.0
RASTER_SHARE = {"pyramidal": 120, "pv": 40, "sst": 30, "vip": 30}
BANDS = ((4, 8, "theta"), (8, 13, "alpha"), (13, 30, "beta"), (30, 80, "gamma"))


def cortex_figure(recordings: Mapping[str, Recording]) -> Figure:
    """Everything of a cortex run on one page: rasters, rates, spectra, by moment."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 6.4), layout="constrained")
        halves: Any = figure.subfigures(2, 1, height_ratios=(3, 2))
        top, bottom = halves
        rasters: Any = top.subplots(1, len(recordings), sharey=True, squeeze=False)
        for axes, (name, recording) in zip(rasters[0], recordings.items(), strict=True):
            draw_raster(axes, recording)
            axes.set_title(name)
        left, right = bottom.subplots(1, 2)
        draw_rates(left, recordings)
        draw_spectra(right, recordings)
    return figure


def draw_raster(axes: Axes, recording: Recording) -> None:
    """Spikes of a sample of each cell type over the last second, types stacked."""
    height = 0
    start = max(recording.start_ms, recording.stop_ms - RASTER_MS)
    ticks = []
    for t in recording.network.types:
        first, last = recording.cell_range(t)
        shown = min(RASTER_SHARE[t], last - first)
        ms, cell = recording.spikes(t)
        keep = (ms >= start) & (cell < first + shown)
        axes.scatter(ms[keep] - start, cell[keep] - first + height, s=3, color=CELL[t], marker=".", linewidths=0)
        ticks.append((height + shown / 2, NAMES[t]))
        height += shown + 6
    axes.set_yticks([y for y, _ in ticks], [name for _, name in ticks])
    axes.set_xlim(0, RASTER_MS)
    axes.set_ylim(height, 0)
    axes.grid(False)
    axes.set_xlabel("ms")


def draw_rates(axes: Axes, recordings: Mapping[str, Recording]) -> None:
    """Mean rate of each cell type at each moment, on a logarithmic axis."""
    for t in next(iter(recordings.values())).network.types:
        rates = [max(r.rates()[t], 0.01) for r in recordings.values()]
        axes.plot(list(recordings), rates, color=CELL[t], marker=MARKERS[t], markersize=4, label=NAMES[t])
    axes.set_yscale("log")
    axes.set_yticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    axes.set_yticks([], minor=True)
    axes.set_title("Firing rate")
    axes.set_ylabel("Hz")
    axes.legend(ncols=2)


def draw_spectra(axes: Axes, recordings: Mapping[str, Recording]) -> None:
    """Spectra of the field proxy (|AMPA| + |GABA-A| currents) with their aperiodic part, one line a moment."""
    dashes = ("-", "--", ":", "-.")
    colours = (NEUTRAL, STAGE["circuit"], INK, STAGE["plasticity"])
    for k, (name, recording) in enumerate(recordings.items()):
        f, power = power_spectrum(field(recording))
        x, y = by_octave(f, power)
        axes.plot(x, y, color=colours[k % 4], linestyle=dashes[k % 4], label=name, linewidth=1.2)
        fit = aperiodic(f, power)
        if np.isfinite(fit.offset):
            line = 10 ** curve(np.array([fit.offset, fit.knee, fit.exponent]), np.log10(x))
            axes.plot(x, line, color=colours[k % 4], linewidth=0.5, alpha=0.6)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([3, 10, 30, 100], ["3", "10", "30", "100"])
    axes.set_title("Field power")
    axes.set_xlabel("Hz")
    axes.set_ylabel("pA²/Hz")
    axes.legend()


def by_octave(f: Any, power: Any) -> tuple[Any, Any]:
    """A spectrum from 2 to 150 Hz averaged within steps of a tenth of an octave, where a step has a line."""
    edges = 2 * 2 ** np.arange(0, np.log2(75) + 0.1, 0.1)
    at = np.digitize(f, edges)
    full = [k for k in range(1, len(edges)) if (at == k).any()]
    return np.array([f[at == k].mean() for k in full]), np.array([power[at == k].mean() for k in full])


def dose_figure(points: Sequence[DosePoint], title: str) -> Figure:
    """Rates and band powers relative to drug-free over free concentration: the inverted U, where there is one."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 3.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        x = [p.uM for p in points]
        for t, name in NAMES.items():
            draw_ratio(left, x, points, f"rate_{t}", name, CELL[t], MARKERS[t])
        for key, name, colour, marker in (
            ("power_gamma", "gamma", STAGE["circuit"], "o"),
            ("power_beta", "beta", STAGE["receptors"], "s"),
            ("power_alpha", "alpha", STAGE["plasticity"], "^"),
        ):
            draw_ratio(right, x, points, key, name, colour, marker)
        for axes, what in ((left, "Firing rate"), (right, "Field power")):
            axes.set_title(f"{what} over drug-free")
            axes.set_xscale("symlog", linthresh=0.3)
            axes.set_xticks([0, 0.3, 1, 3, 10], ["0", "0.3", "1", "3", "10"])
            axes.set_xticks([], minor=True)
            axes.set_xlabel("free ketamine, µM")
            axes.axhline(1, color=NEUTRAL, linewidth=0.6)
            axes.legend()
        figure.suptitle(title, fontsize=9)
    return figure


def draw_ratio(
    axes: Axes, x: list[float], points: Sequence[DosePoint], key: str, name: str, colour: str, marker: str
) -> None:
    """One quantity over its value at the first point, with a band of one sd."""
    base = points[0].mean[key] or 1.0
    y = np.array([p.mean[key] for p in points]) / base
    sd = np.array([p.sd[key] for p in points]) / base
    axes.fill_between(x, y - sd, y + sd, color=colour, alpha=0.15, linewidth=0)
    axes.plot(x, y, color=colour, marker=marker, markersize=3.5, linewidth=1, label=name)


def map_figure(table: Any, rows: Sequence[str], columns: Sequence[str], title: str, label: str) -> Figure:
    """A map of one number over two assumptions, such as subunit mix and tonic share; 1 = no change is white."""
    with mpl.rc_context({**RC, "axes.grid": False}):
        figure = Figure(figsize=(0.7 * len(columns) + 2.2, 0.45 * len(rows) + 1.2), layout="constrained")
        axes = figure.subplots()
        values = np.asarray(table, dtype=float)
        reach = max(0.05, float(np.nanmax(np.abs(values - 1))))
        image = axes.imshow(values, cmap="PuOr", vmin=1 - reach, vmax=1 + reach, aspect="auto")
        axes.set_xticks(range(len(columns)), list(columns), rotation=30, ha="right")
        axes.set_yticks(range(len(rows)), list(rows))
        for (i, j), value in np.ndenumerate(values):
            deep = abs(value - 1) > 0.6 * reach
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=6, color="white" if deep else INK)
        figure.colorbar(image, ax=axes, label=label)
        axes.set_title(title)
    return figure


def findings_figure(predictions: Sequence[Prediction]) -> Figure:
    """Share of networks in which each finding holds, a row a hypothesis: the field's gamma."""
    with mpl.rc_context({**RC, "axes.grid": False}):
        figure = Figure(figsize=(7.2, 0.24 * len(predictions) + 1.0), layout="constrained")
        axes = figure.subplots()
        counts = np.array([[p.shares("field")[f][0] for f in FINDINGS] for p in predictions], dtype=float)
        n = np.array([max(1, len(p.by_network)) for p in predictions])[:, None]
        image = axes.imshow(counts / n, cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
        image.set_clim(0, 1.4)
        axes.set_xticks(range(len(FINDINGS)), FINDINGS)
        axes.set_yticks(range(len(predictions)), [p.hypothesis for p in predictions])
        axes.tick_params(length=0)
        axes.xaxis.tick_top()
        for (i, j), k in np.ndenumerate(counts):
            axes.text(j, i, f"{k:.0f}", ha="center", va="center", fontsize=7, color=INK)
    return figure


EFFECTS = (
    ("rate_pyramidal", "pyramidal rate", CELL["pyramidal"]),
    ("rate_pv", "PV rate", CELL["pv"]),
    ("rate_sst", "SST rate", CELL["sst"]),
    ("gamma_field", "γ, field", STAGE["circuit"]),
    ("gamma_pyramidal_spikes_over_floor", "γ, spikes/floor", STAGE["circuit"]),
    ("power_beta", "beta", STAGE["receptors"]),
)


def effects_figure(predictions: Sequence[Prediction]) -> Figure:
    """Ratio to drug-free of each network (dots) and the median (bar), a row a hypothesis."""
    with mpl.rc_context({**RC, "axes.grid.axis": "x"}):
        figure = Figure(figsize=(7.2, 0.2 * len(predictions) + 1.2), layout="constrained")
        panels: Any = figure.subplots(1, len(EFFECTS), sharey=True)
        rows = np.arange(len(predictions))
        for axes, (key, label, colour) in zip(panels, EFFECTS, strict=True):
            for y, p in zip(rows, predictions, strict=True):
                x = np.array([r["drug"][key] for r in p.by_network])
                axes.plot(np.clip(x, 0.3, 3), np.full(x.size, y), ".", color=colour, markersize=3, alpha=0.5, mew=0)
                axes.plot([np.nanmedian(x)] * 2, [y - 0.35, y + 0.35], color=INK, linewidth=1.2)
            axes.axvline(1, color=NEUTRAL, linewidth=0.6)
            axes.set_xscale("log")
            axes.set_xlim(0.3, 3)
            axes.set_xticks([0.5, 1, 2], ["0.5", "1", "2"])
            axes.set_xticks([], minor=True)
            axes.set_title(label, fontsize=7)
        panels[0].set_yticks(rows, [p.hypothesis for p in predictions])
        panels[0].set_ylim(len(predictions) - 0.5, -0.5)
    return figure


def meanfield_figure(m: Measured, found: Fit, network: Network) -> Figure:
    """Rate by the chain's equations against rate of the network, a panel a cell type."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 2.2), layout="constrained")
        target, model, out = m.rates.mean(axis=0), model_rates(m, found, network), kept_out(m)
        panels: Any = figure.subplots(1, target.shape[1])
        for k, (t, axes) in enumerate(zip(NAMES, panels, strict=True)):
            top = 1.1 * float(max(target[:, k].max(), model[:, k].max()))
            line = np.array([0.0, top])
            for slope in (1 - REL, 1 + REL):
                axes.plot(line, slope * line, color=NEUTRAL, linewidth=0.6)
            axes.plot(target[~out, k], model[~out, k], ".", color=NEUTRAL, markersize=3, mew=0)
            axes.plot(target[out, k], model[out, k], MARKERS[t], color=CELL[t], markersize=3.5, mew=0)
            axes.set_xlim(0, top)
            axes.set_ylim(0, top)
            axes.set_title(NAMES[t])
            axes.set_xlabel("network, Hz")
        panels[0].set_ylabel("rate equations, Hz")
    return figure
