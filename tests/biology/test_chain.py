"""The wired chain: it rests without drug, stays within bounds under any dosing, and each mechanism does its part."""

from dataclasses import replace

import numpy as np
import pytest

from ketamind.biology.chain import chain, full_chain, slice_chain
from ketamind.biology.pharmacokinetics import entries
from ketamind.engine import Batch, Jump, Options, Schedule, Step, solve
from ketamind.errors import BadValue, UnknownName
from ketamind.simulation import simulate

MONTH_H = 28 * 24.0
ROUNDING = 5e-5  # the error of a solution at the usual tolerance, where the cortex falls silent within seconds
"""What a solver at its usual tolerance may stray beyond a bound, in the unit of the quantity."""

FRACTIONS = (
    *("nmda_synaptic_", "nmda_tonic_", "nmda_occupancy", "nmda_rest_block", "mor_occupancy", "kor_occupancy"),
    *("mu_tone", "trkb_binding", "trkb_activity", "hcn1_current", "burst_fraction", "loss_of_responsiveness"),
)
INFUSION = "0.5 mg/kg ketamine iv over 40 min"


@pytest.mark.parametrize("species", ["human", "rat", "mouse"])
@pytest.mark.parametrize("stress", [0.0, 1.0])
def test_without_drug_every_state_stays_where_it_is_for_a_month(species, stress):
    model = chain((), species).with_values({"patient.stress": stress})
    names = tuple(s.name for s in model.system.states)
    values = solve(model, Batch((0.0, MONTH_H), names), Options(rtol=1e-8)).require().values[:, 0, :]
    drift = np.abs(values[1] - values[0]) / np.maximum(np.abs(values[0]), 1e-2)
    assert drift.max() < 1e-3, names[int(drift.argmax())]


def test_a_depressed_brain_has_fewer_spines_and_weaker_synapses_and_keeps_them_so():
    run = simulate("none", days=28, patient="trd", observe=["spine_density", "synaptic_strength", "madrs"])
    assert run["spine_density"].values.max() < 0.95
    assert run["synaptic_strength"].values.max() < 0
    assert np.ptp(run["madrs"].values) < 1e-3


def random_schedules(rng, count):
    """Doses by all human routes at random times, from harmless to anaesthetic."""
    for _ in range(count):
        jumps, steps = [], []
        for _ in range(rng.integers(1, 6)):
            route = rng.choice(["iv", "im", "sc", "in", "po", "sl"])
            start, umol = rng.uniform(0, 240), 10 ** rng.uniform(0, 3.4)
            hours = rng.choice([0.0, 10 ** rng.uniform(-2, 1)]) if route == "iv" else 0.0
            for entry in entries("ketamine", route, "human", umol * 0.238, hours > 0):
                amount = umol * entry.fraction
                lasts = hours or 0.5
                if entry.kind == "jump":
                    jumps.append(Jump(start, entry.target, amount))
                else:
                    steps.append(Step(start, start + lasts, entry.target, amount / lasts))
        yield Schedule(tuple(jumps), tuple(steps))


def test_nothing_leaves_its_bounds_under_a_thousand_random_protocols():
    model = chain({("ketamine", r) for r in ("iv", "im", "sc", "in", "po", "sl")})
    schedules = tuple(random_schedules(np.random.default_rng(7), 1000))
    names = tuple(s.name for s in model.system.states)
    shares = tuple(o for o in model.system.outputs if o.startswith(FRACTIONS))
    solution = solve(model, Batch(np.linspace(0, 336, 57), names + shares, schedules)).require()
    bounds = {s.name: s.bounds for s in model.system.states} | dict.fromkeys(shares, (0.0, 1.0))
    for name, (low, high) in bounds.items():
        assert solution[name].min() >= low - ROUNDING, name
        assert solution[name].max() <= high + ROUNDING, name


def test_without_nmda_block_there_is_no_dissociation_and_no_disinhibition():
    run = simulate(INFUSION, days=1, without=["nmda"], observe=["cadss", "rate_pyramidal", "nmda_occupancy"])
    intact = simulate(INFUSION, days=1, observe=["cadss", "rate_pyramidal"])
    assert run["cadss"].values.max() < 1e-6
    assert run["nmda_occupancy"].values.max() == 0
    rise, whole = (r.at("rate_pyramidal@40min")[0] - r.at("rate_pyramidal@0h")[0] for r in (run, intact))
    assert whole > 0.1
    assert abs(rise) < 0.05 * whole


def test_naltrexone_takes_the_mu_signal_and_leaves_dissociation():
    observe = ["mor_signal", "mu_tone", "cadss"]
    plain = simulate(INFUSION, days=1, observe=observe)
    blocked = simulate(f"50 mg naltrexone po at -45 min + {INFUSION}", days=1, observe=observe)
    assert blocked["mor_signal"].values.max() < 0.3 * plain["mor_signal"].values.max()
    assert blocked.at("mu_tone@1h")[0] < 0.3
    assert blocked["cadss"].values.max() == pytest.approx(plain["cadss"].values.max(), rel=1e-3)


def test_rapamycin_lowers_the_late_effect_more_than_the_early_one():
    observe = ["antidepressant_drive", "spine_density"]
    plain = simulate(INFUSION, days=7, observe=observe)
    blocked = simulate(INFUSION, days=7, manipulation="block:mtorc1", observe=observe)
    left = [
        blocked.at(f"antidepressant_drive@{t}")[0] / plain.at(f"antidepressant_drive@{t}")[0] for t in ("2h", "24h")
    ]
    assert left[1] < left[0]
    assert left[1] < 0.7
    assert np.ptp(blocked["spine_density"].values) < 0.5 * np.ptp(plain["spine_density"].values)


def test_bodies_and_baths_give_the_receptors_the_same_wires():
    bath = slice_chain(["ketamine"])
    assert {e.wire for e in bath.externals} >= {"brain_unbound_s_ketamine", "brain_unbound_r_ketamine"}
    assert "nmda_synaptic_pv" in bath.system.outputs


def test_each_switchable_mechanism_can_be_switched_off():
    model = full_chain()
    for name in model.mechanisms:
        solve(model.without(name), Batch((0.0, 24.0), ("madrs",))).require()


def test_unknown_drugs_and_senseless_routes_are_refused():
    with pytest.raises(UnknownName, match="ketamine"):
        chain({("ketamin", "iv")})
    with pytest.raises(BadValue, match="rodents"):
        simulate("10 mg/kg ketamine ip", days=1)


def test_the_model_does_not_depend_on_the_order_of_its_parts():
    model = chain({("esketamine", "iv")})
    turned = replace(model, components=tuple(reversed(model.components)), _system=[])
    assert set(turned.system.outputs) == set(model.system.outputs)
