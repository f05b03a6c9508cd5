"""What all commands share: the application, options, progress, and how results are printed."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand

from ketamind.errors import BadFile, BadValue

RESEARCH_ONLY = "For research and teaching. Not medical advice."

Command = TypeVar("Command", bound=Callable[..., Any])


class Remembered(TyperCommand):
    """A command that keeps what was asked of it, so that its output can say so."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line, and keep them."""
        from ketamind.provenance import ASKED

        words = shlex.join(["ketamind", ctx.info_name or "", *args])
        rest = super().parse_args(ctx, args)
        seed = {"seed": ctx.params["seed"]} if "seed" in ctx.params else {}
        ASKED.set({"command": words, **seed})
        return rest


class Application(typer.Typer):
    """The application, whose commands all remember what was asked."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[Command], Command]:
        """Register a command."""
        return super().command(name, **{"cls": Remembered, **options})


app = Application(
    name="ketamind",
    help=f"How ketamine works in the brain, from a dose to a mood curve. {RESEARCH_ONLY}",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output, nothing else there.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the report, figures and data.", metavar="DIR")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the virtual patients.", min=0)]
Words = Annotated[list[str], typer.Argument(help="The protocol in plain words, or a TOML file.", metavar="PROTOCOL...")]
Without = Annotated[str, typer.Option("--without", help="Mechanisms to switch off, separated by commas.")]
Manipulation = Annotated[str, typer.Option("--manipulation", help="Such as block:mtorc1 or knockdown:glun2b@sst.")]
Species = Annotated[str, typer.Option("--species", help="human, mouse or rat.")]


def names(words: str) -> tuple[str, ...]:
    """Words separated by commas."""
    return tuple(part.strip() for part in words.split(",") if part.strip())


def numbers(words: str) -> tuple[float, ...]:
    """Numbers separated by commas. Raises BadValue."""
    try:
        return tuple(float(part) for part in names(words))
    except ValueError:
        raise BadValue(f"'{words}' is not numbers separated by commas, such as 0.25,0.5,1.") from None


def print_json(value: dict[str, Any]) -> None:
    """Write JSON to standard output, with its provenance; numbers without end are an error."""
    from ketamind.provenance import stamped

    print(json.dumps(stamped(value), indent=2, allow_nan=False))


def tell(message: str) -> None:
    """Write a line to standard error."""
    print(message, file=sys.stderr)


def writable(folder: Path | None) -> Path | None:
    """The folder, made and tried before any work is done. Raises BadFile."""
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".ketamind-probe"
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise BadFile(f"cannot write into '{folder}': {problem.strerror or problem}. Choose another folder.") from None
    return folder


@contextmanager
def progress(what: str, total: int) -> Iterator[tuple[Callable[[int, int], None] | None, Callable[[str], None]]]:
    """A progress bar on standard error where a person is watching; what the work calls as it advances."""
    if not sys.stderr.isatty():
        yield None, lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield (
            lambda done, of: bar.update(task, completed=done, total=of),
            lambda words: bar.update(task, description=words),
        )
