"""Pictures with titles and labels, drawn with Pillow: rows of small pictures, and a matrix of counts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

INK, FAINT, PAPER, WRONG = (33, 37, 41), (120, 128, 136), (255, 255, 255), (201, 42, 42)
_MARGIN = 16


def font(size: int) -> Any:
    """Pillow's own font, so that no file of the system is needed."""
    return ImageFont.load_default(size)


def sheet(width: int, height: int, title: str, note: str) -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    """White paper with a title and a note: the picture, its pen, and where the rest begins."""
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    wide = max(pen.textlength(title, font(20)), pen.textlength(note, font(13)))
    made = Image.new("RGB", (max(width, int(wide)) + 2 * _MARGIN, height + 72 + _MARGIN), PAPER)
    pen = ImageDraw.Draw(made)
    pen.text((_MARGIN, 12), title, INK, font(20))
    pen.text((_MARGIN, 42), note, FAINT, font(13))
    return made, pen, 72


def as_picture(array: NDArray[Any], low: float | None = None, high: float | None = None) -> Image.Image | None:
    """A sample of height x width (x 1 or 3) as a picture, stretched to its own range; None where it is none."""
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[-1] != 3) or min(array.shape[:2]) < 2:
        return None
    if array.dtype != np.uint8:
        values = array.astype(np.float64)
        low, high = (float(values.min()) if low is None else low), (float(values.max()) if high is None else high)
        values = (values - low) / max(high - low, 1e-12)
        array = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(array))


def gallery(
    pictures: Sequence[Image.Image], captions: Sequence[tuple[str, bool]], title: str, note: str, columns: int = 8
) -> Image.Image:
    """Pictures side by side, each with a caption below it; a caption that is marked is red."""
    scale = max(1, 72 // max(one.width for one in pictures))
    side = (max(one.width for one in pictures) * scale, max(one.height for one in pictures) * scale)
    wide, high = max(side[0], 104 if any(text for text, _ in captions) else 0) + 8, side[1] + 36
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    made, pen, top = sheet(columns * wide, rows * high, title, note)
    for place, (one, (text, marked)) in enumerate(zip(pictures, captions, strict=True)):
        x, y = _MARGIN + place % columns * wide, top + place // columns * high
        large = one.resize((one.width * scale, one.height * scale), Image.Resampling.NEAREST)
        made.paste(large, (x, y))
        for line, part in enumerate(text.split("\n")):
            pen.text((x, y + side[1] + 2 + 14 * line), _fit(pen, part, wide - 4), WRONG if marked else INK, font(12))
    return made


def matrix(
    counts: NDArray[np.int64], names: Sequence[str], title: str, note: str, axes: tuple[str, str]
) -> Image.Image:
    """Counts in cells, each row shaded by its own sum; rows named at the left, columns above, both axes titled."""
    count = len(names)
    cell = 44 if count <= 20 else max(4, 900 // count)
    numbers, labels = count <= 20, count <= 60
    size = 13 if cell >= 24 else max(8, cell - 3)
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left = int(max((pen.textlength(_fit(pen, name, 140, size), font(size)) for name in names), default=0)) + 40
    turned = any(pen.textlength(name, font(size)) > cell - 6 for name in names)
    above = (120 if turned else 56) if labels else 40
    made, pen, top = sheet(left + count * cell, count * cell + above, title, note)
    begin = top + above
    pen.text((_MARGIN + left, top), axes[1], FAINT, font(13))
    _upright(made, axes[0], (_MARGIN, begin), 13, FAINT)
    for row, name in enumerate(names):
        x, y = _MARGIN + left + row * cell, begin + row * cell
        if labels:
            pen.text((_MARGIN + 28, y + cell / 2 - size / 2), _fit(pen, name, 140, size), INK, font(size))
        if labels and turned:
            text = _fit(pen, name, 90, size)
            _upright(made, text, (x + cell // 2 - 9, begin - 6 - int(pen.textlength(text, font(size)))), size, INK)
        elif labels:
            pen.text((x + 4, begin - 20), name, INK, font(size))
        for column in range(count):
            place = (_MARGIN + left + column * cell, y, cell)
            _cell(pen, place, int(counts[row, column]), max(int(counts[row].sum()), 1), row == column, numbers)
    return made


def _upright(made: Image.Image, text: str, at: tuple[int, int], size: int, ink: tuple[int, int, int]) -> None:
    """Text that runs upwards; ``at`` is where its box begins."""
    pen = ImageDraw.Draw(made)
    line = Image.new("RGB", (int(pen.textlength(text, font(size))) + 2, size + 6), PAPER)
    ImageDraw.Draw(line).text((0, 0), text, ink, font(size))
    made.paste(line.rotate(90, expand=True), at)


def _cell(
    pen: ImageDraw.ImageDraw, at: tuple[int, int, int], count: int, whole: int, good: bool, numbers: bool
) -> None:
    x, y, side = at
    share = count / whole
    deep = (34, 128, 60) if good else WRONG
    shade = tuple(round(255 + (one - 255) * min(1.0, share if good else 0.25 * (share > 0) + share)) for one in deep)
    pen.rectangle((x, y, x + side - 2, y + side - 2), shade)
    if numbers and count:
        text = str(count) if count < 100_000 else f"{count / 1000:.0f}k"
        ink = PAPER if share > 0.6 else INK
        pen.text((x + side / 2 - pen.textlength(text, font(13)) / 2, y + side / 2 - 9), text, ink, font(13))


def _fit(pen: ImageDraw.ImageDraw, text: str, width: float, size: int = 12) -> str:
    """The text, cut where it is too wide."""
    if pen.textlength(text, font(size)) <= width:
        return text
    while text and pen.textlength(f"{text}…", font(size)) > width:
        text = text[:-1]
    return f"{text}…"
