"""Unbound drug in brain extracellular fluid, driven by arterial plasma.

    dA/dt = k_e0 (f_u K_puu C V - A)             unbound = A / V,   total = V_u unbound

The brain takes so little of the dose that blood does not notice (an effect compartment); a dose given into the brain
(icv, local) enters A directly. Brain tissue holds V_u times the unbound concentration, which is why total
brain-to-plasma ratios are no measure of receptor drive. Cerebrospinal fluid is taken as unbound brain concentration.

Sources: hammarlund-udenaes-2008 (definitions), cohen-1973 (fast equilibration), moaddel-2023 (CSF in people).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Change of the amount in extracellular fluid, umol/h."""
    return {"A": u.infusion + p.k_e0 * (p.f_u * p.K_puu * u.arterial * p.V * u.size_volume - x.A)}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Unbound, total and cerebrospinal-fluid concentrations."""
    unbound = x.A / (p.V * u.size_volume)
    return {"unbound": unbound, "total": p.V_u * unbound, "csf": unbound}


BRAIN = Component(
    name="brain",
    summary="Equilibration of plasma with the unbound drug in brain",
    rates=rates,
    readout=readout,
    inputs=(
        Input("size_volume", "1", "volume relative to the reference body"),
        Input("arterial", "uM", "concentration in arterial plasma"),
        Input("infusion", "umol/h", "infusion into the brain", absent=0.0),
    ),
    states=(State("A", "umol", "unbound in brain extracellular fluid"),),
    parameters=(
        Parameter("f_u", "1", "unbound fraction in plasma", row="ketamine.f_u"),
        Parameter("K_puu", "1", "unbound brain-to-plasma ratio", row="ketamine.K_puu"),
        Parameter("k_e0", "1/h", "equilibration of brain with plasma", row="ketamine.k_e0"),
        Parameter("V_u", "1", "total over unbound concentration in brain tissue", row="ketamine.V_u"),
        Parameter("V", "L", "volume of brain extracellular fluid", row="body.V_brain"),
    ),
    outputs=(
        Output("unbound", "uM", "unbound concentration in brain"),
        Output("total", "uM", "total concentration in brain tissue"),
        Output("csf", "uM", "concentration in cerebrospinal fluid"),
    ),
    source="hammarlund-udenaes-2008; cohen-1973; moaddel-2023",
)
