"""Small runs of the pharmacokinetic stage alone."""

import numpy as np

from ketamind.biology.pharmacokinetics import entries, externals, ledgers, molar_mass, pharmacokinetics
from ketamind.declare import Model, shipped_table
from ketamind.engine import Batch, Jump, Options, Schedule, Step, solve

TIGHT = Options(rtol=1e-12, atol=1e-14)
USUAL = Options(rtol=1e-8, atol=1e-11)


def model_of(given, species="human", values=None, ledger=False):
    """The stage for these (drug, route) pairs."""
    components = pharmacokinetics(given)
    outside = externals(components)
    if ledger:
        components = (*components, *ledgers(components))
    return Model("bench", components, shipped_table(species), outside).with_values(values or {})


def schedule_of(model, doses):
    """Engine events of doses: (drug, route, amount in mg, duration in h or 0, start in h)."""
    jumps, steps = [], []
    for drug, route, mg, duration_h, start_h in doses:
        for entry in entries(drug, route, model.table.species, mg, duration_h > 0):
            whole = mg if entry.unit == "dose" else mg * 1000 / molar_mass(drug)
            amount = whole * entry.fraction
            lasts = model.table.row(entry.duration).value if entry.duration else duration_h
            if entry.kind == "jump":
                jumps.append(Jump(start_h, entry.target, amount))
            else:
                steps.append(Step(start_h, start_h + lasts, entry.target, amount / lasts))
    return Schedule(jumps, steps)


def run(doses, observables, times_h, species="human", values=None, options=USUAL):
    """Observables (name -> values at the times) after the doses."""
    model = model_of({(d[0], d[1]) for d in doses}, species, values)
    batch = Batch(np.asarray(times_h, float), observables, schedule_of(model, doses), rest=False)
    solution = solve(model, batch, options).require()
    return {name: solution[name][:, 0] for name in observables}


def area(times_h, values):
    """Area under a curve that has ended."""
    return float(np.trapezoid(values, times_h))
