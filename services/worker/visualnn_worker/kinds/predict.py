"""Jobs of kind predict: the outputs of trained weights for every sample of a data set."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.choose import plan_predict
from visualnn_shared.training.recipe import PredictParams
from visualnn_shared.training.scores import scores
from visualnn_shared.training.serving import Serving

from visualnn_worker.fitting.reporting import SAY_S
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.kinds.context import Context, Result
from visualnn_worker.kinds.pace import Pace
from visualnn_worker.kinds.trained import load_trained, samples_of
from visualnn_worker.network.build import Network

Arrays = dict[str, NDArray[Any]]


def run(context: Context) -> Result:
    """Predict for the splits asked for, one after the other. Raises ``Invalid``, ``NotFound``, ``Unavailable``."""
    order = context.order
    params = PredictParams.model_validate(order.params)
    network, trained = load_trained(context)
    fit = plan_predict(trained.serving, order.data.schema_, order.data.splits, params)
    parts = [samples for _split, samples in samples_of(context, fit, trained, params.split)]
    batches = sum(-(-len(samples) // params.batch_size) for samples in parts)
    pace = Pace(context.channel, batches, SAY_S)
    found = [_predict(network, samples, params.batch_size, pace) for samples in parts]
    arrays = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    paths = [context.folder / "predictions.npz", context.folder / "predictions.csv"]
    np.savez(paths[0], **arrays)  # type: ignore[arg-type]
    _write_csv(paths[1], arrays, trained.serving)
    return Result(context.store(paths), {"samples": float(sum(len(samples) for samples in parts))})


def _predict(network: Network, samples: Samples, batch_size: int, pace: Pace) -> Arrays:
    """Outputs by name, and ``label`` where there are labels, ``label:OUTPUT`` of those with their own."""
    outputs: dict[str, list[NDArray[Any]]] = {name: [] for name in network.output_names}
    for begin in range(0, len(samples), batch_size):
        which = slice(begin, begin + batch_size)
        batch = network.model.predict_on_batch(network.pack(samples.inputs(which)))
        for name, array in network.unpack(batch).items():
            outputs[name].append(np.asarray(array))
        pace.step()
    arrays = {name: np.concatenate(parts) for name, parts in outputs.items()}
    return {**arrays, **samples.all_labels()}


def _write_csv(path: Path, arrays: Mapping[str, NDArray[Any]], serving: Serving) -> None:
    """A row for each sample: its number; then of each output class and score where there are classes, values, label.

    Columns of another output than the first are called after it: ``parity.class``.
    """
    tables = [_table(serving.of(spec.name), arrays, place == 0) for place, spec in enumerate(serving.outputs)]
    count = len(arrays[serving.outputs[0].name])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sample", *(name for header, _row in tables for name in header)])
        for number in range(count):
            writer.writerow([number, *(cell for _header, row in tables for cell in row(number))])


def _table(
    serving: Serving, arrays: Mapping[str, NDArray[Any]], first: bool
) -> tuple[list[str], Callable[[int], list[Any]]]:
    """Column names of an output, and what gives their cells of a sample."""
    name = serving.outputs[0].name
    lead = "" if first else f"{name}."
    values = arrays[name].reshape(len(arrays[name]), -1)
    classes = serving.classes if serving.task != "regression" and arrays[name].ndim <= 2 else None
    header = [f"{lead}class", f"{lead}score"] if classes else []
    header += _columns(name, values.shape[1], classes)
    labels = arrays.get("label" if first else f"label:{name}")
    labelled = labels is not None and labels.ndim == 1

    def row(number: int) -> list[Any]:
        best = _best(scores(serving, values[number]), classes) if classes else ()
        label = [_label(labels[number], classes)] if labels is not None and labelled else []
        return [*best, *(repr(float(v)) for v in values[number]), *label]

    return [*header, *([f"{lead}label"] if labelled else [])], row


def _columns(name: str, count: int, classes: tuple[str, ...] | None) -> list[str]:
    if classes and len(classes) == count:
        return [f"{name}[{label}]" for label in classes]
    return [name] if count == 1 else [f"{name}[{i}]" for i in range(count)]


def _best(row: NDArray[Any], classes: tuple[str, ...]) -> tuple[str, float]:
    """(class, score): the largest share, or for one sigmoid unit the side of 0.5."""
    if len(row) == 1 and len(classes) == 2:
        yes = float(row[0]) >= 0.5
        return classes[int(yes)], float(row[0]) if yes else 1 - float(row[0])
    index = int(row.argmax())
    return classes[index], float(row[index])


def _label(value: Any, classes: tuple[str, ...] | None) -> Any:
    whole = classes is not None and float(value).is_integer() and 0 <= int(value) < len(classes)
    return classes[int(value)] if classes is not None and whole else value
