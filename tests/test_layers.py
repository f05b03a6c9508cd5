"""Imports point down the floors: never up, never sideways between folders of one floor, never between stages."""

import ast
from pathlib import Path

import pytest

import ketamind

PACKAGE = Path(ketamind.__file__).parent
FLOORS = {
    "errors": 0,
    "declare": 1,
    "provenance": 2,
    "biology": 2,
    "engine": 2,
    "protocols": 2,
    "simulation": 3,
    "cortex": 4,
    "trials": 4,
    "evidence": 5,
    "studies": 6,
    "report": 7,
    "exchange": 7,
    "page": 8,
    "doctor": 8,
    "cli": 9,
}
TOP = 10
"""Floor of `ketamind/__init__.py` and `__main__.py`, which offer the rest to the user."""

LAZY = {("simulation", "report")}
"""Upward imports inside a function that a convenience needs (`run.plot()`): nothing is imported until it is called."""

VERSION_ONLY = {"__version__"}
"""What the package itself may be asked for by any folder."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(parts: tuple[str, ...]) -> str:
    """The folder (or top module) of the package that a module belongs to; empty for the package itself."""
    return parts[0].removesuffix(".py") if parts and parts[0] not in ("__init__.py", "__main__.py") else ""


def imports(tree: ast.AST, home: tuple[str, ...]) -> list[tuple[tuple[str, ...], int, bool]]:
    """Each import from the package: path below it, line, and whether it stands inside a function."""
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = ("ketamind", *home[: len(home) - node.level])
            names = [".".join([*base, *(node.module or "").split(".")]).rstrip(".")]
        elif isinstance(node, ast.ImportFrom) and node.module == "ketamind":
            names = [f"ketamind.{alias.name}" for alias in node.names if alias.name not in VERSION_ONLY]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [
            (tuple(n.split(".")[1:]), node.lineno, id(node) in inside) for n in names if n.startswith("ketamind.")
        ]
    return found


def forbidden(here: str, there: str, lazy: bool) -> bool:
    if here == there or not there or (lazy and (here, there) in LAZY):
        return False
    return FLOORS.get(there, TOP) >= FLOORS.get(here, TOP)


def wrong_imports(source: str, home: tuple[str, ...]) -> list[str]:
    here = part_of(home)
    return [
        f"{'/'.join(home)}, line {line}: {here} may not import {there}"
        for path, line, lazy in imports(ast.parse(source), home)
        if forbidden(here, there := part_of(path), lazy)
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    assert not wrong_imports(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).parts)


@pytest.mark.parametrize(
    "path", [p for p in MODULES if "biology" in p.parts], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_stages_of_biology_do_not_import_each_other(path: Path) -> None:
    home = path.relative_to(PACKAGE).parts
    stage = home[1] if len(home) > 2 else ""
    others = {
        where[1]
        for where, _, _ in imports(ast.parse(path.read_text(encoding="utf-8")), home)
        if len(where) > 1 and where[0] == "biology" and (PACKAGE / "biology" / where[1]).is_dir()
    }
    assert not stage or others <= {stage}


def test_every_folder_has_a_floor() -> None:
    folders = {part_of(path.relative_to(PACKAGE).parts) for path in MODULES}
    assert folders - {""} <= set(FLOORS)


@pytest.mark.parametrize(
    ("here", "line", "count"),
    [
        ("engine/solve.py", "from ketamind.declare import Model", 0),
        ("engine/solve.py", "from ketamind.biology.chain import chain", 1),
        ("declare/model.py", "import ketamind.engine.solve", 1),
        ("declare/model.py", "from ketamind import engine", 1),
        ("declare/model.py", "from ..engine import solve", 1),
        ("declare/model.py", "from .units import unit", 0),
        ("simulation/run.py", "def f():\n    from ketamind.report import figures", 0),
        ("simulation/run.py", "from ketamind.report import figures", 1),
        ("cli.py", "from ketamind.page import app", 0),
        ("__init__.py", "from ketamind.cli import main", 0),
        ("report/html.py", "from ketamind import __version__", 0),
    ],
)
def test_the_check_finds_what_it_should(here: str, line: str, count: int) -> None:
    assert len(wrong_imports(line, tuple(here.split("/")))) == count
