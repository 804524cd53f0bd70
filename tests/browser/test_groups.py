"""Layers that are seen as one part, and notes."""

import pytest
from playwright.sync_api import Page, expect
from visualnn import Client
from visualnn_standalone.platform import Platform

from tests.browser.editor import Editor
from tests.browser.test_accessible import violations

pytestmark = pytest.mark.real("chromium")


def test_layers_are_grouped_folded_noted_and_saved(editor: Editor, page: Page, platform: Platform) -> None:
    editor.button("Open")
    page.locator('[data-network="lenet"]').click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    layers, edges = page.locator(".layer"), page.locator(".react-flow__edge")
    count = layers.count()
    names = layers.evaluate_all("all => all.map(one => one.dataset.layer)")
    chosen = names[1:5]
    editor.layer(chosen[0]).click()
    for name in chosen[1:]:
        editor.layer(name).click(modifiers=["Shift"])
    expect(page.get_by_text("4 layers selected")).to_be_visible()
    editor.key("Control+g")
    field = page.get_by_label("Name of the group")
    field.fill("features")
    field.press("Enter")
    frame = page.locator('[data-frame="features"]')
    expect(frame).to_be_visible()
    assert violations(page) == [], "open"
    editor.picture("groups-1-open")

    editor.key("e")
    folded = page.locator('[data-group="features"]')
    expect(folded).to_contain_text("4 layers")
    expect(layers).to_have_count(count - 4 + 1)
    expect(edges).to_have_count(count - 4)
    assert violations(page) == []
    before = folded.bounding_box()
    editor.drag(folded, 120, 40)
    after = folded.bounding_box()
    assert before is not None
    assert after is not None
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((120, 40), abs=20)
    editor.key("Control+z")
    editor.key("l")
    editor.picture("groups-2-folded")

    name = next(one for one in names if one not in chosen)
    editor.select(name)
    page.get_by_label("Note", exact=True).fill("Pixels from 0 to 1.")
    expect(editor.layer(name).get_by_label("Note: Pixels from 0 to 1.")).to_be_visible()
    editor.button("Save")
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    model = page.url.rpartition("/")[2].partition("?")[0]
    with Client(platform.url) as client:
        spec = client.models.get(model).spec
    assert spec["groups"] == [{"name": "features", "layers": chosen, "folded": True}]
    assert {one["name"]: one["note"] for one in spec["layers"] if "note" in one} == {name: "Pixels from 0 to 1."}

    page.reload()
    expect(folded).to_be_visible()
    page.get_by_role("button", name="Unfold features").press("Enter")
    expect(layers).to_have_count(count)
    expect(frame).to_be_visible()
    editor.layer(chosen[0]).click()
    editor.key("Control+a")
    expect(page.get_by_text(f"{count} layers selected")).to_be_visible()
