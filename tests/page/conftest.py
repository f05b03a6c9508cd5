"""A running server and a browser, shared by the tests of the page."""

import http.client
import json
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Served:
    """A server on loopback, and how to ask it."""

    port: int

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    def ask(
        self, path: str, content: Any = None, *, raw: bytes | None = None, method: str = "", headers: Any = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request; `content` is sent as JSON, `raw` as it is."""
        body = raw if raw is not None else None if content is None else json.dumps(content).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body, headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The page's server, in a thread, on a free port."""
    uvicorn = pytest.importorskip("uvicorn")
    from ketamind.page.serve import listen
    from ketamind.page.server import create_app

    socket = listen(0)
    server = uvicorn.Server(uvicorn.Config(create_app(ahead=False), log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    yield Served(socket.getsockname()[1])
    server.should_exit = True
    thread.join(timeout=20)
    socket.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=path, args=[*flags, "--disable-component-update"])
        yield found
        found.close()


class Visit:
    """A tab that keeps what went wrong in it: console errors, page errors, and requests to any other machine."""

    def __init__(self, browser: Any, served: Served, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.url = served.url
        self.problems: list[str] = []
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("request", self._request)

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.problems.append(f"asked {request.url}")

    def open(self, fragment: str = "") -> Any:
        """The page at a fragment, drawn and with its band."""
        self.page.goto(self.url + fragment)
        self.page.wait_for_selector("html[data-banded]")
        return self.page

    def redraws(self) -> int:
        """How often a run has been drawn."""
        return int(self.page.evaluate("Number(document.documentElement.dataset.redrawn ?? 0)"))

    def after(self, change: Any) -> None:
        """Make a change and wait for the run that it asks for."""
        before = self.redraws()
        change()
        deadline = time.monotonic() + 60
        while self.redraws() <= before:
            assert time.monotonic() < deadline, "the page was not redrawn"
            self.page.wait_for_timeout(20)

    def close(self) -> None:
        """End the visit; whatever went wrong fails the test."""
        self.context.close()
        assert not self.problems, self.problems


@pytest.fixture
def visit(browser: Any, served: Served) -> Iterator[Any]:
    """Open tabs: `visit(width=..., ...)`; all are closed, and anything that went wrong fails the test."""
    opened: list[Visit] = []

    def begin(**options: Any) -> Visit:
        opened.append(Visit(browser, served, **options))
        return opened[-1]

    yield begin
    for tab in opened:
        tab.close()
