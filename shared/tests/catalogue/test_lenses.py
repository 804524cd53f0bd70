"""Lenses: what each reads is what it writes, and how each refuses."""

from typing import Any

import pytest
from visualnn_shared.catalogue.axis_lenses import Axis, ChannelAxis, LastAxis
from visualnn_shared.catalogue.caffe_maps import Filler
from visualnn_shared.catalogue.lenses import At, AtInput, Drop, Enum, Harmless, Is, IsInput, Lens, Only, Sets
from visualnn_shared.catalogue.maps import Bag, Const, Context, Repeated, Unmappable, Word
from visualnn_shared.catalogue.onnx_maps import BatchFirst, BorderPads, Flag, Scales
from visualnn_shared.catalogue.window_lenses import CaffePads, Ints, OnnxPads, OnnxPool, Pair, same_pads

NCHW = Context(input_shapes=[(8, 8, 3)], labels=[(0, 3, 1, 2)])
ROUND = Enum("ceil_mode", "round_mode", {"CEIL": True, "FLOOR": False}, "CEIL")
WINDOW = {"kernel_size": (3, 3), "strides": (2, 2), "dilation_rate": (1, 1)}

# lens, attributes as written, parameters, context
BOTH_WAYS: list[tuple[Lens, dict[str, Any], dict[str, Any], Context]] = [
    (At("epsilon", "eps", 1e-5), {"eps": 0.1}, {"epsilon": 0.1}, Context()),
    (At("epsilon", "eps", 1e-5), {}, {"epsilon": 1e-5}, Context()),
    (At("count", "count", 0, Flag()), {"count": 1}, {"count": True}, Context()),
    (AtInput("shape", "shape", 1, "int64", BatchFirst()), {"shape": Const(1, "int64", [0, 3, -1])}, {"shape": [3,
     -1]}, Context()),
    (AtInput("size", "scales", 2, "float32", Scales()), {"scales": Const(2, "float32", [1.0, 1.0, 2.0, 3.0])},
     {"size": [2, 3]}, Context()),
    (AtInput("padding", "pads", 1, "int64", BorderPads()), {"pads": Const(1, "int64", [0, 0, 1, 3, 0, 0, 2, 4])},
     {"padding": [[1, 2], [3, 4]]}, Context()),
    (IsInput("min", 1, "float32", 0.0), {"min": Const(1, "float32", 0.0)}, {}, Context()),
    (ROUND, {}, {"ceil_mode": True}, Context()),
    (ROUND, {"round_mode": "FLOOR"}, {"ceil_mode": False}, Context()),
    (Is("pool", "AVE", "MAX"), {"pool": "AVE"}, {}, Context()),
    (Is("pool", "MAX", "MAX"), {}, {}, Context()),
    (Sets("keepdims", True), {}, {"keepdims": True}, Context()),
    (Axis("axis", "axis", 1), {}, {"axis": -1}, NCHW),
    (Axis("axis", "axis", 1), {"axis": 2}, {"axis": 1}, NCHW),
    (LastAxis("axis", 1), {}, {}, NCHW),
    (LastAxis("axis", 1), {"axis": 2}, {}, Context(input_shapes=[(5, 4)])),
    (ChannelAxis(), {}, {"axis": -1}, NCHW),
    (Pair("kernel_size", "kernel_size", short="kernel"), {"kernel_size": 3}, {"kernel_size": [3, 3]}, Context()),
    (Pair("kernel_size", "kernel_size", short="kernel"), {"kernel_h": 3, "kernel_w": 1}, {"kernel_size": [3, 1]},
     Context()),
    (Pair("strides", "stride", 1), {}, {"strides": [1, 1]}, Context()),
    (Ints("strides", "strides", (1, 1)), {"strides": [2, 1]}, {"strides": [2, 1]}, Context()),
    (CaffePads(), {}, {"padding": "valid"}, Context()),
    (CaffePads(), {"pad": 2}, {"padding": [[2, 2], [2, 2]]}, Context()),
    (CaffePads(), {"pad_h": 0, "pad_w": 2}, {"padding": [[0, 0], [2, 2]]}, Context()),
    (OnnxPads(), {"pads": [1, 3, 2, 4]}, {"padding": [[1, 2], [3, 4]], **WINDOW}, Context()),
    (OnnxPads(), {"auto_pad": "SAME_UPPER"}, {"padding": "same", **WINDOW}, Context(input_shapes=[(None, None, 3)])),
    (OnnxPool("pool_size"), {"ceil_mode": 1}, {"padding": "valid", "ceil_mode": True}, Context()),
]  # fmt: skip


@pytest.mark.parametrize(("lens", "attributes", "params", "context"), BOTH_WAYS)
def test_a_lens_reads_what_it_writes(lens: Lens, attributes: Any, params: Any, context: Context) -> None:
    bag = Bag()
    assert lens.refuses(params) is None
    lens.write(params, bag, context)
    assert bag.as_dict() == attributes
    read: dict[str, Any] = {}
    source = Bag(attributes)
    assert lens.match(source)
    lens.read(source, read, context)
    assert {key: params[key] for key in read} == read
    assert set(read) == set(lens.owns()) & set(params)
    assert source.left() == []


FILLERS = [
    ({"type": "xavier", "variance_norm": Word("AVERAGE")}, "glorot_uniform"),
    ({"type": "xavier"}, "lecun_uniform"),
    ({"type": "gaussian", "mean": 0.5, "std": 0.1}, {"name": "random_normal", "mean": 0.5, "stddev": 0.1}),
    ({"type": "uniform", "min": -1.0, "max": 1.0}, {"name": "random_uniform", "minval": -1.0, "maxval": 1.0}),
    ({"type": "constant", "value": 0.5}, {"name": "constant", "value": 0.5}),
    ({"type": "msra"}, {"name": "variance_scaling", "scale": 2.0, "mode": "fan_in",
     "distribution": "untruncated_normal"}),
]  # fmt: skip


@pytest.mark.parametrize(("message", "initializer"), FILLERS)
def test_a_filler_is_an_initialiser(message: Any, initializer: Any) -> None:
    bag, lens = Bag(), Filler("init", "filler")
    lens.write({"init": initializer}, bag, Context())
    assert bag.as_dict() == {"filler": message}
    read: dict[str, Any] = {}
    lens.read(Bag({"filler": Bag(message)}), read, Context())
    assert read == {"init": initializer}


@pytest.mark.parametrize("initializer", ["orthogonal", "he_normal", {"name": "glorot_uniform", "seed": 3}])
def test_an_initialiser_without_a_filler_is_lost_and_says_so(initializer: Any) -> None:
    bag, lens = Bag(), Filler("init", "filler")
    lens.write({"init": initializer}, bag, Context())
    assert (bag.as_dict(), lens.loses({"init": initializer})) == ({}, ["init"])


def test_an_unknown_filler_stays_in_the_bag() -> None:
    bag, read = Bag({"filler": Bag({"type": "bilinear"})}), dict[str, Any]()
    Filler("init", "filler").read(bag, read, Context())
    assert (read, [key for key, _ in bag.left()]) == ({}, ["filler"])


# lens, parameters, context, the rule
UNSAID: list[tuple[Lens, dict[str, Any], Context, str]] = [
    (Only("activation", ("linear",)), {"activation": "relu"}, Context(), "activation must be 'linear' in this format"),
    (Sets("keepdims", True), {"keepdims": False}, Context(), "keepdims must be True in this format"),
    (CaffePads(), {"padding": [[0, 1], [1, 1]]}, Context(),
     "padding must be the same on both sides of an axis in this format"),
    (CaffePads(), {"padding": "same"}, Context(), "padding must be computable: it needs a known input size"),
    (Axis("axis", "axis"), {"axis": (1, 2)}, NCHW, "axis must be one axis of a known rank in this format"),
    (ChannelAxis(), {"axis": 1}, NCHW, "axis must be the axis of the channels in this format"),
    (OnnxPads("kernel_size", "dilation_rate"), {**WINDOW, "padding": "same", "dilation_rate": (2, 2)}, Context(),
     "padding must be computable: 'same' with strides and a dilation needs a known input size"),
    (Enum("mode", "mode", {"A": 1}), {"mode": 2}, Context(), "mode must be one of 1 in this format"),
]  # fmt: skip


@pytest.mark.parametrize(("lens", "params", "context", "rule"), UNSAID)
def test_what_a_format_cannot_say_is_refused(lens: Lens, params: Any, context: Context, rule: str) -> None:
    refusal = lens.refuses(params)
    if refusal is None:
        with pytest.raises(Unmappable) as error:
            lens.write(params, Bag(), context)
        refusal = error.value
    assert refusal.rule == rule


# lens, attributes, context, the rule
UNREAD: list[tuple[Lens, dict[str, Any], Context, str]] = [
    (ROUND, {"round_mode": "UP"}, Context(), "round_mode must be one of CEIL, FLOOR"),
    (ROUND, {"round_mode": 3}, Context(), "round_mode must be one of CEIL, FLOOR"),
    (Harmless("axis", (1,)), {"axis": 2}, Context(), "axis must be 1"),
    (Axis("axis", "axis", 1), {"axis": 4}, NCHW, "axis must lie in -4..3"),
    (LastAxis("axis", 1), {"axis": 2}, NCHW, "axis must be the axis of the channels"),
    (LastAxis("axis", 1), {"axis": "x"}, NCHW, "axis must be the axis of the channels"),
    (Pair("kernel_size", "kernel_size"), {"kernel_size": Repeated([1, 2, 3])}, Context(),
     "kernel_size must be one or two integers"),
    (Pair("k", "k"), {"k": 1.5}, Context(), "k must be one or two integers"),
    (Pair("k", "k", short="kernel"), {"kernel_h": 1}, Context(), "kernel_h and kernel_w must be given together"),
    (OnnxPads(), {"auto_pad": "SAME_LOWER"}, Context(), "auto_pad must be NOTSET, VALID or SAME_UPPER"),
    (OnnxPads(), {"pads": [1, 1]}, Context(), "pads must be 4 integers"),
    (AtInput("p", "pads", 1, "int64", BorderPads()), {"pads": Const(1, "int64", [1] * 8)}, Context(),
     "pads must be 8 numbers that pad neither batch nor channels"),
]  # fmt: skip


@pytest.mark.parametrize(("lens", "attributes", "context", "rule"), UNREAD)
def test_attributes_that_mean_nothing_are_refused(lens: Lens, attributes: Any, context: Context, rule: str) -> None:
    with pytest.raises(Unmappable) as error:
        lens.read(Bag(attributes, dict.fromkeys(attributes, 7)), {}, context)
    assert error.value.rule == rule


def test_what_no_lens_takes_is_left_with_its_line() -> None:
    bag = Bag({"a": 1, "b": Repeated([Bag({"c": 2, "d": 3}, {"d": 9})]), "e": 4}, {"e": 5})
    Drop(("a",)).read(bag, {}, Context())
    bag.one("b").one("c")
    assert bag.left() == [("b.d", 9), ("e", 5)]
    assert bag.left(deep=False) == [("e", 5)]


SAME = [((3, 3), (1, 1), (1, 1), (5, 5), [[1, 1], [1, 1]]), ((2, 4), (1, 1), (1, 1), (5, 5), [[0, 1], [1, 2]]),
        ((3, 3), (2, 2), (1, 1), (8, 7), [[0, 1], [1, 1]]), ((3, 3), (1, 1), (2, 2), (8, 7), [[2, 2], [2, 2]]),
        ((1, 1), (2, 2), (1, 1), (8, 7), [[0, 0], [0, 0]]), ((3, 3), (2, 2), (1, 1), (None, 7), None)]  # fmt: skip


@pytest.mark.parametrize(("kernel", "strides", "dilation", "size", "pads"), SAME)
def test_same_padding_in_cells(kernel: Any, strides: Any, dilation: Any, size: Any, pads: Any) -> None:
    assert same_pads(kernel, strides, dilation, Context(input_shapes=[(*size, 3)])) == pads
