"""A picture of test digits with what they are and what the network says."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from visualnn.demo.digits import Array

_CELL, _TEXT, _GAP = 72, 22, 10
_RIGHT, _WRONG, _INK, _PAPER = (22, 120, 60), (190, 30, 45), (90, 90, 90), (250, 250, 248)


def draw(path: Path, pictures: Array, labels: Sequence[int], said: Sequence[str], columns: int = 8) -> None:
    """Write a PNG: each of ``pictures`` (n, h, w), 8 bits, over its label and what was said, red where they differ."""
    rows = -(-len(pictures) // columns)
    width, height = _CELL + _GAP, _CELL + _TEXT + _GAP
    sheet = Image.new("RGB", (columns * width + _GAP, rows * height + _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for index, (picture, label, prediction) in enumerate(zip(pictures, labels, said, strict=True)):
        left = _GAP + index % columns * width
        top = _GAP + index // columns * height
        tile = Image.fromarray(255 - picture).resize((_CELL, _CELL), Image.Resampling.NEAREST)
        sheet.paste(tile.convert("RGB"), (left, top))
        pen.text((left, top + _CELL + 5), f"true {label}", fill=_INK)
        colour = _RIGHT if str(label) == prediction else _WRONG
        pen.text((left + 42, top + _CELL + 5), f"said {prediction}", fill=colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
