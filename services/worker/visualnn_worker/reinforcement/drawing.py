"""The return curve of a training as a picture, drawn with Pillow."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from visualnn_worker.insight.drawing import LIGHT
from visualnn_worker.insight.fonts import font

PAPER, INK, FAINT = LIGHT.paper, LIGHT.ink, LIGHT.faint
_WIDE, _TALL, _LEFT, _TOP, _RIGHT, _FOOT = 760, 380, 84, 116, 28, 72
_DOT, _MEAN, _GREEDY, _LINE, _SOLVED = (170, 196, 222), (8, 64, 129), (201, 42, 42), (226, 230, 234), (34, 128, 60)
Points = Sequence[tuple[float, float]]


def return_curve(
    title: str, note: str, episodes: Points, means: Points, evaluations: Points, solved: float | None
) -> Image.Image:
    """(step, return) of episodes as dots, their moving mean as a line, greedy evaluations as rings, and the goal."""
    made = Image.new("RGB", (_LEFT + _WIDE + _RIGHT, _TOP + _TALL + _FOOT), PAPER)
    pen = ImageDraw.Draw(made)
    pen.text((16, 12), title, INK, font(20))
    pen.text((16, 42), note, FAINT, font(13))
    values = [value for _step, value in (*episodes, *evaluations)] + ([] if solved is None else [solved])
    across = _ticks(0.0, max([step for step, _value in (*episodes, *evaluations)], default=1.0))
    upwards = _ticks(min([0.0, *values]), max([0.0, *values]))
    place = _Place(across, upwards)
    _axes(pen, place)
    if solved is not None:
        level = place.at(0, solved)[1]
        for begin in range(_LEFT, _LEFT + _WIDE, 12):
            pen.line((begin, level, min(begin + 7, _LEFT + _WIDE), level), _SOLVED, 2)
    for step, value in episodes:
        x, y = place.at(step, value)
        pen.ellipse((x - 2, y - 2, x + 2, y + 2), _DOT)
    if len(means) > 1:
        pen.line([place.at(*point) for point in means], _MEAN, 3, "curve")
    for step, value in evaluations:
        x, y = place.at(step, value)
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), PAPER, _GREEDY, 2)
    _legend(pen, len(evaluations) > 0, solved)
    return made


class _Place:
    """Values to points of the picture."""

    def __init__(self, across: list[float], upwards: list[float]) -> None:
        self.across, self.upwards = across, upwards

    def at(self, step: float, value: float) -> tuple[float, float]:
        (left, right), (low, high) = (self.across[0], self.across[-1]), (self.upwards[0], self.upwards[-1])
        share = (step - left) / (right - left), (value - low) / (high - low)
        return _LEFT + _WIDE * share[0], _TOP + _TALL * (1 - share[1])


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers, five or so, from at most ``low`` to at least ``high``."""
    wide = max(high - low, 1e-9)
    rough = 10.0 ** np.floor(np.log10(wide / 5))
    step = next(rough * one for one in (1, 2, 2.5, 5, 10) if wide / (rough * one) <= 6)
    first, last = np.floor(low / step), np.ceil(high / step)
    return [float(step * one) for one in np.arange(first, max(last, first + 1) + 1)]


def _axes(pen: ImageDraw.ImageDraw, place: _Place) -> None:
    for value in place.upwards:
        y = place.at(0, value)[1]
        pen.line((_LEFT, y, _LEFT + _WIDE, y), _LINE)
        pen.text((_LEFT - 10, y), f"{value:g}", INK, font(13), "rm")
    for step in place.across:
        x = place.at(step, 0)[0]
        pen.line((x, _TOP + _TALL, x, _TOP + _TALL + 6), INK)
        pen.text((x, _TOP + _TALL + 10), f"{step:,.0f}", INK, font(13), "ma")
    pen.line((_LEFT, _TOP, _LEFT, _TOP + _TALL, _LEFT + _WIDE, _TOP + _TALL), INK)
    pen.text((_LEFT + _WIDE / 2, _TOP + _TALL + 38), "steps (decisions of the agent)", FAINT, font(14), "ma")
    pen.text((16, _TOP - 14), "return (sum of an episode's rewards)", FAINT, font(14), "ls")


def _legend(pen: ImageDraw.ImageDraw, evaluated: bool, solved: float | None) -> None:
    x, y = 16.0, 76
    kinds = [(_DOT, "an episode"), (_MEAN, "mean of 100 episodes")]
    kinds += [(_GREEDY, "mean of greedy episodes")] if evaluated else []
    kinds += [(_SOLVED, f"solved at {solved:g}")] if solved is not None else []
    for colour, label in kinds:
        pen.line((x, y, x + 22, y), colour, 4)
        pen.text((x + 28, y), label, INK, font(13), "lm")
        x += 52 + pen.textlength(label, font(13))
