"""Samples as one picture: pictures side by side with their labels, tables as bars, texts as texts."""

import io
import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from visualnn_shared.datasets.data import Split
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema, LabelSchema

_CELL, _GAP, _TEXT, _HEAD = 84, 10, 18, 34
_WIDE, _MOST_WIDE = 300, 4  # a cell of a table or text; so many side by side, else none could be read
_SCALE, _NAMES = 46, 16  # beside the bars of a table the values, below them the columns
_INK, _PALE, _PAPER, _BAR, _DOWN = (32, 36, 44), (110, 116, 128), (255, 255, 255), (58, 110, 196), (200, 92, 60)
_MOST_BARS = 64
_LINE, _MOST_LINES = 15, 8  # of labels below a sample


def draw(split: Split, schema: DatasetSchema, title: str, first: int, columns: int) -> bytes:
    """A PNG of every sample of ``split``, of which the first has the number ``first``."""
    feature = next((one for one in schema.features if _is_picture(one.shape)), schema.features[0])
    wide = _CELL if _is_picture(feature.shape) else _WIDE
    count = len(split)
    columns = max(1, min(columns, count, columns if wide == _CELL else _MOST_WIDE))
    names = _columns(schema, feature)
    lines = min(max(len(schema.labels), 1), _MOST_LINES)
    text = _TEXT + (lines - 1) * _LINE + (0 if names is None else _NAMES)
    rows = -(-count // columns)
    size = (max(columns * (wide + _GAP) + _GAP, 360), _HEAD + rows * (_CELL + text + _GAP) + _GAP)
    page = Image.new("RGB", size, _PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    if names is not None:
        title = f"{title}; below each its number: label, bars are its columns"
    pen.text((_GAP, 9), _fitting(pen, title, font, size[0] - 2 * _GAP), _INK, font=font)
    for place in range(count):
        x = _GAP + place % columns * (wide + _GAP)
        y = _HEAD + place // columns * (_CELL + text + _GAP)
        _cell(page, pen, split.x[feature.name][place], feature, (x, y), wide)
        if names is not None:
            _named(pen, names, (x, y + _CELL + 1), wide)
        below = y + _CELL + (0 if names is None else _NAMES) + 3
        for line, said in enumerate(captions(split, schema, first, place)):
            pen.text((x, below + line * _LINE), _fitting(pen, said, font, wide), _INK, font=font)
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


def _is_picture(shape: Sequence[int]) -> bool:
    return (len(shape) == 2 and min(shape) > 1) or (len(shape) == 3 and shape[2] in (1, 3, 4))


def _cell(
    page: Image.Image, pen: ImageDraw.ImageDraw, value: Any, feature: FeatureSchema, at: tuple[int, int], wide: int
) -> None:
    if _is_picture(feature.shape):
        picture = _picture(value, feature)
        factor = _CELL / max(picture.size)
        sides = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
        way = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BILINEAR
        page.paste(picture.resize(sides, way), at)
    elif feature.dtype == "text":
        lines = textwrap.wrap(str(value), 40)[:5]
        pen.multiline_text(at, "\n".join(lines), _PALE, font=ImageFont.load_default(12), spacing=3)
    else:
        _bars(pen, np.asarray(value, np.float64).reshape(-1), feature, at, wide)


def _picture(value: NDArray[Any], feature: FeatureSchema) -> Image.Image:
    pixels = np.nan_to_num(np.asarray(value, np.float32), nan=feature.min)
    low, high = (0.0, 255.0) if feature.dtype == "uint8" else (min(0.0, feature.min), feature.max)
    grey = np.clip((pixels - low) / max(high - low, 1e-12) * 255, 0, 255).astype(np.uint8)
    if grey.ndim == 3 and grey.shape[2] == 1:
        grey = grey[:, :, 0]
    return Image.fromarray(grey).convert("RGB")


def _columns(schema: DatasetSchema, feature: FeatureSchema) -> tuple[str, ...] | None:
    """What each bar of a table is; by its number where no names are known. None where there are no bars."""
    if _is_picture(feature.shape) or feature.dtype == "text":
        return None
    count = min(math.prod(feature.shape), _MOST_BARS)
    labels = {label.name for label in schema.labels}
    known = [name for name in schema.columns or () if name not in labels]
    whole = len(schema.features) == 1 and len(known) == math.prod(feature.shape)
    return tuple(known[:count]) if whole else tuple(str(place) for place in range(count))


def _named(pen: ImageDraw.ImageDraw, names: Sequence[str], at: tuple[int, int], wide: int) -> None:
    """As many names below the bars as there is room for."""
    step, font = (wide - _SCALE) / len(names), ImageFont.load_default(11)
    every = max(1, math.ceil((max(24.0, 7.0 * min(len(names[-1]), 8))) / step))
    for place in range(0, len(names), every):
        text = _fitting(pen, names[place], font, int(step * every) - 2)
        pen.text((at[0] + _SCALE + (place + 0.5) * step, at[1]), text, _PALE, font=font, anchor="ma")


def _bars(
    pen: ImageDraw.ImageDraw, values: NDArray[np.float64], feature: FeatureSchema, at: tuple[int, int], wide: int
) -> None:
    """Up from zero and down, within the feature's range, which stands beside them."""
    shown = values[:_MOST_BARS]
    low, high = min(0.0, feature.min), max(0.0, feature.max)
    span = max(high - low, 1e-12)
    zero = at[1] + round(high / span * _CELL)
    font = ImageFont.load_default(11)
    for value, y, anchor in ((high, at[1], "ra"), (0.0, zero, "rm"), (low, at[1] + _CELL, "rd")):
        far = min(abs(zero - at[1]), abs(zero - at[1] - _CELL)) > 18
        if value or far or low == high or y in (at[1], at[1] + _CELL):
            ends = "ra" if y == at[1] else "rd" if y == at[1] + _CELL else anchor
            pen.text((at[0] + _SCALE - 5, y), f"{value:.4g}", _PALE, font=font, anchor=ends)
    at, wide = (at[0] + _SCALE, at[1]), wide - _SCALE
    step = wide / len(shown)
    pen.rectangle((at[0], at[1], at[0] + wide, at[1] + _CELL), outline=(222, 226, 232))
    for place, value in enumerate(shown):
        if math.isnan(value):
            pen.text((at[0] + (place + 0.5) * step, zero), "?", _PALE, font=font, anchor="mb")
            continue
        end = at[1] + round((high - value) / span * _CELL)
        box = (at[0] + place * step + 1, min(zero, end), at[0] + (place + 1) * step - 1, max(zero, end))
        if box[2] >= box[0]:
            pen.rectangle(box, fill=_BAR if value >= 0 else _DOWN)
    pen.line((at[0], zero, at[0] + wide, zero), _PALE)


def captions(split: Split, schema: DatasetSchema, first: int, place: int) -> list[str]:
    """The sample's number and label; of several labels a line for each, as far as there is room."""
    said = [_said(split.labels[label.name][place], label) for label in schema.labels]
    if len(said) > 1:
        said = [f"{label.name} {one}" for label, one in zip(schema.labels, said, strict=True)]
    if len(said) > _MOST_LINES:
        said = [*said[: _MOST_LINES - 1], f"{len(said) - _MOST_LINES + 1} more"]
    said = said or ["no label"]
    return [f"{first + place}: {said[0]}", *said[1:]]


def _said(value: Any, label: LabelSchema) -> str:
    classes = label.classes
    if classes and np.ndim(value) == 0 and 0 <= int(value) < len(classes):
        return classes[int(value)]
    flat = np.asarray(value).reshape(-1)
    return ", ".join(f"{one:.5g}" for one in flat[:4].tolist()) + (", ..." if flat.size > 4 else "")


def _fitting(pen: ImageDraw.ImageDraw, text: str, font: Any, wide: int) -> str:
    while text and pen.textlength(text, font=font) > wide:
        text = text[:-2].rstrip(".") + "." if len(text) > 2 else ""
    return text
