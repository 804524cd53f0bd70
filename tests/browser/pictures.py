"""Takes a picture of every page, in both languages, themes and sizes: ``python -m tests.browser.pictures FOLDER``."""

import os
import shutil
import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from visualnn_shared import zoo
from visualnn_standalone.platform import Platform

SIZES = {"1280": (1280, 720), "1920": (1920, 1080)}
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
THEMES = ("light", "dark")
PAGES = ("datasets", "jobs", "models", "operators")
BUTTONS = {
    "open": ("Open", "打开"),
    "import": ("Import", "导入"),
    "export": ("Export", "导出"),
    "share": ("Share", "共享"),
}
TABS = {"network": ("Network", "网络"), "problems": ("Problems", "问题"), "train": ("Train", "训练")}


def take(page: Page, model: str, language: int, keep: Path) -> None:
    """The pages in the order in which a person sees them."""

    def shot(name: str) -> None:
        page.wait_for_timeout(600)  # for people to look at: nothing depends on it
        page.screenshot(path=keep / f"{name}.png", animations="disabled")

    page.goto("/")
    page.locator(".palette-item").first.wait_for()
    shot("empty")
    page.goto(f"/app/models/{model}")
    page.locator(".layer").first.wait_for()
    page.locator(".layer").nth(1).click()
    shot("layer")
    for name, words in TABS.items():
        page.get_by_role("tab", name=words[language]).click()
        shot(name)
    for name, words in BUTTONS.items():
        page.get_by_role("button", name=words[language], exact=True).click()
        shot(name)
        page.keyboard.press("Escape")
    page.get_by_role("button", name=("Comments", "评论")[language]).first.click()
    shot("comments")
    for name in PAGES:
        page.goto(f"/app/{name}")
        page.locator("main").wait_for()
        shot(name)


def main(folder: Path) -> None:
    """Every combination that the names on the command line leave."""
    path = os.environ.get("VISUALNN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as data, Platform(Path(data), workers=0) as platform, sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for size, theme, language in product(SIZES, THEMES, LANGUAGES):
            if len(sys.argv) <= 2 or f"{size}-{theme}-{language}" in sys.argv[2:]:
                _one(browser, platform.url, folder / f"{size}-{theme}-{language}", (size, theme, language))
        browser.close()


def _one(browser: Browser, url: str, keep: Path, look: tuple[str, str, str]) -> None:
    size, theme, language = look
    keep.mkdir(parents=True, exist_ok=True)
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        base_url=url,
        locale=LANGUAGES[language],
        color_scheme=theme,  # type: ignore[arg-type]
    )
    spec = zoo.load("lenet").model_dump(mode="json")
    model = context.request.post("/api/v1/models", data=spec).json()["id"]
    context.request.put(f"/api/v1/models/{model}/room")
    context.request.post(f"/api/v1/models/{model}/shares", data={"role": "editor", "label": "Ada"})
    words = {"layer": "0-1", "layer_name": "conv1", "author": "Ada", "text": "Is 20 enough here?"}
    context.request.post(f"/api/v1/models/{model}/comments", data=words)
    take(context.new_page(), model, list(LANGUAGES).index(language), keep)
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
