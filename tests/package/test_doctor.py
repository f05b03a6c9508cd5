"""The doctor: what is well, what is missing, and what is amiss."""

import json

import pytest
from typer.testing import CliRunner

from ketamind import doctor
from ketamind.cli import app
from ketamind.engine import codegen


def examined():
    return {f.name: f for f in doctor.examine().findings}


def test_a_good_installation_is_well():
    answer = CliRunner().invoke(app, ["doctor", "--json"])
    assert answer.exit_code == 0, answer.stdout
    found = {f["name"]: f for f in json.loads(answer.stdout)["findings"]}
    assert {"version", "packages", "compiled engine", "cache", "processor", "data"} <= set(found)
    assert all(found[name]["verdict"] == "well" for name in ("packages", "compiled engine", "data"))


def test_a_cache_that_cannot_be_written_is_told_with_its_cure(tmp_path, monkeypatch):
    blocked = tmp_path / "a-file"
    blocked.touch()
    monkeypatch.setenv("KETAMIND_CACHE", str(blocked / "cache"))
    assert examined()["cache"].verdict == "unwell"
    assert "KETAMIND_CACHE" in examined()["cache"].cure
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 1


def test_a_wrong_engine_is_found(monkeypatch):
    monkeypatch.setattr(doctor, "TOLERANCE", 0.0)
    assert examined()["compiled engine"].verdict == "unwell"


def test_a_look_that_fails_is_a_finding(monkeypatch):
    def broken():
        raise OSError("no such instruction")

    monkeypatch.setattr(codegen, "lanes", broken)
    assert "no such instruction" in examined()["processor"].found


def test_missing_packages_and_extras_come_with_what_installs_them(monkeypatch):
    wanted = ["no-such-package>=1", "numpy>=1", "other-absent>=2; extra == 'page'"]
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: wanted)
    found = examined()
    assert (found["packages"].verdict, found["packages"].cure) == ("unwell", "pip install no-such-package")
    assert (found["extra page"].verdict, found["extra page"].cure) == ("optional", "pip install 'ketamind[page]'")


@pytest.mark.parametrize("python", [(3, 10), (2, 7)])
def test_an_old_python_is_unwell(monkeypatch, python):
    monkeypatch.setattr(doctor.sys, "version_info", (*python, 0))
    assert doctor._python().verdict == "unwell"
