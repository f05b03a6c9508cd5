"""Other depression scales, translated from the MADRS by published links.

    HAM-D17    = min(10 M / M_10, 30 + 10 (M - M_30) / (M_40 - M_30))     M_10, M_30, M_40: MADRS at 10, 30, 40
    HAM-D6     = a6 HAM-D17,   HAM-D24 = a24 HAM-D17,   HAM-D25 = a25 HAM-D17
    QIDS-SR16  = aq HAM-D17 - bq,   PHQ-9 = ap QIDS-SR16,   BDI-II = ab HAM-D17 - bb

each kept within its own scale.

The link of HAM-D17 and MADRS is so nearly proportional that percent change carries over one to one. Within 24 h the
items on sleep and appetite cannot move; no correction is made for that.

Source: HAM-D17, leucht2018; HAM-D6, carmody2006; HAM-D24 and QIDS-SR16, rush2003 as tabled at ids-qids.org;
BDI, bdi_link.
"""

from typing import Any

from numpy import maximum, minimum

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    low = p.ten * u.madrs / p.madrs_at_10
    high = 3 * p.ten + p.ten * (u.madrs - p.madrs_at_30) / (p.madrs_at_40 - p.madrs_at_30)
    hamd17 = minimum(low, high)
    qids = minimum(maximum(p.qids_slope * hamd17 - p.qids_offset, 0), p.qids_max)
    bdi = minimum(maximum(p.bdi_slope * hamd17 - p.bdi_offset, 0), p.bdi_max)
    return {
        "hamd17": hamd17,
        "hamd6": minimum(p.hamd6_ratio * hamd17, p.hamd6_max),
        "hamd24": p.hamd24_ratio * hamd17,
        "hamd25": p.hamd25_ratio * hamd17,
        "qids_sr16": qids,
        "phq9": minimum(p.phq9_ratio * qids, p.qids_max),
        "bdi2": bdi,
    }


DEPRESSION_SCALES = Component(
    name="depression_scales",
    summary="HAM-D, QIDS, PHQ-9 and BDI from the MADRS by published links",
    inputs=(Input("madrs", "points", "Montgomery-Asberg Depression Rating Scale"),),
    parameters=(
        Parameter("ten", "points", "step of the HAM-D17 anchors", row="scales.hamd17_step"),
        Parameter("madrs_at_10", "points", "MADRS equal to HAM-D17 10", row="scales.madrs_at_hamd10"),
        Parameter("madrs_at_30", "points", "MADRS equal to HAM-D17 30", row="scales.madrs_at_hamd30"),
        Parameter("madrs_at_40", "points", "MADRS equal to HAM-D17 40", row="scales.madrs_at_hamd40"),
        Parameter("hamd6_ratio", "1", "HAM-D6 per HAM-D17", row="scales.hamd6_ratio"),
        Parameter("hamd6_max", "points", "end of the HAM-D6", row="scales.hamd6_max"),
        Parameter("hamd24_ratio", "1", "HAM-D24 per HAM-D17", row="scales.hamd24_ratio"),
        Parameter("hamd25_ratio", "1", "HAM-D25 per HAM-D17", row="scales.hamd25_ratio"),
        Parameter("qids_slope", "1", "QIDS-SR16 per HAM-D17", row="scales.qids_slope"),
        Parameter("qids_offset", "points", "QIDS-SR16 below that line", row="scales.qids_offset"),
        Parameter("qids_max", "points", "end of the QIDS-SR16 and of the PHQ-9", row="scales.qids_max"),
        Parameter("phq9_ratio", "1", "PHQ-9 per QIDS-SR16", row="scales.phq9_ratio"),
        Parameter("bdi_slope", "1", "BDI-II per HAM-D17", row="scales.bdi_slope"),
        Parameter("bdi_offset", "points", "BDI-II below that line", row="scales.bdi_offset"),
        Parameter("bdi_max", "points", "end of the BDI-II", row="scales.bdi_max"),
    ),
    outputs=(
        Output("hamd17", "points", "Hamilton Depression Rating Scale, 17 items, 0 to 52"),
        Output("hamd6", "points", "Hamilton Depression Rating Scale, 6 items, 0 to 22"),
        Output("hamd24", "points", "Hamilton Depression Rating Scale, 24 items, 0 to 75"),
        Output("hamd25", "points", "Hamilton Depression Rating Scale, 25 items"),
        Output("qids_sr16", "points", "Quick Inventory of Depressive Symptomatology, self-report, 0 to 27"),
        Output("phq9", "points", "Patient Health Questionnaire, 0 to 27"),
        Output("bdi2", "points", "Beck Depression Inventory II, 0 to 63"),
    ),
    readout=readout,
    source="leucht2018; carmody2006; rush2003; bdi_link",
)
