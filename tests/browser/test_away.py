"""A server that hangs, fails or is gone, and an editor that was built anew: each page says so and offers the way on."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.editor import Editor

API = "**/api/**"
SILENT_MS = 21_000
"""After this a call that only reads is given up."""
NO_JOB = "job-00000000000000000000000000"
PAGES = {
    "/": "The layer catalogue could not be loaded.",
    "/app/models": "The models could not be loaded.",
    f"/app/models/{NO_JOB}": "The network could not be opened.",
    f"/app/models/{NO_JOB}/versions": "The model could not be loaded.",
    "/app/jobs": "The jobs could not be loaded.",
    f"/app/jobs/{NO_JOB}": "The job could not be loaded.",
    f"/app/jobs/compare?job={NO_JOB}&job=job-1": "The job could not be loaded.",
    "/app/operators": "The operators could not be loaded.",
    "/app/operators/none": "The operator none could not be loaded.",
    "/app/datasets": "The data sets could not be loaded.",
    f"/app/datasets/{NO_JOB}": "The data set could not be loaded.",
}
SOME = [f"/app/models/{NO_JOB}", f"/app/jobs/compare?job={NO_JOB}&job=job-1"]
"""What is asked again by itself first, so that it takes a second and more."""
FAULT = {"type": "urn:visualnn:error:fault", "title": "A fault", "status": 500, "detail": "", "problems": []}


def hang(_route: Route) -> None:
    """Accepts and never answers."""


def fail(route: Route) -> None:
    route.fulfill(status=500, content_type="application/problem+json", body=json.dumps(FAULT))


def stand_before(route: Route) -> None:
    """As a proxy whose server is down."""
    route.fulfill(status=502, content_type="text/html", body="<h1>502 Bad Gateway</h1>")


def refuse(route: Route) -> None:
    route.abort("connectionrefused")


@pytest.mark.parametrize(
    ("server", "told", "paths"),
    [(hang, "The server has not answered in time.", list(PAGES)), (fail, "The server failed (HTTP 500).", SOME),
     (stand_before, "The server does not answer.", SOME), (refuse, "The server does not answer.", SOME)],
)  # fmt: skip
def test_every_page_says_what_is_wrong_and_goes_on_when_the_server_is_back(
    page: Page, server: Callable[[Route], None], told: str, paths: list[str]
) -> None:
    page.clock.install()
    page.route(API, server)
    for path in paths:
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        if server is hang:
            page.clock.fast_forward(6000)
            expect(page.locator(".server-notice")).to_contain_text("has not answered for a while")
            page.clock.fast_forward(SILENT_MS - 6000)
        alert = page.get_by_role("alert").filter(has_text=PAGES[path])
        expect(alert).to_contain_text(told)
        expect(alert.get_by_role("button", name="Try again")).to_be_visible()
    page.goto("/app/jobs")
    expect(page.locator("main")).to_be_visible()
    page.clock.fast_forward(SILENT_MS)
    again = page.get_by_role("alert").get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.unroute(API)
    again.click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.unroute_all(behavior="ignoreErrors")


def test_a_window_that_is_older_than_the_editor_says_so_and_keeps_the_work(editor: Editor, page: Page) -> None:
    editor.append("Input")
    expect(editor.layer("input")).to_be_visible()

    def another(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r"(assets/index)-[\w-]+\.js", r"\1-another.js", answer.text()))

    page.route("**/assets/*.js", lambda route: route.fulfill(status=404, body="{}"))
    page.route(re.compile(r"//[^/]+/$"), another)
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("alert")).to_contain_text("The editor was updated: reload this page.")
    expect(page.get_by_role("status").filter(has_text="The editor was updated")).to_be_visible()
    editor.picture("updated")
    page.unroute_all()
    page.get_by_role("alert").get_by_role("button", name="Reload").click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    page.get_by_role("link", name="Editor", exact=True).click()
    expect(editor.layer("input")).to_be_visible()
