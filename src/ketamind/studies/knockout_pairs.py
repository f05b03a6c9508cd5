"""Knock-outs in pairs: what is left of each outcome with two mechanisms off, and how far the two losses interact.

With e the effect of a dose as a share of the effect in the intact brain,

    interaction(a, b) = e(without a, b) - e(without a) - e(without b) + 1

Nil where two mechanisms contribute apart from each other. Over nil where the losses overlap: both lie on one path, so
that the second costs less once the first is gone. Under nil where each stands in for the other, so that losing both
costs more than the sum. Source: additive (Bliss-type) null model of interaction, as in the genetics of double mutants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.errors import unknown_name
from ketamind.protocols import Patient, Protocol, parse_protocol
from ketamind.simulation import Observation, chain_for, parse_observations
from ketamind.simulation.populations import typical_patient
from ketamind.simulation.simulate import check_observables, prepare, solve_patients
from ketamind.studies.knockouts import NIL, OUTCOMES, placebo

Floats = NDArray[np.float64]
NOTABLE = 0.02
"""Shares of an effect smaller than this are not worth a line."""


@dataclass(frozen=True)
class Pairs:
    """Effects of a protocol (value under it less value under saline) with two mechanisms off.

    `effects` is (mechanisms, mechanisms, outcomes) and symmetric, with the mechanism alone on the diagonal.
    """

    protocol: Protocol
    mechanisms: tuple[str, ...]
    observations: tuple[Observation, ...]
    intact: Floats
    effects: Floats

    def left(self) -> Floats:
        """What is left of each effect, 1 = all of it; NaN where the intact effect is nil."""
        whole = np.where(np.abs(self.intact) > NIL, self.intact, np.nan)
        return np.asarray(self.effects / whole)

    def interaction(self) -> Floats:
        """Interaction of each pair, as a share of the intact effect; NaN on the diagonal."""
        left = self.left()
        alone = np.einsum("iik->ik", left)
        found = left - alone[:, None] - alone[None] + 1
        found[np.arange(len(alone)), np.arange(len(alone))] = np.nan
        return np.asarray(found)

    def notable(self) -> tuple[int, ...]:
        """Mechanisms (by place) that change some outcome, alone or with another."""
        moved = np.abs(self.left() - 1) > NOTABLE
        changed = np.array([moved[i, i].any() for i in range(len(self.mechanisms))])
        changed |= (np.abs(np.nan_to_num(self.interaction())) > NOTABLE).any(axis=(1, 2))
        return tuple(np.flatnonzero(changed).tolist())

    def strongest(self, count: int = 10) -> list[tuple[str, str, str, float, float]]:
        """(mechanism, mechanism, outcome, share left, interaction): pairs by their largest interaction."""
        left, found = self.left(), self.interaction()
        rows = [
            (self.mechanisms[i], self.mechanisms[j], o.text, float(left[i, j, k]), float(found[i, j, k]))
            for i, j in combinations(range(len(self.mechanisms)), 2)
            for k, o in enumerate(self.observations)
            if abs(found[i, j, k]) > NOTABLE
        ]
        largest: dict[tuple[str, str], tuple[str, str, str, float, float]] = {}
        for row in sorted(rows, key=lambda r: -abs(r[4])):
            largest.setdefault(row[:2], row)
        return list(largest.values())[:count]

    def as_json(self) -> list[dict[str, Any]]:
        """For machines: every pair and outcome."""
        left, found = self.left(), self.interaction()
        return [
            {
                "mechanisms": [self.mechanisms[i], self.mechanisms[j]],
                "outcome": o.text,
                "effect": float(self.effects[i, j, k]),
                "left": _finite(left[i, j, k]),
                "interaction": _finite(found[i, j, k]),
            }
            for i, j in combinations(range(len(self.mechanisms)), 2)
            for k, o in enumerate(self.observations)
        ]

    def as_text(self) -> str:
        """For people: the largest interactions."""
        lines = [
            "Pairs that interact most (over 0: the losses overlap; under 0: each stands in for the other)",
            *(
                f"{f'{a} + {b}':<42}{outcome:<26}{100 * left:>6.0f} % left{100 * more:>+8.0f} %"
                for a, b, outcome, left, more in self.strongest()
            ),
        ]
        return "\n".join(lines if len(lines) > 1 else ["No two mechanisms interact on these outcomes."])


def knock_out_pairs(
    protocol: "str | Protocol",
    names: Sequence[str] = (),
    observe: "str | Sequence[Observation]" = OUTCOMES,
    *,
    species: str = "human",
    patient: Patient | None = None,
) -> Pairs:
    """Simulate a protocol with each two of the named mechanisms off (all of the model, if none is named).

    All pairs are solved together: a knock-out is a value, not another model.
    Raises UnknownName for a mechanism or observable that is not known.

    >>> found = knock_out_pairs("0.5 mg/kg ketamine iv over 40 min", ["nmda", "hnk"], "cadss@40min")
    >>> bool(abs(found.left()[0, 1, 0]) < 0.01)
    True
    """
    given = parse_protocol(protocol) if isinstance(protocol, str) else protocol
    observations = parse_observations(observe or OUTCOMES) if isinstance(observe, str) else tuple(observe)
    who = patient or Patient(species=species)
    known = chain_for(given, who.species).mechanisms
    for name in names:
        if name not in known:
            raise unknown_name(name, "a mechanism of this model", known, "Pairs are of mechanisms, not of antagonists.")
    mechanisms = tuple(dict.fromkeys(names or known))
    off = _switches(len(mechanisms))
    values = {f"on.{m}": np.where(off[:, i], 0.0, 1.0) for i, m in enumerate(mechanisms)}
    effect = _values(given, who, values, observations) - _values(placebo(given), who, values, observations)
    return Pairs(given, mechanisms, observations, effect[0], _square(effect[1:], len(mechanisms)))


def _switches(count: int) -> NDArray[np.bool_]:
    """Which mechanisms are off in each run: none, then each pair, with a mechanism and itself for it alone."""
    runs = [()] + [(i, j) for i in range(count) for j in range(i, count)]
    off = np.zeros((len(runs), count), dtype=np.bool_)
    for run, pair in enumerate(runs):
        off[run, list(pair)] = True
    return off


def _square(effects: Floats, count: int) -> Floats:
    table = np.empty((count, count, effects.shape[1]))
    upper = np.triu_indices(count)
    table[upper] = effects
    table[upper[1], upper[0]] = effects
    return table


def _values(
    protocol: Protocol, who: Patient, switches: dict[str, Floats], observations: Sequence[Observation]
) -> Floats:
    """Values (runs, outcomes) under a protocol."""
    prepared = prepare(protocol, who)
    names = tuple(dict.fromkeys(o.name for o in observations))
    check_observables(names, prepared.model)
    count = len(next(iter(switches.values())))
    typical = {n: np.full(count, v[0]) for n, v in typical_patient(who, prepared.model).items()}
    times = np.unique([0.0, *(o.time_h for o in observations), 24.0])
    known = {n: v for n, v in switches.items() if n in prepared.model.defaults}
    solved = solve_patients(prepared, protocol, typical | known, count, times, names)
    at = [(int(np.searchsorted(times, o.time_h)), names.index(o.name)) for o in observations]
    return np.array([solved.values[t, :, k] for t, k in at]).T


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
