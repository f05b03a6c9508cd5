"""What the rail offers: routes, forms, schedules, patients, co-medications and mechanisms, from declarations.

Short names for people stand here; whether a thing exists, what it does and what was studied comes from the model and
from the evidence.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from ketamind.biology.chain import full_chain
from ketamind.declare import Component
from ketamind.errors import KetamindError
from ketamind.evidence.experiments import shipped_experiments
from ketamind.page.tables import quantities
from ketamind.protocols import Dose, parse_protocol
from ketamind.protocols.patient import RANGES, WEIGHTS_KG
from ketamind.simulation.populations import typical_values
from ketamind.simulation.who import who_is_meant


@dataclass(frozen=True)
class Route:
    """A way in: how it is written, said, and what is usual; `minutes` of an infusion, `step` of a device."""

    route: str
    label: str
    words: str
    unit: str
    usual: float
    low: float
    high: float
    minutes: float | None = None
    step: float | None = None


ROUTES = (
    Route("iv", "i.v.", "i.v.", "mg/kg", 0.5, 0.05, 2.0, 40.0),
    Route("im", "i.m.", "into muscle", "mg/kg", 0.5, 0.05, 2.0),
    Route("sc", "s.c.", "under the skin", "mg/kg", 0.5, 0.05, 2.0),
    Route("in", "nasal", "into the nose", "mg", 84.0, 7.0, 140.0, step=7.0),
    Route("po", "oral", "by mouth", "mg", 100.0, 10.0, 500.0),
    Route("sl", "sublingual", "under the tongue", "mg", 100.0, 10.0, 500.0),
)
FORMS = (("ketamine", "racemate"), ("esketamine", "S only"), ("arketamine", "R only"))
SCHEDULES = (
    ("", "once"),
    ("twice weekly for 4 weeks", "2 × a week"),
    ("three times weekly for 2 weeks", "3 × a week"),
    ("weekly for 4 weeks", "weekly"),
)
POPULATIONS = {
    "trd": "resistant depression",
    "mdd": "depression",
    "suicidal_mdd": "depression with suicidal ideation",
    "elderly_trd": "resistant depression after 65",
    "bipolar_depression": "bipolar depression",
    "ptsd": "PTSD",
    "healthy": "no illness",
}
BESIDES = (
    ("naltrexone", "50 mg naltrexone po at -45 min", "naltrexone"),
    ("midazolam", "0.045 mg/kg midazolam iv over 40 min", "midazolam"),
    ("lorazepam", "2 mg lorazepam po at -60 min", "lorazepam"),
    ("lamotrigine", "300 mg lamotrigine po at -120 min", "lamotrigine"),
    ("rapamycin", "6 mg rapamycin po at -120 min", "rapamycin"),
    ("memantine", "20 mg memantine po at -240 min", "memantine"),
    ("clarithromycin", "500 mg clarithromycin po at -60 min", "clarithromycin"),
    ("ssri", "1 dose ssri po daily for 14 days", "new SSRI"),
)
LABELS = {
    "nmda": "NMDA block",
    "opioid": "Opioid path",
    "trkb_direct": "TrkB direct",
    "hcn1": "HCN1",
    "hnk": "HNK",
    "d2": "Dopamine D2",
    "nicotinic_a7": "Nicotinic α7",
    "disinhibition": "Disinhibition",
    "lateral_habenula": "Lateral habenula",
    "eef2k": "eEF2 kinase",
    "metaplasticity": "Metaplasticity",
    "bdnf_release": "BDNF release",
    "mtorc1": "mTORC1",
    "protein_synthesis": "Synaptic protein",
    "durable_transcription": "Lasting change",
    "potentiation": "Potentiation",
    "spines": "Spines",
    "two_pool": "Two-pool baseline",
    "serotonin": "Serotonin",
    "expectancy": "Expectancy",
}
STAGES = {"pharmacokinetics": "blood", "receptors": "receptors", "circuit": "circuit", "plasticity": "plasticity"}
ONLY_WITH = {"serotonin": "ssri", "two_pool": ""}
"""Mechanisms that need a drug to matter, or that stand in for all the others."""


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Any]:
    """Everything that the rail and the sentence are drawn from."""
    return {
        "routes": [asdict(r) for r in ROUTES],
        "forms": [{"drug": d, "label": label} for d, label in FORMS],
        "schedules": [{"words": w, "label": label} for w, label in SCHEDULES],
        "populations": [_population(name, label) for name, label in POPULATIONS.items()],
        "besides": [{"drug": d, "words": w, "label": label} for d, w, label in BESIDES],
        "mechanisms": [_mechanism(name, parts) for name, parts in full_chain().mechanisms.items()],
        "quantities": quantities(),
        "studied": studied(),
        "ranges": {"weight_kg": WEIGHTS_KG["human"], **{n: (low, high) for n, (low, high, _) in RANGES.items()}},
    }


def _population(name: str, label: str) -> dict[str, Any]:
    typical = typical_values(who_is_meant("", name, "human"))
    return {
        "name": name,
        "label": label,
        "weight_kg": typical["patient.weight"].mean,
        "age": typical["patient.age"].mean,
        "baseline_madrs": typical["patient.baseline_madrs"].mean,
    }


def _mechanism(name: str, parts: tuple[Component, ...]) -> dict[str, Any]:
    model = full_chain()
    rows = {p.row for c in parts for p in c.parameters}
    guessed = sorted(r for r in rows if r in model.rows and model.rows[r].verified == "assumed")
    stage = "opioid" if name == "opioid" else STAGES.get(parts[0].file.split("/")[1], "mood")
    does = "; ".join(dict.fromkeys(c.summary for c in parts))
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    return {"name": name, "label": label, "stage": stage, "does": does, "guessed": guessed}


@lru_cache(maxsize=1)
def studied() -> dict[str, tuple[float, float]]:
    """Smallest and largest single dose of the shipped human experiments, by `drug route unit`."""
    found: dict[str, list[float]] = {}
    for dose in _human_doses():
        found.setdefault(f"{dose.drug} {dose.route} {dose.unit}", []).append(dose.amount)
    return {name: (min(amounts), max(amounts)) for name, amounts in sorted(found.items())}


def _human_doses() -> Iterator[Dose]:
    for experiment in shipped_experiments():
        if experiment.species != "human":
            continue
        try:
            yield from (d for d in parse_protocol(experiment.protocol) if d.amount > 0)
        except KetamindError:
            continue
