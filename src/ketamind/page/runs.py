"""The doors of the Explore view: what can be chosen, a run, its band, what each mechanism carries, published points."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import anyio
import numpy as np
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ketamind.evidence.arms import inert
from ketamind.page.asked import Asked, under_each
from ketamind.page.catalogue import catalogue
from ketamind.page.doors import answer, door, form
from ketamind.page.points import points_of
from ketamind.page.tables import band_table, typical_table
from ketamind.simulation.simulate import chain_for

AT_ONCE = 3
"""Solves at once; the rest wait, so that a crowd slows everybody a little instead of starving somebody."""

BAND_PATIENTS, SEED = 64, 1


class AskedBand(Asked):
    """A run, and how many virtual patients its band is made from."""

    patients: int = Field(default=BAND_PATIENTS, ge=8, le=400)


class AskedLinks(Asked):
    """A run, and when its mood effect is looked at."""

    at_h: float = Field(default=24.0, gt=0, le=24 * 366)


async def _catalogue(request: Request) -> Response:
    return answer(await _in_turn(catalogue))


async def _run(request: Request) -> Response:
    asked = await form(request, Asked)
    return _binary(await _in_turn(lambda: typical_table(asked).as_bytes()))


async def _band(request: Request) -> Response:
    asked = await form(request, AskedBand)
    return _binary(await _in_turn(lambda: band_table(asked, asked.patients, SEED).as_bytes()))


async def _links(request: Request) -> Response:
    asked = await form(request, AskedLinks)
    return answer(await _in_turn(lambda: links(asked, asked.at_h)))


async def _points(request: Request) -> Response:
    asked = await form(request, Asked)
    return answer(await _in_turn(lambda: points_of(asked.given(), asked.who())))


def links(asked: Asked, at_h: float) -> dict[str, Any]:
    """How much of the mood effect at a time is lost without each mechanism, and the effect itself, in MADRS points.

    The effect is the difference from the same brain given saline, as in the knock-out study; a negative share says that
    the effect grows without the mechanism.
    """
    saline = asked.model_copy(update={"protocol": inert(asked.given()).words()})
    model = chain_for(asked.given(), asked.who().species)
    names = [n for n in model.mechanisms if n not in asked.without]
    changes = [{}, *({f"on.{n}": 0.0} for n in names)]
    times = np.array([0.0, at_h])
    drug, control = (under_each(a, changes, ("madrs",), times)["madrs"][-1] for a in (asked, saline))
    effects = drug - control
    shares = {n: float(1 - e / effects[0]) if effects[0] else 0.0 for n, e in zip(names, effects[1:], strict=True)}
    return {"effect": float(effects[0]), "at_h": at_h, "lost": shares}


@lru_cache(maxsize=1)
def _limiter() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(AT_ONCE)


async def _in_turn(work: Callable[[], Any]) -> Any:
    return await anyio.to_thread.run_sync(work, limiter=_limiter())


def _binary(content: bytes) -> Response:
    return Response(content, media_type="application/octet-stream")


routes: list[BaseRoute] = [
    Route("/api/catalogue", door(_catalogue)),
    Route("/api/run", door(_run), methods=["POST"]),
    Route("/api/band", door(_band), methods=["POST"]),
    Route("/api/links", door(_links), methods=["POST"]),
    Route("/api/points", door(_points), methods=["POST"]),
]
