"""What goes wrong is told, and nothing is lost."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.editor import Editor

DOWN = {
    "title": "A part of the platform does not answer", "status": 503, "problems": [],
    "detail": "the database must answer; received none",
}  # fmt: skip
FOREIGN = {"detail": [{"loc": ["body"], "msg": "bad"}]}


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [(503, json.dumps(DOWN), "the database must answer"), (500, "<h1>oh</h1>", "500"),
     (422, json.dumps(FOREIGN), "The server answered something unexpected (HTTP 422)")],
)  # fmt: skip
def test_a_server_that_fails_is_told_and_the_work_stays(
    editor: Editor, page: Page, status: int, body: str, told: str
) -> None:
    def fail(route: Route) -> None:
        media_type = "application/problem+json" if body.startswith("{") else "text/html"
        route.fulfill(status=status, body=body, content_type=media_type)

    editor.append("Input")
    page.route("**/api/v1/models", fail)
    editor.button("Save")
    expect(page.get_by_text("The model was not saved.")).to_be_visible()
    expect(page.get_by_text(told).first).to_be_visible()
    expect(editor.layer("input")).to_be_visible()
    page.unroute("**/api/v1/models")
    editor.button("Save")
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()


def test_a_layer_is_not_connected_to_what_feeds_it(editor: Editor, page: Page) -> None:
    for one in ("Input", "Dense", "Dropout"):
        editor.append(one)
    expect(page.locator(".react-flow__edge")).to_have_count(2)
    editor.connect("dropout", "dense")
    expect(page.get_by_text("that edge would close a circle")).to_be_visible()
    expect(page.locator(".react-flow__edge")).to_have_count(2)
    expect(editor.shape("dropout")).to_have_text("28 × 28 × 10")


def test_a_spec_of_a_later_version_and_a_file_that_is_too_large_leave_the_canvas(
    editor: Editor, page: Page, tmp_path: Path
) -> None:
    editor.append("Input")
    editor.button("Import")
    later = tmp_path / "later.json"
    later.write_text(json.dumps({"visualnn": 2, "name": "later", "layers": [], "outputs": []}))
    page.locator("input[type=file]").set_input_files(later)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("a newer VisualNN made this: update this one")
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(100 * 2**20)
    page.locator("input[type=file]").set_input_files(large)
    expect(alert).to_contain_text("must", timeout=60_000)
    page.keyboard.press("Escape")
    expect(editor.layer("input")).to_be_visible()
