"""The command that opens the page, or writes its static edition."""

from pathlib import Path
from typing import Annotated

import typer

from ketamind.cli.common import RESEARCH_ONLY, app, progress, tell, writable
from ketamind.errors import BadValue


@app.command()
def page(
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.", metavar="N")] = 8765,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    static: Annotated[
        Path | None, typer.Option("--static", help="Write the edition without a server there.", metavar="DIR")
    ] = None,
) -> None:
    """Open the page: one dose, one chain, one timeline, on this machine alone."""
    if not 0 <= port <= 65535:
        raise BadValue(f"port {port} does not exist; choose 0 to 65535 (0 takes a free one).")
    if static is not None:
        _write_static(static)
        return
    from ketamind.page.serve import listen, serve

    socket = listen(port)
    address = f"http://127.0.0.1:{socket.getsockname()[1]}/"
    tell(f"ketamind page: {address} (Ctrl-C stops it). {RESEARCH_ONLY}")
    serve(socket, address if open_browser else "")


def _write_static(folder: Path) -> None:
    from ketamind.page.edition import STEPS, write_edition

    target = writable(folder)
    assert target is not None
    with progress("computing the static edition", STEPS) as (advance, _):
        told = write_edition(target, advance)
    tell(told)
