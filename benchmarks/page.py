"""How quick the page is, measured in a real browser: first sight, slider to redraw, twenty browsers, memory.

python benchmarks/page.py [--moves 200] [--browsers 20]
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CODE = "from ketamind.cli import main; main()"


def start() -> tuple[subprocess.Popen[str], str]:
    """A server of its own, and where it answers."""
    process = subprocess.Popen([sys.executable, "-c", CODE, "page", "--port", "0"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    return process, next(word for word in line.split() if word.startswith("http://"))


def memory_mb(process: subprocess.Popen[str]) -> float:
    """Resident memory of the server, MB (Linux)."""
    try:
        text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS"))


def first_sight(browser: Any) -> tuple[float, float]:
    """Seconds from the command to a drawn run, and to its band."""
    begun = time.perf_counter()
    process, url = start()
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.wait_for_selector("html[data-redrawn]", timeout=60_000)
    drawn = time.perf_counter() - begun
    page.wait_for_selector("html[data-banded]", timeout=60_000)
    banded = time.perf_counter() - begun
    page.close()
    process.terminate()
    process.wait()
    return drawn, banded


def slider(page: Any, moves: int) -> list[float]:
    """Milliseconds from each movement of the dose to the redrawn page: solve, travel, picture and curves."""
    dose = page.locator("[data-field=dose] input")
    dose.focus()
    for i in range(moves):
        before = page.evaluate("document.documentElement.dataset.redrawn")
        page.keyboard.press("ArrowRight" if (i // 10) % 2 == 0 else "ArrowLeft")
        while page.evaluate("document.documentElement.dataset.redrawn") == before:
            page.wait_for_timeout(5)
    found = page.evaluate("performance.getEntriesByName('redraw').map((e) => e.duration)")
    return [float(ms) for ms in found[-moves:]]


def crowd(browser: Any, url: str, count: int) -> list[float]:
    """So many tabs at once, each with another dose: milliseconds to each one's run."""
    pages = [browser.new_context().new_page() for _ in range(count)]
    begun = time.perf_counter()
    for i, page in enumerate(pages):
        page.goto(f"{url}#explore?dose={0.1 + 0.05 * i:.2f}", wait_until="commit")
    waits = []
    for i, page in enumerate(pages):
        page.wait_for_selector("html[data-redrawn]", timeout=120_000)
        waits.append(1e3 * (time.perf_counter() - begun))
        assert f"{0.1 + 0.05 * i:.3g}" in page.inner_text("[data-word=dose]")
    for page in pages:
        page.context.close()
    return waits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--browsers", type=int, default=20)
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        first_sight(browser)
        drawn, banded = first_sight(browser)
        process, url = start()
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.wait_for_selector("html[data-banded]", timeout=60_000)
        moved = slider(page, given.moves)
        page.close()
        before = memory_mb(process)
        waits = crowd(browser, url, given.browsers)
        crowd(browser, url, given.browsers)
        after = memory_mb(process)
        browser.close()
        process.terminate()
        process.wait()
    cuts = statistics.quantiles(moved, n=20)
    print(
        json.dumps(
            {
                "first run drawn, s": round(drawn, 2),
                "its band, s": round(banded, 2),
                "slider to redraw, median ms": round(statistics.median(moved), 1),
                "slider to redraw, 95th percentile ms": round(cuts[18], 1),
                f"{given.browsers} browsers at once, last one drawn after ms": round(max(waits)),
                "server memory before the crowd, MB": round(before),
                "server memory after two crowds, MB": round(after),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
