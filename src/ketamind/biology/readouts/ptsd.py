"""Post-traumatic stress: symptoms follow mood, loosely.

    score = B * (1 - rho * E_mood)

`rho` is about one half in civilian samples and near zero in veterans, in whom the same treatment lowered the MADRS but
neither PCL-5 nor CAPS-5. One coupling stands for what the trials do not tell apart: chronicity, combat trauma, and
resistance to earlier antidepressants.

Source: feder2014 (civilian), abdallah2022 (veterans); the values of `rho` are assumed.
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    left = 1 - p.rho * u.improvement
    return {"caps5": p.caps5 * left, "pcl5": p.pcl5 * left, "ies_r": p.ies_r * left}


PTSD = Component(
    name="ptsd",
    summary="PTSD scales, coupled to the improvement of mood",
    inputs=(Input("improvement", "1", "fraction of baseline depression lost"),),
    parameters=(
        Parameter("rho", "1", "coupling to the improvement of mood", row="patient.ptsd_coupling"),
        Parameter("caps5", "points", "CAPS-5 without treatment", row="patient.baseline_caps5"),
        Parameter("pcl5", "points", "PCL-5 without treatment", row="patient.baseline_pcl5"),
        Parameter("ies_r", "points", "IES-R without treatment", row="patient.baseline_ies_r"),
    ),
    outputs=(
        Output("caps5", "points", "Clinician-Administered PTSD Scale for DSM-5, 0 to 80"),
        Output("pcl5", "points", "PTSD Checklist for DSM-5, 0 to 80"),
        Output("ies_r", "points", "Impact of Event Scale, revised, 0 to 88"),
    ),
    readout=readout,
    source="feder2014; abdallah2022",
)
