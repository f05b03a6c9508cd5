"""Hypotheses: the shipped ones, files of a lab's own, plug-ins, and messages for what cannot be."""

import json
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from evidence.rows import row
from ketamind.declare import shipped_table
from ketamind.errors import BadFile, KetamindError, UnknownName
from ketamind.evidence.hypotheses import (
    SHIPPED,
    hypotheses_named,
    installed_hypotheses,
    load_hypothesis,
    score_hypothesis,
    shipped_hypotheses,
)

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin"
MOUSE = {"species": "mouse", "population": "naive", "protocol": "10 mg/kg ketamine ip", "domain": "plasticity"}
UNDER_NBQX = row(
    id="intact-a",
    **MOUSE,
    observable="antidepressant_behaviour",
    statistic="remaining",
    comparator="unmanipulated",
    manipulation="block:ampa",
    value=0,
    unit="fraction",
)
A_WEEK = row(
    id="week-a",
    **MOUSE,
    observable="antidepressant_behaviour",
    statistic="sign",
    comparator="saline",
    value=1,
    unit="sign",
    time_h=168.0,
)
WHOLE = 'name = "mine"\ntitle = "Mine"\naccount = "Mine."\n'


def written(folder, text):
    path = folder / "mine.toml"
    path.write_text(WHOLE + text, encoding="utf-8")
    return path


def test_the_accounts_in_discussion_are_there_and_the_baseline_and_the_shipped_model():
    names = [h.name for h in shipped_hypotheses()]
    assert len(names) == len(set(names)) >= 10
    assert {"tonic_disinhibition", "glun2b_interneurons", "resting_eef2k", "trkb_direct", "hnk"} <= set(names)
    assert {"opioid_gate", "opioid_additive", "lateral_habenula", "two_pool", SHIPPED} <= set(names)


def test_the_shipped_model_changes_nothing_and_every_other_does():
    changed = {h.name for h in shipped_hypotheses() if h.without or h.values or h.additions}
    assert changed == {h.name for h in shipped_hypotheses()} - {SHIPPED}


@pytest.mark.parametrize("hypothesis", shipped_hypotheses(), ids=lambda h: h.name)
def test_its_values_lie_in_the_ranges_of_the_tables_or_cut_a_link(hypothesis):
    table = shipped_table()
    outside = {n for n, v in hypothesis.values.items() if v and not table.row(n).low <= v <= table.row(n).high}
    assert not outside


@pytest.mark.parametrize("hypothesis", shipped_hypotheses(), ids=lambda h: h.name)
def test_its_sources_are_in_the_bibliography(hypothesis):
    folder = Path(str(resources.files("ketamind"))) / "data" / "references"
    known = {k for p in folder.glob("*.bib") for k in re.findall(r"@\w+\{([^,\s]+),", p.read_text(encoding="utf-8"))}
    assert set(hypothesis.sources) <= known


def test_the_baseline_lifts_mood_whatever_is_blocked_and_is_silent_on_synapses():
    spines = row(id="spine-a", **MOUSE, observable="spine_density", statistic="sign", comparator="saline", value=1)
    blocked, silent = score_hypothesis(load_hypothesis("two_pool"), [UNDER_NBQX, spines]).rows
    assert blocked.predicted == pytest.approx(1.0, abs=1e-3)
    assert blocked.outcome == "disagree"
    assert silent.outcome == "not_applicable"
    assert "says nothing" in silent.reason
    assert score_hypothesis(load_hypothesis(SHIPPED), [UNDER_NBQX]).rows[0].outcome == "agree"


def test_a_hypothesis_with_a_mechanism_in_a_file_beside_it(tmp_path):
    source = PLUGIN / "src" / "ketamind_habenula_memory"
    for name in ("mechanism.py", "numbers.csv"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    text = (source / "hypothesis.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(text.replace('"habenula_memory"]', '"mechanism.py:HABENULA_MEMORY"]', 1), encoding="utf-8")
    own = load_hypothesis(str(path))
    assert [a.name for a in own.additions] == ["habenula_memory"]
    with_it, without_it = (score_hypothesis(h, [A_WEEK]).rows[0] for h in (own, load_hypothesis("lateral_habenula")))
    assert (with_it.predicted, without_it.predicted) == (1.0, 0.0)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The example as an installer leaves it: its folder on the path, and the entry points beside it."""
    info = tmp_path / "ketamind_habenula_memory-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ketamind-habenula-memory\nVersion: 0.1.0\n")
    text = (PLUGIN / "pyproject.toml").read_text(encoding="utf-8")
    points = re.findall(r'\[project\.entry-points\."(.+?)"\]\n(\w+) = "(.+?)"', text)
    (info / "entry_points.txt").write_text("".join(f"[{group}]\n{name} = {where}\n" for group, name, where in points))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(PLUGIN / "src"))


@pytest.mark.usefixtures("installed")
def test_an_installed_plug_in_is_found_by_its_entry_points():
    assert "habenula_memory" in [h.name for h in installed_hypotheses()]
    assert "habenula_memory" in [h.name for h in hypotheses_named(())]
    assert load_hypothesis("habenula_memory").free[0] == "habenula_memory.k"


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("values = 3\n", BadFile, "mine.toml, key 'values'"),
        ("order = 'x'\n", BadFile, "key 'order'"),
        ("vlaues = {}\n", UnknownName, "Did you mean 'values'?"),
        ("= broken\n", BadFile, "mine.toml: this is not TOML"),
        ('without = ["nmdaa"]\n', UnknownName, "key 'without'). Did you mean 'nmda'?"),
        ('[values]\n"bdnf.qq" = 1.0\n', UnknownName, "key 'values'). Did you mean 'bdnf.q'?"),
        ('[values]\n"bdnf.q" = nan\n', BadFile, "key 'values bdnf.q'"),
        ('free = ["bdnf.qq"]\n', UnknownName, "key 'free'"),
        ('silent = ["clinicall"]\n', UnknownName, "Did you mean 'clinical'?"),
        ('add = ["two_pool_mod"]\n', UnknownName, "Did you mean 'two_pool_mood'?"),
        ('add = ["nowhere.py:X"]\n', BadFile, "is not a file"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_key(tmp_path, text, error, told):
    with pytest.raises(error, match=re.escape(told)):
        load_hypothesis(str(written(tmp_path, text)))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("X = 3\n", "must be a ketamind.declare.Addition"),
        ("Y = 3\n", "'X' is not a name"),
        ("1 / 0\n", "cannot be run"),
    ],
)
def test_what_is_wrong_with_a_mechanism_in_a_file(tmp_path, code, told):
    (tmp_path / "own.py").write_text(code)
    with pytest.raises(KetamindError, match=re.escape(told)):
        load_hypothesis(str(written(tmp_path, 'add = ["own.py:X"]\n')))


def test_a_file_that_is_not_there_and_a_name_that_is_not_known(tmp_path):
    with pytest.raises(BadFile, match="cannot be read as a hypothesis"):
        load_hypothesis(str(tmp_path / "none.toml"))
    with pytest.raises(UnknownName, match="Did you mean 'hnk'"):
        load_hypothesis("hkn")


def test_two_of_one_name_are_refused(tmp_path):
    path = written(tmp_path, "")
    path.write_text(path.read_text().replace('"mine"', '"hnk"'))
    with pytest.raises(UnknownName, match="two hypotheses are called 'hnk'"):
        hypotheses_named(("hnk", str(path)))


def test_score_takes_a_hypothesis_and_says_what_it_does_not_know():
    code = "from ketamind.cli import main; main()"
    command = [sys.executable, "-c", code, "score", "--hypothesis", "trkb", "--json"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "Did you mean 'trkb_direct'?" in refused.stderr
    assert not refused.stdout


def test_it_is_told_to_machines():
    told = json.loads(json.dumps([h.as_json() for h in shipped_hypotheses()]))
    assert all({"name", "title", "account", "without", "values", "free", "sources"} <= set(h) for h in told)
