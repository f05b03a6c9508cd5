import numpy as np
import pytest

from ketamind.cortex.spectrum import BANDS, aperiodic, band_power, power_spectrum, spike_field_synchrony


def noise(exponent, knee, peak_hz=None, seconds=60, seed=0):
    """A signal whose spectrum is 1/(knee + f**exponent), with a broad peak if wanted."""
    rng = np.random.default_rng(seed)
    n = seconds * 1000
    f = np.fft.rfftfreq(n, 1e-3)
    power = 1 / (knee + np.maximum(f, 0.5) ** exponent)
    if peak_hz:
        power = power * 10 ** (0.6 * np.exp(-((f - peak_hz) ** 2) / (2 * 5**2)))
    return np.fft.irfft(np.sqrt(power) * (rng.normal(size=f.size) + 1j * rng.normal(size=f.size)), n)


def test_white_noise_has_its_variance_over_all_frequencies():
    x = np.random.default_rng(1).normal(size=100_000)
    f, power = power_spectrum(x)
    assert power.sum() * (f[1] - f[0]) == pytest.approx(1.0, rel=0.02)


def test_a_sine_falls_into_its_band():
    f, power = power_spectrum(np.sin(2 * np.pi * 40 * np.arange(20_000) / 1000))
    assert f[np.argmax(power)] == pytest.approx(40, abs=1)
    assert band_power(f, power, BANDS["gamma"]) > 1e6 * band_power(f, power, BANDS["beta"])


@pytest.mark.parametrize(("exponent", "knee"), [(1.0, 0.0), (1.5, 0.0), (2.0, 400.0)])
def test_the_aperiodic_exponent_is_found_under_a_peak(exponent, knee):
    fit = aperiodic(*power_spectrum(noise(exponent, knee, peak_hz=45)))
    expected = np.log10((knee + 100**exponent) / (knee + 20**exponent)) / np.log10(5)
    assert fit.slope_high == pytest.approx(expected, abs=0.2)
    assert fit.peak_hz == pytest.approx(45, abs=4)
    assert fit.peak_height == pytest.approx(0.6, abs=0.15)


def test_no_peak_is_no_peak():
    assert aperiodic(*power_spectrum(noise(1.5, 0.0))).peak_height < 0.2


def test_a_silent_signal_has_no_fit():
    assert np.isnan(aperiodic(*power_spectrum(np.zeros(5000))).exponent)


def test_synchrony_sees_locking_and_only_locking():
    rng = np.random.default_rng(2)
    t = np.arange(20_000)
    field = np.cos(2 * np.pi * 40 * t / 1000) + 0.1 * rng.normal(size=t.size)
    locked = t[(np.cos(2 * np.pi * 40 * t / 1000) > 0.8) & (rng.random(t.size) < 0.2)].astype(float)
    free = np.sort(rng.uniform(0, 20_000, 800))
    assert spike_field_synchrony(locked, field, BANDS["gamma"]) > 0.7
    assert abs(spike_field_synchrony(free, field, BANDS["gamma"])) < 0.02
    assert np.isnan(spike_field_synchrony(free[:3], field, BANDS["gamma"]))
