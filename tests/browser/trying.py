"""An operator that was trained on real digits, and what a person does to try it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page
from visualnn import Client
from visualnn.demo.digits import load_digits
from visualnn_shared.zoo import load
from visualnn_standalone.platform import Platform

OPERATOR = "tried-digits"
SEVEN = ((0.25, 0.2), (0.72, 0.2), (0.5, 0.55), (0.4, 0.85))


@dataclass(frozen=True)
class Tried:
    """The operator's model, and test digits with what the operator says of them."""

    model: str
    pictures: NDArray[np.uint8]
    said: Sequence[str]


@pytest.fixture(scope="package")
def tried(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """Digits trained for a few epochs and registered; the model has a second version with fewer units."""
    digits = load_digits()
    file = tmp_path_factory.mktemp("digits") / "tried-digits.npz"
    digits.save(file)
    with Client(platform.url) as client:
        model = client.models.create(load("digits-dnn"))
        job = client.jobs.train(model, client.datasets.upload(file), epochs=8, batch_size=64, seed=1)
        client.jobs.wait(job.id)
        client.operators.create(OPERATOR, job.id)
        pictures = digits.x_test[:3]
        said = [one["class"] for one in client.operators.predict(OPERATOR, pictures.tolist())]
        yield Tried(model.id, pictures, said)


def draw(page: Page, places: Sequence[tuple[float, float]]) -> None:
    """Draw one line on the paper with the mouse; places are shares of its sides."""
    paper = page.locator(".pad-paper")
    paper.scroll_into_view_if_needed()  # waits until it stays where it is
    box = paper.bounding_box()
    assert box is not None
    for index, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5)
        if index == 0:
            page.mouse.down()
    page.mouse.up()


def write_png(values: NDArray[np.uint8], path: Path) -> Path:
    """The picture as a PNG file."""
    from PIL import Image

    Image.fromarray(values).save(path)
    return path
