"""Hypotheses side by side: outcomes, intervals over studies, what is stored, and what an interruption leaves."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from evidence.rows import row
from ketamind.errors import BadFile
from ketamind.evidence.hypotheses import load_hypothesis, shipped_hypotheses
from ketamind.evidence.score import Row, Score
from ketamind.report.compare_report import write_compare_report
from ketamind.studies import compare as module
from ketamind.studies import generated
from ketamind.studies.compare import Comparison, Share, all_experiments, compare, deciding_ids, stored, themes

ROWS = tuple(row(id=f"{study}-{i}") for study in ("one", "two", "three") for i in range(4))
RIGHT = {
    "all_together": [True] * 12,
    "hnk": [True] * 8 + [False] * 4,
    "two_pool": [True] * 4 + [False] * 8,
}


@pytest.fixture
def scored(monkeypatch, tmp_path):
    """Scores by hand in place of half a minute of simulation each, and a folder of one's own for what is stored."""

    def score(h, experiments, *, seed, people, progress):
        if progress is not None:
            progress(1, 1)
        right = RIGHT[h.name] if h.name in RIGHT else [False] * len(experiments)
        pairs = zip(experiments, right, strict=False)
        return Score(tuple(Row(e, "agree" if yes else "disagree", -12.0, -15.0, -9.0) for e, yes in pairs))

    monkeypatch.setattr(module, "score_hypothesis", score)
    monkeypatch.setattr(generated, "FOLDER", tmp_path / "generated")
    monkeypatch.setattr(module, "all_experiments", lambda: ROWS)


def column(found, name):
    return next(c for c in found.columns if c.hypothesis.name == name)


@pytest.mark.usefixtures("scored")
def test_shares_have_an_interval_over_studies_and_not_over_rows():
    found = compare(list(RIGHT), experiments=ROWS)
    total = found.share(column(found, "hnk"))
    assert (total.agree, total.compared) == (8, 12)
    assert (total.low, total.high) == (0.0, 1.0)
    assert found.share(column(found, "all_together")) == Share(12, 12, 1.0, 1.0)
    assert found.share(column(found, "hnk"), ["nothing"]) == Share(0, 0)


@pytest.mark.usefixtures("scored")
def test_a_better_hypothesis_is_more_likely_to_beat_the_baseline():
    found = compare(list(RIGHT), experiments=ROWS)
    assert found.beats(column(found, "all_together")) > found.beats(column(found, "hnk")) > 0.5
    assert found.beats(column(found, "two_pool")) is None


@pytest.mark.usefixtures("scored")
def test_only_rows_with_both_outcomes_tell_hypotheses_apart():
    found = compare(list(RIGHT), experiments=ROWS)
    assert found.parting == tuple(e.id for e in ROWS[4:])


@pytest.mark.usefixtures("scored")
def test_what_was_renewed_is_read_again_with_the_same_numbers():
    fresh = compare(list(RIGHT), renew=True)
    again = stored()
    assert {c.hypothesis.name: dict(c.cells) for c in again.columns} == {
        c.hypothesis.name: dict(c.cells) for c in fresh.columns
    }
    assert not again.stale
    assert [c.hypothesis.name for c in again.columns] == ["hnk", "two_pool", "all_together"]


@pytest.mark.usefixtures("scored")
def test_stored_columns_are_read_and_say_when_the_numbers_have_changed(monkeypatch):
    compare(["hnk"], renew=True)
    asked = []
    whole = module.score_hypothesis
    monkeypatch.setattr(module, "score_hypothesis", lambda h, *a, **k: asked.append(h.name) or whole(h, *a, **k))
    compare(["hnk", "two_pool"])
    assert asked == ["two_pool"]
    monkeypatch.setattr(generated, "_numbers", lambda: "other tables")
    assert stored().stale == ("hnk",)
    assert "`ketamind compare --renew`" in compare(["hnk"]).as_text()
    assert asked == ["two_pool"]
    compare(["hnk"], seed=2)
    compare(["hnk"], renew=True)
    assert asked == ["two_pool", "hnk", "hnk"]
    assert not stored().stale


@pytest.mark.usefixtures("scored")
def test_renewing_one_keeps_the_others():
    compare(["hnk", "two_pool"], renew=True)
    compare(["hnk"], renew=True)
    assert [c.hypothesis.name for c in stored().columns] == ["hnk", "two_pool"]


@pytest.mark.usefixtures("scored")
def test_an_interruption_keeps_what_is_finished(monkeypatch):
    whole = module.score_hypothesis

    def stop(h, *a, **k):
        if h.name == "two_pool":
            raise KeyboardInterrupt
        return whole(h, *a, **k)

    monkeypatch.setattr(module, "score_hypothesis", stop)
    found = compare(["hnk", "two_pool", "all_together"], renew=True)
    assert [c.hypothesis.name for c in found.columns] == ["hnk"]
    assert found.unfinished == ("two_pool", "all_together")
    assert [c.hypothesis.name for c in stored().columns] == ["hnk"]
    assert "Stopped before: two_pool, all_together." in found.as_text()


@pytest.mark.usefixtures("scored")
def test_progress_runs_through_all_hypotheses():
    seen = []
    compare(list(RIGHT), experiments=ROWS, progress=lambda done, of: seen.append(done / of))
    assert seen == pytest.approx([1 / 3, 2 / 3, 1], abs=1e-3)


@pytest.mark.usefixtures("scored")
def test_the_report_draws_the_matrix_and_machines_get_every_cell(tmp_path):
    deciding = tuple(row(id=i) for i in deciding_ids()[:8])
    found = compare(list(RIGHT), experiments=(*ROWS[4:8], *deciding))
    text = write_compare_report(found, tmp_path).read_text(encoding="utf-8")
    assert "Hydroxynorketamine" in text
    assert text.count("<svg") == 3
    told = json.loads((tmp_path / "compare.json").read_text(encoding="utf-8"))
    assert told["cells"]["hnk"]["two-0"] == {"outcome": "agree", "predicted": -12.0, "low": -15.0, "high": -9.0}
    assert told["themes"][0]["agreement"]["hnk"]["compared"] == 5
    assert told["groups"][0] == {"domain": "clinical", "study": "two", "ids": [f"two-{i}" for i in range(4)]}


@pytest.mark.usefixtures("scored")
def test_a_cross_validated_score_stands_beside_where_a_calibration_has_stored_one(monkeypatch, tmp_path):
    found = compare(["hnk"], experiments=ROWS)
    monkeypatch.setattr(module, "cross_validated", dict)
    assert "cross-validated" not in found.as_text()
    monkeypatch.setattr(module, "cross_validated", lambda: {"hnk": {"score": -1.25}})
    assert "-1.25" in found.as_text()
    assert found.as_json()["hypotheses"][0]["cross_validated"] == {"score": -1.25}
    assert "cross-validated score" in write_compare_report(found, tmp_path).read_text(encoding="utf-8")


@pytest.mark.usefixtures("scored")
def test_a_damaged_file_is_named_with_its_cure():
    compare(["hnk"], renew=True)
    (generated.FOLDER / "compare.json").write_text("{")
    with pytest.raises(BadFile, match="compare --renew"):
        stored()


def test_every_deciding_experiment_is_there_and_the_contradictions_keep_both_sides():
    known = {e.id: e for e in all_experiments()}
    assert set(deciding_ids()) <= set(known)
    names = {t.name: t.experiments for t in themes()}
    assert {"naltrexone", "rapamycin", "trkb_y433f", "cell_types", "memantine", "anaesthetic_dose"} <= set(names)
    assert {known[i].species for i in names["rapamycin"]} >= {"rat", "human"}
    assert len({known[i].citation for i in names["naltrexone"]}) > 1


def test_what_is_stored_covers_all_shipped_hypotheses_and_experiments():
    found = stored()
    assert {c.hypothesis.name for c in found.columns} == {h.name for h in shipped_hypotheses()}
    assert len({e.id for e in found.experiments}) == len(found.experiments)
    assert all(set(c.cells) == {e.id for e in found.experiments} for c in found.columns)


def test_a_changed_hypothesis_is_stale():
    one = stored().columns[0]
    changed = replace(one.hypothesis, without=("spines",))
    assert Comparison((), (replace(one, hypothesis=changed),)).stale == (changed.name,)
    assert load_hypothesis(one.hypothesis.name) == one.hypothesis


def test_the_command_refuses_a_name_it_does_not_know():
    command = [
        sys.executable,
        "-c",
        "from ketamind.cli import main; main()",
        "compare",
        "--hypotheses",
        "hnk,opoid_gate",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean 'opioid_gate'?" in done.stderr
    assert not done.stdout


def test_own_experiments_cannot_be_stored_with_the_package(tmp_path):
    words = ["compare", "--renew", "--experiments", str(tmp_path)]
    command = [sys.executable, "-c", "from ketamind.cli import main; main()", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "leave out --renew or --experiments" in done.stderr
