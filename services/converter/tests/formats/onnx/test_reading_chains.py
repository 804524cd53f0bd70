"""Recurrent operators, cuts, reductions, and chains of elementary operators: in Keras as in ONNX Runtime."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from visualnn_converter import conversion
from visualnn_shared.errors import ConversionImpossible

from services.converter.tests.formats.onnx.test_reader import RNG, Net, answers, close
from tools.onnx_conformance import as_read

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def ints(net: Net, *values: int) -> str:
    return net.weight(f"i{len(net.tensors)}", values=np.int64(values))


def number(net: Net, value: float) -> str:
    return net.weight(f"n{len(net.tensors)}", values=np.float32(value))


def recurrent(net: Net, op: str, x: str, outputs: list[str], features: int, **attributes: Any) -> None:
    """A recurrent operator of 4 units with weights and zero states."""
    both = 2 if attributes.get("direction") == "bidirectional" else 1
    rows, at = GATES[op] * 4, len(net.nodes)
    blobs = [net.weight(f"W{at}", both, rows, features), net.weight(f"R{at}", both, rows, 4)]
    blobs.append(net.weight(f"B{at}", both, 2 * rows))
    net.nodes.append(helper.make_node(op, [x, *blobs], outputs, name=f"/{op}_{at}", hidden_size=4, **attributes))


def torch_style(op: str, direction: str, **attributes: Any) -> Callable[[], bytes]:
    """batch_first: all steps of both directions side by side, and the last states by their places."""

    def make() -> bytes:
        net = Net(14, x=["n", 6, 3])
        both = direction == "bidirectional"
        recurrent(net, op, net("Transpose", ["x"], perm=[1, 0, 2]), ["Y", "Yh"], 3, direction=direction, **attributes)
        steps = net("Reshape", [net("Transpose", ["Y"], perm=[0, 2, 1, 3]), ints(net, 0, 0, -1)])
        states = [net("Gather", ["Yh", net.weight(f"p{i}", values=np.int64(i))], axis=0) for i in range(1 + both)]
        last = net("Concat", states, axis=1) if both else states[0]
        return net.data(net("Transpose", [steps], perm=[1, 0, 2]), last)

    return make


def keras_style(op: str, direction: str, **attributes: Any) -> Callable[[], bytes]:
    """The last output alone: Y_h, squeezed; both directions cut apart and joined again."""

    def make() -> bytes:
        net = Net(15, x=["n", 6, 3])
        recurrent(net, op, net("Transpose", ["x"], perm=[1, 0, 2]), ["", "Yh"], 3, direction=direction, **attributes)
        both = direction == "bidirectional"
        parts = [net("Slice", ["Yh", ints(net, i), ints(net, i + 1), ints(net, 0)]) for i in range(1 + both)]
        rows = [net("Squeeze", [part, ints(net, 0)]) for part in parts]
        return net.data(net("Concat", rows, axis=-1) if both else rows[0])

    return make


RECURRENT = {
    f"{op} {direction} {style.__name__} {more}": style(op, direction, **more)
    for op in GATES
    for direction in ("forward", "bidirectional")
    for style in (torch_style, keras_style)
    for more in ([{"linear_before_reset": 0}, {"linear_before_reset": 1}] if op == "GRU" else [{}])
}
RECURRENT["RNN reverse"] = keras_style("RNN", "reverse", activations=["Relu"])
RECURRENT["LSTM hard"] = keras_style(
    "LSTM",
    "forward",
    activations=["HardSigmoid", "Softsign", "Softsign"],
    activation_alpha=[1 / 6],
    activation_beta=[0.5],
)


def erf(order: str) -> Callable[[], bytes]:
    def make() -> bytes:
        net = Net(13, x=["n", 6])
        root, half = number(net, 2**0.5), number(net, 0.5)
        gate = net("Add", [net("Erf", [net("Div", ["x", root])]), number(net, 1)])
        if order == "x first":
            return net.data(net("Mul", [net("Mul", ["x", gate]), half]))
        if order == "half of x":
            return net.data(net("Mul", [net("Mul", ["x", half]), gate]))
        return net.data(net("Mul", ["x", net("Mul", [half, gate])]))

    return make


def layer_norm() -> bytes:
    net = Net(13, x=["n", 3, 6])
    centred = net("Sub", ["x", net("ReduceMean", ["x"], axes=[-1])])
    variance = net("ReduceMean", [net("Pow", [centred, number(net, 2)])], axes=[-1])
    normal = net("Div", [centred, net("Sqrt", [net("Add", [variance, number(net, 1e-5)])])])
    return net.data(net("Add", [net("Mul", [normal, net.weight("g", 6)]), net.weight("b", 6)]))


def layer_norm_read_twice() -> bytes:
    """Something else reads the variance: every operator is read by itself."""
    net = Net(13, x=["n", 3, 6])
    centred = net("Sub", ["x", net("ReduceMean", ["x"], axes=[-1])])
    variance = net("ReduceMean", [net("Mul", [centred, centred])], axes=[-1])
    normal = net("Div", [centred, net("Sqrt", [net("Add", [variance, number(net, 1e-5)])])])
    return net.data(net("Mul", [normal, net.weight("g", 6)]), variance)


def rms_norm() -> bytes:
    net = Net(13, x=["n", 3, 6])
    mean = net("ReduceMean", [net("Pow", ["x", number(net, 2)])], axes=[-1])
    root = net("Sqrt", [net("Add", [mean, number(net, 1e-6)])])
    return net.data(net("Mul", [net("Mul", ["x", net("Reciprocal", [root])]), net.weight("g", 6)]))


def mish() -> bytes:
    net = Net(13, x=["n", 6])
    log = net("Log", [net("Add", [net("Exp", ["x"]), number(net, 1)])])
    return net.data(net("Mul", ["x", net("Tanh", [log])]))


def hard_swish() -> bytes:
    net = Net(13, x=["n", 6])
    clipped = net("Clip", [net("Add", ["x", number(net, 3)]), number(net, 0), number(net, 6)])
    return net.data(net("Div", [net("Mul", ["x", clipped]), number(net, 6)]))


def tanh_gelu() -> bytes:
    net = Net(13, x=["n", 6])
    cube = net("Mul", [net("Pow", ["x", number(net, 3)]), number(net, 0.044715)])
    inner = net("Mul", [net("Add", ["x", cube]), number(net, 0.7978845608)])
    return net.data(
        net("Mul", [net("Mul", ["x", number(net, 0.5)]), net("Add", [net("Tanh", [inner]), number(net, 1)])])
    )


def _heads(net: Net, x: str, key: str, perm: list[int]) -> str:
    dense = net("Add", [net("MatMul", [x, net.weight(f"{key}.w", 8, 8)]), net.weight(f"{key}.b", 8)])
    return net("Transpose", [net("Reshape", [dense, ints(net, 0, 0, 2, 4)])], perm=perm)


def attention() -> bytes:
    """Three projections, a scale that is not the usual one, an output projection."""
    net = Net(14, x=["n", 5, 8])
    q, k, v = (_heads(net, "x", key, [0, 2, 3, 1] if key == "k" else [0, 2, 1, 3]) for key in "qkv")
    shares = net("Softmax", [net("Mul", [net("MatMul", [q, k]), number(net, 0.7)])], axis=-1)
    rows = net("Reshape", [net("Transpose", [net("MatMul", [shares, v])], perm=[0, 2, 1, 3]), ints(net, 0, 0, 8)])
    return net.data(net("Add", [net("MatMul", [rows, net.weight("o.w", 8, 6)]), net.weight("o.b", 6)]))


def packed_attention() -> bytes:
    """One projection for all three, cut apart behind it, as vision transformers have it; no output projection."""
    net = Net(14, x=["n", 5, 8])
    dense = net("MatMul", ["x", net.weight("w", 8, 24)])
    parts = net("Transpose", [net("Reshape", [dense, ints(net, 0, 5, 3, 2, 4)])], perm=[2, 0, 3, 1, 4])
    q, k, v = (net("Gather", [parts, net.weight(f"p{i}", values=np.int64(i))], axis=0) for i in range(3))
    scaled = net("Mul", [q, number(net, 0.5)])
    shares = net("Softmax", [net("MatMul", [scaled, net("Transpose", [k], perm=[0, 1, 3, 2])])], axis=-1)
    return net.data(
        net("Reshape", [net("Transpose", [net("MatMul", [shares, v])], perm=[0, 2, 1, 3]), ints(net, 0, 0, 8)])
    )


def cuts() -> bytes:
    net = Net(13, x=["n", 4, 6, 6])
    x = net("Conv", ["x", net.weight("w", 8, 4, 1, 1)])
    net.nodes.append(helper.make_node("Split", [x, ints(net, 3, 5)], ["left", "right"], name="/Split", axis=1))
    inner = net("Slice", ["right", ints(net, 1, -5), ints(net, 2**60, -1), ints(net, 2, 3)])
    first = net("Slice", [inner, ints(net, 0), ints(net, 3), ints(net, 1)])
    small = net("Slice", ["left", ints(net, 1, 1), ints(net, 6, 5), ints(net, 2, 3)])
    return net.data(
        net("Concat", [first, small], axis=1), net("Gather", [x, net.weight("p", values=np.int64(-2))], axis=1)
    )


def cells() -> bytes:
    net = Net(13, x=["n", 8, 2, 3])
    x = net("Relu", [net("DepthToSpace", ["x"], blocksize=2, mode="CRD")])
    y = net("SpaceToDepth", [net("DepthToSpace", ["x"], blocksize=2)], blocksize=2)
    return net.data(
        net("Tile", [x, ints(net, 1, 1, 2, 3)]),
        net("Expand", [net("ReduceMax", [y], axes=[2, 3]), ints(net, 1, 8, 2, 3)]),
    )


def arithmetic() -> bytes:
    """Numbers before and behind, a quotient of tensors, a tensor of one cell a row that meets an array."""
    net = Net(13, x=["n", 3, 6])
    y = net("Sub", [number(net, 1), net("Abs", ["x"])])
    y = net("Div", [y, net("Add", [net("Exp", ["x"]), number(net, 0.5)])])
    mean = net("ReduceSum", [net("Mul", [y, y]), ints(net, -1)], keepdims=1)
    wide = net("Mul", [net("Sqrt", [mean]), net.weight("g", 6)])
    return net.data(
        net("Max", [net("Sub", [net.weight("c", 6), wide]), number(net, -0.1)]), net("ReduceL2", [y], axes=[1])
    )


def groups() -> bytes:
    """GroupNormalization as PyTorch writes it for older operator sets."""
    net = Net(13, x=["n", 6, 4, 4])
    x = net("Reshape", [net("Conv", ["x", net.weight("w", 6, 6, 1, 1)]), ints(net, 0, 2, -1)])
    ones, zeros = net.weight("one", values=np.ones(2, np.float32)), net.weight("zero", values=np.zeros(2, np.float32))
    x = net("Reshape", [net("InstanceNormalization", [x, ones, zeros]), ints(net, 0, 6, 4, 4)])
    return net.data(net("Add", [net("Mul", [x, net.weight("g", 6, 1, 1)]), net.weight("b", 6, 1, 1)]))


CHAINS: dict[Callable[[], bytes], list[str]] = {
    erf("x first"): ["Activation"], erf("half of x"): ["Activation"], erf("gate first"): ["Activation"],
    layer_norm: ["LayerNormalization"], rms_norm: ["RMSNormalization"], mish: ["Activation"],
    hard_swish: ["Activation"], attention: ["MultiHeadAttention"], packed_attention: ["MultiHeadAttention"],
}  # fmt: skip
OTHERS = [tanh_gelu, layer_norm_read_twice, cuts, cells, arithmetic, groups]


def agree(data: bytes, worker_outputs: Callable[..., Any]) -> list[str]:
    """Answers of the spec are those of ONNX Runtime; the types of its layers."""
    spec, weights, report = conversion.read(data)
    graph = onnx.load_from_string(data).graph
    name = graph.input[0].name
    sample = np.float32(RNG.normal(0, 1, [dim.dim_value or 2 for dim in graph.input[0].type.tensor_type.shape.dim]))
    expected = as_read(report, answers(data, {name: sample}), [one.name for one in graph.output], fed=False)
    (fed,) = as_read(report, [sample], [name], fed=True)
    close(worker_outputs(spec, weights, {name: fed}), expected)
    return [layer.type for layer in spec.layers[1:]]


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_operators_answer_as_in_onnx_runtime(name: str, worker_outputs: Callable[..., Any]) -> None:
    types = agree(RECURRENT[name](), worker_outputs)
    wrapper = {"LSTM": "LSTM", "GRU": "GRU", "RNN": "SimpleRNN"}[name.split()[0]]
    assert types[0] == ("Bidirectional" if "bidirectional" in name else wrapper)
    assert set(types[1:]) <= {"Concatenate"}


@pytest.mark.parametrize("make", CHAINS, ids=lambda make: make.__qualname__)
def test_chains_of_elementary_operators_are_one_layer(
    make: Callable[[], bytes], worker_outputs: Callable[..., Any]
) -> None:
    assert agree(make(), worker_outputs) == CHAINS[make]


@pytest.mark.parametrize("make", OTHERS)
def test_operators_without_a_layer_of_their_own_answer_as_in_onnx_runtime(
    make: Callable[[], bytes], worker_outputs: Callable[..., Any]
) -> None:
    assert len(agree(make(), worker_outputs)) > 1


def test_a_sequence_with_its_steps_first_becomes_one_with_the_batch_first(worker_outputs: Callable[..., Any]) -> None:
    net = Net(14, x=[6, "n", 3])
    recurrent(net, "GRU", "x", ["Y"], 3)
    data = net.data("Y")
    spec, weights, report = conversion.read(data)
    assert spec.layers[0].params == {"shape": [6, 3]}
    assert any(line.why == "a spec has the batch first" for line in report.rewritten)
    assert report.notes == ["the output 'Y' has the batch first; in the file it is axis 2"]
    sample = np.float32(RNG.normal(0, 1, (6, 2, 3)))
    (expected,) = answers(data, {"x": sample})
    close(worker_outputs(spec, weights, {"x": sample.swapaxes(0, 1)}), [expected.transpose(2, 0, 1, 3)])


def test_row_numbers_that_are_computed_again_are_looked_up_as_they_are() -> None:
    net = Net(15, ids=["n", 7])
    net.dtypes["ids"] = onnx.TensorProto.INT32
    below = net("Less", [net("Cast", ["ids"], to=1), number(net, 0)])
    wrapped = net("Mul", [net("Cast", [below], to=6), net("Add", ["ids", net.weight("rows", values=np.int32(9))])])
    kept = net("Mul", ["ids", net("Cast", [net("Not", [below])], to=6)])
    data = net.data(net("Gather", [net.weight("table", 9, 4), net("Add", [wrapped, kept])]))
    spec, _, _ = conversion.read(data)
    assert [layer.type for layer in spec.layers] == ["Input", "Embedding"]


def refusal(net: Net, *outputs: str) -> str:
    with pytest.raises(ConversionImpossible) as caught:
        conversion.read(net.data(*outputs))
    return caught.value.problems[0].rule


def test_a_mask_is_an_obstacle() -> None:
    net = Net(14, x=["n", 5, 8])
    q, k, v = (_heads(net, "x", key, [0, 2, 3, 1] if key == "k" else [0, 2, 1, 3]) for key in "qkv")
    masked = net("Add", [net("MatMul", [q, k]), net.weight("mask", 5, 5)])
    shares = net("Softmax", [masked], axis=-1)
    assert "masks, causal ones too" in refusal(net, net("MatMul", [shares, v]))


def test_a_whole_sequence_read_backwards_is_an_obstacle() -> None:
    net = Net(14, x=["n", 6, 3])
    recurrent(net, "LSTM", net("Transpose", ["x"], perm=[1, 0, 2]), ["Y"], 3, direction="reverse")
    rule = "direction must be forward or bidirectional where the whole sequence is read"
    assert refusal(net, net("Squeeze", ["Y", ints(net, 1)])) == rule


def test_a_reshape_to_a_batch_of_one_is_refused_where_the_batch_is_free() -> None:
    net = Net(13, x=["n", 4, 3])
    assert refusal(net, net("Reshape", ["x", ints(net, 1, -1)])).startswith("shape must keep the batch")


def test_whole_numbers_are_not_computed_with() -> None:
    net = Net(13, x=["n", 4])
    net.dtypes["x"] = onnx.TensorProto.INT32
    assert (
        refusal(net, net("Div", ["x", net.weight("two", values=np.int32(2))]))
        == "Div must compute with floating-point numbers"
    )
