"""Blind calibration: an ensemble of networks that know drug-free physiology only.

A lineage draws networks from the ranges of `assumptions/blind.toml`; for each a homeostat finds the external rates
that give its target rates; the best of the first draws is improved by random steps on the summed violation of
drug-free windows (rates, irregularity, potentials, balance, recurrent share of excitation, a weak broad gamma peak,
aperiodic slope). Its end is then judged anew: 20 s with other wiring and other events. One network is kept a lineage,
if its violation there is small. The drug is never simulated here.

What the network's own pyramidal cells lack of the recurrent share is given by the cortical loop, whose gain
`feedback` follows from that share and is no free parameter. Drive with a loop is
`nu0 ((1 - phi) (1 + sigma c(t)) + phi r(t)/r0)`, r filtered with 1 s; a network must be stable with the loop closed.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ketamind.cortex.network import SHIPPED, Magnesium, Network, ShortTerm, read_network
from ketamind.cortex.recordings import fano, irregularity, recurrent_share, summary
from ketamind.cortex.simulate import Recording, Simulation, in_parallel
from ketamind.errors import BadFile, BadValue

HOMEOSTAT_S, STRETCH_S = 4.0, 0.05
ETA, ETA_DECAY = 0.15, 25.0
WARM_UP_S = 1.0
MOST_RATE = 5e4
LOOP_LIMIT = 0.9
CONFIRM_S, FRESH = 20.0, 100_000  # a network is judged on a stretch, a wiring and events that its search has not seen
FANO_CELLS = 800  # the count's Fano factor grows with the cells counted, so their number is fixed

Point = dict[str, float]


@cache
def plan() -> dict[str, Any]:
    """What is drawn and what is asked, from `assumptions/blind.toml`."""
    return tomllib.loads((SHIPPED / "assumptions" / "blind.toml").read_text(encoding="utf-8"))


def draw(rng: np.random.Generator) -> Point:
    """One point of the prior, each parameter between 0 and 1 of its range; `target.*` and `recurrence.*` likewise."""
    names = [
        *plan()["ranges"],
        *(f"target.{t}" for t in plan()["targets"]),
        *(f"recurrence.{t}" for t in plan()["recurrence"]),
    ]
    return {**{n: float(rng.random()) for n in names}, "short_term": float(rng.random() < 0.5)}


def move(point: Point, rng: np.random.Generator) -> Point:
    """A neighbour of a point: some parameters moved, reflected at the ends of their ranges."""
    search, out = plan()["search"], dict(point)
    for name in point:
        if name != "short_term" and rng.random() < search["changed"]:
            x = abs(out[name] + search["step"] * rng.normal())
            out[name] = float(min(max(1 - abs(1 - x), 0.0), 1.0))
    return out


def value(point: Point, name: str) -> float:
    """A parameter in its own unit."""
    if name.startswith(("target.", "recurrence.")):
        group, cell_type = name.split(".")
        low, high = plan()["targets" if group == "target" else group][cell_type]
        return float(low + point[name] * (high - low))
    low, high = plan()["ranges"][name]
    if low > 0:
        return float(low * (high / low) ** point[name])
    return float(low + point[name] * (high - low))


def build(point: Point) -> Network:
    """The network of a point, with external rates as in the base network: the homeostat has yet to find them."""
    base, p = read_network(plan()["base"]), plan()
    cells = {}
    for t, c in base.cells.items():
        nmda = nmda_ratio(value(point, f"nmda_share.{t}"), p["share_potential"][t], c.synaptic.magnesium)
        drive = c.drive.model_copy(
            update={"weight": value(point, f"external.{t}"), "nmda_ratio": nmda * value(point, "external_nmda")}
        )
        tonic = c.tonic.model_copy(
            update={"conductance": value(point, f"tonic.{t}"), "magnesium": Magnesium(**p["magnesium_tonic"])}
        )
        on = "pyramidal" if t == "pyramidal" else "pv"
        decay = {"pv": value(point, f"decay.{on}<-pv"), "sst": value(point, f"decay.{on}<-sst"), "vip": 6.0}
        changes: dict[str, Any] = {"nmda_ratio": nmda, "drive": drive, "tonic": tonic, "gaba_a_decay": decay}
        if c.after_depolarisation:
            changes |= {"a": value(point, "adaptation.a"), "b": value(point, "adaptation.b")}
            adp = {"current": value(point, "after_depolarisation")}
            changes["after_depolarisation"] = c.after_depolarisation.model_copy(update=adp)
        cells[t] = c.model_copy(update=changes)
    projections = []
    for j in base.projections:
        stp = p["short_term"].get(j.name) if point["short_term"] else None
        short_term = ShortTerm(U=stp[0], tau_rec=stp[1], tau_fac=stp[2]) if stp else None
        weight, delay = value(point, f"weight.{j.name}"), round(value(point, f"delay.{j.source}"), 1)
        projections.append(j.model_copy(update={"weight": weight, "delay": delay, "short_term": short_term}))
    slow = base.fluctuation.model_copy(
        update={"sd": value(point, "fluctuation.sd"), "tau": value(point, "fluctuation.tau")}
    )
    return base.model_copy(
        update={
            "name": "blind",
            "summary": "calibrated on drug-free physiology alone",
            "source": "blind calibration",
            "reference_cells": p["cells"],
            "cells": cells,
            "projections": tuple(projections),
            "fluctuation": slow,
        }
    )


def nmda_ratio(
    share: float, potential: float, magnesium: Magnesium, ampa_ms: float = 2.0, nmda_ms: float = 80.0
) -> float:
    """NMDA jump over AMPA jump that gives NMDA this share of synaptic charge at a potential."""
    unblocked = 1 / (1 + magnesium.k * np.exp(-magnesium.gamma * potential))
    return float(share / (1 - share) * ampa_ms / (nmda_ms * unblocked))


def with_drive(network: Network, rates: Mapping[str, float], feedback: Mapping[str, float]) -> Network:
    """The network with other external event rates and loop shares."""
    cells = {
        t: c.model_copy(
            update={"drive": c.drive.model_copy(update={"rate": rates[t], "feedback": feedback.get(t, 0.0)})}
        )
        for t, c in network.cells.items()
    }
    return network.model_copy(update={"cells": cells})


def homeostat(network: Network, cells: int, targets: Mapping[str, float], seed: int) -> dict[str, float]:
    """External event rates (Hz) at which each type fires at its target; they are averaged over the second half."""
    simulation = Simulation(network, cells, seed)
    simulation.drive[:, 0] = [starting_rate(network, t) for t in network.types]
    goal = np.array([targets[t] for t in network.types])
    steps, kept = round(HOMEOSTAT_S / STRETCH_S), []
    for n in range(steps):
        rate = np.array(list(simulation.run(STRETCH_S).rates().values()))
        push = np.clip((goal - rate) / goal, -1, 1)
        simulation.drive[:, 0] = np.minimum(
            simulation.drive[:, 0] * np.exp(ETA / (1 + n / ETA_DECAY) * push), MOST_RATE
        )
        if n >= steps // 2:
            kept.append(simulation.drive[:, 0].copy())
    return dict(zip(network.types, np.mean(kept, axis=0).tolist(), strict=True))


def starting_rate(network: Network, cell_type: str) -> float:
    """Event rate that gives the mean external conductance of the base network's drive, Hz: where to begin."""
    base = read_network(plan()["base"]).cells[cell_type].drive  # type: ignore[index]
    return float(base.rate * base.weight / network.cells[cell_type].drive.weight)  # type: ignore[index]


@dataclass(frozen=True)
class Calibrated:
    """A network found blind: its point, features, the rate at which its loop is in balance, and its violation.

    `features` and `violation` are those of the search, `confirmed` the features of a fresh stretch.
    """

    network: Network
    point: Point
    features: Mapping[str, float]
    reference_rate: float
    violation: float
    lineage: int
    confirmed: Mapping[str, float] = field(default_factory=dict)

    @property
    def held(self) -> float:
        """Violation on the fresh stretch, by which a network is kept or not; infinite if it was never judged."""
        return violation(self.confirmed) if self.confirmed else float("inf")


def loop_shares(network: Network, point: Point, recording: Recording) -> dict[str, float]:
    """Share of each type's drive that must follow cortical activity for the recurrent shares asked for."""
    out = {}
    for t, name in (("pyramidal", "recurrence.pyramidal"), ("pv", "recurrence.pv")):
        own = recurrent_share(recording, t)
        out[t] = float(np.clip((value(point, name) - own) / (1 - own), 0, LOOP_LIMIT)) if own < 1 else 0.0
    return {**out, "sst": out["pyramidal"], "vip": out["pyramidal"]}


def calibrate(point: Point, seed: int, lineage: int, seconds: float, cells: int) -> Calibrated:
    """Homeostat, loop and features of one point; drug-free."""
    plain = build(point)
    rates = homeostat(plain, cells, {t: value(point, f"target.{t}") for t in plain.types}, seed)
    open_loop = Simulation(with_drive(plain, rates, {}), cells, seed)
    open_loop.run(WARM_UP_S)
    rest = open_loop.run(max(2.0, seconds / 3))
    network = with_drive(plain, rates, loop_shares(plain, point, rest))
    reference = max(rest.rates()["pyramidal"], 1e-3)
    found = features(in_loop(network, reference, cells, seed, seconds, open_loop.wiring))
    return Calibrated(network, point, found, reference, violation(found), lineage)


def in_loop(
    network: Network, reference_rate: float, cells: int, seed: int, seconds: float, wiring: Any = None
) -> Recording:
    """A drug-free stretch with the cortical loop closed, after a warm-up."""
    simulation = Simulation(network, cells, seed, wiring)
    simulation.set_loop(reference_rate)
    simulation.run(WARM_UP_S)
    return simulation.run(seconds)


def confirm(c: Calibrated, seed: int, cells: int, seconds: float = CONFIRM_S) -> Calibrated:
    """The same network with its features on wiring and events that the search has not seen."""
    fresh = in_loop(c.network, c.reference_rate, cells, seed + FRESH, seconds)
    return replace(c, confirmed=features(fresh))


def features(recording: Recording) -> dict[str, float]:
    """Everything that the windows ask about, of a drug-free stretch."""
    out = summary(recording)
    out["cv_pv"] = irregularity(*recording.spikes("pv"))
    out["inhibition_over_excitation"] = out["inhibitory_conductance"] / max(out["excitatory_conductance"], 1e-9)
    ms, cell = recording.spikes("pyramidal")
    out["fano_pyramidal"] = fano(ms[cell < FANO_CELLS], recording.start_ms, recording.stop_ms)
    for t in ("pyramidal", "pv"):
        out[f"recurrent_share_{t}"] = recurrent_share(recording, t)
    return out


def violation(found: Mapping[str, float]) -> float:
    """Sum over windows of the distance outside, in widths of the window; a feature that cannot be read costs one."""
    return sum(violations(found).values())


def violations(found: Mapping[str, float]) -> dict[str, float]:
    """Distance outside each window, in widths of it."""
    out = {}
    for name, (low, high) in plan()["windows"].items():
        x = found[name]
        out[name] = max(low - x, x - high, 0.0) / (high - low) if np.isfinite(x) else 1.0
    return out


def lineage(
    number: int, seed: int, seconds: float = 6.0, cells: int | None = None, moves: int | None = None
) -> Calibrated:
    """The best network of one lineage, whether or not it is good enough to be kept."""
    search, size = plan()["search"], cells or plan()["cells"]
    rng = np.random.default_rng([seed, number])
    draws = search["first_draws"] if moves is None else min(search["first_draws"], moves + 1)
    best = min((calibrate(draw(rng), seed + number, number, seconds, size) for _ in range(draws)), key=badness)
    for _ in range(search["moves"] if moves is None else moves):
        if best.violation == 0:
            break
        tried = calibrate(move(best.point, rng), seed + number, number, seconds, size)
        best = min(best, tried, key=badness)
    return confirm(best, seed + number, size)


def badness(c: Calibrated) -> float:
    return c.violation


def ensemble(
    lineages: int, seed: int = 1, seconds: float = 6.0, cells: int | None = None, moves: int | None = None,
    threads: int | None = None,
) -> list[Calibrated]:  # fmt: skip
    """The best network of each lineage; those with a violation above `search.accept` are for the report only."""
    if lineages < 1:
        raise BadValue(f"{lineages} lineages cannot be calibrated: give 1 or more (20 for a result).")
    jobs = range(lineages)
    return in_parallel(lambda number: lineage(number, seed, seconds, cells, moves), jobs, threads)


def accepted(found: list[Calibrated]) -> list[Calibrated]:
    """Those that meet the windows on their fresh stretch, within the tolerance stated in the plan."""
    return [c for c in found if c.held <= plan()["search"]["accept"]]


def rebuild(described: Mapping[str, Any]) -> Network:
    """The network of a stored description (`verdict.described`): its point, with the drive that was found for it."""
    rates = {t: rate for t, (rate, _) in described["drive"].items()}
    feedback = {t: share for t, (_, share) in described["drive"].items()}
    return with_drive(build(described["point"]), rates, feedback)


def save_ensemble(found: list[Calibrated], folder: Path) -> None:
    """One JSON file a network, under its lineage, so that a stopped calibration can be gone on with."""
    import json

    folder.mkdir(parents=True, exist_ok=True)
    for c in found:
        record = {
            "lineage": c.lineage,
            "violation": c.violation,
            "reference_rate": c.reference_rate,
            "held": c.held,
            "violations": {k: v for k, v in violations(c.confirmed or c.features).items() if v > 0},
            "features": dict(c.features),
            "confirmed": dict(c.confirmed),
            "point": c.point,
            "network": c.network.model_dump(mode="json"),
        }
        (folder / f"network_{c.lineage:03d}.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def read_ensemble(folder: Path) -> list[Calibrated]:
    """Networks that were saved. Raises BadFile if there are none or one cannot be read."""
    import json

    files = sorted(folder.glob("network_*.json"))
    if not files:
        raise BadFile(f"{folder}: no calibrated networks (network_*.json) here; calibrate first.")
    out = []
    for file in files:
        try:
            r = json.loads(file.read_text(encoding="utf-8"))
            network = Network.model_validate(r["network"])
            found = (r["point"], r["features"], r["reference_rate"], r["violation"], r["lineage"], r["confirmed"])
            out.append(Calibrated(network, *found))
        except (ValueError, KeyError) as e:
            raise BadFile(f"{file}: not a calibrated network ({type(e).__name__}).") from None
    return out
