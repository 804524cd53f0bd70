"""Layers that Caffe has and Keras lacks, and that cut, join, repeat or hold tensors.

Names and defaults are those of Caffe's documentation; axes are counted as everywhere in a spec.
"""

from collections.abc import Iterator

from visualnn_shared.catalogue.axis_lenses import Axis as FileAxis
from visualnn_shared.catalogue.caffe_axes import (
    has_slice_dim,
    read_cut,
    read_points,
    read_tops,
    write_cut,
    write_points,
    write_tops,
)
from visualnn_shared.catalogue.caffe_maps import CONVOLUTION
from visualnn_shared.catalogue.common import variable
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Ports, Shapes, Weight
from visualnn_shared.catalogue.free import Dim, Shape, from_json
from visualnn_shared.catalogue.kinds import Axis, Choice, Int, ListOf, Tuple
from visualnn_shared.catalogue.lenses import Around, At, Enum, Fn, Map, Training
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import axes_of, axis_of
from visualnn_shared.catalogue.window_lenses import CaffePads, Ints, OnnxPads, Pair
from visualnn_shared.catalogue.window_params import padding
from visualnn_shared.catalogue.windows import conv_rules, need_spatial, windows

OWN = "visualnn_worker.keras_layers.caffe_shape:"
MOST_OUTPUTS = 64


def _cropped(p: Params, ins: Shapes) -> list[Shape]:
    shape, reference = ins
    if len(shape) != len(reference):
        raise Broken("the inputs must have the same number of axes", list(ins))
    axes = axes_of(p["axis"], shape)
    offsets = p["offset"] * len(axes) if len(p["offset"]) == 1 else p["offset"]
    if len(offsets) != len(axes):
        raise Broken(f"offset must be one number, or one for each of the {len(axes)} axes", offsets, param="offset")
    out = list(shape)
    for axis, offset in zip(axes, offsets, strict=True):
        if offset + reference[axis] > shape[axis]:
            rule = "offset must leave room for the reference's size"
            hint = f"axis {axis + 1} has {shape[axis]} cells, the reference {reference[axis]}"
            raise Broken(rule, p["offset"], param="offset", hint=hint)
        out[axis] = reference[axis]
    return [tuple(out)]


layer(
    "Crop",
    doc="The first input cut to the size of the second along some axes; the second's values do not matter.",
    keras_class=OWN + "Crop",
    group="utility",
    params=[
        Param("axis", Axis(several=True), (1, 2), "The axis or axes that are cut."),
        Param("offset", ListOf(Int(0), 1, alone=True), (0,),
              "Cells left out at the beginning: one number for all the axes, or one for each."),
    ],
    ports=Ports(2, 2, ("input", "reference")),
    shape=_cropped,
    layout="spatial",
    maps={
        "keras": [],
        "caffe": [Map("Crop", [Fn(("axis", "offset"), read_cut, write_cut)])],
        "onnx": [composed("Slice", "cut_to_reference", "axis", "offset", layout="any")],
        "torch": [Map("crop", [Around(("axis", "offset"))], around="cropped")],
    },
    example=Example(((9, 9, 4), (5, 6, 4)), {"offset": [2, 1]}),
)  # fmt: skip


def _pyramid(p: Params, ins: Shapes) -> list[Shape]:
    need_spatial(ins[0], 2)
    for level in range(p["pyramid_height"]):
        bins = 2**level
        for n in ins[0][:2]:
            if not isinstance(n, int):
                hint = "SpatialPyramidPooling takes pictures of any size"
                raise Broken("the picture's size must be known: the windows follow from it", ins[0], hint=hint)
            size = -(-n // bins)
            if (size * bins - n + 1) // 2 >= size:
                rule = f"pyramid_height must leave {bins} windows a side that each hold a cell of the picture"
                hint = f"the picture is {ins[0][0]} x {ins[0][1]}"
                raise Broken(rule, p["pyramid_height"], param="pyramid_height", hint=hint)
    return [(ins[0][2] * sum(4**level for level in range(p["pyramid_height"])),)]


layer(
    "SPP",
    doc="Caffe's pyramid of 1, 4, 16, ... equal, padded windows, for pictures of one size (see SpatialPyramidPooling).",
    keras_class=OWN + "SPP",
    group="vision",
    params=[
        Param("pyramid_height", Int(1, 10), doc="Number of levels; level i has 2^i windows a side."),
        Param("pool", Choice(("MAX", "AVE")), "MAX", "The largest value of a window, or its mean; padding counts 0."),
    ],
    shape=_pyramid,
    layout="spatial",
    maps={
        "keras": [],
        "caffe": [
            Map(
                "SPP",
                [At("pyramid_height", "pyramid_height"), Enum("pool", "pool", {"MAX": "MAX", "AVE": "AVE"}, "MAX")],
            )
        ],
        "onnx": [composed("MaxPool", "caffe_pyramid", "pyramid_height", "pool")],
    },
    example=Example(((13, 13, 4),), {"pyramid_height": 3}),
)

layer(
    "Split",
    doc="The input several times, each an output of its own; a spec may as well use one output several times.",
    keras_class=OWN + "Split",
    group="utility",
    params=[Param("outputs", Int(1, MOST_OUTPUTS), 2, "Number of outputs.")],
    shape=lambda p, ins: [ins[0]] * p["outputs"],
    maps={
        "keras": [],
        "caffe": [Map("Split", [Fn(("outputs",), read_tops, write_tops)])],
        "onnx": [composed("Split", "copies", "outputs")],
        "torch": [Map("split", [Around(("outputs",))], around="nothing")],
    },
    example=Example(((8, 8, 4),)),
)


def _sliced(p: Params, ins: Shapes) -> list[Shape]:
    index = axis_of(p["axis"], ins[0])
    points = p["slice_points"]
    n = ins[0][index]
    if points[-1] >= n:
        hint = f"the axis has {n} cells"
        raise Broken("slice_points must lie inside the axis", points, param="slice_points", hint=hint)
    ends: list[Dim] = [*points, n]
    sizes = [end - start for start, end in zip((0, *points), ends, strict=True)]
    return [(*ins[0][:index], size, *ins[0][index + 1 :]) for size in sizes]


def _ascending(p: Params) -> Iterator[Broken]:
    if sorted(set(p["slice_points"])) != list(p["slice_points"]):
        yield Broken("slice_points must ascend", p["slice_points"], param="slice_points")


layer(
    "Slice",
    doc="The input cut along an axis, each piece an output of its own.",
    keras_class=OWN + "Slice",
    group="utility",
    params=[
        Param("slice_points", ListOf(Int(1), 1, MOST_OUTPUTS - 1), doc="Where each piece after the first begins."),
        Param("axis", Axis(), -1, "The axis that is cut."),
    ],
    shape=_sliced,
    rules=_ascending,
    maps={
        "keras": [],
        "caffe": [
            Map("Slice", [FileAxis("axis", "axis", 1), Fn(("slice_points",), read_points, write_points)]),
            Map(
                "Slice",
                [FileAxis("axis", "slice_dim"), Fn(("slice_points",), read_points, write_points)],
                when=has_slice_dim,
            ),
        ],
        "onnx": [composed("Split", "pieces", "slice_points", "axis")],
        "torch": [Map("torch.split", [Around(("axis", "slice_points"))], around="sliced")],
    },
    example=Example(((8, 8, 6),), {"slice_points": [2, 3]}),
)


def _tiled(p: Params, ins: Shapes) -> list[Shape]:
    index = axis_of(p["axis"], ins[0])
    return [(*ins[0][:index], ins[0][index] * p["tiles"], *ins[0][index + 1 :])]


layer(
    "Tile",
    doc="The input several times over along an axis.",
    keras_class=OWN + "Tile",
    group="utility",
    params=[
        Param("tiles", Int(1), doc="How many times."),
        Param("axis", Axis(), -1, "The axis that becomes longer."),
    ],
    shape=_tiled,
    maps={
        "keras": [],
        "caffe": [Map("Tile", [FileAxis("axis", "axis", 1), At("tiles", "tiles")])],
        "onnx": [composed("Tile", "tiled", "tiles", "axis")],
        "torch": [Map("tile", [FileAxis("axis", "dim"), At("tiles", "tiles")])],
    },
    example=Example(((8, 8, 4),), {"tiles": 2}),
)


def _columns(p: Params, ins: Shapes) -> list[Shape]:
    need_spatial(ins[0], 2)
    height, width = p["kernel_size"]
    return [(*windows(p, ins[0], p["kernel_size"], "kernel_size"), ins[0][-1] * height * width)]


layer(
    "Im2col",
    doc="The cells of each window side by side as channels: a convolution is a Dense layer on these.",
    keras_class=OWN + "Im2col",
    group="vision",
    params=[
        Param("kernel_size", Tuple(2), doc="Height and width of the window."),
        Param("strides", Tuple(2), (1, 1), "Steps of the window down and right."),
        padding(2),
        Param("dilation_rate", Tuple(2), (1, 1), "Distance between the cells of the window."),
    ],
    shape=_columns,
    rules=conv_rules,
    layout="spatial",
    maps={
        "keras": [],
        "caffe": [
            Map(
                "Im2col",
                [
                    Pair("kernel_size", "kernel_size", short="kernel"),
                    Pair("strides", "stride", 1),
                    CaffePads(),
                    Pair("dilation_rate", "dilation", 1),
                    *CONVOLUTION,
                ],
            )
        ],
        "onnx": [
            Map(
                "Conv",
                [
                    Ints("kernel_size", "kernel_shape"),
                    Ints("strides", "strides", (1, 1)),
                    Ints("dilation_rate", "dilations", (1, 1)),
                    OnnxPads("kernel_size", "dilation_rate", 2),
                ],
                around="columns",
                reads=False,
            )
        ],
    },
    example=Example(((8, 8, 3),), {"kernel_size": 3}),
)

layer(
    "Parameter",
    doc="A tensor that is learnt, the same for every sample; its input only says how many samples there are.",
    keras_class=OWN + "Parameter",
    group="utility",
    params=[Param("shape", ListOf(Int(1)), doc="Shape of the tensor."), *variable("value", "zeros")],
    ports=Ports(1, 1, ("batch",)),
    shape=lambda p, _ins: [from_json(p["shape"])],
    weights=[Weight("value", lambda p, _ins: p["shape"], initializer="value_initializer")],
    layout="plain",
    maps={
        "keras": [],
        "onnx": [composed("Expand", "held", "shape", weights=("value",))],
        "torch": [Map("Parameter", [Around(("shape",)), Training()], blobs=[("value",)], around="shaped")],
    },
    example=Example(((3,),), {"shape": [4, 2]}),
)
