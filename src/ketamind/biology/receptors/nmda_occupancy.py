"""NMDA receptor occupancy as a binding assay sees it: displacement of [3H]MK-801.

    occupancy = sum C/K / (1 + sum C/K),   K = k_off/k_on exp(delta (V - V_ref)/V_T) + k_escape/k_on,   V = V_assay

Membranes of a binding assay have no potential, and none of the magnesium block that goes with it, so that the affinity
is that of the open pore at 0 mV. It follows from the block at -66 mV and the share of the field at the site, nothing
else. Receptors in place, under magnesium and at their own potential, hold less (`nmda_blocked_cortex`), and current is
lost as there. Assumes that drug in tissue and in the pore are at equilibrium while it is measured: an assay loses the
trapping that a silent synapse keeps.

Source: shaffer-2014 (half occupancy at 1.4 uM ketamine and 9 uM norketamine: no number here is fitted to them, though
this reading of the assay was chosen with them in view), lord-2013.
"""

from typing import Any

from numpy import exp

from ketamind.biology.receptors.nmda_block import BLOCKERS
from ketamind.declare import Component, Input, Output, Parameter

SHARE = Parameter("share", "1", "GluN1/2A share, the rest being 2B", row="nmda.share_pyramidal_synaptic_2a")


def _affinity(p: Any, drug: str) -> Any:
    """Concentration of a drug that holds half of the receptors in membranes."""
    k_on, k_escape, delta = (getattr(p, f"{name}_{drug}") for name in ("k_on", "k_escape", "delta"))
    IC50 = p.share * getattr(p, f"IC50_2a_{drug}") + (1 - p.share) * getattr(p, f"IC50_2b_{drug}")
    escape = k_escape / k_on
    return (IC50 - escape) * exp(delta * (p.V_assay - p.V_ref) / p.V_T) + escape


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    held = sum(getattr(u, f"C_{drug}") / _affinity(p, drug) for drug in BLOCKERS)
    return {"nmda_occupancy": held / (1 + held)}


def _parameters(drug: str) -> tuple[Parameter, ...]:
    return (
        Parameter(f"k_on_{drug}", "1/(uM*h)", "binding to the open channel", row=f"{drug}.k_on"),
        Parameter(f"k_escape_{drug}", "1/h", "leaving while the gate shuts", row=f"{drug}.k_escape"),
        Parameter(f"delta_{drug}", "1", "share of the membrane field felt at the site", row=f"{drug}.delta"),
        Parameter(f"IC50_2a_{drug}", "uM", "drug that blocks half of GluN1/2A at V_ref", row=f"{drug}.IC50_2a"),
        Parameter(f"IC50_2b_{drug}", "uM", "drug that blocks half of GluN1/2B at V_ref", row=f"{drug}.IC50_2b"),
    )


OCCUPANCY = Component(
    name="nmda_occupancy",
    summary="Occupancy of NMDA receptors as displacement of [3H]MK-801 from brain membranes shows it",
    inputs=tuple(
        Input(f"C_{drug}", "uM", f"{drug} at the pore", wire=f"nmda_blocker_{drug}", absent=0.0) for drug in BLOCKERS
    ),
    parameters=(
        *(q for drug in BLOCKERS for q in _parameters(drug)),
        SHARE,
        Parameter("V_assay", "mV", "potential of the membranes", row="nmda.V_assay"),
        Parameter("V_ref", "mV", "holding potential of the reference recordings", row="nmda.V_ref"),
        Parameter("V_T", "mV", "thermal voltage RT/F", row="nmda.V_T"),
    ),
    outputs=(Output("nmda_occupancy", "1", "receptors that hold a drug in a binding assay", when_off=0.0),),
    readout=readout,
    source="shaffer-2014",
)
