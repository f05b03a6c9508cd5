"""Trials and event tables."""

import pytest

from ketamind.errors import KetamindError
from ketamind.exchange.tables import parse_table
from ketamind.exchange.trial_events import NOT_CARRIED, trial_of, trial_to_events
from ketamind.trials import load_trial, shipped_trials


@pytest.mark.parametrize("name", shipped_trials())
def test_arms_and_visits_of_every_shipped_trial_come_back(name: str) -> None:
    trial = load_trial(name)
    found = trial_of(parse_table(trial_to_events(trial)), trial.name, trial.cohort.population)
    for before, after in zip(trial.arms, found.trial.arms, strict=True):
        assert found.trial.protocol(after).words() == trial.protocol(before).words()
        assert (after.name, after.n, after.kind, after.share) == (before.name, before.n, before.kind, before.share)
    assert (found.trial.visits_h, found.trial.scales) == (tuple(sorted(trial.visits_h)), trial.scales)
    assert set(NOT_CARRIED) <= set(found.losses)


def test_subjects_of_one_arm_are_counted_and_must_be_given_the_same() -> None:
    head = "ID,TIME,AMT,EVID,CMT,ARM,DVNAME\n"
    rows = "1,0,35,1,1,K,.\n1,24,.,2,.,K,madrs\n2,0,35,1,1,K,.\n2,24,.,2,.,K,madrs\n"
    assert trial_of(parse_table(head + rows), "two", "trd").trial.arms[0].n == 2
    with pytest.raises(KetamindError, match=r"line 4 \(subject 2\): arm 'K' is given something else"):
        trial_of(parse_table(head + rows.replace("2,0,35", "2,0,50")), "two", "trd")
