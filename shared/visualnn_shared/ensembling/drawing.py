"""The picture of an ensemble's gain: members, their mean and the ensemble; a column for each metric, a row for each
split. The splits of a metric have one axis, so that they can be compared."""

from PIL import Image, ImageDraw

from visualnn_shared.ensembling.report import EnsembleReport, Gain
from visualnn_shared.training.stopping import higher_is_better
from visualnn_shared.tuning.drawing import BEST, ENDED, FAINT, GOOD, INK, PAPER, font, round_ticks, write

_LEFT, _RIGHT, _TOP, _ROW, _FOOT, _WIDE = 190, 90, 120, 26, 84, 350
_SPLITS = {"val": "validation", "test": "test"}
_MOST_METRICS = 3
Range = tuple[float, float]


def gain(report: EnsembleReport) -> Image.Image:
    """In each panel a dot for each member, a line at their mean, a bar for the ensemble."""
    metrics = shown(report)
    tall = (len(report.members) + 2) * _ROW
    across = _LEFT + len(metrics) * (_WIDE + _RIGHT)
    picture = Image.new("RGB", (max(across, 700), _TOP + len(report.gains) * (tall + _FOOT)), PAPER)
    pen = ImageDraw.Draw(picture)
    write(pen, (20, 14), f"Gain of an ensemble of {len(report.members)} members", 20)
    how = "mean of the weights" if report.averaged == "weights" else "mean of the predictions"
    ways = ", ".join(f"{name}: {'higher' if higher_is_better(name) else 'lower'} is better" for name in metrics)
    write(pen, (20, 44), f"Method {report.method}: {how}. {ways}.", 13, FAINT)
    _legend(pen)
    for row, one in enumerate(report.gains):
        top = _TOP + row * (tall + _FOOT)
        _names(pen, top, report)
        for column, metric in enumerate(metrics):
            left = _LEFT + column * (_WIDE + _RIGHT)
            _panel(pen, (left, top), report, one, metric, span(report, metric))
    return picture


def shown(report: EnsembleReport) -> list[str]:
    """The metrics of the picture: first what says the best, then what each split has, the loss before the last ones."""
    common = set.intersection(*(set(one.ensemble) for one in report.gains))
    first = report.monitor.removeprefix("val_")
    return sorted(common, key=lambda name: (name != first, name != "loss", name))[:_MOST_METRICS]


def span(report: EnsembleReport, metric: str) -> Range:
    """The ends of a metric's axis, with room for every value of every split."""
    values = [member.metrics[one.split][metric] for one in report.gains for member in report.members]
    values += [one.ensemble[metric] for one in report.gains]
    low, high = min(values), max(values)
    pad = (high - low) * 0.1 or abs(high) * 0.05 or 1.0
    return low - pad, high + pad


def _names(pen: ImageDraw.ImageDraw, top: int, report: EnsembleReport) -> None:
    names = [_named(one.number, one.seed, one.epoch) for one in report.members] + ["mean of members", "ensemble"]
    for place, name in enumerate(names):
        write(pen, (_LEFT - 14, top + place * _ROW + _ROW / 2), name, 13, INK, "rm")


def _panel(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], report: EnsembleReport, one: Gain, metric: str, ends: Range
) -> None:
    (left, top), (low, high) = at, ends
    values = [member.metrics[one.split][metric] for member in report.members]
    mean, ensemble = one.mean[metric], one.ensemble[metric]
    bottom = top + (len(values) + 2) * _ROW

    def x(value: float) -> float:
        return left + _WIDE * (value - low) / (high - low)

    pen.line((left, bottom, left + _WIDE, bottom), FAINT)
    for value, text in round_ticks(low, high):
        pen.line((x(value), top, x(value), bottom), ENDED)
        write(pen, (x(value), bottom + 6), text, 12, INK, "ma")
    label = f"{metric} on {one.samples:,} {_SPLITS[one.split]} samples"
    write(pen, (left + _WIDE / 2, bottom + 28), label, 13, INK, "ma")
    pen.line((x(mean), top, x(mean), bottom), FAINT, 2)
    for place, (member, value) in enumerate(zip(report.members, values, strict=True)):
        y = top + place * _ROW + _ROW / 2
        colour = BEST if member.number == report.best else GOOD
        pen.ellipse((x(value) - 5, y - 5, x(value) + 5, y + 5), colour)
        write(pen, (left + _WIDE + 10, y), f"{value:.4g}", 12, INK, "lm")
    for value, place, colour in ((mean, len(values), FAINT), (ensemble, len(values) + 1, INK)):
        y = top + place * _ROW + _ROW / 2
        pen.rectangle((x(value) - 5, y - 8, x(value) + 5, y + 8), colour)
        write(pen, (left + _WIDE + 10, y), f"{value:.4g}", 12, INK, "lm")


def _named(number: int, seed: int | None, epoch: int | None) -> str:
    about = f", epoch {epoch}" if epoch is not None else f", seed {seed}" if seed is not None else ""
    return f"member {number}{about}"


def _legend(pen: ImageDraw.ImageDraw) -> None:
    x = 20.0
    for colour, label in ((GOOD, "member"), (BEST, "best member"), (FAINT, "mean of members"), (INK, "ensemble")):
        pen.rectangle((x, 76, x + 14, 90), colour)
        write(pen, (x + 22, 83), label, 13, INK, "lm")
        x += 46 + pen.textlength(label, font(13))
