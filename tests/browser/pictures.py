"""Takes a picture of every page, in both languages, themes and sizes: ``python -m tests.browser.pictures FOLDER``.

What comes behind FOLDER picks some: ``1280-light-en``. Digits are trained first, so that every page has something.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from visualnn import Client
from visualnn.demo.digits import load_digits
from visualnn_shared import zoo
from visualnn_standalone.platform import Platform

from tests.browser.trying import SEVEN, draw
from tests.end_to_end.support import BRISK_TIMERS

SIZES = {"1280": (1280, 720), "1920": (1920, 1080)}
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
THEMES = ("light", "dark")
PAGES = ("datasets", "jobs", "models", "operators")
BUTTONS = {
    "zoo": ("Open", "打开"),
    "import": ("Import", "导入"),
    "export": ("Export", "导出"),
    "share": ("Share", "共享"),
}
TABS = {"network": ("Network", "网络"), "problems": ("Problems", "问题"), "train": ("Train", "训练")}
TALLEST = 4000
RECIPE = {"epochs": 6, "batch_size": 64, "seed": 1, "metrics": ["accuracy"]}

Shot = Callable[..., None]


@dataclass
class Made:
    """What the pages show: paths by the pictures' names."""

    paths: dict[str, str] = field(default_factory=dict)
    operator: str = "digits"


def prepare(url: str) -> Made:
    """Digits, and one tiny job of every kind that they allow."""
    made = Made()
    with Client(url, timeout_s=120) as client, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "digits.npz"
        load_digits().save(file)
        data = client.datasets.upload(file)
        space = {"params.learning_rate": {"type": "float", "low": 1e-3, "high": 0.1, "log": True}}
        few = {"recipe": {"epochs": 3, "batch_size": 64}}
        jobs = {
            "train": client.jobs.train("zoo:digits-dnn", data, **RECIPE),
            "again": client.jobs.train("zoo:digits-dnn", data, **RECIPE | {"learning_rate": 0.01}),
            "check": client.jobs.check("zoo:digits-dnn", data),
            "tune": client.jobs.tune("zoo:digits-dnn", data, space, trials=4, parallel=1, **few),
            "ensemble": client.jobs.ensemble("zoo:digits-dnn", data, method="seeds", members=2, **few),
            "dqn": client.jobs.dqn("zoo:dqn-cartpole", "CartPole-v1", steps=1500, learning_starts=200, seed=1),
            "failed": client.jobs.train("zoo:digits-dnn", data, epochs=2, optimizer="sgd", learning_rate=100.0),
        }
        for job in jobs.values():
            client.jobs.wait(job.id, check=False)
        client.operators.create(made.operator, jobs["train"].id)
        model = dict(client.jobs.get(jobs["train"].id).model or {})["id"]
    made.paths = {f"job-{name}": f"jobs/{job.id}" for name, job in jobs.items() if name != "again"}
    made.paths |= {
        "job-compare": f"jobs/compare?job={jobs['train'].id}&job={jobs['again'].id}",
        "dataset": f"datasets/{data.id}",
        "versions": f"models/{model}/versions",
    }
    return made


def shooter(page: Page, keep: Path) -> Shot:
    """Takes the window; with ``whole``, a taller one that holds all of a long page."""
    size = page.viewport_size
    assert size is not None

    def shot(name: str, *, whole: bool = False) -> None:
        page.wait_for_timeout(600)  # for people to look at: nothing depends on it
        page.screenshot(path=keep / f"{name}.png", animations="disabled")
        if not whole:
            return
        hidden = "Math.max(0, ...[...document.querySelectorAll('*')].map(one => one.scrollHeight - one.clientHeight))"
        more = page.evaluate(hidden)
        if more > 20:
            page.set_viewport_size({"width": size["width"], "height": min(size["height"] + more, TALLEST)})
            page.wait_for_timeout(600)
            page.screenshot(path=keep / f"{name}-whole.png", animations="disabled")
            page.set_viewport_size(size)

    return shot


def take_editor(page: Page, shot: Shot, model: str, language: int) -> None:
    """The editor, in the order in which a person sees it."""
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
        page.wait_for_load_state("networkidle")
        shot(name)
        page.keyboard.press("Escape")
    page.get_by_role("button", name=("Comments", "评论")[language]).first.click()
    shot("comments")


def take_pages(page: Page, shot: Shot, made: Made, language: int) -> None:
    """Lists, then single things."""
    for name in PAGES:
        page.goto(f"/app/{name}")
        page.locator("main").wait_for()
        shot(name)
    for name, path in made.paths.items():
        page.goto(f"/app/{path}")
        page.locator("main").wait_for()
        page.wait_for_load_state("networkidle")
        shot(name, whole=True)
    page.goto(f"/app/operators/{made.operator}")
    draw(page, SEVEN)
    page.locator(".result-said").first.wait_for()
    shot("operator", whole=True)
    for tab, words in {"walk": ("Samples", "样本"), "worst": ("Worst samples", "最差样本")}.items():
        found = page.get_by_role("tab", name=words[language], exact=True)
        if found.count():
            found.first.click()
            page.wait_for_load_state("networkidle")
            shot(f"operator-{tab}", whole=True)


def main(folder: Path) -> None:
    """Every combination that the names on the command line leave."""
    path = os.environ.get("VISUALNN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with (
        tempfile.TemporaryDirectory() as data,
        Platform(Path(data), workers=1, environment=BRISK_TIMERS) as platform,
        sync_playwright() as tool,
    ):
        made = prepare(platform.url)
        browser = tool.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for size, theme, language in product(SIZES, THEMES, LANGUAGES):
            if len(sys.argv) <= 2 or f"{size}-{theme}-{language}" in sys.argv[2:]:
                _one(browser, platform.url, folder / f"{size}-{theme}-{language}", (size, theme, language), made)
        browser.close()


def _one(browser: Browser, url: str, keep: Path, look: tuple[str, str, str], made: Made) -> None:
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
    page = context.new_page()
    shot = shooter(page, keep)
    take_editor(page, shot, model, list(LANGUAGES).index(language))
    take_pages(page, shot, made, list(LANGUAGES).index(language))
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
