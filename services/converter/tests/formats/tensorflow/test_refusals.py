"""Files that are no nets, or nets that no spec can say: typed errors that name the node; and random damage."""

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.formats.tensorflow.schema import graph_def
from visualnn_converter.formats.tensorflow.values import DType, put
from visualnn_shared.errors import Invalid, TooLarge
from visualnn_shared.spec.model import Layer, Spec

FLOATS = DType("float32")


def _graph(*nodes: tuple[Any, ...]) -> Any:
    """``(name, op, inputs, attributes)``; a placeholder ``x`` of (batch, 4) is there already."""
    message = graph_def()()
    for name, op, inputs, attributes in (("x", "Placeholder", [], {"dtype": FLOATS, "shape": (None, 4)}), *nodes):
        node = message.node.add(name=name, op=op, input=inputs)
        for key, value in attributes.items():
            put(node.attr.add(key=key).value, value)
    return message


def _const(name: str, value: Any) -> tuple[Any, ...]:
    array = np.asarray(value)
    return (name, "Const", [], {"dtype": DType(str(array.dtype)), "value": array})


def _false_size() -> bytes:
    message = _graph(_const("w", np.ones((4, 2), np.float32)), ("y", "MatMul", ["x", "w"], {}))
    message.node[1].attr[1].value.tensor.tensor_shape.dim[0].size = 25_000_000
    return bytes(message.SerializeToString())


def _negative() -> bytes:
    message = _graph(_const("w", np.ones((4, 2), np.float32)), ("y", "MatMul", ["x", "w"], {}))
    message.node[1].attr[1].value.tensor.tensor_shape.dim[0].size = -4
    return bytes(message.SerializeToString())


def _huge_fill() -> bytes:
    message = _graph(_const("w", np.float32(1)), ("y", "Mul", ["x", "w"], {}))
    tensor = message.node[1].attr[1].value.tensor
    for _ in range(4):
        tensor.tensor_shape.dim.add(size=2**20)
    return bytes(message.SerializeToString())


def _called() -> bytes:
    message = _graph(("y", "my_function", ["x"], {}))
    message.library.function.add().signature.name = "my_function"
    return bytes(message.SerializeToString())


def _bytes(*nodes: tuple[Any, ...]) -> bytes:
    return bytes(_graph(*nodes).SerializeToString())


W = np.ones((4, 2), np.float32)
BROKEN: dict[str, tuple[bytes, str, str | None]] = {
    "cycle": (_bytes(("a", "Add", ["x", "b"], {}), ("b", "Relu", ["a"], {})), "compute something", None),
    "cycle before the end": (
        _bytes(("a", "Add", ["x", "b"], {}), ("b", "Relu", ["a"], {}), ("c", "Relu", ["b"], {})), "no cycle", "a"),
    "missing input": (_bytes(("y", "Relu", ["nothing"], {}), ("z", "Relu", ["x"], {})), "must be a node", "y"),
    "same name twice": (_bytes(("y", "Relu", ["x"], {}), ("y", "Relu", ["x"], {})), "a name of its own", "y"),
    "no name": (_bytes(("", "Relu", ["x"], {})), "a name of its own", None),
    "unknown operator": (_bytes(("y", "Fresnel", ["x"], {})), "one that VisualNN reads", "y"),
    "while loop": (_bytes(("y", "While", ["x"], {})), "control flow", "y"),
    "old loop": (_bytes(("e", "Enter", ["x"], {}), ("m", "Merge", ["e", "n"], {}), ("n", "NextIteration", ["m"], {}),
                        ("y", "Exit", ["m"], {})), "control flow", "m"),
    "function": (_called(), "control flow and functions", "y"),
    "switch without a flag": (_bytes(_const("p", np.float32(1)), ("s", "Switch", ["x", "p"], {}),
                                     ("y", "Relu", ["s"], {})), "control flow", "s"),
    "false size": (_false_size(), "as many values", "w"),
    "negative size": (_negative(), "at least 0", "w"),
    "huge fill": (_huge_fill(), "at most", "w"),
    "unknown shape": (_bytes(("z", "Placeholder", [], {"dtype": FLOATS}), ("y", "Relu", ["z"], {})),
                      "shape must be known", "z"),
    "kernel that does not fit": (_bytes(_const("w", np.ones((3, 2), np.float32)), ("y", "MatMul", ["x", "w"], {})),
                                 "must have the shape", "y"),
    "product of tensors": (_bytes(("y", "MatMul", ["x", "x"], {})), "must be a constant", "y"),
    "a text for a tensor": (_bytes(("w", "Const", [], {"value": "one"}), ("y", "Mul", ["x", "w"], {})),
                            "that the net computes", "y"),
    "a number for a shape": (_bytes(("w", "VariableV2", [], {"shape": 7}), ("y", "Mul", ["x", "w"], {})),
                             "types", None),
    "no inputs": (_bytes(("y", "Relu", [], {}), ("z", "MatMul", ["x"], {})), "more inputs", "z"),
    "rank of a convolution": (_bytes(_const("w", W), ("y", "Conv2D", ["x", "w"], {"strides": [1, 1, 1, 1]})),
                              "another number of axes", "y"),
    "batch axis": (_bytes(_const("a", np.int32(0)), ("y", "ConcatV2", ["x", "x", "a"], {})), "the batch", "y"),
    "division by zero": (_bytes(_const("w", np.float32(0)), ("y", "RealDiv", ["x", "w"], {})), "than 0", "y"),
    "sizes that lose the batch": (_bytes(_const("s", np.array([2, 2], np.int32)), ("y", "Reshape", ["x", "s"], {})),
                                  "keep the batch", "y"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_named(name: str) -> None:
    data, rule, layer = BROKEN[name]
    with pytest.raises(Invalid) as caught:
        conversion.read(data, "tensorflow")
    assert any(rule in problem.rule for problem in caught.value.problems), caught.value.problems
    if layer is not None:
        assert layer in {problem.where.layer for problem in caught.value.problems}


def test_all_obstacles_are_listed_at_once() -> None:
    data = _bytes(("a", "Fresnel", ["x"], {}), ("b", "Relu", ["a"], {}), ("c", "Dawsn", ["x"], {}))
    with pytest.raises(Invalid) as caught:
        conversion.read(data)
    assert {problem.where.layer for problem in caught.value.problems} == {"a", "c"}


TEXTS = {
    "unclosed": ("node {\n  name: 'x'\n  op: 'Relu'\n", 3),
    "wrong enum": ("node {\n name: 'x' op: 'Const'\n attr { key: 'dtype' value { type: DT_NOTHING } } }", 3),
    "no text": ("node {\n  name: 7\n  op: 'x' }", 2),
}


@pytest.mark.parametrize("name", TEXTS)
def test_errors_of_syntax_name_the_line(name: str) -> None:
    text, line = TEXTS[name]
    with pytest.raises(Invalid) as caught:
        conversion.read(text.encode(), "tensorflow-text")
    assert caught.value.problems[0].where.line == line


@pytest.mark.parametrize("inner", ["tensor { variant_val { tensors { ", "func { attr { value { "])
def test_deep_nesting_ends_in_an_error(inner: str) -> None:
    text = "node { name: 'x' op: 'y' attr { value { " + inner * 20_000
    with pytest.raises(Invalid):
        conversion.read(text.encode(), "tensorflow-text")


def test_a_text_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visualnn_converter.formats.tensorflow.parsing.LARGEST_TEXT", 100)
    with pytest.raises(TooLarge):
        conversion.read(b"node { name: 'x' op: 'Relu' }\n" * 10, "tensorflow-text")


def _net() -> bytes:
    layers = [
        Layer(name="x", type="Input", params={"shape": [6, 6, 2]}),
        Layer(name="c", type="Conv2D", params={"filters": 3, "kernel_size": 3, "padding": "same"}, inputs=("x",)),
        Layer(name="b", type="BatchNormalization", inputs=("c",)),
        Layer(name="p", type="MaxPooling2D", inputs=("b",)),
        Layer(name="n", type="LayerNormalization", inputs=("p",)),
        Layer(name="f", type="Flatten", inputs=("n",)),
        Layer(name="d", type="Dense", params={"units": 2, "activation": "softmax"}, inputs=("f",)),
    ]
    shapes = {"c/kernel": (3, 3, 2, 3), "c/bias": (3,), "d/kernel": (27, 2), "d/bias": (2,)}
    shapes |= {f"b/{name}": (3,) for name in ("gamma", "beta", "moving_mean", "moving_variance")}
    weights = {name: np.ones(shape, np.float32) for name, shape in {**shapes, "n/gamma": (3,), "n/beta": (3,)}.items()}
    return conversion.write(Spec(name="net", layers=tuple(layers), outputs=("d",)), "tensorflow", weights).data


NET = _net()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(st.tuples(st.integers(0, len(NET) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_bytes_are_read_or_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(NET)
    for place, value in changes:
        data[place] = value
    _read_or_refused(bytes(data))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_rewired_graphs_are_read_or_refused(data: st.DataObject) -> None:
    """Inputs, operators and attributes taken from other nodes."""
    message = graph_def().FromString(NET)
    nodes = st.sampled_from(list(message.node))
    for _ in range(data.draw(st.integers(1, 4))):
        one, other = data.draw(nodes), data.draw(nodes)
        kind = data.draw(st.sampled_from(["input", "op", "attributes", "less", "more"]))
        if kind == "input" and one.input:
            one.input[data.draw(st.integers(0, len(one.input) - 1))] = other.name
        elif kind == "op":
            one.op = other.op
        elif kind == "attributes" and other.attr:
            one.attr.add().CopyFrom(data.draw(st.sampled_from(list(other.attr))))
        elif kind == "less":
            del one.input[1:]
        else:
            one.input.append(other.name)
    _read_or_refused(message.SerializeToString())


def _read_or_refused(data: bytes) -> None:
    """Any other exception fails the test."""
    with suppress(Invalid, TooLarge):
        spec, _, _ = conversion.read(data, "tensorflow")
        assert spec.layers


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_a_file_that_is_cut_off_says_where_in_plain_words(share: float) -> None:
    data = _bytes(_const("w", np.ones((4, 2), np.float32)), ("y", "MatMul", ["x", "w"], {}))
    with pytest.raises(Invalid) as caught:
        conversion.read(data[: int(len(data) * share)], "tensorflow")
    (problem,) = caught.value.problems
    assert problem.rule == "the file must be a whole TensorFlow graph (a protobuf GraphDef)"
    assert "whole nodes, then the file is cut off or damaged at byte" in str(problem.received)


@pytest.mark.parametrize(
    ("data", "told"), [(b"", "an empty file"), (b"\x07\xff\xfe" * 9, "27 bytes of something else")]
)
def test_what_is_no_graph_is_named_without_raw_bytes(data: bytes, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        conversion.read(data, "tensorflow")
    assert caught.value.problems[0].received == told
