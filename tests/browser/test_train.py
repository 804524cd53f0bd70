"""Training from the editor on a real platform with a real worker."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from visualnn.demo.digits import load_digits
from visualnn_standalone.platform import Platform

from tests.browser.editor import Editor
from tests.end_to_end.support import BRISK_TIMERS

pytestmark = pytest.mark.real("chromium")
TRAINED_MS = 90_000
"""Long enough for a worker that loads its backend on a busy machine."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """With a worker."""
    with Platform(tmp_path_factory.mktemp("platform-train"), workers=1, environment=BRISK_TIMERS) as running:
        yield running


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    path = tmp_path / "digits.npz"
    load_digits().save(path)
    return path


def pictures(editor: Editor, name: str) -> None:
    """In both themes; leaves the light one."""
    for theme, suffix in (("dark", "-dark"), ("light", "")):
        editor.page.emulate_media(color_scheme=theme)
        expect(editor.page.locator("html")).to_have_attribute("data-theme", theme)
        editor.picture(name + suffix)


def state(page: Page) -> Locator:
    return page.locator(".sheet-head .state")


def test_a_network_is_trained_watched_and_served(editor: Editor, page: Page, digits: Path, tmp_path: Path) -> None:
    editor.button("Open")
    page.locator('[data-network="digits-dnn"]').click()
    page.get_by_role("tab", name="Train").click()
    start = page.locator(".recipe-start")
    expect(start).to_be_disabled()

    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n3\n")
    page.locator(".panel input[type=file]").set_input_files(wrong)
    expect(page.locator(".panel .failure")).to_contain_text("The data set was not stored.")
    page.locator(".panel input[type=file]").set_input_files(digits)
    expect(page.get_by_label("Data set", exact=True)).to_have_value(re.compile("dataset-"))
    expect(page.locator(".recipe-dataset")).to_contain_text("10 classes")

    page.get_by_label("Optimizer", exact=True).select_option("sgd")
    page.get_by_label("Learning rate", exact=True).fill("1000")
    page.get_by_label("momentum", exact=True).fill("0.9")
    page.get_by_label("Epochs", exact=True).fill("15")
    page.get_by_label("Validation split", exact=True).fill("0.2")
    start.click()
    expect(page.locator(".recipe .field-bad")).to_contain_text("100")
    pictures(editor, "train-1-refused")
    page.get_by_label("Learning rate", exact=True).fill("0.02")
    page.get_by_label("Learning rate", exact=True).press("Tab")
    start.click()

    expect(page).to_have_url(re.compile("/app/jobs/job-"))
    loss = page.locator('.curve[data-metric="loss"]')
    expect(loss).to_be_visible(timeout=TRAINED_MS)
    seen = loss.get_attribute("data-points") or ""
    expect(loss).not_to_have_attribute("data-points", seen)  # it moves
    expect(state(page)).to_have_text("succeeded", timeout=TRAINED_MS)
    expect(loss).to_have_attribute("data-points", "30")  # 15 epochs, training and validation
    expect(page.locator('.curve[data-metric="accuracy"] canvas')).to_be_visible()
    expect(page.locator(".jobs-chosen")).to_contain_text("classes")
    pictures(editor, "train-2-job")

    page.get_by_text("As a table").click()
    expect(page.locator(".curve-table tbody tr")).to_have_count(15)
    with page.expect_download() as download:
        page.get_by_role("link", name="safetensors").click()
    download.value.save_as(tmp_path / "weights")
    assert (tmp_path / "weights").stat().st_size > 1000
    editor.button("Register as operator")
    expect(page.get_by_text("digits-dnn answers, version 1.")).to_be_visible(timeout=30_000)
    look_around(editor, page)


def look_around(editor: Editor, page: Page) -> None:
    """The lists, a data set, and a job that is cancelled."""
    page.get_by_role("link", name="Data sets").click()
    page.get_by_role("link", name="digits.npz").click()
    expect(page.locator(".samples-grid canvas")).to_have_count(24)
    pictures(editor, "train-3-dataset")
    page.get_by_role("button", name="Train on it").click()
    page.get_by_label("Epochs", exact=True).fill("100000")
    page.get_by_label("Epochs", exact=True).press("Tab")
    page.locator(".recipe-start").click()
    editor.button("Cancel")
    expect(state(page)).to_have_text("cancelled", timeout=30_000)
    page.locator(".sheet-back").click()
    expect(page.locator(".jobs-list tbody tr")).to_have_count(2)
    pictures(editor, "train-4-jobs")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Compare (2)").click()
    expect(page.locator('.curve[data-metric="loss"] canvas')).to_be_visible()
    pictures(editor, "train-5-compare")

    editor.button("Preferences")
    page.get_by_role("menuitemradio", name="简体中文").click()
    expect(page.locator("h1")).to_have_text("训练曲线比较")
    page.get_by_role("link", name="任务").first.click()
    expect(page.locator(".state-cancelled")).to_have_text("已取消")
    editor.picture("train-6-chinese")
