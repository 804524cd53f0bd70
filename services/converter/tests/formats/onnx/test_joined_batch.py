"""Tensors whose batch shares an axis with heads or steps, as PyTorch's exporters write attention."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.formats.onnx.folding import BATCH, mark, times_batch
from visualnn_converter.formats.onnx.joined import apart
from visualnn_shared.errors import ConversionImpossible

from services.converter.tests.formats.onnx.test_reader import Net
from services.converter.tests.formats.onnx.test_reading_chains import agree, ints, number, recurrent, refusal

STEPS, HEADS, SIZE = 5, 2, 4
WIDE = HEADS * SIZE


def _dense(net: Net, x: str, key: str) -> str:
    return net("Add", [net("MatMul", [x, net.weight(f"W{key}", WIDE, WIDE)]), net.weight(f"b{key}", WIDE)])


def _joined(net: Net, x: str, key: str, batch: int) -> str:
    """(steps, batch, features) -> (batch and heads, steps, size); ``batch`` 0: counted from the file's other sizes."""
    heads = net("Reshape", [_dense(net, x, key), ints(net, STEPS, batch * HEADS or -1, SIZE)])
    return net("Transpose", [heads], perm=[1, 0, 2])


def _back(net: Net, attended: str, batch: int) -> str:
    """Heads side by side, the output projection over rows of batch and steps, the batch first again."""
    rows = net("Reshape", [net("Transpose", [attended], perm=[1, 0, 2]), ints(net, STEPS * batch or -1, WIDE)])
    out = net("Gemm", [rows, net.weight("Wo", WIDE, WIDE), net.weight("bo", WIDE)], transB=1)
    return net("Transpose", [net("Reshape", [out, ints(net, STEPS, batch or -1, WIDE)])], perm=[1, 0, 2])


def products(batch: int) -> Callable[[], bytes]:
    """Products over batch and heads, as with need_weights."""

    def make() -> bytes:
        net = Net(17, x=[batch or "batch", STEPS, WIDE])
        x = net("Transpose", ["x"], perm=[1, 0, 2])
        q, k, v = (_joined(net, x, key, batch) for key in "qkv")
        q = net("Mul", [q, number(net, 0.5)])
        shares = net("Softmax", [net("MatMul", [q, net("Transpose", [k], perm=[0, 2, 1])])], axis=-1)
        return net.data(_back(net, net("MatMul", [shares, v]), batch))

    return make


def computed_shapes() -> bytes:
    """The same heads apart, with every size computed of Shape, Gather, Mul and Concat."""
    net = Net(17, x=["batch", STEPS, WIDE])
    x = net("Transpose", ["x"], perm=[1, 0, 2])
    sizes = [net("Gather", [net("Shape", [x]), net.weight(f"at{i}", values=np.int64(i))]) for i in range(3)]
    heads = net.weight("heads", values=np.int64(HEADS))
    size = net("Cast", [net("Div", [sizes[2], heads])], to=7)
    one = [net("Unsqueeze", [value, ints(net, 0)]) for value in (sizes[0], net("Mul", [sizes[1], heads]), size)]
    four = [net("Unsqueeze", [sizes[1], ints(net, 0)]), ints(net, HEADS), one[0], one[2]]
    joined, parted = net("Concat", one, axis=0), net("Concat", four, axis=0)

    def projected(key: str) -> str:
        rows = net("Transpose", [net("Reshape", [_dense(net, x, key), joined])], perm=[1, 0, 2])
        return net("Reshape", [rows, parted])

    q, k, v = (projected(key) for key in "qkv")
    scores = net("Mul", [net("MatMul", [q, net("Transpose", [k], perm=[0, 1, 3, 2])]), number(net, 0.5)])
    out = net("Transpose", [net("MatMul", [net("Softmax", [scores], axis=-1), v])], perm=[2, 0, 1, 3])
    rows = net("Unsqueeze", [net("Mul", [sizes[1], sizes[0]]), ints(net, 0)])
    wide = net("Unsqueeze", [sizes[2], ints(net, 0)])
    out = net("Reshape", [out, net("Concat", [rows, wide], axis=0)])
    out = net("Gemm", [out, net.weight("Wo", WIDE, WIDE), net.weight("bo", WIDE)], transB=1)
    whole = [net("Unsqueeze", [value, ints(net, 0)]) for value in sizes]
    return net.data(net("Transpose", [net("Reshape", [out, net("Concat", whole, axis=0)])], perm=[1, 0, 2]))


def class_token() -> bytes:
    """A constant, expanded to the batch by computed sizes, before the cells of a picture."""
    net = Net(17, x=["batch", 3, 8, 8])
    cells = net("Conv", ["x", net.weight("w", 6, 3, 4, 4)], kernel_shape=[4, 4], strides=[4, 4])
    cells = net("Transpose", [net("Reshape", [cells, ints(net, 0, 6, -1)])], perm=[0, 2, 1])
    batch = net("Slice", [net("Shape", [cells]), ints(net, 0), ints(net, 1)])
    wanted = net("Concat", [batch, ints(net, -1), ints(net, -1)], axis=0)
    ones = net("ConstantOfShape", [net("Shape", [wanted])], value=_one())
    minus = net("Mul", [ones, ints(net, -1)])
    sizes = net("Where", [net("Equal", [wanted, minus]), ones, wanted])
    token = net("Expand", [net.weight("token", 1, 1, 6), sizes])
    return net.data(net("Add", [net("Concat", [token, cells], axis=1), net.weight("places", 1, 5, 6)]))


def restrided(cells: int) -> bytes:
    """The end of a net as the newer exporter may write it: pooled cells, flattened and gathered by computed numbers."""
    net = Net(18, x=["batch", 6, 4, 4])
    batch = net("Squeeze", [net("Shape", ["x"], start=0, end=1)])
    pooled = net("ReduceMean", [net("Conv", ["x", net.weight("w", 6, 6, 1, 1)]), ints(net, -1, -2)], keepdims=1)
    first = net("Range", [net.weight("zero", values=np.int64(0)), batch, net.weight("one", values=np.int64(1))])
    first = net("Mul", [first, net.weight("cells", values=np.int64(cells))])
    within = net.weight("within", values=np.arange(cells).reshape(1, cells, 1, 1))
    rows = net("Add", [net("Unsqueeze", [first, ints(net, 1, 2, 3)]), within])
    found = net("Gather", [net("Reshape", [pooled, ints(net, -1)]), rows], axis=0)
    return net.data(net("Gemm", [net("Reshape", [found, ints(net, -1, cells)]), net.weight("k", cells, 3)]))


def _one() -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.int64([1]))


@pytest.mark.parametrize(
    "make", [products(0), products(1), products(3), computed_shapes], ids=["free", "of 1", "of 3", "computed"]
)
def test_attention_whose_batch_and_heads_are_one_axis_is_one_layer(
    make: Callable[[], bytes], worker_outputs: Callable[..., Any]
) -> None:
    assert agree(make(), worker_outputs) == ["MultiHeadAttention"]


def test_a_constant_beside_tensors_is_a_layer_that_holds_it(worker_outputs: Callable[..., Any]) -> None:
    assert agree(class_token(), worker_outputs) == ["Conv2D", "Reshape", "Parameter", "Concatenate", "BiasAdd"]


def test_a_concat_of_one_tensor_is_that_tensor(worker_outputs: Callable[..., Any]) -> None:
    net = Net(13, x=["batch", 3, 4, 4])
    assert agree(net.data(net("Relu", [net("Concat", ["x"], axis=1)])), worker_outputs) == ["ReLU"]


def test_cells_that_are_gathered_in_their_order_are_those_of_the_tensor(worker_outputs: Callable[..., Any]) -> None:
    types = agree(restrided(6), worker_outputs)
    assert (types[:2], types[-1]) == (["Conv2D", "GlobalAveragePooling2D"], "Dense")
    with pytest.raises(ConversionImpossible):
        conversion.read(restrided(3))  # some cells of the first samples are no tensor


def test_the_axis_that_the_file_calls_the_batch_comes_first() -> None:
    net = Net(13, x=[6, "batch", 3])
    spec, _, report = conversion.read(net.data(net("Tanh", ["x"])))
    assert spec.layers[0].params == {"shape": [6, 3]}
    assert report.rewritten[0].why == "a spec has the batch first"


@pytest.mark.parametrize(
    ("op", "rule"),
    [("Softmax", "Softmax: the batch must be an axis of its own where values are computed with"),
     ("LayerNormalization", "LayerNormalization: the batch must be an axis of its own where values are computed with")],
)  # fmt: skip
def test_what_works_along_axes_needs_the_batch_apart(op: str, rule: str) -> None:
    net = Net(17, x=["batch", STEPS, WIDE])
    heads = _joined(net, net("Transpose", ["x"], perm=[1, 0, 2]), "q", 0)
    inputs = [heads, net.weight("g", SIZE)] if op == "LayerNormalization" else [heads]
    assert refusal(net, net(op, inputs)) == rule


def test_an_output_with_a_joined_batch_is_an_obstacle() -> None:
    net = Net(17, x=["batch", STEPS, WIDE])
    assert refusal(net, _joined(net, net("Transpose", ["x"], perm=[1, 0, 2]), "q", 0)).startswith("an output must have")


def test_states_of_another_width_than_the_layer_are_an_obstacle() -> None:
    net = Net(14, x=[6, "batch", 3])
    recurrent(net, "RNN", "x", ["Y"], 3)
    node = net.nodes[-1]
    node.input.extend(["", net.weight("h", values=np.zeros((1, 1, 5), np.float32))])
    assert refusal(net, "Y") == "initial states must have the 4 units of the layer"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(2, 4), min_size=1, max_size=3), st.integers(0, 3), st.data())
def test_sizes_with_a_joined_batch_part_into_those_of_the_tensor(sizes: list[int], place: int, data: Any) -> None:
    """Join any run of axes around the batch: what ``apart`` gives joins to the same sizes, the batch in its place."""
    place = min(place, len(sizes))
    full = [*sizes[:place], BATCH, *sizes[place:]]
    first, last = data.draw(st.integers(0, place)), data.draw(st.integers(place, len(sizes)))
    joined = mark(prod(times_batch(n) for n in full[first : last + 1]))
    target, groups = apart([*full[:first], joined, *full[last + 1 :]], list(full))
    assert sum(groups) == len(target)
    assert prod(n for n in target[: target.index(BATCH)] if n) == prod(sizes[:place])
    assert prod(times_batch(n) for n in target if n) == prod(sizes)
