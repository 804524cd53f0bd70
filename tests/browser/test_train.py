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
    shown = editor.page.locator("html")
    editor.page.emulate_media(color_scheme="dark")
    expect(shown).to_have_attribute("data-theme", "dark")
    editor.picture(f"{name}-dark")
    editor.page.emulate_media(color_scheme="light")
    expect(shown).to_have_attribute("data-theme", "light")
    editor.picture(name)


def state(page: Page) -> Locator:
    return page.locator(".sheet-head .state")


def choose_data(page: Page, digits: Path, tmp_path: Path) -> None:
    """A broken file is refused, a whole one is chosen."""
    upload = page.locator(".panel input[type=file]")
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n3\n")
    upload.set_input_files(wrong)
    expect(page.locator(".panel .failure")).to_contain_text("The data set was not stored.")
    upload.set_input_files(digits)
    expect(page.get_by_label("Data set", exact=True)).to_have_value(re.compile("dataset-"))
    expect(page.locator(".recipe-dataset")).to_contain_text("10 classes")


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        field = page.get_by_label(name.replace("_", " "), exact=True)
        field.fill(value)
        field.press("Tab")


LENGTHS = """() => {
  window.lengths = []
  const look = () => {
    const points = document.querySelector('.curve[data-metric="loss"]')?.dataset.points
    if (points && !window.lengths.includes(points)) window.lengths.push(points)
  }
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true, attributes: true})
}"""
"""Notes every length that the curve of the loss has: a training may be over before a test looks twice."""


def watch(editor: Editor, page: Page) -> None:
    """The curve moves, and the job ends well."""
    loss = page.locator('.curve[data-metric="loss"]')
    expect(state(page)).to_have_text("succeeded", timeout=TRAINED_MS)
    expect(loss).to_have_attribute("data-points", "40")  # 20 epochs, training and validation
    assert len(page.evaluate("lengths")) > 1, "the curve came at once, at the end"
    expect(page.locator('.curve[data-metric="accuracy"] canvas')).to_be_visible()
    expect(page.locator(".jobs-chosen")).to_contain_text("classes")
    pictures(editor, "train-2-job")
    page.get_by_text("As a table").click()
    expect(page.locator("details").filter(has_text="As a table").locator("tbody tr")).to_have_count(20)


def use(editor: Editor, page: Page, tmp_path: Path) -> None:
    """Weights are downloaded, and the network is served."""
    with page.expect_download() as download:
        page.get_by_role("link", name="safetensors").click()
    download.value.save_as(tmp_path / "weights")
    assert (tmp_path / "weights").stat().st_size > 1000
    editor.button("Register as operator")
    expect(page.get_by_text("digits-dnn answers, version 1.")).to_be_visible()


def test_a_network_is_trained_watched_and_served(editor: Editor, page: Page, digits: Path, tmp_path: Path) -> None:
    editor.button("Open")
    page.locator('[data-network="digits-dnn"]').click()
    page.get_by_role("tab", name="Train").click()
    start = page.locator(".recipe-start")
    expect(start).to_be_disabled()
    choose_data(page, digits, tmp_path)

    page.get_by_label("Optimizer", exact=True).select_option("sgd")
    fill(page, Learning_rate="1000", momentum="0.9", Epochs="20", Validation_split="0.2")
    start.click()
    expect(page.locator(".recipe .field-bad")).to_contain_text("100")
    pictures(editor, "train-1-refused")
    fill(page, Learning_rate="0.02")
    page.evaluate(LENGTHS)
    start.click()

    expect(page).to_have_url(re.compile("/app/jobs/job-"))
    watch(editor, page)
    use(editor, page, tmp_path)
    look_around(editor, page)


def look_around(editor: Editor, page: Page) -> None:
    """The lists, a data set, and a job that is cancelled."""
    page.get_by_role("link", name="Data sets").click()
    page.get_by_role("link", name="digits.npz").click()
    expect(page.locator(".samples-grid canvas")).to_have_count(24)
    pictures(editor, "train-3-dataset")
    page.get_by_role("button", name="Train on it").click()
    fill(page, Epochs="100000")
    page.locator(".recipe-start").click()
    editor.button("Cancel")
    expect(state(page)).to_have_text("cancelled")
    page.locator(".sheet-back").click()
    expect(page.locator(".jobs-list tbody tr")).to_have_count(2)
    pictures(editor, "train-4-jobs")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Compare (2)").click()
    expect(page.locator('.curve[data-metric="loss"] canvas')).to_be_visible()
    row = page.locator(".compare tr", has=page.get_by_role("rowheader", name="Epochs"))
    expect(row.locator("td").filter(has_text="100000")).to_have_count(1)
    expect(row.get_by_label("differs")).to_be_visible()
    expect(page.locator(".compare .state")).to_have_text(["cancelled", "succeeded"])
    page.get_by_label("Metric").select_option("loss")
    expect(page).to_have_url(re.compile("metric=loss"))
    pictures(editor, "train-5-compare")

    editor.button("Preferences")
    page.get_by_role("menuitemradio", name="简体中文").click()
    expect(page.locator("h1")).to_have_text("运行比较")
    page.get_by_role("link", name="任务").first.click()
    expect(page.locator(".state-cancelled")).to_have_text("已取消")
    editor.picture("train-6-chinese")
