"""Pictures with titles and labels, drawn with Pillow: rows of small pictures, and a matrix of counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from visualnn_worker.insight.fonts import font, is_wide, wide_font
from visualnn_worker.insight.words import LANGUAGES

_MARGIN = 16
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a picture; ``cells``: of a matrix, right and wrong, mixed into the paper by a cell's share."""

    paper: Colour
    ink: Colour
    faint: Colour
    wrong: Colour
    cells: tuple[Colour, Colour]
    on_cells: Colour
    lines: tuple[Colour, Colour]
    """Of charts: training and validation."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What sentences are in the picture's language."""
    wide: bool = False
    """Whether letters of East Asia are to be written."""

    def say(self, text: str, **values: Any) -> str:
        """``text`` with its values, in the picture's language."""
        return self.words.get(text, text).format(**values)

    def font(self, size: int) -> Any:
        """The picture's font."""
        return font(size, self.wide)


LIGHT = Theme(
    (255, 255, 255), (33, 37, 41), (89, 96, 119), (201, 42, 42), ((34, 128, 60), (201, 42, 42)), (255, 255, 255),
    ((28, 100, 200), (200, 90, 10)),
)  # fmt: skip
DARK = Theme(
    (25, 28, 37), (230, 233, 242), (163, 171, 192), (255, 135, 135), ((55, 178, 77), (240, 82, 82)), (13, 16, 32),
    ((110, 168, 254), (255, 169, 77)),
)  # fmt: skip
THEMES = {"": LIGHT, "-dark": DARK}
"""What a picture's name has before its ending -> its colours; the dark ones are those of the editor's dark theme."""


def themes(texts: Iterable[str]) -> dict[str, Theme]:
    """What a picture's name has before its ending -> its theme, for pictures in which ``texts`` stand.

    In Chinese there are those that this machine has a font for.
    """
    foreign = any(map(is_wide, texts))
    return {
        f"{suffix}{language}": replace(theme, words=words, wide=foreign or bool(words))
        for language, words in LANGUAGES.items() if not words or wide_font() is not None
        for suffix, theme in THEMES.items()
    }  # fmt: skip


def sheet(
    width: int, height: int, title: str, note: str, theme: Theme = LIGHT
) -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    """Paper with a title and a note: the picture, its pen, and where the rest begins."""
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    wide = max(pen.textlength(title, theme.font(20)), pen.textlength(note, theme.font(13)))
    made = Image.new("RGB", (max(width, int(wide)) + 2 * _MARGIN, height + 72 + _MARGIN), theme.paper)
    pen = ImageDraw.Draw(made)
    pen.text((_MARGIN, 12), title, theme.ink, theme.font(20))
    pen.text((_MARGIN, 42), note, theme.faint, theme.font(13))
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
    pictures: Sequence[Image.Image],
    captions: Sequence[tuple[str, bool]],
    title: str,
    note: str,
    columns: int = 8,
    theme: Theme = LIGHT,
) -> Image.Image:
    """Pictures side by side, each with a caption below it; a caption that is marked is red."""
    scale = max(1, 72 // max(one.width for one in pictures))
    side = (max(one.width for one in pictures) * scale, max(one.height for one in pictures) * scale)
    wide, high = max(side[0], 104 if any(text for text, _ in captions) else 0) + 8, side[1] + 36
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    made, pen, top = sheet(columns * wide, rows * high, title, note, theme)
    for place, (one, (text, marked)) in enumerate(zip(pictures, captions, strict=True)):
        x, y = _MARGIN + place % columns * wide, top + place // columns * high
        large = one.resize((one.width * scale, one.height * scale), Image.Resampling.NEAREST)
        made.paste(large, (x, y))
        for line, part in enumerate(text.split("\n")):
            ink = theme.wrong if marked else theme.ink
            pen.text((x, y + side[1] + 2 + 14 * line), cut(pen, theme, part, wide - 4), ink, theme.font(12))
    return made


def matrix(
    counts: NDArray[np.int64],
    names: Sequence[str],
    title: str,
    note: str,
    axes: tuple[str, str],
    theme: Theme = LIGHT,
) -> Image.Image:
    """Counts in cells, each row shaded by its own sum; rows named at the left, columns above, both axes titled."""
    count = len(names)
    cell = 44 if count <= 20 else max(4, 900 // count)
    numbers, labels = count <= 20, count <= 60
    size = 13 if cell >= 24 else max(8, cell - 3)
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left = (
        int(max((pen.textlength(cut(pen, theme, name, 140, size), theme.font(size)) for name in names), default=0)) + 40
    )
    turned = any(pen.textlength(name, theme.font(size)) > cell - 6 for name in names)
    above = (120 if turned else 56) if labels else 40
    made, pen, top = sheet(left + count * cell, count * cell + above, title, note, theme)
    begin = top + above
    pen.text((_MARGIN + left, top), axes[1], theme.faint, theme.font(13))
    _upright(made, axes[0], (_MARGIN, begin), 13, theme.faint, theme)
    for row, name in enumerate(names):
        x, y = _MARGIN + left + row * cell, begin + row * cell
        if labels:
            pen.text(
                (_MARGIN + 28, y + cell / 2 - size / 2), cut(pen, theme, name, 140, size), theme.ink, theme.font(size)
            )
        if labels and turned:
            text = cut(pen, theme, name, 90, size)
            at = (x + cell // 2 - 9, begin - 6 - int(pen.textlength(text, theme.font(size))))
            _upright(made, text, at, size, theme.ink, theme)
        elif labels:
            pen.text((x + cell / 2 - 1, begin - 12), name, theme.ink, theme.font(size), "mm")
        for column in range(count):
            place = (_MARGIN + left + column * cell, y, cell)
            share = int(counts[row, column]) / max(int(counts[row].sum()), 1)
            text = _short(int(counts[row, column])) if numbers else ""
            _cell(pen, place, text, share, row == column, theme)
    return made


def _upright(made: Image.Image, text: str, at: tuple[int, int], size: int, ink: Colour, theme: Theme) -> None:
    """Text that runs upwards; ``at`` is where its box begins."""
    pen = ImageDraw.Draw(made)
    line = Image.new("RGB", (int(pen.textlength(text, theme.font(size))) + 2, size + 6), theme.paper)
    ImageDraw.Draw(line).text((0, 0), text, ink, theme.font(size))
    made.paste(line.rotate(90, expand=True), at)


def _cell(
    pen: ImageDraw.ImageDraw, at: tuple[int, int, int], text: str, share: float, good: bool, theme: Theme
) -> None:
    x, y, side = at
    deep = theme.cells[0 if good else 1]
    part = min(1.0, share if good else 0.25 * (share > 0) + share)
    empty = tuple(round(p + (f - p) * 0.08) for p, f in zip(theme.paper, theme.faint, strict=True))
    shade = tuple(round(e + (d - e) * part) for e, d in zip(empty, deep, strict=True))
    pen.rectangle((x, y, x + side - 2, y + side - 2), shade)
    if text:
        ink = theme.on_cells if part > 0.6 else theme.ink
        pen.text((x + side / 2 - 1, y + side / 2 - 1), text, ink, theme.font(13), "mm")


def _short(count: int) -> str:
    """A count with room in a cell; nothing for none."""
    if count == 0:
        return ""
    return str(count) if count < 100_000 else f"{count / 1000:.0f}k"


def cut(pen: ImageDraw.ImageDraw, theme: Theme, text: str, width: float, size: int = 12) -> str:
    """The text, cut where it is too wide."""
    if pen.textlength(text, theme.font(size)) <= width:
        return text
    while text and pen.textlength(f"{text}…", theme.font(size)) > width:
        text = text[:-1]
    return f"{text}…"
