"""What the views' routes share: bodies of limited size, checked forms, and one kind of answer to a bad request.

Everything from a browser is checked here or by pydantic before it reaches the model. Work runs in threads, so that
one long request does not keep others waiting.
"""

import json
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from ketamind.errors import BadFile, BadValue, KetamindError

LARGEST_BODY = 64_000
Form = TypeVar("Form", bound=BaseModel)
Handler = Callable[[Request], Awaitable[Response]]


class TooLarge(KetamindError):
    """A body over the limit of its door."""


class Checked(BaseModel):
    """A form from a browser: no unknown keys, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True)


def door(handler: Handler) -> Handler:
    """The same handler; what it refuses becomes a JSON answer with the message, never a traceback."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except TooLarge as problem:
            return refusal(str(problem), 413)
        except KetamindError as problem:
            return refusal(str(problem), 400)
        except ClientDisconnect:
            return Response(status_code=204)

    guarded.__name__ = getattr(handler, "__name__", "door")
    return guarded


def refusal(message: str, status: int) -> JSONResponse:
    """One message, and the status."""
    return JSONResponse({"error": message}, status_code=status)


def answer(content: Any) -> JSONResponse:
    """JSON in which what is not finite is null, as browsers cannot read NaN."""
    return JSONResponse(plain(content))


def plain(value: Any) -> Any:
    """The same value in the words of JSON.

    >>> plain({"a": float("nan"), "b": (1, 2)})
    {'a': None, 'b': [1, 2]}
    """
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


async def body(request: Request, limit: int = LARGEST_BODY) -> bytes:
    """The body. Raises TooLarge as soon as more than `limit` bytes have come, without waiting for the rest."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > limit:
        raise _too_large(limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


async def form(request: Request, kind: type[Form], limit: int = LARGEST_BODY) -> Form:
    """The body as a checked form. Raises TooLarge, BadFile for what is not JSON, BadValue for a wrong field."""
    raw = await body(request, limit)
    try:
        return kind.model_validate(json.loads(raw or b"{}"))
    except (ValueError, RecursionError) as problem:
        if isinstance(problem, ValidationError):
            first = problem.errors()[0]
            place = ".".join(str(p) for p in first["loc"])[:80] or "the form"
            raise BadValue(f"'{place}': {first['msg'].lower()}.") from None
        raise BadFile("the request is not JSON.") from None


async def aside(function: Callable[..., Any], *arguments: Any) -> Any:
    """The function's value, computed in a thread."""
    return await anyio.to_thread.run_sync(lambda: function(*arguments))


def _too_large(limit: int) -> TooLarge:
    shown = f"{limit / 1e6:.3g} MB" if limit >= 1e5 else f"{limit / 1e3:.0f} kB"
    return TooLarge(f"the request is larger than {shown}, which is the most that is taken here. Send less.")
