"""The server of the page: which addresses it answers, and what it refuses.

It binds to loopback, answers only pages that it served itself, and asks nothing of any other machine. What a fresh page
asks first is answered from disk if it was computed before (kept.py); everything else by the doors of the views, which
are imported in the background.
"""

import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib import resources
from pathlib import Path

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from ketamind.page import kept
from ketamind.page.doors import body, refusal
from ketamind.page.guards import Guards, Harden

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
IDLE_S = 2.0
"""How long nobody must have asked before the next route's model is wired ahead of being wanted."""

JSON, BINARY = "application/json", "application/octet-stream"
TYPES = {"/api/run": BINARY, "/api/band": BINARY}


def static_folder() -> Path:
    """Where the page's own files are."""
    return Path(str(resources.files("ketamind.page") / "static"))


def create_app(hosts: Sequence[str] = LOOPBACK, guards: Guards | None = None, ahead: bool = True) -> Starlette:
    """The application.

    `hosts` are the names under which it may be asked, so that no other site can use it; with `ahead` the models of all
    routes are wired in idle time.
    """
    doors = Doors()

    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        threading.Thread(target=doors.warm, args=(ahead,), daemon=True).start()
        yield
        doors.close()

    return Starlette(
        routes=[
            Route("/", _first_page),
            Route("/favicon.ico", _icon),
            Mount("/static", StaticFiles(directory=static_folder())),
            Mount("/api", doors),
        ],
        middleware=[
            Middleware(Harden, guards=guards or Guards()),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={HTTPException: _http_problem, Exception: _unforeseen},
        lifespan=living,
    )


class Doors:
    """The doors of all views, imported at the first need: those of Explore, and the others. First answers from disk."""

    def __init__(self) -> None:
        self.kept = kept.kept_answers()
        self.lock = threading.Lock()
        self.routers: dict[bool, Router] = {}
        self.asked_s = 0.0
        self.closed = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked_s = time.monotonic()
        whole = {**scope, "root_path": ""}
        address = str(scope["path"])
        explore = address in kept.QUESTIONS
        if explore not in self.routers and address in self.kept:
            raw = await body(Request(whole, receive))
            if kept.is_first(address, raw):
                await Response(self.kept[address], media_type=TYPES.get(address, JSON))(whole, receive, send)
                return
            receive = _again(raw, receive)
        router = await anyio.to_thread.run_sync(self.open, explore)
        await router(whole, receive, send)

    def open(self, explore: bool) -> Router:
        """The doors of Explore, or those of the other views. The first call imports them."""
        with self.lock:
            if explore not in self.routers:
                if explore:
                    from ketamind.page.runs import routes
                else:
                    from ketamind.page.views import routes
                self.routers[explore] = Router(routes=routes)
            return self.routers[explore]

    def warm(self, ahead: bool) -> None:
        """Import the doors, keep the first answers that are not kept, then wire the models of the other routes."""
        try:
            self._warm(ahead)
        except RuntimeError:  # no thread can be begun any more, once the server has ended
            if not self.closed.is_set():
                raise

    def _warm(self, ahead: bool) -> None:
        self.open(True)
        from ketamind.page.first import compute, wire_ahead

        for address in kept.QUESTIONS:
            if self.closed.is_set():
                return
            kept.answer_to(address, partial(compute, address))
        self.open(False)
        if ahead:
            wire_ahead(self._wait_for_idle)

    def close(self) -> None:
        """Stop what is done ahead, and work that was begun."""
        self.closed.set()
        if False in self.routers:
            from ketamind.page import views

            views.close()

    def _wait_for_idle(self) -> bool:
        """Wait until nobody has asked for a while; false when the server ends."""
        while not self.closed.wait(0.25):
            if time.monotonic() - self.asked_s > IDLE_S:
                return True
        return False


def _again(raw: bytes, receive: Receive) -> Receive:
    """The same request body once more."""
    parts: list[Message] = [{"type": "http.request", "body": raw, "more_body": False}]

    async def replayed() -> Message:
        return parts.pop() if parts else await receive()

    return replayed


async def _first_page(request: Request) -> Response:
    return FileResponse(static_folder() / "index.html")


async def _icon(request: Request) -> Response:
    return FileResponse(static_folder() / "icon.svg", media_type="image/svg+xml")


async def _http_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    words = {404: "there is nothing at this address.", 405: "this address does not take that method."}
    return refusal(words.get(problem.status_code, problem.detail), problem.status_code)


async def _unforeseen(request: Request, problem: Exception) -> Response:
    return refusal(f"this could not be computed ({type(problem).__name__}). Reload the page and try again.", 500)
