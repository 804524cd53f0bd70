"""What a trained net's pictures show: its first filters, test samples with what they are taken for, the confusion."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from visualnn_worker.fitting.samples import Samples
from visualnn_worker.insight.attributes import Attributes, report
from visualnn_worker.insight.charts import Row, bars
from visualnn_worker.insight.classes import Judged, confusion
from visualnn_worker.insight.drawing import LIGHT, Theme, as_picture, gallery, matrix
from visualnn_worker.network.build import Network
from visualnn_worker.network.weights import read_weights

MOST_FILTERS, SHOWN = 64, 40


def filters(network: Network, theme: Theme = LIGHT) -> Image.Image | None:
    """The kernels of the first convolution of pictures, or of a first Dense over square pictures; None without one."""
    tensors = read_weights(network)
    for layer in network.resolved.layers:
        kernel = tensors.get(f"{layer.name}/kernel")
        if kernel is None:
            continue
        if layer.type == "Conv2D" and kernel.shape[2] in (1, 3) and min(kernel.shape[:2]) > 1:
            parts = [kernel[..., n] for n in range(min(kernel.shape[-1], MOST_FILTERS))]
        elif layer.type == "Dense" and (side := _square(kernel.shape[0])) is not None:
            parts = [kernel[:, n].reshape(side) for n in range(min(kernel.shape[1], MOST_FILTERS))]
        else:
            return None
        low, high = float(min(one.min() for one in parts)), float(max(one.max() for one in parts))
        made = [one for part in parts if (one := as_picture(part, low, high)) is not None]
        note = theme.say(
            "{shown} of {all}; black {low}, white {high}",
            shown=len(made), all=kernel.shape[-1], low=f"{low:.3g}", high=f"{high:.3g}",
        )  # fmt: skip
        blank = [("", False)] * len(made)
        return (
            gallery(made, blank, theme.say("Weights of {layer}", layer=layer.name), note, theme=theme) if made else None
        )
    return None


def _square(values: int) -> tuple[int, ...] | None:
    """28 x 28 of 784, 32 x 32 x 3 of 3072; None for what is no square picture."""
    for channels in (1, 3):
        side = round((values / channels) ** 0.5)
        if side >= 4 and side * side * channels == values:
            return (side, side, channels)
    return None


def samples_shown(
    samples: Samples, judged: Judged, places: Sequence[int], title: str, theme: Theme = LIGHT
) -> Image.Image | None:
    """Samples as pictures, with what they are and what they are taken for; None where they are no pictures."""
    spec = samples.serving.inputs[0]
    raw = samples.raw(np.asarray(places, np.int64))[spec.name]
    side = _square(int(np.prod(raw.shape[1:]))) if raw.ndim == 2 else None
    made, captions = [], []
    for place, one in zip(places, raw, strict=True):
        picture = as_picture(one.reshape(side) if side else one)
        if picture is None:
            return None
        wrong = bool(judged.predicted[place] != judged.actual[place])
        said = f"{judged.names[judged.predicted[place]]} {judged.shares[place].max():.0%}"
        captions.append((f"{judged.names[judged.actual[place]]}\n{said}", wrong))
        made.append(picture)
    sentence = "{split} samples; below each its label, then the prediction and its share; red where they differ"
    note = theme.say(sentence, split=theme.say(judged.split))
    return gallery(made, captions, title, note, theme=theme) if made else None


def attributes_drawn(found: Attributes, name: str, theme: Theme = LIGHT) -> Image.Image:
    """How well each attribute is told; of very many the first ones."""
    told = report(found)
    keys = ("precision", "recall", "f1", "roc_auc")
    rows = [Row(row["attribute"], row["support"], [row[key] for key in keys]) for row in told["attributes"]]
    every = Row(theme.say("all, counted alike"), told["micro"]["support"], [told["micro"][key] for key in keys])
    shown = rows[:SHOWN]
    note = theme.say(
        "{samples} {split} samples; an attribute is said to hold from a share of {threshold} on",
        samples=f"{told['samples']:,}", split=theme.say(found.split), threshold=f"{told['threshold']:g}",
    )  # fmt: skip
    if len(rows) > len(shown):
        note += theme.say("; the first {shown} of {all}", shown=len(shown), all=len(rows))
    heads = ("attribute", "samples with it", "precision", "recall", "F1", "ROC AUC")
    title = theme.say("Attributes of {name}", name=name)
    return bars([*shown, every], [theme.say(head) for head in heads], title, note, theme)


def confusion_drawn(judged: Judged, name: str, theme: Theme = LIGHT) -> Image.Image:
    """The confusion matrix."""
    right = float((judged.actual == judged.predicted).mean())
    note = theme.say(
        "{samples} {split} samples, accuracy {accuracy}; shades are shares of a row",
        samples=f"{len(judged.actual):,}", split=theme.say(judged.split), accuracy=f"{right:.4f}",
    )  # fmt: skip
    title, axes = theme.say("Confusion of {name}", name=name), (theme.say("label"), theme.say("prediction (samples)"))
    return matrix(confusion(judged), judged.names, title, note, axes, theme)
