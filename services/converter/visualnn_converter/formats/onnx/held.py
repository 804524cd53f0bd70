"""Concat: of one tensor, of tensors, and of tensors with constants, such as the class token of a ViT."""

from dataclasses import replace
from typing import Any

import numpy as np
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.graphreading import Array, Node, Value


def concat(r: Any, node: Node, name: str) -> list[Value]:
    """Of one tensor it is that tensor; constants, which are the same for every sample, become ``Parameter`` layers."""
    tensors = [r.value(one) for one in node.inputs if one not in r.constants]
    if len(node.inputs) == 1:
        return tensors
    inputs = list(node.inputs)
    for place, one in enumerate(inputs):
        if one in r.constants:
            inputs[place] = f"{node.outputs[0]}/value {place}"
            r.values[inputs[place]] = _held(r, node, f"{name}/value", r.weight(one, "the constant"), tensors[0])
    joined: list[Value] = r.mapped(replace(node, inputs=tuple(inputs)), name)
    return joined


def _held(r: Any, node: Node, wanted: str, array: Array, beside: Value) -> Value:
    """A constant as a layer; ``beside`` has its batch and the order of its axes."""
    place = beside.label.index(0)
    if array.ndim != beside.rank:
        raise Unmappable("a constant must have the axes of the tensor beside it", list(array.shape))
    row = array.take([0], axis=place)
    if array.shape[place] not in (1, r.batch) or not np.array_equal(np.broadcast_to(row, array.shape), array):
        raise Unmappable("a constant must be the same for every sample", list(array.shape))
    laid = row.transpose([beside.label.index(axis) for axis in range(beside.rank)])[0]
    own = r.name(wanted)
    source = Value(beside.ref, beside.shape, beside.label)
    shape = r.place(own, node.op, "Parameter", {"shape": list(laid.shape)}, [source], {"value": laid})[0]
    r.report.rewrote(own, "a constant as a layer", "joined with tensors, it has a row for every sample")
    return Value(own, shape, beside.label)
