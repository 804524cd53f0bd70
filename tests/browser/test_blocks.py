"""Blocks of the catalogue: looked into, and unfolded for good."""

from playwright.sync_api import expect

from tests.browser.editor import Editor


def test_a_block_shows_its_inside_and_is_unfolded_for_good_in_one_step(editor: Editor) -> None:
    page = editor.page
    editor.append("Input")
    editor.set("input", "shape", "28, 28, 192")
    editor.append("InceptionBlock")
    editor.append("GlobalAveragePooling2D")
    expect(editor.shape("global_average_pooling2d")).to_have_text("256")
    before = editor.params.inner_text()

    page.get_by_role("button", name="Show the inside of inception_block").first.click()
    inside = page.get_by_role("region", name="Inside inception_block")
    expect(inside.locator(".block-layer")).to_have_count(9)
    expect(inside.get_by_text("28 × 28 × 96").or_(inside.get_by_text("28, 28, 96")).first).to_be_visible()
    editor.picture("block-inside")
    inside.get_by_role("button", name="Unfold for good").click()

    expect(editor.layer("inception_block/1x1")).to_be_visible()
    expect(page.locator(".layer")).to_have_count(10)
    expect(page.locator('[data-frame="inception_block"]')).to_be_visible()
    expect(editor.shape("global_average_pooling2d")).to_have_text("256")
    assert editor.params.inner_text() == before
    editor.picture("block-unfolded")
    editor.key("Control+z")
    expect(page.locator(".layer")).to_have_count(3)
    expect(editor.layer("inception_block")).to_contain_text("InceptionBlock")
