"""One command for all benchmarks: it runs scripts, tells what failed, and writes the page."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "all.py"


@pytest.fixture
def module(monkeypatch):
    spec = importlib.util.spec_from_file_location("all_benchmarks", FILE)
    found = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "all_benchmarks", found)
    spec.loader.exec_module(found)
    return found


def of(module, path, code, name="commands"):
    path.write_text(code, encoding="utf-8")
    return module.Benchmark(name, "Toy", "What it measures.", str(path), (), ("--quick",))


def test_every_script_is_there(module):
    assert all((FILE.parent / b.script).is_file() for b in module.BENCHMARKS)
    scripts = {p.name for p in FILE.parent.glob("*.py")} - {"all.py", "cortex_brian2.py", "cortex_nest.py"}
    assert scripts == {b.script for b in module.BENCHMARKS}


def test_nested_figures_are_laid_out_by_the_path_of_their_keys(module):
    found = dict(module.flat({"a_b": {"c": 1.23456}, "d": [1, "x"]}))
    assert found == {"a b, c": "1.235", "d 1": "1", "d 2": "x"}


def test_the_page_has_what_ran_and_what_did_not(module, tmp_path, monkeypatch):
    good = "import json; print(json.dumps({'import': {'wall_s': 0.1, 'processor_s': 0.1}}))"
    bad = "raise SystemExit('the peer is not installed')"
    toys = (of(module, tmp_path / "good.py", good), of(module, tmp_path / "bad.py", bad, "peer"))
    monkeypatch.setattr(module, "BENCHMARKS", toys)
    monkeypatch.setattr(sys, "argv", ["all.py", "--quick", "--out", str(tmp_path / "out")])
    assert module.main() == 1
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "the peer is not installed" in page
    assert "<svg" in page
    kept = json.loads((tmp_path / "out" / "benchmarks.json").read_text(encoding="utf-8"))
    assert kept["commands"]["import"]["wall_s"] == 0.1
    assert kept["peer"] == {"problem": "the peer is not installed"}
    assert "version" in kept["provenance"]


def test_an_unknown_name_is_told(module, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["all.py", "--only", "engin"])
    with pytest.raises(SystemExit):
        module.main()
    assert "known: commands, engine" in capsys.readouterr().err
