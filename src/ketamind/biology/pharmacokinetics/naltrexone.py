"""Long blockade of the mu-opioid receptor by naltrexone.

    dR/dt = k_in C - k_out R
    blockade = R / (1 + R),   brain_unbound = K R

A dose blocks the receptor for days, though plasma naltrexone is gone in hours: drug leaves the receptor slowly, is
rebound, and 6-beta-naltrexol follows. All of this is drawn together in one slow pool R, in units of the concentration
that occupies half of the receptors. So `brain_unbound` is the *equivalent* free concentration: with the affinity K
the usual C / (C + K) gives the measured blockade at every time.  Linear in dose: half blockade at about 4 mg by mouth
(rabiner-2011) and 92-98 % after 50 mg, falling with a half-time of 72-108 h (lee-1988).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Change of the receptor pool, 1/h."""
    return {"R": u.infusion / (p.V * u.size_volume * p.K) + p.k_in * u.arterial - p.k_out * x.R}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Share of mu receptors blocked, and the free concentration that would do so at equilibrium."""
    return {"blockade": x.R / (1 + x.R), "unbound": p.K * x.R}


NALTREXONE_RECEPTOR = Component(
    name="naltrexone_receptor",
    summary="Slow pool of naltrexone at the mu-opioid receptor",
    rates=rates,
    readout=readout,
    inputs=(
        Input("size_volume", "1", "volume relative to the reference body"),
        Input("arterial", "uM", "naltrexone in arterial plasma", wire="arterial_naltrexone"),
        Input("infusion", "umol/h", "infusion into the brain", wire="input_brain_naltrexone", absent=0.0),
    ),
    states=(State("R", "1", "naltrexone at the receptor, relative to half-occupancy"),),
    parameters=(
        Parameter("k_in", "1/(uM*h)", "filling of the pool", row="naltrexone.k_in"),
        Parameter("k_out", "1/h", "emptying of the pool", row="naltrexone.k_out"),
        Parameter("K", "uM", "affinity at the mu receptor", row="mor.Ki_naltrexone"),
        Parameter("V", "L", "volume of brain extracellular fluid", row="body.V_brain"),
    ),
    outputs=(
        Output("blockade", "1", "share of mu receptors blocked by naltrexone", wire="mor_blockade_naltrexone"),
        Output("unbound", "uM", "equivalent free naltrexone in brain", wire="brain_unbound_naltrexone"),
    ),
    source="lee-1988; rabiner-2011",
)
