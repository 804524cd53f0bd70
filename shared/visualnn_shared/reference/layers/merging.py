"""Several tensors as one, and products of two."""

from functools import reduce

import numpy as np

from visualnn_shared.reference.calling import Array, Call, Refused, forward
from visualnn_shared.reference.layers.functions import axes_of
from visualnn_shared.reference.masks import spread


def _aligned(c: Call) -> list[Array]:
    """The inputs with as many axes each: Keras puts axes of 1 behind the batch."""
    rank = max(x.ndim for x in c.inputs)
    return [x.reshape(x.shape[0], *[1] * (rank - x.ndim), *x.shape[1:]) for x in c.inputs]


@forward("Add")
def add(c: Call) -> Array:
    """The sum, each input times its coefficient."""
    factors = c.p["coefficients"] or [1] * len(c.inputs)
    return np.asarray(sum(x * factor for x, factor in zip(_aligned(c), factors, strict=True)))


@forward("Subtract")
def subtract(c: Call) -> Array:
    """The first less the second."""
    first, second = _aligned(c)
    return first - second


@forward("Average")
def average(c: Call) -> Array:
    """The mean of the inputs."""
    return np.asarray(sum(_aligned(c)) / len(c.inputs))


@forward("Multiply")
def multiply(c: Call) -> Array:
    """The product; a step that is masked in an input counts as 1 there, and is 0 where it is masked in all."""
    found = reduce(np.multiply, [
        x if mask is None else np.where(spread(mask, x), x, 1)
        for x, mask in zip(_aligned(c), c.masks, strict=True)
    ])  # fmt: skip
    given = [mask for mask in c.masks if mask is not None]
    if given and len(given) == len(c.masks):
        found = np.where(spread(reduce(np.logical_or, given), found), found, 0)
    return np.asarray(found)


@forward("Maximum", "Minimum")
def extreme(c: Call) -> Array:
    """The largest or smallest value at each place, of the inputs whose step counts there."""
    choose = np.maximum if c.type == "Maximum" else np.minimum
    inputs = _aligned(c)
    out, counts = inputs[0], c.masks[0]
    for x, mask in zip(inputs[1:], c.masks[1:], strict=True):
        x = x if mask is None else np.where(spread(mask, x), x, out)
        out = out if counts is None else np.where(spread(counts, out), out, x)
        out = choose(out, x)
        counts = None if counts is None or mask is None else counts | mask
    return np.asarray(out)


@forward("Concatenate")
def concatenate(c: Call) -> Array:
    """One behind the other along ``axis``."""
    return np.concatenate(c.inputs, c.p["axis"])


@forward("Dot")
def dot(c: Call) -> Array:
    """The sum of products along an axis of each, for each sample: the first's other axes, then the second's."""
    first, second = c.inputs
    (a,), (b,) = (axes_of(axis, x.ndim) for axis, x in zip(c.p["axes"], c.inputs, strict=True))
    if c.p["normalize"]:
        first, second = (x / np.maximum(np.sqrt((x**2).sum(axis, keepdims=True)), 1e-12)
                         for x, axis in ((first, a), (second, b)))  # fmt: skip
    left, right = np.moveaxis(first, a, -1), np.moveaxis(second, b, -1)
    n, size = len(left), left.shape[-1]
    found = left.reshape(n, -1, size) @ right.reshape(n, -1, size).swapaxes(1, 2)
    return found.reshape(n, *(left.shape[1:-1] + right.shape[1:-1] or (1,)))


@forward("Crop")
def crop(c: Call) -> Array:
    """The first input, from ``offset`` on, as long as the second along ``axis``."""
    x, like = c.inputs
    axes = (c.p["axis"],) if isinstance(c.p["axis"], int) else c.p["axis"]
    offsets = c.p["offset"] * len(axes) if len(c.p["offset"]) == 1 else c.p["offset"]
    for axis, offset in zip(axes, offsets, strict=True):
        if offset + like.shape[axis] > x.shape[axis]:
            raise Refused("the reference must fit into the input behind the offset")
        x = np.take(x, range(offset, offset + like.shape[axis]), axis)
    return x
