"""Layers for pictures: other sizes, the middle, pyramids of windows, and windows side by side."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx.composed.resampling import weights
from visualnn_converter.formats.onnx.composed.tensors import part
from visualnn_converter.formats.onnx.emission import Emission, fixed
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity

_MODES = {"nearest": {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}, "bilinear": {"mode": "linear"}}
_INF = float("inf")


def _known(e: Emission, why: str) -> tuple[int, int]:
    """Height and width. Raises ``Unmappable`` where they are free."""
    height, width = (known(n) for n in e.inputs[0].shape[:2])
    if height is None or width is None:
        hint = "give the Input layer a fixed height and width"
        raise Unmappable(f"the picture's size must be known: {why}", list(e.inputs[0].shape), hint=hint)
    return height, width


def _new_size(e: Emission, picture: str, old: tuple[int, int], size: Sequence[int], how: str, smooth: bool) -> str:
    """A picture with channels first in another size, by a product from the right and one from the left."""
    rows, columns = (weights(n, m, how, smooth) for n, m in zip(old, size, strict=True))
    found = e.op("MatMul", picture, e.constant(np.ascontiguousarray(columns.T)))
    return str(e.op("MatMul", e.constant(rows), found))


def resized(e: Emission) -> list[Value]:
    """Resizing, after the picture was cut or padded to the new proportions where that is wanted."""
    p, value = e.p, e.inputs[0]
    size, how, smooth = (
        (p["height"], p["width"]),
        p["interpolation"],
        p["antialias"] and p["interpolation"] != "nearest",
    )
    picture, old = value.name, tuple(known(n) for n in value.shape[:2])
    if p["crop_to_aspect_ratio"]:
        picture, old = _middle_of_proportions(e, _known(e, "it is cut to the new proportions"), size)
    elif p["pad_to_aspect_ratio"]:
        picture, old = _padded_to_proportions(e, _known(e, "it is padded to the new proportions"), size)
    if how in _MODES and not smooth:
        return [e.made(_resize(e, picture, size, **_MODES[how]))]
    if None in old:
        old = _known(e, f"{how} is said by matrices")
    return [e.made(_new_size(e, picture, old, size, how, smooth))]  # type: ignore[arg-type]


def enlarged(e: Emission) -> list[Value]:
    """UpSampling2D by the methods that ONNX has not."""
    old, (down, right) = _known(e, f"{e.p['interpolation']} is said by matrices"), e.p["size"]
    size = (old[0] * down, old[1] * right)
    return [e.made(_new_size(e, e.inputs[0].name, old, size, e.p["interpolation"], False))]


def _proportional(old: tuple[int, int], size: Sequence[int]) -> tuple[int, int]:
    """Height for the old width, and width for the old height, in the new proportions; as Keras rounds."""
    (height, width), (rows, columns) = old, size
    return int(np.float32(width * rows) / np.float32(columns)), int(np.float32(height * columns) / np.float32(rows))


def _middle_of_proportions(e: Emission, old: tuple[int, int], size: Sequence[int]) -> tuple[str, tuple[int, int]]:
    cut = [max(min(n, m), 1) for n, m in zip(old, _proportional(old, size), strict=True)]
    starts = [(n - m) // 2 for n, m in zip(old, cut, strict=True)]
    cuts = [(axis, start, start + n) for axis, (start, n) in enumerate(zip(starts, cut, strict=True), start=1)]
    return part(e, e.inputs[0], cuts), (cut[0], cut[1])


def _padded_to_proportions(e: Emission, old: tuple[int, int], size: Sequence[int]) -> tuple[str, tuple[int, int]]:
    """Keras pads both sides by the same number of cells: an odd one is left out."""
    wide = [max(n, m) for n, m in zip(old, _proportional(old, size), strict=True)]
    sides = [(m - n) // 2 for n, m in zip(old, wide, strict=True)]
    pads = [0, 0, *sides, 0, 0, *sides]
    found = e.op("Pad", e.inputs[0], pads, float(e.p["fill_value"]))
    return str(found), (old[0] + 2 * sides[0], old[1] + 2 * sides[1])


def middle(e: Emission) -> list[Value]:
    """CenterCrop, and RandomCrop outside training: pictures that are too small are enlarged and cut."""
    size = (e.p["height"], e.p["width"])
    old = _known(e, "what is cut off follows from it")
    if all(n >= m for n, m in zip(old, size, strict=True)):
        starts = [(n - m) // 2 for n, m in zip(old, size, strict=True)]
        cuts = [(axis, start, start + n) for axis, (start, n) in enumerate(zip(starts, size, strict=True), start=1)]
        return [e.made(part(e, e.inputs[0], cuts))]
    picture, _ = _middle_of_proportions(e, old, size)
    return [e.made(_resize(e, picture, size, mode="linear"))]


def _resize(e: Emission, picture: str, size: Sequence[int], **attributes: Any) -> str:
    """ONNX' own operator; height and width behind batch and channels, which it keeps."""
    sizes = e.op("Concat", e.op("Shape", picture, start=0, end=2), list(size), axis=0)
    return str(e.op("Resize", picture, "", "", sizes, **attributes))


def contrast(e: Emission) -> list[Value]:
    """AutoContrast: each channel over the whole range of values; one that is all alike stays as it is."""
    low, high = (float(n) for n in sorted(e.p["value_range"]))
    value = e.inputs[0]
    scaled = e.op("Mul", e.op("Div", e.op("Sub", value, low), high - low), 255.0)
    least, most = (e.op(op, scaled, [2, 3]) for op in ("ReduceMin", "ReduceMax"))
    factor = e.op("Div", 255.0, e.op("Sub", most, least))
    found = e.op("Add", e.op("Mul", scaled, factor), e.op("Mul", e.op("Neg", least), factor))
    found = e.op("Div", e.op("Clip", found, 0.0, 255.0), 255.0)
    found = e.op("Add", e.op("Mul", found, high - low), low)
    return [e.made(e.op("Where", e.op("IsNaN", found), value, found))]


def adaptive(e: Emission) -> list[Value]:
    """Adaptive pooling: windows from floor(i n / size) to ceil((i + 1) n / size), one axis after the other."""
    most = e.written.op == "MaxPool"
    value, sizes = e.inputs[0], e.p["output_size"]
    cells = [fixed(n) for n in value.shape[:-1]]
    if all(n % size == 0 for n, size in zip(cells, sizes, strict=True)):
        windows = [n // size for n, size in zip(cells, sizes, strict=True)]
        return [e.made(e.op(e.written.op, value, kernel_shape=windows, strides=windows))]
    found = value.name
    for axis, (n, size) in enumerate(zip(cells, sizes, strict=True), start=2):
        starts = np.arange(size) * n // size
        ends = -(-(np.arange(size) + 1) * n // size)
        inside = np.minimum(starts[:, None] + np.arange((ends - starts).max()), ends[:, None] - 1)
        windows = e.op("Gather", found, e.constant(inside), axis=axis)
        if most:
            found = e.op("ReduceMax", windows, [axis + 1], keepdims=0)
            continue
        shares = (starts[:, None] + np.arange(inside.shape[1]) < ends[:, None]) / (ends - starts)[:, None]
        shape = [*inside.shape, *[1] * (value.rank - 1 - axis)]
        weighed = e.op("Mul", windows, e.constant(shares.reshape(shape).astype(np.float32)))
        found = e.op("ReduceSum", weighed, [axis + 1], keepdims=0)
    return [e.made(found)]


def pyramid(e: Emission) -> list[Value]:
    """SpatialPyramidPooling: for each level the rows of windows, then their columns; sizes may be free."""
    value = e.plain()
    pool = "ReduceMax" if e.p["pool"] == "max" else "ReduceMean"
    levels = []
    for bins in e.p["bins"]:
        found = value.name
        for axis in (1, 2):
            windows = [
                e.op(pool, e.op("Slice", found, first, last, [axis]), [axis])
                for first, last in _bounds(e, value, axis, bins)
            ]
            found = e.op("Concat", *windows, axis=axis) if bins > 1 else windows[0]
        levels.append(e.op("Flatten", found, axis=1))
    return [e.made(e.op("Concat", *levels, axis=1) if len(levels) > 1 else levels[0], label=identity(2))]


def _bounds(e: Emission, value: Value, axis: int, bins: int) -> list[tuple[Any, Any]]:
    """Where each window begins and ends."""
    size = known(value.shape[axis - 1])
    if size is not None:
        return [([i * size // bins], [-(-(i + 1) * size // bins)]) for i in range(bins)]
    cells = e.size(value, axis)

    def share(i: int, more: int) -> Any:
        return e.op("Div", e.op("Add", e.op("Mul", cells, [i]), [more]), [bins])

    return [(share(i, 0), share(i + 1, bins - 1)) for i in range(bins)]


def caffe_pyramid(e: Emission) -> list[Value]:
    """SPP: windows of ceil(size / bins) cells, padded; in the order level, channel, row, column."""
    cells = _known(e, "the windows follow from it")
    levels = []
    for level in range(e.p["pyramid_height"]):
        bins = 2**level
        sizes = [-(-n // bins) for n in cells]
        lacking = [size * bins - n for size, n in zip(sizes, cells, strict=True)]
        sides = [*((n + 1) // 2 for n in lacking), *(n // 2 for n in lacking)]
        padded = e.op("Pad", e.inputs[0], [0, 0, *sides[:2], 0, 0, *sides[2:]], -_INF if e.p["pool"] == "MAX" else 0.0)
        op = "MaxPool" if e.p["pool"] == "MAX" else "AveragePool"
        levels.append(e.op("Flatten", e.op(op, padded, kernel_shape=sizes, strides=sizes), axis=1))
    return [e.made(e.op("Concat", *levels, axis=1), label=identity(2))]


def columns(e: Emission) -> list[Value]:
    """Im2col: a convolution of each channel whose filters each take one cell of the window."""
    cells = int(np.prod(e.p["kernel_size"]))
    channels = fixed(e.inputs[0].shape[-1])
    one = np.eye(cells, dtype=np.float32).reshape(cells, 1, *e.p["kernel_size"])
    kernel = e.constant(np.tile(one, (channels, 1, 1, 1)))
    return [e.made(e.op("Conv", e.inputs[0], kernel, group=channels, **e.written.attributes))]


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (
    resized, enlarged, middle, contrast, adaptive, pyramid, caffe_pyramid, columns,
)  # fmt: skip
