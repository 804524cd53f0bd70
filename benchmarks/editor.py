"""The editor with large networks, in headless Chromium: seconds until they are open and laid out, frames while panning,
zooming and dragging a layer. A number in place of a network's name is one of so many layers, in blocks of residual
nets, with all of it on the screen while zooming.

Run: .venv/bin/python benchmarks/editor.py [network or number ...]   (a built editor and a Chromium must be here)
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
from visualnn import Client
from visualnn_standalone.platform import Platform

NETWORKS = ("resnet152", "densenet201", "inception_v4", "5000")
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


DRAG = """async ([node, lasting]) => {
    const box = node.getBoundingClientRect()
    const [x, y] = [box.left + box.width / 2, box.top + 12]
    const send = (type, dx, dy, buttons) => {
        const target = type === 'mousedown' ? node : window
        const init = { clientX: x + dx, clientY: y + dy, button: 0, buttons, bubbles: true, view: window }
        target.dispatchEvent(new MouseEvent(type, init))
    }
    send('mousedown', 0, 0, 1)
    const frames = []
    let last = performance.now()
    const end = last + lasting
    for (let at = 0; last < end; at++) {
        send('mousemove', 20 + 60 * Math.sin(at / 20), 40 * Math.cos(at / 15), 1)
        await new Promise(requestAnimationFrame)
        const now = performance.now()
        frames.push(now - last)
        last = now
    }
    send('mouseup', 0, 0, 0)
    return frames
}"""

ZOOM = """async ([lasting]) => {
    const pane = document.querySelector('.react-flow__pane')
    const box = pane.getBoundingClientRect()
    const [clientX, clientY] = [box.left + box.width / 2, box.top + box.height / 2]
    const frames = []
    let last = performance.now()
    const end = last + lasting
    for (let at = 0; last < end; at++) {
        const deltaY = at % 60 < 30 ? -40 : 40
        pane.dispatchEvent(new WheelEvent('wheel', { deltaY, clientX, clientY, bubbles: true, cancelable: true }))
        await new Promise(requestAnimationFrame)
        const now = performance.now()
        frames.push(now - last)
        last = now
    }
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
    print(f"{name:14} open and laid out: best {min(seconds):.2f} s, median {statistics.median(seconds):.2f} s")
    for way in ("panning", "zooming", "dragging"):
        frames = sorted(frame for _, moves in opened for frame in moves[way])
        rate, slow = 1000 / statistics.mean(frames), frames[int(len(frames) * 0.95)]
        print(f"{'':14} {way}: {rate:.0f} frames/s, 95 % of frames within {slow:.0f} ms")


def _open(browser: Browser, url: str, name: str) -> tuple[float, dict[str, list[float]]]:
    """Seconds from the click to layers and their totals, and the frames of each movement, in a window of its own."""
    stored = _large(url, int(name)) if name.isdigit() else None
    page = browser.new_page(viewport={"width": 1280, "height": 720}, base_url=url)
    page.goto("/")
    page.get_by_role("button", name="Open", exact=True).click()
    if stored:
        page.get_by_role("tab", name="Models").click()
        tile = page.locator(".row-button", has_text=stored)
    else:
        tile = page.locator(f'[data-network="{name}"]')
    tile.first.wait_for()
    start = time.perf_counter()
    tile.first.click()
    expect(page.locator(".layer").first).to_be_visible(timeout=60_000)
    expect(page.locator("#total-params strong")).to_have_text(COUNT, timeout=60_000)
    took = time.perf_counter() - start
    moves = {"zooming": page.evaluate(ZOOM, [FRAMES_MS]), "panning": _pan(page), "dragging": _drag(page)}
    page.close()
    return took, moves


def _large(url: str, layers: int) -> str:
    """The name of a stored network of so many layers: blocks of two convolutions and a shortcut."""
    name = f"large-{layers}"
    made: list[dict[str, object]] = [{"name": "x", "type": "Input", "params": {"shape": [32, 32, 8]}}]
    last = "x"
    conv = {"filters": 8, "kernel_size": 3, "padding": "same", "use_bias": False}
    while len(made) < layers:
        at = len(made)
        parts = [("Conv2D", [last]), ("BatchNormalization", [f"l{at}"]), ("ReLU", [f"l{at + 1}"])]
        parts += [("Conv2D", [f"l{at + 2}"]), ("Add", [f"l{at + 3}", last])]
        for part, (kind, inputs) in enumerate(parts):
            params = conv if kind == "Conv2D" else {}
            made.append({"name": f"l{at + part}", "type": kind, "params": params, "inputs": inputs})
        last = f"l{at + 4}"
    with Client(url) as client:
        if not any(model.name == name for model in client.models.list()):
            client.models.create({"visualnn": 1, "name": name, "layers": made, "outputs": [last]})
    return name


def _drag(page: Page) -> list[float]:
    """Drags a layer that is on the screen."""
    shown = page.locator(".layer").all()
    box = next(one for one in shown if (at := one.bounding_box()) and 250 < at["x"] < 900 and 150 < at["y"] < 550)
    found: list[float] = page.evaluate(DRAG, [box.element_handle(), FRAMES_MS])
    return found


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
