"""Calibration: priors, emulator, likelihood, sampling and recovery on worlds that are known."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamind.declare import shipped_table
from ketamind.errors import UnknownName
from ketamind.evidence.experiments import shipped_experiments
from ketamind.evidence.hypotheses import SHIPPED, load_hypothesis
from ketamind.studies.calibrate import plans, stage_of, stored, stored_draws, text_of
from ketamind.studies.calibrate.crossvalidate import cross_validate
from ketamind.studies.calibrate.emulator import fit_emulator
from ketamind.studies.calibrate.likelihood import Results, agrees
from ketamind.studies.calibrate.posterior import Runs, ascend, run, sample
from ketamind.studies.calibrate.priors import Prior
from ketamind.studies.calibrate.recovery import coverage
from ketamind.studies.calibrate.stages import plan_of


@given(st.floats(0.1, 10), st.floats(1.1, 50), st.floats(0.05, 0.95), st.floats(-6, 6), st.floats(-6, 6))
def test_a_prior_keeps_to_its_range_and_rises_with_the_score(low, fold, share, one, other):
    high = low * fold
    prior = Prior("x.y", low + share * (high - low), low, high)
    a, b = prior.value(np.array([min(one, other), max(one, other)]))
    assert low * (1 - 1e-9) <= a <= b <= high * (1 + 1e-9)
    assert prior.value(np.array([0.0]))[0] == pytest.approx(prior.median)


def test_an_emulator_finds_a_quadratic():
    rng = np.random.default_rng(1)
    z = rng.standard_normal((200, 4))
    y = 2 + z[:, 0] - 0.5 * z[:, 1] + 0.3 * z[:, 2] ** 2
    emulator = fit_emulator(z, np.array([y, np.full(200, np.nan)]))
    new = rng.standard_normal((50, 4))
    truth = 2 + new[:, 0] - 0.5 * new[:, 1] + 0.3 * new[:, 2] ** 2
    assert np.abs(emulator(new)[:, 0] - truth).max() < 0.05
    assert np.isinf(emulator.error[1])


def made_up_runs(seed: int, parameters: int = 4, results: int = 24) -> tuple[Runs, np.ndarray]:
    """Runs of a linear model with a known truth; two results a study."""
    rng = np.random.default_rng(seed)
    slopes = rng.standard_normal((results, parameters))
    truth = 0.8 * rng.standard_normal(parameters)
    scale = np.full(results, 0.5)
    target = slopes @ truth + scale * rng.standard_t(4, results)
    questions = tuple(
        SimpleNamespace(experiment=shipped_experiments()[0], statistic=SimpleNamespace(name="value")) for _ in target
    )
    nothing = np.full(results, np.nan)
    made = Results(questions, target, nothing, nothing, scale, np.ones(results))  # type: ignore[arg-type]
    z = rng.standard_normal((120, parameters))
    return Runs(made, z, slopes @ z.T), truth


def test_the_sampler_finds_the_posterior_of_a_linear_world():
    runs, truth = made_up_runs(3)
    chain, _ = sample(runs, 1, steps=1000, burn=500)
    flat = chain.reshape(-1, truth.size)
    assert np.all(np.abs(flat.mean(axis=0) - truth) < 4 * flat.std(axis=0))
    assert np.all(flat.std(axis=0) < 0.5)


def test_known_parameters_are_held_by_their_intervals():
    runs, _ = made_up_runs(5, results=30)
    held, of = coverage(runs, 2, worlds=12)
    assert of >= 30
    assert held > 0.75


def test_signs_agree_by_the_rules_of_the_scoreboard():
    stage = stage_of(plan_of("circuit"), load_hypothesis(SHIPPED))
    chosen = [e for e in stage.experiments if e.statistic == "peak_sign" and e.species == "rat"][:2]
    small = SimpleNamespace(**{**stage.__dict__, "experiments": tuple(chosen)})
    runs = run(small, np.zeros((2, len(stage.priors))))  # type: ignore[arg-type]
    wanted = np.array([e.value for e in chosen])
    assert agrees(runs.results, 5 * wanted).all()
    assert np.allclose(runs.predictions[:, 0], runs.predictions[:, 1])


def test_ascent_never_goes_downhill_on_a_small_stage():
    whole = stage_of(plan_of("plasticity"), load_hypothesis(SHIPPED))
    few = tuple(e for e in whole.experiments if e.observable == "p_eef2")[:3]
    small = SimpleNamespace(**{**whole.__dict__, "experiments": few, "priors": whole.priors[:3]})
    before = run(small, np.zeros((1, 3))).log_posterior()[0]  # type: ignore[arg-type]
    z = ascend(small, 1, 1, lambda _: None)  # type: ignore[arg-type]
    assert run(small, z[None]).log_posterior()[0] >= before - 1e-9  # type: ignore[arg-type]


def test_priors_name_rows_of_the_tables_within_their_ranges():
    table = shipped_table()
    for plan in plans():
        assert len({p.name for p in plan.priors}) == len(plan.priors)
        for prior in plan.priors:
            row = table.row(prior.name)
            assert prior.unit == row.unit
            assert prior.low <= prior.median <= prior.high, prior.name


def test_what_is_kept_reads_back():
    for plan in plans():
        kept = stored(plan.name, SHIPPED)
        if kept is None:
            continue
        draws = stored_draws(plan.name, SHIPPED)
        assert set(draws) == {p["parameter"] for p in kept["parameters"]}
        for prior in plan.priors:
            room = 1e-4 * (prior.high - prior.low)
            assert (draws[prior.name] >= prior.low - room).all()
            assert (draws[prior.name] <= prior.high + room).all()
        assert kept["cross_validation"]["compared"] > 0
        assert plan.name in text_of(kept)


def test_cross_validation_counts_every_result_once():
    runs, _ = made_up_runs(7)
    found = cross_validate(runs, 1, folds=1 + 1)
    assert found.compared == len(runs.results.weight)


def test_an_unknown_stage_is_named():
    with pytest.raises(UnknownName, match="plasticity"):
        plan_of("plasticty")


def test_bad_input_of_the_command_is_one_message():
    code = "from ketamind.cli import main; main()"
    for words in (["--stage", "plasticty"], ["--effort", "nan"], ["--hypothesis", "no_such"]):
        done = subprocess.run([sys.executable, "-c", code, "calibrate", *words], capture_output=True, text=True)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert not done.stdout


def test_show_prints_json():
    code = "from ketamind.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "calibrate", "--show", "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        assert json.loads(done.stdout)["calibrations"]
    else:
        assert "no calibration" in done.stderr
