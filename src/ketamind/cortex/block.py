"""Block of NMDA receptors that follows from free drug, activity and potential, in closed loop with the network.

For each cell type, site (synaptic, tonic), subtype and blocker the blocked fraction B obeys the receptor stage's
reduced scheme (`biology/receptors/nmda_block.py`), here with one state a subtype:

    dB/dt = k (b (1 - B of the other blockers) - B)

Depth b depends on free drug, magnesium and potential; speed k on activity, since blockers enter and leave open
channels only and a closed channel keeps them. Equations and constants are those of the receptor stage.
"""

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from ketamind.biology.receptors import BLOCKERS, SUBTYPES
from ketamind.biology.receptors.nmda_block import approach
from ketamind.biology.receptors.nmda_exposure import KETAMINE_EXPOSURE
from ketamind.biology.receptors.nmda_gating import SURROUNDINGS, drug_parameters, gating_parameters, pore_parameters
from ketamind.cortex.network import CELL_TYPES, SHIPPED, Network
from ketamind.cortex.simulate import Condition, Recording, Simulation, join
from ketamind.declare import Parameter, Table, shipped_table
from ketamind.errors import BadValue, unknown_name

SITES = ("synaptic", "tonic")
STRETCH_S = 0.1
SECONDS_PER_HOUR = 3600.0
MOST_UM = 1e5
# Potentials at the receptors that the literature suggests, in place of the simulated mean of point cells
ASSUMED_POTENTIALS = {"pyramidal": -70.0, "pv": -58.0, "sst": -55.0, "vip": -62.0}
ALIASES = {"esketamine": "s_ketamine", "arketamine": "r_ketamine"}

Blocked = NDArray[np.float64]  # (blocker, cell type, site, subtype)
Mixes = Mapping[str, Mapping[str, float]]


@cache
def table() -> Table:
    """The parameter tables that the chain reads."""
    return shipped_table()


def values_of(parameters: tuple[Parameter, ...]) -> dict[str, float]:
    """Parameters by symbol, in their declared units."""
    return {q.symbol: table().row(q.row).within(q.unit).value for q in parameters}


@cache
def surroundings() -> dict[str, float]:
    """What all receptors share in the brain: magnesium, temperature, glutamate between and at synaptic events."""
    brain = (
        Parameter("Mg", "mM", "magnesium in brain fluid", row="nmda.Mg"),
        Parameter("warmth", "1", "tens of degrees above the reference recordings", row="nmda.warmth"),
        Parameter("G_ambient", "uM", "glutamate between events", row="nmda.ambient_glutamate"),
        Parameter("release", "1/(Hz*h)", "release per presynaptic spike", row="nmda.release"),
    )
    return values_of((*SURROUNDINGS, *brain))


@cache
def pore(subtype: str, drug: str) -> SimpleNamespace:
    """Everything that sets the block of one subtype by one drug."""
    reach = Parameter("reach", "1", "scale of the event frequency that keeps half bound", row=f"nmda.reach_{subtype}")
    own = (*gating_parameters(subtype), *pore_parameters(subtype, drug), *drug_parameters(drug), reach)
    return SimpleNamespace(**surroundings(), **values_of(own))


def shares(cell_type: str, site: str) -> dict[str, float]:
    """Subtype shares of a site as the receptor stage has them."""
    rows = {s: f"nmda.share_{cell_type}_{site}_{s}" for s in SUBTYPES}
    known = set(table().names())
    return {s: table().row(row).value for s, row in rows.items() if row in known}


@cache
def receptor_hash(drug: str = "ketamine") -> str:
    """Short hash of every number of the receptor stage that a drug's block rests on: predictions hold for these."""
    pores = [sorted(vars(pore(subtype, drug)).items()) for subtype in SUBTYPES]
    mixes = [sorted(shares(t, site).items()) for t in CELL_TYPES for site in SITES]
    exposure = sorted(values_of(KETAMINE_EXPOSURE.parameters).items())
    return hashlib.sha256(repr((pores, mixes, exposure)).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Hypothesis:
    """Which receptors sit where, and what else is assumed about the drug's reach."""

    name: str = "plain"
    synaptic: Mixes = field(default_factory=dict)
    tonic: Mixes = field(default_factory=dict)
    allosteric: tuple[float, float] | None = None  # EC50 uM, largest share of tonic current cut
    feedback: float | None = None
    protect: frozenset[str] = frozenset()

    def __or__(self, other: "Hypothesis") -> "Hypothesis":
        """Both at once; where they differ the second holds."""
        return Hypothesis(
            f"{self.name}+{other.name}",
            {**self.synaptic, **other.synaptic},
            {**self.tonic, **other.tonic},
            other.allosteric or self.allosteric,
            other.feedback if other.feedback is not None else self.feedback,
            self.protect | other.protect,
        )


def hypothesis(name: str) -> Hypothesis:
    """A shipped hypothesis, or several joined by '+'. Raises UnknownName."""
    known = hypotheses()
    found = []
    for part in name.split("+"):
        if part not in known:
            raise unknown_name(part, "a cortex hypothesis", known, "Several are joined with '+'.")
        found.append(known[part])
    together = found[0]
    for other in found[1:]:
        together = together | other
    return together


@cache
def hypotheses() -> dict[str, Hypothesis]:
    """The shipped hypotheses by name; `chain` is what the receptor stage takes for granted."""
    raw = tomllib.loads((SHIPPED / "assumptions" / "hypotheses.toml").read_text(encoding="utf-8"))
    row = {symbol: table().row(f"nmda.allosteric_{symbol}").value for symbol in ("EC50", "E_max")}
    found = {"chain": Hypothesis("chain", allosteric=(row["EC50"], row["E_max"]))}
    for name, h in raw.items():
        site = h.get("allosteric")
        found[name] = Hypothesis(
            name,
            h.get("synaptic", {}),
            h.get("tonic", {}),
            (site["EC50"], site["most"]) if site else None,
            h.get("feedback"),
            frozenset(h.get("protect", ())),
        )
    return found


def effective_concentrations(free_uM: Mapping[str, float]) -> dict[str, float]:
    """Concentration of each blocker at the pore, uM; ketamine and its metabolites add by affinity.

    Names may carry the prefix `brain_unbound_`; `ketamine` is the racemate. Raises UnknownName or BadValue.
    """
    family = {i.wire.removeprefix("brain_unbound_"): i.symbol for i in KETAMINE_EXPOSURE.inputs}
    others = [b for b in BLOCKERS if b != "ketamine"]
    doses, out = dict.fromkeys(family.values(), 0.0), dict.fromkeys(BLOCKERS, 0.0)
    for given, value in free_uM.items():
        name = given.removeprefix("brain_unbound_")
        name = ALIASES.get(name, name)
        if not 0 <= value <= MOST_UM:
            raise BadValue(f"{value} uM of {given} is not allowed: give a free concentration of 0 to {MOST_UM:g}.")
        if name == "ketamine":
            doses["S"] += value / 2
            doses["R"] += value / 2
        elif name in family:
            doses[family[name]] += value
        elif name in others:
            out[name] += value
        else:
            raise unknown_name(given, "a blocker of NMDA receptors", ["ketamine", *family, *others, *ALIASES])
    p = values_of(KETAMINE_EXPOSURE.parameters)
    out["ketamine"] = float(KETAMINE_EXPOSURE.evaluate(KETAMINE_EXPOSURE.readout, doses, {}, p)["C"])
    return out


class Block:
    """Blocked fractions of one network's receptors.

    `free_uM` free brain concentrations; `potentials` fixes the potential (mV) of named types at their receptors,
    the others follow the simulated mean. Starts at the steady block of the given potentials unless told `start`.
    """

    def __init__(
        self,
        network: Network,
        free_uM: Mapping[str, float],
        assumption: Hypothesis | None = None,
        potentials: Mapping[str, float] | None = None,
        protect: frozenset[str] = frozenset(),
    ) -> None:
        for name in protect:
            if name not in network.types:
                raise unknown_name(name, "a cell type that can be protected", network.types)
        self.network = network
        self.assumption = assumption or Hypothesis()
        self.protect = protect | self.assumption.protect
        self.fixed = dict(potentials or {})
        self.set_concentrations(free_uM)
        self.mix = np.array([[self._mix(t, site) for site in SITES] for t in network.types])
        self.V = np.array([{**ASSUMED_POTENTIALS, **self.fixed}[t] for t in network.types])
        self.blocked: Blocked = np.zeros((len(BLOCKERS), *self.mix.shape))

    def _mix(self, cell_type: str, site: str) -> list[float]:
        mix = getattr(self.assumption, site).get(cell_type) or shares(cell_type, site)
        total = sum(mix.values())
        return [mix.get(s, 0.0) / total for s in SUBTYPES]

    def set_concentrations(self, free_uM: Mapping[str, float]) -> None:
        """Change the free concentrations; the block follows at its own pace."""
        self.C = effective_concentrations(free_uM)
        names = {n.removeprefix("brain_unbound_"): v for n, v in free_uM.items()}
        names = {ALIASES.get(n, n): v for n, v in names.items()}
        self.ketamine = sum(names.get(n, 0.0) for n in ("ketamine", "s_ketamine", "r_ketamine"))

    def approach(self, drug: str, pyramidal_rate: float) -> tuple[Blocked, Blocked]:
        """Depth of block by one drug alone, and rate of approach to it per hour: (cell type, site, subtype)."""
        s = surroundings()
        events = np.array([[s["release"] * pyramidal_rate, 0.0]])
        pairs = [
            approach(self.C[drug], self.V[:, None], s["G_ambient"], events, pore(subtype, drug)) for subtype in SUBTYPES
        ]
        shape = self.mix.shape[:2]
        depth, speed = (np.stack([np.broadcast_to(pair[k], shape) for pair in pairs], axis=-1) for k in (0, 1))
        return depth, speed

    def steady(self) -> Blocked:
        """Blocked fractions that the present concentrations and potentials lead to."""
        none = np.zeros(self.mix.shape)
        depths = np.array([self.approach(drug, 1.0)[0] if self.C[drug] > 0 else none for drug in BLOCKERS])
        affinity = depths / (1 - depths)
        return np.asarray(affinity / (1 + affinity.sum(axis=0)))

    def settle(self) -> None:
        """Go to the steady block at once: what minutes at this concentration do."""
        self.blocked = self.steady()

    def advance(self, seconds: float, pyramidal_rate: float) -> None:
        """Let the block evolve by `seconds` at a pyramidal rate (Hz); implicit Euler, so that no step is too long."""
        hours = seconds / SECONDS_PER_HOUR
        for n, drug in enumerate(BLOCKERS):
            if self.C[drug] > 0 or self.blocked[n].any():
                depth, speed = self.approach(drug, pyramidal_rate)
                free = 1 - (self.blocked.sum(axis=0) - self.blocked[n])
                self.blocked[n] = (self.blocked[n] + hours * speed * depth * free) / (1 + hours * speed)

    def follow(self, recording: Recording) -> None:
        """Take over the mean potentials of a stretch, for the types whose potential is not fixed."""
        for k, t in enumerate(self.network.types):
            if t not in self.fixed:
                self.V[k] = recording.signal("potential", t).mean()

    def left(self) -> dict[str, dict[str, float]]:
        """Share of NMDA conductance left, by site and cell type."""
        open_share = (self.mix * (1 - self.blocked.sum(axis=0))).sum(axis=-1)
        out = {
            site: dict(zip(self.network.types, open_share[:, k].tolist(), strict=True)) for k, site in enumerate(SITES)
        }
        if self.assumption.allosteric:
            EC50, most = self.assumption.allosteric
            cut = 1 - most * self.ketamine / (self.ketamine + EC50)
            out["tonic"] = {t: cut * g for t, g in out["tonic"].items()}
        for t in self.protect & set(self.network.types):
            out["synaptic"][t] = out["tonic"][t] = 1.0
        return out

    def condition(self, base: Condition | None = None) -> Condition:
        """The network's condition under the present block, on top of another."""
        left = self.left()
        return replace(base or Condition(), nmda_synaptic=left["synaptic"], nmda_tonic=left["tonic"])


@dataclass(frozen=True)
class Course:
    """How the conductance left went, over a run in closed loop: (time, site, cell type)."""

    time_s: NDArray[np.float64]
    left: NDArray[np.float64]


def stretches(seconds: float, stretch: float = STRETCH_S) -> int:
    """Into how many pieces a time is cut."""
    return max(1, round(seconds / stretch))


def run_with_block(
    simulation: Simulation,
    block: Block,
    seconds: float,
    base: Condition | None = None,
    stretch: float = STRETCH_S,
    tick: Callable[[], None] | None = None,
) -> tuple[Recording, Course]:
    """Simulate with the block and the network acting on each other every tenth of a second."""
    if not (np.isfinite(seconds) and seconds > 0):
        raise BadValue(f"{seconds} s cannot be simulated: give a time above 0, such as 3.")
    parts, times, left = [], [], []
    n = stretches(seconds, stretch)
    for k in range(n):
        part = simulation.run(seconds / n, block.condition(base))
        block.follow(part)
        block.advance(seconds / n, part.rates()["pyramidal"])
        parts.append(part)
        times.append((k + 1) * seconds / n)
        left.append([list(block.left()[site].values()) for site in SITES])
        if tick is not None:
            tick()
    return join(parts), Course(np.array(times), np.array(left))


def settle_in_loop(
    simulation: Simulation, block: Block, base: Condition | None = None, seconds: float = 1.0, rounds: int = 3
) -> None:
    """Bring network and block to their common steady state: block at the simulated potentials, a few times."""
    for _ in range(rounds):
        block.settle()
        block.follow(simulation.run(seconds / rounds, block.condition(base)))
    block.settle()


def looped(network: Network, share: float | None) -> Network:
    """The network with a cortical loop: its own shares where it has some, else `share` for all types."""
    if share is None or any(c.drive.feedback > 0 for c in network.cells.values()):
        return network
    cells = {
        t: c.model_copy(update={"drive": c.drive.model_copy(update={"feedback": share})})
        for t, c in network.cells.items()
    }
    return network.model_copy(update={"cells": cells})


def check_types(names: frozenset[str]) -> frozenset[str]:
    """Cell types given by a user. Raises UnknownName."""
    for name in names:
        if name not in CELL_TYPES:
            raise unknown_name(name, "a cell type that can be protected", CELL_TYPES)
    return names
