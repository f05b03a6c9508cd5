"""The spiking cortex at chosen moments of a run: what the slow chain says, made into the state of a network.

Concentrations become block of NMDA receptors in closed loop (`block`). The rest acts as in the chain's circuit stage
(`biology/circuit/transmission.py`, same rows of the parameter tables):

- `synaptic_strength` (excess) and `spine_density` (1 = healthy) scale excitation of pyramidal cells, by the plastic
  share of their input and the weight of a change of spines;
- `stress` weakens SST output by 40 % at 1 (Yao et al. 2022, 10.1016/j.celrep.2021.110232); repaired, `stress` is 0
  and `spine_density` back at 1;
- `hnk_release` multiplies glutamate release, of the network and of its outside input;
- `hcn1_current` (of drug-free): closing HCN1 takes away a standing depolarisation and sharpens summation;
- mu receptors lower GABA release of PV and VIP cells by up to 30 %, and their endogenous tone by a tenth of that
  (`mor_signal` of the drug; `mu_tone`, 1 = undisturbed): an assumption of this module, not of the chain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ketamind.biology.receptors import BLOCKERS
from ketamind.biology.receptors.nmda_exposure import KETAMINE_EXPOSURE
from ketamind.cortex.block import (
    ASSUMED_POTENTIALS,
    Block,
    Hypothesis,
    check_types,
    hypothesis,
    looped,
    run_with_block,
    settle_in_loop,
    stretches,
    table,
)
from ketamind.cortex.network import Network, check_size, read_network
from ketamind.cortex.simulate import Condition, Progress, Recording, Simulation, check_memory, in_parallel
from ketamind.errors import BadValue, unknown_name

if TYPE_CHECKING:
    import xarray as xr

REST = {
    "synaptic_strength": 0.0,
    "spine_density": 1.0,
    "stress": 0.0,
    "hnk_release": 1.0,
    "hcn1_current": 1.0,
    "mor_signal": 0.0,
    "mu_tone": 1.0,
}
DRUG_WIRES = ("hnk_release", "hcn1_current", "mor_signal", "mu_tone")
STATES = {
    "healthy": {"stress": 0.0, "spine_density": 1.0, "synaptic_strength": 0.0},
    "stressed": {"stress": 1.0, "spine_density": 0.85, "synaptic_strength": -0.13},
    "restored": {"stress": 1.0, "spine_density": 1.0, "synaptic_strength": 0.0},
}
"""Wiring states: chronic stress as the chain leaves it untreated, and the same brain with spines and strength back
while SST output is still weak. Where a run is given, its own wires hold unless a state is asked for."""
SWITCHES = {"nmda": (), "hcn1": ("hcn1_current",), "hnk": ("hnk_release",), "opioid": ("mor_signal", "mu_tone")}
CIRCUIT_ROWS = ("plastic_share", "spine_weight", "summation_hcn1", "V_hcn1", "sst_stress_loss")
OPIOID_SHARE, TONE_SHARE = 0.3, 0.1
WARM_UP_S = 0.5


@dataclass(frozen=True)
class Moment:
    """What the chain says at one moment: free concentrations (uM) and the wires of REST."""

    free_uM: Mapping[str, float] = field(default_factory=dict)  # noqa: N815
    wires: Mapping[str, float] = field(default_factory=dict)

    def without_drug(self) -> "Moment":
        """The same brain with the drug's direct effects gone; strength, spines and stress as they are."""
        return Moment({}, {k: v for k, v in self.wires.items() if k not in DRUG_WIRES})

    def without(self, mechanisms: Sequence[str]) -> "Moment":
        """The same with mechanisms switched off. Raises UnknownName."""
        wires, free = dict(self.wires), self.free_uM
        for name in mechanisms:
            if name not in SWITCHES:
                raise unknown_name(name, "a mechanism of the cortex", SWITCHES)
            free = {} if name == "nmda" else free
            wires |= {w: REST[w] for w in SWITCHES[name]}
        return Moment(free, wires)

    def in_state(self, state: str) -> "Moment":
        """The same drug in a brain wired as in `STATES`; without a name, as it is. Raises UnknownName."""
        if not state:
            return self
        if state not in STATES:
            raise unknown_name(state, "a wiring state", STATES)
        return Moment(self.free_uM, {**self.wires, **STATES[state]})


def moment(values: Mapping[str, float]) -> Moment:
    """A moment from a flat mapping of wires, such as `{"brain_unbound_ketamine": 1.0, "spine_density": 0.9}`.

    Raises UnknownName for what is neither a blocker nor a wire of the cortex, BadValue for a negative number.
    """
    wires = {k: float(v) for k, v in values.items() if k in REST}
    for name, value in wires.items():
        if not np.isfinite(value) or (value < 0 and name != "synaptic_strength"):
            raise BadValue(f"{name} = {value} is not allowed: give a number >= 0 ({REST[name]:g} is rest).")
    return Moment({k: float(v) for k, v in values.items() if k not in REST}, wires)


def condition_of(now: Moment, network: Network) -> Condition:
    """The network's condition, but for the block of NMDA receptors."""
    w = {**REST, **now.wires}
    p = {k: table().row(f"circuit.{k}").value for k in CIRCUIT_ROWS}
    closed = 1 - w["hcn1_current"]
    strength = max(0.0, 1 + p["plastic_share"] * w["synaptic_strength"])
    spines = max(0.0, 1 + p["spine_weight"] * (w["spine_density"] - 1)) * (1 + p["summation_hcn1"] * closed)
    opioid = 1 - OPIOID_SHARE * (w["mor_signal"] + TONE_SHARE * (w["mu_tone"] - 1))
    sst = max(0.0, 1 - p["sst_stress_loss"] * w["stress"])
    return Condition(
        release={"pyramidal": w["hnk_release"], "pv": opioid, "sst": sst, "vip": opioid},
        external_release=w["hnk_release"],
        excitation={"pyramidal": strength * spines},
        current={"pyramidal": -network.cells["pyramidal"].g_L * p["V_hcn1"] * closed},
    )


@dataclass(frozen=True)
class Cortex:
    """Stretches of simulated cortex at named moments: `data` along `moment`, and the recordings themselves."""

    data: "xr.Dataset"
    recordings: Mapping[str, Recording]

    def as_json(self) -> dict[str, Any]:
        """The numbers, by moment."""
        from ketamind.cortex.recordings import summary

        return {name: {k: _plain(v) for k, v in summary(r).items()} for name, r in self.recordings.items()}

    def as_text(self) -> str:
        """Rates and gamma at each moment, as a small table."""
        table = self.as_json()
        rows = [f"{'':14}" + "".join(f"{name:>14}" for name in table)]
        shown = {"rate_pyramidal": "Hz", "rate_pv": "Hz", "rate_sst": "Hz", "rate_vip": "Hz"}
        for key, unit in shown.items():
            rows.append(f"{key.removeprefix('rate_'):10}{unit:4}" + "".join(f"{n[key]:14.2f}" for n in table.values()))
        base = next(iter(table.values()))
        for key in ("power_gamma", "power_beta", "power_alpha", "inhibitory_conductance"):
            ratios = (n[key] / base[key] for n in table.values())
            label = "inhibition" if key == "inhibitory_conductance" else key.removeprefix("power_")
            rows.append(f"{label:14}" + "".join(f"{'x' + format(r, '.2f'):>14}" for r in ratios))
        return "\n".join(rows)

    def save(self, file: str | Path) -> None:
        """Write everything as NetCDF. Raises BadFile."""
        from ketamind.cortex.recordings import save

        save(self.data, file)


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


@dataclass(frozen=True)
class Options:
    """How a cortex is simulated."""

    cells: int = 1000
    seconds: float = 3.0
    seed: int = 1
    network: str = "starting"
    hypothesis: str = "chain"
    protect: frozenset[str] = frozenset()
    without: tuple[str, ...] = ()
    potentials: str = "assumed"
    state: str = ""


def cortex(
    run_or_moments: Any,
    at: str = "40 min",
    options: Options | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Cortex:
    """Seconds of cortex before the drug, at a moment of a run, and 24 h after it.

    `run_or_moments` is a Run, or a mapping of wires at one moment (then there is no `after`), or a mapping of names to
    such mappings. `settings` are those of `Options`. Raises BadValue and UnknownName for what cannot be simulated.

    Block starts at the steady state of the moment's concentrations and follows activity and, with
    `potentials="simulated"`, the simulated potentials; with "assumed" the receptors sit at the potentials that
    recordings suggest.
    """
    o = options or Options(**settings)
    network = check_options(o)
    moments = moments_of(run_or_moments, at)
    prepared = {name: m.without(o.without).in_state(o.state) for name, m in moments.items()}
    check_memory(network, o.cells, o.seconds, at_once=len(prepared))
    tick = ticks(progress, len(prepared) * stretches(o.seconds))
    recordings = in_parallel(lambda m: simulate_moment(network, m, o, tick), prepared.values())
    named = dict(zip(prepared, recordings, strict=True))
    return Cortex(together(named), named)


def check_options(o: Options) -> Network:
    """The network that the options name. Raises BadValue and UnknownName for impossible options."""
    network = read_network(o.network)
    if not (np.isfinite(o.seconds) and 0 < o.seconds <= 3600):
        raise BadValue(f"{o.seconds} s of cortex cannot be simulated: give a time above 0 and up to 3600 s.")
    if o.potentials not in ("assumed", "simulated"):
        raise unknown_name(o.potentials, "a choice of potentials", ("assumed", "simulated"))
    check_types(o.protect)
    hypothesis(o.hypothesis)
    Moment().without(o.without).in_state(o.state)
    check_size(network, o.cells)
    return network


def potentials_of(o: Options) -> Mapping[str, float]:
    """Potentials at the receptors that are fixed; those of the other types follow the simulation."""
    return ASSUMED_POTENTIALS if o.potentials == "assumed" else {}


def ticks(progress: Progress | None, total: int) -> Callable[[], None]:
    """What simulations call after each stretch, so that `progress` is told how many of all are done."""
    done = count(1)

    def tick() -> None:
        if progress is not None:
            progress(next(done), total)

    return tick


def simulate_moment(network: Network, now: Moment, o: Options, tick: Callable[[], None] | None = None) -> Recording:
    """One stretch, after the network and the block have settled."""
    assumption: Hypothesis = hypothesis(o.hypothesis)
    simulation = Simulation(looped(network, assumption.feedback), o.cells, o.seed)
    if assumption.feedback is not None:
        simulation.set_loop(rest_rate(network, o.cells, o.seed))
    base = condition_of(now, network)
    block = Block(network, now.free_uM, assumption, potentials_of(o), o.protect)
    block.settle()
    simulation.run(WARM_UP_S, block.condition(base))
    settle_in_loop(simulation, block, base)
    return run_with_block(simulation, block, o.seconds, base, tick=tick)[0]


def rest_rate(network: Network, cells: int, seed: int, seconds: float = 4.0) -> float:
    """Pyramidal rate at rest, at which a cortical loop is in balance, Hz."""
    simulation = Simulation(network, cells, seed)
    simulation.run(WARM_UP_S)
    return simulation.run(seconds).rates()["pyramidal"]


def moments_of(source: Any, at: str) -> dict[str, Moment]:
    """The moments to simulate, by name."""
    if isinstance(source, Mapping):
        if source and all(isinstance(v, Mapping) for v in source.values()):
            return {name: moment(v) for name, v in source.items()}
        now = moment(source)
        return {"before": now.without_drug(), "during": now}
    from ketamind.simulation.observe import time_in_hours

    time_h = time_in_hours(at)
    last_h = float(source.times_h[-1])
    moments = {"before": read_moment(source, float(source.times_h[0])), "during": read_moment(source, time_h)}
    if time_h + 24 <= last_h:
        moments["after 24 h"] = read_moment(source, time_h + 24)
    return moments


def read_moment(run: Any, time_h: float) -> Moment:
    """The mean over patients of all wires that a run has, at a time. Raises BadValue outside the run."""
    known = {str(v) for v in run.data.data_vars}
    pores = (*(i.wire for i in KETAMINE_EXPOSURE.inputs), *(f"brain_unbound_{b}" for b in BLOCKERS if b != "ketamine"))
    blockers = [wire for wire in pores if wire in known]
    if not blockers:
        wanted = "brain_unbound_s_ketamine,brain_unbound_r_ketamine"
        raise BadValue(f"the run holds no free brain concentration; simulate it with observe including {wanted}.")
    values = {name: float(np.mean(run.at(f"{name}@{time_h!r} h"))) for name in (*blockers, *(known & set(REST)))}
    return moment({k: max(0.0, v) if k in blockers else v for k, v in values.items()})


def together(recordings: Mapping[str, Recording]) -> "xr.Dataset":
    """The data sets of several moments along a dimension `moment`; spikes stay apart, a pair of variables each."""
    import xarray as xr

    from ketamind.cortex.recordings import dataset

    parts = {name: dataset(r, name) for name, r in recordings.items()}
    spikes = {}
    for k, (name, part) in enumerate(parts.items()):
        for what in ("spike_time", "spike_cell"):
            moved = part[what].rename({"spike": f"spike_{k}"})
            spikes[f"{what}_{k}"] = moved.assign_attrs(moment=name)
    plain = [p.drop_vars(["spike_time", "spike_cell"]) for p in parts.values()]
    joined = xr.concat(plain, xr.DataArray(list(parts), dims="moment", name="moment"), combine_attrs="drop_conflicts")
    return joined.assign(spikes)
