"""The editor as a person uses it: what tests say instead of selectors."""

from pathlib import Path
from typing import Self

from playwright.sync_api import Locator, Page, expect


class Editor:
    """A page with the editor on it."""

    def __init__(self, page: Page, screenshots: Path) -> None:
        self.page = page
        self._screenshots = screenshots

    def open(self, path: str = "/") -> Self:
        self.page.goto(path)
        expect(self.page.locator(".palette-item").first).to_be_visible()
        return self

    def append(self, layer_type: str) -> None:
        """Search the palette and press Enter: the layer connects to the selected one."""
        count = self.page.locator(".layer").count()
        search = self.page.get_by_role("searchbox", name="Search layers")
        search.fill(layer_type)
        search.press("Enter")
        search.fill("")
        expect(self.page.locator(".layer")).to_have_count(count + 1)

    def drag_in(self, layer_type: str, x: int, y: int) -> None:
        """Drag a type from the palette to a place of the canvas."""
        search = self.page.get_by_role("searchbox", name="Search layers")
        search.fill(layer_type)
        item = self.page.locator(f'[data-layer-type="{layer_type}"]')
        item.drag_to(self.page.locator(".react-flow__pane"), target_position={"x": x, "y": y})
        search.fill("")

    def layer(self, name: str) -> Locator:
        return self.page.locator(f'.layer[data-layer="{name}"]')

    def select(self, name: str) -> None:
        self.layer(name).click()
        expect(self.page.get_by_label("Name", exact=True)).to_have_value(name)

    def set(self, layer: str, param: str, value: str) -> None:
        """Type a parameter's value, or choose it."""
        self.select(layer)
        field = self.page.locator(".params").get_by_label(param, exact=True)
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
            field.press("Enter")

    def connect(self, source: str, target: str) -> None:
        """Drag an edge from one layer to anywhere on another."""
        start = self.layer(source).locator(".react-flow__handle-bottom").bounding_box()
        end = self.layer(target).bounding_box()
        assert start is not None
        assert end is not None
        self.page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        self.page.mouse.down()
        self.page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=8)
        self.page.mouse.up()

    def drag(self, what: Locator, dx: int, dy: int) -> None:
        """Drag something of the canvas by as many pixels."""
        box = what.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx, y + dy, steps=8)
        self.page.mouse.up()

    def key(self, keys: str) -> None:
        """Press keys on the canvas."""
        self.page.locator(".canvas").evaluate("() => document.activeElement?.blur()")
        self.page.keyboard.press(keys)

    def button(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def shape(self, name: str) -> Locator:
        return self.layer(name).locator(".layer-shape")

    @property
    def params(self) -> Locator:
        """The total number of parameters."""
        return self.page.locator("#total-params strong")

    def picture(self, name: str) -> None:
        self.page.screenshot(path=self._screenshots / f"{name}.png", animations="disabled")
