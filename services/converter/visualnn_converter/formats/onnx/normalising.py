"""Operators of all versions in their newest form, so that the catalogue's maps know one form of each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.maps import Bag, Const, Context, Label, Unmappable
from visualnn_shared.catalogue.window_lenses import same_pads

from visualnn_converter.formats.onnx.source import Opaque, decimal
from visualnn_converter.graphreading import Array, Node
from visualnn_converter.layout import channels_first

CONSTANT_INPUTS: Mapping[str, tuple[str, ...]] = {
    "Clip": ("", "min", "max"),
    "Pad": ("", "pads", "constant_value", "axes"),
    "Resize": ("", "roi", "scales", "sizes"),
    "Upsample": ("", "scales"),
}
"""Formal names of inputs that must be constants; an empty name is the tensor itself."""
MEANINGLESS: Mapping[str, Mapping[str, Any]] = {
    "BatchNormalization": {"momentum": None, "training_mode": 0, "is_test": None, "spatial": 1},
    "Gelu": {"approximate": "none"},
    "Selu": {"alpha": decimal(1.6732632), "gamma": decimal(1.0507010)},
    "Celu": {"alpha": 1.0},
    "Shrink": {"bias": 0.0},
    "LayerNormalization": {"stash_type": None},
    "MaxPool": {"dilations": "ones"},
    "AveragePool": {"dilations": "ones"},
    "Reshape": {"allowzero": 0},
    "Pad": {"mode": "constant"},
    "ConvTranspose": {"output_padding": "zeros"},
}
"""Attributes that say nothing at this value (None: at any): the operator's own defaults, and training."""
_RESIZING = ("exclude_outside", "extrapolation_value", "cubic_coeff_a", "antialias", "keep_aspect_ratio_policy")


def attributes(node: Node, constants: Mapping[str, Array], sizes: Sequence[Any], label: Label | None) -> Bag:
    """The node's attributes and constant inputs, as the newest operator set has them.

    ``sizes`` are those of the first input as the file has them, without the batch; None where they are not known.
    Raises ``Unmappable``.
    """
    given = dict(node.attributes)
    opaque = [key for key, value in given.items() if isinstance(value, Opaque | np.ndarray)]
    if opaque:
        raise Unmappable(f"{opaque[0]} must be a number or a text", repr(given[opaque[0]])[:80])
    for key, value in MEANINGLESS.get(node.op, {}).items():
        if key in given and _says_nothing(given[key], value):
            del given[key]
    for slot, key in enumerate(CONSTANT_INPUTS.get(node.op, ())):
        if key and slot < len(node.inputs) and node.inputs[slot]:
            if node.inputs[slot] not in constants:
                raise Unmappable(f"{key} must be a constant of the file", node.inputs[slot])
            given[key] = constants[node.inputs[slot]]
            if key in ("pads", "sizes", "axes") and given[key].dtype.kind not in "iu":
                raise Unmappable(f"{key} must be whole numbers", str(given[key].dtype))
    special = _SPECIAL.get(node.op)
    if special is not None:
        special(given, sizes, label)
    return Bag({key: _const(value) for key, value in given.items()})


def put_axis(bag: Bag, sizes: Sequence[Any], label: Label, *, old: bool) -> None:
    """The axis of a softmax; before operator set 13 the operator flattened all axes from there on."""
    axis, rank = bag.peek("axis", 1 if old else -1), len(sizes) + 1
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise Unmappable("axis must be one of the input's", axis)
    axis %= rank
    if old and (label[0] != 0 or any(n != 1 for n in sizes[axis:])):
        rule = "Softmax before operator set 13 must work along one axis: those behind it must have size 1"
        raise Unmappable(rule, list(sizes))
    bag.put("axis", axis)


def _says_nothing(found: Any, value: Any) -> bool:
    if value in ("ones", "zeros"):
        return isinstance(found, list) and set(found) <= {1 if value == "ones" else 0}
    return bool(value is None or found == value)


def _const(value: Any) -> Any:
    """A constant input as the lenses take it."""
    if not isinstance(value, np.ndarray):
        return value
    plain = value.tolist() if value.ndim else value.item()
    if isinstance(plain, float):
        plain = decimal(plain)
    return Const(-1, str(value.dtype), plain)


def _windows(given: dict[str, Any], sizes: Sequence[Any], _label: Label | None) -> None:
    """SAME_LOWER, the odd cell before the input, in cells."""
    if given.get("auto_pad") != "SAME_LOWER" or "kernel_shape" not in given:
        return
    kernel = given["kernel_shape"]
    ones = [1] * len(kernel)
    strides, dilations = given.get("strides", ones), given.get("dilations", ones)
    if (
        any(len(one) != len(kernel) or min(one, default=0) < 1 for one in (strides, dilations))
        or min(kernel, default=0) < 1
    ):
        return  # the lenses say what is wrong
    spatial = Context(input_shapes=[[*sizes[1:], None]]) if len(sizes) == len(kernel) + 1 else Context()
    pads = same_pads(kernel, strides, dilations, spatial)
    if pads is not None:
        del given["auto_pad"]
        given["pads"] = [after for _, after in pads] + [before for before, _ in pads]


def _clip(given: dict[str, Any], _sizes: Sequence[Any], _label: Label | None) -> None:
    for key in ("min", "max"):
        if key in given:
            value = given[key]
            if np.size(value) != 1:
                raise Unmappable(f"{key} must be one number", np.shape(value))
            given[key] = np.array(float(value.ravel()[0] if isinstance(value, np.ndarray) else value))
            if np.isinf(given[key]) or abs(float(given[key])) > 1e38:
                del given[key]


def _pad(given: dict[str, Any], sizes: Sequence[Any], label: Label | None) -> None:
    """Old attributes as inputs; the order of axes as for channels first, whatever order the tensor has."""
    value = given.pop("constant_value", given.pop("value", 0.0))
    if np.any(value):
        raise Unmappable("Pad must pad with zeros", float(np.ravel(value)[0]))
    pads, rank = np.ravel(given.pop("pads", ())).tolist(), len(sizes) + 1
    axes = np.ravel(given.pop("axes", range(rank))).tolist()
    if len(pads) != 2 * len(axes) or any(not -rank <= axis < rank for axis in axes):
        raise Unmappable("pads must be two numbers for each axis", pads)
    sides = {axis % rank: (pads[i], pads[len(axes) + i]) for i, axis in enumerate(axes)}
    whole = _reordered([sides.get(axis, (0, 0)) for axis in range(rank)], label)
    given["pads"] = np.array([before for before, _ in whole] + [after for _, after in whole], np.int64)


def _reordered(values: Sequence[Any], label: Label | None) -> list[Any]:
    """One value for each file axis, in the order of a channels-first tensor."""
    label = label or channels_first(len(values))
    return [values[label.index(axis)] for axis in channels_first(len(values))]


def _resize(given: dict[str, Any], sizes: Sequence[Any], label: Label | None) -> None:
    """Scales as whole factors; the ways to say "repeat each cell" as one. Upsample is the oldest Resize."""
    given.pop("roi", None)
    mode = given.get("mode", "nearest")
    for key in _RESIZING:
        given.pop(key, None) if mode != "cubic" and given.get(key) in (None, 0, 0.0, -0.75, "stretch") else None
    scales = _scales(given, sizes)
    given["scales"] = np.array(_reordered(scales, label), np.float64)
    way = given.get("coordinate_transformation_mode", "half_pixel")
    if way == "pytorch_half_pixel" and all(n is None or n * s > 1 for n, s in zip(sizes, scales[1:], strict=True)):
        way = given["coordinate_transformation_mode"] = "half_pixel"
    nearest = given.get("nearest_mode", "round_prefer_floor")
    if mode == "nearest" and way == "half_pixel" and nearest.startswith("round_prefer"):
        given.update(coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    elif mode != "nearest":
        given.pop("nearest_mode", None)


def _scales(given: dict[str, Any], sizes: Sequence[Any]) -> list[float]:
    """One for each axis, the batch's first."""
    wanted = np.ravel(given.pop("sizes", ())).tolist()
    scales = [float(n) for n in np.ravel(given.pop("scales", ())).tolist()]
    if wanted and len(wanted) == len(sizes) + 1:
        if None in sizes:
            raise Unmappable("Resize to given sizes must have an input of known size", list(sizes))
        scales = [1.0, *(n / size for n, size in zip(wanted[1:], sizes, strict=True))]
    if len(scales) != len(sizes) + 1 or not all(0 < scale < 2**20 for scale in scales):
        raise Unmappable("scales must be one number for each axis", scales)
    return scales


def _hard_sigmoid(given: dict[str, Any], _sizes: Sequence[Any], _label: Label | None) -> None:
    given.setdefault("alpha", 0.2)
    given.setdefault("beta", 0.5)


def _shrink(given: dict[str, Any], _sizes: Sequence[Any], _label: Label | None) -> None:
    given.setdefault("lambd", 0.5)


def _upsample(given: dict[str, Any], sizes: Sequence[Any], label: Label | None) -> None:
    given.update(coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    _resize(given, sizes, label)


_SPECIAL: Mapping[str, Callable[[dict[str, Any], Sequence[Any], Label | None], None]] = {
    "Conv": _windows,
    "MaxPool": _windows,
    "AveragePool": _windows,
    "Clip": _clip,
    "HardSigmoid": _hard_sigmoid,
    "Shrink": _shrink,
    "Pad": _pad,
    "Resize": _resize,
    "Upsample": _upsample,
}
