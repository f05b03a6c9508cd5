"""`ketamind export`, `import` and `fit`: what they write, and one message with exit status 2 for what they cannot."""

import builtins
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ketamind.cli import main
from ketamind.exchange.formats import FORMATS, WRITERS

PROTOCOL = "0.5 mg/kg ketamine iv over 40 min"
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ketamind", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return run


def test_every_format_is_listed_and_written(command: Command) -> None:
    assert set(FORMATS) == set(WRITERS)
    code, out, _ = command("export")
    assert code == 0
    assert all(name in out for name in FORMATS)


def test_an_event_table_goes_out_and_comes_back_in_the_same_words(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "doses.csv"
    for names in ("nonmem", "adppk"):
        options = ("--format", "events", "--out", str(path), "--names", names, "--weight", "82")
        assert command("export", PROTOCOL, *options)[0] == 0
        assert command("import", str(path)) == (0, f"1: {PROTOCOL}\n", "")
    assert 'drug = "ketamine"' in command("import", str(path), "--toml")[1]
    told = json.loads(command("import", str(path), "--json")[1])
    assert told["protocols"] == {"1": PROTOCOL}


def test_a_trial_says_what_its_table_does_not_carry(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    code, out, _ = command("export", "--trial", "murrough_2013", "--format", "events", "--out", str(path), "--json")
    assert code == 0
    assert "conduct" in json.loads(out)["not_carried"]
    assert "midazolam" in command("import", str(path))[1]


def test_sbml_and_runs_are_written_and_described(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("libsbml")
    assert command("export", PROTOCOL, "--format", "sbml", "--out", str(tmp_path / "m.xml"))[0] == 0
    assert (tmp_path / "m.xml").stat().st_size > 100_000
    run = tmp_path / "run.parquet"
    words = ("--observe", "madrs,cadss", "--days", "1", "--out", str(run))
    assert command("export", PROTOCOL, "--format", "parquet", *words)[0] == 0
    assert "madrs, cadss" in command("import", str(run))[1]


def test_the_network_goes_out_as_sonata(command: Command, tmp_path: Path) -> None:
    assert command("export", "--format", "sonata", "--out", str(tmp_path / "net"))[0] == 0
    assert (tmp_path / "net" / "circuit_config.json").is_file()


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "unknown format": (("export", PROTOCOL, "--format", "matlab", "--out", "x"), "'matlab' is not a format"),
    "no protocol": (("export", "--format", "sbml", "--out", "x.xml"), "needs a protocol"),
    "nowhere to write": (("export", PROTOCOL, "--format", "sbml"), "needs --out"),
    "unknown drug": (("export", "1 mg ketamin iv", "--format", "events", "--out", "x"), "'ketamin' is not a drug"),
    "no such folder": (("export", PROTOCOL, "--format", "events", "--out", "/no/such/x.csv"), "cannot write"),
    "NaN weight": (("export", PROTOCOL, "--format", "events", "--out", "x", "--weight", "nan"), "weight"),
    "huge dose": (("export", "1e9 mg ketamine iv", "--format", "events", "--out", "x"), "cannot be simulated"),
    "unknown names": (("export", PROTOCOL, "--format", "events", "--out", "x", "--names", "sas"), "'sas' is not"),
    "wrong suffix": (("export", PROTOCOL, "--format", "zarr", "--out", "x.nc"), "ends in .zarr"),
    "unknown output": (("export", PROTOCOL, "--format", "sbml", "--out", "x", "--observe", "mood"), "'mood' is not"),
    "unknown trial": (("export", "--trial", "nowhere", "--format", "events", "--out", "x"), "'nowhere' is not a trial"),
    "missing file": (("import", "nowhere.csv"), "is not a file"),
    "unknown suffix": (("import", __file__), "ends in '.py'"),
    "no table": (("fit", "nowhere.csv"), "cannot be read as an event table"),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_message(
    words: tuple[str, ...], message: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named_with_its_cure(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = builtins.__import__

    def without_libsbml(name: str, *rest: Any) -> Any:
        if name == "libsbml":
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setitem(sys.modules, "libsbml", None)
    monkeypatch.setattr(builtins, "__import__", without_libsbml)
    code, _, err = command("export", PROTOCOL, "--format", "sbml", "--out", str(tmp_path / "m.xml"))
    assert code == 2
    assert "pip install 'ketamind[exchange]'" in err
    assert list(tmp_path.iterdir()) == []
