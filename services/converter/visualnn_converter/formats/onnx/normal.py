"""Normalisations along axes of a tensor, by a mean, by groups of channels, or by a length."""

from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx.reading import Reading, bounded
from visualnn_converter.graphreading import Array, Node, Value
from visualnn_converter.layout import identity


def _along(value: Value, axis: int) -> list[int]:
    """The spec axes of all file axes from ``axis`` on."""
    if not -value.rank <= axis < value.rank or axis % value.rank == 0:
        raise Unmappable("axis must be one of the input's, and not the batch's", axis)
    along = list(value.label[axis % value.rank :])
    if 0 in along:
        raise Unmappable("axis must not be the batch's", axis)
    return along


def _param(axes: list[int], rank: int) -> int | list[int]:
    return -1 if axes == [rank - 1] else axes if len(axes) > 1 else axes[0]


def _weights(r: Reading, node: Node, names: tuple[str, ...], along: list[int], value: Value) -> dict[str, Array]:
    """Inputs behind the first, with the spec's order of axes; one number for an axis is one for each cell."""
    order, found = [along.index(axis) for axis in sorted(along)], {}
    sizes = [known(value.shape[axis - 1]) for axis in along]
    for key, blob in zip(names, node.inputs[1:], strict=False):
        if blob:
            array = r.weight(blob, key)
            fits = array.ndim <= len(along) and None not in sizes
            whole = (1,) * (len(along) - array.ndim) + array.shape
            if not fits or any(n not in (1, size) for n, size in zip(whole, sizes, strict=False)):
                raise Unmappable(f"{key} must have the sizes of the axes that are normalised", list(array.shape))
            found[key] = np.broadcast_to(array.reshape(whole), [n or 1 for n in sizes]).transpose(order)
    return found


def layer_norm(r: Reading, node: Node, name: str) -> list[Value]:
    """Along all axes from ``axis`` on, as the file has them."""
    value = r.value(node.inputs[0])
    along = _along(value, node.attributes.get("axis", -1))
    weights = _weights(r, node, ("gamma", "beta"), along, value)
    params = {
        "axis": _param(sorted(along), value.rank), "epsilon": node.attributes.get("epsilon", 1e-5),
        "scale": "gamma" in weights, "center": "beta" in weights,
    }  # fmt: skip
    return [r.made(name, node, "LayerNormalization", params, [value], weights=weights, key=node.inputs[1:])]


def rms_norm(r: Reading, node: Node, name: str) -> list[Value]:
    """As above without a mean; Keras has it along the last axes only."""
    value = r.value(node.inputs[0])
    along = _along(value, node.attributes.get("axis", -1))
    if sorted(along) != list(range(value.rank - len(along), value.rank)):
        value = r.laid(value, identity(value.rank), name)
        along = _along(value, node.attributes.get("axis", -1))
    weights = _weights(r, node, ("scale",), along, value)
    sizes = [known(value.shape[axis - 1]) or 1 for axis in sorted(along)]
    weights.setdefault("scale", np.broadcast_to(np.float32(1), sizes))
    axes = sorted(along)
    params = {"axis": _param(axes, value.rank), "epsilon": node.attributes.get("epsilon", 1e-5)}
    return [r.made(name, node, "RMSNormalization", params, [value], weights=weights, key=node.inputs[1:])]


def group_norm(r: Any, node: Node, name: str) -> list[Value]:
    """Groups of channels, the file's second axis; instance normalisation has one channel in each."""
    value: Value = r.value(node.inputs[0])
    axis = value.label[1] if value.rank > 2 else 0
    channels = known(value.shape[axis - 1]) if axis else None
    if channels is None or value.label[0] != 0:
        raise Unmappable(f"{node.op} must have channels of known number behind the batch", list(value.label))
    groups = node.attributes.get("num_groups", channels)
    if groups < 1 or channels % groups:
        raise Unmappable("num_groups must divide the number of channels", groups)
    bounded(channels)
    weights = {}
    for key, blob in zip(("gamma", "beta"), node.inputs[1:3], strict=True):
        array = r.weight(blob, key)
        if array.shape not in ((channels,), (groups,)):
            raise Unmappable(f"{key} must have a value for each channel", list(array.shape))
        per_group = node.op == "GroupNormalization" and r.source.opset < 21
        weights[key] = np.repeat(array, channels // groups) if per_group and array.shape == (groups,) else array
    params = {
        "groups": -1 if groups == channels else groups, "epsilon": node.attributes.get("epsilon", 1e-5),
        **({} if axis == value.rank - 1 else {"axis": axis}),
    }  # fmt: skip
    return [r.made(name, node, "GroupNormalization", params, [value], weights=weights, key=node.inputs[1:])]


def unit_norm(r: Reading, node: Node, name: str) -> list[Value]:
    """LpNormalization to length 1."""
    value, axis = r.value(node.inputs[0]), node.attributes.get("axis", -1)
    if node.attributes.get("p", 2) != 2:
        raise Unmappable("p must be 2", node.attributes["p"])
    if not -value.rank <= axis < value.rank or value.label[axis] == 0:
        raise Unmappable("axis must be one of the input's, and not the batch's", axis)
    own = value.label[axis]
    return [r.made(name, node, "UnitNormalization", {} if own == value.rank - 1 else {"axis": own}, [value])]
