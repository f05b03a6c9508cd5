"""The answers to what a fresh page asks first, and the models that it is likely to want next."""

from collections.abc import Callable

from ketamind.page.asked import Asked
from ketamind.page.catalogue import ROUTES, catalogue
from ketamind.page.doors import answer
from ketamind.page.kept import FIRST
from ketamind.page.points import points_of
from ketamind.page.runs import BAND_PATIENTS, SEED, links
from ketamind.page.tables import band_table, typical_table

AT_H = 24.0


def compute(address: str) -> bytes:
    """The answer at one of the addresses of `kept.QUESTIONS`."""
    asked = Asked(**FIRST)
    makers: dict[str, Callable[[], bytes]] = {
        "/api/catalogue": lambda: bytes(answer(catalogue()).body),
        "/api/run": lambda: typical_table(asked).as_bytes(),
        "/api/band": lambda: band_table(asked, BAND_PATIENTS, SEED).as_bytes(),
        "/api/points": lambda: bytes(answer(points_of(asked.given(), asked.who())).body),
        "/api/links": lambda: bytes(answer(links(asked, AT_H)).body),
    }
    return makers[address]()


def wire_ahead(may_go_on: Callable[[], bool]) -> None:
    """Wire the first run's model, and then that of each route, one after the other, each when `may_go_on` says so."""
    typical_table(Asked(**FIRST))
    for route in ROUTES:
        if not may_go_on():
            return
        over = f" over {route.minutes:g} min" if route.minutes else ""
        typical_table(Asked(**{**FIRST, "protocol": f"{route.usual:g} {route.unit} ketamine {route.route}{over}"}))
