"""How alike a patient's responses to different sources of improvement are.

    z_i = sqrt(rho) * z_common + sqrt(1 - rho) * z_own,i

Patients who gain from one source tend to gain from the others. With independent responses nearly everybody would gain
from one of several sources given together; the wide spread and the many non-responders of combined treatment at
day 28 ask for a common part. All z are standard normal over patients.

Source: calibration `readouts_24h` and `readouts_oral`.
"""

from typing import Any

from numpy import sqrt

from ketamind.declare import Component, Input, Output, Parameter

SOURCES = {
    "drug": "to antidepressant drive",
    "placebo": "to being treated",
    "oral": "to oral antidepressants",
    "ideation": "of suicidal ideation",
}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    shared = sqrt(p.shared) * p.common
    own = sqrt(1 - p.shared)
    return {
        "response_drug": shared + own * p.drug,
        "response_placebo": shared + own * p.placebo,
        "response_oral": shared + own * p.oral,
        "response_ideation": shared + own * p.ideation,
    }


RESPONSIVENESS = Component(
    name="responsiveness",
    summary="Common and own parts of a patient's response to each source of improvement",
    parameters=(
        Parameter("shared", "1", "share of the variance that is common", row="responsiveness.shared"),
        Parameter("common", "1", "the patient's responsiveness, in sds", row="patient.responsiveness"),
        *(Parameter(s, "1", f"own response {m}, in sds", row=f"patient.{s}_response") for s, m in SOURCES.items()),
    ),
    outputs=tuple(Output(f"response_{s}", "1", f"the patient's response {m}, in sds") for s, m in SOURCES.items()),
    readout=readout,
)


def response(source: str) -> Input:
    """The input by which a mechanism reads the patient's response to one source."""
    return Input("response", "1", f"the patient's response {SOURCES[source]}, in sds", wire=f"response_{source}")
