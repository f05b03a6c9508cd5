"""The command line: words in, numbers, files and figures out. Bad input gives one message and exit status 2.

Each module registers its commands on the one application; what a command needs is imported when it runs.
"""

import sys
from typing import Annotated

import typer

from ketamind.cli import calibrate, cortex, doctor, evidence, exchange, page, simulate, studies, trial
from ketamind.cli.common import app
from ketamind.errors import KetamindError

__all__ = [
    "app",
    "calibrate",
    "cortex",
    "doctor",
    "evidence",
    "exchange",
    "main",
    "page",
    "simulate",
    "studies",
    "trial",
]


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False) -> None:
    if version:
        from ketamind import __version__

        print(__version__)
        raise typer.Exit


def main() -> None:
    """Entry point: every expected problem is one message on standard error and exit status 2."""
    try:
        app()
    except KetamindError as problem:
        print(f"ketamind: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("ketamind: stopped.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
