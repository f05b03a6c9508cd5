"""Blood pressure, raised by ketamine's sympathetic drive.

    rise = C / (C + C_50),   systolic = S0 + s * S_max * rise,   diastolic = D0 + s * D_max * rise
    mean arterial pressure = (systolic + 2 * diastolic) / 3

`C` is ketamine in arterial plasma (total, both enantiomers alike), `s` the patient's own pressor response. The three
constants reproduce +7.4/+6.0 mmHg at the end of 0.5 mg/kg over 40 min and +27 % of mean pressure at an anaesthetic
1959 ng/mL. The rise follows blood, not NMDA occupancy, so it outlives a knock-out of NMDA block.

Source: zhou2021, langsjo2005.
"""

from typing import Any

from numpy import exp

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    rise = exp(p.omega * p.response) * u.ketamine / (u.ketamine + p.C_50)
    systolic = p.systolic + p.systolic_max * rise
    diastolic = p.diastolic + p.diastolic_max * rise
    mean = (systolic + 2 * diastolic) / 3
    return {"systolic_bp": systolic, "diastolic_bp": diastolic, "mean_arterial_pressure": mean}


BLOOD_PRESSURE = Component(
    name="blood_pressure",
    summary="Rise of blood pressure with arterial ketamine",
    inputs=(Input("ketamine", "uM", "ketamine in arterial plasma", wire="arterial_ketamine", absent=0.0),),
    parameters=(
        Parameter("systolic", "mmHg", "systolic pressure without drug", row="patient.baseline_systolic"),
        Parameter("diastolic", "mmHg", "diastolic pressure without drug", row="patient.baseline_diastolic"),
        Parameter("systolic_max", "mmHg", "largest systolic rise", row="blood_pressure.systolic_max"),
        Parameter("diastolic_max", "mmHg", "largest diastolic rise", row="blood_pressure.diastolic_max"),
        Parameter("C_50", "uM", "arterial ketamine at half of it", row="blood_pressure.C_50"),
        Parameter("omega", "1", "log-sd of the rise between patients", row="blood_pressure.omega"),
        Parameter("response", "1", "the patient's pressor response, in sds", row="patient.pressor_response"),
    ),
    outputs=(
        Output("systolic_bp", "mmHg", "systolic blood pressure"),
        Output("diastolic_bp", "mmHg", "diastolic blood pressure"),
        Output("mean_arterial_pressure", "mmHg", "mean arterial pressure"),
    ),
    readout=readout,
    source="zhou2021; langsjo2005",
)
