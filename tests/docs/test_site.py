"""The site: built offline with no warnings, every link inside it leads somewhere, every tutorial within its time."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
import typer

from ketamind.biology.chain import full_chain
from ketamind.cli import app
from ketamind.declare import shipped_table

ROOT = Path(__file__).parents[2]
TUTORIALS = {p.stem for p in (ROOT / "docs" / "tutorials").glob("*.md")} - {"index"} | {"start"}
LONGEST_S = 60.0
PATIENCE_S = 1800


class Page(HTMLParser):
    """The anchors, links and loaded files of a page."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loaded = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given[k] for k in ("id", "name") if given.get(k)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "source", "iframe") and given.get("src"):
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") != "canonical" and given.get("href"):
            self.loaded.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site") / "html"
    words = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", ROOT / "docs", folder]
    deaf = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "PYTHONWARNINGS": ""}
    done = subprocess.run(
        [str(w) for w in words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, **deaf},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {p.relative_to(site).as_posix(): Page(p.read_text(encoding="utf-8")) for p in site.rglob("*.html")}


def test_every_tutorial_ran_within_its_time(site):
    times = json.loads((site / "tutorial-times.json").read_text(encoding="utf-8"))
    assert set(times) == TUTORIALS
    assert {name: s for name, s in times.items() if s > LONGEST_S} == {}


def test_every_link_inside_the_site_leads_somewhere(site, pages):
    lost = []
    for name, page in pages.items():
        for href in page.links:
            url = urlparse(href)
            if url.scheme or url.netloc:
                continue
            target = (site / name).parent / unquote(url.path) if url.path else site / name
            there = target.resolve()
            if there.is_dir():
                there = there / "index.html"
            known = pages.get(there.relative_to(site.resolve()).as_posix()) if there.is_file() else None
            if not there.is_file() or (url.fragment and known and unquote(url.fragment) not in known.anchors):
                lost.append(f"{name}: {href}")
    assert lost == []


def test_nothing_is_loaded_from_elsewhere(pages):
    away = {f"{name}: {src}" for name, page in pages.items() for src in page.loaded if urlparse(src).netloc}
    assert away == set()


def anchors(pages, folder):
    return set().union(*(page.anchors for name, page in pages.items() if name.startswith(f"reference/made/{folder}")))


def test_every_mechanism_parameter_and_observable_has_its_place(pages):
    model = full_chain()
    assert {c.name for c in model.components} <= anchors(pages, "mechanisms/")
    assert {r.id for r in shipped_table().rows.values()} <= anchors(pages, "parameters/")
    assert set(model.system.outputs) <= anchors(pages, "observables")


def test_every_command_is_described(pages):
    described = anchors(pages, "commands")
    commands = typer.main.get_command(app).commands
    assert {f"ketamind-{name}" for name in commands} <= described


def test_the_first_page_says_what_it_is_not_for(site):
    assert "Not medical advice" in (site / "index.html").read_text(encoding="utf-8")
