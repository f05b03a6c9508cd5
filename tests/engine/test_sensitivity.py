"""Sensitivities agree with closed forms and with finite differences."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ketamind.engine import Batch, Options, Schedule, Step, sensitivities, solve
from ketamind.errors import UnknownName

sys.path.insert(0, str(Path(__file__).parent))
from synthetic import INFUSIONS, synthetic_model
from toys import decay_model, functions_model

TIGHT = Options(rtol=1e-9)


@pytest.mark.parametrize("engine", ["compiled", "oracle"])
def test_decay_has_known_sensitivities(engine):
    t = np.array([0.0, 1.0, 4.0])
    batch = Batch(t, ["decay.A", "twice"], values={"toy.k": [0.5, 1.5]}, rest=False)
    found = sensitivities(decay_model(), batch, ["toy.k", "toy.A0"], replace(TIGHT, engine=engine))
    assert found.values.shape == (3, 2, 2, 2)
    for i, k in enumerate((0.5, 1.5)):
        assert found.values[:, i, 0, 0] == pytest.approx(-3 * t * np.exp(-k * t), abs=1e-7)
        assert found.values[:, i, 1, 1] == pytest.approx(2 * np.exp(-k * t), abs=1e-7)


def test_a_steady_state_moves_with_its_parameters():
    events = Schedule(steps=(Step(0, 1, "inflow", 2.0),))
    found = sensitivities(decay_model(), Batch([0.0, 1.0], ["decay.A"], events), ["toy.k"], TIGHT)
    k = 0.5
    by_k = -2 / k**2 * (1 - np.exp(-k)) + 2 / k * np.exp(-k)
    assert found.values[:, 0, 0, 0] == pytest.approx([0.0, by_k], abs=1e-7)


@pytest.mark.parametrize(
    ("model", "batch", "parameters"),
    [
        (functions_model(), Batch([0.5, 2.0], ["mix", "functions.v"], rest=False), ["toy.k"]),
        (
            synthetic_model(),
            Batch([1.0, 24.0, 336.0], ["blood_r", "mood", "calcium"], INFUSIONS),
            ["circuit.gain", "r.k_a", "slow.k_spines", "r.v_max"],
        ),
    ],
    ids=["functions", "chain"],
)
def test_they_are_the_limit_of_finite_differences(model, batch, parameters):
    exact = sensitivities(model, batch, parameters, TIGHT).values[:, 0]
    for k, name in enumerate(parameters):
        step = 1e-4 * model.defaults[name]
        sides = [model.defaults[name] - step, model.defaults[name] + step]
        low, high = solve(model, replace(batch, values={name: sides}), Options(rtol=1e-11)).values.transpose(1, 0, 2)
        scale = np.abs(high).max(axis=0) / model.defaults[name]
        assert exact[:, :, k] / scale == pytest.approx((high - low) / (2 * step) / scale, abs=3e-6)


def test_unknown_parameters_are_named():
    with pytest.raises(UnknownName, match=r"Did you mean 'toy\.k'"):
        sensitivities(decay_model(), Batch([1.0], ["decay.A"]), ["toy.kk"])
