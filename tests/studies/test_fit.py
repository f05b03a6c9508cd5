"""Fit of pharmacokinetics: a population of known parameters is found again; figures and messages."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ketamind.errors import KetamindError
from ketamind.exchange.population import people, people_to_events, read_people
from ketamind.exchange.tables import parse_table
from ketamind.protocols import parse_protocol
from ketamind.studies.fit import Design, Fit, Linear, Subject, check, fit, simulated_people

TRUTH = {"CL": (1.3, 0.3), "V_1": (1.2, 0.3)}
TIMES_H = (0.25, 0.5, 0.667, 1.0, 1.5, 2.5, 4.0, 6.0, 9.0)
ERROR = 0.15
EXAMPLE = Path(__file__).parents[2] / "examples" / "ketamine_population.csv"


@pytest.fixture(scope="module")
def crowd() -> tuple[Subject, ...]:
    weights = np.random.default_rng(3).normal(75, 12, 40).clip(45, 120)
    protocol = parse_protocol("0.5 mg/kg ketamine iv over 40 min")
    return simulated_people([protocol] * 40, weights, TIMES_H, TRUTH, ERROR, 4)


@pytest.fixture(scope="module")
def found(crowd: tuple[Subject, ...]) -> Fit:
    return fit(crowd, tuple(TRUTH))


def test_known_parameters_are_found_again(found: Fit) -> None:
    assert found.converged
    assert found.population
    for k, (factor, spread) in enumerate(TRUTH.values()):
        assert abs(found.mu[k] - np.log(factor)) < 3 * found.se[k] < 0.3
        assert found.omega[k] == pytest.approx(spread, rel=0.35)
    assert found.sigma[0] == pytest.approx(ERROR, rel=0.15)


def test_residuals_are_standard_and_shrinkage_small(found: Fit) -> None:
    assert abs(found.residuals.mean()) < 0.1
    assert 0.8 < found.residuals.std() < 1.1
    assert (found.shrinkage < 0.3).all()


def test_slopes_are_the_derivatives_of_predictions(crowd: tuple[Subject, ...]) -> None:
    design = Design(crowd[:3], tuple(TRUTH))
    phi = np.full((3, 2), 0.1)
    slopes = design.slopes(phi, design.predict(phi))
    for k in range(2):
        shift = 1e-3 * np.eye(2)[k]
        numeric = (design.predict(phi + shift) - design.predict(phi - shift)) / 2e-3
        assert slopes[:, k] == pytest.approx(numeric, abs=2e-3)


def test_the_linear_model_has_the_likelihood_of_a_multivariate_normal(crowd: tuple[Subject, ...]) -> None:
    from scipy.stats import multivariate_normal

    design = Design(crowd[:2], tuple(TRUTH))
    phi = np.zeros((2, 2))
    logs = design.predict(phi)
    slopes = design.slopes(phi, logs)
    omega, sigma, mu = np.array([0.3, 0.2]), np.array([0.15]), np.array([0.1, -0.1])
    value = Linear(design, slopes, logs, phi).minus_two_log_likelihood(omega, sigma, mu)[0]
    expected = 0.0
    for i in range(2):
        mine = design.owner == i
        J, z = slopes[mine], design.logs[mine] - logs[mine]
        covariance = (J * omega**2) @ J.T + sigma[0] ** 2 * np.eye(len(z))
        expected -= 2 * multivariate_normal(J @ mu, covariance).logpdf(z)
    assert value == pytest.approx(expected, rel=1e-9)


def test_a_visual_check_of_the_truth_covers_what_was_seen(found: Fit) -> None:
    (one,) = check(found, replicates=60)
    inside = (one.seen[1] >= one.simulated[0, 1]) & (one.seen[1] <= one.simulated[2, 1])
    assert inside.mean() > 0.7
    assert (one.simulated[0] <= one.simulated[2]).all()
    assert (one.seen[0] <= one.seen[2]).all()


def test_one_person_is_fitted_with_the_table_as_prior(crowd: tuple[Subject, ...]) -> None:
    own = fit(crowd[:1], tuple(TRUTH))
    assert not own.population
    assert np.allclose(own.mu, 0)
    error = {"own": np.abs(own.residuals).mean()}
    typical = np.abs(own.design.logs - own.typical_logs).mean() / own.sigma[0]
    assert error["own"] <= typical
    assert "fixed" in own.as_text()


def test_subjects_come_back_from_their_event_table(crowd: tuple[Subject, ...]) -> None:
    for names in ("nonmem", "adppk"):
        back, losses = people(parse_table(people_to_events(crowd, names=names)))
        assert losses == ()
        for before, after in zip(crowd, back, strict=True):
            assert after.protocol == before.protocol
            assert after.times_h == before.times_h
            assert after.concentrations == pytest.approx(before.concentrations, rel=1e-4)
            assert after.values == before.values


def test_units_and_limits_of_samples() -> None:
    table = "ID,TIME,AMT,RATE,EVID,DV,DVU,BLQFN,HEIGHT\n1,0,35,52.5,1,.,.,.,180\n"
    table += "1,1,.,.,0,118.865,ng/mL,0,180\n1,2,.,.,0,250,nM,0,180\n1,9,.,.,0,0.001,uM,1,180\n2,0,35,1,1,.,.,.,170\n"
    (one,), losses = people(parse_table(table))
    assert one.concentrations == pytest.approx((0.5, 0.25))
    assert losses == (
        "1 samples at or below the limit of quantification",
        "1 subjects without a dose or a sample",
        "covariates that the model does not know: HEIGHT",
    )


def test_samples_of_one_compartment_are_the_usual_observable_and_of_several_told_apart() -> None:
    head = "ID,TIME,AMT,RATE,EVID,DV,CMT\n1,0,35,52.5,1,.,2\n"
    (one,), _ = people(parse_table(head + "1,1,.,.,0,0.5,2\n"), observable="arterial_ketamine")
    assert one.observables == ("arterial_ketamine",)
    assert one.protocol.words() == "35 mg ketamine iv over 40 min"
    (two,), _ = people(parse_table(head + "1,1,.,.,0,0.5,1\n1,2,.,.,0,0.3,12\n"))
    assert two.observables == ("venous_ketamine", "venous_norketamine")


HEAD = "ID,TIME,AMT,RATE,EVID,DV,DVU,DVNAME,CMT\n1,0,35,52.5,1,.,.,.,1\n"
MALFORMED = {
    "unit of no concentration": ("1,1,.,.,0,0.5,mg,.,.\n", "line 3 (subject 1): DVU 'mg' of venous_ketamine"),
    "unknown sample": (
        "1,1,.,.,0,0.5,uM,.,77\n1,2,.,.,0,0.5,uM,.,1\n",
        "line 3 (subject 1): CMT 77 is not a compartment that is sampled",
    ),
    "unknown analyte": ("1,1,.,.,0,0.5,uM,caffeine,.\n", "'venous_caffeine' is not a concentration of this model"),
    "text for a sample": ("1,1,.,.,0,high,uM,.,.\n", "line 3: DV 'high' is not a number"),
    "no samples": ("", "there is nobody to fit"),
}


@pytest.mark.parametrize(("rows", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_samples_give_one_message(rows: str, message: str) -> None:
    with pytest.raises(KetamindError) as caught:
        fit(people(parse_table(HEAD + rows, "'data.csv'"))[0])
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("names", "message"),
    [(("CLX",), "'CLX' is not a quantity"), ((), "at least one quantity"), (("CL", "ketamine.CL_int_s"), "each once")],
)
def test_quantities_that_cannot_be_fitted(crowd: tuple[Subject, ...], names: tuple[str, ...], message: str) -> None:
    with pytest.raises(KetamindError, match=message):
        fit(crowd[:2], names)


def test_the_example_is_fitted_and_its_report_written(tmp_path: Path) -> None:
    from ketamind.report.fit_report import write_fit_report

    subjects, losses = read_people(EXAMPLE)
    found = fit(subjects, ("CL", "V_1"), losses=losses)
    assert found.converged
    assert (found.se < 0.2).all()
    path = write_fit_report(found, tmp_path)
    assert "Visual predictive check" in path.read_text()
    for name in ("goodness_of_fit.svg", "visual_predictive_check.png", "result.json"):
        assert (tmp_path / name).stat().st_size > 1000


def test_the_command_refuses_bad_input_with_one_line(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("ID,TIME\n1,0\n")
    done = subprocess.run(
        [sys.executable, "-c", "from ketamind.cli import main; main()", "fit", str(data)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "nobody to fit" in done.stderr
