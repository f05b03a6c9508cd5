"""Analgesia: ketamine relieves pain, norketamine works against it, mu-opioid signal adds.

    relief = (1 - w) * a_K * (S + R / potency) - a_NK * S_NK + R_max * m / (m + m_half)
    pain   = min(max(P0 - relief, 0), P_max)

Linear in the S-enantiomers over the range studied. `a_K` is the published slope, which includes whatever opioid part
there is; `w` of it is taken out again and given to the mu signal `m`. Plasma slopes per ng/mL became slopes per uM of
unbound drug by molar mass (ketamine 237.73, norketamine 223.70 g/mol) and unbound fraction 0.56.

Source: olofsen2012; potency of the enantiomers, peltoniemi2016; the opioid share is assumed.
"""

from typing import Any

from numpy import maximum, minimum

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    parent = (1 - p.mu_share) * p.slope_ketamine * (u.s_ketamine + u.r_ketamine / p.enantiomer_ratio)
    opioid = p.mu_max * u.mor_signal / (u.mor_signal + p.mu_half)
    relief = parent - p.slope_norketamine * u.s_norketamine + opioid
    return {"pain_vas": minimum(maximum(p.baseline - relief, 0), p.scale_end)}


ANALGESIA = Component(
    name="analgesia",
    summary="Pain intensity from ketamine, norketamine and mu-opioid signal",
    inputs=(
        Input("s_ketamine", "uM", "unbound S-ketamine in brain", wire="brain_unbound_s_ketamine", absent=0.0),
        Input("r_ketamine", "uM", "unbound R-ketamine in brain", wire="brain_unbound_r_ketamine", absent=0.0),
        Input("s_norketamine", "uM", "unbound S-norketamine in brain", wire="brain_unbound_s_norketamine", absent=0.0),
        Input("mor_signal", "1", "signal of the drug at mu-opioid receptors", absent=0.0),
    ),
    parameters=(
        Parameter("baseline", "cm", "pain without drug", row="patient.baseline_pain"),
        Parameter("slope_ketamine", "cm/uM", "relief by unbound S-ketamine", row="analgesia.slope_ketamine"),
        Parameter("enantiomer_ratio", "1", "potency of S- over R-ketamine", row="analgesia.enantiomer_ratio"),
        Parameter("slope_norketamine", "cm/uM", "pain by unbound S-norketamine", row="analgesia.slope_norketamine"),
        Parameter("mu_share", "1", "share of the ketamine slope carried by mu", row="analgesia.mu_share"),
        Parameter("mu_max", "cm", "largest relief by mu signal", row="analgesia.mu_max"),
        Parameter("mu_half", "1", "mu signal at half of it", row="analgesia.mu_half"),
        Parameter("scale_end", "cm", "end of the scale", row="analgesia.scale_end"),
    ),
    outputs=(Output("pain_vas", "cm", "pain intensity, visual analogue scale 0 to 10"),),
    readout=readout,
    source="olofsen2012; peltoniemi2016",
)
