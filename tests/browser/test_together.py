"""Two people in one model: two windows of Chromium on one platform."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect
from visualnn_standalone.platform import Platform

from tests.browser.conftest import PATIENCE_MS, SCREENSHOTS, _is_fault
from tests.browser.editor import Editor
from tests.browser.test_accessible import violations

pytestmark = pytest.mark.real("chromium")
People = Callable[..., Editor]


@pytest.fixture
def people(chromium: Browser, platform: Platform) -> Iterator[People]:
    """Opens windows that share nothing but the platform; what one logs as an error fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []
    SCREENSHOTS.mkdir(exist_ok=True)

    def come(
        name: str, path: str, scheme: str = "light", prepare: Callable[[BrowserContext], None] = lambda _: None
    ) -> Editor:
        context = chromium.new_context(
            viewport={"width": 1280, "height": 720},
            base_url=platform.url,
            locale="en-US",
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        prepare(context)
        colour = len(contexts)
        context.add_init_script(
            f"""if (!localStorage.getItem("visualnn.identity")) localStorage.setItem("visualnn.identity",
            JSON.stringify({{state: {{name: "{name}", colour: {colour}}}, version: 1}}))"""
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda told: faults.append(told.text) if _is_fault(told.type, told.text) else None)
        return Editor(page, SCREENSHOTS).open(path)

    yield come
    for context in contexts:
        context.close()
    # a lost connection is what one of the tests is about; Chromium logs it by itself
    assert [one for one in faults if "WebSocket connection" not in one and "ERR_INTERNET" not in one] == []


def _share(editor: Editor) -> None:
    """Open the window for sharing and give the model a room."""
    editor.button("Share")
    editor.page.get_by_role("button", name="Work together").click()
    expect(editor.page.get_by_role("button", name="Make a link")).to_be_visible()


def _link(editor: Editor, role: str) -> str:
    editor.page.get_by_label("What the link allows").select_option(role)
    with editor.page.expect_response(lambda answer: answer.status == 201 and answer.url.endswith("/shares")) as made:
        editor.page.get_by_role("button", name="Make a link").click()
    path = str(made.value.json()["path"])
    expect(editor.page.get_by_label("Address of the link")).to_have_value(re.compile(re.escape(path) + "$"))
    return path


def _close(editor: Editor) -> None:
    editor.page.keyboard.press("Escape")
    expect(editor.page.get_by_role("dialog")).to_have_count(0)


def _model(people: People) -> tuple[Editor, str]:
    """A network of Ada's, with a room; and its path."""
    ada = people("Ada", "/")
    for layer_type in ("Input", "Dense", "Dense"):
        ada.append(layer_type)
    _share(ada)
    return ada, re.sub(r"^https?://[^/]+|\?.*$", "", ada.page.url)


def _at(page: Page, name: str) -> str:
    return f'.cursor[data-person="{name}"]'


def test_two_people_edit_one_model_at_once(people: People) -> None:
    ada, path = _model(people)
    _close(ada)
    bob = people("Bob", path, "dark")
    expect(bob.page.locator(".layer")).to_have_count(3)
    expect(ada.page.get_by_role("list", name="Who is here")).to_contain_text("Bob")
    expect(bob.page.get_by_role("list", name="Who is here")).to_contain_text("Ada")

    bob.select("dense_1")
    bob.append("Dropout")
    expect(ada.layer("dropout")).to_be_visible()
    ada.set("dense", "units", "64")
    bob.set("dense", "activation", "relu")
    expect(bob.shape("dense")).to_contain_text("64")
    ada.select("dense")
    expect(ada.page.locator(".params").get_by_label("activation", exact=True)).to_have_value("relu")

    canvas = bob.page.locator(".react-flow__pane").bounding_box()
    assert canvas is not None
    bob.page.mouse.move(canvas["x"] + 420, canvas["y"] + 300, steps=5)
    expect(ada.page.locator(_at(ada.page, "Bob"))).to_be_visible()
    expect(ada.page.locator(".peer-frame").filter(has_text="Bob")).to_be_visible()
    pane = ada.page.locator(".react-flow__pane").bounding_box()
    assert pane is not None
    ada.page.mouse.move(pane["x"] + 180, pane["y"] + 200, steps=5)
    expect(bob.page.locator(_at(bob.page, "Ada"))).to_be_visible()
    ada.picture("together-light")
    bob.picture("together-dark")

    ada.key("Control+z")  # her own last edit; his layer and his activation stay
    expect(bob.shape("dense")).not_to_contain_text("64")
    expect(ada.layer("dropout")).to_be_visible()

    bob.button("Save")
    expect(ada.page.get_by_text("Somebody here saved version 2.")).to_be_visible()
    expect(ada.page.get_by_role("img", name="Saved, version 2")).to_be_visible()
    ada.page.reload()
    expect(ada.layer("dropout")).to_be_visible()
    expect(ada.page.get_by_role("list", name="Who is here")).to_contain_text("Bob")


class Line:
    """A connection to the room that can be cut."""

    def __init__(self) -> None:
        self.cut = False
        self._open: list[WebSocketRoute] = []

    def prepare(self, context: BrowserContext) -> None:
        context.route_web_socket(re.compile("/together"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        if self.cut:
            socket.close(code=1001)
            return
        self._open.append(socket)
        socket.connect_to_server()

    def lose(self) -> None:
        self.cut = True
        for socket in self._open:
            socket.close(code=1001)
        self._open.clear()


def test_edits_made_while_the_connection_is_lost_are_merged_also_after_a_reload(people: People) -> None:
    ada, path = _model(people)
    _close(ada)
    line = Line()
    bob = people("Bob", path, prepare=line.prepare)
    expect(bob.page.locator(".layer")).to_have_count(3)
    expect(ada.page.get_by_role("list", name="Who is here")).to_contain_text("Bob")
    lost = bob.page.get_by_text("The connection is lost. What you change is kept here and merged when it is back.")
    line.lose()
    expect(lost).to_be_visible()
    bob.set("dense", "units", "33")
    ada.set("dense", "activation", "tanh")
    bob.page.wait_for_timeout(500)  # for the browser to write it down
    bob.page.reload()
    expect(bob.shape("dense")).to_contain_text("33")
    line.cut = False
    for editor in (ada, bob):
        expect(editor.shape("dense")).to_contain_text("33")
        editor.select("dense")
        params = editor.page.locator(".params")
        expect(params.get_by_label("units", exact=True)).to_have_value("33")
        expect(params.get_by_label("activation", exact=True)).to_have_value("tanh")
    expect(lost).to_have_count(0)


def test_who_comes_by_a_link_may_do_what_it_says(people: People) -> None:
    ada, _ = _model(people)
    look, comment = _link(ada, "viewer"), _link(ada, "commenter")
    edit = _link(ada, "editor")
    ada.picture("together-links")
    assert violations(ada.page) == []
    _close(ada)
    eve = people("Eve", look)
    assert "share=" not in eve.page.url
    expect(eve.page.get_by_text("You are a viewer: the link does not let you change anything.")).to_be_visible()
    expect(eve.page.locator(".layer")).to_have_count(3)
    expect(eve.page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    eve.layer("dense").click()
    for name in ("Duplicate", "Delete"):
        expect(eve.page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    expect(eve.page.get_by_label("units", exact=True)).to_be_disabled()
    eve.key("Delete")
    expect(eve.page.locator(".layer")).to_have_count(3)
    expect(ada.page.locator(".layer")).to_have_count(3)

    kim = people("Kim", comment)
    kim.layer("dense").click()
    kim.button("Comments")
    kim.page.get_by_label("Comment on dense").fill("Is this not too wide?")
    kim.button("Comment")
    bubble = ada.page.get_by_role("button", name="1 comment on dense")
    expect(bubble).to_be_visible()
    bubble.click()
    drawer = ada.page.get_by_role("complementary", name="Comments")
    expect(drawer).to_contain_text("Is this not too wide?")
    expect(drawer).to_contain_text("Kim")
    drawer.get_by_label("Answer").fill("256 would do.")
    ada.button("Send")
    expect(kim.page.get_by_text("256 would do.")).to_be_visible()
    ada.picture("together-comments")
    for editor in (ada, kim):
        for scheme in ("light", "dark"):
            editor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            expect(editor.page.locator(f"html[data-theme={scheme}]")).to_be_attached()
            assert violations(editor.page) == []
    kim.picture("together-commenter")
    eve.button("Comments 1")
    expect(eve.page.get_by_text("256 would do.")).to_be_visible()
    expect(eve.page.get_by_label("Answer")).to_have_count(0)
    kim.button("Resolve")
    expect(bubble).to_have_count(0)

    tom = people("Tom", edit)
    tom.select("dense_1")
    tom.append("Dropout")
    expect(eve.layer("dropout")).to_be_visible()
    tom.button("Save")
    expect(eve.page.get_by_role("img", name="Saved, version 2")).to_be_visible()

    ada.button("Share")
    ada.page.get_by_role("button", name="Revoke the link").last.click()
    expect(eve.page.get_by_text("This link is not valid any more.")).to_be_visible()
    expect(kim.page.get_by_role("list", name="Who is here")).to_contain_text("Ada")

    ada.button("Close the room")
    ada.button("Save and close")
    for one in (kim, tom):
        expect(one.page.get_by_text("The room was closed: you work alone now.")).to_be_visible()
    expect(ada.page.get_by_text("The room is closed.")).to_be_visible()
    expect(tom.layer("dropout")).to_be_visible()
    expect(ada.layer("dropout")).to_be_visible()
