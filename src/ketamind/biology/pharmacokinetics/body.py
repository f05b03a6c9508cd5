"""Body size and age: how volumes, clearances and liver blood flow scale from one individual to another.

    volume       ~  w / w_ref
    clearance    ~  (w / w_ref)^b
    liver flow   falls by a constant share for each year above 60

Volumes scale in proportion to weight and clearances with its 0.75th power (fixed allometry, as in the popPK models
of ketamine). Assumes lean composition: obesity is not described.  Sources: flint-2017, perez-ruixo-2021 (liver flow
2.19 L/h less per year above 60, of 151 L/h).
"""

from typing import Any

from numpy import maximum

from ketamind.declare import Component, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Scaling factors, each 1 in the reference adult."""
    size = p.weight / p.weight_ref
    years_above = maximum(p.age - p.age_onset, 0)
    return {
        "size_volume": size,
        "size_clearance": size**p.b,
        "age_flow": maximum(1 - p.flow_loss * years_above, p.flow_floor),
    }


BODY = Component(
    name="body",
    summary="Scaling of volumes, clearances and liver blood flow by weight and age",
    readout=readout,
    outputs=(
        Output("size_volume", "1", "volume relative to the reference body"),
        Output("size_clearance", "1", "clearance relative to the reference body"),
        Output("age_flow", "1", "liver blood flow relative to a young adult"),
    ),
    parameters=(
        Parameter("weight", "kg", "body weight", row="patient.weight"),
        Parameter("age", "year", "age", row="patient.age"),
        Parameter("weight_ref", "kg", "weight at which the constants of the table hold", row="body.weight_ref"),
        Parameter("b", "1", "allometric exponent of clearances and flows", row="body.b_CL"),
        Parameter("age_onset", "year", "age above which liver flow falls", row="body.age_onset"),
        Parameter("flow_loss", "1/year", "share of liver flow lost a year", row="body.flow_loss"),
        Parameter("flow_floor", "1", "least share of liver flow left", row="body.flow_floor"),
    ),
    source="flint-2017; perez-ruixo-2021",
)
