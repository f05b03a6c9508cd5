"""The command line as a page, from the application itself."""

from collections.abc import Iterable
from html import escape
from typing import Any

from tools.html import table

HIDDEN = {"install_completion", "show_completion", "help"}


def command_page() -> str:
    """Every command with its arguments and options."""
    import typer

    from ketamind.cli import app

    root: Any = typer.main.get_command(app)
    parts = [
        "# Command line",
        f"{root.help} The same words as in Python; `ketamind COMMAND --help` shows what stands here.",
        "",
        "`--json` gives machine-readable output on standard output and nothing else there, with a `provenance` block "
        "that holds version, command, seed and a fingerprint of the parameter tables. `--out` writes report, figures "
        "and data. Bad input gives one message and exit status 2; Ctrl-C exits with 130. "
        "`ketamind --install-completion` completes commands and options in bash, zsh, fish and PowerShell.",
        "",
    ]
    for name, command in sorted(_commands(root)):
        parts += _section(name, command)
    return "\n".join(parts)


def _commands(group: Any, before: str = "") -> Iterable[tuple[str, Any]]:
    for name, command in group.commands.items():
        if getattr(command, "commands", None):
            yield from _commands(command, f"{before}{name} ")
        elif not command.hidden:
            yield before + name, command


def _shown(p: Any) -> str:
    """An argument as it stands in a usage line."""
    return str(p.metavar or p.name.upper())


def _section(name: str, command: Any) -> Iterable[str]:
    shown = [p for p in command.params if p.name not in HIDDEN]
    arguments = " ".join(_shown(p) for p in shown if p.param_type_name == "argument")
    yield f"## ketamind {name}\n"
    yield f"{command.help}\n"
    yield f"```text\nketamind {name} {'[OPTIONS] ' if len(shown) > len(arguments.split()) else ''}{arguments}\n```\n"
    if shown:
        yield table(("option", "meaning", "if left out"), [("", _cells(p)) for p in shown])


def _cells(p: Any) -> tuple[str, str, str]:
    is_argument = p.param_type_name == "argument"
    words = _shown(p) if is_argument else ", ".join(p.opts)
    takes = "" if is_argument or p.is_flag else f" {p.metavar or p.name.upper()}"
    default = "" if p.default in (None, "", False) or callable(p.default) else str(p.default)
    left_out = "needed" if p.required else default if "UNSET" not in default.upper() else ""
    return f"<code>{escape(words + takes)}</code>", escape(getattr(p, "help", "") or ""), escape(left_out)
