"""Claims: verdicts are computed, and change when a mechanism does."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from evidence.rows import row
from ketamind.errors import BadFile, UnknownName
from ketamind.evidence.hypotheses import SHIPPED, load_hypothesis, shipped_hypotheses
from ketamind.report.claims_report import write_claims_report
from ketamind.studies import claims as module
from ketamind.studies import generated
from ketamind.studies.claim_files import Check, Control, fnmatchcase, read_tests, shipped_claims
from ketamind.studies.claim_tests import Reading, Shown
from ketamind.studies.claims import CONTRADICTED, SHOWN, SOME, Finding, Verdict, claims, stored
from ketamind.studies.compare import all_experiments

CLAIM = shipped_claims()[0]
CHECK = Check(says="it falls", observable="madrs", statistic="difference", below=-2.0, control=Control(says="no drug"))
YES = Shown(CHECK, Reading(-8.0, -8.0), Reading(-0.1, -0.1), "points")
NO = Shown(CHECK, Reading(-1.0, -1.0), Reading(-0.1, -0.1), "points")
NOT_ABOLISHED = Shown(CHECK, Reading(-8.0, -8.0), Reading(-7.0, -7.0), "points")


def finding(study, supports):
    return Finding(row(id=f"{study}-x", citation=study), supports)


def verdict(tested, *findings):
    return Verdict(CLAIM, {name: (shown,) for name, shown in tested.items()}, (), tuple(findings))


def test_the_verdict_follows_from_hypotheses_and_papers():
    assert verdict({"a": YES, "b": YES}).verdict == SHOWN
    assert verdict({"a": YES, "b": NO}).verdict == SOME
    assert verdict({"a": YES, "b": NOT_ABOLISHED}).holders == ("a",)
    assert verdict({"a": NO, "b": NOT_ABOLISHED}).verdict == CONTRADICTED
    assert verdict({"a": YES}, finding("one", True), finding("two", False)).verdict == SHOWN
    assert verdict({"a": YES}, finding("one", False)).contradicted_by == ("one",)


def test_studies_are_weighed_and_not_rows():
    many = [Finding(row(id=f"one-{i}", citation="one"), False) for i in range(5)]
    assert verdict({"a": YES}, *many, finding("two", True)).verdict == SHOWN


@pytest.mark.parametrize(
    ("control", "size", "abolished"),
    [
        (Control(says="x"), -2.0, True),
        (Control(says="x"), -3.0, False),
        (Control(says="x"), 5.0, True),
        (Control(says="x", left_below=0.67), -5.0, True),
        (Control(says="x", left_above=0.8), -7.0, True),
        (Control(says="x", left_above=0.8), -2.0, False),
    ],
)
def test_a_control_must_leave_what_it_says(control, size, abolished):
    check = CHECK.model_copy(update={"control": control})
    assert Shown(check, Reading(-8.0, -8.0), Reading(size, size), "").abolished is abolished


def test_a_check_without_a_number_does_not_hold():
    assert not Shown(CHECK, Reading(None, None, "no such output"), Reading(0.0, 0.0), "").holds
    assert not Shown(CHECK, Reading(0.0, 0.0), Reading(0.0, 0.0), "").passes


def test_every_claim_of_the_seed_has_checks_and_every_pattern_finds_papers():
    ids = [e.id for e in all_experiments()]
    patterns = [(c.id, p) for c in shipped_claims() for evidence in c.test.evidence for p in evidence.rows]
    assert [p for p in patterns if not any(fnmatchcase(i, p[1]) for i in ids)] == []
    assert all(c.test.check and c.test.evidence for c in shipped_claims())
    assert all(any(check.control for check in c.test.check) for c in shipped_claims())


@pytest.fixture(scope="module")
def dissociation():
    """A claim about NMDA receptors, under the shipped model and under one without them."""
    whole = load_hypothesis(SHIPPED)
    without = replace(whole.less(["nmda"]), name="no_nmda")
    return {h.name: claims(["dissociation"], hypotheses=[h]).verdicts[0] for h in (whole, without)}


def test_changing_a_mechanism_changes_the_verdict(dissociation):
    assert dissociation[SHIPPED].verdict == SHOWN
    assert dissociation["no_nmda"].verdict == CONTRADICTED
    assert any("dissociation is there" in words for words in dissociation["no_nmda"].contradicted_by)


def test_a_claim_travels_with_curves_controls_and_papers(dissociation):
    told = json.loads(json.dumps(dissociation[SHIPPED].as_json(), allow_nan=False))
    assert {"id", "timestamp", "claim", "verdict", "shown", "control", "for", "against", "curves"} <= set(told)
    curve = next(c for c in told["curves"] if c["observable"] == "cadss")
    assert len(curve["x"]) == len(curve["shown"]) == len(curve["control"]) == 61
    assert max(curve["shown"]) > 3 > max(curve["control"])
    assert curve["unit"] == "points"
    assert told["control"][0]["as_it_must"]
    assert "van Schalkwyk 2018" in [f["citation"] for f in told["for"]]


def test_what_is_stored_holds_all_claims_in_order_under_all_hypotheses():
    found = stored()
    assert [v.claim.id for v in found.verdicts] == [c.id for c in shipped_claims()]
    assert set(found.stamps) == {h.name for h in shipped_hypotheses()}
    assert {v.verdict for v in found.verdicts} <= {SHOWN, SOME, CONTRADICTED}
    assert all(v.curves for v in found.verdicts)
    decomposed = next(v for v in found.verdicts if v.claim.id == "rapid-by-nmda-and-mor")
    assert {len(p.without) for p in decomposed.parts} == {1, 2}


def test_the_baseline_is_silent_on_cells():
    found = next(v for v in stored().verdicts if v.claim.id == "interneuron-block")
    assert "two_pool" in found.silent


def test_the_report_tells_each_claim_with_its_moment(tmp_path):
    found = stored()
    some = replace(found, verdicts=found.verdicts[:2] + found.verdicts[11:13])
    text = write_claims_report(some, tmp_path).read_text(encoding="utf-8")
    assert re.findall(r"<h2>(\d\d:\d\d:\d\d) ", text) == ["00:46:00", "00:46:00", "01:10:00", "01:34:00"]
    assert text.count("<svg") == 4
    assert len(json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))["claims"]) == 4


@pytest.fixture
def by_hand(monkeypatch, tmp_path):
    """Tests by hand in place of simulation, and a folder of one's own for what is stored."""

    def tested(h, wanted, seed, people, progress):
        checks = {c.id: {"checks": [["", [1, 1, ""], None] for _ in c.test.check]} for c in wanted}
        return {"stamp": module._stamp(h, seed, people).as_json(), "claims": checks}

    monkeypatch.setattr(module, "_tested", tested)
    monkeypatch.setattr(generated, "FOLDER", tmp_path)


@pytest.mark.usefixtures("by_hand")
def test_what_is_stored_says_when_the_numbers_have_changed_and_is_not_read_by_other_checks(monkeypatch):
    claims(hypotheses=["hnk"], renew=True)
    assert list(stored().stamps) == ["hnk"]
    assert not stored().stale
    monkeypatch.setattr(generated, "_numbers", lambda: "other tables")
    assert stored().stale == ("hnk",)
    assert "`ketamind claims --renew`" in stored().as_text()
    monkeypatch.setattr(module, "_form", lambda: "other checks")
    assert not stored().stamps


@pytest.mark.usefixtures("by_hand")
def test_an_interruption_keeps_what_is_finished(monkeypatch):
    whole = module._tested

    def stop(h, *rest):
        if h.name == "two_pool":
            raise KeyboardInterrupt
        return whole(h, *rest)

    monkeypatch.setattr(module, "_tested", stop)
    found = claims(hypotheses=["hnk", "two_pool"], renew=True)
    assert found.unfinished == ("two_pool",)
    assert list(stored().stamps) == ["hnk"]


def test_a_test_that_asks_for_nothing_is_refused(tmp_path):
    path = tmp_path / "own.toml"
    head = '[[claim]]\nid = "x"\nprotocol = "none"\n[[claim.check]]\nsays = "x"\nobservable = "madrs"\n'
    path.write_text(f'{head}statistic = "sign"\n')
    with pytest.raises(BadFile, match=r"own.toml, claim 'x', key 'check 1'.*expect, above or below"):
        read_tests(path)
    path.write_text(f'{head}statistic = "sign"\nexpect = 1\nabvoe = 1\n')
    with pytest.raises(BadFile, match="abvoe"):
        read_tests(path)


def test_a_claim_that_is_not_there():
    with pytest.raises(UnknownName, match="Did you mean 'dissociation'"):
        claims(["disociation"])
    command = [sys.executable, "-c", "from ketamind.cli import main; main()", "claims", "--claims", "durablity"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean 'durability'?" in done.stderr
