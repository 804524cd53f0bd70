"""The editor with large networks, in headless Chromium: seconds until they are open and laid out, frames while panning.

Run: .venv/bin/python benchmarks/editor.py [network ...]   (a built editor and a Chromium must be here)
"""

import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright
from visualnn_standalone.platform import Platform

NETWORKS = ("resnet152", "densenet201", "inception_v4")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REPEATS = 3
FRAMES_MS = 3000
COUNT = re.compile(r"\d{3}")

PAN = """async ([width, height, lasting]) => {
    const pane = document.querySelector('.react-flow__pane')
    const box = pane.getBoundingClientRect()
    const [x, y] = [box.left + width, box.top + height]
    const send = (type, dx, dy, buttons) => {
        const target = type === 'mousedown' ? pane : window
        const init = { clientX: x + dx, clientY: y + dy, button: 0, buttons, bubbles: true, view: window }
        target.dispatchEvent(new MouseEvent(type, init))
    }
    send('mousedown', 0, 0, 1)
    const frames = []
    let last = performance.now()
    const end = last + lasting
    for (let at = 0; last < end; at++) {
        send('mousemove', 60 * Math.sin(at / 20), -at * 6 % 2400, 1)
        await new Promise(requestAnimationFrame)
        const now = performance.now()
        frames.push(now - last)
        last = now
    }
    send('mouseup', 0, 0, 0)
    return frames
}"""


def main() -> None:
    path = os.environ.get("VISUALNN_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        sys.exit("editor: no Chromium on the PATH")
    networks = sys.argv[1:] or list(NETWORKS)
    with tempfile.TemporaryDirectory() as folder, Platform(Path(folder), workers=0) as platform, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name in networks:
            _report(browser, platform.url, name)
        browser.close()


def _report(browser: Browser, url: str, name: str) -> None:
    opened = [_open(browser, url, name) for _ in range(REPEATS)]
    seconds = [took for took, _ in opened]
    frames = sorted(frame for _, frames in opened for frame in frames)
    rate = 1000 / statistics.mean(frames)
    slow = frames[int(len(frames) * 0.95)]
    print(
        f"{name:14} open and laid out: best {min(seconds):.2f} s, median {statistics.median(seconds):.2f} s; "
        f"panning: {rate:.0f} frames/s, 95 % of frames within {slow:.0f} ms"
    )


def _open(browser: Browser, url: str, name: str) -> tuple[float, list[float]]:
    """Seconds from the click to layers and their totals, and the frames of a pan, in a window of its own."""
    page = browser.new_page(viewport={"width": 1280, "height": 720}, base_url=url)
    page.goto("/")
    page.get_by_role("button", name="Open", exact=True).click()
    tile = page.locator(f'[data-network="{name}"]')
    tile.wait_for()
    start = time.perf_counter()
    tile.click()
    expect(page.locator(".layer").first).to_be_visible(timeout=60_000)
    expect(page.locator("#total-params strong")).to_have_text(COUNT, timeout=60_000)
    took = time.perf_counter() - start
    frames = _pan(page)
    page.close()
    return took, frames


def _pan(page: Page) -> list[float]:
    """Pans by dragging at a zoom at which layers can be read, and gives the milliseconds of each frame."""
    for _ in range(8):
        page.get_by_role("button", name="Zoom in", exact=True).click()
    view = page.locator(".react-flow__viewport")
    before = view.get_attribute("style")
    found: list[float] = page.evaluate(PAN, [300, 300, FRAMES_MS])
    assert view.get_attribute("style") != before, "the canvas did not move"
    return found


if __name__ == "__main__":
    main()
