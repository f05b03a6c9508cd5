"""What the blind ensemble says: shares of networks by hypothesis and finding, kept small and shipped with the package.

Two ensembles stand apart. `blind` is all accepted networks, which know drug-free physiology only. `conditioned` is the
part of them in which the drug moves firing as published (pyramidal up, PV and SST together down; the experiments of
`CONDITIONED_ON`): it has seen these outcomes, and only what it says of gamma, alpha, beta, control and reversal is
still a prediction.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ketamind.cortex.blind import Calibrated, accepted, plan, read_ensemble, rebuild
from ketamind.cortex.block import receptor_hash
from ketamind.cortex.network import BLIND, SHIPPED, Network
from ketamind.cortex.predict import CONDITIONS, FINDINGS, LOW_UM, UM, Prediction, Ratios, Settings
from ketamind.cortex.recordings import READINGS
from ketamind.errors import BadFile, unknown_name

CONDITIONED_ON = ("homayoun2007-pyr-rate", "homayoun2007-int-rate")
STORE = SHIPPED / "blind"
DIGITS = 3
KEPT = (
    "rate_pyramidal", "rate_pv", "rate_sst", "rate_vip", "inhibitory_conductance", "burst_fraction",
    "aperiodic_exponent", "power_theta", "power_alpha", "power_beta",
    *(f"gamma_{r}{over}" for r in READINGS for over in ("", "_over_floor")),
)  # fmt: skip
READ_OUTS = tuple(f"{r}{over}" for r in READINGS for over in ("", "_over_floor"))
AIM = 0.8
ALONE = {
    "pyramidal_only": "pyramidal cells alone", "interneurons_only": "PV and SST cells alone",
    "pyramidal_only+loop": "pyramidal cells alone (with the rest of cortex as a loop)",
    "interneurons_only+loop": "PV and SST cells alone (with the rest of cortex as a loop)",
}  # fmt: skip
TOLD = {
    "pyramidal rate": "rate_pyramidal", "inhibition of pyramidal cells": "inhibitory_conductance",
    "gamma of the field": "gamma_field", "of the PV current": "gamma_pv_current",
    "of pyramidal spikes": "gamma_pyramidal_spikes", "of these over their floor": "gamma_pyramidal_spikes_over_floor",
}  # fmt: skip
STALE = "These predictions were made with other numbers of the receptor stage; renew them with --folder."
SHARE_OF_CELLS = {"rate_pv": 0.08, "rate_sst": 0.06}  # of the base network, to weigh the two interneurons


@dataclass(frozen=True)
class Verdict:
    """Predictions of an ensemble, and what is known of the ensemble itself."""

    facts: Mapping[str, Any]
    networks: tuple[Mapping[str, Any], ...]
    predictions: Mapping[str, tuple[Prediction, ...]]  # by choice of potentials

    def best(self) -> tuple[str, str, str, int, int]:
        """Potentials, hypothesis and reading of gamma with most networks in which all holds at 1 uM; k of n."""
        found = [
            (potentials, p.hypothesis, r, *p.shares(r)["all"][:2])
            for potentials, ps in self.predictions.items()
            for p in ps
            for r in READ_OUTS
        ]
        return max(found, key=lambda x: x[3] / max(1, x[4]))

    def mechanism(self) -> list[str]:
        """What block on one group of cells does alone: why gamma goes its way."""
        out = []
        for potentials, ps in self.predictions.items():
            named = {p.hypothesis: p for p in ps}
            asked = [(named[name], "drug", cells) for name, cells in ALONE.items() if name in named]
            asked += [(p, "protected", "all but PV and SST cells") for p in ps if not p.hypothesis.endswith("loop")][:1]
            for p, condition, cells in asked:
                told = ", ".join(f"{what} x{p.quantiles(key, condition)[0]:.2f}" for what, key in TOLD.items())
                out.append(f"Block at {UM:g} uM on {cells}, potentials {potentials}, medians: {told}.")
        return out

    def reached(self) -> bool:
        """Whether any hypothesis has all findings in at least 80 % of networks, in any reading of gamma."""
        *_, k, n = self.best()
        return n > 0 and k / n >= AIM

    def current(self) -> bool:
        """Whether the receptor stage still has the numbers under which the predictions were made."""
        return bool(self.facts["receptor_hash"] == receptor_hash())

    def as_json(self) -> dict[str, Any]:
        return {
            "facts": dict(self.facts),
            "current": self.current(),
            "aim_reached": self.reached(),
            "conclusion": self.conclusion(),
            "mechanism": self.mechanism(),
            "networks": [dict(n) for n in self.networks],
            "blind": self.tables(lambda p: p),
            "conditioned": {"on": list(CONDITIONED_ON), **self.tables(conditioned)},
        }

    def tables(self, of: Any) -> dict[str, Any]:
        return {potentials: {p.hypothesis: table(of(p)) for p in ps} for potentials, ps in self.predictions.items()}

    def as_text(self) -> str:
        n = len(self.networks)
        lines = [] if self.current() else [STALE, ""]
        lines += [
            f"{n} networks calibrated on drug-free physiology alone; ketamine as a prediction. Networks in which a "
            "finding holds:"
        ]
        for potentials, ps in self.predictions.items():
            for dose, uM in (("low", LOW_UM), ("drug", UM)):
                lines += ["", f"{uM:g} uM, potentials {potentials}, gamma of the field", table_text(ps, "field", dose)]
        return "\n".join([*lines, "", *self.mechanism(), self.conclusion()])

    def conclusion(self) -> str:
        """One sentence: how far the best hypothesis goes."""
        potentials, name, reading, k, n = self.best()
        reached = "reached" if self.reached() else "not reached"
        return (
            f"Most networks with all findings at {UM:g} uM: {k} of {n} ({name}, gamma of {reading}, potentials "
            f"{potentials}). The aim of {AIM:.0%} is {reached}."
        )


def table(p: Prediction) -> dict[str, Any]:
    """Shares with 95 % intervals by dose, reading and finding, and median with 10-90 % range of each ratio."""
    if not p.by_network:
        return {"networks": 0}
    return {
        "networks": len(p.by_network),
        "shares": {d: {r: p.shares(r, d) for r in READ_OUTS} for d in ("low", "drug")},
        "ratios": {c: {k: p.quantiles(k, c) for k in KEPT} for c in CONDITIONS},
    }


def conditioned(p: Prediction) -> Prediction:
    """The networks in which the drug moves firing as in the experiments of `CONDITIONED_ON`."""
    kept = [k for k, r in enumerate(p.by_network) if fires_as_published(r["drug"])]
    return Prediction(p.hypothesis, tuple(p.by_network[k] for k in kept), tuple(p.networks[k] for k in kept))


def fires_as_published(r: Ratios) -> bool:
    """Pyramidal rate up, and that of PV and SST cells together down."""
    total = sum(SHARE_OF_CELLS.values())
    interneurons = sum(w * r[key] for key, w in SHARE_OF_CELLS.items()) / total
    return r["rate_pyramidal"] > 1 and interneurons < 1


def table_text(predictions: Sequence[Prediction], reading: str = "field", dose: str = "drug") -> str:
    """Share of networks in which each finding holds, and median ratios, one line a hypothesis."""
    keys = {
        "E": "rate_pyramidal", "PV": "rate_pv", "SST": "rate_sst", "inhib.": "inhibitory_conductance",
        "gamma": f"gamma_{reading}", "beta": "power_beta", "alpha": "power_alpha",
    }  # fmt: skip
    lines = [f"{'hypothesis':26}" + "".join(f"{f:>11}" for f in FINDINGS) + "".join(f"{k:>7}" for k in keys)]
    for p in predictions:
        counts = "".join(f"{f'{k}/{n}':>11}" for k, n, *_ in p.shares(reading, dose).values())
        medians = "".join(f"{p.quantiles(key, dose)[0]:7.2f}" for key in keys.values())
        lines.append(f"{p.hypothesis:26}{counts}{medians}")
    return "\n".join(lines)


def verdict(folder: Path, predictions: Mapping[str, Sequence[Prediction]], settings: Settings | None = None) -> Verdict:
    """The verdict of a folder of networks, by choice of potentials."""
    found, s = read_ensemble(folder), settings or Settings()
    kept = accepted(found)[: s.most_networks]
    return Verdict(
        facts_of(found, kept, s),
        tuple(described(c) for c in kept),
        {potentials: tuple(ps) for potentials, ps in predictions.items()},
    )


def facts_of(found: list[Calibrated], kept: Sequence[Calibrated], s: Settings) -> dict[str, Any]:
    """How the ensemble and its predictions were made."""
    from ketamind import __version__

    return {
        "version": __version__,
        "cells": s.cells or plan()["cells"],
        "seconds": s.seconds,
        "seeds": s.seeds,
        "lineages": len(found),
        "accepted": len(accepted(found)),
        "networks": len(kept),
        "accept": plan()["search"]["accept"],
        "receptor_hash": receptor_hash(),
        "doses_uM": {c: uM for c, (uM, _) in CONDITIONS.items()},
    }


def described(c: Calibrated) -> dict[str, Any]:
    """One network in a few numbers: what rebuilds it (`blind.rebuild`), and its features on a fresh stretch."""
    drives = {t: cell.drive for t, cell in c.network.cells.items()}
    return {
        "lineage": c.lineage,
        "held": rounded(c.held),
        "reference_rate": rounded(c.reference_rate),
        "drive": {t: [rounded(d.rate), rounded(d.feedback)] for t, d in drives.items()},
        "point": {k: rounded(v) for k, v in c.point.items()},
        "features": {k: rounded(c.confirmed[k]) for k in plan()["windows"]},
    }


def rounded(x: float) -> float | None:
    """A number to three digits after the point, null if it could not be read."""
    return round(float(x), DIGITS) if np.isfinite(x) else None


def store(v: Verdict, folder: Path = STORE) -> None:
    """Write the verdict as it ships: `ensemble.json`, and a file of ratios for each choice of potentials."""
    folder.mkdir(parents=True, exist_ok=True)
    head = {"facts": dict(v.facts), "networks": [dict(n) for n in v.networks]}
    (folder / "ensemble.json").write_text(compact(head), encoding="utf-8")
    for potentials, ps in v.predictions.items():
        tables = {
            p.hypothesis: {c: [[rounded(r[c][k]) for r in p.by_network] for k in KEPT] for c in CONDITIONS} for p in ps
        }
        networks = list(ps[0].networks) if ps else []
        body = {"keys": list(KEPT), "networks": networks, "ratios": tables}
        (folder / f"ratios_{potentials}.json").write_text(compact(body), encoding="utf-8")


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace('},"', '},\n"') + "\n"


def shipped_verdict(folder: Path = STORE) -> Verdict:
    """The verdict that ships with the package. Raises BadFile."""
    try:
        head = json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
        predictions = {
            file.stem.removeprefix("ratios_"): read_ratios(json.loads(file.read_text(encoding="utf-8")))
            for file in sorted(folder.glob("ratios_*.json"), reverse=True)
        }
    except (OSError, ValueError, KeyError) as e:
        raise BadFile(f"{folder}: no verdict of a blind ensemble can be read here ({type(e).__name__}).") from None
    return Verdict(head["facts"], tuple(head["networks"]), predictions)


def blind_network(name: str, folder: Path = STORE) -> Network:
    """A network of the shipped ensemble by its name, `blind_` and its lineage. Raises UnknownName."""
    known = {f"{BLIND}{n['lineage']}": n for n in shipped_verdict(folder).networks}
    if name not in known:
        raise unknown_name(name, "a network of the blind ensemble", known)
    return rebuild(known[name]).model_copy(update={"name": name})


def read_ratios(body: Mapping[str, Any]) -> tuple[Prediction, ...]:
    """Predictions from one stored file."""
    out = []
    for name, conditions in body["ratios"].items():
        by_network = tuple(
            {
                c: {k: float("nan") if row[n] is None else row[n] for k, row in zip(body["keys"], rows, strict=True)}
                for c, rows in conditions.items()
            }
            for n in range(len(body["networks"]))
        )
        out.append(Prediction(name, by_network, tuple(body["networks"])))
    return tuple(out)
