"""The static edition: files only, its error measured and true, and a page that works from a plain file server."""

import functools
import http.server
import json
import threading

import numpy as np
import pytest

from ketamind.page import listen
from ketamind.page.edition import Grid, as_browser, interpolated, packed, write_edition
from ketamind.page.tables import QUANTITIES, Table, typical_table

GRID = Grid("mg/kg ketamine iv over 40 min", (0.25, 0.5, 1.0))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    folder = tmp_path_factory.mktemp("edition")
    advanced = []
    claim = listen.listed()["claims"][0]["id"]
    told = write_edition(folder, lambda done, of: advanced.append(done), chosen=[GRID], claims=[claim], patients=8)
    assert advanced == sorted(advanced)
    assert "MB" in told
    return folder


def unpacked(raw):
    length = int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4 : 4 + length])
    shape = (len(header["layers"]), len(header["names"]), header["points"])
    levels = np.frombuffer(raw[4 + length :], "<u2").reshape(shape)
    least, step = (np.array(header["levels"][k])[None, :, None] for k in ("least", "step"))
    return header, least + step * levels


def test_packing_keeps_four_digits():
    values = np.linspace(-3, 40, 2 * len(QUANTITIES) * 5).reshape(2, len(QUANTITIES), 5).astype(np.float32)
    header = {"layers": ["low", "high"], "names": list(QUANTITIES), "points": 5}
    _, back = unpacked(packed(Table(header, values)))
    assert np.abs(back - values).max() < 1e-3


def test_runs_are_those_of_the_server(edition):
    index = json.loads((edition / "data" / "index.json").read_text())
    assert index["grids"][0]["doses"] == list(GRID.doses)
    _, kept = unpacked((edition / "data" / index["grids"][0]["files"][1]).read_bytes())
    direct = typical_table(GRID.asked(0.5)).values[0]
    span = np.ptp(kept, axis=(0, 2))[:, None]
    assert (np.abs(kept[0] - direct) <= 2e-5 * span + 1e-5).all()


def test_the_stated_error_is_that_of_the_interpolation(edition):
    stated = json.loads((edition / "data" / "index.json").read_text())["error"]
    madrs = QUANTITIES.index("madrs")
    low, high = (typical_table(GRID.asked(d)).values[0] for d in (0.25, 0.5))
    middle = typical_table(GRID.asked(round(float(np.sqrt(0.125)), 6))).values[0]
    gap = np.abs(interpolated(low, high, 0.5)[madrs] - middle[madrs]).max()
    assert 0 < gap <= stated["madrs"]["max"] + 1e-6
    assert stated["madrs"]["max"] < 3


def test_exact_runs_are_named_as_the_browser_writes_them(edition):
    index = json.loads((edition / "data" / "index.json").read_text())
    assert len(index["exact"]) == 2
    assert all(as_browser(json.loads(key)) == key for key in index["exact"])


def test_it_works_from_a_file_server(edition, browser):
    handler = functools.partial(Quiet, directory=str(edition))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    problems = []
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: None if r.url.startswith((url, "data:", "blob:")) else problems.append(r.url))
    try:
        page.goto(url + "#explore?dose=0.35&t=24")
        page.wait_for_selector("html[data-banded]")
        assert "MADRS is within" in page.inner_text("#status")
        assert page.locator("#tabs a").count() == 2
        assert page.locator("[data-key=weight]").is_disabled()
        page.locator(".mechanisms input").first.uncheck()
        page.wait_for_selector(".problem")
        assert "ketamind page" in page.inner_text(".problem")
        page.goto(url + "#listen")
        page.wait_for_selector(".view-listen")
        page.wait_for_timeout(500)
        assert not problems
    finally:
        page.close()
        server.shutdown()
        server.server_close()
