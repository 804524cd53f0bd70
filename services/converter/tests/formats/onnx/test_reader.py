"""What the reader makes of ONNX files, against ONNX Runtime: of our writer, and in the styles of other exporters."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from visualnn_converter import conversion
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec

from services.converter.tests.formats.onnx.test_writer_against_keras import CASES, even
from shared.tests.zoo_nets import SMALL

Arrays = dict[str, np.ndarray]
RNG = np.random.default_rng(5)


def answers(data: bytes, inputs: Arrays) -> list[np.ndarray]:
    """What ONNX Runtime answers."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    found: list[np.ndarray] = session.run(None, inputs)
    return found


def close(found: Any, expected: Any) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_what_was_written_is_read_with_the_same_answers(
    name: str, chain: Callable[..., Spec], random_weights: Callable[..., Any], random_inputs: Callable[..., Any]
) -> None:
    spec = chain(*CASES[name])
    data = conversion.write(spec, "onnx", random_weights(spec)).data
    again, weights, _ = conversion.read(data)
    inputs = random_inputs(spec)
    close(answers(conversion.write(again, "onnx", weights).data, inputs), answers(data, inputs))
    assert [layer.name for layer in resolve(again).inputs] == list(inputs)


READ_OTHERWISE = {"highway", "imdb-bidirectional", "transformer-encoder", "seq2seq"}
"""Small networks with layers that the file says by other operators: they may come back as other layers."""


@pytest.mark.parametrize("name", SMALL)
def test_small_networks_of_the_zoo_come_back_with_their_weights(
    name: str, random_weights: Callable[..., Any], random_inputs: Callable[..., Any], worker_outputs: Callable[..., Any]
) -> None:
    spec = zoo.load(name)
    weights = {k: v if "variance" in k else v * even(v.shape) for k, v in random_weights(spec).items()}
    try:
        data = conversion.write(spec, "onnx", weights).data
        again, found, _ = conversion.read(data)
    except ConversionImpossible as error:
        pytest.skip(f"{error.problems[0].rule}: {error.problems[0].received}")
    assert found is not None
    if name not in READ_OTHERWISE:
        assert found.keys() == weights.keys()
        assert all(np.array_equal(found[key], weights[key]) for key in weights)
    inputs = random_inputs(spec)
    close(worker_outputs(again, dict(found), inputs), answers(data, inputs))


class Net:
    """A graph built by hand, node by node, with the weights that its nodes ask for."""

    def __init__(self, opset: int = 13, **inputs: list[Any]) -> None:
        self.opset, self.shapes, self.nodes, self.tensors = opset, inputs, [], []
        self.dtypes: dict[str, int] = {}

    def weight(self, name: str, *shape: int, values: Any = None) -> str:
        array = np.float32(RNG.normal(0, 0.5, shape)) if values is None else np.asarray(values)
        self.tensors.append(numpy_helper.from_array(array, name))
        return name

    def __call__(self, op: str, inputs: list[str], **attributes: Any) -> str:
        out = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], name=f"/{op}_{len(self.nodes)}", **attributes))
        return out

    def data(self, *outputs: str) -> bytes:
        ins = [
            helper.make_tensor_value_info(name, self.dtypes.get(name, TensorProto.FLOAT), shape)
            for name, shape in self.shapes.items()
        ]
        outs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "made", ins, outs, self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=7)
        data: bytes = model.SerializeToString()
        return data


def _batch_norm(net: Net, x: str, n: int) -> str:
    scale, bias, mean = (net.weight(f"{x}.bn{i}", n) for i in range(3))
    variance = net.weight(f"{x}.var", values=np.float32(RNG.uniform(0.5, 2, n)))
    return net("BatchNormalization", [x, scale, bias, mean, variance], epsilon=1e-5, momentum=0.9)


def pytorch_cnn() -> bytes:
    """Conv, BatchNorm, ReLU, MaxPool, Flatten(1), Gemm with transB, as torch.onnx writes them."""
    net = Net(13, input=["batch", 3, 12, 10])
    x = net(
        "Conv",
        ["input", net.weight("c.w", 6, 3, 3, 3), net.weight("c.b", 6)],
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
        strides=[1, 1],
        dilations=[1, 1],
        group=1,
    )
    x = net("Relu", [_batch_norm(net, x, 6)])
    x = net("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=0)
    x = net("Conv", [x, net.weight("d.w", 6, 1, 3, 3)], kernel_shape=[3, 3], group=6, pads=[1, 1, 1, 1])
    x = net("Clip", [x, net.weight("lo", values=np.float32(0)), net.weight("hi", values=np.float32(6))])
    x = net("Dropout", [net("Flatten", [x], axis=1)])
    x = net("Relu", [net("Gemm", [x, net.weight("f.w", 8, 180), net.weight("f.b", 8)], transB=1, alpha=1.0, beta=1.0)])
    return net.data(net("Gemm", [x, net.weight("g.w", 4, 8), net.weight("g.b", 4)], transB=1, alpha=0.5, beta=2.0))


def pytorch_view() -> bytes:
    """x.view(x.size(0), -1) as Shape, Gather, Unsqueeze, Concat, Reshape; skip connections; SiLU; global pooling."""
    net = Net(12, x=["n", 4, 6, 6])
    a = net("Conv", ["x", net.weight("w", 4, 4, 3, 3), net.weight("b", 4)], pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    a = net("Mul", [a, net("Sigmoid", [a])])
    s = net("Add", [a, "x"])
    s = net("Add", [s, net.weight("shift", 4, 1, 1)])
    pooled = net("GlobalAveragePool", [s])
    size = net("Gather", [net("Shape", [pooled]), net.weight("zero", values=np.int64(0))], axis=0)
    one = net("Concat", [net("Unsqueeze", [size], axes=[0]), net.weight("rest", values=np.int64([-1]))], axis=0)
    x = net("Reshape", [pooled, one])
    return net.data(net("Softmax", [net("MatMul", [x, net.weight("m", 4, 3)])], axis=1))


def tf2onnx_cnn() -> bytes:
    """A plain input, a Transpose before and behind the convolutions, ReduceMean over rows and columns."""
    net = Net(12, image=["n", 9, 8, 3])
    x = net("Transpose", ["image"], perm=[0, 3, 1, 2])
    x = net("Conv", [x, net.weight("w", 5, 3, 3, 3), net.weight("b", 5)], auto_pad="SAME_UPPER", strides=[2, 2])
    x = net("LeakyRelu", [net("Pad", [x, net.weight("p", values=np.int64([0, 0, 1, 0, 0, 0, 1, 2]))])], alpha=0.1)
    x = net("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2], auto_pad="VALID")
    x = net("Transpose", [x], perm=[0, 2, 3, 1])
    x = net("Mul", [x, net.weight("scale", 5)])
    x = net("ReduceMean", [x], axes=[1, 2], keepdims=0)
    return net.data(net("Add", [net("MatMul", [x, net.weight("m", 5, 3)]), net.weight("mb", 3)]))


def reshape_to_rows() -> bytes:
    """A Reshape of pictures whose values nothing dense reads, and a fixed batch of one."""
    net = Net(9, data=[1, 4, 5, 3])
    x = net("Conv", ["data", net.weight("w", 2, 4, 1, 1)], kernel_shape=[1, 1])
    x = net("Reshape", [x, net.weight("s", values=np.int64([1, -1]))])
    return net.data(net("Softmax", [x], axis=1))


def encoder_decoder() -> bytes:
    """Fully convolutional: its output has channels first in the file, last in the spec."""
    net = Net(13, x=["n", 2, 8, 8])
    x = net("Conv", ["x", net.weight("w", 4, 2, 3, 3)], pads=[1, 1, 1, 1])
    x = net("PRelu", [net("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2]), net.weight("slope", 4, 1, 1)])
    up = net(
        "Resize",
        [x, "", net.weight("sc", values=np.float32([1, 1, 2, 2]))],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    back = net(
        "ConvTranspose", [x, net.weight("t", 4, 4, 4, 4)], kernel_shape=[4, 4], strides=[2, 2], pads=[1, 1, 1, 1]
    )
    return net.data(net("Concat", [up, back, "x"], axis=1))


def shuffled_channels() -> bytes:
    """ShuffleNet's Reshape, Transpose, Reshape; grouped convolution; LRN."""
    net = Net(13, x=["n", 6, 5, 4])
    x = net("LRN", ["x"], size=3, alpha=0.01, beta=0.5, bias=1.5)
    x = net("Reshape", [x, net.weight("s1", values=np.int64([-1, 2, 3, 5, 4]))])
    x = net("Transpose", [x], perm=[0, 2, 1, 3, 4])
    x = net("Reshape", [x, net.weight("s2", values=np.int64([-1, 6, 5, 4]))])
    x = net("Conv", [x, net.weight("w", 4, 3, 2, 2), net.weight("b", 4)], group=2)
    return net.data(net("ReduceMean", [x], axes=[2, 3], keepdims=0))


def text_classifier() -> bytes:
    """An Embedding, a one-dimensional convolution behind a Transpose, LayerNormalization."""
    net = Net(17, ids=["n", 7])
    net.dtypes["ids"] = TensorProto.INT64
    x = net("Gather", [net.weight("table", 9, 4), "ids"])
    x = net("LayerNormalization", [x, net.weight("g", 4), net.weight("be", 4)], axis=-1, epsilon=1e-5)
    x = net("Conv", [net("Transpose", [x], perm=[0, 2, 1]), net.weight("w", 6, 4, 3)], pads=[1, 1], kernel_shape=[3])
    x = net("Squeeze", [net("GlobalMaxPool", [net("Tanh", [x])]), net.weight("ax", values=np.int64([2]))])
    return net.data(net("Div", [x, net.weight("temperature", values=np.float32(2.0))]))


def pytorch_lstm() -> bytes:
    """batch_first: two layers, zero states of the batch's size, two biases each, the last state by an index."""
    net = Net(14, x=["n", 6, 3])
    size = net("Gather", [net("Shape", ["x"]), net.weight("zero", values=np.int64(0))], axis=0)
    size = net("Unsqueeze", [size, net.weight("first", values=np.int64([0]))])
    one, four = net.weight("one", values=np.int64([1])), net.weight("four", values=np.int64([4]))
    state = net("ConstantOfShape", [net("Concat", [one, size, four], axis=0)])
    x = net("Transpose", ["x"], perm=[1, 0, 2])
    y = net(
        "LSTM",
        [x, net.weight("w", 1, 16, 3), net.weight("r", 1, 16, 4), net.weight("b", 1, 32), "", state, state],
        hidden_size=4,
    )
    y = net("Squeeze", [y, one])
    blobs = [net.weight("w2", 1, 16, 4), net.weight("r2", 1, 16, 4), net.weight("b2", 1, 32)]
    net.nodes.append(helper.make_node("LSTM", [y, *blobs, "", state, state], ["", "h"], name="/l2", hidden_size=4))
    x = net("Gather", ["h", net.weight("last", values=np.int64(-1))], axis=0)
    return net.data(net("Gemm", [x, net.weight("g", 2, 4), net.weight("gb", 2)], transB=1))


def padded_pools() -> bytes:
    """Odd cells before the input, rounding up, and padding that counts."""
    net = Net(11, x=["n", 2, 7, 8])
    a = net("MaxPool", ["x"], kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_LOWER")
    b = net("AveragePool", ["x"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
    c = net("MaxPool", ["x"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    return net.data(net("Sum", [a, b, c]), net("Max", [a, b]))


MADE = [
    pytorch_cnn, pytorch_view, tf2onnx_cnn, reshape_to_rows, encoder_decoder, shuffled_channels, text_classifier,
    padded_pools, pytorch_lstm,
]  # fmt: skip


@pytest.mark.parametrize("make", MADE)
def test_graphs_of_other_exporters_answer_in_keras_as_in_onnx_runtime(
    make: Callable[[], bytes], worker_outputs: Callable[..., Any]
) -> None:
    data = make()
    spec, weights, report = conversion.read(data)
    (one,) = onnx.load_from_string(data).graph.input
    dims = [dim.dim_value or 1 for dim in one.type.tensor_type.shape.dim]
    whole = one.type.tensor_type.elem_type == TensorProto.INT64
    sample = RNG.integers(0, 9, dims) if whole else np.float32(RNG.normal(0, 1, dims))
    expected = answers(data, {one.name: sample})
    pictures = [line.layer for line in report.rewritten if line.why.startswith("channels come last")]
    fed = np.moveaxis(sample, 1, -1) if pictures else sample
    expected = [np.moveaxis(a, 1, -1) if pictures and a.ndim == 4 else a for a in expected]
    close(worker_outputs(spec, weights, {one.name: fed}), expected)
    if not any(layer.type == "Rescaling" for layer in spec.layers):  # the writer may not say it
        close(answers(conversion.write(spec, "onnx", weights).data, {one.name: fed}), expected)


def test_layers_that_read_the_same_initialisers_share_weights() -> None:
    net = Net(13, a=["n", 4], b=["n", 4])
    blobs = [net.weight("w", 4, 3), net.weight("b1", 3)]
    spec, weights, _ = conversion.read(net.data(net("Gemm", ["a", *blobs]), net("Gemm", ["b", *blobs])))
    assert [layer.weights_of for layer in spec.layers if layer.type == "Dense"] == [None, "/Gemm_0"]
    assert list(weights or ()) == ["/Gemm_0/kernel", "/Gemm_0/bias"]


@pytest.mark.parametrize(
    ("shape", "axis", "fits"), [(["n", 5], 1, True), (["n", 4, 3], 1, False), (["n", 4, 3], 2, True)]
)
def test_an_old_softmax_is_read_where_it_works_along_one_axis(shape: list[Any], axis: int, fits: bool) -> None:
    net = Net(9, x=shape)
    data = net.data(net("Softmax", ["x"], axis=axis))
    if fits:
        assert conversion.read(data)[0].layers[-1].type == "Softmax"
    else:
        with pytest.raises(ConversionImpossible, match="before operator set 13 must work along one axis"):
            conversion.read(data)


def test_an_input_of_unknown_shape_takes_the_one_that_is_given() -> None:
    net = Net(13, x=["n", "h", "w", 3])
    data = net.data(net("Relu", ["x"]))
    assert conversion.read(data)[0].layers[0].params == {"shape": [None, None, 3]}
    assert conversion.read(data, input_shape=[8, 9, 3])[0].layers[0].params == {"shape": [8, 9, 3]}
