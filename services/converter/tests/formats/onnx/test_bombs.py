"""Files that describe more than they hold, that turn in circles, or that found a missing check while fuzzing."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from visualnn_converter import conversion
from visualnn_converter.formats.onnx import faults, operators
from visualnn_shared.errors import ConversionImpossible, Invalid

from services.converter.tests.formats.onnx.test_reader import Net


def rules(data: bytes) -> list[str]:
    with pytest.raises(Invalid) as caught:
        conversion.read(data, "onnx")
    return [problem.rule for problem in caught.value.problems]


def circle() -> bytes:
    net = Net(13, x=["n", 4])
    net.nodes += [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])]
    return net.data("b")


def subgraphs() -> bytes:
    """A branch within a branch, thirty deep."""
    body = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [], [_info("y")])
    for _ in range(30):
        node = helper.make_node("If", ["x"], ["y"], then_branch=body, else_branch=body) if _ < 8 else (
            helper.make_node("If", ["x"], ["y"], then_branch=body)
        )  # fmt: skip
        body = helper.make_graph([node], "g", [], [_info("y")])
    net = Net(13, x=["n", 4])
    net.nodes += list(body.node)
    return net.data("y")


def _info(name: str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)


def wide_norm() -> bytes:
    """One factor for as many channels as the input says it has."""
    net = Net(21, x=["n", 2**30, 4, 4])
    weights = [net.weight("g", values=np.ones(1, np.float32)), net.weight("b", values=np.zeros(1, np.float32))]
    return net.data(net("GroupNormalization", ["x", *weights], num_groups=1))


def wide_layer_norm() -> bytes:
    net = Net(17, x=["n", 2**30])
    return net.data(net("LayerNormalization", ["x", net.weight("g", values=np.ones(1, np.float32))]))


def wide_heads() -> bytes:
    """An identity of heads x features has the square of what the file holds."""
    net = Net(14, x=["n", 5, 1])
    heads = []
    for key, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        dense = net("MatMul", ["x", net.weight(f"{key}.w", 1, 20_000)])
        parted = net("Reshape", [dense, net.weight(f"{key}.s", values=np.int64([0, 0, 2, 10_000]))])
        heads.append(net("Transpose", [parted], perm=perm))
    shares = net("Softmax", [net("MatMul", heads[:2])], axis=-1)
    return net.data(net("MatMul", [shares, heads[2]]))


def long_sequence() -> bytes:
    net = Net(14, x=["n", 2**30, 4])
    heads = []
    for key, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        dense = net("MatMul", ["x", net.weight(f"{key}.w", 4, 4)])
        parted = net("Reshape", [dense, net.weight(f"{key}.s", values=np.int64([0, 0, 2, 2]))])
        heads.append(net("Transpose", [parted], perm=perm))
    shares = net("Softmax", [net("MatMul", heads[:2])], axis=-1)
    return net.data(net("MatMul", [shares, heads[2]]))


def many_pieces() -> bytes:
    net = Net(18, x=["n", 6])
    return net.data(net("Split", ["x"], axis=1, num_outputs=2**40))


def empty_input() -> bytes:
    net = Net(13, x=["n", 0, 4])
    return net.data(net("Relu", ["x"]))


def constant_of_another_kind() -> bytes:
    net = Net(13, x=["n", 4])
    node = helper.make_node("Constant", [], ["c"], value_float=1.0)
    node.attribute[0].type, node.attribute[0].s = onnx.AttributeProto.STRING, b"SAME_UPPER"
    net.nodes.append(node)
    return net.data(net("Add", ["x", "c"]))


def operator_of_a_newer_set() -> bytes:
    net = Net(13, x=["n", 4])
    node = helper.make_node("RMSNormalization", ["x", net.weight("g", 4)], ["y"], axis="axis")
    net.nodes.append(node)
    return net.data("y")


def name_that_is_no_text() -> bytes:
    net = Net(13, x=["n", 4])
    return net.data(net("Relu", ["x"])).replace(b"made", b"\xff\xfe\xff\xfe")


def scores_by_scores() -> bytes:
    net = Net(14, x=["n", 2, 5, 4])
    scores = net("MatMul", ["x", net("Transpose", ["x"], perm=[0, 1, 3, 2])])
    return net.data(net("Div", ["x", scores]))


def twisted_sequence() -> bytes:
    """A node whose attributes and inputs are those of no recurrent layer."""
    net = Net(14, x=["n"])
    return net.data(net("ReverseSequence", ["x", net.weight("l", values=np.int64([4]))], time_axis=1, batch_axis=0))


FOUND: dict[Callable[[], bytes], str] = {
    circle: "must read values that nodes before it make",
    subgraphs: "the operator must be one that VisualNN reads",
    wide_norm: "a tensor must have at most",
    wide_layer_norm: "a tensor must have at most",
    wide_heads: "a tensor must have at most",
    long_sequence: "a tensor must have at most",
    many_pieces: "the axis that is split must have a known size",
    empty_input: "the input 'x' must hold values",
    constant_of_another_kind: "the operator must be one that VisualNN reads",
    operator_of_a_newer_set: "the operator must be one of operator set 13",
    name_that_is_no_text: "names must be text (UTF-8)",
    scores_by_scores: "attention must be scaled, softened and multiplied with values",
    twisted_sequence: "ReverseSequence must turn whole sequences around",
}


@pytest.mark.parametrize("make", FOUND, ids=lambda make: make.__name__)
def test_a_file_is_refused_by_its_rule_within_a_second_or_two(make: Callable[[], bytes]) -> None:
    data, began = make(), time.process_time()
    assert any(FOUND[make] in rule for rule in rules(data))
    assert time.process_time() - began < 10


@pytest.mark.parametrize("op", ["Relu", "Reshape"])
def test_long_chains_of_nodes_of_one_name_are_read_in_linear_time(op: str) -> None:
    net = Net(13, x=["n", 4])
    shape = [net.weight("s", values=np.int64([0, 4]))] if op == "Reshape" else []
    shapes = [shape, [net.weight("t", values=np.int64([0, 2, 2]))]] if shape else [[], []]
    name = "x"
    for number in range(4000):
        net.nodes.append(helper.make_node(op, [name, *shapes[number % 2]], [f"o{number}"], name="same"))
        name = f"o{number}"
    data, began = net.data(name), time.process_time()
    spec, _, _ = conversion.read(data)
    assert len(spec.layers) == (4001 if op == "Relu" else 2)
    assert time.process_time() - began < 30


def test_a_failure_that_no_check_foresaw_is_an_obstacle_and_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("a bug of ours")

    monkeypatch.setitem(operators.OPERATORS, "Neg", broken)  # type: ignore[arg-type]
    net = Net(13, x=["n", 4])
    with pytest.raises(ConversionImpossible, match="the sizes and attributes of Neg must fit together"):
        conversion.read(net.data(net("Neg", ["x"])))
    assert [one.split(":")[0] for one in faults.seen] == ["Neg"]
    faults.seen.clear()
