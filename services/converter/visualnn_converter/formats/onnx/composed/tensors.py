"""Layers that cut, join, repeat or hold tensors, and general products."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.einsum import terms
from visualnn_shared.catalogue.free import known

from visualnn_converter.formats.onnx.composed.normal import file_axes, to_unit_length
from visualnn_converter.formats.onnx.emission import Emission, Mask, axes_of
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity

END = np.iinfo(np.int64).max
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def part(e: Emission, value: Value, cuts: Sequence[tuple[int, int, int]]) -> str:
    """Cells from a first to before a last, for each of (spec axis, first, last); a last below 0 is none but ``END``."""
    kept = [cut for cut in cuts if cut[1:] != (0, END)]
    if not kept:
        return str(e.op("Identity", value))
    axes, firsts, lasts = (list(one) for one in zip(*kept, strict=True))
    return str(e.op("Slice", value, firsts, lasts, [value.label.index(axis) for axis in axes]))


def cropped(e: Emission) -> list[Value]:
    """Cropping1D to 3D: cells cut off at both ends; those at the end count from there."""
    sides = e.p["cropping"]
    sides = (sides,) if isinstance(sides[0], int) else sides
    cuts = [(axis, before, -after if after else END) for axis, (before, after) in enumerate(sides, start=1)]
    return [e.made(part(e, e.inputs[0], cuts))]


def cut_to_reference(e: Emission) -> list[Value]:
    """Crop: as many cells as the second input has, from an offset on."""
    value, reference = e.inputs
    axes = axes_of(e.p["axis"], value.rank)
    offsets = e.p["offset"] * len(axes) if len(e.p["offset"]) == 1 else e.p["offset"]
    sizes = [e.size(reference, reference.label.index(axis)) for axis in axes]
    starts = e.graph.constant("int64", list(offsets))
    ends = e.op("Add", e.op("Concat", *sizes, axis=0), starts)
    return [e.made(e.op("Slice", value, starts, ends, [value.label.index(axis) for axis in axes]))]


def copies(e: Emission) -> list[Value]:
    """Split: the same tensor as each output."""
    return [e.made(e.inputs[0].name, index, e.label) for index in range(e.p["outputs"])]


def pieces(e: Emission) -> list[Value]:
    """Slice: a piece of an axis as each output."""
    value, points = e.inputs[0], e.p["slice_points"]
    (axis,) = axes_of(e.p["axis"], value.rank)
    size, starts = known(value.shape[axis - 1]), (0, *points)
    if size is None:
        found = [part(e, value, [(axis, start, end)]) for start, end in zip(starts, (*points, END), strict=True)]
    else:
        sizes = [end - start for start, end in zip(starts, (*points, size), strict=True)]
        found = e.op("Split", value, sizes, outputs=len(sizes), axis=e.label.index(axis))
    return [e.made(name, index, e.label) for index, name in enumerate(found)]


def tiled(e: Emission) -> list[Value]:
    """Tile: an axis several times over."""
    repeats = [1] * e.inputs[0].rank
    repeats[file_axes(e, e.p["axis"])[0]] = e.p["tiles"]
    return [e.made(e.op("Tile", e.inputs[0], repeats))]


def repeated(e: Emission) -> list[Value]:
    """RepeatVector: (batch, features) -> (batch, n, features)."""
    found = e.op("Tile", e.op("Unsqueeze", e.plain(), [1]), [1, e.p["n"], 1])
    return [e.made(found, dtype=e.inputs[0].dtype)]


def held(e: Emission) -> list[Value]:
    """Parameter: the tensor once for each sample."""
    shape = e.sizes([(e.plain(), 0), *e.p["shape"]])
    return [e.made(e.op("Expand", e.tensor("value"), shape), label=identity(len(e.p["shape"]) + 1))]


def masked(e: Emission) -> list[Value]:
    """Masking: steps whose values all equal ``mask_value`` become 0, and are marked."""
    value = e.plain()
    other = e.op("Not", e.op("Equal", value, float(e.p["mask_value"])))
    kept = e.op("Cast", e.op("ReduceMax", e.op("Cast", other, to=1), [value.rank - 1]), to=9)
    e.mask = Mask(e.op("Squeeze", kept, [value.rank - 1]), value.rank - 1)
    return [e.made(e.op("Where", kept, value, 0.0))]


def dot(e: Emission) -> list[Value]:
    """Products summed along an axis of each input; the batch is common."""
    values = [e.plain(0), e.plain(1)]
    axes = [axes_of(axis, value.rank)[0] for axis, value in zip(e.p["axes"], values, strict=True)]
    names: list[Any] = list(values)
    if e.p["normalize"]:
        names = [to_unit_length(e, value, [axis]) for value, axis in zip(values, axes, strict=True)]
    first, second = _LETTERS[1 : values[0].rank], _LETTERS[values[0].rank : values[0].rank + values[1].rank - 1]
    second = second.replace(second[axes[1] - 1], first[axes[0] - 1])
    common = first[axes[0] - 1]
    left = "".join(letter for letter in first + second if letter != common)
    found = e.op("Einsum", *names, equation=f"a{first},a{second}->a{left}")
    found = found if left else e.op("Unsqueeze", found, [1])
    return [e.made(found, label=identity(len(e.layer.output_shapes[0]) + 1))]


def einsum(e: Emission) -> list[Value]:
    """EinsumDense: further axes get letters of their own."""
    found, rank = terms(e.p["equation"]), e.inputs[0].rank
    assert found is not None  # the parameter's kind has seen to it
    spare = [letter for letter in _LETTERS if letter not in found.input + found.kernel + found.output]
    more = "".join(spare[: rank - len(found.input)])
    left, right = (more if side else "" for side in (found.left, found.right))
    equation = f"{left}{found.input}{right},{found.kernel}->{left}{found.output}{right}"
    product = e.op("Einsum", e.plain(), e.tensor("kernel"), equation=equation)
    found_bias = e.op("Add", product, e.tensor("bias")) if e.has("bias") else product
    return [e.made(found_bias, label=identity(len(e.layer.output_shapes[0]) + 1))]


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (
    cropped, cut_to_reference, copies, pieces, tiled, repeated, held, masked, dot, einsum,
)  # fmt: skip
