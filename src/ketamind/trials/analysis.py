"""The analysis of a trial: every endpoint of every arm and comparison, with interval and method.

Means and rates are over all patients, of the ratings that were taken; changes between parallel arms by the mixed model
for repeated measures, within patients of a crossover by paired differences; rates by Wilson's and Newcombe's intervals;
relapse by Kaplan-Meier and Cox. Each number needed to treat is the inverse of a difference of rates.
"""

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ketamind.trials import repeated_measures
from ketamind.trials.gathered import ArmData, Data, Moments, change, hit, modelled
from ketamind.trials.power import Power, simulated_power
from ketamind.trials.survival import Curve, hazard_ratio, kaplan_meier
from ketamind.trials.trial import Arm, Endpoint, Reading

Floats = NDArray[np.float64]
SIZES = (10, 20, 30, 50, 80, 120, 200, 300, 500)


@dataclass(frozen=True)
class Estimate:
    """One number of the analysis with its 95 % interval; `versus` is empty for one arm alone."""

    what: str
    arm: str
    versus: str
    value: float
    low: float
    high: float
    unit: str
    n: int
    method: str

    def as_json(self) -> dict[str, Any]:
        """For machines; what is not finite is null."""
        return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in asdict(self).items()}


@dataclass(frozen=True)
class Analysis:
    """Everything that is said about a trial from its own data."""

    estimates: tuple[Estimate, ...]
    curves: Mapping[str, Curve]
    power: tuple[Power, ...]
    power_of: str


def analyse(data: Data, seed: int = 0) -> Analysis:
    """Analyse gathered data."""
    estimates: list[Estimate] = []
    for endpoint in data.trial.endpoints:
        for arm_data in data.arms.values():
            estimates += _of_arm(endpoint, arm_data)
        for arm, other in data.compared():
            estimates += _of_pair(endpoint, data, arm, other)
    estimates += exposure_response(data)
    curves = {n: _relapse_curve(a) for n, a in data.arms.items()} if data.trial.conduct.relapse else {}
    return Analysis(tuple(estimates), curves, *power_of(data, seed))


def _of_arm(endpoint: Endpoint, found: ArmData) -> list[Estimate]:
    name = found.arm.name
    if endpoint.outcome == "relapse":
        curve = _relapse_curve(found)
        return [
            Estimate("median time to relapse", name, "", curve.median_h / 24, *_no, "d", curve.n, "Kaplan-Meier"),
            Estimate("share that relapsed", name, "", *_rate(curve.events, curve.n), "%", curve.n, "Wilson"),
        ]
    if endpoint.outcome in ("response", "remission"):
        hits = found.hits[endpoint]
        return [Estimate(endpoint.words, name, "", *_rate(hits.total, hits.n), "%", hits.n, "Wilson, observed cases")]
    moments = (found.changes if endpoint.outcome == "change" else found.levels)[_column(endpoint)]
    return [Estimate(endpoint.words, name, "", *_mean(moments), "points", moments.n, "mean, observed cases")]


_no = (float("nan"), float("nan"))


def _of_pair(endpoint: Endpoint, data: Data, arm: Arm, other: Arm) -> list[Estimate]:
    one, two = data.arms[arm.name], data.arms[other.name]
    if endpoint.outcome == "relapse":
        ratio = relapse_ratio(one.kept, two.kept)
        n = int(one.kept["well"].sum() + two.kept["well"].sum())
        return [Estimate("hazard ratio of relapse", arm.name, other.name, *ratio, "", n, "Cox")]
    if endpoint.outcome in ("response", "remission"):
        return _rates_apart(endpoint, one, two)
    if endpoint.outcome == "value":
        return [_means_apart(endpoint.words, one, two, one.levels[_column(endpoint)], two.levels[_column(endpoint)])]
    if data.trial.design == "crossover":
        moments = one.differences[_column(endpoint)]
        return [Estimate(endpoint.words, arm.name, other.name, *_mean(moments), "points", moments.n, "paired")]
    return [_modelled(endpoint, data, arm, other)]


def _modelled(endpoint: Endpoint, data: Data, arm: Arm, other: Arm) -> Estimate:
    fit = repeated_measures.fit(data.models[arm.name, endpoint.scale])
    visit = modelled(data.trial)[endpoint.scale].index(endpoint.time_h)
    value, _, low, high = fit.effect(1, visit)
    method = "mixed model for repeated measures"
    return Estimate(endpoint.words, arm.name, other.name, value, low, high, "points", fit.patients, method)


def _means_apart(words: str, one: ArmData, two: ArmData, a: Moments, b: Moments) -> Estimate:
    value, error = a.mean - b.mean, np.sqrt(a.sd**2 / a.n + b.sd**2 / b.n)
    half = float(stdtrit(a.n + b.n - 2, 0.975)) * error
    ends = (value - half, value + half)
    return Estimate(words, one.arm.name, two.arm.name, value, *ends, "points", a.n + b.n, "difference of means")


def _rates_apart(endpoint: Endpoint, one: ArmData, two: ArmData) -> list[Estimate]:
    from statsmodels.stats.proportion import confint_proportions_2indep

    a, b = one.hits[endpoint], two.hits[endpoint]
    value = a.mean - b.mean
    low, high = confint_proportions_2indep(int(a.total), a.n, int(b.total), b.n, method="newcomb", compare="diff")
    names, n = (one.arm.name, two.arm.name), a.n + b.n
    apart = Estimate(endpoint.words, *names, 100 * value, 100 * low, 100 * high, "%", n, "Newcombe")
    needed = Estimate(
        f"number needed to treat, {endpoint.words}",
        *names,
        *_inverse(value, float(low), float(high)),
        "",
        n,
        "1 / diff",
    )
    return [apart, needed]


def _inverse(value: float, low: float, high: float) -> tuple[float, float, float]:
    """Number needed to treat; its interval is open where the difference may be none."""
    if value == 0:
        return float("nan"), *_no
    ends = sorted((1 / low, 1 / high)) if low * high > 0 else _no
    return 1 / value, float(ends[0]), float(ends[1])


def _mean(moments: Moments) -> tuple[float, float, float]:
    if moments.n < 2:
        return moments.mean, *_no
    half = float(stdtrit(moments.n - 1, 0.975)) * moments.sd / np.sqrt(moments.n)
    return moments.mean, float(moments.mean - half), float(moments.mean + half)


def _rate(hits: float, n: int) -> tuple[float, float, float]:
    from statsmodels.stats.proportion import proportion_confint

    if not n:
        return float("nan"), *_no
    low, high = proportion_confint(round(hits), n, method="wilson")
    return 100 * hits / n, 100 * float(low), 100 * float(high)


def _column(endpoint: Endpoint) -> str:
    return Reading(endpoint.scale, endpoint.time_h).column


def _relapse_curve(found: ArmData) -> Curve:
    well = found.kept["well"].astype(bool)
    return kaplan_meier(found.kept["followed_h"][well], found.kept["relapsed"][well].astype(bool))


def relapse_ratio(one: Mapping[str, Floats], two: Mapping[str, Floats]) -> tuple[float, float, float]:
    """Hazard ratio of relapse between two arms' columns, with its interval."""
    well = [c["well"].astype(bool) for c in (one, two)]
    time = np.concatenate([c["followed_h"][w] for c, w in zip((one, two), well, strict=True)])
    event = np.concatenate([c["relapsed"][w].astype(bool) for c, w in zip((one, two), well, strict=True)])
    group = np.repeat([True, False], [int(w.sum()) for w in well])
    found = hazard_ratio(time, event, group)
    return found.value, found.low, found.high


def exposure_response(data: Data) -> list[Estimate]:
    """Odds of response for each doubling of the exposure, by logistic regression, over all patients with drug."""
    endpoints = [e for e in data.trial.endpoints if e.outcome == "response"]
    if not data.trial.exposure or not endpoints:
        return []
    import statsmodels.api as sm

    pairs = [(a.kept[data.trial.exposure], hit(a.kept, endpoints[0])) for a in data.arms.values()]
    exposure, response = (np.concatenate(part) for part in zip(*pairs, strict=True))
    usable = (exposure > 0) & ~np.isnan(response)
    if usable.sum() < 20 or len(np.unique(response[usable])) < 2:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.Logit(response[usable], sm.add_constant(np.log2(exposure[usable]))).fit(disp=0)
    slope, (low, high) = float(fit.params[1]), fit.conf_int()[1]
    what = f"odds ratio per doubling of {data.trial.exposure}, {endpoints[0].words}"
    ends = (float(np.exp(low)), float(np.exp(high)))
    return [
        Estimate(what, "all with drug", "", float(np.exp(slope)), *ends, "", int(usable.sum()), "logistic regression")
    ]


def outcomes(endpoint: Endpoint, columns: Mapping[str, Floats]) -> Floats:
    """The endpoint's value in each patient that has one: points, or 0 and 1."""
    if endpoint.outcome in ("response", "remission"):
        found = hit(columns, endpoint)
    elif endpoint.outcome == "change":
        found = change(columns, endpoint.scale, endpoint.time_h)
    else:
        found = columns[_column(endpoint)]
    return np.asarray(found[~np.isnan(found)], dtype=np.float64)


def power_of(data: Data, seed: int) -> tuple[tuple[Power, ...], str]:
    """Power of the first endpoint that is not relapse, between the first arm and its comparator, and what that is."""
    usable = [e for e in data.trial.endpoints if e.outcome != "relapse"]
    if not usable or not data.compared() or data.trial.design == "crossover":
        return (), ""
    arm, other = data.compared()[0]
    one, two = (outcomes(usable[0], data.arms[a.name].kept) for a in (arm, other))
    if min(one.size, two.size) < 2:
        return (), ""
    return simulated_power(one, two, SIZES, seed), f"{usable[0].words}, {arm.name} against {other.name}"
