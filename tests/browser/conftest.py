"""A real Chromium on a real platform. Pictures land in ``screenshots/``, which git ignores."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from visualnn_standalone.platform import Platform

from tests.browser.editor import Editor
from tests.browser.trying import tried as tried
from tests.end_to_end.support import BRISK_TIMERS
from tests.parts.plugin import strict

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "services" / "web" / "dist" / "index.html"
SCREENSHOTS = Path(__file__).parent / "screenshots"
PATIENCE_MS = 60_000
"""For what must come: other tests take the processor too. What is there at once costs no time."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _missing(why: str) -> None:
    if strict():
        pytest.fail(f"STRICT=1, and {why}", pytrace=False)
    pytest.skip(why)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, or the one that ``VISUALNN_CHROMIUM`` names."""
    path = os.environ.get("VISUALNN_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        _missing(f"no Chromium is here: none of {', '.join(NAMES)} on the PATH")
    if not BUILD.exists():
        _missing("the editor is not built; run: make setup")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """With one worker, which trains what is to be tested."""
    with Platform(tmp_path_factory.mktemp("platform-browser"), workers=1, environment=BRISK_TIMERS) as running:
        yield running


@pytest.fixture
def page(chromium: Browser, platform: Platform) -> Iterator[Page]:
    """A window where nothing moves by itself; what the page logs as an error, or its policy refuses, fails the test."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 720},
        base_url=platform.url,
        locale="en-US",
        accept_downloads=True,
        reduced_motion="reduce",
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda told: faults.append(told.text) if _is_fault(told.type, told.text) else None)
    yield opened
    context.close()
    assert faults == []


def _is_fault(kind: str, text: str) -> bool:
    """Chromium logs every answer of 400 and more by itself; a refused spec is no fault of the page."""
    return kind == "error" and not text.startswith("Failed to load resource")


@pytest.fixture
def editor(page: Page) -> Editor:
    """The editor, opened."""
    SCREENSHOTS.mkdir(exist_ok=True)
    return Editor(page, SCREENSHOTS).open()
