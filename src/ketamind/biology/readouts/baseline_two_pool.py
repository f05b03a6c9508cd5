"""The phenomenological baseline: two pools of benefit, filled by dose, with no brain between.

    da/dt = k_fill * C * (1 - a) - a / tau_a               fast pool
    db/dt = k_slow * a * (1 - b) - b / tau_b               slow pool, filled from the fast one
    P     = 1 - (1 - a) * (1 - b)

A chain of mechanisms must predict better than this to be worth its parts. `C` is total ketamine in venous plasma, so
that one dose of 0.5 mg/kg fills 0.55 of what is left of the fast pool. Mood on these pools is an alternative to the
antidepressant drive of the plasticity stage, in people and in animals.

Source: calibration `two_pool`; form after nunes_singh (a rise and a decay).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    fill = p.k_fill * u.ketamine * (1 - x.a)
    transfer = p.k_slow * x.a * (1 - x.b)
    return {"a": fill - x.a / p.tau_a, "b": transfer - x.b / p.tau_b}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"two_pool_drive": 1 - (1 - x.a) * (1 - x.b)}


BASELINE_TWO_POOL = Component(
    name="baseline_two_pool",
    summary="Phenomenological baseline: a fast and a slow pool of benefit, filled by ketamine in plasma",
    inputs=(Input("ketamine", "uM", "ketamine in venous plasma", wire="venous_ketamine", absent=0.0),),
    states=(
        State("a", "1", "fast pool", bounds=(0, 1)),
        State("b", "1", "slow pool", bounds=(0, 1)),
    ),
    parameters=(
        Parameter("k_fill", "1/(uM*h)", "filling of the fast pool by ketamine", row="two_pool.k_fill"),
        Parameter("tau_a", "h", "life of the fast pool", row="two_pool.tau_a"),
        Parameter("k_slow", "1/h", "filling of the slow pool from the fast one", row="two_pool.k_slow"),
        Parameter("tau_b", "h", "life of the slow pool", row="two_pool.tau_b"),
    ),
    outputs=(Output("two_pool_drive", "1", "antidepressant drive of the two-pool baseline", when_off=0.0),),
    rates=rates,
    readout=readout,
    mechanism="two_pool",
    source="nunes_singh",
)


def mood(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {
        "antidepressant_drive": u.two_pool_drive,
        "antidepressant_behaviour": u.two_pool_drive,
        "fst_immobility": 1 + p.i_stress * p.sigma_0 - p.i_drug * u.two_pool_drive,
    }


TWO_POOL_MOOD = Component(
    name="two_pool_mood",
    summary="Mood on the two pools, whatever happens to receptors, circuit and synapses",
    inputs=(Input("two_pool_drive", "1", "antidepressant drive of the two-pool baseline"),),
    parameters=(
        Parameter("i_drug", "1", "fall of immobility at full drive", row="drive.i_drug"),
        Parameter("i_stress", "1", "rise of immobility at full stress", row="drive.i_stress"),
        Parameter("sigma_0", "1", "stress level that this individual lives under", row="patient.stress"),
    ),
    outputs=(
        Output("antidepressant_drive", "1", "antidepressant effect: 0 untreated, 1 complete"),
        Output("antidepressant_behaviour", "1", "antidepressant-like behaviour: 0 untreated, 1 complete"),
        Output("fst_immobility", "1", "immobility in the forced-swim test relative to health"),
    ),
    readout=mood,
)
