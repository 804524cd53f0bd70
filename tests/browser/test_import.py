"""Networks of other frameworks are opened by hand: one of each format of the corpus."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.editor import Editor

pytestmark = pytest.mark.real("chromium")
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.mark.parametrize(
    ("file", "shape", "params"),
    [
        ("caffe/lenet.prototxt", "28, 28, 1", "431,080"),
        ("keras/vgg16.json", "", "138,357,544"),
        ("tensorflow/FCStack.pbtxt", "", "10,976"),
    ],
)
def test_a_file_of_another_framework_is_opened(editor: Editor, page: Page, file: str, shape: str, params: str) -> None:
    path = CORPUS / file
    if not path.exists():
        pytest.skip(f"the corpus has no {file} here")
    editor.button("Import")
    dialog = page.get_by_role("dialog", name="Import a network")
    if shape:
        dialog.get_by_label("Input shape, where the file does not say it").fill(shape)
    dialog.locator("input[type=file]").set_input_files(path)
    expect(dialog.get_by_text("layers mapped")).to_be_visible()
    dialog.get_by_role("button", name="Open it").click()
    expect(editor.params).to_have_text(params)
    expect(page.locator(".layer.bad")).to_have_count(0)


def test_an_address_is_offered_where_the_platform_fetches_and_refused_where_it_does_not(
    editor: Editor, page: Page
) -> None:
    editor.button("Import")
    dialog = page.get_by_role("dialog", name="Import a network")
    expect(dialog.get_by_role("textbox", name="paste")).to_be_visible()
    expect(dialog.get_by_label("From an address")).to_have_count(0)
    page.route("**/api/v1/features", lambda route: route.fulfill(json={"import_urls": True}))
    editor.open("/")
    editor.button("Import")
    dialog.get_by_label("From an address").fill("https://example.org/model.json")
    dialog.get_by_role("button", name="Fetch").click()
    expect(dialog.get_by_role("alert")).to_contain_text("import from an address is switched off")


def test_a_file_that_does_not_say_its_shape_is_read_again_with_the_one_that_is_typed(
    editor: Editor, page: Page
) -> None:
    net = 'layer { name: "data" type: "Data" top: "data" } layer { name: "ip" type: "InnerProduct" '
    net += 'bottom: "data" top: "ip" inner_product_param { num_output: 10 } }'
    editor.button("Import")
    dialog = page.get_by_role("dialog", name="Import a network")
    file = {"name": "net.prototxt", "mimeType": "text/plain", "buffer": net.encode()}
    dialog.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(dialog.get_by_role("alert")).to_contain_text("Type it into “Input shape” above")
    expect(dialog.get_by_role("button", name="Import", exact=True)).to_be_enabled()
    shape = dialog.get_by_label("Input shape, where the file does not say it")
    shape.fill("data: 20")
    shape.press("Enter")
    dialog.get_by_role("button", name="Open it").click()
    expect(editor.params).to_have_text("210")
    editor.button("Export")  # of a format that carries weights, with those that a training begins with
    dialog = page.get_by_role("dialog", name="Export")
    dialog.get_by_role("radio", name="ONNX").check()
    expect(dialog.get_by_text("a drawn network has none yet")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(0)
    dialog.get_by_label("Weights", exact=True).select_option("First weights, not trained")
    expect(dialog.get_by_role("button", name="Download net.onnx")).to_be_visible()
