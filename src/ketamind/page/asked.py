"""What a browser asks to have simulated: a protocol, who gets it, and what is changed in the model."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ketamind.engine import Options
from ketamind.errors import BadValue
from ketamind.page.doors import Checked
from ketamind.protocols import Patient, Protocol, parse_population, parse_protocol
from ketamind.simulation import Run
from ketamind.simulation.populations import typical_patient
from ketamind.simulation.simulate import KNEE_H, Setting, prepare, simulate, try_patients

Floats = NDArray[np.float64]
POINTS = 161
LONGEST_DAYS = 366.0
MOST_ADMINISTRATIONS = 400
QUICK = Options(max_steps=20_000, rescue=0)
"""A person waits: what the compiled engine gives up is told as such, and not tried again by the slow one."""
Word = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(max_length=80)]


class Asked(Checked):
    """A protocol in words, patients in words, mechanisms off, a manipulation, parameter values, and how long."""

    protocol: str = Field(default="0.5 mg/kg ketamine iv over 40 min", max_length=2000)
    patient: Word = "trd;setting=parallel"
    without: list[Name] = Field(default=[], max_length=40)
    manipulation: Word = ""
    values: dict[Name, float] = Field(default={}, max_length=40)
    days: float = Field(default=14.0, gt=0, le=LONGEST_DAYS)

    def given(self) -> Protocol:
        """The protocol. Raises UnknownName or BadValue for words that cannot be, or for too many doses."""
        found = parse_protocol(self.protocol)
        if len(found.administrations()) > MOST_ADMINISTRATIONS:
            raise BadValue(f"the page simulates at most {MOST_ADMINISTRATIONS} doses; the command line takes more.")
        return found

    def who(self) -> Patient:
        """The patient. Raises UnknownName or BadValue."""
        return parse_population(self.patient)

    def setting(self) -> Setting:
        """What is changed in the model."""
        return Setting(tuple(self.without), self.manipulation, dict(self.values))


def times_to(last_h: float, points: int = POINTS) -> Floats:
    """Times from 0 to the last, even on the axis log10(1 + t / 0.1 h)."""
    even = np.linspace(0.0, math.log10(1 + last_h / KNEE_H), points)
    times = np.round(KNEE_H * (10**even - 1), 9)
    times[-1] = last_h
    return np.asarray(times, dtype=np.float64)


def typical_run(asked: Asked, observe: Sequence[str] = (), times_h: Sequence[float] | Floats | None = None) -> Run:
    """The typical patient's run. Raises as `simulate`."""
    setting = asked.setting()
    times = times_to(asked.days * 24) if times_h is None else times_h
    return simulate(
        asked.given(),
        asked.days,
        patient=asked.who(),
        without=setting.without,
        manipulation=setting.manipulation,
        values=setting.values,
        observe=observe,
        times_h=[float(t) for t in times],
    )


def under_each(
    asked: Asked, changes: Sequence[Mapping[str, float]], observe: Sequence[str], times_h: Floats
) -> dict[str, Floats]:
    """Observables (times, changes) of the typical patient under each change of parameters, solved together.

    A change that cannot be solved gives NaN, and the others their values. Raises as `simulate` for what is asked.
    """
    prepared, given = prepare(asked.given(), asked.who(), asked.setting()), asked.given()
    typical = {n: float(v[0]) for n, v in typical_patient(asked.who(), prepared.model).items()}
    names = {*typical, *(n for c in changes for n in c)} & set(prepared.model.defaults)
    base = {n: typical.get(n, prepared.model.defaults[n]) for n in names}
    drawn = {n: np.array([c.get(n, base[n]) for c in changes]) for n in names}
    values = try_patients(prepared, given, drawn, len(changes), times_h, observe, QUICK).values
    return {name: values[:, :, i] for i, name in enumerate(observe)}
