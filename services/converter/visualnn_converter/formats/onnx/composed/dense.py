"""Layers made of matrix products: gates, pieces, clusters, and windows with weights of their own."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from visualnn_converter.formats.onnx.emission import Emission, fixed
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity


def affine(e: Emission, kernel: str = "kernel", bias: str = "bias") -> str:
    """x @ kernel + bias along the last axis."""
    product = e.op("MatMul", e.plain(), e.tensor(kernel))
    return str(e.op("Add", product, e.tensor(bias)) if e.has(bias) else product)


def highway(e: Emission) -> list[Value]:
    """T H + (1 - T) x, with T a sigmoid."""
    value = e.plain()
    gate = e.op("Sigmoid", affine(e, "transform_kernel", "transform_bias"))
    changed = e.activated(e.p["activation"], e.value(affine(e), value.shape))
    changed = e.graph.moved(changed, identity(value.rank))
    found = e.op("Add", e.op("Mul", gate, changed), e.op("Mul", e.op("Sub", 1.0, gate), value))
    return [e.made(found)]


def maxout(e: Emission) -> list[Value]:
    """The largest of the sums of each unit, which lie side by side."""
    rank = e.inputs[0].rank
    apart = e.reshaped(affine(e), [*[0] * (rank - 1), e.p["units"], e.p["pieces"]])
    return [e.made(e.op("ReduceMax", apart, [rank], keepdims=0))]


def clustered(e: Emission) -> list[Value]:
    """HierarchicalSoftmax: shares of clusters times shares in them; places without a class have none."""
    rank, p = e.inputs[0].rank, e.p
    per = p["classes_per_cluster"]
    clusters = -(-p["classes"] // per)
    outer = e.op("Softmax", affine(e, "cluster_kernel", "cluster_bias"), axis=-1)
    ends = [0] * (2 * rank - 1) + [clusters * per - p["classes"]]
    inner = e.op("Pad", affine(e), ends, float("-inf")) if ends[-1] else affine(e)
    lead = [0] * (rank - 1)
    shares = e.op("Softmax", e.reshaped(inner, [*lead, clusters, per]), axis=-1)
    found = e.reshaped(e.op("Mul", shares, e.op("Unsqueeze", outer, [rank])), [*lead, clusters * per])
    if ends[-1]:
        found = e.op("Slice", found, [0], [p["classes"]], [rank - 1])
    return [e.made(found)]


def separable(e: Emission) -> list[Value]:
    """SeparableConv1D and 2D: a convolution of each channel, then one of 1 x 1 across channels."""
    rank, middle = len(e.p["kernel_size"]), e.hidden("channels")
    perm = [rank + 1, rank, *range(rank)]
    attributes = dict(e.written.attributes)
    e.graph.node("Conv", [e.inputs[0].name, e.tensor("depthwise_kernel", _depthwise)], middle, middle, **attributes)
    bias = [e.tensor("bias")] if e.has("bias") else []
    pointwise = e.tensor("pointwise_kernel", lambda x: x.transpose(perm))
    return [e.made(e.op("Conv", middle, pointwise, *bias, kernel_shape=[1] * rank))]


def _depthwise(x: Any) -> Any:
    """(*sizes, in, multiplier) to (in * multiplier, 1, *sizes)."""
    *sizes, channels, multiplier = x.shape
    rank = len(sizes)
    return x.transpose(rank, rank + 1, *range(rank)).reshape(channels * multiplier, 1, *sizes)


def local(e: Emission) -> list[Value]:
    """LocallyConnected1D and 2D: the cells of each window gathered, times the weights of its position."""
    p, value = e.p, e.plain()
    rank = len(p["kernel_size"])
    positions = [fixed(n) for n in e.layer.output_shapes[0][:-1]]
    found = value.name
    for axis, (count, size, stride) in enumerate(zip(positions, p["kernel_size"], p["strides"], strict=True)):
        cells = np.arange(count)[:, None] * stride + np.arange(size)
        found = e.op("Gather", found, e.constant(cells), axis=1 + 2 * axis)  # the axis becomes position, cell
    order = [0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1]
    channels = e.layer.weights[0].shape[1]
    flat = e.reshaped(e.op("Transpose", found, perm=order), [-1, prod(positions), fixed(channels)])
    product = e.op("Einsum", flat, e.tensor("kernel"), equation="bpi,pio->bpo")
    out = e.reshaped(product, [-1, *positions, p["filters"]])
    out = e.op("Add", out, e.tensor("bias")) if e.has("bias") else out
    return [e.made(out, label=identity(rank + 2))]


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (highway, maxout, clustered, separable, local)
