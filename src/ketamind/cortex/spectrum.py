"""Spectra of a population signal sampled each millisecond: bands, gamma peak, aperiodic part, synchrony of spikes.

Welch's method, Hann windows of 1.024 s, half overlapping. The aperiodic part is a power law with a knee,
`log10 P = offset - log10(knee + f**exponent)`, fitted together with Gaussian peaks above it by specparam
(Donoghue et al. 2020, 10.1038/s41593-020-00744-x).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

SAMPLE_HZ = 1000.0
WINDOW = 1024
BANDS = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "low_gamma": (30.0, 50.0),
    "high_gamma": (50.0, 90.0),
    "gamma": (30.0, 80.0),
}
FLOOR_HZ = (150.0, 300.0)  # above the network's rhythms: what is left there is shot noise
PEAK_HZ = (25.0, 90.0)
FIT_HZ = (3.0, 150.0)
PEAKS = {"peak_width_limits": (4.0, 30.0), "max_n_peaks": 4, "min_peak_height": 0.05}
FEWEST_LINES = 20


def power_spectrum(signal: Series) -> tuple[Series, Series]:
    """Frequencies (Hz) and power density (unit squared per Hz); a signal shorter than a window is one window."""
    length = min(WINDOW, signal.size)
    starts = range(0, signal.size - length + 1, max(1, length // 2))
    window = np.hanning(length + 1)[:-1]
    pieces = np.array([signal[s : s + length] for s in starts])
    pieces = (pieces - pieces.mean(axis=1, keepdims=True)) * window
    power = 2 * np.abs(np.fft.rfft(pieces, axis=1)) ** 2 / (SAMPLE_HZ * np.sum(window**2))
    return np.asarray(np.fft.rfftfreq(length, 1 / SAMPLE_HZ), np.float64), np.asarray(power.mean(axis=0), np.float64)


def band_power(f: Series, power: Series, band: tuple[float, float]) -> float:
    """Mean power density between the two frequencies; not a number if no frequency falls between."""
    inside = (f >= band[0]) & (f < band[1])
    return float(power[inside].mean()) if inside.any() else float("nan")


def over_floor(f: Series, power: Series) -> float:
    """Gamma power over the shot-noise floor: synchrony, as distinct from the number of spikes."""
    floor = band_power(f, power, FLOOR_HZ)
    return band_power(f, power, BANDS["gamma"]) / floor if floor > 0 else float("nan")


@dataclass(frozen=True)
class Aperiodic:
    """The aperiodic part of a spectrum and what stands above it."""

    offset: float
    knee: float
    exponent: float
    slope_low: float  # 3 to 30 Hz
    slope_high: float  # 20 to 100 Hz
    peak_hz: float
    peak_height: float  # log10 units above the aperiodic part


def aperiodic(f: Series, power: Series) -> Aperiodic:
    """Aperiodic part and the largest peak between 25 and 90 Hz; without one its height is 0 and its place unknown.

    `exponent` is that of the fit, the slopes are what the fitted curve does in two ranges.
    """
    use = (f >= FIT_HZ[0]) & (f <= FIT_HZ[1])
    if use.sum() < FEWEST_LINES or not np.all(power[use] > 0):
        return Aperiodic(*[float("nan")] * 7)
    from specparam.models import SpectralModel

    model: Any = SpectralModel(**PEAKS, aperiodic_mode="knee", verbose=False)
    with np.errstate(invalid="ignore"):  # the fit tries negative knees, which have no logarithm at low f
        model.fit(f[use], power[use])
    offset, knee, exponent = (float(x) for x in model.get_params("aperiodic"))
    peaks = np.atleast_2d(model.get_params("peak"))[:, :2]
    inside = peaks[(peaks[:, 0] >= PEAK_HZ[0]) & (peaks[:, 0] <= PEAK_HZ[1])]
    peak_hz, height = inside[np.argmax(inside[:, 1])] if len(inside) else (np.nan, 0.0)
    q = np.array([offset, knee, exponent])
    return Aperiodic(offset, knee, exponent, slope(q, 3.0, 30.0), slope(q, 20.0, 100.0), float(peak_hz), float(height))


def curve(q: Series, x: Series) -> Series:
    """log10 of the aperiodic power at x = log10 f; q = offset, knee, exponent."""
    with np.errstate(invalid="ignore"):
        return np.asarray(q[0] - np.log10(q[1] + 10 ** (q[2] * x)))


def slope(q: Series, low: float, high: float) -> float:
    """Steepness of the aperiodic part between two frequencies, as a positive exponent."""
    ends = np.log10([low, high])
    fall = curve(q, ends)
    return float((fall[0] - fall[1]) / (ends[1] - ends[0]))


def band_phase(signal: Series, band: tuple[float, float]) -> Series:
    """Phase of the signal within a band, at each sample (analytic signal of the band)."""
    f = np.fft.fftfreq(signal.size, 1 / SAMPLE_HZ)
    keep = (f >= band[0]) & (f < band[1])
    analytic = np.fft.ifft(np.where(keep, 2 * np.fft.fft(signal - signal.mean()), 0))
    return np.asarray(np.angle(analytic))


def spike_field_synchrony(spike_ms: Series, signal: Series, band: tuple[float, float]) -> float:
    """Pairwise phase consistency of spikes to a field (Vinck et al. 2010), which the number of spikes does not bias."""
    if spike_ms.size < 10:
        return float("nan")
    phase = band_phase(signal, band)[np.clip(spike_ms.astype(int), 0, signal.size - 1)]
    n = phase.size
    return float((np.abs(np.exp(1j * phase).sum()) ** 2 - n) / (n * (n - 1)))
