"""Which study tells two hypotheses apart: prediction of each under its own doubt, and the noise of the measure.

Under hypothesis H with parameters theta the difference between the two groups' means comes out as

    D ~ Normal(effect(theta), (s_own(theta)^2 + s_other(theta)^2) / n)        theta ~ belief under H

with s the spread between subjects (from drawn subjects) joined by the error of reading, and n subjects a group.

information : what the study tells about which hypothesis is true, in bits (0 nothing, 1 all), the two being equally
              likely before: mutual information of hypothesis and D (Lindley 1956; Box & Hill 1967)
power       : probability that D lies outside the rival's central 95 %, under the hypothesis for which that is less
              likely
size needed : fewest subjects a group with 80 % power; beside it, the size that would do if both hypotheses were right
              about their middle, so that only sampling stood between them (two-sided test at 5 %)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from ketamind.biology.chain import full_chain
from ketamind.declare import extended
from ketamind.errors import BadValue, KetamindError
from ketamind.evidence import vocabulary
from ketamind.evidence.arms import Arm
from ketamind.evidence.courses import Bench, Course, Laboratory, Need, NotApplicable
from ketamind.evidence.hypotheses import Hypothesis
from ketamind.simulation import Observation
from ketamind.studies.calibrate.priors import Z95, Prior, values_at
from ketamind.studies.candidates import Candidate, Candidates, Measure, shipped_candidates

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
"""Gauss-Hermite nodes and weights, for means over that sampling."""
SIZES = np.unique(np.round(np.geomspace(3, 2000, 120)).astype(int))
POWER = 0.8
BOOTSTRAPS = 300
LEAST_VARIANCE = 1e-18
FEWEST = 8
"""Draws of a hypothesis that must be solved for a study to be judged."""
DOMAINS: Mapping[str, Sequence[str]] = {
    "receptors": vocabulary.RECEPTORS,
    "circuit": vocabulary.CIRCUIT,
    "plasticity": vocabulary.PLASTICITY,
    "clinical": vocabulary.CLINICAL,
}


@dataclass(frozen=True)
class Prediction:
    """What a hypothesis predicts of a study: effects and summed variances of the two groups, one a draw."""

    effects: Floats
    variances: Floats


@dataclass(frozen=True)
class Verdict:
    """One study with one reading.

    `per_arm` is the size with 80 % power, None where no size up to 2000 has it; `per_arm_sure` that without doubt
    about parameters.
    """

    study: str
    species: str
    own: str
    other: str
    reading: str
    effect_a: float
    effect_a_low: float
    effect_a_high: float
    effect_b: float
    effect_b_low: float
    effect_b_high: float
    sd: float
    information: float
    power: float
    per_arm: int | None
    per_arm_sure: int | None
    rank: int
    rank_low: int
    rank_high: int
    best_probability: float
    lost_draws: int


@dataclass(frozen=True)
class Discrimination:
    """All studies that could be judged, the most telling first, and those that could not, with the reason."""

    a: Hypothesis
    b: Hypothesis
    size: int
    draws: int
    people: int
    seed: int
    drawn: tuple[tuple[str, ...], tuple[str, ...]]
    verdicts: tuple[Verdict, ...]
    left_out: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "a": {"name": self.a.name, "title": self.a.title, "drawn": list(self.drawn[0])},
            "b": {"name": self.b.name, "title": self.b.title, "drawn": list(self.drawn[1])},
            "subjects_per_arm": self.size,
            "draws": self.draws,
            "people": self.people,
            "seed": self.seed,
            "studies": [asdict(v) for v in self.verdicts],
            "not_applicable": [{"study": name, "reason": reason} for name, reason in self.left_out],
        }

    def as_text(self, count: int = 15) -> str:
        """For people: the most telling studies."""
        lines = [
            f"Telling apart  A: {self.a.title}  and  B: {self.b.title}",
            f"{self.draws} draws of each. Bits for {self.size} subjects a group; size with 80 % power, and the same if "
            "parameters were sure; rank with its middle 95 % over draws.",
            f"{'':<70}{'effect under A':>18}{'under B':>18}{'bits':>6}{'size':>7}{'if sure':>9}{'rank':>12}",
        ]
        for v in self.verdicts[:count]:
            size, sure = (str(n) if n else f">{SIZES[-1]}" for n in (v.per_arm, v.per_arm_sure))
            a, b = (f"{m:.3g} ± {(high - low) / 2:.2g}" for m, low, high in _ranges(v))
            rank = f"{v.rank} ({v.rank_low}-{v.rank_high})"
            words = f"{v.study}, {v.species}: {v.reading}"[:69]
            lines.append(f"{words:<70}{a:>18}{b:>18}{v.information:>6.2f}{size:>7}{sure:>9}{rank:>12}")
        lines += [f"left out: {name}: {reason}" for name, reason in self.left_out]
        return "\n".join([*lines, "For research and teaching. Not medical advice."])


def _ranges(v: Verdict) -> tuple[tuple[float, float, float], ...]:
    return (v.effect_a, v.effect_a_low, v.effect_a_high), (v.effect_b, v.effect_b_low, v.effect_b_high)


def discriminate(
    a: Hypothesis,
    b: Hypothesis,
    candidates: Candidates | None = None,
    *,
    size: int = 20,
    draws: int = 32,
    people: int = 24,
    doubt: float = 1.0,
    seed: int = 1,
    progress: Progress | None = None,
) -> Discrimination:
    """Rank studies by how well they tell two hypotheses apart.

    Parameters
    ----------
    size   : subjects in each group, for information and power
    draws  : parameter draws of each hypothesis, a power of two
    people : drawn subjects behind the spread between them
    doubt  : how much of the tables' ranges is in doubt, 0 (nothing) to 1 (all of it)

    Raises BadValue for two equal hypotheses or settings that cannot be.
    """
    _check(a, b, size, draws, people, doubt)
    given = candidates or shipped_candidates()
    pairs = [(h, drawn_parameters(h, other)) for h, other in ((a, b), (b, a))]
    benches = [_bench(h, names, given, draws, people, doubt, seed, progress, k) for k, (h, names) in enumerate(pairs)]
    found: list[tuple[Candidate, Observation, Prediction, Prediction]] = []
    left_out: list[tuple[str, str]] = []
    for study in given.studies:
        for o in study.observations:
            try:
                one, other = (
                    predicted(study, o, given.measures[o.name], h, bench)
                    for h, bench in zip((a, b), benches, strict=True)
                )
                found.append((study, o, one, other))
            except (NotApplicable, KetamindError) as problem:
                left_out.append((f"{study.name}: {o.text}", str(problem)))
    verdicts = _judged(found, size, seed)
    return Discrimination(
        *(a, b, size, draws, people, seed, (pairs[0][1], pairs[1][1])), verdicts=verdicts, left_out=tuple(left_out)
    )


def _check(a: Hypothesis, b: Hypothesis, size: int, draws: int, people: int, doubt: float) -> None:
    if (a.without, dict(a.values), a.additions) == (b.without, dict(b.values), b.additions):
        raise BadValue(f"'{a.name}' and '{b.name}' are the same model; there is nothing to tell apart.")
    if not 2 <= size <= 100_000:
        raise BadValue(f"size = {size} subjects a group must be 2 to 100000.")
    if not FEWEST <= draws <= 4096 or not 4 <= people <= 10_000:
        raise BadValue(f"draws = {draws} must be {FEWEST} to 4096, and people = {people} must be 4 to 10000.")
    if not 0 <= doubt <= 1:
        raise BadValue(f"doubt = {doubt:g} must be within 0 to 1.")


def drawn_parameters(h: Hypothesis, other: Hypothesis) -> tuple[str, ...]:
    """What is in doubt under a hypothesis: what calibration may move in either, but not what it is defined by."""
    rows = _rows(h)
    fixed = set(h.values) - set(h.free)
    names = dict.fromkeys((*h.free, *other.free))
    return tuple(n for n in names if n in rows and n not in fixed and rows[n].low < rows[n].high)


def _rows(h: Hypothesis) -> Mapping[str, Any]:
    table = extended(full_chain(), h.additions).table
    return {n: table.row(n) for n in table.names()}


def _bench(
    h: Hypothesis,
    names: Sequence[str],
    given: Candidates,
    draws: int,
    people: int,
    doubt: float,
    seed: int,
    progress: Progress | None,
    turn: int,
) -> Bench:
    lab = h.laboratory(seed)
    rows = _rows(h)
    priors = [_prior(rows[n], h.values.get(n)) for n in names]
    scores = doubt * sobol(draws, len(names), seed) if names else np.zeros((draws, 0))
    drawn = values_at(priors, scores) if names else {"patient.weight": np.full(draws, rows["patient.weight"].value)}
    kept = {n: v for n, v in lab.values.items() if n not in drawn}
    ensemble = Laboratory(lab.without, kept, seed, drawn, lab.additions)
    told = None if progress is None else lambda done, of: progress(turn * of + done, 2 * of)
    return Bench(_needs(given, people), ensemble, told)


def sobol(draws: int, parameters: int, seed: int) -> Floats:
    """Quasi-random standard scores (draws, parameters) within the ranges. The same seed gives the same draws."""
    shares = qmc.Sobol(parameters, seed=seed).random(draws)
    inside = ndtr(Z95) * 2 - 1
    return np.asarray(ndtri(0.5 + inside * (shares - 0.5)))


def _prior(row: Any, value: float | None) -> Prior:
    """The belief about a parameter, about the hypothesis's own value if it states one."""
    prior = Prior.of(row)
    if value is None:
        return prior
    return Prior(prior.name, float(np.clip(value, prior.low, prior.high)), prior.low, prior.high, prior.unit)


def _needs(given: Candidates, people: int) -> dict[Arm, Need]:
    """What is read of each group by all studies together."""
    needs: dict[Arm, Need] = {}
    for study in given.studies:
        for arm in (study.own, study.other):
            need = needs.setdefault(arm, Need(arm, people=people))
            need.times |= {o.time_h for o in study.observations}
            need.observables |= {o.name for o in study.observations}
    return needs


def predicted(study: Candidate, o: Observation, measure: Measure, h: Hypothesis, bench: Bench) -> Prediction:
    """Effect and variance under each draw. Raises NotApplicable for what a hypothesis says nothing of."""
    domain = next((d for d, names in DOMAINS.items() if o.name in names), "")
    if domain in h.silent and not any(o.name in added.outputs for added in h.additions):
        raise NotApplicable(f"'{h.title}' says nothing of the {domain}")
    own, other = (_readings(bench.course(arm), o, bench.lab.ensemble) for arm in (study.own, study.other))
    level = np.abs(_levels(bench.course(study.other), o, bench.lab.ensemble))
    readings = 2 if study.own.species == "human" else 1
    error = readings * np.array([measure.error(x) ** 2 for x in level])
    effects = own.mean(axis=1) - other.mean(axis=1)
    variances = own.var(axis=1, ddof=1) + other.var(axis=1, ddof=1) + 2 * error
    return Prediction(effects, np.maximum(variances, LEAST_VARIANCE))


def _readings(course: Course, o: Observation, draws: int) -> Floats:
    """What is read of each drawn subject (draws, people): a change in people, a value in animals and slices."""
    now = course.at(o.name, o.time_h)
    found = now - course.start(o.name) if course.arm.species == "human" else now
    return np.asarray(found.reshape(draws, -1)[:, 1:])


def _levels(course: Course, o: Observation, draws: int) -> Floats:
    return np.asarray(course.at(o.name, o.time_h).reshape(draws, -1)[:, 1:].mean(axis=1))


@dataclass(frozen=True)
class _Likely:
    """Densities of results of both hypotheses' draws: [truth][believed] -> (draws, nodes, draws)."""

    tables: tuple[tuple[Floats, Floats], tuple[Floats, Floats]]

    @classmethod
    def of(cls, a: Prediction, b: Prediction, size: int) -> "_Likely":
        sides = [(p.effects, np.sqrt(p.variances / size)) for p in (a, b)]

        def table(truth: int, believed: int) -> Floats:
            m, s = sides[truth]
            results = m[:, None] + s[:, None] * NODES
            centre, width = sides[believed]
            score = (results[:, :, None] - centre) / width
            return np.asarray(np.exp(-(score**2) / 2) / width)

        return cls(((table(0, 0), table(0, 1)), (table(1, 0), table(1, 1))))

    def information(self, weights: tuple[Floats, Floats]) -> Floats:
        """Bits for each column of draws' weights (draws, replicates)."""
        total = np.zeros(weights[0].shape[1])
        for truth in (0, 1):
            mine, rival = (self.tables[truth][k] @ weights[k] for k in (truth, 1 - truth))
            share = np.maximum(mine, 1e-300) / np.maximum((mine + rival) / 2, 1e-300)
            mean = np.einsum("knr,n->kr", np.log2(share), WEIGHTS / WEIGHTS.sum())
            total += (weights[truth] * mean).sum(axis=0) / 2
        return np.asarray(np.clip(total, 0.0, 1.0))


def information(a: Prediction, b: Prediction, size: int) -> float:
    """Bits that a study of that size tells about which of two hypotheses is true.

    >>> same = Prediction(np.zeros(8), np.ones(8))
    >>> information(same, same, 20), round(information(same, Prediction(np.full(8, 9.0), np.ones(8)), 20), 3)
    (0.0, 1.0)
    """
    even = (np.full((a.effects.size, 1), 1 / a.effects.size), np.full((b.effects.size, 1), 1 / b.effects.size))
    return float(_Likely.of(a, b, size).information(even)[0])


def power(a: Prediction, b: Prediction, size: int) -> float:
    """Probability that the result lies outside the rival's central 95 %, under the less favourable truth."""
    return min(_outside(a, b, size), _outside(b, a, size))


def _outside(truth: Prediction, rival: Prediction, size: int) -> float:
    low, high = (_quantile(rival, size, share) for share in (0.025, 0.975))
    s = np.sqrt(truth.variances / size)
    inside = ndtr((high - truth.effects) / s) - ndtr((low - truth.effects) / s)
    return float(1 - inside.mean())


def _quantile(belief: Prediction, size: int, share: float) -> float:
    """The result under which that share of studies fall."""
    s = np.sqrt(belief.variances / size)
    ends = float((belief.effects - 9 * s).min()), float((belief.effects + 9 * s).max())
    return float(brentq(lambda x: ndtr((x - belief.effects) / s).mean() - share, *ends))  # type: ignore[no-untyped-call]


def size_needed(a: Prediction, b: Prediction, wanted: float = POWER) -> int | None:
    """Fewest subjects a group with that power at 5 %; None if no size up to 2000 has it."""
    for size in SIZES:
        if power(a, b, int(size)) >= wanted:
            return int(size)
    return None


def size_without_doubt(a: Prediction, b: Prediction, wanted: float = POWER, alpha: float = 0.05) -> int | None:
    """Subjects a group that tell the middle effects apart by the two-sided normal test; None if over 2000.

    >>> apart = Prediction(np.full(8, 0.5), np.full(8, 2.0))
    >>> size_without_doubt(apart, Prediction(np.zeros(8), np.full(8, 2.0)))
    63
    """
    distance = abs(float(np.median(a.effects) - np.median(b.effects)))
    variance = float(np.concatenate([a.variances, b.variances]).mean())
    z = float(ndtri(1 - alpha / 2) + ndtri(wanted))
    needed = z**2 * variance / max(distance, 1e-150) ** 2
    return max(2, int(np.ceil(needed))) if needed <= SIZES[-1] else None


def _judged(
    found: Sequence[tuple[Candidate, Observation, Prediction, Prediction]], size: int, seed: int
) -> tuple[Verdict, ...]:
    if not found:
        return ()
    rng = np.random.default_rng([seed, 23])
    counts = [
        rng.multinomial(p.effects.size, np.full(p.effects.size, 1 / p.effects.size), BOOTSTRAPS).T for p in found[0][2:]
    ]
    bits, usable = [], []
    for study, o, a, b in found:
        good = [np.isfinite(p.effects) & np.isfinite(p.variances) for p in (a, b)]
        if min(g.sum() for g in good) < FEWEST:
            continue
        kept = tuple(Prediction(p.effects[g], p.variances[g]) for p, g in zip((a, b), good, strict=True))
        weights = tuple(_weights(c[g]) for c, g in zip(counts, good, strict=True))
        bits.append(_Likely.of(kept[0], kept[1], size).information((weights[0], weights[1])))
        usable.append((study, o, kept, int(sum((~g).sum() for g in good))))
    ranks = np.argsort(np.argsort(-np.array(bits), axis=0, kind="stable"), axis=0) + 1
    told = [
        _verdict(study, o, kept[0], kept[1], lost, size, ranks[k]) for k, (study, o, kept, lost) in enumerate(usable)
    ]
    told.sort(key=lambda v: (-v.information, v.per_arm or np.inf, v.study))
    return tuple(_ranked(v, k + 1) for k, v in enumerate(told))


def _weights(counts: NDArray[np.int64]) -> Floats:
    """Counts of drawn draws as shares; even where none of those that can be used was drawn."""
    total = counts.sum(axis=0)
    return np.where(total > 0, counts / np.maximum(total, 1), 1 / len(counts))


def _verdict(
    study: Candidate, o: Observation, a: Prediction, b: Prediction, lost: int, size: int, ranks: NDArray[np.int64]
) -> Verdict:
    (a_low, a_high), (b_low, b_high) = (np.percentile(p.effects, [5, 95]) for p in (a, b))
    low, high = np.percentile(ranks, [2.5, 97.5], method="closest_observation")
    return Verdict(
        study=study.name,
        species=study.own.species,
        own=_words(study.own),
        other=_words(study.other),
        reading=o.text,
        effect_a=float(a.effects.mean()),
        effect_a_low=float(a_low),
        effect_a_high=float(a_high),
        effect_b=float(b.effects.mean()),
        effect_b_low=float(b_low),
        effect_b_high=float(b_high),
        sd=float(np.sqrt(np.concatenate([a.variances, b.variances]).mean() / 2)),
        information=information(a, b, size),
        power=power(a, b, size),
        per_arm=size_needed(a, b),
        per_arm_sure=size_without_doubt(a, b),
        rank=0,
        rank_low=int(low),
        rank_high=int(high),
        best_probability=float((ranks == 1).mean()),
        lost_draws=lost,
    )


def _ranked(verdict: Verdict, rank: int) -> Verdict:
    return replace(verdict, rank=rank)


def _words(arm: Arm) -> str:
    return " with ".join(part for part in (arm.protocol, arm.manipulation) if part)
