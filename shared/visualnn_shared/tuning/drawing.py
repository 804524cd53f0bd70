"""Pictures of a search, drawn with Pillow: parallel coordinates, and bars of importance."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.training.space import Choices, FloatRange, IntRange, Value
from visualnn_shared.tuning.trials import Told, best, monitored, upwards

INK, FAINT, PAPER, BEST = (33, 37, 41), (120, 128, 136), (255, 255, 255), (201, 42, 42)
GOOD, BAD, ENDED = (8, 64, 129), (168, 221, 181), (215, 219, 223)
_MARGIN, _GAP, _TALL, _TOP, _FOOT = 90, 190, 340, 150, 70
Point = tuple[float, float]


def short(name: str) -> str:
    """A dimension without what all of its kind begin with: ``learning_rate``, ``hidden.units``."""
    if name.startswith("model.layers."):
        layer, _, parameter = name.removeprefix("model.layers.").rpartition(".params.")
        return f"{layer}.{parameter}"
    return name.removeprefix("params.")


def written(value: Value) -> str:
    """A value as a label."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        return f"{value:.3g}" if isinstance(value, float) else str(value)
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        rest = [f"{key}={written(each)}" for key, each in sorted(value.items()) if key != "name"]
        return " ".join([value["name"], *rest])
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def parallel(params: TuneParams, trials: Sequence[Told]) -> Image.Image:
    """A line for each trial through an axis for each dimension, the metric's axis last; the best trial in red."""
    names, metric, higher = sorted(params.space), monitored(params), upwards(params)
    ended = [one for one in trials if one.state == "complete" and one.value is not None]
    values = [one.value for one in ended if one.value is not None]
    low, high = metric_range(values, higher)
    picture = Image.new("RGB", (max(2 * _MARGIN + _GAP * len(names) + 60, 760), _TOP + _TALL + _FOOT), PAPER)
    pen = ImageDraw.Draw(picture)
    counts = ", ".join(
        f"{sum(one.state == name for one in trials)} {name}" for name in ("complete", "pruned", "failed", "cancelled")
        if any(one.state == name for one in trials)
    )  # fmt: skip
    write(pen, (20, 14), f"Parallel coordinates of {len(trials)} trials", 20)
    way = "higher" if higher else "lower"
    write(pen, (20, 44), f"{counts}. Each line is a trial; {metric}: {way} is better.", 13, FAINT)
    beyond = sum(not low <= value <= high for value in values)
    if beyond:
        note = f"{beyond} of them, far worse than the rest, at the end of its axis"
        write(pen, (20, 98), f"{metric}: {note}.", 13, FAINT)
    _legend(pen, bool(any(one.state == "pruned" for one in trials)))
    leader = best(trials, higher)
    for one in sorted(trials, key=lambda one: (one.state == "complete", one is leader)):
        if one.state not in ("complete", "pruned"):
            continue
        points = [(_x(place), _y(_share(params.space[name], one.values[name]))) for place, name in enumerate(names)]
        if one.state == "complete" and one.value is not None:
            share = min(1.0, max(0.0, (one.value - low) / (high - low)))
            points.append((_x(len(names)), _y(share)))
            colour = BEST if one is leader else _mixed(share if higher else 1 - share)
            _path(pen, points, colour, 4 if one is leader else 2)
        else:
            _path(pen, points, ENDED, 1)
    for place, name in enumerate(names):
        _axis(pen, place, short(name), _ticks(params.space[name]), _scale(params.space[name]))
    ticks = [((value - low) / (high - low), label) for value, label in round_ticks(low, high)]
    _axis(pen, len(names), metric, ticks, "linear")
    return picture


def metric_range(values: Sequence[float], higher: bool) -> tuple[float, float]:
    """The range of the metric's axis, as the editor's: without what is far worse than the rest."""
    ordered = sorted(values)
    if not ordered:
        return 0.0, 1.0
    low, high = ordered[0], ordered[-1]
    if low == high:
        return low - 0.5, high + 0.5
    middle = ordered[(len(ordered) - 1) // 2]
    far = 4 * (high - middle if higher else middle - low)
    if far <= 0:
        return low, high
    return (max(low, middle - far), high) if higher else (low, min(high, middle + far))


def round_ticks(low: float, high: float, about: int = 5) -> list[tuple[float, str]]:
    """Values from ``low`` to ``high`` at even steps of 1, 2 or 5 times a power of ten, and their labels."""
    rough = (high - low) / about
    power = math.floor(math.log10(rough))
    step = next(one * 10.0**power for one in (1, 2, 5, 10) if one * 10.0**power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    exact = step < 1e-4 or abs(high) >= 1e6
    digits = max(3, 1 + math.floor(math.log10(max(abs(low), abs(high), step))) - math.floor(math.log10(step) + 1e-9))
    return [
        (n * step, f"{n * step:.{digits}g}" if exact else f"{n * step + 0.0:.{places}f}")
        for n in range(first, last + 1)
    ]


def bars(shares: Mapping[str, float], metric: str, trials: int) -> Image.Image:
    """A bar for each dimension, the longest first; the shares sum to 1."""
    ordered = sorted(shares.items(), key=lambda one: (-one[1], one[0]))
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left = 40 + int(max(pen.textlength(_cut(short(name), 40), font(14)) for name, _ in ordered))
    wide, row, top = 420, 34, 96
    bottom = top + row * len(ordered)
    picture = Image.new("RGB", (max(left + wide + 90, 700), bottom + 66), PAPER)
    pen = ImageDraw.Draw(picture)
    write(pen, (20, 14), f"Importance of {len(ordered)} dimensions for {metric}", 20)
    write(
        pen,
        (20, 44),
        f"PED-ANOVA over {trials} complete trials: what tells the better trials from the others.",
        13,
        FAINT,
    )
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + tick * wide
        pen.line((x, top - 6, x, bottom), ENDED)
        write(pen, (x, bottom + 6), f"{tick:g}", 12, FAINT, "ma")
    write(pen, (left + wide / 2, bottom + 30), "share of importance (all together: 1)", 13, FAINT, "ma")
    for place, (name, share) in enumerate(ordered):
        y = top + place * row
        write(pen, (left - 12, y + 12), _cut(short(name), 40), 14, INK, "rm")
        pen.rectangle((left, y + 2, left + max(share * wide, 1), y + 22), GOOD)
        write(pen, (left + share * wide + 8, y + 12), f"{share:.2f}", 13, INK, "lm")
    return picture


def _share(dimension: FloatRange | IntRange | Choices, value: Value) -> float:
    if isinstance(dimension, Choices):
        return dimension.choices.index(value) / (len(dimension.choices) - 1)
    return dimension.share(value)


def _ticks(dimension: FloatRange | IntRange | Choices) -> list[tuple[float, str]]:
    if isinstance(dimension, Choices):
        last, step = len(dimension.choices) - 1, -(-len(dimension.choices) // 12)
        return [(at / last, _cut(written(one), 16)) for at, one in enumerate(dimension.choices) if at % step == 0]
    if isinstance(dimension, IntRange):
        inner = sorted({dimension.low, dimension.high, *(round(dimension.at(share)) for share in (0.25, 0.5, 0.75))})
        return [(dimension.share(one), str(one)) for one in inner]
    return [(share, written(dimension.at(share))) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]


def _scale(dimension: FloatRange | IntRange | Choices) -> str:
    if isinstance(dimension, Choices):
        return "choice"
    return "log scale" if dimension.log else "linear"


def _axis(pen: ImageDraw.ImageDraw, place: int, title: str, ticks: Sequence[tuple[float, str]], scale: str) -> None:
    x = _x(place)
    pen.line((x, _TOP, x, _TOP + _TALL), INK, 2)
    write(pen, (x, _TOP - 14), _cut(title, 24), 14, INK, "ms")
    write(pen, (x, _TOP + _TALL + 14), scale, 12, FAINT, "ma")
    for share, label in ticks:
        y = _y(share)
        pen.line((x - 5, y, x + 5, y), INK, 2)
        pen.text((x + 10, y), label, INK, font(12), "lm", stroke_width=2, stroke_fill=PAPER)  # lines show around it


def _legend(pen: ImageDraw.ImageDraw, pruned: bool) -> None:
    x = 20
    kinds = [(BEST, "best"), (GOOD, "good"), (BAD, "bad"), *([(ENDED, "pruned: ended early")] if pruned else [])]
    for colour, label in kinds:
        pen.line((x, 80, x + 24, 80), colour, 4)
        write(pen, (x + 30, 80), label, 13, INK, "lm")
        x += 54 + int(pen.textlength(label, font(13)))


def _path(pen: ImageDraw.ImageDraw, points: list[Point], colour: tuple[int, int, int], wide: int) -> None:
    pen.line(points, colour, wide, "curve")
    if len(points) == 1:
        (x, y) = points[0]
        pen.ellipse((x - 4, y - 4, x + 4, y + 4), colour)


def _x(place: int) -> float:
    return float(_MARGIN + _GAP * place)


def _y(share: float) -> float:
    return _TOP + _TALL * (1 - share)


def _mixed(good: float) -> tuple[int, int, int]:
    red, green, blue = (round(b + (g - b) * good) for g, b in zip(GOOD, BAD, strict=True))
    return red, green, blue


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def font(size: int) -> Any:
    """Pillow's own font, so that no file of the system is needed."""
    return ImageFont.load_default(size)


def write(
    pen: ImageDraw.ImageDraw, at: Point, text: str, size: int, ink: tuple[int, int, int] = INK, anchor: str = "la"
) -> None:
    """A text at a place; the anchor is Pillow's."""
    pen.text(at, text, ink, font(size), anchor)
