"""CYP3A4 and CYP2B6: activity in liver and gut wall under inhibitors, inducers and genotype.

    activity = genotype * (1 - I s_i) * (1 + (G - 1) s_n) / (1 + sum r e) * (1 + sum g e / (1 + e))

`s_i` and `s_n` (0 to 1) are a generic inhibitor's or inducer's strength, where 1 is as strong as the strongest agents
in clinical use (clarithromycin, itraconazole, ticlopidine; rifampicin). `e` is the effect of a co-drug, 1 after one
usual dose, and `r`, `g` what it does to the probe drug of that enzyme (midazolam, bupropion). None was fitted to an
interaction with ketamine, but they were recalled with those results known, so agreement is no blind prediction.
Assumes that co-drugs act independently.

Sources: interaction-probes (fold changes of probe drugs by inhibitors and inducers).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter

INHIBITORS = {
    "cyp3a4_gut": ("clarithromycin", "itraconazole", "grapefruit"),
    "cyp3a4_liver": ("clarithromycin", "itraconazole", "grapefruit"),
    "cyp2b6_liver": ("ticlopidine",),
}
INDUCERS = {
    "cyp3a4_gut": ("rifampicin", "st_johns_wort"),
    "cyp3a4_liver": ("rifampicin", "st_johns_wort"),
    "cyp2b6_liver": ("rifampicin", "st_johns_wort"),
}
ENZYME_DRUGS = tuple(sorted({d for drugs in (*INHIBITORS.values(), *INDUCERS.values()) for d in drugs}))


def _activity(site: str, u: Any, p: Any) -> Any:
    effect = {drug: getattr(u, drug) for drug in ENZYME_DRUGS}
    hindered = 1 + sum(getattr(p, f"{site}_r_{d}") * effect[d] for d in INHIBITORS[site])
    induced = 1 + sum(getattr(p, f"{site}_g_{d}") * effect[d] / (1 + effect[d]) for d in INDUCERS[site])
    inhibit, induce = (getattr(p, f"{kind}_{site[:6]}") for kind in ("inhibit", "induce"))
    generic = (1 - getattr(p, f"{site}_I") * inhibit) * (1 + (getattr(p, f"{site}_G") - 1) * induce)
    return generic * induced / hindered


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Activity of each enzyme relative to an untreated person with the usual genotype."""
    return {
        "cyp3a4_gut": _activity("cyp3a4_gut", u, p),
        "cyp3a4_liver": _activity("cyp3a4_liver", u, p),
        "cyp2b6_liver": p.cyp2b6_activity * _activity("cyp2b6_liver", u, p),
    }


def _site_parameters(site: str) -> tuple[Parameter, ...]:
    drugs = [(f"r_{d}", "fall of its intrinsic clearance by") for d in INHIBITORS[site]]
    drugs += [(f"g_{d}", "most that it is induced by") for d in INDUCERS[site]]
    named = (Parameter(f"{site}_{s}", "1", f"{site}: {m} {s[2:]}", row=f"{site}.{s}") for s, m in drugs)
    return (
        Parameter(f"{site}_I", "1", f"{site}: share lost to the strongest inhibitors", row=f"{site}.I"),
        Parameter(f"{site}_G", "1", f"{site}: fold under the strongest inducers", row=f"{site}.G"),
        *named,
    )


ENZYMES = Component(
    name="enzymes",
    summary="Activity of CYP3A4 and CYP2B6 under inhibitors, inducers and genotype",
    readout=readout,
    inputs=tuple(Input(d, "1", f"effect of {d}", wire=f"effect_{d}", absent=0.0) for d in ENZYME_DRUGS),
    outputs=(
        Output("cyp3a4_gut", "1", "CYP3A4 activity of the gut wall"),
        Output("cyp3a4_liver", "1", "CYP3A4 activity of the liver"),
        Output("cyp2b6_liver", "1", "CYP2B6 activity of the liver"),
    ),
    parameters=(
        Parameter("cyp2b6_activity", "1", "CYP2B6 activity of the genotype", row="patient.cyp2b6_activity"),
        Parameter("inhibit_cyp3a4", "1", "strength of a CYP3A4 inhibitor", row="manipulation.inhibit_cyp3a4"),
        Parameter("induce_cyp3a4", "1", "strength of a CYP3A4 inducer", row="manipulation.induce_cyp3a4"),
        Parameter("inhibit_cyp2b6", "1", "strength of a CYP2B6 inhibitor", row="manipulation.inhibit_cyp2b6"),
        Parameter("induce_cyp2b6", "1", "strength of a CYP2B6 inducer", row="manipulation.induce_cyp2b6"),
        *(parameter for site in INHIBITORS for parameter in _site_parameters(site)),
    ),
    source="interaction-probes",
)
