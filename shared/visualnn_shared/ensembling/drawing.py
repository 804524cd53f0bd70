"""The picture of an ensemble's gain: for each split, members, their mean and the ensemble on one axis."""

from PIL import Image, ImageDraw

from visualnn_shared.ensembling.report import EnsembleReport, Gain
from visualnn_shared.training.stopping import higher_is_better
from visualnn_shared.tuning.drawing import BEST, ENDED, FAINT, GOOD, INK, PAPER, font, write

_LEFT, _RIGHT, _TOP, _ROW, _FOOT, _WIDE = 190, 130, 120, 26, 84, 470
_SPLITS = {"val": "validation", "test": "test"}


def gain(report: EnsembleReport) -> Image.Image:
    """A panel for each split: a dot for each member, a line at their mean, a bar for the ensemble."""
    metric = report.monitor.removeprefix("val_")
    rows = len(report.members) + 2
    tall = rows * _ROW
    picture = Image.new("RGB", (_LEFT + _WIDE + _RIGHT, _TOP + len(report.gains) * (tall + _FOOT)), PAPER)
    pen = ImageDraw.Draw(picture)
    write(pen, (20, 14), f"Gain of an ensemble of {len(report.members)} members", 20)
    way = "higher" if higher_is_better(metric) else "lower"
    how = "mean of the weights" if report.averaged == "weights" else "mean of the predictions"
    write(pen, (20, 44), f"Method {report.method}: {how}. {metric}: {way} is better.", 13, FAINT)
    _legend(pen)
    for place, one in enumerate(report.gains):
        _panel(pen, _TOP + place * (tall + _FOOT), report, one, metric if metric in one.ensemble else "loss")
    return picture


def _panel(pen: ImageDraw.ImageDraw, top: int, report: EnsembleReport, one: Gain, metric: str) -> None:
    values = [member.metrics[one.split][metric] for member in report.members]
    mean, ensemble = one.mean[metric], one.ensemble[metric]
    low, high = min(*values, ensemble), max(*values, ensemble)
    pad = (high - low) * 0.1 or abs(high) * 0.05 or 1.0
    low, high = low - pad, high + pad
    bottom = top + (len(values) + 2) * _ROW

    def x(value: float) -> float:
        return _LEFT + _WIDE * (value - low) / (high - low)

    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = _LEFT + share * _WIDE
        pen.line((at, top, at, bottom), ENDED)
        write(pen, (at, bottom + 6), f"{low + share * (high - low):.4g}", 12, FAINT, "ma")
    label = f"{metric} on {one.samples:,} {_SPLITS[one.split]} samples"
    write(pen, (_LEFT + _WIDE / 2, bottom + 28), label, 13, INK, "ma")
    pen.line((x(mean), top, x(mean), bottom), FAINT, 2)
    for place, (member, value) in enumerate(zip(report.members, values, strict=True)):
        y = top + place * _ROW + _ROW / 2
        colour = BEST if member.number == report.best else GOOD
        write(pen, (_LEFT - 14, y), _named(member.number, member.seed, member.epoch), 13, INK, "rm")
        pen.ellipse((x(value) - 5, y - 5, x(value) + 5, y + 5), colour)
        write(pen, (_LEFT + _WIDE + 12, y), f"{value:.4g}", 12, FAINT, "lm")
    for name, value, place in (("mean of members", mean, len(values)), ("ensemble", ensemble, len(values) + 1)):
        y = top + place * _ROW + _ROW / 2
        write(pen, (_LEFT - 14, y), name, 13, INK, "rm")
        colour = INK if name == "ensemble" else FAINT
        pen.rectangle((x(value) - 5, y - 8, x(value) + 5, y + 8), colour)
        write(pen, (_LEFT + _WIDE + 12, y), f"{value:.4g}", 12, colour, "lm")


def _named(number: int, seed: int | None, epoch: int | None) -> str:
    about = f", epoch {epoch}" if epoch is not None else f", seed {seed}" if seed is not None else ""
    return f"member {number}{about}"


def _legend(pen: ImageDraw.ImageDraw) -> None:
    x = 20.0
    for colour, label in ((GOOD, "member"), (BEST, "best member"), (FAINT, "mean of members"), (INK, "ensemble")):
        pen.rectangle((x, 76, x + 14, 90), colour)
        write(pen, (x + 22, 83), label, 13, INK, "lm")
        x += 46 + pen.textlength(label, font(13))
