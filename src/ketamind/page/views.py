"""The doors of all views but Explore: receipts, exports, own data, and work that is begun, watched and stopped."""

from functools import lru_cache

from pydantic import Field
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ketamind.errors import unknown_name
from ketamind.page import cortexview, listen, theories, trialview
from ketamind.page.asked import Asked, Name
from ketamind.page.doors import Checked, answer, aside, body, door, form
from ketamind.page.export import Wanted, protocol_toml, python_of, run_csv
from ketamind.page.jobs import Jobs
from ketamind.page.mydata import LARGEST_FILE, Confirmed, described, fitted, overlaid, read_csv
from ketamind.page.receipts import doubled, most_moving, receipt

KINDS = {"toml": protocol_toml, "csv": run_csv, "py": python_of}


@lru_cache(maxsize=1)
def jobs() -> Jobs:
    """The jobs of this server."""
    return Jobs()


def close() -> None:
    """Stop all work, when the server ends."""
    jobs().close()
    jobs.cache_clear()


class Doubling(Checked):
    """A parameter, and the setting in which it is doubled."""

    name: Name
    asked: Asked = Field(default_factory=Asked)


class Moving(Checked):
    """An observable at a time, such as `madrs@24h`, and the setting in which parameters are doubled."""

    observation: Name
    asked: Asked = Field(default_factory=Asked)


async def _receipt(request: Request) -> Response:
    return answer(await aside(receipt, request.path_params["name"]))


async def _doubled(request: Request) -> Response:
    wanted = await form(request, Doubling)
    return answer(await aside(doubled, wanted.asked, wanted.name))


async def _moving(request: Request) -> Response:
    wanted = await form(request, Moving)
    return answer(await aside(most_moving, wanted.asked, wanted.observation))


async def _export(request: Request) -> Response:
    kind = request.path_params["kind"]
    if kind not in KINDS:
        raise unknown_name(kind, "a form to take along", KINDS)
    wanted = await form(request, Wanted)
    return PlainTextResponse(await aside(KINDS[kind], wanted))


async def _read(request: Request) -> Response:
    raw = await body(request, LARGEST_FILE)
    return answer(await aside(lambda: described(read_csv(raw))))


async def _overlay(request: Request) -> Response:
    confirmed = await form(request, Confirmed, 2 * LARGEST_FILE)
    return answer(await aside(overlaid, confirmed))


async def _fit(request: Request) -> Response:
    confirmed = await form(request, Confirmed, 2 * LARGEST_FILE)
    return answer(await aside(fitted, confirmed))


async def _claims(request: Request) -> Response:
    return answer(await aside(listen.listed))


async def _claim(request: Request) -> Response:
    return answer(await aside(listen.scene, request.path_params["name"]))


async def _matrix(request: Request) -> Response:
    return answer(await aside(theories.matrix))


async def _pair(request: Request) -> Response:
    return answer(await aside(theories.curves, await form(request, theories.Pair)))


async def _telling(request: Request) -> Response:
    pair = await form(request, theories.Pair)
    pair.both()
    return answer(jobs().begin(lambda job: theories.telling(pair, job)).as_json())


async def _cortex(request: Request) -> Response:
    asked = await form(request, cortexview.CortexAsked)
    asked.check()
    return answer(jobs().begin(lambda job: cortexview.simulated(asked, job)).as_json())


async def _trials(request: Request) -> Response:
    return answer(await aside(trialview.listed))


async def _trial(request: Request) -> Response:
    return answer(await aside(trialview.described, await form(request, trialview.TrialAsked)))


async def _run_trial(request: Request) -> Response:
    asked = await form(request, trialview.TrialAsked)
    await aside(asked.trial)
    return answer(jobs().begin(lambda job: trialview.run(asked, job)).as_json())


async def _job(request: Request) -> Response:
    return answer(jobs().find(request.path_params["token"]).as_json())


async def _stop(request: Request) -> Response:
    return answer(jobs().stop(request.path_params["token"]).as_json())


routes: list[BaseRoute] = [
    Route("/api/receipts/{name}", door(_receipt)),
    Route("/api/doubled", door(_doubled), methods=["POST"]),
    Route("/api/moving", door(_moving), methods=["POST"]),
    Route("/api/export/{kind}", door(_export), methods=["POST"]),
    Route("/api/mydata/read", door(_read), methods=["POST"]),
    Route("/api/mydata/overlay", door(_overlay), methods=["POST"]),
    Route("/api/mydata/fit", door(_fit), methods=["POST"]),
    Route("/api/claims", door(_claims)),
    Route("/api/claims/{name}", door(_claim)),
    Route("/api/theories", door(_matrix)),
    Route("/api/theories/pair", door(_pair), methods=["POST"]),
    Route("/api/theories/telling", door(_telling), methods=["POST"]),
    Route("/api/cortex", door(_cortex), methods=["POST"]),
    Route("/api/trials", door(_trials)),
    Route("/api/trial", door(_trial), methods=["POST"]),
    Route("/api/trial/run", door(_run_trial), methods=["POST"]),
    Route("/api/jobs/{token}", door(_job)),
    Route("/api/jobs/{token}/stop", door(_stop), methods=["POST"]),
]
