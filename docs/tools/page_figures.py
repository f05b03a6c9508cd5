"""The pictures of the page in docs/figures, taken in a real browser: python docs/tools/page_figures.py"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).resolve().parents[1] / "figures"
CODE = "from ketamind.cli import main; main()"
SHOTS = {
    "page-explore": ("#explore", {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}),
    "page-explore-dark": ("#explore?t=24", {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}),
    "page-phone": ("#explore", {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"}),
}


def take(browser: Any, url: str) -> None:
    """Each picture once run, band and published points are drawn."""
    for name, (fragment, options) in SHOTS.items():
        context = browser.new_context(**options)
        page = context.new_page()
        page.goto(url + fragment)
        page.wait_for_selector("html[data-banded]", timeout=120_000)
        page.wait_for_timeout(4000)
        page.evaluate("document.getElementById('status').textContent = 'Nothing leaves this machine'")
        page.screenshot(path=FIGURES / f"{name}.png")
        context.close()


def main() -> None:
    from playwright.sync_api import sync_playwright

    server = subprocess.Popen([sys.executable, "-c", CODE, "page", "--port", "0"], stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    url = next(word for word in server.stderr.readline().split() if word.startswith("http://"))
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            take(browser, url)
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
