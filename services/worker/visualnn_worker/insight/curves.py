"""Loss, metrics and learning rate over a training: as columns of numbers, and as charts."""

from typing import Any

from PIL import Image

from visualnn_worker.fitting.trace import RATE
from visualnn_worker.insight.charts import Chart, Kind, Line, drawn
from visualnn_worker.insight.drawing import LIGHT, Theme
from visualnn_worker.insight.seen import Points, Seen

NAME = "curves.json"
MOST_CHARTS = 24
_VALIDATION = "val_"
_PLACES = ("step", "epoch", "time")


def columns(seen: Seen) -> dict[str, dict[str, list[float | None]]]:
    """``curves.json``: of batches and of epochs, a list for each value, all of one length; null where one was not told.

    ``step`` counts batches from 1, ``epoch`` is 2.5 half way through the third, ``time`` is in seconds since 1970.
    """
    return {"batches": _columns(seen.batches), "epochs": _columns(seen.epochs)}


def _columns(points: Points) -> dict[str, list[float | None]]:
    names = dict.fromkeys((*_PLACES, *(name for point in points for name in point)))
    return {name: [point.get(name) for point in points] for name in names} if points else {}


def curves(seen: Seen, name: str, theme: Theme = LIGHT) -> Image.Image | None:
    """The loss first, the learning rate last; None where no epoch was done."""
    told = list(dict.fromkeys(key.removeprefix(_VALIDATION) for point in seen.epochs for key in point))
    metrics = sorted((key for key in told if key not in (*_PLACES, RATE)), key=lambda key: key != "loss")
    chosen = [*metrics[: MOST_CHARTS - 1], RATE]
    charts = [chart for key in chosen if (chart := _chart(seen, key, theme)).lines]
    if not charts:
        return None
    epochs, steps = int(seen.epochs[-1]["epoch"]), int(seen.epochs[-1]["step"])
    note = theme.say("{epochs} epochs, {steps} batches; values of batches are means since the epoch's begin",
                     epochs=f"{epochs:,}", steps=f"{steps:,}")  # fmt: skip
    if left := metrics[MOST_CHARTS - 1 :]:
        note += "; " + theme.say("not drawn: {names}", names=", ".join(left[:8]) + (", ..." if len(left) > 8 else ""))
    return drawn(charts, theme.say("epoch"), theme.say("Curves of {name}", name=name), note, theme)


def _chart(seen: Seen, key: str, theme: Theme) -> Chart:
    if key == RATE:
        points = seen.batches or seen.epochs
        return Chart(theme.say("learning rate"), _line(theme.say("each batch"), "line", points, key))
    lines: Any = (
        *_line(theme.say("training, each batch"), "thin", seen.batches, key),
        *_line(theme.say("training"), "line", seen.epochs, key),
        *_line(theme.say("validation"), "dashed", seen.epochs, f"{_VALIDATION}{key}"),
    )
    return Chart(theme.say(key), lines)


def _line(label: str, kind: Kind, points: Points, key: str) -> tuple[Line, ...]:
    found = [(float(point["epoch"]), float(point[key])) for point in points if key in point]
    return (Line(label, kind, found),) if found else ()
