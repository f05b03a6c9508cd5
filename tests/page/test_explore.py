"""Explore in a real browser: every control, a new user's path, keyboard alone, a narrow screen, and what is drawn."""

import re

import numpy as np
import pytest

import ketamind as km
from ketamind.page.kept import FIRST

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
SIZES = [(1440, 900), (1100, 800), (390, 844)]


def number(text: str) -> float:
    return float(re.search(r"[−-]?[\d.]+", text)[0].replace("−", "-"))


def part(page, name):
    return page.locator(f".part-{name}")


def test_first_visit_opens_on_a_finished_run(visit):
    tab = visit()
    page = tab.open()
    assert page.inner_text(".clock") == "40 min"
    assert page.inner_text(".sentence").startswith("Give 0.5")
    assert "Not medical advice" in page.inner_text("#research")
    assert page.locator(".hint").count() == 1
    assert page.locator(".curve svg.chart").count() == 7
    assert page.locator(".mechanisms li").count() == len(km_mechanisms())
    assert page.locator("dialog, [aria-modal=true]").count() == 0


def km_mechanisms():
    from ketamind.studies.explain import list_mechanisms

    return list_mechanisms()


@pytest.mark.parametrize("hours", [2 / 3, 24.0, 168.0])
def test_what_is_drawn_is_what_a_run_gives(visit, hours):
    page = visit().open(f"#explore?t={hours}")
    run = km.simulate(FIRST["protocol"], 14, patient=FIRST["patient"], times_h=[0.0, hours])
    madrs = run["madrs"].values[:, 0]
    assert number(part(page, "mood").locator(".score").text_content()) == pytest.approx(madrs[1], abs=0.51)
    change = page.locator("[data-row=mood] .reading").inner_text()
    assert number(change) == pytest.approx(madrs[1] - madrs[0], abs=0.75)
    blood = run["venous_ketamine"].values[1, 0] * 237.73
    assert number(page.locator("[data-row=blood] .reading").inner_text()) == pytest.approx(blood, rel=0.03, abs=0.2)
    rates = run["rate_pv"].values[:, 0]
    assert f"{rates[1]:.3g}" in page.locator(".part-pv + g .rate").text_content()
    label = part(page, "pv").get_attribute("aria-label")
    lost = 100 * (1 - run["nmda_tonic_pv"].values[1, 0])
    assert number(label.split("synapses, ")[1]) == pytest.approx(lost, rel=0.06, abs=0.06)


def test_glow_and_tick_follow_the_run(visit):
    page = visit().open()
    times = np.array([0.0, 2 / 3])
    rates = km.simulate(FIRST["protocol"], 14, patient=FIRST["patient"], times_h=times)["rate_pyramidal"].values[:, 0]
    glow = float(part(page, "pyramidal").locator(".glow").get_attribute("r"))
    assert glow == pytest.approx(40 + 60 * (rates[1] / rates[0] - 1), abs=0.6)


def test_every_control(visit):
    tab = visit()
    page = tab.open()
    dose = page.locator("[data-field=dose] input")
    tab.after(lambda: dose.evaluate("e => { e.value = 2; e.dispatchEvent(new Event('input')); }"))
    assert "0.5 mg/kg" not in page.inner_text(".sentence")
    assert page.is_visible(".ghost-chip")
    assert "relief at 24 h" in page.inner_text(".difference")
    assert page.is_visible("[data-field=dose] .warning")
    page.click(".ghost-chip button >> text=pin")
    assert page.get_attribute(".ghost-chip [aria-pressed]", "aria-pressed") == "true"
    page.click(".ghost-chip [aria-label='Drop the ghost']")
    assert page.is_hidden(".ghost-chip")
    tab.after(lambda: page.click("text=↶ Undo"))
    assert page.inner_text(".sentence").startswith("Give 0.5 mg/kg")
    tab.after(lambda: page.click(".choices label:has-text('S only')"))
    assert "S-ketamine" in page.inner_text(".sentence")
    tab.after(lambda: page.click(".choices label:has-text('i.m.')"))
    assert "into muscle" in page.inner_text(".sentence")
    tab.after(lambda: page.click("text=Reset all"))
    tab.after(lambda: page.fill(".minutes input", "60") or page.keyboard.press("Enter"))
    assert "over 60 min" in page.inner_text(".sentence")
    tab.after(lambda: page.click(".choices label:has-text('2 × a week')"))
    assert "twice weekly" in page.inner_text(".sentence")
    tab.after(lambda: page.select_option("[data-key=days]", "28"))
    tab.after(lambda: page.select_option("[data-field=patient] select", "mdd"))
    tab.after(lambda: page.fill("[data-key=weight]", "60") or page.keyboard.press("Enter"))
    assert "60 kg" in page.inner_text(".sentence")
    tab.after(lambda: page.fill("[data-key=age]", "30") or page.keyboard.press("Enter"))
    tab.after(lambda: page.click("text=Reset all"))
    tab.after(lambda: page.click(".chip >> text=naltrexone"))
    assert "naltrexone" in page.inner_text(".sentence")
    page.click("text=+ other")
    assert page.is_visible(".chip >> text=rapamycin")
    tab.after(lambda: page.click(".chip >> text=naltrexone"))


def test_a_mechanism_is_switched_off_and_stays_in_sight(visit):
    tab = visit()
    page = tab.open("#explore?t=24")
    before = number(page.locator("[data-row=mood] .reading").inner_text())
    tab.after(lambda: page.locator(".mechanisms li", has_text="BDNF release").locator("input").uncheck())
    assert number(page.locator("[data-row=mood] .reading").inner_text()) > before
    assert "off" in part(page, "bdnf").get_attribute("class")
    assert part(page, "bdnf").count() == 1
    assert "BDNF release off" in page.inner_text(".sentence")


def test_time_moves_everything_and_asks_nobody(visit):
    tab = visit()
    page = tab.open()
    asked: list[str] = []
    page.wait_for_timeout(1500)
    page.on("request", lambda r: asked.append(r.url))
    for label, clock in (("1 day", "1 day"), ("1 wk", "1 wk"), ("4 h", "4 h"), ("Infusion end", "40 min")):
        page.click(f".jumps >> text={label}")
        assert page.inner_text(".clock") == clock
    box = page.locator(".ridges").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 560, box["y"] + 60, steps=5)
    page.mouse.up()
    dragged = page.inner_text(".clock")
    assert dragged not in ("40 min", "4 h")
    assert page.locator(".hint").count() == 0
    chart = page.locator("[data-row=mood] svg").bounding_box()
    page.mouse.click(chart["x"] + chart["width"] * 0.3, chart["y"] + 60)
    assert page.inner_text(".clock") != dragged
    page.click(".play")
    page.wait_for_timeout(600)
    page.click(".play")
    assert not asked


def test_curves_open_with_their_numbers_and_points(visit):
    page = visit().open()
    page.click("[data-row=firing] .title")
    assert page.locator("[data-row=firing].open .label", has_text="gamma").count() == 1
    page.click("[data-row=firing] summary")
    page.wait_for_selector("[data-row=firing] tbody tr:nth-child(5)")
    point = page.locator("[data-row=mood] .published").first
    point.hover()
    assert "Murrough" in page.inner_text(".tip")
    assert "calibrate" in page.inner_text(".tip")
    summary = page.get_attribute("[data-row=mood] svg.chart", "aria-label")
    assert "starts at" in summary
    assert "Band" in summary


def test_the_lens_opens_and_escape_closes_it(visit):
    page = visit().open()
    part(page, "mtor").click()
    page.wait_for_timeout(500)
    assert "zoomed" in page.get_attribute("svg.art", "class")
    assert page.is_visible(".deep")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    assert "zoomed" not in page.get_attribute("svg.art", "class")


def test_a_link_restores_the_state(visit):
    tab = visit()
    page = tab.open("#explore?dose=0.3&besides=naltrexone&off=hnk&t=24")
    assert "0.3 mg/kg" in page.inner_text(".sentence")
    assert "naltrexone" in page.inner_text(".sentence")
    assert page.inner_text(".clock") == "1 day"
    assert not page.locator(".mechanisms li", has_text="HNK").locator("input").is_checked()


@pytest.mark.parametrize(
    "fragment", ["#explore?dose=1e9&t=-4", "#explore?population=<img src=x onerror=alert(1)>", "#nowhere?off=a%00b"]
)
def test_a_hostile_link_is_told_and_harmless(visit, fragment):
    tab = visit()
    tab.page.goto(tab.url + fragment)
    tab.page.wait_for_selector(".sentence")
    tab.page.wait_for_timeout(800)
    assert tab.page.locator("img").count() == 0
    tab.problems = [p for p in tab.problems if "400" not in p]


def test_theme_is_switched_and_remembered(visit):
    tab = visit(color_scheme="light")
    page = tab.open()
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.click("#theme")
    dark = page.evaluate(paper)
    assert light != dark
    page.reload()
    page.wait_for_selector("html[data-banded]")
    assert page.evaluate(paper) == dark


def test_exports(visit):
    page = visit().open()
    for label, ending in (("PNG", ".png"), ("SVG", ".svg"), ("CSV", ".csv"), ("TOML", ".toml"), ("Python", ".py")):
        page.click("#export")
        with page.expect_download() as saved:
            page.click(f".export-menu >> text={label}")
        path = saved.value.path()
        content = path.read_bytes()
        assert saved.value.suggested_filename.endswith(ending)
        assert len(content) > 80
        if ending != ".png":
            assert b"Not medical advice" in content or ending == ".csv"


def test_keyboard_alone(visit):
    tab = visit()
    page = tab.open()
    page.keyboard.press("Tab")
    assert "content" in page.evaluate("document.activeElement.textContent")
    page.locator("[data-word=dose]").focus()
    tab.after(lambda: page.keyboard.press("ArrowUp"))
    assert number(page.inner_text("[data-word=dose]")) > 0.5
    tab.after(lambda: page.keyboard.press("PageDown"))
    tab.after(lambda: page.keyboard.press("Home"))
    assert number(page.inner_text("[data-word=dose]")) == pytest.approx(0.05)
    page.locator("[data-word=weight]").focus()
    tab.after(lambda: page.keyboard.press("ArrowDown"))
    page.locator(".ridges").focus()
    page.keyboard.press("End")
    assert page.inner_text(".clock") == "2 wk"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert "min" in page.inner_text(".clock")
    assert page.get_attribute(".ridges", "aria-valuetext").startswith(page.inner_text(".clock"))
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("]")
    page.keyboard.press("[")
    page.keyboard.press(" ")
    page.wait_for_timeout(200)
    assert page.get_attribute(".play", "aria-label") == "Pause"
    page.keyboard.press(" ")
    page.keyboard.press("2")
    assert page.evaluate("document.activeElement.dataset.part") == "pyramidal"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("g")
    assert page.get_attribute(".ghost-chip [aria-pressed]", "aria-pressed") == "true"
    page.keyboard.press("?")
    assert page.is_visible(".keys")
    page.keyboard.press("Escape")
    assert page.locator(".keys").count() == 0
    switch = page.locator(".mechanisms input").first
    switch.focus()
    tab.after(lambda: page.keyboard.press("Space"))
    assert not switch.is_checked()


def test_a_narrow_screen(visit):
    tab = visit(**PHONE)
    page = tab.open()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for stage in ("Blood", "Synapse", "Dendrite", "Mood", "Circuit"):
        page.click(f".stops >> text={stage}")
        assert page.locator(".stops [aria-selected=true]").inner_text() == stage
    page.click("[data-word=schedule]")
    assert page.is_visible(".sheet")
    heights = [b.bounding_box()["height"] for b in page.locator(".sheet .choices label").all()]
    assert min(heights) >= 44
    page.click(".sheet >> text=Done")
    page.click("[data-word=mechanisms]")
    tab.after(lambda: page.locator(".sheet .mechanisms input").first.uncheck())
    page.click(".sheet >> text=Done")
    assert "off" in page.inner_text("[data-word=mechanisms]")
    page.click("#menu")
    assert page.is_visible("#tabs >> text=Cortex")
    assert "Not medical advice" in page.inner_text("#research")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_small_or_wider_than_the_page(visit, width, height, scheme):
    page = visit(viewport={"width": width, "height": height}, color_scheme=scheme).open()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((e) => {
            const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
            const box = e.getBoundingClientRect();
            if (!own || !box.width || e.closest(".deep, .visually-hidden, option, .skip, noscript")) return false;
            const matrix = e.getScreenCTM?.();
            return parseFloat(getComputedStyle(e).fontSize) * (matrix ? matrix.a : 1) < 10.9;
        }).map((e) => e.textContent.slice(0, 30))"""
    )
    assert not small


def test_reduced_motion_stands_still(visit):
    page = visit(reduced_motion="reduce").open()
    grab = "document.querySelector('.motes').toDataURL()"
    first = page.evaluate(grab)
    page.wait_for_timeout(400)
    assert page.evaluate(grab) == first
    page.click(".play")
    assert page.inner_text(".clock") == "2 h"
    assert page.evaluate(grab) != first


def test_a_failed_run_says_what_to_do(visit):
    tab = visit()
    page = tab.open()
    page.route("**/api/run", lambda route: route.fulfill(status=400, json={"error": "at 3 h the solver stopped."}))
    page.click(".choices label:has-text('R only')")
    page.wait_for_selector(".problem")
    assert "3 h" in page.inner_text(".problem")
    page.unroute("**/api/run")
    tab.after(lambda: page.click(".problem button"))
    assert page.locator(".problem").count() == 0
    tab.problems = [p for p in tab.problems if "400" not in p]


def test_a_lost_connection_leaves_time_to_scrub(visit):
    tab = visit()
    page = tab.open()
    page.route("**/api/*", lambda route: route.abort())
    page.click(".choices label:has-text('S only')")
    page.wait_for_selector(".offline")
    page.click(".jumps >> text=1 day")
    assert page.inner_text(".clock") == "1 day"
    tab.problems = [p for p in tab.problems if "ERR_FAILED" not in p]


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, width, height, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True).open()
    found = axe.Axe().run(page).response["violations"]
    serious = [
        (v["id"], [n["target"] for n in v["nodes"]][:4]) for v in found if v["impact"] in ("serious", "critical")
    ]
    assert not serious
