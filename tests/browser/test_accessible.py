"""axe-core finds nothing serious on any page, light or dark."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.editor import Editor
from tests.browser.trying import OPERATOR, SEVEN, Tried, draw

pytestmark = pytest.mark.real("chromium")
AXE = Path(__file__).parents[2] / "services" / "web" / "node_modules" / "axe-core" / "axe.min.js"
BAD = {"serious", "critical"}


def violations(page: Page) -> list[str]:
    """What axe finds that is serious, one line each."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"], "axe looked at nothing"
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in BAD
        for node in one["nodes"]
    ]


def _check(page: Page, where: str) -> None:
    """Nothing serious, neither light nor dark: a page follows the system's choice."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.locator(f"html[data-theme={scheme}]")).to_be_attached()
        assert violations(page) == [], f"{where}, {scheme}"


def test_the_pages_of_models_and_operators_are_accessible(page: Page, tried: Tried) -> None:
    pages: dict[str, Locator] = {
        "/app/models": page.locator(".table-name").first,
        f"/app/models/{tried.model}/versions": page.locator(".table"),
        "/app/operators": page.locator(".table-name").first,
        f"/app/operators/{OPERATOR}": page.locator(".pad-paper"),
    }
    for path, shown in pages.items():
        page.goto(path)
        expect(shown).to_be_visible()
        _check(page, path)
    draw(page, SEVEN)
    expect(page.locator(".bar-best")).to_be_visible()
    _check(page, "an answer")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    _check(page, "a question")


def test_the_editor_is_accessible(editor: Editor, page: Page) -> None:
    editor.append("Input")
    editor.append("Dense")
    editor.set("dense", "units", "-5")
    expect(editor.layer("dense").locator(".mark-bad")).to_be_visible()
    _check(page, "a problem")
    for name in ("Network", "Problems", "Test"):
        page.get_by_role("tab", name=name).click()
        assert violations(page) == [], name
    for name in ("Open", "Import", "Export"):
        editor.button(name)
        expect(page.get_by_role("dialog")).to_be_visible()
        assert violations(page) == [], name
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_fault_would_be_found(page: Page) -> None:
    page.goto("/app/operators")
    page.evaluate("document.body.append(document.createElement('input'))")
    assert [one for one in violations(page) if one.startswith("label")]
