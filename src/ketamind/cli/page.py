"""The command that opens the page."""

from typing import Annotated

import typer

from ketamind.cli.common import RESEARCH_ONLY, app, tell
from ketamind.errors import BadValue


@app.command()
def page(
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.", metavar="N")] = 8765,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Open the page: one dose, one chain, one timeline, on this machine alone."""
    if not 0 <= port <= 65535:
        raise BadValue(f"port {port} does not exist; choose 0 to 65535 (0 takes a free one).")
    from ketamind.page.serve import listen, serve

    socket = listen(port)
    address = f"http://127.0.0.1:{socket.getsockname()[1]}/"
    tell(f"ketamind page: {address} (Ctrl-C stops it). {RESEARCH_ONLY}")
    serve(socket, address if open_browser else "")
