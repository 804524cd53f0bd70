"""Models with their versions, operators, and trying an operator out."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from visualnn import Client
from visualnn_shared.zoo import load
from visualnn_standalone.platform import Platform

from tests.browser.editor import Editor
from tests.browser.trying import OPERATOR, SEVEN, Tried, draw, write_png

pytestmark = pytest.mark.real("chromium")


def test_an_operator_is_tried_with_a_drawing_a_picture_and_numbers(
    editor: Editor, page: Page, tried: Tried, tmp_path: Path
) -> None:
    page.get_by_role("link", name="Operators").click()
    page.get_by_role("searchbox", name="Search operators").fill("tried")
    page.get_by_role("link", name=OPERATOR).click()
    answer = page.get_by_role("region", name="Answer")
    said = answer.locator(".result-said strong")

    draw(page, SEVEN)
    expect(said).to_have_text("7")
    expect(answer.get_by_role("meter")).to_have_count(10)
    expect(answer).to_contain_text(re.compile(r"\d+(\.\d)? ms there and back"))
    expect(page.get_by_text("Sent: 8 × 8 pixels")).to_be_visible()
    editor.picture("10-drawn-digit")
    page.get_by_role("tab", name="Worst samples").click()
    expect(page.locator(".pad-paper")).to_have_count(0)
    page.get_by_role("tab", name="Own input").click()
    expect(said).to_have_text("7")
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    page.go_back()
    expect(said).to_have_text("7")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("the answer appears here")).to_be_visible()

    page.get_by_role("tab", name="Picture").click()
    file = write_png(tried.pictures[0], tmp_path / "digit.png")
    page.locator("input[type=file]").set_input_files(file)
    expect(said).to_have_text(tried.said[0])
    exact = answer.locator(".result-said span").text_content()

    page.get_by_role("tab", name="Numbers").click()
    values = page.get_by_label("Values")
    values.fill(json.dumps(tried.pictures[0].tolist()))
    expect(answer.locator(".result-said span")).to_have_text(exact or "")
    rows = "\n".join(",".join(map(str, one.reshape(-1).tolist())) for one in tried.pictures)
    values.fill(rows)
    answer.get_by_label("Sample, of 3:").fill("3")
    expect(said).to_have_text(tried.said[2])
    values.fill("1, 2, three")
    expect(page.get_by_text("Line 1: “three” is no number.")).to_be_visible()
    values.fill(json.dumps([[300] * 64]))
    expect(page.get_by_role("alert")).to_contain_text("The operator did not answer.")
    expect(page.get_by_role("alert")).to_contain_text("300")


def test_a_digit_is_drawn_with_the_keyboard(page: Page, tried: Tried) -> None:
    page.goto(f"/app/operators/{OPERATOR}")
    page.get_by_role("application", name="Paper for").focus()
    keys = ["ArrowUp"] * 8 + ["Space"] + ["ArrowDown"] * 16 + ["Space"]
    for key in keys:
        page.keyboard.press(key)
    expect(page.locator(".result-said strong")).to_have_text("1")


def test_the_open_model_is_tried_in_the_editor(editor: Editor, page: Page, tried: Tried) -> None:
    editor.open(f"/app/models/{tried.model}")
    page.get_by_role("tab", name="Test").click()
    draw(page, SEVEN)
    expect(page.locator(".result-said strong")).to_have_text("7")
    page.route("**/predict*", lambda route: route.abort())
    draw(page, ((0.4, 0.5), (0.6, 0.5)))
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    page.unroute("**/predict*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("region", name="Answer")).to_be_visible()


def test_an_alias_is_pointed_and_an_operator_deleted(page: Page, platform: Platform, tried: Tried) -> None:
    with Client(platform.url) as client:
        job = client.operators.get(OPERATOR).lineage["job"]
        client.operators.create("short-lived", job)
    page.goto("/app/operators/short-lived")
    made = page.locator(".operator-facts").get_by_role("link")
    expect(made.first).to_have_text(re.compile(r"^(?!model).+, version \d+$"))  # the model's own name
    expect(made.last).to_have_attribute("href", f"/app/jobs/{job}")
    page.get_by_label("Alias", exact=True).fill("champion")
    page.get_by_role("button", name="Alias for version 1").click()
    expect(page.locator(".chip")).to_have_text("champion")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page).to_have_url(re.compile("/app/operators$"))
    expect(page.get_by_role("link", name=OPERATOR)).to_be_visible()
    expect(page.get_by_role("link", name="short-lived")).to_have_count(0)
    page.goto("/app/operators/short-lived")
    expect(page.get_by_role("alert")).to_contain_text("short-lived could not be loaded")


def test_versions_are_compared_restored_and_the_model_deleted(editor: Editor, page: Page, platform: Platform) -> None:
    spec = load("mnist-dnn")
    with Client(platform.url) as client:
        model = client.models.create(spec.model_copy(update={"name": "two versions"}))
        layers = [
            one.model_copy(update={"params": {**one.params, "units": 256}}) if one.params.get("units") == 512 else one
            for one in spec.layers
        ]
        client.models.update(model, spec.model_copy(update={"name": "two versions", "layers": tuple(layers)}))
    page.goto("/app/models")
    search = page.get_by_role("searchbox", name="Search models")
    search.fill("O VERSI")
    expect(page.get_by_text("Loading")).to_have_count(0)
    page.get_by_role("link", name="two versions", exact=True).click()
    expect(page.get_by_role("heading", name="From version 1 to 2")).to_be_visible()
    expect(page.locator(".diff-changed").first).to_contain_text("units: 512 → 256")
    editor.picture("11-version-diff")
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_text("Version 1 is back, as version 3.")).to_be_visible()
    page.get_by_label("Compare from version 1").check()
    page.get_by_label("Compare to version 3").check()
    expect(page.get_by_text("The two mean the same.")).to_be_visible()
    page.get_by_role("link", name="Open in the editor").click()
    expect(editor.shape("fc1")).to_have_text("512")
    page.go_back()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page).to_have_url(re.compile("/app/models$"))
    page.get_by_role("searchbox", name="Search models").fill("two versions")
    expect(page.get_by_text("Nothing that is listed matches.")).to_be_visible()


def test_layers_are_aligned_and_the_picture_is_saved(editor: Editor, page: Page, tmp_path: Path) -> None:
    editor.append("Input")
    editor.append("Dense")
    editor.select("dense")
    for _ in range(3):
        editor.key("ArrowRight")
    editor.key("Control+a")
    expect(page.get_by_text("2 layers selected")).to_be_visible()
    page.get_by_role("button", name="One below the other").click()
    lefts = "nodes => new Set(nodes.map(node => Math.round(node.getBoundingClientRect().left))).size"
    page.wait_for_function(f"({lefts})([...document.querySelectorAll('.layer')]) === 1")
    editor.button("Export")
    for kind, begins in (("SVG", b"<svg "), ("PNG", b"\x89PNG")):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        file = tmp_path / kind
        download.value.save_as(file)
        assert file.read_bytes().startswith(begins)
        assert download.value.suggested_filename == f"untitled.{kind.lower()}"
