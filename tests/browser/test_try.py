"""An operator in the tab itself, sample by sample, and where it is most wrong."""

import json
import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from visualnn import Client
from visualnn.demo.digits import load_digits
from visualnn_standalone.platform import Platform

from tests.browser.editor import Editor
from tests.browser.trying import OPERATOR, Tried

pytestmark = pytest.mark.real("chromium")


def test_the_tab_computes_what_the_server_computes(editor: Editor, page: Page, tried: Tried) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/app/operators/{OPERATOR}")
    page.get_by_role("tab", name="Numbers").click()
    page.get_by_label("Values").fill(json.dumps(tried.pictures.tolist()))
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator(".result-said strong")).to_have_text(tried.said[0])
    assert not any(url.endswith(".wasm") for url in asked), "what runs networks is loaded before it is wanted"
    page.get_by_label("Compute in this tab too").check()
    verdict = page.locator("[data-difference]")
    expect(verdict).to_contain_text("They agree")
    assert float(verdict.get_attribute("data-difference") or "nan") < 1e-4
    rows = page.locator(".tab-compared tbody tr")
    expect(rows).to_have_count(2)
    for row in rows.all():
        expect(row.locator("td").first).to_have_text(re.compile(f"^{tried.said[0]} · "))
    editor.picture("12-in-the-tab")
    origin = page.evaluate("location.origin")
    assert all(url.startswith((origin, "blob:", "data:")) for url in asked)

    page.route("**/predict*", lambda route: route.abort())
    page.get_by_label("Values").fill(json.dumps(tried.pictures[2:].tolist()))
    expect(page.get_by_role("alert").first).to_contain_text("The server does not answer")
    expect(answer.locator(".result-said strong")).to_have_text(tried.said[2])


def test_samples_are_walked_through_and_the_worst_are_found(
    editor: Editor, page: Page, platform: Platform, tried: Tried
) -> None:
    digits = load_digits()
    with Client(platform.url) as client:
        said = client.operators.predict(OPERATOR, digits.x_test.tolist())
    right = np.array([one["scores"][label] for one, label in zip(said, digits.y_test, strict=True)])

    page.goto(f"/app/operators/{OPERATOR}")
    page.get_by_role("tab", name="Samples", exact=True).click()
    truth = page.locator(".walk-truth strong")
    answer = page.locator(".result-said strong")
    for at in range(2):
        expect(truth).to_have_text(str(digits.y_test[at]))
        expect(answer).to_have_text(said[at]["class"])
        page.get_by_role("button", name="The next sample").press("Enter")
    number = page.get_by_label(f"Number of the sample, of {len(said)}")
    number.fill(str(len(said)))
    number.press("Enter")
    expect(truth).to_have_text(str(digits.y_test[-1]))
    expect(page.get_by_role("button", name="The next sample")).to_be_disabled()
    editor.picture("13-samples")

    page.get_by_role("tab", name="Worst samples").click()
    count = sum(one["class"] == str(label) for one, label in zip(said, digits.y_test, strict=True))
    expect(page.get_by_text(f"{count} of {len(said)} are right")).to_be_visible()
    worst = page.locator(".worst-one")
    expect(worst).to_have_count(12)
    expect(worst.first).to_have_attribute("data-sample", str(int(right.argmin())))
    editor.picture("14-worst-samples")
    worst.first.click()
    expect(truth).to_have_text(str(digits.y_test[right.argmin()]))
