"""Training batches are changed at random, the same way each time a batch comes, and nothing else is."""

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy import ndimage
from visualnn_shared.training.augmentation import Change
from visualnn_worker.fitting.augmenting import Augmentation

_CHANGE: TypeAdapter[Any] = TypeAdapter(Change)
RANDOM = np.random.default_rng(2)
PICTURES = RANDOM.integers(0, 256, (40, 9, 8, 3), np.uint8)
CHANGES = {
    "flip": {}, "crop": {"padding": 2}, "shift": {"height": 0.3, "width": 0.3}, "rotate": {"degrees": 40.0},
    "noise": {"stddev": 0.1},
}  # fmt: skip


def augment(step: str, seed: int = 3, ranges: tuple[float, float] = (0, 255), **params: Any) -> Augmentation:
    return Augmentation([_CHANGE.validate_python({"step": step, **params})], seed, {"x": ranges})


@pytest.mark.parametrize("step", CHANGES)
@pytest.mark.parametrize(
    "array", [PICTURES, PICTURES[..., 0], PICTURES.astype(np.float32)], ids=["rgb", "grey", "float"]
)
def test_a_batch_is_changed_the_same_way_each_time_and_others_differ(step: str, array: np.ndarray) -> None:
    change, before = augment(step, **CHANGES[step]), array.copy()
    first = change({"x": array}, 1, 2)["x"]
    assert (first.shape, first.dtype) == (array.shape, array.dtype)
    assert np.array_equal(change({"x": array}, 1, 2)["x"], first)
    assert not np.array_equal(first, array)
    for other in (
        change({"x": array}, 1, 3),
        change({"x": array}, 2, 2),
        augment(step, 4, **CHANGES[step])({"x": array}, 1, 2),
    ):
        assert not np.array_equal(other["x"], first)
    assert np.array_equal(array, before)


@pytest.mark.parametrize("axis", ["horizontal", "vertical", "both"])
def test_flips_mirror_about_half_of_the_pictures(axis: str) -> None:
    found = augment("flip", axis=axis)({"x": PICTURES}, 0, 0)["x"]
    ways = {"horizontal": [1, -1], "vertical": [-1, 1], "both": [-1, -1]}
    same = sum(np.array_equal(a, b) for a, b in zip(found, PICTURES, strict=True))
    assert (3 if axis == "both" else 10) <= same <= 30
    for after, before in zip(found, PICTURES, strict=True):
        step = ways[axis]
        options = [before, before[:: step[0], :: step[1]], before[::-1], before[:, ::-1]]
        assert any(np.array_equal(after, one) for one in options)


def test_crops_are_windows_of_the_picture_with_its_border() -> None:
    found = augment("crop", padding=2)({"x": PICTURES}, 0, 0)["x"]
    for after, before in zip(found, PICTURES, strict=True):
        wide = np.pad(before, ((2, 2), (2, 2), (0, 0)))
        assert any(np.array_equal(after, wide[y : y + 9, x : x + 8]) for y in range(5) for x in range(5))


def test_shifts_move_whole_pixels_and_draw_the_edge_out() -> None:
    found = augment("shift", height=0.25, width=0.0)({"x": PICTURES}, 0, 0)["x"]
    for after, before in zip(found, PICTURES, strict=True):
        moved = [np.pad(before, ((2, 2), (0, 0), (0, 0)), "edge")[y : y + 9] for y in range(5)]
        assert any(np.array_equal(after, one) for one in moved)


def test_rotations_are_those_of_an_independent_one() -> None:
    smooth = ndimage.gaussian_filter(RANDOM.normal(0, 1, (6, 15, 15)), (0, 2, 2)).astype(np.float32)
    found = augment("rotate", degrees=25.0, ranges=(-9, 9))({"x": smooth}, 0, 0)["x"]
    angles = np.random.default_rng([3, 2, 0, 0]).uniform(-25.0, 25.0, 6)
    for after, before, angle in zip(found, smooth, angles, strict=True):
        theirs = ndimage.rotate(before, -angle, reshape=False, order=1, mode="nearest")
        np.testing.assert_allclose(after[3:-3, 3:-3], theirs[3:-3, 3:-3], atol=1e-4)


def test_noise_has_the_spread_asked_for_and_keeps_to_the_range() -> None:
    flat = np.full((200, 10), 0.5, np.float32)
    found = augment("noise", stddev=0.05, ranges=(-1.0, 1.0))({"x": flat}, 0, 0)["x"]
    assert found.std() == pytest.approx(0.1, rel=0.1)
    found = augment("noise", stddev=2.0)({"x": PICTURES}, 0, 0)["x"]
    assert found.min() == 0
    assert found.max() == 255


def test_channels_first_pictures_are_changed_along_their_own_axes() -> None:
    first = np.moveaxis(PICTURES, 3, 1)
    for step, params in CHANGES.items():
        if step != "noise":
            ours = augment(step, **params)({"x": first}, 0, 0)["x"]
            assert np.array_equal(np.moveaxis(ours, 1, 3), augment(step, **params)({"x": PICTURES}, 0, 0)["x"])
