"""Normalisation layers, fused and as chains of elementary operators; PReLU, whose slope lies along axes too."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.folding import Unknown, integers, unknown
from visualnn_converter.formats.tensorflow.mapped import attributes, place_mapped
from visualnn_converter.formats.tensorflow.moving import FIRST_CHANNELS, Placed
from visualnn_converter.formats.tensorflow.reading import Reading
from visualnn_converter.formats.tensorflow.values import decimal
from visualnn_converter.graphreading import Array, Node, Value, spread
from visualnn_converter.layout import channels_first, identity

_STATISTICS = ("gamma", "beta", "moving_mean", "moving_variance")


def fused(r: Reading, node: Node) -> Placed:
    """FusedBatchNorm of every version: x, scale, offset, mean, variance."""
    if len(node.inputs) < 3:
        raise Unmappable(f"{node.op} must have 5 inputs", len(node.inputs))
    name, value = r.scope(node), r.value(node.inputs[0])
    first = node.attributes.get("data_format") in FIRST_CHANNELS
    value = r.laid(value, channels_first(value.rank) if first else identity(value.rank), name)
    if not 4 <= value.rank <= 5:
        raise Unmappable(f"{node.op} must have an input of 4 or 5 axes", value.rank)
    tensors = {key: r.weight(ref, key) for key, ref in zip(_STATISTICS, node.inputs[1:], strict=False)}
    if node.attributes.get("is_training", True):
        _without_statistics(r, tensors)
    for key, value_of_none in (("gamma", 1.0), ("beta", 0.0)):
        if _is_nothing(r, node.inputs[1 if key == "gamma" else 2], tensors[key], value_of_none):
            del tensors[key]
    params: dict[str, Any] = {
        "epsilon": node.attributes.get("epsilon", 1e-4), "scale": "gamma" in tensors, "center": "beta" in tensors,
    }  # fmt: skip
    return [r.made(name, node, "BatchNormalization", params, [value], weights=tensors, key=node.inputs[1:])]


def _without_statistics(r: Reading, tensors: dict[str, Array]) -> None:
    """A graph for training normalises by the batch; its moving averages are elsewhere in it."""
    if not isinstance(tensors["beta"], Unknown):
        hint = "freeze the graph for inference: is_training false"
        raise Unmappable("a frozen batch norm must be for inference", {"is_training": True}, hint=hint)
    for key in ("moving_mean", "moving_variance"):
        tensors[key] = unknown(tensors["beta"].shape, "")
    r.report.note("batch norms of a graph for training are read with moving averages, as they are at inference")


def _is_nothing(r: Reading, ref: str, array: Array, value: float) -> bool:
    """Whether the file says that there is no such weight: made by Fill, or a constant where weights are variables."""
    if isinstance(array, Unknown) or not np.all(array == value):
        return False
    made = r.source.makers.get(ref)
    return (made is not None and made.op == "Fill") or r.has_variables


def _along(r: Reading, node: Node, value: Value) -> tuple[dict[str, Array], list[int]]:
    """Weights of a chain without the axes of one over which they are broadcast, and the axes that are left."""
    refs = dict(zip(node.attributes["weights"], node.inputs[1:], strict=True))
    laid = {key: spread(r.weight(ref, key), value) for key, ref in refs.items() if key != "axes"}
    axes = sorted({axis for _, along in laid.values() for axis in along})
    if any(value.shape[axis - 1] is FREE for axis in axes):
        raise Unmappable("weights must meet a tensor of known size", axes)
    return {key: array for key, (array, _) in laid.items()}, axes


def _kept(array: Array, axes: Sequence[int], value: Value) -> Array:
    """The weight along these axes of the spec; one number serves a whole axis."""
    flat = array.reshape([array.shape[axis - 1] for axis in axes])
    return np.broadcast_to(flat, [known(value.shape[axis - 1]) or 1 for axis in axes], subok=True)


def batch_norm(r: Reading, node: Node) -> Placed:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, in whatever order."""
    name, value = r.scope(node), r.value(node.inputs[0])
    arrays, axes = _along(r, node, value)
    axes = axes or [value.rank - 1]
    if len(axes) > 1:
        raise Unmappable("a batch norm must have its weights along one axis", axes)
    params = {
        "axis": -1 if axes == [value.rank - 1] else axes[0], "epsilon": node.attributes["epsilon"],
        "scale": "gamma" in arrays, "center": "beta" in arrays,
    }  # fmt: skip
    tensors = {key: _kept(array, axes, value) for key, array in arrays.items()}
    return [r.made(name, node, "BatchNormalization", params, [value], weights=tensors, key=node.inputs[1:])]


def layer_norm(r: Reading, node: Node) -> Placed:
    """Layer, root mean square and unit normalisation: by statistics of the sample along some axes."""
    name, value = r.scope(node), r.value(node.inputs[0])
    refs = dict(zip(node.attributes["weights"], node.inputs[1:], strict=True))
    along = integers(r.constants[refs["axes"]], "axes")
    if any(not -value.rank <= axis < value.rank for axis in along):
        raise Unmappable("axes must be the input's", along)
    axes = sorted({value.label[axis] for axis in along})
    arrays, found = _along(r, node, value)
    if 0 in axes or not axes or not set(found) <= set(axes):
        raise Unmappable("weights must lie along the axes of the mean", found)
    params: dict[str, Any] = {"axis": -1 if axes == [value.rank - 1] else axes if len(axes) > 1 else axes[0]}
    type = {"@RmsNorm": "RMSNormalization", "@UnitNorm": "UnitNormalization"}.get(node.op, "LayerNormalization")
    if type != "UnitNormalization":
        params["epsilon"] = node.attributes["epsilon"]
    if type == "LayerNormalization":
        params.update(scale="gamma" in arrays, center="beta" in arrays)
    tensors = {key: _kept(array, axes, value) for key, array in arrays.items()}
    return [r.made(name, node, type, params, [value], weights=tensors, key=node.inputs[1:])]


def normalization(r: Reading, node: Node) -> Placed:
    """(x - mean) / max(sqrt(variance), epsilon): Keras' layer before a net; numbers alike for all are parameters."""
    name, value = r.scope(node), r.value(node.inputs[0])
    arrays, axes = _along(r, node, value)
    if node.attributes["epsilon"] > 1e-6:
        raise Unmappable("the least deviation must be 1e-7, as Keras has it", node.attributes["epsilon"])
    refs = dict(zip(node.attributes["weights"], node.inputs[1:], strict=True))
    given = any(not f"/{ref}".endswith(f"/{key}") for key, ref in refs.items())
    if given and axes == [value.rank - 1]:
        lists = {key: [decimal(n) for n in _kept(array, axes, value)] for key, array in arrays.items()}
        return [r.made(name, node, "Normalization", lists, [value])]
    if not axes:
        numbers = {key: decimal(array.ravel()[0]) for key, array in arrays.items()}
        return [r.made(name, node, "Normalization", {"axis": None, **numbers}, [value])]
    axis: Any = axes if len(axes) > 1 else -1 if axes == [value.rank - 1] else axes[0]
    tensors = {key: _kept(array, axes, value) for key, array in arrays.items()}
    tensors["count"] = np.zeros((), np.float32)
    return [r.made(name, node, "Normalization", {"axis": axis}, [value], weights=tensors, key=node.inputs[1:])]


def prelu(r: Reading, node: Node) -> Placed:
    """The slope lies along the axes of the input; where it has size 1, one serves the whole axis."""
    value = r.value(node.inputs[0])
    alpha, axes = spread(r.weight(node.inputs[1], "alpha"), value)
    shared = {axis for axis, n in enumerate(value.shape, start=1) if axis not in axes and (n is FREE or n != 1)}
    params = {"shared_axes": sorted(shared)} if shared else {}
    name = r.scope(node)
    return [r.made(name, node, "PReLU", params, [value], weights={"alpha": alpha}, key=node.inputs[1])]


def softmax(r: Reading, node: Node) -> Placed:
    """Along the last axis as the file has it."""
    value = r.value(node.inputs[0])
    if value.label[-1] == 0:
        raise Unmappable("a softmax must not be along the batch", list(value.label))
    name = r.scope(node)
    if node.op == "LogSoftmax":
        value = r.laid(value, identity(value.rank), name) if value.label[-1] != value.rank - 1 else value
        return [place_mapped(r, node, name, [value], attributes(node))]
    return [place_mapped(r, node, name, [value], {"axis": value.rank - 1})]
