"""Block of NMDA receptors that follows from free drug, activity and potential, in closed loop with the network.

For each cell type, site (synaptic, tonic), subunit and blocker the blocked fraction B obeys

    dB/dt = P_open (k_on C / (1 + Mg/(K_Mg exp(gamma (V + 66)))) (1 - sum B) - k_on K_d exp(delta (V + 66)/25.4) B)

Blocker enters and leaves open channels only, and a closed channel keeps it, so activity sets how fast block comes
and goes and potential how deep it is. P_open at synapses saturates with the pyramidal rate. This is the receptor
stage's reduced scheme with one state a subunit; escape of weakly trapped blockers from closed channels is left out.
Source: Kotermanski & Johnson 2009 (subunits, magnesium); Huettner & Bean 1988 (use dependence, trapping).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.cortex.network import CELL_TYPES, SHIPPED, SUBUNITS, Network
from ketamind.cortex.simulate import Condition, Recording, Simulation, join
from ketamind.errors import BadValue, unknown_name

SITES = ("synaptic", "tonic")
REFERENCE_MV, THERMAL_MV = 66.0, 25.4
STRETCH_S = 0.1
# Potentials at the receptors that the literature suggests, in place of the simulated mean of point cells
ASSUMED_POTENTIALS = {"pyramidal": -70.0, "pv": -58.0, "sst": -55.0, "vip": -62.0}

Blocked = NDArray[np.float64]  # (blocker, cell type, site, subunit)
Mixes = Mapping[str, Mapping[str, float]]


@cache
def constants() -> dict[str, Any]:
    """Constants of channel block, from `assumptions/receptors.toml`."""
    return tomllib.loads((SHIPPED / "assumptions" / "receptors.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Hypothesis:
    """Which receptors sit where, and what else is assumed about the drug's reach."""

    name: str = "as_in_network"
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
    table = hypotheses()
    found = []
    for part in name.split("+"):
        if part not in table:
            raise unknown_name(part, "a cortex hypothesis", table, "Several are joined with '+'.")
        found.append(table[part])
    together = found[0]
    for other in found[1:]:
        together = together | other
    return together


@cache
def hypotheses() -> dict[str, Hypothesis]:
    """The shipped hypotheses by name."""
    raw = tomllib.loads((SHIPPED / "assumptions" / "hypotheses.toml").read_text(encoding="utf-8"))
    table = {"as_in_network": Hypothesis()}
    for name, h in raw.items():
        site = h.get("allosteric")
        table[name] = Hypothesis(
            name,
            h.get("synaptic", {}),
            h.get("tonic", {}),
            (site["EC50"], site["most"]) if site else None,
            h.get("feedback"),
            frozenset(h.get("protect", ())),
        )
    return table


def effective_concentrations(free_uM: Mapping[str, float]) -> dict[str, float]:
    """Free concentration of each blocker, uM; ketamine and its metabolites count as racemate by their affinity.

    Names may carry the prefix `brain_unbound_`. Raises UnknownName or BadValue.
    """
    c = constants()
    known = [*c["ketamine_equivalents"], *(b for b in c["blockers"] if b != "ketamine")]
    out = dict.fromkeys(c["blockers"], 0.0)
    names = {"esketamine": "s_ketamine", "arketamine": "r_ketamine"}
    for given, value in free_uM.items():
        name = given.removeprefix("brain_unbound_")
        name = names.get(name, name)
        if name not in known:
            raise unknown_name(given, "a blocker of NMDA receptors", [*known, *names])
        if not (np.isfinite(value) and value >= 0):
            raise BadValue(f"{value} uM of {given} is not allowed: give a free concentration of 0 or more.")
        blocker = name if name in c["blockers"] and name != "ketamine" else "ketamine"
        out[blocker] += value * c["ketamine_equivalents"].get(name, 1.0)
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
        c = constants()
        self.K_d = np.array([[b["K_d"][s] for s in SUBUNITS] for b in c["blockers"].values()])[:, None, None, :]
        self.k_on = np.array([b["k_on"] for b in c["blockers"].values()])[:, None, None, None]
        self.K_Mg = np.array([c["subunits"][s]["K_Mg"] for s in SUBUNITS])
        self.gamma = np.array([c["subunits"][s]["gamma"] for s in SUBUNITS])
        self.V = np.array([{**ASSUMED_POTENTIALS, **self.fixed}[t] for t in network.types])
        self.blocked: Blocked = np.zeros((len(self.k_on), *self.mix.shape))

    def _mix(self, cell_type: str, site: str) -> list[float]:
        cells = self.network.cells[cell_type]  # type: ignore[index]
        given = getattr(self.assumption, site).get(cell_type)
        mix: Mapping[str, float] = given or (cells.synaptic if site == "synaptic" else cells.tonic).mix  # type: ignore[assignment]
        return [mix.get(s, 0.0) for s in SUBUNITS]

    def set_concentrations(self, free_uM: Mapping[str, float]) -> None:
        """Change the free concentrations; the block follows at its own pace."""
        effective = effective_concentrations(free_uM)
        self.ketamine = effective["ketamine"]
        self.C = np.array(list(effective.values()))[:, None, None, None]

    def rates(self) -> tuple[Blocked, Blocked]:
        """Binding and unbinding rate of each blocker to open channels, per s, at the present potentials."""
        c = constants()
        d = self.V[:, None, None] + REFERENCE_MV
        magnesium = 1 + c["magnesium_mM"] / (self.K_Mg * np.exp(self.gamma * d))
        binding = self.k_on * self.C / magnesium
        return binding, self.k_on * self.K_d * np.exp(c["voltage_share"] * d / THERMAL_MV)

    def steady(self) -> Blocked:
        """Blocked fractions that the present concentrations and potentials lead to."""
        binding, unbinding = self.rates()
        affinity = binding / unbinding
        return np.array(np.broadcast_to(affinity / (1 + affinity.sum(axis=0)), self.blocked.shape))

    def settle(self) -> None:
        """Go to the steady block at once: what minutes at this concentration do."""
        self.blocked = self.steady()

    def advance(self, seconds: float, pyramidal_rate: float) -> None:
        """Let the block evolve by `seconds` at a pyramidal rate (Hz); implicit Euler, so that no step is too long."""
        c = constants()
        synaptic = c["open_synaptic"] * pyramidal_rate / (pyramidal_rate + c["half_rate"])
        opened = np.array([synaptic, c["open_tonic"]])[None, None, :, None]
        binding, unbinding = (opened * r for r in self.rates())
        # (1 + h off_k) B_k + h on_k sum(B) = B_k(0) + h on_k, solved for the sum first
        scale = 1 + seconds * unbinding
        known = (self.blocked + seconds * binding) / scale
        share = seconds * binding / scale
        total = known.sum(axis=0) / (1 + share.sum(axis=0))
        self.blocked = known - share * total

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


def run_with_block(
    simulation: Simulation, block: Block, seconds: float, base: Condition | None = None, stretch: float = STRETCH_S
) -> tuple[Recording, Course]:
    """Simulate with the block and the network acting on each other every tenth of a second."""
    if not (np.isfinite(seconds) and seconds > 0):
        raise BadValue(f"{seconds} s cannot be simulated: give a time above 0, such as 3.")
    parts, times, left = [], [], []
    n = max(1, round(seconds / stretch))
    for k in range(n):
        part = simulation.run(seconds / n, block.condition(base))
        block.follow(part)
        block.advance(seconds / n, part.rates()["pyramidal"])
        parts.append(part)
        times.append((k + 1) * seconds / n)
        left.append([list(block.left()[site].values()) for site in SITES])
    return join(parts), Course(np.array(times), np.array(left))


def settle_in_loop(
    simulation: Simulation, block: Block, base: Condition | None = None, seconds: float = 1.0, rounds: int = 3
) -> None:
    """Bring network and block to their common steady state: block at the simulated potentials, a few times."""
    for _ in range(rounds):
        block.settle()
        block.follow(simulation.run(seconds / rounds, block.condition(base)))
    block.settle()


def check_types(names: frozenset[str]) -> frozenset[str]:
    """Cell types given by a user. Raises UnknownName."""
    for name in names:
        if name not in CELL_TYPES:
            raise unknown_name(name, "a cell type that can be protected", CELL_TYPES)
    return names
