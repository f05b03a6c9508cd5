"""Start-up is quick, and shells can complete."""

import os
import subprocess
import sys

import pytest


def python(code, **environment):
    return subprocess.run(
        [sys.executable, *code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, **environment},
    ).stdout


def test_importing_the_package_loads_nothing_heavy():
    heavy = "numpy scipy pandas xarray numba llvmlite matplotlib pint typer rich pydantic".split()
    assert python(["-c", f"import ketamind, sys; print([m for m in {heavy} if m in sys.modules])"]).strip() == "[]"


def test_the_command_line_loads_no_numerics():
    heavy = "numpy scipy pandas xarray numba llvmlite matplotlib pint pydantic".split()
    code = f"import ketamind.cli, sys; print([m for m in {heavy} if m in sys.modules])"
    assert python(["-c", code]).strip() == "[]"


def test_import_takes_less_than_four_tenths_of_a_second():
    """Processor time, so that a busy machine does not matter; the interpreter's own start is taken off."""
    code = "import time; t = time.process_time(); import ketamind; print(time.process_time() - t)"
    assert min(float(python(["-c", code])) for _ in range(3)) < 0.4


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell):
    code = "import sys; sys.argv = ['ketamind']; from ketamind.cli import main; main()"
    words = {
        "_KETAMIND_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "ketamind doc",
        "COMP_WORDS": "ketamind doc",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    assert "doctor" in python(["-c", code], **words)
