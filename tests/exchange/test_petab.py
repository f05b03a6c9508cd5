"""The calibration as a PEtab problem: valid, and the same objective in pyPESTO as here."""

from pathlib import Path

import numpy as np
import pytest

from ketamind.errors import KetamindError
from ketamind.exchange.extras import quiet
from ketamind.exchange.petab import Problem, lint, problem, to_petab
from ketamind.exchange.sbml import sid

petab = pytest.importorskip("petab.v1")
pytest.importorskip("libsbml")


@pytest.fixture(scope="module")
def given() -> Problem:
    return problem()


@pytest.fixture(scope="module")
def yaml(given: Problem, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return to_petab(tmp_path_factory.mktemp("petab"), given)


def test_the_linter_finds_nothing(yaml: Path) -> None:
    assert lint(yaml)


def test_the_linter_would_find_something(yaml: Path, tmp_path: Path) -> None:
    for file in yaml.parent.iterdir():
        text = file.read_text().replace("ketamine__V_c\tketamine.V_c", "ketamine__V_x\tketamine.V_c")
        (tmp_path / file.name).write_text(text)
    assert not lint(tmp_path / "problem.yaml")


def test_what_is_lost_is_counted(given: Problem, yaml: Path) -> None:
    assert len(given.measurements) > 100
    assert given.losses[0] in (yaml.parent / "README.txt").read_text()


def test_likelihood_is_what_petab_computes_from_our_simulation(given: Problem, yaml: Path) -> None:
    with quiet():
        loaded = petab.Problem.from_yaml(str(yaml))
        simulated = loaded.measurement_df.rename(columns={"measurement": "simulation"})
        simulated = simulated.assign(simulation=given.simulate(given.nominal))
        llh = petab.calculate_llh(loaded.measurement_df, simulated, loaded.observable_df, loaded.parameter_df)
    assert -llh == pytest.approx(given.objective(given.nominal, priors=False), rel=1e-9)


def test_objective_of_pypesto_equals_ours(given: Problem, yaml: Path) -> None:
    pytest.importorskip("roadrunner")
    importer = pytest.importorskip("pypesto.petab")
    with quiet():
        loaded = petab.Problem.from_yaml(str(yaml))
        theirs = importer.PetabImporter(loaded, simulator_type="roadrunner").create_problem()
        draw = np.random.default_rng(1)
        for spread in (0.0, 0.1):
            values = {n: v * float(np.exp(spread * draw.standard_normal())) for n, v in given.nominal.items()}
            by_id = {sid(n): np.log(v) for n, v in values.items()}
            point = np.array([by_id[name] for name in theirs.x_names])
            assert theirs.objective(point) == pytest.approx(given.objective(values), rel=1e-6)


def test_a_parameter_that_is_not_free_is_refused(given: Problem) -> None:
    with pytest.raises(KetamindError, match="not a free parameter"):
        given.simulate({"ketamine.V_x": 1.0})


def test_experiments_without_a_concentration_are_refused() -> None:
    from ketamind.evidence.experiments import shipped_experiments

    others = [e for e in shipped_experiments() if e.domain == "clinical"]
    with pytest.raises(KetamindError, match="none of the experiments"):
        problem(others)
