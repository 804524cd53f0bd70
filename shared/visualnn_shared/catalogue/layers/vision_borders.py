"""Zeros around, cells cut off, and sizes multiplied, for sequences, pictures and volumes."""

from typing import Any

from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Shapes
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Choice, Int, Kind, Tuple
from visualnn_shared.catalogue.lenses import Around, At, AtInput, Is, Lens, Map, Sets
from visualnn_shared.catalogue.onnx_maps import BorderPads, Scales, composed
from visualnn_shared.catalogue.padding import AXES, BORDERS, Sides, ZeroPadding
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.torch_maps import torch_borders
from visualnn_shared.catalogue.window_lenses import over
from visualnn_shared.catalogue.window_params import SUBJECT
from visualnn_shared.catalogue.windows import need_spatial

CELLS: dict[int, Kind] = {1: Tuple(2, Int(0)), 2: ZeroPadding(2), 3: ZeroPadding(3)}
"""Cells before and after each axis; those of a sequence are one pair, as in Keras."""
FORMS = {1: "n, or [before, after]"} | {
    rank: f"n, [{', '.join(AXES[rank])}] or {BORDERS[rank]}" for rank in (2, 3)
}  # fmt: skip


def _sides(value: Any) -> Sides:
    """((before, after), ...), also for the one pair of a sequence."""
    return (value,) if isinstance(value[0], int) else value


def _padded(p: Params, ins: Shapes) -> list[Shape]:
    """Each axis grows by the cells before and after it."""
    sides = _sides(p["padding"])
    need_spatial(ins[0], len(sides))
    return [(*(n + before + after for n, (before, after) in zip(ins[0], sides, strict=False)), ins[0][-1])]


def _zero_padding(rank: int, default: Any, example: Example) -> None:
    """``ZeroPadding1D``, ``ZeroPadding2D`` or ``ZeroPadding3D``."""
    pads = AtInput("padding", "pads", 1, "int64", BorderPads(rank))
    layer(
        f"ZeroPadding{rank}D",
        doc=f"Zeros around the {SUBJECT[rank]}.",
        group="vision",
        params=[Param("padding", CELLS[rank], default, f"Cells: {FORMS[rank]}.")],
        shape=_padded,
        layout="spatial",
        maps={
            "keras": [keras(f"ZeroPadding{rank}D")],
            "onnx": [Map("Pad", [pads], when=over(rank))],
            "torch": torch_borders("padding"),
            "tensorflow": [Map("Pad", [Around(("padding",))], around="pad")],
        },
        example=example,
    )


_zero_padding(1, (1, 1), Example(((7, 2),), {"padding": [1, 0]}))
_zero_padding(2, ((1, 1), (1, 1)), Example(((7, 7, 2),), {"padding": [[1, 0], [2, 3]]}))
_zero_padding(3, ((1, 1),) * 3, Example(((5, 5, 5, 2),), {"padding": [[1, 0], [2, 3], [0, 0]]}))


def _cropped(p: Params, ins: Shapes) -> list[Shape]:
    """Each axis loses the cells before and after it; one must be left. Raises ``Broken``."""
    sides = _sides(p["cropping"])
    need_spatial(ins[0], len(sides))
    sizes = [n - before - after for n, (before, after) in zip(ins[0], sides, strict=False)]
    if any(n < 1 for n in sizes):
        hint = f"the input is {' x '.join(map(str, ins[0][:-1]))}"
        raise Broken("cropping must leave at least one cell", p["cropping"], param="cropping", hint=hint)
    return [(*sizes, ins[0][-1])]


def _cropping(rank: int, default: Any, example: Example) -> None:
    """``Cropping1D``, ``Cropping2D`` or ``Cropping3D``."""
    layer(
        f"Cropping{rank}D",
        doc=f"The {SUBJECT[rank]} without cells at its borders.",
        group="vision",
        params=[Param("cropping", CELLS[rank], default, f"Cells cut off: {FORMS[rank]}.")],
        shape=_cropped,
        layout="spatial",
        maps={
            "keras": [keras(f"Cropping{rank}D")],
            "onnx": [composed("Slice", "cropped", "cropping", layout="any")],
            "torch": torch_borders("cropping", -1),
            "tensorflow": [Map("StridedSlice", [Around(("cropping",))], around="crop")],
        },
        example=example,
    )


_cropping(1, (1, 1), Example(((7, 2),), {"cropping": [1, 2]}))
_cropping(2, ((0, 0), (0, 0)), Example(((7, 7, 2),), {"cropping": [[1, 0], [2, 3]]}))
_cropping(3, ((1, 1),) * 3, Example(((5, 5, 5, 2),), {"cropping": [[1, 0], [2, 1], [0, 0]]}))


def _upsampled(p: Params, ins: Shapes) -> list[Shape]:
    """Each axis times its factor."""
    factors = p["size"] if isinstance(p["size"], tuple) else (p["size"],)
    need_spatial(ins[0], len(factors))
    return [(*(n * factor for n, factor in zip(ins[0], factors, strict=False)), ins[0][-1])]


def _nearest(rank: int) -> list[Lens]:
    """ONNX Resize that repeats cells."""
    return [
        AtInput("size", "scales", 2, "float32", Scales(rank)), Is("mode", "nearest", "nearest"),
        Is("coordinate_transformation_mode", "asymmetric", "half_pixel"),
        Is("nearest_mode", "floor", "round_prefer_floor"),
    ]  # fmt: skip


layer(
    "UpSampling1D",
    doc="Each step repeated.",
    group="vision",
    params=[Param("size", Int(1), 2, "How often each step is repeated.")],
    shape=_upsampled,
    layout="spatial",
    maps={
        "keras": [keras("UpSampling1D")],
        "onnx": [Map("Resize", _nearest(1), when=over(1))],
        "torch": [Map("F.interpolate", [At("size", "scale_factor"), Is("mode", "nearest")])],
        "tensorflow": [Map("ResizeNearestNeighbor", [Around(("size",))], around="resize")],
    },
    example=Example(((8, 4),), {"size": 3}),
)
layer(
    "UpSampling2D",
    doc="A picture made larger by whole factors.",
    group="vision",
    params=[
        Param("size", Tuple(2), (2, 2), "Factors down and right."),
        Param("interpolation", Choice(("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")), "nearest",
              "How values between cells are made."),
    ],
    shape=_upsampled,
    layout="spatial",
    maps={
        "keras": [keras("UpSampling2D")],
        "onnx": [
            Map("Resize", [Sets("interpolation", "nearest"), *_nearest(2)]),
            Map("Resize", [
                Sets("interpolation", "bilinear"), AtInput("size", "scales", 2, "float32", Scales()),
                Is("mode", "linear", "nearest"), Is("coordinate_transformation_mode", "half_pixel", "half_pixel"),
            ]),
            composed("MatMul", "enlarged", "size", "interpolation"),
        ],
        "torch": [
            Map("F.interpolate", [Sets("interpolation", name), At("size", "scale_factor"), Is("mode", name)])
            for name in ("nearest", "bilinear")
        ],
        "tensorflow": [
            Map("ResizeNearestNeighbor", [Sets("interpolation", "nearest"), Around(("size",))], around="resize"),
            Map("ResizeBilinear", [Sets("interpolation", "bilinear"), Around(("size",))], around="resize"),
            Map("ResizeBicubic", [Sets("interpolation", "bicubic"), Around(("size",))], around="resize", reads=False),
        ],
    },
    example=Example(((8, 8, 4),), {"size": [2, 3]}),
)  # fmt: skip
layer(
    "UpSampling3D",
    doc="Each cell repeated along depth, height and width.",
    group="vision",
    params=[Param("size", Tuple(3), (2, 2, 2), "How often each cell is repeated along each axis.")],
    shape=_upsampled,
    layout="spatial",
    maps={
        "keras": [keras("UpSampling3D")],
        "onnx": [Map("Resize", _nearest(3), when=over(3))],
        "torch": [Map("F.interpolate", [At("size", "scale_factor"), Is("mode", "nearest")])],
    },
    example=Example(((4, 4, 4, 2),), {"size": [1, 2, 3]}),
)
