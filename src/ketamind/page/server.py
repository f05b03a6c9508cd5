"""The server of the page: which addresses it answers, and what it refuses.

It binds to loopback, answers only pages that it served itself, and asks nothing of any other machine.
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ketamind.page import runs, views
from ketamind.page.doors import refusal
from ketamind.page.guards import Guards, Harden

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def static_folder() -> Path:
    """Where the page's own files are."""
    return Path(str(resources.files("ketamind.page") / "static"))


def create_app(hosts: Sequence[str] = LOOPBACK, guards: Guards | None = None) -> Starlette:
    """The application. `hosts` are the names under which it may be asked, so that no other site can use it."""
    return Starlette(
        routes=[
            Route("/", _first_page),
            Route("/favicon.ico", _icon),
            *all_routes(),
            Mount("/static", StaticFiles(directory=static_folder())),
        ],
        middleware=[
            Middleware(Harden, guards=guards or Guards()),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={HTTPException: _http_problem, Exception: _unforeseen},
    )


def all_routes() -> list[BaseRoute]:
    """The doors of every view."""
    return [*runs.routes, *views.routes]


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
