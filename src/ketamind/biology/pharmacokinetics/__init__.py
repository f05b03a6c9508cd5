"""From a dose to concentrations in blood and unbound in brain.

`entries` tells how a dose enters, `pharmacokinetics` gives the mechanisms that the drugs and routes at hand need, and
`externals` the inputs that doses set. Ketamine comes as one copy of each mechanism an enantiomer.
"""

from ketamind.biology.pharmacokinetics.doses import (
    CODRUGS,
    DRUGS,
    ROUTES,
    Entry,
    base_name,
    entries,
    known_drugs,
    molar_mass,
)
from ketamind.biology.pharmacokinetics.stage import externals, ledgers, pharmacokinetics

__all__ = [
    "CODRUGS",
    "DRUGS",
    "ROUTES",
    "Entry",
    "base_name",
    "entries",
    "externals",
    "known_drugs",
    "ledgers",
    "molar_mass",
    "pharmacokinetics",
]
