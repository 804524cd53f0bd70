"""A spec that a newer VisualNN made is looked at, and handed on just as it came."""

import json
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text
from visualnn import Client
from visualnn_standalone.platform import Platform

from tests.browser.editor import Editor
from tests.browser.test_accessible import violations

NEWER = """{ "visualnn": 2, "name": "from the future", "scale": 1.0,
  "layers": [
    {"name": "x", "type": "Input", "params": {"shape": [28, 28, 1]}, "inputs": []},
    {"name": "conv", "type": "Conv3DD", "params": {"filters": 8.0, "kernel_size": 3}, "inputs": ["x"]},
    {"name": "quantum", "type": "Superposition", "params": {"qubits": 5}, "inputs": ["conv"]},
    {"name": "prob", "type": "Dense", "params": {"units": 10}, "inputs": ["quantum"], "quantized": true}],
  "outputs": ["prob"] }
"""


def test_a_newer_spec_is_opened_to_be_looked_at_and_comes_out_as_it_went_in(
    editor: Editor, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "future.json"
    file.write_bytes(NEWER.encode())
    editor.button("Import")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("a newer VisualNN made this: update this one to open it")
    editor.picture("newer-1-import")
    editor.button("Open read-only")
    expect(page.get_by_text("A newer VisualNN made this (version 2).")).to_be_visible()
    expect(page.locator(".layer")).to_have_count(4)
    for name in ("conv", "quantum", "prob"):
        expect(editor.layer(name)).to_contain_class("bad")
    expect(editor.layer("x")).not_to_contain_class("bad")
    editor.layer("conv").hover()
    expect(editor.layer("conv").locator(".layer-problems")).to_contain_text("did you mean 'Conv3D'?")
    assert violations(page) == []
    editor.picture("newer-2-open")

    save = page.get_by_role("button", name="Save", exact=True)
    expect(save).to_be_disabled()
    editor.key("Control+s")
    expect(page.get_by_text("Nothing was saved: a newer VisualNN made this")).to_be_visible()
    editor.layer("quantum").click()
    expect(page.locator(".panel")).to_contain_text("qubits")
    editor.key("Delete")
    expect(page.get_by_text("This is open to be looked at only")).to_be_visible()
    expect(page.locator(".layer")).to_have_count(4)
    page.reload()
    expect(page.get_by_text("A newer VisualNN made this (version 2).")).to_be_visible()
    expect(page.locator(".layer")).to_have_count(4)

    editor.button("Export")
    with page.expect_download() as got:
        editor.button("Download future.json")
    assert got.value.path().read_bytes() == NEWER.encode()
    page.keyboard.press("Escape")
    editor.button("New")
    expect(page.get_by_text("A newer VisualNN made this (version 2).")).to_have_count(0)
    editor.append("Input")
    expect(save).to_be_enabled()


def test_a_stored_spec_that_only_a_newer_version_knows_is_opened_too(
    editor: Editor, page: Page, platform: Platform
) -> None:
    layers = [{"name": "x", "type": "Input", "params": {"shape": [4]}, "inputs": []}]
    with Client(platform.url) as client:
        model = client.models.create({"visualnn": 1, "name": "kept", "layers": layers, "outputs": ["x"]}).id
    layers.append({"name": "y", "type": "Superposition", "params": {}, "inputs": ["x"]})
    newer = {"visualnn": 3, "name": "kept", "layers": layers, "outputs": ["y"], "scale": 0.5}
    _store(platform, model, newer)
    page.goto(f"/app/models/{model}")
    expect(page.get_by_text("A newer VisualNN made this (version 3).")).to_be_visible()
    expect(editor.layer("y")).to_contain_class("bad")
    editor.button("Export")
    with page.expect_download() as got:
        editor.button("Download kept.json")
    assert json.loads(got.value.path().read_text()) == newer


def _store(platform: Platform, model: str, spec: dict[str, object]) -> None:
    """Put a spec in the place of a version's, as a newer platform on the same database does."""
    engine = create_engine(f"sqlite:///{platform.data_dir / 'visualnn.db'}")
    with engine.begin() as rows:
        rows.execute(
            text("UPDATE model_versions SET spec = :spec WHERE model_id = :model"),
            {"spec": json.dumps(spec), "model": model},
        )
    engine.dispose()
