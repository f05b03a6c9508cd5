"""The views in a real browser: each of their controls, keyboard, narrow screens, links, exports, and what axe says.

Every tab fails its test on a console error or a request to another machine (see conftest.py).
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest

DRAWN = {
    "listen": ".claim-scene .chart .line",
    "theories": ".pair-curves .chart .line",
    "cortex": ".raster canvas",
    "trial": ".people-figure",
    "mydata": ".drop",
}
PHONE = {"viewport": {"width": 390, "height": 844}}
CSV = (
    'person,time (h),ketamine (ng/mL),MADRS,"=HYPERLINK(""x"")"\n'
    "p1,0,,34,<img src=x onerror=alert(1)>\np1,0.67,180,31,b\np1,24,,18,c\n"
)
SMALL_JS = """() => [...document.querySelectorAll('main *, aside *')].filter((n) => n.checkVisibility() &&
  [...n.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) && !n.closest('.picture, .visually-hidden') &&
  parseFloat(getComputedStyle(n).fontSize) < 11).map((n) => n.className + ': ' + n.textContent.slice(0, 40))"""


def at(tab: Any, fragment: str) -> Any:
    """The page at a view, drawn."""
    view = fragment.split("?")[0]
    tab.page.goto(f"{tab.url}#{fragment}")
    tab.page.wait_for_selector(DRAWN[view])
    return tab.page


def until(page: Any, true: str, within_s: float = 60) -> None:
    """Wait until an expression is true; the page's own policy forbids Playwright's way of waiting for one."""
    deadline = time.monotonic() + within_s
    while not page.evaluate(f"() => {true}"):
        assert time.monotonic() < deadline, true
        page.wait_for_timeout(50)


def saved(page: Any, label: str) -> str:
    """What an item of the Export menu saves."""
    page.click("#export")
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=label).click()
    return Path(download.value.path()).read_text(encoding="utf-8", errors="replace")


def test_listening_along_by_mouse_and_keyboard(visit: Any) -> None:
    page = at(visit(), "listen")
    assert page.locator(".claims button").count() == 17
    page.wait_for_selector(".side-picture svg.art >> nth=1")
    first = page.locator(".claim-scene h1").inner_text()
    page.locator(".claims button").nth(5).click()
    until(page, f"document.querySelector('.claim-scene h1').textContent !== {json.dumps(first)}")
    page.wait_for_selector(DRAWN["listen"])
    assert page.locator(".claims button[aria-current=true]").count() == 1
    assert page.locator(".verdict-word").inner_text()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("]")
    until(page, "document.querySelector('.claims [aria-current=true] .what').textContent.startsWith('BDNF')")
    page.wait_for_selector(".chart-and-verdict .chip >> nth=1")
    page.locator(".chart-and-verdict .chip").nth(1).click()
    assert page.locator(".chart-and-verdict .chip[aria-pressed=true]").count() == 1
    page.click(".play")
    until(page, "document.querySelector('.play').getAttribute('aria-label') === 'Pause'")
    page.click(".play")


def test_a_link_restores_the_claim_and_papers_open_their_receipts(visit: Any) -> None:
    page = at(visit(), "listen?claim=dissociation")
    assert "dissociative" in page.locator(".claim-scene h1").inner_text()
    page.wait_for_selector(".claim-papers li .plain")
    page.locator(".claim-papers li .plain").first.click()
    page.wait_for_selector(".receipts")
    assert "published result" in page.locator(".receipts").inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".receipts").count() == 0


def test_receipts_stand_beside_the_view_and_lead_on(visit: Any) -> None:
    page = at(visit(), "listen?claim=dissociation")
    page.click("text=Show receipts")
    page.wait_for_selector(".receipts .bar-row")
    drawer, scene = (page.locator(s).bounding_box() for s in (".receipts", ".claim-scene"))
    assert scene["x"] + scene["width"] <= drawer["x"] + 1
    page.locator(".receipts .bar-row .plain").first.click()
    until(page, "document.querySelector('.receipts .caption').textContent === 'parameter'")
    page.wait_for_selector(".receipts .bars li, .receipts .nothing")
    assert "If it doubles" in page.locator(".receipts").inner_text()
    page.get_by_role("button", name="Copy command").click()
    page.get_by_role("button", name="Close receipts").click()
    assert page.locator(".receipts").count() == 0


def test_two_theories_are_chosen_and_compared(visit: Any) -> None:
    page = at(visit(), "theories")
    assert page.locator(".pick").count() >= 9
    page.locator(".pick[aria-pressed=false]").first.click()
    page.wait_for_selector(".pair-curves .chart .line")
    assert page.locator(".pick[aria-pressed=true]").count() == 2
    if page.locator(".cell").count():
        page.locator(".cell").first.focus()
        assert "(" in page.locator(".cell-detail").inner_text()
    page.locator(".pair-curves select").select_option(index=1)
    until(page, "location.hash.includes('naltrexone')")
    page.wait_for_selector(".pair-curves .chart .line")
    assert "point" in page.locator(".pair-curves .line .second").inner_text()


def test_the_cortex_protects_a_cell_type_and_stops(visit: Any) -> None:
    page = at(visit(), "cortex?seconds=1")
    headline = page.locator(".cortex-results h1").inner_text()
    page.get_by_label("Keep PV cells free of the drug").click()
    until(page, f"document.querySelector('.cortex-results h1').textContent !== {json.dumps(headline)}")
    assert "PV kept free" in page.locator(".raster").nth(1).inner_text()
    slider = page.get_by_label("Free ketamine in the brain")
    slider.focus()
    slider.press("ArrowRight")
    page.get_by_role("button", name="Stop").click()
    until(page, "document.querySelector('.rail-end button').disabled")


def test_a_trial_runs_stops_and_keeps_what_is_done(visit: Any) -> None:
    page = at(visit(), "trial")
    assert "Ketamine" in page.locator(".trial-results h1").inner_text()
    assert page.locator(".beside-table tbody tr").count() == 5
    page.get_by_label("Virtual patients").fill("60000")
    page.get_by_role("button", name="Run", exact=True).click()
    until(page, "/[1-9][0-9]* of 60000/.test(document.querySelector('.rail-end .second').textContent)")
    page.get_by_role("button", name="Stop").click()
    until(page, "document.querySelector('.rail-end .second').textContent.startsWith('Stopped')")
    page.wait_for_selector(".people-figure")


def test_a_trial_is_edited_and_a_bad_one_is_refused_in_place(visit: Any) -> None:
    tab = visit()
    page = at(tab, "trial")
    page.get_by_role("button", name="Edit").click()
    area = page.get_by_label("The trial as TOML")
    text = area.input_value()
    area.fill(text.replace("0.5 mg/kg ketamine", "0.5 mg/kg unobtainium"))
    page.get_by_role("button", name="Run this").click()
    page.wait_for_selector(".editor .warning:not([hidden])")
    assert "unobtainium" in page.locator(".editor .warning").inner_text()
    area.fill(text.replace("n = 47", "n = 30").split("[[published]]")[0])
    page.get_by_role("button", name="Run this").click()
    until(page, "document.querySelector('.arm .people b').textContent === '30'")
    until(page, "document.querySelector('.trial-beside').textContent.includes('no publication')")
    tab.problems[:] = [p for p in tab.problems if "400" not in p]  # the browser logs every refusal that it is given


def test_own_data_from_file_to_fit(visit: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(CSV, encoding="utf-8")
    page = at(visit(), "mydata")
    page.set_input_files("#csv-file", str(tmp_path / "mine.csv"))
    page.wait_for_selector(".columns-table")
    assert page.locator(".column-name").nth(4).inner_text().startswith("'=")
    assert page.locator(".columns-table img").count() == 0
    page.get_by_role("button", name="Confirm and overlay").click()
    page.wait_for_selector(".my-plot .chart .published")
    assert page.locator(".my-plot").count() == 2
    page.get_by_role("button", name="Fit this person").click()
    page.wait_for_selector(".fitted tbody tr")
    assert "clearance" in page.locator(".fitted").inner_text()
    assert saved(page, "Numbers as CSV").count("\n") == 5


def test_units_are_asked_for_and_bad_files_refused(visit: Any, tmp_path: Path) -> None:
    (tmp_path / "asked.csv").write_text("time,ketamine\n0,0\n1,200\n", encoding="utf-8")
    (tmp_path / "bad.csv").write_text("a,b\n1,2,3\n", encoding="utf-8")
    (tmp_path / "large.csv").write_bytes(b"1,2\n" * 2_500_000)
    tab = visit()
    page = at(tab, "mydata")
    page.set_input_files("#csv-file", str(tmp_path / "large.csv"))
    page.wait_for_selector(".refusal:not([hidden])")
    assert "at most 8 MB" in page.locator(".refusal").inner_text()
    page.set_input_files("#csv-file", str(tmp_path / "bad.csv"))
    until(page, "document.querySelector('.refusal').textContent.includes('line 2, column 3')")
    page.set_input_files("#csv-file", str(tmp_path / "asked.csv"))
    page.wait_for_selector(".select.asked")
    page.get_by_role("button", name="Confirm and overlay").click()
    page.wait_for_selector(".columns .warning:not([hidden])")
    page.locator(".columns-table .select.asked").first.select_option("h")
    page.locator(".columns-table .select.asked").first.select_option("ng/mL")
    page.get_by_role("button", name="Confirm and overlay").click()
    page.wait_for_selector(".my-plot .chart .line")
    tab.problems[:] = [p for p in tab.problems if "400" not in p]  # the browser logs every refusal that it is given


@pytest.mark.parametrize("view", ["listen", "trial"])
def test_a_view_is_taken_along(visit: Any, view: str) -> None:
    page = at(visit(), view)
    drawing = saved(page, "Figures as SVG")
    assert drawing.startswith("<svg")
    assert "Not medical advice" in drawing
    assert "km." in saved(page, "Python that reproduces it")
    assert saved(page, "Figures as PNG")[1:4] == "PNG"
    assert saved(page, "Numbers as CSV").count("\n") > 3


@pytest.mark.parametrize("view", list(DRAWN))
def test_narrow_screens_scroll_one_way_and_stay_readable(visit: Any, view: str) -> None:
    page = at(visit(**PHONE), view)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(SMALL_JS) == []
    assert "Not medical advice" in page.locator(".foot").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", list(DRAWN))
def test_axe_finds_nothing_serious(visit: Any, view: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab = visit(color_scheme=scheme, bypass_csp=True)
    page = at(tab, view)
    if view == "listen":
        page.click("text=Show receipts")
        page.wait_for_selector(".receipts .bar-row, .receipts .later .nothing")
    if view == "mydata":
        page.click("text=Try an example")
        page.click("text=Confirm and overlay")
        page.wait_for_selector(".my-plot .chart .line")
    found = axe.Axe().run(page).response["violations"]
    serious = [(v["id"], v["nodes"][0]["html"][:160]) for v in found if v["impact"] in ("serious", "critical")]
    assert not serious
