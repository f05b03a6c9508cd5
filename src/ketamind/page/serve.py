"""Running the server on this machine."""

import socket as sockets
import threading

from ketamind.errors import BadValue
from ketamind.exchange.extras import need

HOST = "127.0.0.1"


def listen(port: int) -> sockets.socket:
    """A socket on loopback. Raises BadValue if the port is taken, MissingExtra if the server is not installed."""
    for package in ("starlette", "uvicorn"):
        need(package, "the page", "page")
    found = sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM)
    found.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
        found.listen(128)
    except OSError as problem:
        found.close()
        raise BadValue(
            f"port {port} cannot be used ({problem.strerror or problem}). "
            "Choose another with --port N; --port 0 takes a free one."
        ) from None
    return found


def serve(socket: sockets.socket, address_to_open: str = "") -> None:
    """Serve the page on this socket until Ctrl-C."""
    import uvicorn

    from ketamind.page.server import create_app

    config = uvicorn.Config(
        create_app(), log_level="warning", lifespan="on", timeout_keep_alive=30, limit_concurrency=512, ws="none"
    )
    if address_to_open:
        threading.Timer(0.5, _open, [address_to_open]).start()
    uvicorn.Server(config).run(sockets=[socket])


def _open(address: str) -> None:
    import webbrowser

    webbrowser.open(address)
