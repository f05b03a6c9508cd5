import json

import numpy as np
import pytest

from ketamind.cortex.meanfield import Constants, Measured, Point, fit, grid, judge, measure, steady_rates
from ketamind.declare import shipped_table
from ketamind.errors import BadValue

REST = np.array([[2.5, 12.0, 5.0, 9.0]])


def synthetic(network, points):
    """Rates that the chain's own equations give, with constants that are not the shipped ones."""
    blank = Measured(tuple(points), REST, np.zeros((1, len(points), 4)), np.array([-55.0, -54.0, -50.0, -53.0]))
    constants = Constants.shipped()
    weak = np.array([row.startswith("rho") for row in constants.rows])
    moved = constants.start + 0.15 * np.sin(np.arange(constants.start.size)) - 1.5 * weak
    return Measured(blank.points, REST, steady_rates(constants.values(moved[None]), blank, network), blank.potential)


def test_the_grid_covers_block_drive_and_wiring_and_repeats():
    points = grid(48)
    assert len(points) == 48
    assert points == grid(48)
    assert min(min(p.nmda_tonic) for p in points) < 0.5
    assert {p.drive != 1 for p in points} == {True, False}
    assert min(p.sst_output for p in points) < 0.7
    with pytest.raises(BadValue, match="a grid of 3 points cannot be fitted"):
        grid(3)


def test_rest_is_an_exact_fixed_point_of_the_equations(starting):
    m = synthetic(starting, [Point()])
    assert m.rates[0, 0] == pytest.approx(REST[0], rel=1e-6)


def test_the_fit_finds_rates_made_by_the_equations(starting, tmp_path):
    m = synthetic(starting, grid(15))
    found = fit(m, starting, starts=1, evaluations=25)
    assert found.within_fitted > 0.95
    assert found.within > 0.7
    assert {f"circuit.{name}" for name in Constants.shipped().rows} < found.rows.keys()
    assert set(found.rows) <= set(shipped_table().names())
    found.save(tmp_path / "fit.json")
    assert json.loads((tmp_path / "fit.json").read_text())["rows"] == found.rows


def test_judging_counts_errors_and_signs():
    points = (Point(), Point())
    m = Measured(points, REST, np.array([[[2.5, 12, 5, 9], [5.0, 6, 2, 9]]]), np.zeros(4))
    out = np.array([False, True])
    right = judge({}, np.array([[2.5, 12, 5, 9], [5.2, 6.2, 2.3, 9.5]]), m, out)
    assert (right.within, right.signs, right.effects) == (1.0, 1.0, 3)
    wrong = judge({}, np.array([[2.5, 12, 5, 9], [2.0, 6.2, 2.3, 9.5]]), m, out)
    assert wrong.within == pytest.approx(0.75)
    assert wrong.signs == pytest.approx(2 / 3)


def test_the_network_is_measured_in_pairs(starting):
    m = measure(starting, [Point(), Point(nmda_tonic=(1, 1, 0.5, 1))], cells=1000, seeds=2, seconds=1.0)
    assert np.array_equal(m.rates[:, 0], m.rest)
    assert (m.rates[:, 1, 2] < m.rest[:, 2]).all()
    assert m.spread.shape == (2, 4)
