"""When a prediction agrees with a publication. Each statistic has one rule, the same for every row; reading errors and
usual spreads were completed after the first comparison.

    fold     levels, exposures, potencies, times    within two-fold, or within the published range
    z        means, differences, effect sizes,      |z| < 2, z = (predicted - observed) / sqrt(se_p^2 + se_o^2);
             ratios, correlations (Fisher)          of the logarithm for odds, risk and hazard ratios
    rate     shares of subjects                     the predicted share lies in the 95 % interval of the published one
    sign     directions                             the same, by the dead zone of the observable
    thirds   `remaining`, `restored`                the same third: abolished, partial, intact

A published spread gives the standard error of the published mean (sd over the root of n, sem, 95 % half-width,
interquartile half-width, a quarter of a range). Without one the standard deviations of `USUAL_SD` are used, and 20
patients, or 8 subjects of other studies, where n is not given. The interval of a published share is widened by the
error of the predicted one, which is counted over a few hundred drawn patients.
"""

import math
import re
from dataclasses import dataclass

from ketamind.evidence import statistics
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.question import Predicted, usual_n
from ketamind.evidence.statistic_words import POTENCY, Statistic
from ketamind.evidence.vocabulary import is_concentration

FOLD = 2.0
Z_LIMIT = 2.0
THIRD = 1 / 3
USUAL_SD = {
    "madrs": 10.0,
    "hamd17": 7.0,
    "hamd24": 9.5,
    "hamd25": 10.0,
    "hamd6": 4.0,
    "qids_sr16": 6.0,
    "phq9": 6.0,
    "bdi2": 11.0,
    "ssi": 7.0,
    "cssrs_ideation": 1.5,
    "madrs_item10": 1.5,
    "cgi_ss_r": 1.5,
    "caps5": 12.0,
    "ies_r": 18.0,
    "pcl5": 15.0,
    "cadss": 10.0,
    "bprs": 5.0,
    "vas_high": 25.0,
    "drug_liking": 20.0,
    "pain_vas": 2.0,
    "systolic_bp": 12.0,
    "diastolic_bp": 9.0,
}
"""Standard deviation between patients, in points, mmHg or cm, where a study gives none."""
USUAL_CV = 0.3
"""Coefficient of variation between subjects or preparations of everything else."""
LEAST_SHARE_SD = 0.15
"""Spread of an occupancy or another share of 1 between subjects."""
LOG_STATISTICS = ("odds_ratio", "risk_ratio", "hazard_ratio")
TIMES = ("tmax", "onset", "duration", "median_time", "mean_time", "half_life")
EXPOSURES = ("cmax", "auc", "auc_inf", "auc_ratio", "bioavailability", "clearance", "vss", "ic50_ratio", "sd", *POTENCY)
SIGNS = ("sign", "peak_sign", "sign_since", "sign_responders", "correlation_sign")
RATES = (
    *("response_rate", "remission_rate", "relapse_rate", "incidence", "exceed_rate", "sensitivity", "specificity"),
)


@dataclass(frozen=True)
class Verdict:
    """Agreement, the band of the prediction (95 %, trials of the published size), and what it rests on."""

    agrees: bool
    low: float | None
    high: float | None
    reason: str


def rule_of(e: Experiment, s: Statistic) -> str:
    """The name of the rule for an experiment: fold, z, log_z, rate, sign, thirds."""
    if s.name in SIGNS:
        return "sign"
    if s.name in ("remaining", "restored"):
        return "thirds"
    if s.name in RATES:
        return "rate"
    if s.name in LOG_STATISTICS:
        return "log_z"
    if s.name in (*TIMES, *EXPOSURES) or (s.name == "ratio" and s.inner is not None):
        return "fold"
    if is_concentration(e.observable):
        return "fold" if s.name in ("value", "steady_state", "ratio") else "z"
    return "z"


def judge(e: Experiment, s: Statistic, found: Predicted) -> Verdict:
    """Whether a prediction agrees with the publication."""
    if math.isnan(found.value):
        return Verdict(False, None, None, found.note or "the model has no such number")
    return _RULES[rule_of(e, s)](e, s, found)


def subjects(e: Experiment) -> int:
    """Subjects of an experiment, or what is usual."""
    return e.n or usual_n(e)


def published_range(e: Experiment) -> tuple[float, float] | None:
    """Bounds of a published range (`low-high`), or of a 95 % interval that the note prints."""
    text = e.spread_text if e.spread_kind == "range" else ""
    found = re.fullmatch(r"\s*(-?[\d.]+)\s*(?:-|\.\.)\s*(-?[\d.]+)\s*", text)
    if not found and e.spread_kind == "ci95":
        found = re.search(r"ci95\s+(-?[\d.]+)\s*\.\.\s*(-?[\d.]+?)(?=[^\d.]|\.?$)", e.note)
    if not found:
        half = re.fullmatch(r"\s*([\d.]+)\s*", text)
        return (e.value - float(half[1]), e.value + float(half[1])) if half else None
    low, high = float(found[1]), float(found[2])
    return min(low, high), max(low, high)


def observed_error(e: Experiment) -> float:
    """Standard error of the published number, in its own unit."""
    root = math.sqrt(subjects(e))
    if e.spread is not None and e.spread > 0:
        return {
            "sd": e.spread / root,
            "sem": e.spread,
            "ci95": e.spread / statistics.Z95,
            "iqr": e.spread / 0.6745 / root,
        }.get(e.spread_kind, e.spread / root)
    bounds = published_range(e)
    if bounds is not None and bounds[1] > bounds[0]:
        return (bounds[1] - bounds[0]) / 4
    return usual_sd(e) / root


def usual_sd(e: Experiment) -> float:
    """Standard deviation between subjects where none is published."""
    if e.observable in USUAL_SD and e.unit in ("points", "mmHg", "cm", "VAS points"):
        return USUAL_SD[e.observable]
    if "occupancy" in e.observable or e.unit == "fraction":
        return LEAST_SHARE_SD * (100 if e.unit == "%" else 1)
    if e.unit == "%":
        return 100 * USUAL_CV
    return USUAL_CV * max(abs(e.value), 1e-9)


def _fold(e: Experiment, s: Statistic, found: Predicted) -> Verdict:
    low, high = _log_band(found)
    if found.value <= 0 or e.value <= 0 or not math.isfinite(found.value):
        close = abs(found.value - e.value) <= 1e-9
        return Verdict(close, low, high, found.note or "no fold error with a value of nil or without end")
    fold = max(found.value / e.value, e.value / found.value)
    bounds = published_range(e)
    inside = bounds is not None and bounds[0] <= found.value <= bounds[1]
    return Verdict(fold <= FOLD or inside, low, high, _told(f"{found.value / e.value:.2f}-fold", found.note))


def _log_band(found: Predicted) -> tuple[float, float]:
    factor = math.exp(statistics.Z95 * found.error)
    return found.value / factor, found.value * factor


def _z(e: Experiment, s: Statistic, found: Predicted) -> Verdict:
    if s.name == "correlation":
        return _fisher(e, found)
    error, own = observed_error(e), found.error or (0.0 if e.spread is not None else usual_sd(e) / subjects(e) ** 0.5)
    z = (found.value - e.value) / max(math.hypot(error, own), 1e-12)
    bounds = published_range(e) if e.spread_kind == "range" else None
    inside = bounds is not None and bounds[0] <= found.value <= bounds[1]
    half = statistics.Z95 * found.error
    return Verdict(abs(z) < Z_LIMIT or inside, found.value - half, found.value + half, _told(f"z {z:.1f}", found.note))


def _fisher(e: Experiment, found: Predicted) -> Verdict:
    error = 1 / math.sqrt(max(subjects(e) - 3, 1))
    at = math.atanh(max(-0.999, min(0.999, found.value)))
    z = (at - math.atanh(max(-0.999, min(0.999, e.value)))) / (error * math.sqrt(2))
    low, high = (math.tanh(at + k * statistics.Z95 * error) for k in (-1, 1))
    return Verdict(abs(z) < Z_LIMIT, low, high, f"z {z:.1f}")


def _log_z(e: Experiment, s: Statistic, found: Predicted) -> Verdict:
    low, high = _log_band(found)
    if found.value <= 0 or e.value <= 0 or not math.isfinite(found.value):
        return Verdict(False, low, high, found.note or "no finite ratio")
    bounds = published_range(e)
    if bounds is not None and bounds[0] > 0:
        error = math.log(bounds[1] / bounds[0]) / (2 * statistics.Z95)
    else:
        error = max(observed_error(e) / e.value, 0.1)
    z = math.log(found.value / e.value) / math.hypot(error, found.error)
    return Verdict(abs(z) < Z_LIMIT, low, high, _told(f"z {z:.1f} of the logarithm", found.note))


def _rate(e: Experiment, s: Statistic, found: Predicted) -> Verdict:
    whole = 100.0 if e.unit == "%" else 1.0
    p, observed, n = found.value / whole, min(max(e.value / whole, 0.0), 1.0), subjects(e)
    low, high = statistics.wilson(observed * n, n)
    bounds = published_range(e)
    if bounds is not None:
        low, high = min(low, bounds[0] / whole), max(high, bounds[1] / whole)
    drawn = found.error / whole * statistics.Z95
    low, high = observed - math.hypot(observed - low, drawn), observed + math.hypot(high - observed, drawn)
    band = statistics.wilson(p * n, n)
    told = f"published {100 * max(low, 0):.0f} to {100 * min(high, 1):.0f} % (n {n}{'' if e.n else ', usual'})"
    return Verdict(low <= p <= high, band[0] * whole, band[1] * whole, _told(told, found.note))


def _sign(e: Experiment, s: Statistic, found: Predicted) -> Verdict:
    return Verdict(round(found.value) == round(e.value), None, None, found.note)


def third(value: float) -> int:
    """0 abolished, 1 partial, 2 intact.

    >>> [third(v) for v in (-0.2, 0.1, 0.5, 0.9, 1.4)]
    [0, 0, 1, 2, 2]
    """
    return 0 if value < THIRD else 1 if value < 2 * THIRD else 2


def _thirds(e: Experiment, s: Statistic, found: Predicted) -> Verdict:
    names = ("abolished", "partial", "intact")
    told = f"{names[third(found.value)]}, published {names[third(e.value)]}"
    return Verdict(third(found.value) == third(e.value), None, None, _told(told, found.note))


def _told(text: str, note: str) -> str:
    return f"{text}; {note}" if note else text


_RULES = {"fold": _fold, "z": _z, "log_z": _log_z, "rate": _rate, "sign": _sign, "thirds": _thirds}
