"""The calibration: its figures stand, its statistics are those of the closed form, and it stores what it fitted."""

import shutil

import numpy as np
import pytest

from ketamind.declare import read_table
from ketamind.evidence.experiments import shipped_experiments
from ketamind.studies.fit_pharmacokinetics import (
    FREE,
    Bench,
    Curve,
    gmfe,
    is_ketamine,
    predict_one,
    table_path,
    weights,
    write,
)


def test_the_stored_values_keep_their_fold_error():
    experiments = [e for e in shipped_experiments() if e.domain == "pharmacokinetics" and is_ketamine(e)]
    bench = Bench(experiments)
    stored = np.log([bench.model.defaults[name] for name in FREE])
    folds = predict_one(bench, stored) / np.array([e.value for e in experiments])
    assert gmfe(folds) < 1.25
    assert np.mean(np.abs(np.log(folds)) < np.log(2)) > 0.95
    assert weights(experiments).min() > 0


def test_areas_and_half_life_of_an_exponential():
    times = np.concatenate([[0.0], np.linspace(0.01, 48, 3000)])
    curve = Curve(times, 2 * np.exp(-0.2 * times)[:, None])
    assert curve.area()[0] == pytest.approx(10, rel=1e-4)
    assert curve.area(0, 6)[0] == pytest.approx(10 * (1 - np.exp(-1.2)), rel=1e-2)
    assert curve.moment()[0] == pytest.approx(50, rel=1e-3)
    assert curve.half_life(0)[0] == pytest.approx(np.log(2) / 0.2, rel=1e-6)


def test_a_fitted_value_is_stored_in_its_human_row_only(tmp_path):
    path = tmp_path / "table.csv"
    shutil.copy(table_path(), path)
    write(path, {"ketamine.V_c": 21.0})
    before, after = (read_table([p]) for p in (table_path(), path))
    assert after.row("ketamine.V_c").value == 21.0
    assert after.of("mouse").row("ketamine.V_c") == before.of("mouse").row("ketamine.V_c")
    assert after.row("ketamine.V_1") == before.row("ketamine.V_1")
