"""What the names of the model mean to the world: identifiers of substances and proteins, and terms of SBO.

Each identifier was looked up; what has none that was certain carries none.  Sources: ChEBI, PubChem, UniProt (human
proteins), NCBI taxonomy, Systems Biology Ontology.
"""

from collections.abc import Mapping

SUBSTANCES: Mapping[str, tuple[str, ...]] = {
    "s_ketamine": ("pubchem.compound:182137",),
    "r_ketamine": ("pubchem.compound:644025",),
    "ketamine": ("CHEBI:6121", "pubchem.compound:3821"),
    "norketamine": ("pubchem.compound:123767",),
    "naltrexone": ("CHEBI:7465",),
    "midazolam": ("CHEBI:6931",),
    "memantine": ("CHEBI:64312",),
    "mk801": ("CHEBI:34725",),
    "glutamate": ("CHEBI:29985",),
}
"""Substance -> what it is. An enantiomer without an entry of its own is a version of its family's."""

PROTEINS: Mapping[str, tuple[str, ...]] = {
    "nmda": ("Q05586",),
    "nmda_gating": ("Q05586",),
    "opioid": ("P35372",),
    "naltrexone_receptor": ("P35372",),
    "trkb": ("Q16620",),
    "bdnf": ("P23560",),
    "hcn1": ("O60741",),
    "dopamine": ("P14416",),
    "nicotinic": ("P36544",),
    "mtorc1": ("P42345",),
    "enzymes": ("P20813", "P08684"),
}
"""Beginning of a mechanism's name -> human proteins that it is about (GluN1, mu receptor, TrkB, BDNF, ...)."""

TAXA: Mapping[str, str] = {"human": "9606", "mouse": "10090", "rat": "10116"}
FAMILIES = ("ketamine", "norketamine", "dehydronorketamine", "hydroxynorketamine")
RESOLVER = "https://identifiers.org/"

SBO_MODEL = "SBO:0000062"  # continuous framework
SBO_COMPARTMENT = "SBO:0000290"  # physical compartment
SBO_SUBSTANCE = "SBO:0000247"  # simple chemical
SBO_PARAMETER = "SBO:0000002"  # quantitative systems description parameter
SBO_BY_UNIT: Mapping[str, str] = {
    "1/h": "SBO:0000009",  # kinetic constant
    "1/(uM*h)": "SBO:0000009",
    "L": "SBO:0000468",  # volume
    "h": "SBO:0000346",  # temporal measure
    "uM": "SBO:0000196",  # concentration of an entity pool
    "umol": "SBO:0000360",  # quantity of an entity pool
}


def substances_of(name: str) -> tuple[str, tuple[str, ...]]:
    """How a quantity of that name relates to substances (`is` or `isVersionOf`), and their addresses.

    >>> substances_of("brain_s_ketamine.A")
    ('is', ('https://identifiers.org/pubchem.compound:182137',))
    >>> substances_of("s_norketamine.A")[0]
    'isVersionOf'
    """
    words = name.partition(".")[0]
    for substance in sorted(SUBSTANCES, key=len, reverse=True):
        at = words.find(substance)
        if at < 0 or (at > 0 and words[at - 1] != "_"):
            continue
        before = words[:at]
        version = substance in FAMILIES and before.endswith(("s_", "r_"))
        return ("isVersionOf" if version else "is"), tuple(RESOLVER + i for i in SUBSTANCES[substance])
    return "is", ()


def proteins_of(component: str) -> tuple[str, ...]:
    """Addresses of the proteins that a mechanism is about."""
    for start in sorted(PROTEINS, key=len, reverse=True):
        if component.startswith(start):
            return tuple(f"{RESOLVER}uniprot:{i}" for i in PROTEINS[start])
    return ()
