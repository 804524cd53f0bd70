"""A training as folders for TensorBoard, in a zip: ``train``, ``validation`` and ``test`` are runs of one chart.

Tags are those of Keras' own callback: ``epoch_loss`` and ``epoch_accuracy`` (a step is an epoch), ``batch_loss`` (a
step is a batch; a mean since the epoch's begin), ``epoch_learning_rate``. Looks are ``update_ratio/LAYER``,
``dead/LAYER`` and histograms ``LAYER/weights``, ``LAYER/activations``, ``LAYER/gradients``.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from visualnn_shared.training.recipe import TrainParams

from visualnn_worker.insight import tensorboard as tb
from visualnn_worker.insight.seen import Seen

NAME = "tensorboard.zip"
MOST_LOOKS = 50
"""Whose histograms are written; of more looks evenly chosen ones. Scalars are written of each."""
_PLACES = {"step", "epoch", "time"}
_VALIDATION = "val_"
_HISTOGRAMS = {"weights": "weights", "activation": "activations", "gradient": "gradients"}
_SCALARS = ("update_ratio", "gradient_norm", "dead", "zeros")
Pictures = Mapping[str, Path]


def write(path: Path, seen: Seen, split: str, pictures: Pictures) -> bool:
    """``split``: what the trained net was judged by. ``pictures``: tag -> PNG. False where no epoch was done."""
    if seen.params is None or not seen.epochs:
        return False
    params = seen.params
    runs: dict[str, list[tb.Told]] = {"train": [], "validation": []}
    last = seen.epochs[-1]
    for point in seen.epochs:
        step = int(point["epoch"])
        for run, values in _by_run(point).items():
            runs[run].append((point["time"], step, _scalars("epoch", values)))
    for point in seen.batches:
        runs["train"].append((point["time"], int(point["step"]), _scalars("batch", _by_run(point)["train"])))
    runs["train"] += _looks(seen)
    end, epoch = last["time"] + 1e-3, int(last["epoch"])
    if split == "test" and seen.found:
        runs["test"] = [(end, epoch, _scalars("epoch", seen.found))]
    judged = {"test": "test", "val": "validation"}.get(split, "train")
    for tag, file in pictures.items():
        runs["train" if tag == "filters" else judged].append((end, epoch, _image(tag, file)))
    recipe = json.dumps(params.model_dump(mode="json", exclude_defaults=True), indent=2)
    began = float((seen.batches or seen.epochs)[0]["time"])
    about = tb.text("recipe", f"```json\n{recipe}\n```") + tb.hparams(_hparams(params), seen.job, began, end)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for run, told in {"": [(began, 0, about)], **runs}.items():
            if told:
                folder = f"{seen.job}/{run}/" if run else f"{seen.job}/"
                zipped.writestr(f"{folder}events.out.tfevents.{int(began)}.visualnn", tb.file(told))
    return True


def _by_run(point: Mapping[str, float]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {"train": {}}
    for name, value in point.items():
        if name in _PLACES:
            continue
        run = "validation" if name.startswith(_VALIDATION) else "train"
        found.setdefault(run, {})[name.removeprefix(_VALIDATION)] = value
    return found


def _scalars(prefix: str, values: Mapping[str, float]) -> bytes:
    return b"".join(tb.scalar(f"{prefix}_{name}", value) for name, value in values.items())


def _looks(seen: Seen) -> Iterator[tb.Told]:
    every = -(-len(seen.looks) // MOST_LOOKS) or 1
    for place, look in enumerate(seen.looks):
        if "time" not in look:
            continue
        step = int(look["epoch"]) - bool(look.get("first_batch"))
        values = b""
        for row in look["layers"]:
            values += b"".join(tb.scalar(f"{name}/{row['layer']}", row[name]) for name in _SCALARS if name in row)
            if place % every == 0 or place + 1 == len(seen.looks):
                values += b"".join(_histogram(row, name, tag) for name, tag in _HISTOGRAMS.items())
        yield float(look["time"]), step, values


def _histogram(row: Mapping[str, Any], name: str, tag: str) -> bytes:
    found = row.get(name)
    if not found or not found["counts"]:
        return b""
    return tb.histogram(f"{row['layer']}/{tag}", found["low"], found["high"], found["counts"])


def _image(tag: str, file: Path) -> bytes:
    with Image.open(file) as opened:
        width, height = opened.size
    return tb.image(tag, file.read_bytes(), width, height)


def _hparams(params: TrainParams) -> dict[str, float | str | bool]:
    """The recipe's single values; of an optimizer, a loss or a schedule with parameters those as well."""
    found: dict[str, float | str | bool] = {}

    def take(name: str, value: Any) -> None:
        if isinstance(value, bool | int | float | str):
            found[name] = value
        elif isinstance(value, Mapping):
            for key, each in value.items():
                take(name if key == "name" else f"{name}.{key}", each)

    for name, value in params.model_dump(mode="json", exclude_none=True).items():
        take(name, value)
    return found
