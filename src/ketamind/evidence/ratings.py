"""Ratings as a trial takes them: whole points with the error of a rating, and what counts as response or remission."""

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ketamind.declare import shipped_table
from ketamind.evidence.courses import Course, NotApplicable
from ketamind.evidence.vocabulary import IDEATION

Floats = NDArray[np.float64]
PER_MADRS = {
    "madrs": 1.0,
    "hamd17": 10 / 13,
    "hamd24": 1.36 * 10 / 13,
    "hamd25": 1.42 * 10 / 13,
    "hamd6": 0.571 * 10 / 13,
    "qids_sr16": 0.84 * 10 / 13,
    "phq9": 0.84 * 10 / 13,
    "bdi2": 1.51 * 10 / 13,
}
"""Points of each depression scale per point of the MADRS (the published links in the read-outs): carries its error."""

REMISSION = {
    **{"madrs": 10, "hamd17": 7, "hamd24": 10, "hamd25": 10, "hamd6": 4, "qids_sr16": 5, "phq9": 4, "bdi2": 9},
    **{"ssi": 3, "cssrs_ideation": 0, "madrs_item10": 1, "cgi_ss_r": 1},
}
"""Usual cut-offs. Of ideation: none on the C-SSRS; on item 10 of the MADRS less than its anchor 2, fleeting thoughts;
SSI under 4 (grunebaum-2018). A note of the experiment overrides them (`MADRS<=12`)."""

READING_SD = {"systolic_bp": 6.0, "diastolic_bp": 4.0}
"""Standard deviation of one reading of blood pressure about the person's own, mmHg (assumed)."""

REPORTED = {"cadss": 10.0, "vas_high": 20.0, "drug_liking": 20.0, "bprs": 4.0}
"""Rise at the peak from which an effect is taken to be reported as an adverse event. For the CADSS more than twice the
customary cut-off of 4, which far more patients pass (61 to 75 %, esketamine label) than report dissociation."""


@lru_cache(maxsize=1)
def rating_sd() -> float:
    """Standard deviation of one MADRS rating."""
    return shipped_table().row("scales.madrs_rating_sd").value


def true(course: Course, observable: str, time_h: float | None) -> Floats:
    """The drawn subjects' own values (subjects,) at a time, or before treatment (None)."""
    found = course.start(observable) if time_h is None else course.at(observable, time_h)
    return found[1:] if found.size > 1 else found


def rated(course: Course, observable: str, time_h: float | None) -> Floats:
    """Values as rated; the error belongs to arm, scale and time, so that every row of a study sees the same rating."""
    values = true(course, observable, time_h)
    if observable in IDEATION:
        return np.asarray(np.round(values), dtype=np.float64)
    error = READING_SD.get(observable, rating_sd() * PER_MADRS.get(observable, 0.0))
    if not error:
        return values
    key = f"{course.arm}|{observable}|{'start' if time_h is None else round(time_h, 3)}"
    rng = np.random.default_rng(np.frombuffer(key.encode(), dtype=np.uint8))
    noisy = values + error * rng.standard_normal(values.size)
    return np.asarray(np.maximum(np.round(noisy), 0), dtype=np.float64)


def cut_off(observable: str, note: str) -> float:
    """Score up to which a patient counts as remitted."""
    found = re.search(r"<=\s*(\d+(?:\.\d+)?)", note)
    if found:
        return float(found[1])
    if observable not in REMISSION:
        raise NotApplicable(f"remission on '{observable}' has no cut-off that is usual or stated")
    return float(REMISSION[observable])


def drop_needed(note: str) -> float:
    """Share of the baseline that has to be lost to count as response."""
    found = re.search(r">=\s*(\d+)\s*%", note)
    return float(found[1]) / 100 if found else 0.5


def responded(course: Course, observable: str, time_h: float, note: str) -> NDArray[np.bool_]:
    """Who has lost enough of the baseline at a time."""
    before, now = rated(course, observable, None), rated(course, observable, time_h)
    return np.asarray((now <= (1 - drop_needed(note)) * before) & (before > 0))


def remitted(course: Course, observable: str, time_h: float, note: str) -> NDArray[np.bool_]:
    """Who is at or under the cut-off at a time."""
    return np.asarray(rated(course, observable, time_h) <= cut_off(observable, note))
