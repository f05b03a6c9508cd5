"""Derivatives agree with finite differences."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamind.engine.graph import Calculus, equations

sys.path.insert(0, str(Path(__file__).parent))
from toys import functions_model, robertson_model


@pytest.mark.parametrize("make", [functions_model, robertson_model])
@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_jacobian_is_the_derivative_of_the_rates(make, seed):
    model = make()
    known = equations(model.system)
    x = np.random.default_rng(seed).uniform(0.3, 1.0, len(known.states))

    def rates(x):
        return np.array(known.graph.numbers(known.rates, {**model.defaults, **dict(zip(known.states, x, strict=True))}))

    exact = np.zeros((len(x), len(x)))
    at = {**model.defaults, **dict(zip(known.states, x, strict=True))}
    for place, value in zip(known.jacobian, known.graph.numbers(known.jacobian.values(), at), strict=True):
        exact[place] = value
    near = np.column_stack([(rates(x + h) - rates(x - h)) / 2e-6 for h in 1e-6 * np.eye(len(x))])
    assert exact == pytest.approx(near, rel=1e-5, abs=1e-6 * np.abs(exact).max())


def test_the_jacobian_is_sparse_and_a_system_is_differentiated_once():
    system = robertson_model().system
    assert equations(system) is equations(system)
    assert (2, 0) not in equations(system).jacobian


@pytest.mark.parametrize(("a", "b", "by_a"), [(1.0, 2.0, 0.0), (3.0, 2.0, 1.0)])
def test_a_kink_has_the_derivative_of_the_branch_taken(a, b, by_a):
    graph = Calculus()
    (found,) = graph.derivatives([np.maximum(graph.symbol("a"), graph.symbol("b"))], ["a", "b"])
    assert [float(v) for v in graph.numbers([found[0], found[1]], {"a": a, "b": b})] == [by_a, 1 - by_a]
