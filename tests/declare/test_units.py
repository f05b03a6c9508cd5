"""Units: parsing, conversion and what an equation may combine."""

import pytest

from ketamind.declare.expression import Graph
from ketamind.declare.units import convert, describe, infer, unit
from ketamind.errors import BadValue, UnitMismatch


@pytest.mark.parametrize(
    ("value", "given", "wanted", "expected"),
    [
        (1, "1/s", "1/h", 3600),
        (250, "nM", "uM", 0.25),
        (2, "min", "h", 1 / 30),
        (50, "%", "1", 0.5),
        (7, "day", "h", 168),
    ],
)
def test_conversions(value, given, wanted, expected):
    assert convert(value, given, wanted) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["parrot", "1/(", "uM**", "3 4", "uM/"])
def test_a_malformed_unit_is_one_clear_error(name):
    with pytest.raises(BadValue, match="is not a unit"):
        unit(name)


def test_conversion_between_different_things_is_refused():
    with pytest.raises(BadValue, match="measure different things"):
        convert(1, "uM", "mV")


def test_usual_units_are_named_as_usual():
    assert [describe(unit(n)) for n in ("1/(uM*h)", "umol/h", "mV", "1")] == ["1/(uM*h)", "umol/h", "mV", "1"]


def test_terms_of_different_scale_do_not_add():
    graph = Graph()
    total = graph.symbol("fast") + graph.symbol("slow")
    with pytest.raises(UnitMismatch, match=r"here adds `fast` in 1/ms and `slow` in 1/h"):
        infer(graph, [total], {"fast": unit("1/ms"), "slow": unit("1/h")}, "here")


def test_exponents_must_be_plain_numbers():
    graph = Graph()
    with pytest.raises(UnitMismatch, match="must be in 1"):
        infer(graph, [2 ** graph.symbol("V")], {"V": unit("mV")}, "here")


def test_zero_fits_any_unit():
    graph = Graph()
    assert infer(graph, [graph.constant(0.0)], {}, "here") == [None]
