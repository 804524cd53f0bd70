"""Convolutions: sums over the window's cells of the input there times the kernel there. Dumoulin and Visin 2016.

As everywhere in this field they are cross-correlations: no kernel is turned around.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from visualnn_shared.reference.calling import Array, Call, forward
from visualnn_shared.reference.layers.functions import activated
from visualnn_shared.reference.layers.windows import counts_of, padded, sides_of, taps


def convolved(
    x: Array, kernel: Array, strides: Sequence[int], padding: Any, dilation: Sequence[int], groups: int = 1
) -> Array:
    """(batch, *sizes, channels) and (*window, channels / groups, filters) -> (batch, *windows, filters)."""
    size = kernel.shape[:-2]
    x = padded(x, sides_of(padding, x.shape[1:-1], size, strides, dilation))
    counts = counts_of(x, size, strides, dilation)
    narrow, filters = kernel.shape[-2], kernel.shape[-1]
    out = np.zeros((groups, len(x) * int(np.prod(counts)), filters // groups), np.result_type(x, kernel))
    for cell, seen in taps(x, size, strides, dilation, counts):
        rows = np.moveaxis(seen.reshape(-1, groups, narrow), 1, 0)
        out += rows @ np.moveaxis(kernel[cell].reshape(narrow, groups, -1), 1, 0)
    return np.moveaxis(out, 0, 1).reshape(len(x), *counts, filters)


def each_channel(x: Array, kernel: Array, strides: Sequence[int], padding: Any, dilation: Sequence[int]) -> Array:
    """(batch, *sizes, channels) and (*window, channels, m) -> (batch, *windows, channels m): m filters a channel."""
    size = kernel.shape[:-2]
    x = padded(x, sides_of(padding, x.shape[1:-1], size, strides, dilation))
    counts = counts_of(x, size, strides, dilation)
    each = kernel.shape[-1]
    x = np.repeat(x, each, -1) if each > 1 else x
    out = np.zeros((len(x), *counts, x.shape[-1]), np.result_type(x, kernel))
    term = np.empty_like(out)
    for cell, seen in taps(x, size, strides, dilation, counts):
        out += np.multiply(seen, kernel[cell].reshape(-1), out=term)
    return out


@forward("Conv1D", "Conv2D", "Conv3D")
def convolution(c: Call) -> Array:
    """In ``groups``, each with its share of channels and filters. Krizhevsky et al. 2012, section 3.5."""
    p = c.p
    found = convolved(c.x, c.w["kernel"], p["strides"], p["padding"], p["dilation_rate"], p["groups"])
    return activated(c.biased(found), p["activation"])


@forward("DepthwiseConv1D", "DepthwiseConv2D")
def depthwise(c: Call) -> Array:
    """Each channel by itself."""
    found = each_channel(c.x, c.w["kernel"], c.p["strides"], c.p["padding"], c.p["dilation_rate"])
    return activated(c.biased(found), c.p["activation"])


@forward("SeparableConv1D", "SeparableConv2D")
def separable(c: Call) -> Array:
    """Each channel by itself, then all channels of each place. Chollet 2017."""
    found = each_channel(c.x, c.w["depthwise_kernel"], c.p["strides"], c.p["padding"], c.p["dilation_rate"])
    point = c.w["pointwise_kernel"]
    return activated(c.biased(found @ point.reshape(point.shape[-2:])), c.p["activation"])


@forward("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def transposed(c: Call) -> Array:
    """Each input value is spread over a window of the output; what ``same`` has too much is cut on both sides, the odd
    cell at the end. Zeiler et al. 2010; kernel (*window, filters, channels).
    """
    p, kernel, rank = c.p, c.w["kernel"], len(c.p["kernel_size"])
    steps, strides, sizes = p["dilation_rate"], p["strides"], c.x.shape[1:-1]
    reaches = [(size - 1) * step + 1 for size, step in zip(p["kernel_size"], steps, strict=True)]
    spans = [(n - 1) * stride + reach for n, stride, reach in zip(sizes, strides, reaches, strict=True)]
    full = np.zeros((len(c.x), *spans, kernel.shape[-2]), np.result_type(c.x, kernel))
    for cell in product(*map(range, p["kernel_size"])):
        where = [
            slice(i * step, i * step + (n - 1) * stride + 1, stride)
            for i, step, stride, n in zip(cell, steps, strides, sizes, strict=True)
        ]
        full[(slice(None), *where)] += c.x @ kernel[cell].T
    more = p["output_padding"] or (None,) * rank
    ends = [_end(*one, p["padding"]) for one in zip(sizes, spans, reaches, strides, more, strict=True)]
    begins = [max(span - end, 0) // 2 for span, end in zip(spans, ends, strict=True)]
    behind = [(0, max(end - span, 0)) for span, end in zip(spans, ends, strict=True)]
    cut = tuple(slice(begin, begin + end) for begin, end in zip(begins, ends, strict=True))
    return activated(c.biased(padded(full, behind)[(slice(None), *cut)]), p["activation"])


def _end(n: int, span: int, reach: int, stride: int, more: int | None, padding: str) -> int:
    """Cells of the output, by the catalogue's rule."""
    if padding == "same":
        return n * stride if more is None else (n - 1) * stride + reach % 2 + more
    return span + max(stride - reach, 0) if more is None else span + more


@forward("LocallyConnected1D", "LocallyConnected2D")
def locally_connected(c: Call) -> Array:
    """A convolution whose every position has a kernel of its own: (positions, cells x channels, filters)."""
    size, strides = c.p["kernel_size"], c.p["strides"]
    counts = counts_of(c.x, size, strides)
    seen = np.stack([one for _cell, one in taps(c.x, size, strides)], -2)  # (batch, *counts, cells, channels)
    rows = seen.reshape(len(c.x), int(np.prod(counts)), -1)
    found = np.einsum("bpi,pio->bpo", rows, c.w["kernel"]).reshape(len(c.x), *counts, -1)
    return activated(c.biased(found), c.p["activation"])


@forward("Im2col")
def im2col(c: Call) -> Array:
    """The cells of each window as channels: channel of the input, row, column of the window."""
    size, strides, dilation = c.p["kernel_size"], c.p["strides"], c.p["dilation_rate"]
    x = padded(c.x, sides_of(c.p["padding"], c.x.shape[1:-1], size, strides, dilation))
    seen = np.stack([one for _cell, one in taps(x, size, strides, dilation)], -1)
    return seen.reshape(*seen.shape[:-2], -1)
