"""A trial beside its publication."""

import numpy as np
import pytest

from ketamind.errors import BadFile, KetamindError
from ketamind.evidence.experiments import shipped_experiments
from ketamind.studies.published import compare
from ketamind.studies.trials import read_ensemble, report_trial, trial
from ketamind.trials import load_trial, read_trial
from trials.test_declaration import GOOD


@pytest.fixture(scope="module")
def murrough():
    return report_trial(load_trial("murrough_2013"), 400, seed=1)


def test_each_published_number_is_that_of_the_table(murrough):
    known = {e.id: e.value for e in shipped_experiments()}
    for c in murrough.comparisons:
        assert c.published == known[c.experiment]
        assert c.low <= c.simulated <= c.high


def test_the_range_is_that_of_means_of_the_published_size(murrough):
    change = next(c for c in murrough.comparisons if c.what == "change of madrs" and c.arm == "ketamine")
    moments = murrough.data.arms["ketamine"].changes["madrs_24h"]
    assert change.simulated == pytest.approx(moments.mean)
    assert change.high - change.low == pytest.approx(2 * 1.96 * moments.sd / np.sqrt(47), rel=0.08)


def test_a_difference_of_two_publications():
    found = trial("berman_2000", 200)
    first = found.comparisons[0]
    assert first.primary
    assert first.published == -14.0
    assert first.experiment == "berman2000-hdrs25-72h-ket - berman2000-hdrs25-72h-sal"


def test_what_served_to_calibrate_is_marked():
    marked = {c.experiment: c.calibrated_on for c in trial("grunebaum_2018", 200).comparisons}
    assert marked["grunebaum2018-ssi-diff"]
    assert not marked["grunebaum2018-resp-mdz"]


def test_no_published_outcome_enters_the_simulation(murrough):
    from dataclasses import replace

    bare = replace(load_trial("murrough_2013"), published=())
    again = report_trial(bare, 400, seed=1)
    for name, arm in murrough.data.arms.items():
        np.testing.assert_array_equal(arm.kept["madrs_24h"], again.data.arms[name].kept["madrs_24h"])


def test_an_ensemble_widens_the_range(murrough, tmp_path):
    path = tmp_path / "draws.csv"
    path.write_text("depression.beta\n0.2\n0.9\n", encoding="utf-8")
    doubtful = report_trial(load_trial("murrough_2013"), 400, seed=1, ensemble=read_ensemble(path))
    for one, other in zip(murrough.comparisons, doubtful.comparisons, strict=True):
        if one.arm == "ketamine":
            assert other.high - other.low > 1.1 * (one.high - one.low)
            assert other.simulated == one.simulated
    power = {p.per_arm: p.power for p in murrough.analysis.power}
    assert doubtful.assurance.keys() == power.keys()
    assert 0.05 < doubtful.assurance[50] < 1
    assert not murrough.assurance
    path.write_text("depression.beta\nmuch\n", encoding="utf-8")
    with pytest.raises(BadFile, match="cannot be read as draws"):
        read_ensemble(path)
    with pytest.raises(KetamindError, match=r"Did you mean 'depression.beta'"):
        report_trial(load_trial("murrough_2013"), 400, ensemble=({"depression.betta": 1.0},))


def test_a_result_that_the_trial_does_not_read_is_refused(murrough):
    e = next(e for e in shipped_experiments() if e.id == "lii2023-madrs-ket-d5")
    with pytest.raises(KetamindError, match="which this trial does not read"):
        compare(murrough.trial.published[1], e, murrough.data, 1)


def test_a_publication_that_is_not_shipped_is_named_nearest():
    text = GOOD + '[[published]]\nexperiment = "murrough2013a-madrs24-kat"\narm = "ketamine"\n'
    with pytest.raises(KetamindError, match="Did you mean 'murrough2013a-madrs24-ket'"):
        report_trial(read_trial(text), 40)


def test_unrated_patients_are_left_out_or_count_as_failures():
    from dataclasses import replace

    from ketamind.studies.published import _values, row_of
    from ketamind.trials.trial import Published

    trial = load_trial("stard_level_1")
    row = next(p for p in trial.published if p.primary)
    assert row.missing_fails
    e = row_of(row)
    columns = {"hamd17_0h": np.array([20.0, 20.0, 20.0]), "hamd17_2352h": np.array([5.0, 15.0, np.nan])}
    assert _values(row, e, columns, trial).tolist() == [100.0, 0.0, 0.0]
    rated = _values(replace(row, missing_fails=False), e, columns, trial)
    assert rated[:2].tolist() == [100.0, 0.0]
    assert np.isnan(rated[2])
    assert Published("a", "b").missing_fails is False
