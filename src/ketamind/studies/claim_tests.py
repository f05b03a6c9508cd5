"""Running the checks of claims: each as an experiment under a hypothesis, and again under its control."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.biology.chain import full_chain
from ketamind.biology.receptors import in_vitro
from ketamind.cortex.command import CortexRequest, perform
from ketamind.cortex.couple import SWITCHES
from ketamind.cortex.recordings import summary
from ketamind.errors import KetamindError
from ketamind.evidence.arms import Arm, arms_of
from ketamind.evidence.courses import Bench, Course, Laboratory, Need, NotApplicable
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.hypotheses import Hypothesis
from ketamind.evidence.in_vitro import dish
from ketamind.evidence.predict import predict
from ketamind.evidence.question import Predicted, Question
from ketamind.evidence.ratings import true
from ketamind.evidence.score import finite, needs_of
from ketamind.evidence.statistic_words import parse_statistic
from ketamind.evidence.vocabulary import CLINICAL, OBSERVABLES, is_concentration
from ketamind.simulation.observe import time_in_hours
from ketamind.studies.claim_files import Check, Claim, Control, under

PEOPLE = 100
SPIKING_S = 20.0
"""Seconds of spiking cortex: gamma power of three seconds still scatters by tens of percent between seeds."""
POINTS = 61
KNEE_H = 0.1
DIGITS = 4
Floats = NDArray[np.float64]
Setting = tuple[tuple[str, ...], tuple[tuple[str, float], ...]]
"""Mechanisms off and parameter values, beyond those of the hypothesis."""


@dataclass(frozen=True)
class Reading:
    """A number from the model: the value by which a check is judged, and its size (behind a direction, the effect)."""

    value: float | None
    size: float | None
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """A check and what came of it. `left` is the share of the size that remains under the control."""

    check: Check
    seen: Reading
    without: Reading | None
    unit: str

    @property
    def holds(self) -> bool:
        """True if what must be seen is seen."""
        return self.seen.value is not None and self.check.holds(self.seen.value)

    @property
    def left(self) -> float | None:
        """Share of the size left under the control; 0 where the control leaves no number at all."""
        if self.without is None or not self.seen.size:
            return None
        return 0.0 if self.without.size is None else self.without.size / self.seen.size

    @property
    def abolished(self) -> bool:
        """True if the control does what it must, or there is none."""
        if self.check.control is None:
            return True
        low, high = self.check.control.bounds
        return self.left is not None and low <= self.left <= high

    @property
    def passes(self) -> bool:
        """True if the check holds and its control does what it must."""
        return self.holds and self.abolished

    def words(self) -> str:
        """One line for people."""
        mark = "yes" if self.holds else "no "
        line = (
            f"{mark} {self.check.says}: {_number(self.seen.size)} {self.unit}".rstrip()
            + f" (needs {self.check.needed})"
        )
        if self.check.control is None or self.without is None:
            return line
        return f"{line}; {self.control_words()}, {'as' if self.abolished else 'not as'} it must be"

    def control_words(self) -> str:
        """The control and what it leaves, for people."""
        if self.check.control is None:
            return ""
        left = "nothing to abolish" if self.left is None else f"{100 * self.left:.0f} % left"
        return f"{self.check.control.says}: {left}"

    def as_json(self) -> dict[str, Any]:
        """For machines: what must be seen."""
        return {
            "says": self.check.says,
            "observable": self.check.observable,
            "than": self.check.than,
            "statistic": self.check.statistic,
            "at": self.check.at,
            "spiking": self.check.spiking,
            "value": self.seen.size,
            "unit": self.unit,
            "needed": self.check.needed,
            "holds": self.holds,
            "note": self.seen.note,
        }

    def control_as_json(self) -> dict[str, Any] | None:
        """For machines: the control of the check, if it has one."""
        if self.check.control is None or self.without is None:
            return None
        low, high = self.check.control.bounds
        return {
            "says": self.check.control.says,
            "value": self.without.size,
            "unit": self.unit,
            "left": self.left,
            "must_leave": [finite(low), finite(high)],
            "as_it_must": self.abolished,
            "note": self.without.note,
        }

    def brief(self) -> dict[str, Any]:
        """For machines, under a rival hypothesis."""
        return {"holds": self.holds, "as_it_must": self.abolished, "value": self.seen.size, "left": self.left}

    def packed(self) -> list[Any]:
        """In the form that is stored."""
        pairs = [self.seen, self.without]
        return [self.unit, *(None if r is None else [_short(r.value), _short(r.size), r.note] for r in pairs)]

    @staticmethod
    def unpacked(check: Check, told: list[Any]) -> "Shown":
        """From the form that is stored."""
        unit, seen, without = told
        return Shown(check, Reading(*seen), None if without is None else Reading(*without), unit)


@dataclass(frozen=True)
class Curve:
    """An output over time (or concentration), as it is and under the control."""

    observable: str
    meaning: str
    unit: str
    x: list[float]
    x_unit: str
    shown: list[float]
    control: list[float] | None
    shown_label: str
    control_label: str

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return dict(vars(self))


@dataclass(frozen=True)
class Part:
    """What a mechanism, or two together, takes of an effect: mean over patients and 95 % of the mean.

    For two, `interaction` is what goes beyond the sum of each alone.
    """

    at: str
    without: list[str]
    effect: float
    lost: float
    low: float
    high: float
    interaction: float | None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return dict(vars(self))


@dataclass
class Workbench:
    """All checks of some claims under one hypothesis. Arms are run when first asked for, and shared."""

    hypothesis: Hypothesis
    claims: tuple[Claim, ...]
    seed: int
    people: int = PEOPLE
    progress: Callable[[int, int], None] | None = None
    _benches: dict[Setting, Bench] = field(default_factory=dict)
    _done: int = 0

    def speaks_of(self, claim: Claim) -> bool:
        """False if the hypothesis is silent on one of the claim's checks."""
        return all(self.hypothesis.speaks_of(claim.experiment(c)) for c in claim.test.check)

    def shown(self, claim: Claim) -> tuple[Shown, ...]:
        """What comes of each check of a claim."""
        found = []
        for check in claim.test.check:
            found.append(self._shown(claim, check))
            self._done += 1
            if self.progress is not None:
                self.progress(self._done, sum(len(c.test.check) for c in self.claims))
        return tuple(found)

    def _shown(self, claim: Claim, check: Check) -> Shown:
        seen = self._read(claim, check, None)
        without = None if check.control is None else self._read(claim, check, check.control)
        return Shown(check, seen, without, unit_of(check))

    def _read(self, claim: Claim, check: Check, control: Control | None) -> Reading:
        if check.spiking:
            return self._spiking(claim, check, control)
        bench = self._bench(setting(claim, check, control))
        try:
            with np.errstate(all="ignore"):
                found = self._predict(claim.experiment(check), control, bench)
                if check.than:
                    other = self._predict(claim.experiment(check, check.than), control, bench)
                    found = Predicted(found.value - other.value)
        except (NotApplicable, KetamindError) as problem:
            return Reading(None, None, str(problem))
        size = found.value if math.isnan(found.size) else found.size
        return Reading(_short(found.value), _short(size))

    def _spiking(self, claim: Claim, check: Check, control: Control | None) -> Reading:
        """The change of a number of the spiking cortex, in percent."""
        e = claim.experiment(check)
        off, _ = setting(claim, check, control)
        protocol = e.protocol if control is None or control.protocol is None else control.protocol
        lost = tuple(sorted({*self.hypothesis.without, *off} & set(SWITCHES)))
        try:
            before, during = spiking(protocol, check.at, lost, control.protect if control else (), self.seed)
        except KetamindError as problem:
            return Reading(None, None, str(problem))
        change = _short(100 * (during[check.observable] / before[check.observable] - 1))
        return Reading(change, change, "spiking cortex")

    def _predict(self, e: Experiment, control: Control | None, bench: Bench) -> Predicted:
        return predict(question(e if control is None else under(e, control)), bench)

    def _bench(self, changed: Setting) -> Bench:
        if changed not in self._benches:
            self._benches[changed] = Bench(self._needs, self._lab(changed))
        return self._benches[changed]

    def _lab(self, changed: Setting) -> Laboratory:
        lab = self.hypothesis.laboratory(self.seed)
        off, values = changed
        return replace(lab, without=tuple(dict.fromkeys((*lab.without, *off))), values={**lab.values, **dict(values)})

    @cached_property
    def _needs(self) -> dict[Arm, Need]:
        """What is wanted of each arm by all checks, controls and curves: one set of outputs, so one model a kind."""
        checks = [(c, check) for c in self.claims for check in c.test.check if not check.spiking]
        asked = [e for c, check in checks for e in experiments(c, check)]
        needs = needs_of([question(e) for e in asked], self.people)
        for claim in self.claims:
            self._add_curves(claim, needs)
            self._add_parts(claim, needs)
        further = {o for need in needs.values() for o in need.observables if o not in OBSERVABLES}
        for need in needs.values():
            if need.observables:
                need.observables |= further
        return needs

    def _add_curves(self, claim: Claim, needs: dict[Arm, Need]) -> None:
        if claim.test.scene is None:
            return
        for e in experiments(claim, scene_check(claim)):
            need = needs[arms_of(e).own]
            need.times |= set(curve_times(claim))
            need.observables |= set(claim.test.scene.observables)
            if need.arm.species == "human" and set(claim.test.scene.observables) & set(CLINICAL):
                need.people = max(need.people, self.people)

    def _add_parts(self, claim: Claim, needs: dict[Arm, Need]) -> None:
        wanted = claim.test.decomposition
        if wanted is None:
            return
        arms = arms_of(claim.experiment(claim.test.check[0]))
        for arm in (arms.own, arms.other):
            assert arm is not None
            needs[arm].times |= {time_in_hours(t) for t in wanted.times}
            needs[arm].observables |= {wanted.observable}

    def curves(self, claim: Claim) -> tuple[Curve, ...]:
        """The curves of a claim's scene, as it is and under the control of its first check."""
        if claim.test.bath is not None:
            return self._bath_curves(claim)
        if claim.test.scene is None:
            return ()
        check = scene_check(claim)
        runs = [
            self._bench(setting(claim, check, control)).course(arms_of(e).own)
            for e, control in zip(experiments(claim, check), (None, check.control), strict=False)
        ]
        return tuple(self._curve(claim, check, o, runs) for o in claim.test.scene.observables)

    def _curve(self, claim: Claim, check: Check, observable: str, runs: list[Course]) -> Curve:
        info = full_chain(_table_species(claim)).system.outputs[observable]
        times = curve_times(claim)
        lines = [[_rounded(_level(run, observable, t)) for t in times] for run in runs]
        return Curve(
            observable=observable,
            meaning=info.meaning,
            unit=info.unit,
            x=[_rounded(t) for t in times],
            x_unit="h",
            shown=lines[0],
            control=lines[1] if len(lines) > 1 else None,
            shown_label=_label(claim, check),
            control_label=check.control.says if check.control is not None else "",
        )

    def _bath_curves(self, claim: Claim) -> tuple[Curve, ...]:
        assert claim.test.bath is not None
        check = claim.test.check[0]
        arm = arms_of(claim.experiment(check)).own
        levels = np.concatenate([[0.0], np.geomspace(0.01, claim.test.bath.highest_um, 40)])
        labs = [self._lab(setting(claim, check, control)) for control in (None, check.control)]
        found = []
        for name in claim.test.bath.observables:
            now, off = (dish(arm, name, levels, lab) for lab in labs)
            found.append(
                Curve(
                    observable=name,
                    meaning=_DISH[name],
                    unit="1",
                    x=[_rounded(c) for c in levels],
                    x_unit="uM",
                    shown=[_rounded(v) for v in now / now[0]],
                    control=[_rounded(v) for v in off / off[0]],
                    shown_label="ketamine in the bath",
                    control_label=check.control.says if check.control is not None else "",
                )
            )
        return tuple(found)

    def packed_parts(self, claim: Claim) -> list[dict[str, Any]]:
        """The decomposition of a claim, in the form that is stored."""
        return [part.as_json() for part in self.parts(claim)]

    def parts(self, claim: Claim) -> tuple[Part, ...]:
        """What each mechanism, and each pair, takes of the effect that a claim is about."""
        wanted = claim.test.decomposition
        if wanted is None:
            return ()
        arms = arms_of(claim.experiment(claim.test.check[0]))
        sets = [c for size in (1, 2) for c in combinations(wanted.mechanisms, size)]
        return tuple(p for at in wanted.times for p in self._parts(arms.own, arms.other, wanted.observable, at, sets))

    def _parts(self, own: Arm, other: Arm | None, observable: str, at: str, sets: list[tuple[str, ...]]) -> list[Part]:
        assert other is not None
        time_h = time_in_hours(at)

        def effect(off: tuple[str, ...]) -> Floats:
            runs = [self._bench((off, ())).course(arm) for arm in (own, other)]
            one, two = (true(run, observable, time_h) - true(run, observable, None) for run in runs)
            return np.asarray(one - two, dtype=np.float64)

        whole = effect(())
        lost = {off: whole - effect(off) for off in sets}
        return [_part(at, off, whole, lost) for off in sets]


@lru_cache(maxsize=64)
def spiking(
    protocol: str, at: str, without: tuple[str, ...], protect: tuple[str, ...], seed: int
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Numbers of some seconds of the spiking cortex before a protocol and at a moment of it."""
    request = CortexRequest(protocol=protocol, at=at, without=without, protect=protect, seconds=SPIKING_S, seed=seed)
    found = perform(request).recordings
    return summary(found["before"]), summary(found["during"])


def question(e: Experiment) -> Question:
    """A check understood. Raises UnknownName or BadValue."""
    return Question(e, parse_statistic(e.statistic), arms_of(e))


def experiments(claim: Claim, check: Check) -> tuple[Experiment, ...]:
    """A check and its control as experiments."""
    e = claim.experiment(check)
    found = [e] if check.control is None else [e, under(e, check.control)]
    others = [replace(x, observable=check.than) for x in found] if check.than else []
    return (*found, *others)


def setting(claim: Claim, check: Check, control: Control | None) -> Setting:
    """What is changed in the model for a check, or its control."""
    off = (*claim.test.without, *check.without, *(control.without if control else ()))
    values = {**check.values, **(control.values if control else {})}
    return tuple(dict.fromkeys(off)), tuple(sorted(values.items()))


def scene_check(claim: Claim) -> Check:
    """The check whose arms are drawn: the first in the chain that has a control."""
    return next((c for c in claim.test.check if c.control is not None and not c.spiking), claim.test.check[0])


def curve_times(claim: Claim) -> tuple[float, ...]:
    """Times that are even on the stretched axis, from just before the dose."""
    assert claim.test.scene is not None
    last = time_in_hours(claim.test.scene.until)
    u = np.linspace(0, 1, POINTS)
    return tuple(float(t) for t in np.round(KNEE_H * np.expm1(u * np.log1p(last / KNEE_H)), 6))


def unit_of(check: Check) -> str:
    """The unit of a check's number, for people."""
    if "percent" in check.statistic or check.is_rate:
        return "%"
    if check.statistic == "ic50" or is_concentration(check.observable):
        return "uM"
    if check.statistic.startswith("difference_share"):
        return "of the later difference"
    if check.observable in _DISH:
        return ""
    unit = full_chain().system.outputs[check.observable].unit
    return "" if unit == "1" else unit


_DISH = {
    o.wire or o.symbol: o.meaning for c in in_vitro() for o in c.outputs if (o.wire or o.symbol).startswith("nmda_")
}


def _table_species(claim: Claim) -> str:
    return "human" if claim.test.species == "human" else "mouse"


def _level(course: Course, observable: str, time_h: float) -> float:
    """The mean over drawn people for a rating, the typical subject for anything else."""
    if observable in CLINICAL and course.arm.species == "human":
        return float(true(course, observable, time_h).mean())
    return float(course.at(observable, time_h)[0])


def _label(claim: Claim, check: Check) -> str:
    off = (*claim.test.without, *check.without)
    words = claim.experiment(check).protocol
    return f"{words}, without {', '.join(off)}" if off else words


def _part(at: str, off: tuple[str, ...], whole: Floats, lost: Mapping[tuple[str, ...], Floats]) -> Part:
    values = lost[off]
    half = 1.96 * float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else 0.0
    mean = float(values.mean())
    beyond = mean - sum(float(lost[(name,)].mean()) for name in off) if len(off) > 1 else None
    now, left, low, high = (_rounded(v) for v in (float(whole.mean()), mean, mean - half, mean + half))
    return Part(at, list(off), now, left, low, high, None if beyond is None else _rounded(beyond))


def _short(value: float | None) -> float | None:
    number = finite(value)
    return None if number is None else _rounded(number)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _number(value: float | None) -> str:
    return "no number" if value is None else f"{value:.3g}"
