"""The story of the ancestor's manual: a network for MNIST from an empty canvas to a digit that it knows, and back."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from visualnn import Client
from visualnn.demo.digits import Array, Digits, load_digits
from visualnn.records import Model
from visualnn_shared.analysis.diff import diff
from visualnn_shared.spec.model import Spec
from visualnn_standalone.platform import Platform

from tests.browser.editor import Editor
from tests.browser.test_train import LENGTHS, TRAINED_MS, fill, state
from tests.browser.trying import write_png

pytestmark = pytest.mark.real("chromium")
MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist.npz"
STORY = (
    ("Input", 180, 60),
    ("Dense", 180, 150),
    ("Dropout", 180, 240),
    ("Dense", 180, 330),
    ("Dropout", 470, 60),
    ("Dense", 470, 150),
    ("Softmax", 470, 240),
)


@pytest.fixture(scope="module")
def handwriting() -> Digits:
    """Pictures of 28 x 28: a part of MNIST where it lies here, otherwise scikit-learn's digits, enlarged."""
    if MNIST.exists():
        with np.load(MNIST, allow_pickle=False) as file:
            return Digits(file["x_train"][:6000], file["y_train"][:6000], file["x_test"][:500], file["y_test"][:500])
    small = load_digits()

    def enlarged(pictures: Array) -> Array:
        return np.pad(pictures.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))

    return Digits(enlarged(small.x_train), small.y_train, enlarged(small.x_test), small.y_test)


def build(editor: Editor) -> None:
    """Every layer is dragged from the palette to its place, and edges from layer to layer."""
    names = []
    for layer_type, x, y in STORY:
        editor.drag_in(layer_type, x, y)
        base = layer_type.lower()
        names.append(f"{base}_{sum(one.startswith(base) for one in names)}" if base in names else base)
        expect(editor.layer(names[-1])).to_be_visible()
    for source, target in itertools.pairwise(names):
        editor.connect(source, target)
    editor.set("input", "shape", "784")
    for name, units in (("dense", "512"), ("dense_1", "512"), ("dense_2", "10")):
        editor.set(name, "units", units)
    for name in ("dense", "dense_1"):
        editor.set(name, "activation", "relu")
    for name in ("dropout", "dropout_1"):
        editor.set(name, "rate", "0.2")
    expect(editor.params).to_have_text("669,706")
    expect(editor.page.locator(".layer.bad")).to_have_count(0)


def name_it(page: Page, name: str) -> None:
    page.get_by_role("textbox", name="Name of the network").first.fill(name)
    page.keyboard.press("Enter")


def train(editor: Editor, page: Page, file: Path) -> None:
    """Five epochs, with the curve seen moving."""
    page.get_by_role("tab", name="Train").click()
    page.locator(".panel input[type=file]").set_input_files(file)
    expect(page.locator(".recipe-dataset")).to_contain_text("10 classes")
    fill(page, Epochs="5", Validation_split="0.1")
    page.evaluate(LENGTHS)
    page.locator(".recipe-start").click()
    expect(page).to_have_url(re.compile("/app/jobs/job-"))
    expect(state(page)).to_have_text("succeeded", timeout=TRAINED_MS)
    assert len(page.evaluate("lengths")) > 1, "the curve came at once, at the end"
    editor.button("Register as operator")
    expect(page.get_by_text("mnist-story answers, version 1.")).to_be_visible()


def export(editor: Editor, page: Page, path: Path) -> Path:
    editor.button("Export")
    page.get_by_label("Keras JSON").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download mnist-story.json").click()
    download.value.save_as(path)
    page.keyboard.press("Escape")
    return path


def test_a_network_for_mnist_from_the_palette_to_a_digit_that_it_knows(
    editor: Editor, page: Page, platform: Platform, handwriting: Digits, tmp_path: Path
) -> None:
    build(editor)
    editor.picture("story-1-built")
    name_it(page, "mnist-story")
    handwriting.save(tmp_path / "handwriting.npz")
    train(editor, page, tmp_path / "handwriting.npz")
    editor.picture("story-2-trained")

    with Client(platform.url) as client:
        model = named(client, "mnist-story")
        spec = Spec.model_validate(client.models.get(model.id).spec)
        said = [one["class"] for one in client.operators.predict("mnist-story", handwriting.x_test[:40].tolist())]
        known = [int(one) == label for one, label in zip(said, handwriting.y_test, strict=False)]
        assert sum(known) >= 34, "of 40 digits that it never saw"
    at = known.index(True)
    editor.open(f"/app/models/{model.id}")
    page.get_by_role("tab", name="Test").click()
    page.get_by_role("tab", name="Picture").click()
    page.locator(".predict input[type=file]").set_input_files(write_png(handwriting.x_test[at], tmp_path / "one.png"))
    expect(page.locator(".result-said strong")).to_have_text(str(handwriting.y_test[at]))
    editor.picture("story-3-tested")

    file = export(editor, page, tmp_path / "mnist-story.json")
    editor.button("New")
    expect(page.get_by_text("An empty canvas")).to_be_visible()
    editor.button("Import")
    dialog = page.get_by_role("dialog", name="Import a network")
    dialog.locator("input[type=file]").set_input_files(file)
    dialog.get_by_role("button", name="Open it").click()
    expect(editor.params).to_have_text("669,706")
    name_it(page, "mnist-again")
    editor.button("Save")
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    with Client(platform.url) as client:
        again = named(client, "mnist-again")
        back = Spec.model_validate(client.models.get(again.id).spec)
    assert same_meaning(spec, back)


def named(client: Client, name: str) -> Model:
    return next(one for one in client.models.list() if one.name == name)


def same_meaning(before: Spec, after: Spec) -> bool:
    found = diff(before, after)
    return not (found.added or found.removed or found.changed)
