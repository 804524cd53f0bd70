"""A spec and its weights as Keras 2 keeps them: an HDF5 file with a group for each layer, by its name.

The loaders of Keras 2 and 3 pair groups and layers by their order, and the tensors of a group with the layer's
variables too.
"""

import io
import json
from typing import Any

import h5py
import numpy as np
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.formats.keras.keras2 import (
    HARD_SIGMOID,
    VERSION,
    draft2,
    functions,
    lower,
    tell_keras3,
    under_own_names,
)
from visualnn_converter.formats.keras.source import parse
from visualnn_converter.kerasweights.order import loaded
from visualnn_converter.kerasweights.places import in_order
from visualnn_converter.kerasweights.writing import mismatches
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

_LARGEST_LIST = 64_512
"""Bytes of a list of names in one attribute; a longer one is split: weight_names0, weight_names1, ..."""
_BACKEND = "tensorflow"


def write_model(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """The file. Raises ``ConversionImpossible`` with every obstacle."""
    document, resolved, moved, problems = draft(spec, weights, report)
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    tell_keras3(document, report)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        _mark(file)
        file.attrs["model_config"] = json.dumps(document).encode()
        root = file.create_group("model_weights")
        _mark(root)
        _groups(root, document, resolved, moved)
    return buffer.getvalue()


def draft(
    spec: Spec, weights: Weights | None, report: Report
) -> tuple[dict[str, Any], Resolved, Weights, list[Problem]]:
    """Keras 2's document, what it is of, every variable's tensor, and a problem for all that Keras 2 cannot say."""
    lowered, moved = lower(spec, weights or {}, report)
    document, problems = draft2(lowered, report)
    resolved = resolve(lowered)
    problems += under_own_names(_other_numbers(document) + mismatches(resolved, moved or {}), report)
    return document, resolved, moved or {}, problems


def trained_first(layer: ResolvedLayer) -> list[str]:
    """The layer's variables in the order of Keras' ``weights``."""
    return in_order((variable.name, variable.trainable) for variable in layer.weights)


def _other_numbers(document: dict[str, Any]) -> list[Problem]:
    """Functions that go by one name and compute something else."""
    rule = "hard_sigmoid must be another function: Keras 2 computes clip(0.2 x + 0.5) for it, Keras 3 clip(x / 6 + 0.5)"
    return [
        problem(rule, name, layer=item["name"], param=path)
        for item in document["config"]["layers"]
        for path, name in functions(item["config"])
        if name == HARD_SIGMOID
    ]


def _mark(group: Any) -> None:
    group.attrs["keras_version"] = VERSION.encode()
    group.attrs["backend"] = _BACKEND.encode()


def _groups(root: Any, document: dict[str, Any], resolved: Resolved, weights: Weights) -> None:
    layers = {layer.name: layer for layer in resolved.layers}
    names = [source.name for source in loaded(parse(document))]
    _put_list(root, "layer_names", names)
    for name in names:
        group = root.create_group(name)
        variables = trained_first(layers[name])
        _put_list(group, "weight_names", [f"{name}/{variable}:0" for variable in variables])
        for variable in variables:
            group[f"{name}/{variable}:0"] = np.asarray(weights[f"{name}/{variable}"])


def _put_list(group: Any, key: str, texts: list[str]) -> None:
    """A list of names, in as many attributes as it needs: an HDF5 object's header has little room."""
    array: Any = np.asarray([text.encode() for text in texts])
    if array.nbytes <= _LARGEST_LIST:
        group.attrs[key] = array
        return
    pieces = np.array_split(array, -(-array.nbytes // (_LARGEST_LIST // 2)))
    for number, piece in enumerate(pieces):
        group.attrs[f"{key}{number}"] = piece
