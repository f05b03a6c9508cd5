"""A run as the browser receives it: about forty quantities at 161 times, as float32.

    4 bytes, little endian: length of the header | header, JSON, padded to a multiple of 4 | float32 values

Values stand in the order layer, quantity, time; the header has the times, even on the stretched axis but for a few
about each later dose. A first answer holds the typical patient (`middle`); a second, which
takes longer, the ends of the band (`low`, `high`) that holds 90 % of virtual patients. What the page shows against its
value before the dose (rates, scores, densities) has the band of that comparison in each patient, set on the typical
patient's own start; so differences between people that were there before are not taken for doubt about the effect.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.biology.chain import full_chain
from ketamind.biology.pharmacokinetics import molar_mass
from ketamind.page.asked import POINTS, Asked, times_to
from ketamind.protocols import Protocol
from ketamind.simulation.populations import draw_patients, typical_patient
from ketamind.simulation.simulate import prepare, solve_patients

Floats = NDArray[np.float64]
IN_BLOOD = (
    *("ketamine", "s_ketamine", "r_ketamine", "norketamine", "dehydronorketamine", "hydroxynorketamine"),
    "naltrexone",
)
IN_BRAIN = ("ketamine", "s_ketamine", "r_ketamine", "norketamine", "hydroxynorketamine")
CELLS = ("pyramidal", "pv", "sst", "vip")
QUANTITIES = (
    *(f"venous_{s}" for s in IN_BLOOD),
    *(f"brain_unbound_{s}" for s in IN_BRAIN),
    *(f"nmda_synaptic_{c}" for c in CELLS),
    *(f"nmda_tonic_{c}" for c in CELLS),
    *("mor_occupancy", "mor_blockade", "mu_tone", "trkb_binding"),
    *(f"rate_{c}" for c in CELLS),
    *("inhibitory_conductance", "gaba_gain", "sst_output", "extracellular_glutamate", "power_gamma", "rate_lhb"),
    *("bdnf_extracellular", "p_trkb", "mtorc1_activity", "p_mtor", "p_eef2"),
    *("synaptic_strength", "surface_ampar", "spine_density", "spine_density_untreated"),
    *("antidepressant_drive", "loss_of_responsiveness", "cadss", "madrs"),
)
AS_RATIO = frozenset(f"rate_{c}" for c in CELLS) | {
    *("rate_lhb", "inhibitory_conductance", "extracellular_glutamate", "power_gamma"),
    *("bdnf_extracellular", "p_trkb", "p_mtor", "p_eef2", "surface_ampar", "spine_density"),
}
"""Shown over their value before."""

AS_CHANGE = frozenset({"madrs"})
"""Shown as difference from their value before."""

SOON_H = 0.5
"""A dose before this time is shown well by the even times."""

AROUND_LATER_H = (0.0, 8.0, 2.0, 0.5)
"""Hours after the end of a later dose at which it is looked at, in order of need."""

LEAST_AROUND, FOR_LATER, MOST_FOLLOWED, LONG_H = 2, 80, 60, 24.0
LOW, HIGH = 5, 95
BLOOD_UNIT = "ng/mL"


@dataclass(frozen=True)
class Table:
    """Quantities over time, in layers: values (layer, quantity, time) with what the browser needs to know of them."""

    header: Mapping[str, Any]
    values: NDArray[np.float32]

    def as_bytes(self) -> bytes:
        """As described above."""
        text = json.dumps(dict(self.header), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        return len(text).to_bytes(4, "little") + text + self.values.astype("<f4").tobytes()


def typical_table(asked: Asked) -> Table:
    """The typical patient. Raises as `simulate`."""
    begun = time.perf_counter()
    protocol, values = _solved(asked, 1, 0)
    header = _header(asked, protocol, ("middle",)) | {"solve_ms": round(1e3 * (time.perf_counter() - begun), 2)}
    return Table(header, values[None, :, :, 0].astype(np.float32))


def band_table(asked: Asked, patients: int, seed: int) -> Table:
    """The range that holds 90 % of virtual patients. Raises as `simulate`."""
    protocol, values = _solved(asked, patients, seed)
    _, typical = _solved(asked, 1, 0)
    ends = np.percentile(compared(values, typical), (LOW, HIGH), axis=2)
    return Table({**_header(asked, protocol, ("low", "high")), "patients": patients}, ends.astype(np.float32))


def compared(values: Floats, typical: Floats) -> Floats:
    """Patients' values (quantity, time, patient), those shown against before set on the typical patient's start."""
    found = values.copy()
    for i, name in enumerate(QUANTITIES):
        start, own = typical[i, 0, 0], values[i, 0]
        if name in AS_CHANGE:
            found[i] = values[i] - own + start
        elif name in AS_RATIO:
            found[i] = start * np.divide(values[i], own, out=np.ones_like(values[i]), where=own != 0)
    return found


def _solved(asked: Asked, patients: int, seed: int) -> tuple[Protocol, Floats]:
    """Values (quantity, time, patient)."""
    given, who = asked.given(), asked.who()
    prepared = prepare(given, who, asked.setting())
    model = prepared.model
    drawn = draw_patients(who, model, seed, patients) if patients > 1 else typical_patient(who, model)
    names = tuple(n for n in QUANTITIES if n in model.system.outputs)
    solution = solve_patients(prepared, given, drawn, patients, times_of(given, asked.days * 24), names)
    return given, on_scale(np.moveaxis(solution.values, 2, 0), names)


def times_of(protocol: Protocol, last_h: float) -> Floats:
    """Times of a table: even on the stretched axis, with a few kept for the rise and fall of each later dose."""
    later = [e for e in protocol.administrations() if e.amount > 0 and SOON_H < e.start_h < last_h][:MOST_FOLLOWED]
    each = AROUND_LATER_H[: max(LEAST_AROUND, FOR_LATER // max(1, len(later)))]
    ends = {e.start_h + min(e.duration_h, LONG_H) for e in later}
    close = {e.start_h for e in later} | {end + after for end in ends for after in each}
    inside = np.array(sorted(t for t in close if t < last_h))
    even = times_to(last_h, max(POINTS - len(inside), POINTS // 3))
    return np.unique(np.round(np.concatenate([even, inside]), 6)) if later else even


def on_scale(values: Floats, names: Sequence[str]) -> Floats:
    """All quantities in order and in the unit that the page shows; drugs that are not given are nil, others NaN."""
    whole = np.zeros((len(QUANTITIES), *values.shape[1:]))
    for i, name in enumerate(QUANTITIES):
        if name in names:
            whole[i] = values[names.index(name)] * shown_per_model_unit(name)
    return whole


def shown_per_model_unit(name: str) -> float:
    """Blood levels are shown in ng/mL; everything else in the model's own unit."""
    return molar_mass(name.removeprefix("venous_")) if name.startswith("venous_") else 1.0


@lru_cache(maxsize=1)
def quantities() -> dict[str, dict[str, str]]:
    """Unit and meaning of each quantity, from its declaration."""
    outputs = full_chain().system.outputs
    return {
        name: {
            "unit": BLOOD_UNIT if name.startswith("venous_") else outputs[name].unit,
            "meaning": outputs[name].meaning,
            "given_by": outputs[name].component,
        }
        for name in QUANTITIES
        if name in outputs
    }


def _header(asked: Asked, protocol: Protocol, layers: Sequence[str]) -> dict[str, Any]:
    last_h = asked.days * 24
    times = times_of(protocol, last_h)
    doses = [
        {"drug": e.drug, "route": e.route, "start_h": e.start_h, "stop_h": min(e.stop_h, last_h)}
        for e in protocol.administrations()
        if e.amount > 0 and e.start_h < last_h
    ]
    return {
        "layers": list(layers),
        "names": list(QUANTITIES),
        "points": len(times),
        "times_h": np.round(times, 6).tolist(),
        "last_h": last_h,
        "protocol": protocol.words(),
        "doses": doses[:400],
    }
