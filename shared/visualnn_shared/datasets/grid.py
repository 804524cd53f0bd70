"""Samples as one picture: pictures side by side with their labels, tables as bars, texts as texts."""

import io
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from visualnn_shared.datasets.data import Split
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema

_CELL, _GAP, _TEXT, _HEAD = 84, 10, 18, 34
_WIDE = 260  # a cell of a table or text
_INK, _PALE, _PAPER, _BAR, _DOWN = (32, 36, 44), (110, 116, 128), (255, 255, 255), (58, 110, 196), (200, 92, 60)
_MOST_BARS = 64


def draw(split: Split, schema: DatasetSchema, title: str, first: int, columns: int) -> bytes:
    """A PNG of every sample of ``split``, of which the first has the number ``first``."""
    feature = next((one for one in schema.features if _is_picture(one.shape)), schema.features[0])
    wide = _CELL if _is_picture(feature.shape) else _WIDE
    count = len(split)
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    size = (max(columns * (wide + _GAP) + _GAP, 360), _HEAD + rows * (_CELL + _TEXT + _GAP) + _GAP)
    page = Image.new("RGB", size, _PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    pen.text((_GAP, 9), _fitting(pen, title, font, size[0] - 2 * _GAP), _INK, font=font)
    for place in range(count):
        x = _GAP + place % columns * (wide + _GAP)
        y = _HEAD + place // columns * (_CELL + _TEXT + _GAP)
        _cell(page, pen, split.x[feature.name][place], feature, (x, y), wide)
        caption = f"{first + place}: {_label(split, schema, place)}"
        pen.text((x, y + _CELL + 3), _fitting(pen, caption, font, wide), _INK, font=font)
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
    pixels = np.asarray(value, np.float32)
    low, high = (0.0, 255.0) if feature.dtype == "uint8" else (min(0.0, feature.min), feature.max)
    grey = np.clip((pixels - low) / max(high - low, 1e-12) * 255, 0, 255).astype(np.uint8)
    if grey.ndim == 3 and grey.shape[2] == 1:
        grey = grey[:, :, 0]
    return Image.fromarray(grey).convert("RGB")


def _bars(
    pen: ImageDraw.ImageDraw, values: NDArray[np.float64], feature: FeatureSchema, at: tuple[int, int], wide: int
) -> None:
    """Up from zero and down, within the feature's range."""
    shown = values[:_MOST_BARS]
    low, high = min(0.0, feature.min), max(0.0, feature.max)
    span = max(high - low, 1e-12)
    zero = at[1] + round(high / span * _CELL)
    step = wide / len(shown)
    pen.rectangle((at[0], at[1], at[0] + wide, at[1] + _CELL), outline=(222, 226, 232))
    for place, value in enumerate(shown):
        end = at[1] + round((high - value) / span * _CELL)
        box = (at[0] + place * step + 1, min(zero, end), at[0] + (place + 1) * step - 1, max(zero, end))
        if box[2] >= box[0]:
            pen.rectangle(box, fill=_BAR if value >= 0 else _DOWN)
    pen.line((at[0], zero, at[0] + wide, zero), _PALE)


def _label(split: Split, schema: DatasetSchema, place: int) -> str:
    if split.y is None or schema.label is None:
        return "no label"
    value = split.y[place]
    classes = schema.label.classes
    if classes and np.ndim(value) == 0 and 0 <= int(value) < len(classes):
        return classes[int(value)]
    flat = np.asarray(value).reshape(-1)
    return ", ".join(f"{one:.5g}" for one in flat[:4].tolist()) + (", ..." if flat.size > 4 else "")


def _fitting(pen: ImageDraw.ImageDraw, text: str, font: Any, wide: int) -> str:
    while text and pen.textlength(text, font=font) > wide:
        text = text[:-2].rstrip(".") + "." if len(text) > 2 else ""
    return text
