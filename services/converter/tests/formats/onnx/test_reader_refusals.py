"""What the reader refuses: every obstacle at once by node, and broken files as typed errors only."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto
from visualnn_converter import conversion
from visualnn_shared.errors import ConversionImpossible, Invalid, TooLarge

from services.converter.tests.formats.onnx.test_reader import MADE, Net


def problems(data: bytes) -> list[tuple[str | None, str]]:
    with pytest.raises(ConversionImpossible) as caught:
        conversion.read(data, "onnx")
    return [(problem.where.layer, problem.rule) for problem in caught.value.problems]


def test_all_obstacles_are_named_at_once() -> None:
    net = Net(13, a=["n", 3, 8, 8], b=["n", 4])
    one = net("NonMaxSuppression", ["a"])
    two = net("Det", ["b"])
    net("Relu", [one])
    three = net("Gemm", ["b", net.weight("w", 4, 2)], transA=1)
    four = net("MaxPool", ["a"], kernel_shape=[2, 2], dilations=[2, 2])
    assert problems(net.data("v2", two, three, four)) == [
        ("/NonMaxSuppression_0", "the operator must be one that VisualNN reads"),
        ("/Det_1", "the operator must be one that VisualNN reads"),
        ("/Gemm_3", "Gemm must read rows of values as they are"),
        ("/MaxPool_4", "dilations must be left out: VisualNN has no word for it"),
    ]


def _relu() -> onnx.ModelProto:
    net = Net(13, x=["n", 4])
    return onnx.load_from_string(net.data(net("MatMul", ["x", net.weight("w", 4, 2)])))


def _external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def _negative(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [-4, -2]


def _huge(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [2**40, 2**40]


def _no_opset(model: onnx.ModelProto) -> None:
    del model.opset_import[:]


def _old(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 6


def _future(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 999


def _other_domain(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"


def _negative_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = -3


def _strings(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_type = TensorProto.STRING


def _dangling(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[0] = "nowhere"


def _no_output(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def _misfit(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 5


REFUSED: dict[Callable[[onnx.ModelProto], None], str] = {
    _external: "the tensor 'w' must lie in the file",
    _negative: "the tensor 'w' must have sizes of at least 0",
    _huge: "the tensor 'w' must hold as many values as its sizes [1099511627776, 1099511627776] say",
    _no_opset: "the file must name its operator set (opset_import of the domain ai.onnx)",
    _old: "the operator set must be of version 7 to",
    _future: "the operator set must be of version 7 to",
    _other_domain: "the operator must be one that VisualNN reads",
    _negative_input: "the input 'x' must have sizes of at least 0",
    _strings: "the tensor 'w' must be of the type",
    _dangling: "the node '/MatMul_0' must read values that nodes before it make",
    _no_output: "the file must hold a graph with outputs",
    _misfit: "kernel must have the shape [5, 2]",
}


@pytest.mark.parametrize("change", REFUSED, ids=lambda change: change.__name__.strip("_"))
def test_broken_models_are_refused_with_the_rule(change: Callable[[onnx.ModelProto], None]) -> None:
    model = _relu()
    change(model)
    ((_, rule),) = problems(model.SerializeToString())
    assert rule.startswith(REFUSED[change])


def test_a_file_of_another_kind_is_not_taken_for_onnx() -> None:
    data = _relu().SerializeToString()
    for other in (b"", b"\x08", data[:-1], data + b"x", b"\x08\x07" + b"\x00" * 20, b"PK" + data, b"\x08\x07\x3a\x00x"):
        with pytest.raises(Invalid, match=r"."):
            conversion.read(other)


NUMBERS = st.sampled_from([-(2**63), -7, -1, 0, 1, 2, 3, 1000, 2**31, 2**62, -(2**62)])
OPS = st.sampled_from([
    "Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "Mul", "Div", "Concat", "Flatten", "Reshape", "Transpose",
    "Squeeze", "Unsqueeze", "Pad", "Resize", "Upsample", "ReduceMean", "LayerNormalization", "Gather", "PRelu", "Clip",
    "BatchNormalization", "Softmax", "LRN", "MaxPool", "GlobalAveragePool", "Shape", "Cast", "Constant", "Identity",
    "ConstantOfShape", "Expand", "Slice", "LSTM", "Sum", "Dropout", "HardSigmoid", "Shrink", "Neg", "Nonsense",
])  # fmt: skip


def _changed(data: st.DataObject, model: onnx.ModelProto) -> None:
    """One place of the model has another value."""
    graph, draw = model.graph, data.draw
    node = draw(st.sampled_from(list(graph.node)))
    tensors = [*graph.initializer]
    values = [*(t.name for t in tensors), *(n.output[0] for n in graph.node), graph.input[0].name, "", "nowhere"]
    match draw(st.sampled_from(["op", "attribute", "input", "drop", "dims", "values", "size", "opset", "name"])):
        case "op":
            node.op_type = draw(OPS)
        case "attribute" if node.attribute:
            attribute = draw(st.sampled_from(list(node.attribute)))
            attribute.i = draw(NUMBERS)
            attribute.f = draw(st.sampled_from([float("nan"), float("inf"), 0.0, -1.0]))
            attribute.ints[:] = draw(st.lists(NUMBERS, max_size=4))
            attribute.type = draw(st.sampled_from([attribute.type, attribute.type, 1, 2, 3, 4, 5, 6, 7]))
        case "input" if node.input:
            node.input[draw(st.integers(0, len(node.input) - 1))] = draw(st.sampled_from(values))
        case "drop":
            del node.input[draw(st.integers(0, len(node.input))) :]
        case "dims" if tensors:
            tensor = draw(st.sampled_from(tensors))
            tensor.dims[:] = draw(st.sampled_from([list(tensor.dims)[::-1], [1, *tensor.dims], list(tensor.dims)[1:]]))
        case "values" if tensors:
            tensor = draw(st.sampled_from(tensors))
            array = np.array(draw(st.lists(NUMBERS, max_size=5)), np.int64)
            tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))
        case "size":
            dims = graph.input[0].type.tensor_type.shape.dim
            dims[draw(st.integers(0, len(dims) - 1))].dim_value = draw(NUMBERS)
        case "opset":
            model.opset_import[0].version = draw(st.integers(7, 21))
        case "name":
            node.name = draw(st.sampled_from(["", " ", "x" * 300, ":", "\n", graph.input[0].name]))


@pytest.mark.timeout(280)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_models_with_other_values_in_places_are_read_or_refused(data: st.DataObject) -> None:
    model = onnx.load_from_string(data.draw(st.sampled_from(MADE))())
    for _ in range(data.draw(st.integers(1, 3))):
        _changed(data, model)
    try:
        spec, _, _ = conversion.read(model.SerializeToString(), "onnx")
    except (Invalid, TooLarge) as error:
        known: Any = error.as_problem_json()
        assert known
    else:
        assert spec.layers
