"""Uploads that break off and go on, in a real Chromium."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

PARTS = "**/api/v1/uploads/*"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of a bit more than one part."""
    path = tmp_path_factory.mktemp("upload") / "large.npz"
    samples = np.random.default_rng(5).integers(0, 255, (11_000, 28, 28), np.uint8)
    np.savez(path, x_train=samples, y_train=np.arange(11_000) % 10)
    return path


def test_an_upload_waits_for_the_connection_and_goes_on_after_a_reload(page: Page, large: Path) -> None:
    offsets: list[str] = []

    def cut(route: Route) -> None:
        at = route.request.headers.get("upload-offset", "0")
        if route.request.method == "PATCH" and at != "0":
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(PARTS, cut)
    page.goto("/app/datasets")
    page.locator("input[type=file]").set_input_files(large)
    expect(page.get_by_text("The connection is lost; large.npz goes on by itself …")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("large.npz waits.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("large.npz broke off after 8 MiB of")).to_be_visible()

    page.unroute(PARTS)
    page.on("request", lambda one: offsets.append(one.headers["upload-offset"]) if one.method == "PATCH" else None)
    page.locator("input[type=file]").set_input_files(large)
    expect(page.get_by_role("heading", name="large")).to_be_visible()
    expect(page.get_by_text("11,000").first).to_be_visible()
    assert offsets == [str(8 * 2**20)]
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('tus::'))") == []


def test_an_upload_goes_on_while_another_page_is_looked_at_and_can_be_given_up(page: Page, large: Path) -> None:
    page.route(PARTS, lambda route: route.abort() if route.request.method == "PATCH" else route.continue_())
    page.goto("/app/datasets")
    page.locator("input[type=file]").set_input_files(large)
    lost = page.get_by_text("The connection is lost")
    expect(lost).to_be_visible()
    page.get_by_role("link", name="Jobs").click()
    page.get_by_role("link", name="Data sets").click()
    expect(lost).to_be_visible()
    page.unroute(PARTS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("choose a file")).to_be_visible()
    expect(page.get_by_text("broke off")).to_have_count(0)


def test_a_file_that_is_no_data_set_is_refused_with_its_reasons_and_not_kept(page: Page, tmp_path: Path) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"PK\x03\x04 no archive")
    page.goto("/app/datasets")
    page.locator("input[type=file]").set_input_files(bad)
    expect(page.get_by_role("alert")).to_contain_text("a zip of pictures or arrays (npz) must be whole")
    lefts = [page.locator(one).bounding_box()["x"] for one in (".sheet-head", ".known")]  # type: ignore[index]
    assert lefts[0] == lefts[1], "a card stands beside the column"
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('tus::'))") == []
