"""Every machine-readable output says what brings it back."""

import ast
import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ketamind
from ketamind.cli import app
from ketamind.declare import shipped_table

COMMANDS = (
    ["run", "0.5 mg/kg ketamine iv over 40 min", "--days", "1", "--observe", "madrs@12h", "--seed", "7", "--json"],
    ["explain", "madrs", "--json"],
    ["mechanisms", "--json"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda w: w[0])
def test_answers_carry_version_command_seed_and_tables(words):
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.output
    block = json.loads(answer.stdout)["provenance"]
    assert block["version"] == ketamind.__version__
    assert block["parameter_tables"] == shipped_table().fingerprint
    assert shlex.split(block["command"]) == ["ketamind", *words]
    assert block.get("seed") == (7 if "--seed" in words else None)


def test_the_command_of_an_answer_gives_the_same_answer():
    first = CliRunner().invoke(app, COMMANDS[0]).stdout
    again = shlex.split(json.loads(first)["provenance"]["command"])[1:]
    assert CliRunner().invoke(app, again).stdout == first


def test_the_fingerprint_moves_with_any_value(tmp_path):
    from dataclasses import replace

    table = shipped_table()
    key, row = next(iter(table.rows.items()))
    moved = replace(table, rows={**table.rows, key: replace(row, value=row.value * (1 + 1e-12) + 1e-300)})
    turned = replace(table, rows=dict(reversed(table.rows.items())))
    assert moved.fingerprint != table.fingerprint == turned.fingerprint


def json_printed(path):
    """Lines where a command prints JSON by itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "json.dumps":
            yield node.lineno


@pytest.mark.parametrize("path", sorted(Path(ketamind.__file__).parent.glob("cli/*.py")), ids=lambda p: p.stem)
def test_commands_print_json_through_the_one_place(path):
    assert len(list(json_printed(path))) == (path.stem == "common")


def test_reports_say_where_they_come_from(tmp_path):
    words = ["run", "0.5 mg/kg ketamine iv over 40 min", "--days", "1", "--out", str(tmp_path)]
    assert CliRunner().invoke(app, words).exit_code == 0
    footer = (tmp_path / "report.html").read_text(encoding="utf-8").partition("<footer>")[2]
    for word in (f"version {ketamind.__version__}", "seed 0", "command ketamind run", shipped_table().fingerprint):
        assert word in footer
