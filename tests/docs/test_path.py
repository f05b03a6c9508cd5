"""The newcomer's path, step by step as it is written down, from an empty folder."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PATH = (DOCS / "path.md").read_text(encoding="utf-8")
FILES = re.findall(
    r"^cat > (\S+) <<'END'\n(.*?)^END$",
    (DOCS / "tutorials" / "mechanism.md").read_text("utf-8"),
    re.DOTALL | re.MULTILINE,
)
COMMANDS = [
    c for line in PATH.splitlines() if re.match(r"\| \d", line) for c in re.findall(r"`(ketamind [^`]+)`", line)
]
SMALL = {"demo": ["--patients", "20"], "score": ["--people", "20"]}


def ketamind(words, folder):
    code = (
        "import sys, shlex; sys.argv = shlex.split(sys.argv[1]) + sys.argv[2:]; from ketamind.cli import main; main()"
    )
    more = SMALL.get(words.split()[1], [])
    done = subprocess.run(
        [sys.executable, "-c", code, words, *more], cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """What each step printed, in order, in one folder."""
    folder = tmp_path_factory.mktemp("newcomer")
    for name, text in FILES:
        assert name in PATH
        (folder / name).write_text(text, encoding="utf-8")
    said = {words: ketamind(words, folder) for words in COMMANDS}
    last = COMMANDS[-1] + " --without mismatch"
    return folder, {**said, last: ketamind(last, folder)}


def test_the_path_has_its_steps():
    asked = [c.split()[1] for c in COMMANDS]
    assert asked == ["doctor", "demo", "run", "explain", "mechanisms", "score"]
    assert len(FILES) == 4


def test_each_step_gives_what_it_promises(walked):
    folder, said = walked
    answers = {words.split()[1]: text for words, text in said.items() if "--without" not in words}
    assert "All is well" in answers["doctor"]
    assert (folder / "demo-out" / "report.html").is_file()
    assert "madrs" in answers["run"]
    assert "depression" in answers["explain"].lower()


def test_the_mechanism_is_scored_and_its_control_fails(walked):
    *_, on, off = walked[1].values()
    agree = [re.search(r"^all +1 +(\d)", text, re.MULTILINE)[1] for text in (on, off)]
    assert agree == ["1", "0"]
