"""The design part of the ancestor's manual: a network for MNIST, built in the browser."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from visualnn_shared.analysis.summary import summary
from visualnn_shared.zoo import load

from tests.browser.editor import Editor

pytestmark = pytest.mark.real("chromium")
BAD = re.compile(r"\bbad\b")


def build_mnist(editor: Editor) -> None:
    """784 -> 512 -> 512 -> 10 -> softmax, with dropout between."""
    for layer_type in ("Input", "Dense", "Dropout", "Dense", "Dropout", "Dense", "Softmax"):
        editor.append(layer_type)
    editor.key("f")
    editor.set("input", "shape", "784")
    editor.set("dense_2", "units", "10")
    for name in ("dropout", "dropout_1"):
        editor.set(name, "rate", "0.2")
    for name in ("dense", "dense_1"):
        editor.set(name, "activation", "relu")
        editor.set(name, "units", "512")


def test_the_first_save_keeps_what_can_be_undone(editor: Editor, page: Page) -> None:
    editor.append("Input")
    editor.append("Dense")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "GET" else None)
    editor.button("Save")
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    expect(page).to_have_url(re.compile("/app/models/model-"))
    editor.key("Control+z")
    expect(page.locator(".layer")).to_have_count(1)
    assert [url for url in asked if re.search("/models/model-[^/]+$", url)] == [], "what is on the canvas is read again"


def test_a_network_for_mnist_is_built_undone_exported_and_kept(editor: Editor, page: Page, tmp_path: Path) -> None:
    expect(page.get_by_text("An empty canvas")).to_be_visible()
    editor.picture("1-first-run")
    build_mnist(editor)

    expect(editor.shape("dense_1")).to_have_text("512")
    expect(editor.shape("softmax")).to_have_text("10")
    expected = summary(load("mnist-dnn")).params
    expect(editor.params).to_have_text(f"{expected:,}")
    editor.picture("2-mnist")

    editor.key("Control+z")
    expect(editor.params).not_to_have_text(f"{expected:,}")
    editor.key("Control+y")
    expect(editor.params).to_have_text(f"{expected:,}")

    page.get_by_role("textbox", name="Name of the network").first.fill("my mnist")
    page.keyboard.press("Enter")
    editor.button("Export")
    page.get_by_label("Keras JSON").check()
    expect(page.get_by_text("7 layers mapped")).to_be_visible()
    editor.picture("3-export")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my-mnist.json").click()
    file = tmp_path / "my-mnist.json"
    download.value.save_as(file)
    layers = json.loads(file.read_text())["config"]["layers"]
    assert [one["class_name"] for one in layers if one["class_name"] == "Dense"] == ["Dense"] * 3
    page.keyboard.press("Escape")

    page.reload()
    expect(editor.params).to_have_text(f"{expected:,}")
    expect(page.get_by_role("textbox", name="Name of the network").first).to_have_value("my mnist")
    expect(page).to_have_url(re.compile("select=dense_1"))


MOVEMENT = """before => new Promise(done => {
  const place = () => document.querySelector('.react-flow__viewport').getAttribute('style')
  const look = () => {
    if (place() === before) return requestAnimationFrame(look)
    document.querySelector('.canvas').dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))
    const held = place()
    setTimeout(() => done([held, place()]), 500)
  }
  look()
})"""
"""Lets the pointer go down as soon as the canvas moves: its place then, and when the movement would be over."""


def test_a_canvas_on_the_move_stops_under_the_pointer(editor: Editor, page: Page) -> None:
    page.emulate_media(reduced_motion="no-preference")
    for layer_type in ("Input", *["Dense"] * 5):
        editor.append(layer_type)
    page.wait_for_timeout(500)  # until the canvas has come to the last layer
    before = page.locator(".react-flow__viewport").get_attribute("style")
    editor.key("f")
    held, then = page.evaluate(MOVEMENT, before)
    assert held == then


def test_the_exported_file_is_read_again(editor: Editor, page: Page) -> None:
    keras = {
        "class_name": "Sequential",
        "config": {
            "name": "pasted",
            "layers": [
                {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "x"}},
                {"class_name": "Dense", "config": {"name": "y", "units": 3, "activation": "softmax"}},
            ],
        },
    }
    editor.button("Import")
    dialog = page.get_by_role("dialog", name="Import a network")
    dialog.get_by_role("textbox", name="paste").fill(json.dumps(keras))
    dialog.get_by_role("button", name="Import", exact=True).click()
    dialog.get_by_role("button", name="Open it").click()
    expect(editor.shape("y")).to_have_text("3")
    expect(editor.params).to_have_text("15")


def test_a_broken_import_says_why_and_leaves_the_canvas(editor: Editor, page: Page) -> None:
    editor.append("Input")
    editor.button("Import")
    page.get_by_role("textbox", name="paste").fill('{"class_name": "Sequential", "config": 5}')
    page.get_by_role("dialog").get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The file could not be read.")
    page.keyboard.press("Escape")
    expect(editor.layer("input")).to_be_visible()


def test_layers_are_dragged_in_connected_copied_and_deleted(editor: Editor, page: Page) -> None:
    editor.drag_in("Input", 250, 80)
    editor.drag_in("Dense", 250, 240)
    expect(editor.layer("dense")).to_have_class(BAD)
    editor.connect("input", "dense")
    expect(editor.shape("dense")).to_have_text("28 × 28 × 10")

    editor.select("dense")
    editor.key("Control+c")
    editor.key("Control+v")
    expect(editor.layer("dense_1")).to_be_visible()
    editor.key("Delete")
    expect(editor.layer("dense_1")).to_have_count(0)
    editor.select("dense")
    editor.key("Control+d")
    expect(editor.shape("dense_1")).to_have_text("28 × 28 × 10")
    editor.key("Control+a")
    editor.key("Delete")
    expect(page.get_by_text("An empty canvas")).to_be_visible()
    editor.key("Control+z")
    expect(page.locator(".layer")).to_have_count(3)


def test_a_problem_paints_its_layer_and_leads_to_it(editor: Editor, page: Page) -> None:
    for layer_type in ("Input", "Dense"):
        editor.append(layer_type)
    editor.set("dense", "units", "-5")
    expect(editor.layer("dense")).to_have_class(BAD)
    expect(page.locator(".params .field-error")).to_contain_text("units must be an integer of at least 1")
    expect(editor.shape("input")).to_have_text("28 × 28 × 1")
    editor.picture("4-problem")
    page.get_by_role("button", name="1 problem").click()
    page.get_by_role("tabpanel").get_by_role("button", name="dense").click()
    editor.set("dense", "units", "5")
    expect(editor.layer("dense")).not_to_have_class(BAD)


def test_a_network_from_the_zoo_is_laid_out_saved_and_opened_by_its_address(editor: Editor, page: Page) -> None:
    editor.button("Open")
    page.locator('[data-network="lenet"]').click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expected = summary(load("lenet")).params
    expect(editor.params).to_have_text(f"{expected:,}")
    page.reload()
    expect(editor.params).to_have_text(f"{expected:,}")
    editor.button("Save")
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    address = page.url
    assert "/app/models/" in address
    editor.open("/app/models/" + address.rpartition("/")[2])
    expect(editor.params).to_have_text(f"{expected:,}")
    page.goto("/app/jobs")
    page.get_by_role("link", name="Editor", exact=True).click()
    expect(page).to_have_url(address)
    expect(editor.params).to_have_text(f"{expected:,}")


def test_what_is_being_typed_survives_a_reload(editor: Editor, page: Page) -> None:
    editor.append("Dense")
    editor.select("dense")
    units = page.locator(".params").get_by_label("units", exact=True)
    units.fill("77")
    page.reload()
    expect(units).to_have_value("77")


def test_a_lost_server_is_told_and_nothing_is_lost(editor: Editor, page: Page) -> None:
    editor.append("Input")
    expect(editor.shape("input")).to_be_visible()
    page.route("**/api/**", lambda route: route.abort())
    editor.append("Dense")
    expect(page.locator(".totals [role=alert]")).to_contain_text("The server does not answer")
    page.unroute("**/api/**")
    expect(editor.shape("dense")).to_have_text("28 × 28 × 10")


def test_it_speaks_chinese_and_is_dark(editor: Editor, page: Page) -> None:
    build_mnist(editor)
    editor.button("Preferences")
    page.get_by_role("menuitemradio", name="Dark").click()
    editor.button("Preferences")
    page.get_by_role("menuitemradio", name="简体中文").click()
    expect(page.get_by_role("button", name="导出")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    editor.picture("5-chinese-dark")
    page.reload()
    expect(page.get_by_role("button", name="导出")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_plain_click_leaves_one_selected_and_the_focus_stays_on_the_canvas(editor: Editor, page: Page) -> None:
    for layer_type in ("Input", "Dense", "Dropout"):
        editor.append(layer_type)
    editor.key("Control+a")
    selected = page.locator(".react-flow__node.selected")
    expect(selected).to_have_count(3)
    editor.layer("dense").click()
    expect(selected).to_have_count(1)
    page.keyboard.press("F2")
    page.keyboard.type("fc")
    page.keyboard.press("Enter")
    expect(page.locator('.react-flow__node[data-id="fc"]')).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.locator(".layer")).to_have_count(2)
    expect(page.locator(".canvas")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(".palette-head").first).to_be_focused()
    page.keyboard.press("Tab")  # the palette is one stop
    expect(page.locator(".palette button:focus")).to_have_count(0)
