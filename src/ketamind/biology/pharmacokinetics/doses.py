"""The door of doses: how a drug given by a route enters the body.

A dose is split into entries. A *jump* adds an amount to a state at once; a *step* sets an external input to a constant
rate for some time. Shares that differ between people (nasal absorption, bioavailability) are no part of an entry: the
mechanisms take them, so that a protocol is the same for everyone.

Molar masses are of the free base (Merck Index); a drug written with `_hcl` is weighed as its hydrochloride.
Source: 28-mg nasal devices and release times, perez-ruixo-2021.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ketamind.errors import BadValue, unknown_name

DEVICE_MG = 28.0
HCL = 36.46
SALT = "_hcl"
NO_DRUG = frozenset({"saline", "placebo", "none"})
RODENTS = frozenset({"mouse", "rat"})
ROUTES: Mapping[str, str] = {
    "iv": "intravenous",
    "im": "intramuscular",
    "sc": "subcutaneous",
    "in": "nasal",
    "po": "oral",
    "sl": "sublingual or buccal",
    "ip": "intraperitoneal (rodents)",
    "icv": "into a brain ventricle",
    "local": "into brain tissue",
    "target": "intravenous, by a pump that holds a concentration",
}
SITES: Mapping[str, str] = {
    "im": "intramuscular",
    "sc": "subcutaneous",
    "in": "nasal",
    "po": "oral",
    "sl": "sublingual",
    "ip": "intraperitoneal",
}
BRAIN_ROUTES = ("icv", "local")


@dataclass(frozen=True)
class Entry:
    """One way in which a part of a dose enters.

    `kind` is jump (`target` is a state) or step (`target` is an external input); `fraction` is the part of the dose's
    amount. A step lasts as long as the parameter row `duration` says, or as the dose itself where that is empty.
    `unit` is that of the amount: umol, dose (usual doses of a co-drug) or uM (a concentration to hold, no amount).
    """

    moiety: str
    kind: str
    target: str
    fraction: float = 1.0
    duration: str = ""
    unit: str = "umol"


@dataclass(frozen=True)
class Drug:
    """A drug whose concentration is followed: molar mass of the base, its moieties with their shares, its routes."""

    molar_mass: float
    moieties: Mapping[str, float]
    routes: tuple[str, ...]
    species: tuple[str, ...] = ("human", "mouse", "rat", "monkey")


ALL = ("iv", "im", "sc", "in", "po", "sl", "ip", "icv", "local", "target")
METABOLITE = ("iv", "im", "sc", "po", "ip", "icv", "local", "target")
BOTH = {"s_ketamine": 0.5, "r_ketamine": 0.5}
DRUGS: Mapping[str, Drug] = {
    "ketamine": Drug(237.73, BOTH, ALL),
    "esketamine": Drug(237.73, {"s_ketamine": 1.0}, ALL),
    "arketamine": Drug(237.73, {"r_ketamine": 1.0}, ALL),
    "norketamine": Drug(223.70, {"s_norketamine": 0.5, "r_norketamine": 0.5}, METABOLITE),
    "s_norketamine": Drug(223.70, {"s_norketamine": 1.0}, METABOLITE),
    "r_norketamine": Drug(223.70, {"r_norketamine": 1.0}, METABOLITE),
    "hnk_2s6s": Drug(239.70, {"hnk_2s6s": 1.0}, METABOLITE),
    "hnk_2r6r": Drug(239.70, {"hnk_2r6r": 1.0}, METABOLITE),
    "naltrexone": Drug(341.40, {"naltrexone": 1.0}, ("iv", "sc", "po", "ip", "icv", "local")),
    "midazolam": Drug(325.77, {"midazolam": 1.0}, ("iv", "im", "sc", "in", "po", "ip", "icv", "local", "target")),
    "memantine": Drug(179.30, {"memantine": 1.0}, ("iv", "sc", "po", "ip", "icv", "local")),
    "mk801": Drug(221.30, {"mk801": 1.0}, ("iv", "sc", "ip", "icv", "local"), ("mouse", "rat")),
}
MASSES_OF_METABOLITES: Mapping[str, float] = {
    "dehydronorketamine": 221.68,
    "hydroxynorketamine": 239.70,
}
CODRUGS = (
    "amantadine ap5 clarithromycin cpp grapefruit itraconazole lamotrigine lanicemine lorazepam muscimol naloxone nbqx "
    "phencyclidine quetiapine rapamycin rifampicin ro25_6981 snri ssri st_johns_wort ticlopidine"
).split()


def known_drugs() -> tuple[str, ...]:
    """All drugs that a dose may name (each also with `_hcl`, weighed as hydrochloride)."""
    return tuple(sorted({*DRUGS, *CODRUGS, *NO_DRUG}))


def base_name(drug: str) -> str:
    """The drug without its salt. Raises UnknownName.

    >>> base_name("ketamine_hcl")
    'ketamine'
    """
    name = drug.removesuffix(SALT)
    if name not in known_drugs():
        raise unknown_name(drug, "a drug", known_drugs())
    return name


def molar_mass(name: str) -> float:
    """Mass of a mole of a drug as it is weighed, or of an observed moiety, g/mol. Raises UnknownName.

    >>> molar_mass("ketamine"), molar_mass("ketamine_hcl"), molar_mass("s_ketamine")
    (237.73, 274.19, 237.73)
    """
    masses = {n: d.molar_mass for n, d in DRUGS.items()} | dict(MASSES_OF_METABOLITES)
    bare = name.removesuffix(SALT)
    family = bare.removeprefix("s_").removeprefix("r_")
    found = masses.get(bare, masses.get(family))
    if found is None:
        raise unknown_name(name, "a substance with a molar mass here", masses)
    return round(found + (HCL if name.endswith(SALT) else 0.0), 2)


def entries(
    drug: str, route: str, species: str = "human", amount_mg: float | None = None, infused: bool = False
) -> tuple[Entry, ...]:
    """How a dose of the drug by the route enters.

    `amount_mg` is needed for nasal ketamine only (the first 28 mg are absorbed better than the rest; left out, all
    counts as the first device). `infused` says that the dose lasts a stated time: jumps become steps of that time.
    Raises UnknownName for a drug or route, BadValue for a pair that makes no sense.
    """
    name = base_name(drug)
    _check_route(name, route, species)
    if name in NO_DRUG:
        return ()
    if name in CODRUGS:
        return (_codrug_entry(name, infused),)
    drug_data = DRUGS[name]
    found: list[Entry] = []
    for moiety, share in drug_data.moieties.items():
        parts = _parts(moiety, route, amount_mg, infused)
        found += [replace(e, fraction=e.fraction * share) for e in parts]
    return tuple(found)


def _check_route(name: str, route: str, species: str) -> None:
    if route == "bath":
        raise BadValue(f"'{name} bath' is an in-vitro condition: the drug does not pass through the body.")
    if route not in ROUTES:
        raise unknown_name(route, "a route", [*ROUTES, "bath"])
    if route == "ip" and species not in {*RODENTS, "monkey"}:
        raise BadValue(f"route 'ip' (into the peritoneum) is for rodents, not for {species}; use iv, im, sc or po.")
    drug = DRUGS.get(name)
    if drug and species not in drug.species:
        raise BadValue(f"there are no pharmacokinetics of {name} in {species}; known in {', '.join(drug.species)}.")
    if drug and route not in drug.routes:
        raise BadValue(f"there are no data on {name} by route '{route}'; known: {', '.join(drug.routes)}.")


def _codrug_entry(name: str, infused: bool) -> Entry:
    if infused:
        return Entry(name, "step", f"input_{name}", unit="dose")
    return Entry(name, "jump", f"{name}.e", unit="dose")


def _parts(moiety: str, route: str, amount_mg: float | None, infused: bool) -> tuple[Entry, ...]:
    if route == "target":
        return (Entry(moiety, "step", f"target_{moiety}", unit="uM"),)
    if moiety.endswith("_ketamine") and route == "in":
        return _nasal(moiety, amount_mg)
    if moiety.endswith("_ketamine") and route == "po":
        return (Entry(moiety, "step", f"input_oral_{moiety}", duration="" if infused else "gut.release_oral"),)
    if route in BRAIN_ROUTES and moiety == "naltrexone":
        return (
            Entry(moiety, "step", "input_brain_naltrexone", duration="" if infused else "naltrexone.release_brain"),
        )
    place = moiety if route == "iv" else f"brain_{moiety}" if route in BRAIN_ROUTES else f"{SITES[route]}_{moiety}"
    if infused and route != "sl":
        return (Entry(moiety, "step", f"input_{place}"),)
    return (Entry(moiety, "jump", f"{place}.A"),)


def _nasal(moiety: str, amount_mg: float | None) -> tuple[Entry, ...]:
    first = 1.0 if amount_mg is None else min(1.0, DEVICE_MG / amount_mg)
    release = "nasal.release_swallowed"
    found = [
        Entry(moiety, "jump", f"nasal_{moiety}.N_1", first),
        Entry(moiety, "step", f"input_released_first_{moiety}", first, release),
    ]
    if first < 1.0:
        found += [
            Entry(moiety, "jump", f"nasal_{moiety}.N_2", 1 - first),
            Entry(moiety, "step", f"input_released_later_{moiety}", 1 - first, release),
        ]
    return tuple(found)
