"""Two versions of a network are drawn as one, with what differs marked."""

import re

import pytest
from playwright.sync_api import Page, expect
from visualnn import Client
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.zoo import load
from visualnn_standalone.platform import Platform

from tests.browser.editor import Editor
from tests.browser.test_accessible import violations

pytestmark = pytest.mark.real("chromium")


def _second(first: Spec) -> Spec:
    """With a layer put behind the first activation, the padding before it taken away, and ten classes."""
    layers = []
    for one in first.layers:
        if one.name == "conv1_pad":
            continue
        inputs = tuple({"conv1_pad": "input", "conv1_relu": "extra"}.get(name, name) for name in one.inputs)
        params = {**one.params, "units": 10} if one.name == "predictions" else one.params
        layers.append(one.model_copy(update={"inputs": inputs, "params": params}))
    layers.append(Layer(name="extra", type="Dropout", params={"rate": 0.1}, inputs=("conv1_relu",)))
    return first.model_copy(update={"layers": tuple(layers)})


def test_what_differs_in_a_network_of_hundreds_of_layers_is_seen_and_jumped_to(
    editor: Editor, page: Page, platform: Platform
) -> None:
    first = load("resnet152").model_copy(update={"name": "drawn versions"})
    with Client(platform.url) as client:
        model = client.models.create(first)
        client.models.update(model, _second(first))
    page.goto(f"/app/models/{model.id}/versions")
    drawing = page.get_by_role("region", name="The two versions, drawn as one network")
    legend = drawing.get_by_role("list", name="What the marks mean")
    expect(legend).to_contain_text(re.compile(r"\+.*1 added.*−.*1 removed.*~.*\d+ changed.*\d+ unchanged", re.DOTALL))

    def drawn(name: str) -> str:
        return f'.diff-node[data-layer="{name}"]'

    page.get_by_role("button", name="predictions", exact=True).click()
    last = drawing.locator(drawn("predictions"))
    expect(last).to_be_in_viewport()
    expect(last).to_have_attribute("data-fate", "changed")
    expect(last).to_contain_text("units: 1,000 → 10")
    expect(page.locator(".diff-layer.chosen")).to_contain_text("predictions")
    assert drawing.locator(".diff-node").count() < 100, "what is not on the screen is not drawn"
    page.get_by_role("button", name="conv1_pad", exact=True).click()
    gone = drawing.locator(drawn("conv1_pad"))
    expect(gone).to_be_in_viewport()
    expect(gone).to_contain_text("removed")
    expect(drawing.locator(".diff-edge-removed").first).to_be_attached()
    expect(drawing.locator(".diff-edge-added").first).to_be_attached()
    editor.picture("12-versions-drawn")
    page.get_by_role("button", name="Next change").click()
    expect(drawing.get_by_role("status")).to_contain_text(re.compile(r"change \d+ of \d+"))
    expect(page.get_by_role("button", name="conv1_pad", exact=True)).to_have_attribute("aria-pressed", "false")
    drawing.locator(drawn("extra")).click()
    expect(page.get_by_role("button", name="extra", exact=True)).to_have_attribute("aria-pressed", "true")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator(f"html[data-theme={scheme}]")).to_be_attached()
        assert violations(page) == [], scheme
    editor.picture("12-versions-drawn-dark")
