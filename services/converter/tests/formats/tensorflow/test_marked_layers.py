"""Layers of many nodes: several outputs, shared weights, other tools' passes over the file, and marks that lie."""

import json
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_converter.canonical import canonical
from visualnn_converter.formats.tensorflow.schema import graph_def
from visualnn_shared.errors import ConversionImpossible

tf = pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def translator(chain: Any) -> Any:
    """An encoder that hands its states to a decoder, which also attends to the encoder's steps."""
    return chain(
        ("x", "Input", {"shape": [5, 4]}), ("y", "Input", {"shape": [3, 4]}),
        ("enc", "LSTM", {"units": 3, "return_sequences": True, "return_state": True}, ["x"]),
        ("dec", "LSTM", {"units": 3, "return_sequences": True, "return_state": True}, ["y", "enc:1", "enc:2"]),
        ("att", "MultiHeadAttention", {"num_heads": 2, "key_dim": 2}, ["dec", "enc"]),
        ("g1", "GRU", {"units": 3}, ["dec"]), ("g2", "GRU", {"units": 3}, ["att"], "g1"),
        ("sum", "Add", {}, ["g1", "g2"]),
        outputs=("sum", "dec:2", "dec"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(translator: Any, random_weights: Any) -> bytes:
    return bytes(conversion.write(translator, "tensorflow", random_weights(translator)).data)


def test_states_are_outputs_and_inputs_and_weights_are_shared(translator: Any, data: bytes, answers: Any,
                                                              worker_outputs: Any, random_weights: Any,
                                                              random_inputs: Any) -> None:  # fmt: skip
    weights, inputs = random_weights(translator), random_inputs(translator)
    expected = worker_outputs(translator, weights, inputs)
    for found, other in zip(answers(data, inputs), expected, strict=True):
        np.testing.assert_allclose(found, other, atol=1e-5)
    again, kept, _ = conversion.read(data)
    assert canonical(again) == canonical(translator)
    assert {name: array.tobytes() for name, array in kept.items()} == {
        name: array.tobytes() for name, array in weights.items()
    }


def test_a_file_that_tensorflow_wrote_anew_is_still_read(translator: Any, data: bytes) -> None:
    message = tf.compat.v1.GraphDef.FromString(data)
    with tf.Graph().as_default() as graph:
        tf.compat.v1.import_graph_def(message, name="")
        again = graph.as_graph_def(add_shapes=True).SerializeToString()
    assert again != data
    assert canonical(conversion.read(again)[0]) == canonical(translator)


def test_the_text_is_read_back_too(translator: Any, random_weights: Any) -> None:
    text = conversion.write(translator, "tensorflow-text", random_weights(translator)).data
    assert canonical(conversion.read(text)[0]) == canonical(translator)


def test_a_value_that_is_passed_on_to_a_layer_of_many_nodes_is_no_output(chain: Any, random_weights: Any) -> None:
    net = chain(
        ("x", "Input", {"shape": [5, 4]}), ("same", "Activation", {"activation": "linear"}), ("l", "LSTM", {"units": 1})
    )
    again = conversion.read(conversion.write(net, "tensorflow", random_weights(net)).data, "tensorflow")[0]
    assert ([layer.name for layer in again.layers], again.outputs) == (["x", "l"], ("l",))


def test_other_weights_in_the_file_are_read(data: bytes) -> None:
    message = graph_def().FromString(data)
    node = next(one for one in message.node if one.name == "enc/kernel")
    tensor = next(one.value.tensor for one in node.attr if one.key == "value")
    tensor.tensor_content = np.full((4, 12), 0.5, "<f4").tobytes()
    weights = conversion.read(message.SerializeToString())[1]
    assert weights is not None
    assert (weights["enc/kernel"] == 0.5).all()


def _refused(message: Any) -> list[Any]:
    with pytest.raises(ConversionImpossible) as caught:
        conversion.read(message.SerializeToString(), "tensorflow")
    return list(caught.value.problems)


def _named(message: Any, op: str, begin: str) -> Any:
    return next(one for one in message.node if one.op == op and one.name.startswith(begin))


@pytest.mark.parametrize("op", ["Sigmoid", "Tanh", "Mul"])
def test_a_changed_node_is_an_obstacle_and_never_other_numbers(data: bytes, op: str) -> None:
    message = graph_def().FromString(data)
    _named(message, op, "enc/").op = "Relu" if op != "Mul" else "Add"
    (problem, *_) = _refused(message)
    assert problem.rule == "the nodes must be those of the LSTM that _visualnn names"
    assert problem.where.layer == "enc"
    assert "remove the attribute" in str(problem.hint)


def test_a_changed_number_or_wiring_is_an_obstacle(data: bytes) -> None:
    message = graph_def().FromString(data)
    number = next(one for one in message.node if one.op == "Mul" and one.name.startswith("att/"))
    factor = next(one for one in message.node if one.name == number.input[1])
    next(one.value.tensor for one in factor.attr if one.key == "value").float_val[:] = [2.0]
    assert "MultiHeadAttention" in _refused(message)[0].rule
    message = graph_def().FromString(data)
    steps = [one for one in message.node if one.op == "Pack" and one.name.startswith("enc/")]
    inputs = list(steps[-1].input)
    steps[-1].input[:] = inputs[::-1]
    assert "LSTM" in _refused(message)[0].rule


def test_a_value_inside_that_is_read_from_outside_is_an_obstacle(data: bytes) -> None:
    message = graph_def().FromString(data)
    message.node.add(name="spy", op="Relu", input=[_named(message, "Tanh", "enc/").name])
    assert "must not be read from outside" in _refused(message)[0].rule


LIES: list[tuple[str, Any]] = [
    ("no JSON", "{"),
    ("another form", "[]"),
    ("nested deep", "[" * 60_000),
    ("too long", json.dumps({"type": "LSTM" * 20_000})),
    ("no such type", {"type": "Nothing"}),
    ("a type that is not written so", {"type": "Dense", "params": {"units": 3}}),
    ("params of no layer", {"params": {"units": -1}}),
    ("more units", {"params": {"units": 50_000_000}}),
    ("another direction", {"params": {"units": 3, "return_sequences": True, "return_state": True,
                                      "go_backwards": True}}),
    ("inputs that are not there", {"inputs": ["nowhere"]}),
    ("no inputs", {"inputs": []}),
    ("itself as input", {"inputs": ["enc"]}),
    ("weights that are not there", {"weights": {"kernel": "nowhere"}}),
    ("weights by other names", {"weights": {"kernel": "enc/recurrent_kernel"}}),
    ("weights that are computed", {"weights": {"kernel": "x"}}),
]  # fmt: skip


@pytest.mark.parametrize("lie", [lie for _, lie in LIES], ids=[name for name, _ in LIES])
def test_a_mark_that_lies_is_an_obstacle(data: bytes, lie: Any) -> None:
    message = graph_def().FromString(data)
    entry = next(one for one in _named(message, "IdentityN", "enc").attr if one.key == "_visualnn")
    said = json.loads(entry.value.s)
    entry.value.s = (lie if isinstance(lie, str) else json.dumps({**said, **lie})).encode()
    problems = _refused(message)
    assert any("_visualnn" in f"{one.rule} {one.hint}" or one.where.layer == "enc" for one in problems)


def test_groups_of_any_tool_are_one_convolution(built: Any) -> None:
    rng = np.random.default_rng(5)
    kernels = [rng.normal(size=(3, 3, 2, 4)).astype(np.float32) for _ in range(3)]

    def make(v1: Any, x: Any) -> Any:
        parts = v1.split(x, 3, axis=-1)
        made = [v1.nn.conv2d(part, tf.constant(kernel), strides=[1, 2, 2, 1], padding="SAME")
                for part, kernel in zip(parts, kernels, strict=True)]  # fmt: skip
        return v1.nn.relu(v1.concat(made, axis=3), name="r")

    message, _ = built(make, rng.normal(size=(1, 8, 8, 6)).astype(np.float32))
    spec, weights, _ = conversion.read(message.SerializeToString())
    (layer,) = [one for one in spec.layers if one.type == "Conv2D"]
    assert (layer.params["groups"], layer.params["filters"]) == (3, 12)
    (kernel,) = (weights or {}).values()
    np.testing.assert_array_equal(kernel, np.concatenate(kernels, axis=-1))


def test_a_loop_of_tensorflow_is_an_obstacle_that_says_what_to_do(built: Any) -> None:
    def make(v1: Any, x: Any) -> Any:
        return v1.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * 2), [v1.constant(0), x])[1]

    with tf.Graph().as_default():
        v1 = tf.compat.v1
        was = v1.control_flow_v2_enabled()
        v1.disable_control_flow_v2()
        try:
            message, _ = built(make, np.ones((1, 4), np.float32))
        finally:
            if was:
                v1.enable_control_flow_v2()
    problems = _refused(message)
    assert {one.rule for one in problems} == {"control flow and functions must not be in the graph"}
    assert any("unroll" in str(one.hint) for one in problems)
