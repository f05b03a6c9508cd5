"""The demonstration is the shipped trial, as the trial layer runs it."""

import json

import pytest

from ketamind.report.demo_report import write_demo_report
from ketamind.studies.demo import run_demo
from ketamind.studies.trials import report_trial
from ketamind.trials import load_trial


@pytest.fixture(scope="module")
def demo():
    told = []
    found = run_demo(60, seed=2, progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (240, 240)
    assert [d for d, _ in told] == sorted(d for d, _ in told)
    return found


def test_its_numbers_are_those_of_the_trial(demo):
    again = report_trial(load_trial("murrough_2013"), 120, seed=2)
    assert demo.comparisons == again.comparisons
    assert len(demo.comparisons) == 5


def test_its_runs_are_of_the_same_patients(demo):
    table = next(iter(demo.report.outcome.tables())).to_pandas()
    one = table[table["arm"] == "ketamine"]
    rated = one.set_index("patient")["madrs_0h"]
    rated = rated[rated.index < 60]
    true = demo.arms["ketamine"]["madrs"].sel(patient=rated.index.to_numpy()).isel(time=0).to_numpy()
    # a rating errs by 3 points; other patients would differ by 6 more
    assert (rated.to_numpy() - true).std() < 4.5


def test_text_and_json(demo):
    rows = json.loads(json.dumps(demo.as_json(), allow_nan=False))["comparisons"]
    assert {"published", "simulated", "difference", "low", "high", "inside"} <= set(rows[0])
    assert "published" in demo.as_text()
    assert "not medical advice" in demo.as_text().lower()


def test_the_report_is_written(tmp_path):
    from ketamind.report.demo_report import OBSERVED

    path = write_demo_report(run_demo(20, observe=OBSERVED), tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "Murrough 2013" in text
    assert {p.name for p in tmp_path.iterdir()} >= {"report.html", "madrs.svg", "chain.png", "ketamine.nc"}
