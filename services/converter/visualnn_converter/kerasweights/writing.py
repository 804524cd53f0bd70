"""A spec and its weights as Keras 3 keeps them: the configuration, and an HDF5 file by classes and their order."""

import io
import json
from typing import Any

import h5py
import numpy as np
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, Variable, resolve
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.formats.keras.source import parse
from visualnn_converter.formats.keras.writer import document_of, lower_all
from visualnn_converter.kerasweights.order import leaves
from visualnn_converter.kerasweights.places import copies, places
from visualnn_converter.lacking import lacks_weights
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights


def write_model(spec: Spec, weights: Weights | None, report: Report) -> tuple[bytes, bytes]:
    """``config.json`` and ``model.weights.h5``. Raises ``ConversionImpossible`` with every obstacle."""
    lowered, moved = lower_all(spec, weights or {}, report)
    problems: list[Problem] = []
    document: dict[str, Any] = {}
    try:
        document = document_of(lowered, report)
    except ConversionImpossible as impossible:
        problems += impossible.problems
    resolved = resolve(lowered)
    problems += mismatches(resolved, moved or {})
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    return json.dumps(document).encode(), _hdf5(document, resolved, moved or {})


def mismatches(resolved: Resolved, given: Weights) -> list[Problem]:
    """One problem for each layer that lacks variables and each misshapen one; no value is made up."""
    problems: list[Problem | None] = []
    for layer in resolved.layers:
        if layer.weights_of is not None:
            continue
        missing = [v.name for v in layer.weights if f"{layer.name}/{v.name}" not in given]
        if missing:
            problems.append(lacks_weights(missing, layer.name, "give the trained weights: values are not made up"))
        problems += [
            _mismatch(layer, v, given[name]) for v in layer.weights if (name := f"{layer.name}/{v.name}") in given
        ]
    return [one for one in problems if one is not None]


def _mismatch(layer: ResolvedLayer, variable: Variable, tensor: Any) -> Problem | None:
    field = f"{layer.name}/{variable.name}"
    if tuple(tensor.shape) != tuple(variable.shape):
        rule = f"{variable.name} must have the shape {list(variable.shape)}"
        return problem(rule, list(tensor.shape), layer=layer.name, field=field)
    if tensor.dtype.kind not in "fiub":
        return problem(f"{variable.name} must hold numbers", str(tensor.dtype), layer=layer.name, field=field)
    return None


def _hdf5(document: dict[str, Any], resolved: Resolved, weights: Weights) -> bytes:
    layers = {layer.name: layer for layer in resolved.layers}
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for leaf in leaves(parse(document)):
            group = file.create_group(f"{leaf.path}/vars")
            group.attrs["name"] = leaf.source.name
            _write_layer(file[leaf.path], layers[leaf.source.name], weights)
    return buffer.getvalue()


def _write_layer(group: Any, layer: ResolvedLayer, weights: Weights) -> None:
    where, again = places(layer), copies(layer)
    for variable in layer.weights:
        values = np.asarray(weights[f"{layer.name}/{variable.name}"])
        for path in [where[variable.name], *([again[variable.name]] if variable.name in again else [])]:
            group[path] = values
