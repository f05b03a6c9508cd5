"""The pharmacokinetic stage: only the mechanisms that the given drugs and routes need, wired by name.

depots -> ketamine -> norketamine -> dehydronorketamine, hydroxynorketamine      (one copy an enantiomer)
arterial -> venous sample, unbound brain -> sums over the enantiomers
"""

from collections.abc import Iterable

from ketamind.biology.pharmacokinetics.body import BODY
from ketamind.biology.pharmacokinetics.brain import BRAIN
from ketamind.biology.pharmacokinetics.codrug import CODRUG
from ketamind.biology.pharmacokinetics.dehydronorketamine import DEHYDRONORKETAMINE
from ketamind.biology.pharmacokinetics.depot import DEPOT
from ketamind.biology.pharmacokinetics.doses import CODRUGS, DRUGS, NO_DRUG, SITES, base_name
from ketamind.biology.pharmacokinetics.drug import DRUG
from ketamind.biology.pharmacokinetics.drug import UPTAKES as DRUG_UPTAKES
from ketamind.biology.pharmacokinetics.enzymes import ENZYMES
from ketamind.biology.pharmacokinetics.family import ALIAS, SUM
from ketamind.biology.pharmacokinetics.gut import GUT
from ketamind.biology.pharmacokinetics.hydroxynorketamine import HYDROXYNORKETAMINE
from ketamind.biology.pharmacokinetics.hydroxynorketamine import UPTAKES as METABOLITE_UPTAKES
from ketamind.biology.pharmacokinetics.ketamine import KETAMINE, PORTALS
from ketamind.biology.pharmacokinetics.ketamine import UPTAKES as KETAMINE_UPTAKES
from ketamind.biology.pharmacokinetics.ledger import ledger
from ketamind.biology.pharmacokinetics.naltrexone import NALTREXONE_RECEPTOR
from ketamind.biology.pharmacokinetics.nasal import NASAL
from ketamind.biology.pharmacokinetics.norketamine import NORKETAMINE, SOURCES
from ketamind.biology.pharmacokinetics.sublingual import SUBLINGUAL
from ketamind.biology.pharmacokinetics.target import TARGET_INFUSION
from ketamind.biology.pharmacokinetics.venous import VENOUS
from ketamind.declare import Component, External

HNK = {"s": "hnk_2s6s", "r": "hnk_2r6r"}
FAMILIES = {
    "ketamine": ("s_ketamine", "r_ketamine"),
    "norketamine": ("s_norketamine", "r_norketamine"),
    "dehydronorketamine": ("s_dehydronorketamine", "r_dehydronorketamine"),
    "hydroxynorketamine": ("hnk_2s6s", "hnk_2r6r"),
}
BLOOD = ("arterial", "venous")
BRAIN_FORMS = ("brain_unbound", "brain_total", "csf")
DOOR = ("input_", "target_")
LOSSES = ("lost_", "cleared_", "other_")

Given = Iterable[tuple[str, str]]


def pharmacokinetics(given: Given) -> tuple[Component, ...]:
    """The mechanisms needed for these (drug, route) pairs; routes as in `doses.ROUTES`. Raises UnknownName."""
    pairs = {(base_name(drug), route) for drug, route in given}
    routes = _routes_by_moiety(pairs)
    if not routes and not any(drug in CODRUGS for drug, _ in pairs):
        return ()
    found: list[Component] = [BODY, ENZYMES]
    found += [_codrug(drug) for drug in CODRUGS if any(d == drug for d, _ in pairs)]
    for enantiomer in ("s", "r"):
        found += _lineage(enantiomer, routes)
    for drug in ("naltrexone", "midazolam", "memantine", "mk801"):
        if drug in routes:
            found += _drug(drug, routes[drug])
    present = {c.name for c in found}
    return (*found, *_sums(present))


def externals(components: Iterable[Component]) -> tuple[External, ...]:
    """The inputs of these mechanisms that doses set: infusions, releases and target concentrations."""
    ports = {i.wire: i for c in components for i in c.inputs if i.wire.startswith(DOOR)}
    return tuple(External(wire, i.unit, i.meaning) for wire, i in sorted(ports.items()))


def ledgers(components: Iterable[Component]) -> tuple[Component, ...]:
    """One ledger an enantiomer, adding up all that leaves these mechanisms; wire it in to balance mass."""
    wires = [o.wire for c in components for o in c.outputs if o.wire.startswith(LOSSES)]
    lineages = {e: tuple(w for w in wires if f"_{e}_" in w or w.endswith(HNK[e])) for e in ("s", "r")}
    return tuple(ledger(f"ledger_{e}", flows) for e, flows in lineages.items() if flows)


def _routes_by_moiety(pairs: set[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for drug, route in sorted(pairs):
        if drug not in NO_DRUG and drug not in CODRUGS:
            for moiety in DRUGS[drug].moieties:
                found.setdefault(moiety, set()).add(route)
    return found


def _lineage(e: str, routes: dict[str, set[str]]) -> list[Component]:
    """All mechanisms of one enantiomer, from the first moiety that is given down to the last metabolite."""
    parent, child, hnk = f"{e}_ketamine", f"{e}_norketamine", HNK[e]
    found: list[Component] = []
    if parent in routes:
        found += [*_ketamine_depots(parent, routes[parent]), _ketamine(e), _venous(parent), _brain(parent, "ketamine")]
        found += _pump(parent, routes[parent], "ketamine.V_c")
    if parent in routes or child in routes:
        found += [*_depots(child, routes.get(child, set()), "norketamine"), _norketamine(e, parent)]
        found += [_dehydronorketamine(e), _brain(child, "norketamine")]
        found += _pump(child, routes.get(child, set()), "norketamine.V_c")
    if {parent, child, hnk} & set(routes):
        found += [*_depots(hnk, routes.get(hnk, set()), "hydroxynorketamine"), _hydroxynorketamine(e)]
        found += [_brain(hnk, "hydroxynorketamine"), *_pump(hnk, routes.get(hnk, set()), "hydroxynorketamine.V_c")]
    return found


def _blood(moiety: str) -> dict[str, str]:
    """Wires that every moiety in blood shares."""
    return {"arterial": f"arterial_{moiety}", "infusion": f"input_{moiety}", "controlled": f"controlled_{moiety}"}


def _uptakes(moiety: str, names: Iterable[str]) -> dict[str, str]:
    return {name: f"absorbed_{name}_{moiety}" for name in names}


def _ketamine(e: str) -> Component:
    name = f"{e}_ketamine"
    wires = _blood(name) | _uptakes(name, KETAMINE_UPTAKES) | {f"portal_{s}": f"portal_{s}_{name}" for s in PORTALS}
    wires |= {"demethylated": f"demethylated_{name}", "other": f"other_{name}"}
    return KETAMINE.bind(name, wires, {"CL_int": f"ketamine.CL_int_{e}"})


def _norketamine(e: str, parent: str) -> Component:
    name = f"{e}_norketamine"
    formed = {f"from_{s}": f"formed_{s}_{parent}" for s in SOURCES} | {"from_liver": f"demethylated_{parent}"}
    products = {p: f"{p}_{name}" for p in ("venous", "hydroxylated", "dehydrogenated", "other")}
    wires = _blood(name) | _uptakes(name, METABOLITE_UPTAKES) | formed | products
    return NORKETAMINE.bind(name, wires, {"CL": f"norketamine.CL_{e}"})


def _dehydronorketamine(e: str) -> Component:
    name = f"{e}_dehydronorketamine"
    wires = {p: f"{p}_{name}" for p in ("arterial", "venous", "cleared")}
    return DEHYDRONORKETAMINE.bind(name, {**wires, "formed": f"dehydrogenated_{e}_norketamine"})


def _hydroxynorketamine(e: str) -> Component:
    name = HNK[e]
    wires = _blood(name) | _uptakes(name, METABOLITE_UPTAKES) | {p: f"{p}_{name}" for p in ("venous", "cleared")}
    rows = {"CL": f"hydroxynorketamine.CL_{name.removeprefix('hnk_')}"}
    return HYDROXYNORKETAMINE.bind(name, {**wires, "formed": f"hydroxylated_{e}_norketamine"}, rows)


def _venous(moiety: str) -> Component:
    return VENOUS.bind(f"venous_{moiety}", {p: f"{p}_{moiety}" for p in BLOOD})


def _brain(moiety: str, family: str) -> Component:
    wires = {"arterial": f"arterial_{moiety}", "infusion": f"input_brain_{moiety}", "csf": f"csf_{moiety}"}
    wires |= {form: f"brain_{form}_{moiety}" for form in ("unbound", "total")}
    return BRAIN.bind(f"brain_{moiety}", wires, {s: f"{family}.{s}" for s in ("f_u", "K_puu", "k_e0", "V_u")})


def _pump(moiety: str, routes: set[str], volume: str) -> list[Component]:
    if "target" not in routes:
        return []
    wires = {"target": f"target_{moiety}", "arterial": f"arterial_{moiety}", "infused": f"controlled_{moiety}"}
    return [TARGET_INFUSION.bind(f"pump_{moiety}", wires, {"V": volume})]


def _depot(site: str, moiety: str, absorbed: str, rows: dict[str, str]) -> Component:
    name = f"{site}_{moiety}"
    return DEPOT.bind(name, {"injected": f"input_{name}", "absorbed": absorbed, "lost": f"lost_{name}"}, rows)


def _injection(route: str) -> dict[str, str]:
    return {"k_a": f"injection.k_a_{route}", "F": f"injection.F_{route}"}


def _depots(moiety: str, routes: set[str], family: str) -> list[Component]:
    """Depots of a metabolite that is given as a drug."""
    oral = {"k_a": "gut.k_a_oral", "F": f"{family}.F_po"}
    found = []
    for route in ("im", "sc", "po", "ip"):
        if route in routes:
            rows = oral if route == "po" else _injection(route)
            found.append(_depot(SITES[route], moiety, f"absorbed_{SITES[route]}_{moiety}", rows))
    return found


def _ketamine_depots(moiety: str, routes: set[str]) -> list[Component]:
    found = [
        _depot(SITES[r], moiety, f"absorbed_{SITES[r]}_{moiety}", _injection(r)) for r in ("im", "sc") if r in routes
    ]
    if "ip" in routes:
        found.append(_depot(SITES["ip"], moiety, f"portal_intraperitoneal_{moiety}", _injection("ip")))
    if "po" in routes:
        found.append(_gut("oral", moiety, f"input_oral_{moiety}", "gut.k_a_oral"))
    if "in" in routes:
        wires = {f"released_{n}": f"input_released_{n}_{moiety}" for n in ("first", "later")}
        wires |= {"absorbed": f"absorbed_nasal_{moiety}", "swallowed": f"swallowed_nasal_{moiety}"}
        found += [NASAL.bind(f"nasal_{moiety}", wires)]
        found += [_gut("nasal_swallowed", moiety, f"swallowed_nasal_{moiety}", "gut.k_a_swallowed")]
    if "sl" in routes:
        wires = {"absorbed": f"absorbed_sublingual_{moiety}", "swallowed": f"swallowed_sublingual_{moiety}"}
        found += [SUBLINGUAL.bind(f"sublingual_{moiety}", wires)]
        found += [_gut("sublingual_swallowed", moiety, f"swallowed_sublingual_{moiety}", "gut.k_a_swallowed")]
    return found


def _gut(site: str, moiety: str, swallowed: str, absorption: str) -> Component:
    wires = {"swallowed": swallowed, "portal": f"portal_{site}_{moiety}", "norketamine": f"formed_{site}_{moiety}"}
    return GUT.bind(f"gut_{site}_{moiety}", {**wires, "lost": f"lost_gut_{site}_{moiety}"}, {"k_a": absorption})


def _codrug(drug: str) -> Component:
    wires = {"given": f"input_{drug}", "effect": f"effect_{drug}"}
    return CODRUG.bind(drug, wires, {"t_half": f"{drug}.t_half"})


def _drug(drug: str, routes: set[str]) -> list[Component]:
    wires = _blood(drug) | _uptakes(drug, DRUG_UPTAKES) | {p: f"{p}_{drug}" for p in ("venous", "cleared")}
    wires["enzyme"] = "cyp3a4_liver" if drug == "midazolam" else f"enzyme_{drug}"
    body = DRUG.bind(drug, wires, {s: f"{drug}.{s}" for s in ("V_c", "V_p", "Q", "CL")})
    depots = [
        _depot(SITES[r], drug, f"absorbed_{SITES[r]}_{drug}", {s: f"{drug}.{s}_{r}" for s in ("k_a", "F")})
        for r in sorted(routes & set(SITES))
    ]
    brain = NALTREXONE_RECEPTOR if drug == "naltrexone" else _brain(drug, drug)
    return [*depots, body, brain, *_pump(drug, routes, f"{drug}.V_c")]


def _sums(present: set[str]) -> list[Component]:
    found = []
    for family, (s, r) in FAMILIES.items():
        if not {s, r} & present:
            continue
        forms = BLOOD if family == "dehydronorketamine" else BLOOD + BRAIN_FORMS
        for form in forms:
            found.append(
                SUM.bind(f"{form}_{family}", {"s": f"{form}_{s}", "r": f"{form}_{r}", "both": f"{form}_{family}"})
            )
    for e, hnk in HNK.items():
        if hnk in present:
            names = [(f"{form}_{e}_hydroxynorketamine", f"{form}_{hnk}") for form in BLOOD]
            found += [ALIAS.bind(new, {"one": old, "same": new}) for new, old in names]
    return found
