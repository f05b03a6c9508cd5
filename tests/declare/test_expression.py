"""Expressions: tracing gives the numbers that the same function gives on numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamind.declare.expression import Graph, text

NUMBERS = st.floats(-3, 3, allow_nan=False)


def formula(a, b):
    return np.exp(-(a**2)) * (b - 2) / (1 + np.abs(a)) + np.maximum(a, b) - np.tanh(np.minimum(a, 3 * b))


@given(NUMBERS, NUMBERS)
def test_a_traced_formula_evaluates_to_what_the_plain_one_gives(a, b):
    graph = Graph()
    traced = formula(graph.symbol("a"), graph.symbol("b"))
    assert graph.evaluate([traced], {"a": a, "b": b})[0] == pytest.approx(formula(a, b), abs=1e-12)


def test_equal_expressions_are_stored_once():
    graph = Graph()
    a, b = graph.symbol("a"), graph.symbol("b")
    assert (a * b + 1).id == (graph.symbol("a") * graph.symbol("b") + 1).id


def test_constants_fold_and_neutral_elements_vanish():
    graph = Graph()
    a = graph.symbol("a")
    assert (a * 0).number == 0
    assert (a * 1 + 0).id == a.id
    assert np.exp(graph.constant(1.0)).number == math.e


def test_substitution_replaces_symbols_everywhere():
    graph = Graph()
    a, b = graph.symbol("a"), graph.symbol("b")
    assert graph.evaluate([graph.substitute(a * a + b, {"a": b + 1})], {"b": 2.0}) == [11.0]


def test_branching_and_foreign_functions_are_refused():
    graph = Graph()
    with pytest.raises(TypeError, match="may not branch"):
        bool(graph.symbol("a"))
    with pytest.raises(TypeError, match=r"may not use numpy\.sin"):
        np.sin(graph.symbol("a"))


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda a, b: a - (b - 1), "a - (b - 1)"),
        (lambda a, b: a / (b * 2), "a / (b * 2)"),
        (lambda a, b: (a + b) ** 2, "(a + b)**2"),
        (lambda a, b: a * -(a + b), "a * (-(a + b))"),
    ],
)
def test_formulas_print_with_the_brackets_they_need(build, expected):
    graph = Graph()
    assert text(build(graph.symbol("a"), graph.symbol("b"))) == expected
