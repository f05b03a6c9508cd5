"""Run the code of a tutorial and put what it says below it, so that no output in the documentation is written by hand.

Blocks of ```python share one namespace a page; the value of a last line that is an expression is shown: a figure as a
picture, anything else as text. Blocks of ```sh run on the command line, `ketamind` and `python` being this ones. A
block after the line `<!-- not run -->` is left alone. Files land in a folder of the page's own.
"""

import ast
import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"(<!-- not run -->\n)?```(python|sh)\n(.*?)```\n", re.DOTALL)
PATIENCE_S = 600


@dataclass(frozen=True)
class Place:
    """Where a page's code runs, and where its pictures go; `link` is how the page names the pictures' folder."""

    work: Path
    pictures: Path
    link: str
    name: str


def with_results(text: str, place: Place) -> tuple[str, float]:
    """The page with the output of each block below it, and the processor seconds that it took, commands included.

    Raises whatever the code raises, and RuntimeError for a command that fails.
    """
    for folder in (place.work, place.pictures):
        folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, Any] = {"__name__": "__tutorial__"}
    start = _processor_s()
    pictures: list[Path] = []

    def run(match: re.Match[str]) -> str:
        skip, language, code = match.groups()
        if skip:
            return match[0].removeprefix(skip)
        with contextlib.chdir(place.work):
            said = _python(code, names, pictures, place) if language == "python" else _shell(code)
        return match[0] + said

    return FENCE.sub(run, text), _processor_s() - start


def _processor_s() -> float:
    """Processor time of this process and of those that it ran: what a page costs, whatever else is at work."""
    return sum(os.times()[:4])


def _python(code: str, names: dict[str, Any], pictures: list[Path], place: Place) -> str:
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, place.name, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), place.name, "eval"), names)
    if hasattr(value, "savefig"):
        path = place.pictures / f"{place.name}-{len(pictures) + 1}.svg"
        pictures.append(path)
        value.savefig(path, metadata={"Date": None}, facecolor="white", bbox_inches="tight")
        return _block(printed.getvalue()) + f"\n![{_caption(code)}]({place.link}/{path.name})\n"
    return _block(printed.getvalue() + ("" if value is None else f"{value}\n"))


def _caption(code: str) -> str:
    return f"Figure made by: {code.strip().splitlines()[-1]}".replace("[", "(").replace("]", ")")


def _shell(code: str) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        ["bash", "-ec", code], capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"exit status {done.returncode} of:\n{code}\n{done.stdout}{done.stderr}")
    return _block(done.stdout)


def _block(said: str) -> str:
    return f"```text\n{said.rstrip()}\n```\n" if said.strip() else ""
