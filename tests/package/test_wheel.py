"""Wheel and sdist: whole, well described, and running without the repository.

Here the wheel is run beside this environment's packages. `make package` (EVERY_PYTHON=1) also installs it with its
dependencies into an empty environment on each Python that is found, and runs the demonstration there.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
EVERY = bool(os.environ.get("EVERY_PYTHON"))
DEMO = ["demo", "--patients", "20", "--json", "--out", "demo-out"]


def run(*words, cwd, seconds=1200, **environment):
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(w) for w in words], cwd=cwd, capture_output=True, text=True, timeout=seconds, env={**kept, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with wheel and sdist, built from a copy of what is under version control and not ignored."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    return next(built.glob("*.whl"))


def test_both_are_well_described(built):
    said = run(sys.executable, "-m", "twine", "check", "--strict", *sorted(built.iterdir()), cwd=built)
    assert said.count("PASSED") == 2


def packaged():
    """Everything that the package needs, as it lies in the source tree."""
    source = ROOT / "src" / "ketamind"
    kinds = {".py", ".csv", ".toml", ".bib", ".json", ".js", ".css", ".html", ".svg", ".typed"}
    return {
        p.relative_to(ROOT / "src").as_posix() for p in source.rglob("*") if p.suffix in kinds or p.name == "py.typed"
    }


def test_the_wheel_holds_code_data_and_page(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {n for n in packaged() if not (ROOT / "src" / n).is_dir()} <= held
    assert any(n.startswith("ketamind/page/static/") for n in held)
    assert any(n.endswith("licenses/LICENSE") for n in held)


def test_the_wheel_holds_nothing_else(wheel):
    tops = {n.partition("/")[0] for n in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"ketamind", wheel.name.split("-py3")[0] + ".dist-info"}


def test_the_sdist_can_be_built_and_tested_from(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {n.partition("/")[2] for n in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile", "docs/conf.py"} <= names
    assert not [n for n in names if "-out/" in n or n.startswith(".venv")]


def demonstrated(answer):
    found = json.loads(answer)
    assert found["provenance"]["command"].startswith("ketamind demo")
    return {c["arm"] if "arm" in c else str(c) for c in found["comparisons"]}


def test_the_demonstration_runs_from_the_wheel_alone(wheel, tmp_path):
    home, work = tmp_path / "home", tmp_path / "work"
    work.mkdir()
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", home, wheel, cwd=work)
    where = run(sys.executable, "-c", "import ketamind; print(ketamind.__file__)", cwd=work, PYTHONPATH=str(home))
    assert Path(where.strip()).is_relative_to(home)
    code = "from ketamind.cli import main; main()"
    assert demonstrated(run(sys.executable, "-c", code, *DEMO, cwd=work, PYTHONPATH=str(home)))
    assert (work / "demo-out" / "report.html").stat().st_size > 10_000


def interpreter(version):
    """A Python of that version on the path, or among those that pyenv keeps."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    kept = sorted(pyenv.glob(f"{version}.*/bin/python"))
    return str(kept[-1]) if kept else shutil.which(f"python{version}")


@pytest.mark.skipif(not EVERY, reason="`make package` installs on every Python")
@pytest.mark.parametrize("version", PYTHONS)
def test_it_installs_into_an_empty_environment_and_runs(wheel, tmp_path, version):
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    run(python, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    scripts = tmp_path / "env" / "bin"
    run(scripts / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    assert json.loads(run(scripts / "ketamind", "doctor", "--json", cwd=tmp_path))["well"]
    assert demonstrated(run(scripts / "ketamind", *DEMO, cwd=tmp_path))
