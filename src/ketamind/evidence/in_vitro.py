"""Dishes and slices: steady effects of a bath, and dose-response curves.

Recombinant and native NMDA currents under a held voltage run on the full gating scheme with agonist in the bath;
antagonists that do not sit in the pore act there by the share that they block at a usual concentration. What
a paper leaves unsaid is taken as customary: no magnesium, -66 mV, 100 uM glutamate (kotermanski-2009). Other
observables of tissue run on the chain of a slice.

IC50 is the concentration that halves the drug-free value; EC50 and Ki the one of half the effect of 10 mM.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.biology.receptors import BLOCKERS, in_vitro
from ketamind.declare import External, Model, shipped_table
from ketamind.engine import Batch, Schedule, Step, solve
from ketamind.evidence import statistics
from ketamind.evidence.arms import Arm
from ketamind.evidence.courses import Bench, Laboratory, NotApplicable, effects_of, patient_of
from ketamind.evidence.vocabulary import DISH, sources
from ketamind.protocols import Dose, drug, parse_manipulation
from ketamind.simulation.events import schedule
from ketamind.simulation.populations import typical_patient
from ketamind.simulation.simulate import CHAIN_SPECIES

Floats = NDArray[np.float64]
GLUTAMATE_UM = 100.0
HELD_MV = -66.0
WITHOUT_MAGNESIUM = 0.0
STEADY_DISH_H = 1.0
STEADY_SLICE_H = 4.0
HIGHEST_UM = 1e4
SWEEP_UM = np.concatenate([[0.0], np.geomspace(1e-4, HIGHEST_UM, 65)])
BLOCK = "manipulation.block_glun"
NATIVE_2A = "nmda.share_pyramidal_synaptic_2a"
MOST = 0.999
REST = {"pyramidal": -70.0, "pv": -58.0, "sst": -55.0, "vip": -62.0, "lhb": -60.0}


def in_dish(arm: Arm, observable: str) -> bool:
    """True for currents of receptors in a dish: by the gating scheme, or by occupancy for drugs outside the pore."""
    return arm.species in ("recombinant", "rodent_slice") and observable in DISH and not arm.manipulation


def _in_pore(name: str) -> bool:
    return drug(name).kind == "ketamine_family" or drug(name).base in BLOCKERS


def steady(arm: Arm, observable: str, bench: Bench) -> tuple[float, float]:
    """The observable at steady state under the arm's bath, and without drug."""
    bath = _bath(arm)
    scale = np.array([0.0, 1.0])
    found = dish(arm, observable, scale * bath.amount, bench.lab)
    return float(found[1]), float(found[0])


def potency(arm: Arm, observable: str, kind: str, bench: Bench) -> float:
    """IC50, EC50 or Ki of the arm's bath drug, uM. Raises NotApplicable if there is no effect to halve."""
    _bath(arm)
    y = dish(arm, observable, SWEEP_UM, bench.lab) if in_dish(arm, observable) else _slice(arm, observable, bench)
    level = 0.5 * y[0] if kind == "ic50" else 0.5 * (y[0] + y[-1])
    if abs(y[-1] - y[0]) < 1e-6:
        raise NotApplicable(f"{arm.protocol}: no effect on {observable} in the model up to 10 mM")
    found = statistics.crossing(SWEEP_UM[1:], y[1:], level)
    return found if np.isfinite(found) else float("inf")


def dish(arm: Arm, observable: str, concentrations: Floats, lab: Laboratory) -> Floats:
    """Steady current (concentrations,) under the bath drug of the arm."""
    bath, who = _bath(arm), patient_of(arm)
    if not _in_pore(bath.drug):
        return by_occupancy(bath, observable, concentrations)
    base = drug(bath.drug).base
    held = HELD_MV if who.v_mV is None else who.v_mV
    model = _dish_model(base if base in BLOCKERS else "ketamine", held)
    magnesium = WITHOUT_MAGNESIUM if who.mg_mM is None else who.mg_mM
    values = {"nmda.Mg_bath": magnesium, **{n: v for n, v in lab.values.items() if n in model.defaults}}
    shares = drug(bath.drug).moieties or {base: 1.0}
    batch = Batch(
        times_h=[0.0, STEADY_DISH_H],
        observables=[observable],
        schedules=[_constant(float(c), shares) for c in concentrations],
        values=values,
    )
    off = model.without(*(m for m in lab.without if m in model.mechanisms))
    return np.asarray(solve(off, batch).require().values[-1, :, 0], dtype=np.float64)


def by_occupancy(bath: Dose, observable: str, concentrations: Floats) -> Floats:
    """Current left (concentrations,) by a drug known by its effect at a usual concentration; 1 for one without any.

    Such a drug blocks a share s at its usual concentration, and by simple occupancy s C / (s C + (1 - s) C_usual).
    """
    moved = parse_manipulation(drug(bath.drug).action("bath")).values
    usual = drug(bath.drug).usual.get("bath_uM", 1.0)
    left = {}
    for subtype in ("2a", "2b", "2c", "2d"):
        shares = [v for n, v in moved.items() if n.startswith(("manipulation.block_nmda_", f"{BLOCK}{subtype}_"))]
        s = min(max(shares, default=0.0), MOST)
        left[subtype] = (1 - s) * usual / (s * concentrations + (1 - s) * usual)
    share = shipped_table("mouse").row(NATIVE_2A).value
    mixed = {"nmda_native": share * left["2a"] + (1 - share) * left["2b"], "nmda_2b2d": left["2b"]}
    return np.asarray(mixed[observable] if observable in mixed else left[observable.removeprefix("nmda_")])


def _constant(concentration: float, shares: Any) -> Schedule:
    if concentration <= 0:
        return Schedule()
    return Schedule(
        (), tuple(Step(0.0, 2 * STEADY_DISH_H, f"brain_unbound_{m}", concentration * s) for m, s in shares.items())
    )


@lru_cache(maxsize=32)
def _dish_model(blocker: str, held_mv: float) -> Model:
    components = in_vitro(blocker)
    wires = {i.wire or i.symbol: i for c in components for i in c.inputs}
    given = {o.wire or o.symbol for c in components for o in c.outputs}
    rest = {"glutamate": GLUTAMATE_UM, "potential": held_mv} | {f"potential_{c}": v for c, v in REST.items()}
    outside = [
        External(w, i.unit, i.meaning, rest.get(w, 0.0))
        for w, i in sorted(wires.items())
        if w not in given and (w in rest or w.startswith(("brain_unbound_", "rate_")) or i.absent is None)
    ]
    return Model(f"dish_{blocker}", components, shipped_table("mouse"), tuple(outside))


def _slice(arm: Arm, observable: str, bench: Bench) -> Floats:
    """Steady value (concentrations,) in the chain of a slice."""
    species = CHAIN_SPECIES.get(arm.species, "mouse")
    model = bench.models.model("slice", species)
    names = sources(observable, model.system.outputs)
    if not names:
        raise NotApplicable(f"the slice gives no '{observable}'")
    effects = effects_of(arm)
    bath = _bath(arm)
    schedules = [Schedule()]
    for c in SWEEP_UM[1:]:
        given = type(arm.given)((Dose(bath.drug, float(c), "uM", "bath"),))
        schedules.append(schedule(given, effects, model, 1.0, 2 * STEADY_SLICE_H))
    values = {n: np.repeat(v, len(schedules)) for n, v in typical_patient(patient_of(arm), model).items()}
    batch = Batch([0.0, STEADY_SLICE_H], names, schedules, values)
    found = solve(bench.lab.adjusted(model, effects), batch).require()
    return np.asarray(found.values[-1].mean(axis=1), dtype=np.float64)


def _bath(arm: Arm) -> Dose:
    baths = [d for d in arm.given if d.route == "bath"]
    if len(baths) != 1:
        raise NotApplicable("a dose-response needs one drug in the bath")
    return baths[0]
