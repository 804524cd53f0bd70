"""Charts of lines over the same axis, and rows of bars, drawn with Pillow."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from PIL import Image, ImageDraw
from visualnn_shared.tuning.drawing import round_ticks

from visualnn_worker.insight.drawing import Colour, Theme, cut, sheet

_WIDE, _TALL, _LEFT, _GAP, _LEGEND, _FOOT = 720, 170, 84, 64, 26, 34
_LONG = 6
"""More charts than these stand in two columns."""
_BEGINNING, _FLAT, _SHOWN = 0.1, 8, 4
"""What a first tenth of the axis tells is cut off where all that follows would have less than an eighth of the height;
that has a quarter then."""
Kind = Literal["thin", "line", "dashed"]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Points (x, y), left to right."""

    label: str
    kind: Kind
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """``title`` names the y axis."""

    title: str
    lines: Sequence[Line]


def drawn(charts: Sequence[Chart], across: str, title: str, note: str, theme: Theme) -> Image.Image:
    """The charts; ``across`` names the x axis they share."""
    xs = [x for chart in charts for line in chart.lines for x, _y in line.points]
    ends = _padded(min(xs), max(xs), 0.0)
    columns = 1 if len(charts) <= _LONG else 2
    rows, row = -(-len(charts) // columns), _LEGEND + _TALL + _GAP
    made, pen, top = sheet(columns * (_LEFT + _WIDE), rows * row, title, note, theme)
    for place, chart in enumerate(charts):
        at = (_LEFT + place % columns * (_WIDE + _LEFT), top + place // columns * row + _LEGEND)
        low, high = bounds(chart)
        _legend(pen, chart, at, theme, (low, high))
        _chart(pen, chart, at, (ends, (low, high)), theme)
        pen.text((at[0] + _WIDE / 2, at[1] + _TALL + 26), across, theme.faint, theme.font(13), "ma")
    return made


def bounds(chart: Chart) -> Range:
    """Of the y axis: all values, or, where the first ones would leave no height for the others, what shows those."""
    points = [point for line in chart.lines for point in line.points]
    ys, begin, end = [y for _x, y in points], min(x for x, _y in points), max(x for x, _y in points)
    low, high = _padded(min(ys), max(ys), 0.06)
    later = [y for x, y in points if x > begin + _BEGINNING * (end - begin)]
    span = max(later) - min(later) if later else 0.0
    if span <= 0 or (high - low) <= _FLAT * span:
        return low, high
    return max(low, min(later) - _SHOWN / 2 * span), min(high, max(later) + (_SHOWN - 1) * span)


def ticks(low: float, high: float, about: int) -> list[tuple[float, str]]:
    """Round values, two at least."""
    found = round_ticks(low, high, about)
    while len(found) < 2 and about < 64:
        about *= 2
        found = round_ticks(low, high, about)
    return found


def _padded(low: float, high: float, share: float) -> Range:
    pad = (high - low) * share if high > low else abs(high) * 0.05 or 0.5
    return low - pad, high + pad


def _chart(
    pen: ImageDraw.ImageDraw, chart: Chart, at: tuple[int, int], axes: tuple[Range, Range], theme: Theme
) -> None:
    (left, top), bottom = at, at[1] + _TALL
    ends, (low, high) = axes

    def place(x: float, y: float) -> tuple[float, float]:
        y = min(max(y, low), high)
        return left + _WIDE * (x - ends[0]) / (ends[1] - ends[0]), bottom - _TALL * (y - low) / (high - low)

    grid = _between(theme.paper, theme.faint, 0.25)
    for value, label in ticks(low, high, 4):
        y = place(ends[0], value)[1]
        pen.line((left, y, left + _WIDE, y), grid)
        pen.text((left - 8, y), label, theme.ink, theme.font(12), "rm")
    for value, label in ticks(*ends, 8):
        x = place(value, low)[0]
        pen.line((x, bottom, x, bottom + 5), theme.ink)
        pen.text((x, bottom + 8), label, theme.ink, theme.font(12), "ma")
    pen.line((left, top, left, bottom, left + _WIDE, bottom), theme.ink)
    for line, colour in zip(chart.lines, _colours(chart, theme), strict=True):
        points = [place(*point) for point in line.points]
        _line(pen, points, line.kind, colour)
        _dots(pen, points, line.kind, colour)


def _line(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], kind: Kind, colour: Colour) -> None:
    if kind == "dashed":
        for (x0, y0), (x1, y1) in pairwise(points):
            long = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
            for begin in range(0, int(long), 11):
                here, there = begin / long, min(1.0, (begin + 7) / long)
                dash = (x0 + (x1 - x0) * here, y0 + (y1 - y0) * here, x0 + (x1 - x0) * there, y0 + (y1 - y0) * there)
                pen.line(dash, colour, 2)
    elif len(points) > 1:
        pen.line(points, colour, 1 if kind == "thin" else 2)


def _dots(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], kind: Kind, colour: Colour) -> None:
    if len(points) <= (1 if kind == "thin" else 40):
        for x, y in points:
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), colour)


def _colours(chart: Chart, theme: Theme) -> list[Colour]:
    kinds = {"thin": _between(theme.paper, theme.lines[0], 0.45), "line": theme.lines[0], "dashed": theme.lines[1]}
    return [kinds[line.kind] for line in chart.lines]


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _legend(pen: ImageDraw.ImageDraw, chart: Chart, at: tuple[int, int], theme: Theme, axis: Range) -> None:
    """The chart's title at the left, with what the axis leaves out; what its lines are at the right."""
    y, title = at[1] - 14, chart.title
    ys = [value for line in chart.lines for _x, value in line.points]
    far = max(ys) if max(ys) > axis[1] else min(ys)
    if not axis[0] <= far <= axis[1]:
        title = theme.say("{title} (begins at {value}, beyond the axis)", title=title, value=f"{far:.4g}")
    pen.text((at[0], y), title, theme.ink, theme.font(15), "lm")
    x = at[0] + _WIDE
    for line, colour in reversed(list(zip(chart.lines, _colours(chart, theme), strict=True))):
        x -= int(pen.textlength(line.label, theme.font(13)))
        pen.text((x, y), line.label, theme.ink, theme.font(13), "lm")
        _line(pen, [(x - 28, y), (x - 6, y)], line.kind, colour)
        x -= 44


@dataclass(frozen=True, slots=True)
class Row:
    """A name, a count, and values from 0 to 1; None is drawn as a dash."""

    name: str
    count: int
    values: Sequence[float | None]


_ROW, _BAR, _NAME = 24, 150, 180


def bars(rows: Sequence[Row], heads: Sequence[str], title: str, note: str, theme: Theme) -> Image.Image:
    """A bar for each value; ``heads`` name the rows, their counts, and each column of values."""
    columns = heads[2:]
    left = _NAME + 90
    made, pen, top = sheet(left + len(columns) * (_BAR + 60), (len(rows) + 2) * _ROW + 20, title, note, theme)
    begin = top + _ROW
    pen.text((16, top + 8), heads[0], theme.faint, theme.font(13), "lm")
    pen.text((left - 24, top + 8), heads[1], theme.faint, theme.font(13), "rm")
    grid = _between(theme.paper, theme.faint, 0.25)
    for column, head in enumerate(columns):
        x = left + column * (_BAR + 60)
        pen.text((x, top + 8), head, theme.faint, theme.font(13), "lm")
        for share in (0.0, 0.5, 1.0):
            at, end = x + share * _BAR, begin + len(rows) * _ROW
            pen.line((at, begin, at, end), grid)
            pen.text((at, end + 6), f"{share:g}", theme.faint, theme.font(12), "ma")
    for place, row in enumerate(rows):
        y = begin + place * _ROW + _ROW // 2
        pen.text((16, y), cut(pen, theme, row.name, _NAME, 13), theme.ink, theme.font(13), "lm")
        pen.text((left - 24, y), f"{row.count:,}", theme.ink, theme.font(13), "rm")
        for column, value in enumerate(row.values):
            x = left + column * (_BAR + 60)
            if value is not None:
                pen.rectangle((x, y - 7, x + max(value * _BAR, 1), y + 7), theme.lines[0])
            text = "–" if value is None else f"{value:.3f}"
            pen.text((x + _BAR + 8, y), text, theme.ink, theme.font(13), "lm")
    return made
