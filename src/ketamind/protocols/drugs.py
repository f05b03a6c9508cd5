"""The drugs of the protocol grammar: molar mass, salt, tracked moieties, usual dose, routes and action.

What stands in `data/drugs.toml` is the only list of drugs; each entry names its source. A drug acts in one of two
ways: by the concentrations of its `moieties`, which the pharmacokinetic stage follows, or, where none are followed, by
`acts`: the manipulation that it amounts to in practice (nbqx is `block:ampa`).
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from ketamind.errors import unknown_name

ROUTES = {
    "iv": "into a vein",
    "im": "into a muscle",
    "sc": "under the skin",
    "in": "into the nose",
    "po": "by mouth",
    "sl": "under the tongue",
    "ip": "into the peritoneum (rodents)",
    "icv": "into a brain ventricle",
    "bath": "in the fluid around a slice or cell",
    "local": "into one brain region",
}
ATOMIC_MASS = {
    "H": 1.008,
    "C": 12.011,
    "N": 14.007,
    "O": 15.999,
    "F": 18.998,
    "P": 30.974,
    "S": 32.06,
    "Cl": 35.45,
}
"""Standard atomic weights, g/mol."""

SALTS = {"hcl": "HCl", "maleate": "C4H4O4"}
"""What a salt adds to one molecule of base."""


@dataclass(frozen=True)
class Drug:
    """One drug, as base or as a salt (`base` is the name without the salt).

    `molar_mass` and `dosed_molar_mass` are g/mol of the base and of the form that is weighed (None where the drug is a
    mixture). `moieties` gives the share of the molecules that each tracked species receives; `usual` holds one
    effective dose by the way of giving it (see the head of the table); `acts` is the manipulation that the drug amounts
    to where it is not tracked.
    """

    name: str
    base: str
    kind: str
    source: str
    molar_mass: float | None = None
    dosed_molar_mass: float | None = None
    moieties: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    usual: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    measure: str = "mass"
    routes: tuple[str, ...] = tuple(ROUTES)
    acts: str = ""
    acts_by_route: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def salt_fraction(self) -> float:
        """Mass of base in one mass unit of the form that is weighed, 0 to 1.

        >>> round(drug("ketamine_hcl").salt_fraction, 3)
        0.867
        """
        if self.molar_mass is None or self.dosed_molar_mass is None:
            return 1.0
        return self.molar_mass / self.dosed_molar_mass

    @property
    def usual_daily(self) -> float | None:
        """Usual daily dose of an adult, mg of base (mL for a juice); None if there is none.

        >>> drug("ticlopidine").usual_daily
        500.0
        """
        once = self.usual.get("human_mL", self.usual.get("human_mg"))
        return None if once is None else once * self.usual.get("per_day", 1)

    @property
    def inert(self) -> bool:
        """True for saline and placebo: the only drugs that may be given in a zero amount."""
        return self.kind == "inert"

    def action(self, route: str) -> str:
        """The manipulation that this drug amounts to by that route; empty if it is tracked by concentration."""
        return self.acts_by_route.get(route, self.acts)


def molar_mass(formula: str) -> float:
    """Molar mass of a sum formula, g/mol.

    >>> round(molar_mass("C13H16ClNO"), 1)
    237.7
    """
    return sum(ATOMIC_MASS[atom] * int(count or 1) for atom, count in re.findall(r"([A-Z][a-z]?)(\d*)", formula))


@lru_cache(maxsize=1)
def drugs() -> Mapping[str, Drug]:
    """Every drug by its name; salts are written `<drug>_<salt>`.

    >>> dict(drugs()["ketamine"].moieties)
    {'s_ketamine': 0.5, 'r_ketamine': 0.5}
    """
    found = {}
    for name, entry in _entries().items():
        base = _drug(name, entry)
        found[name] = base
        if "salt" in entry and base.molar_mass is not None:
            salted = base.molar_mass + molar_mass(SALTS[entry["salt"]])
            found[f"{name}_{entry['salt']}"] = replace(base, name=f"{name}_{entry['salt']}", dosed_molar_mass=salted)
    return MappingProxyType(found)


def drug(name: str) -> Drug:
    """The drug of that name. Raises UnknownName with the nearest known one.

    >>> drug("ketamin")
    Traceback (most recent call last):
    ketamind.errors.UnknownName: 'ketamin' is not a drug. Did you mean 'ketamine'? ...
    """
    if name not in drugs():
        raise unknown_name(name, "a drug", drugs())
    return drugs()[name]


def drug_name(written: str) -> str:
    """The one name of a drug, from the ways in which it is written.

    >>> drug_name("(2R,6R)-HNK"), drug_name("S-ketamine"), drug_name("Ketamine HCl")
    ('hnk_2r6r', 'esketamine', 'ketamine_hcl')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", written.lower()).strip("_")
    plain = re.sub(r"_hydrochloride$", "_hcl", plain)
    return _aliases().get(plain, plain)


@lru_cache(maxsize=1)
def _aliases() -> Mapping[str, str]:
    found = {}
    for name, entry in _entries().items():
        for alias in entry.get("aliases", ()):
            found[alias] = name
            if "salt" in entry:
                found[f"{alias}_{entry['salt']}"] = f"{name}_{entry['salt']}"
    return found


@lru_cache(maxsize=1)
def _entries() -> Mapping[str, Any]:
    text = (resources.files("ketamind") / "data" / "drugs.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _drug(name: str, entry: Mapping[str, Any]) -> Drug:
    mass = molar_mass(entry["formula"]) if "formula" in entry else None
    return Drug(
        name=name,
        base=name,
        kind=entry["kind"],
        source=entry["source"],
        molar_mass=mass,
        dosed_molar_mass=mass,
        moieties=MappingProxyType(dict(entry.get("moieties", {}))),
        usual=MappingProxyType(dict(entry.get("usual", {}))),
        measure=entry.get("measure", "mass"),
        routes=tuple(entry.get("routes", ROUTES)),
        acts=entry.get("acts", ""),
        acts_by_route=MappingProxyType(dict(entry.get("acts_by_route", {}))),
    )
