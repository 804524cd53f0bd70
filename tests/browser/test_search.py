"""A search that is written in the editor."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.editor import Editor
from tests.browser.test_accessible import violations
from tests.browser.trying import Tried

pytestmark = pytest.mark.real("chromium")


def test_a_search_is_written_refused_mended_and_queued(editor: Editor, page: Page, tried: Tried) -> None:
    page.goto(f"/app/models/{tried.model}")
    page.get_by_role("tab", name="Train").click()
    page.get_by_label("Data set", exact=True).select_option(label="tried-digits.npz")
    editor.button("Search …")
    start = page.get_by_role("button", name="Start the search")
    expect(start).to_be_disabled()

    field = page.get_by_label("Field", exact=True)
    field.select_option("params.learning_rate")
    editor.button("Add")
    rate = page.locator('[data-dimension="params.learning_rate"]')
    rate.get_by_label("learning_rate to", exact=True).fill("0.00001")
    expect(rate).to_contain_text("From must be below to.")
    expect(start).to_be_disabled()
    rate.get_by_label("learning_rate to", exact=True).fill("1000")

    trials = page.get_by_label("Trials", exact=True)
    trials.fill("1")
    trials.press("Tab")
    assert violations(page) == []
    start.click()
    expect(rate).to_contain_text("100")  # the server's rule, at the dimension
    editor.picture("search-1-refused")
    rate.get_by_label("learning_rate to", exact=True).fill("0.1")
    start.click()

    expect(page).to_have_url(re.compile("/app/jobs/job-"))
    expect(page.locator("h1")).to_contain_text("Search for")
    expect(page.locator(".trials-table tbody a")).to_have_text("#0", timeout=60_000)
    editor.picture("search-2-job")
    editor.button("Cancel")
    expect(page.locator(".sheet-head .state")).to_have_text(re.compile("cancelled|succeeded"), timeout=60_000)
