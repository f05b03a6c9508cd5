"""What stands before every door: headers that keep the page to itself, and limits on what one client may ask."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ketamind.page.doors import refusal

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}
MOST_CLIENTS = 1024


@dataclass(frozen=True)
class Guards:
    """Requests a second that one address may make for long, how many at once, and the largest body of all."""

    per_second: float = 400.0
    burst: float = 2000.0
    largest_body: int = 20_000_000


class Harden:
    """Refuses oversized bodies, requests from other sites and floods; adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, guards: Guards) -> None:
        self.app = app
        self.guards = guards
        self.buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refused = self._refusal(scope)
        if refused is not None:
            await refusal(*refused)(scope, receive, hardened)
        else:
            await self.app(scope, receive, hardened)

    def _refusal(self, scope: Scope) -> tuple[str, int] | None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self.guards.largest_body:
            return f"a request may hold at most {self.guards.largest_body / 1e6:.0f} MB.", 413
        origin = headers.get("origin")
        if origin and urlsplit(origin).netloc != headers.get("host"):
            return "requests from other sites are not answered.", 403
        if not self._has_allowance((scope.get("client") or ("",))[0]):
            return "too many requests at once. Wait a second and try again.", 429
        return None

    def _has_allowance(self, client: str) -> bool:
        """One token of the client's bucket, which refills with time."""
        now = time.monotonic()
        left, since = self.buckets.pop(client, (self.guards.burst, now))
        left = min(self.guards.burst, left + (now - since) * self.guards.per_second)
        self.buckets[client] = (left - 1 if left >= 1 else left, now)
        if len(self.buckets) > MOST_CLIENTS:
            self.buckets.popitem(last=False)
        return left >= 1
