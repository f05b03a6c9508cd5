"""The commands `trial` and `optimise` through their entry point."""

import json
import subprocess
import sys

import pytest

from trials.test_declaration import GOOD


def ketamind(*words, **options):
    code = "from ketamind.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=240, check=False, **options
    )


def test_a_shipped_trial_answers_with_its_publication_beside(tmp_path):
    done = ketamind("trial", "murrough_2013", "--patients", "200", "--json", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer["arms"]) == {"ketamine", "midazolam"}
    primary = [p for p in answer["published"] if p["primary"]]
    assert [p["experiment"] for p in primary] == ["murrough2013a-madrsdiff24"]
    assert primary[0]["low"] < primary[0]["simulated"] < primary[0]["high"]
    endpoint = answer["arms"]["ketamine"]["endpoints"][0]
    assert endpoint["low"] < endpoint["value"] < endpoint["high"]
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == answer
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Not medical advice" in html
    assert html.count("<figure>") == 3


def test_a_trial_of_ones_own_has_no_publication(tmp_path):
    (tmp_path / "own.toml").write_text(GOOD, encoding="utf-8")
    done = ketamind("trial", "own.toml", "--patients", "80", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "change of madrs at 24 h, ketamine against saline" in done.stdout
    assert "published" not in done.stdout


def test_trials_are_listed():
    assert "williams_2018" in ketamind("trial", "list").stdout


def test_all_shipped_trials_name_those_outside(monkeypatch):
    from ketamind.studies import trials

    monkeypatch.setattr(trials, "shipped_trials", lambda: ("zarate_2006", "berman_2000"))
    found = trials.survey(seed=1)
    assert set(found.primary) == {"zarate_2006", "berman_2000"}
    assert found.as_json()["primary_inside"] == 2 - len(found.outside)
    assert all(name in found.as_text().splitlines()[-2] for name in found.outside)


def test_a_front_of_schedules(tmp_path):
    words = ["84 mg esketamine in", "--amounts", "56,84", "--patients", "20", "--weeks", "6"]
    done = ketamind("optimise", *words, "--json", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["candidates"]
    assert {c["amount"] for c in found} == {56.0, 84.0}
    assert any(c["on_front"] for c in found)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"report.html", "result.json", "front.svg", "front.png"}


BAD = [
    (["trial", "murough_2013"], "Did you mean 'murrough_2013'"),
    (["trial", "none.toml"], "cannot be read as a trial"),
    (["trial", "murrough_2013", "--patients", "2"], "too few"),
    (["trial", "murrough_2013", "--resume"], "--resume needs --out"),
    (["trial", "murrough_2013", "--out", "/proc/no/where"], "Choose another folder"),
    (["trial", "murrough_2013", "--patients", "100", "--workers", "5000"], "workers"),
    (["optimise", "0.5 mg/kg ketamine iv daily"], "without a schedule"),
    (["optimise", "--amounts", "a,b"], "numbers separated by commas"),
    (["optimise", "--amounts", "-1"], "over 0"),
    (["optimise", "--weeks", "2"], "weeks = 2"),
    (["optimise", "--population", "trdd"], "Did you mean 'trd'"),
]


@pytest.mark.parametrize(("words", "message"), BAD, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_bad_input_gives_one_message_and_status_2(words, message, tmp_path):
    done = ketamind(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("ketamind: ")
    assert message in done.stderr
    assert done.stdout == ""
