from typing import Any

import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.memory import Load
from visualnn_shared.analysis.summary import summarise, summary
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.zoo.builder import Net


@pytest.mark.parametrize(
    ("name", "params", "non_trainable"),
    [("cifar-cnn", 592_554, 640), ("cifar-fnn", 646_260, 0), ("mnist-dnn", 669_706, 0), ("linear", 2, 0)],
)
def test_published_counts(name: str, params: int, non_trainable: int) -> None:
    totals = summary(zoo.load(name))
    assert totals.params == params
    assert totals.non_trainable_params == non_trainable
    assert totals.trainable_params == params - non_trainable


def test_vgg_16_has_its_published_parameters_and_multiply_accumulates() -> None:
    totals = summary(zoo.load("vgg16"))
    assert totals.params == 138_357_544
    # 15,346,630,656 in convolutions (sum of k*k*in*out*h*w of the paper's table D), 123,633,664 in dense layers
    assert totals.macs == 15_346_630_656 + 123_633_664


def test_each_layer_tells_its_shape_counts_and_variables() -> None:
    layers = {layer.name: layer for layer in summary(zoo.load("cifar-cnn")).layers}
    conv, bn = layers["conv2"], layers["bn2"]
    assert conv.output_shape == (16, 16, 32)
    assert conv.params == conv.trainable_params == 9248
    assert conv.macs == 16 * 16 * 32 * 3 * 3 * 32
    assert conv.activation_bytes == 16 * 16 * 32 * 4
    assert [(w.name, w.shape) for w in conv.weights] == [("conv2/kernel", (3, 3, 32, 32)), ("conv2/bias", (32,))]
    assert (bn.trainable_params, bn.non_trainable_params, bn.macs) == (64, 64, 0)
    assert [w.trainable for w in bn.weights] == [True, True, False, False]


def test_a_free_axis_leaves_counts_known_and_costs_open() -> None:
    net = Net("free")
    net.layers.append(Layer(name="in", type="Input", params={"shape": [None, 4]}))
    net.add("fc", "Dense", units=3)
    totals = summary(net.spec())
    assert totals.layers[1].output_shape == (None, 3)
    assert totals.params == 15
    assert totals.macs is None
    assert totals.layers[1].activation_bytes is None
    assert totals.memory.inference_bytes is None
    assert totals.memory.training_bytes is None
    assert totals.memory.weights_bytes == 60


def test_shared_weights_count_once() -> None:
    net = Net("siamese")
    left = net.add("left", "Dense", net.input("a", 4), units=3)
    net.input("b", 4)
    net.layers.append(Layer(name="right", type="Dense", params={"units": 3}, inputs=("b",), weights_of="left"))
    net.add("out", "Subtract", left, "right")
    totals = summary(net.spec())
    right = next(layer for layer in totals.layers if layer.name == "right")
    assert totals.params == 15
    assert (right.params, right.weights, right.weights_of, right.macs) == (0, (), "left", 12)


def test_memory_by_hand() -> None:
    net = Net("small")
    net.input("in", 10)
    net.add("fc1", "Dense", units=20)
    net.add("fc2", "Dense", units=5)
    weights = (10 * 20 + 20) + (20 * 5 + 5)
    memory = summary(net.spec(), Load(batch_size=8)).memory
    assert memory.weights_bytes == 4 * weights
    assert memory.inference_bytes == 4 * (weights + 8 * (10 + 20))  # fc1's input and output; later 20 + 5
    assert memory.training_bytes == 4 * (weights + weights * (1 + 2) + 8 * (10 + 20 + 5))
    assert (memory.batch_size, memory.optimizer) == (8, "adam")
    plain = summary(net.spec(), Load(batch_size=8, optimizer="sgd")).memory
    assert plain.training_bytes == 4 * (weights + weights + 8 * 35)


@pytest.mark.parametrize(
    ("dtype", "weight_bytes", "value_bytes"), [("float64", 8, 8), ("bfloat16", 2, 2), ("mixed_float16", 4, 2)]
)
def test_a_dtype_policy_sets_the_size_of_variables_and_of_activations(
    dtype: str, weight_bytes: int, value_bytes: int
) -> None:
    found = summary(zoo.load("digits-dnn"), Load(dtype=dtype, batch_size=3))
    memory, values = found.memory, 64 + 512 + 512 + 512 + 512 + 10
    assert memory.weights_bytes == memory.gradients_bytes == weight_bytes * found.params
    assert memory.optimizer_bytes == 2 * memory.gradients_bytes
    assert memory.activations_bytes == 3 * value_bytes * values
    assert sum(layer.activation_bytes or 0 for layer in found.layers) == value_bytes * values


def test_the_largest_batch_that_fits_is_the_last_that_fits() -> None:
    spec, device = zoo.load("cifar-cnn"), 200_000_000
    fit = summary(spec, Load(device_bytes=device)).memory.fit
    assert fit is not None
    assert fit.largest_training_batch
    assert fit.largest_inference_batch
    for batch, name in ((fit.largest_training_batch, "training"), (fit.largest_inference_batch, "inference")):
        at, over = (summary(spec, Load(batch_size=b, device_bytes=device)).memory for b in (batch, batch + 1))
        assert getattr(at, f"{name}_bytes") <= device < getattr(over, f"{name}_bytes")
        assert at.fit is not None
        assert over.fit is not None
        assert (getattr(at.fit, f"{name}_fits"), getattr(over.fit, f"{name}_fits")) == (True, False)


def test_a_net_whose_weights_alone_are_too_large_fits_with_no_batch() -> None:
    fit = summary(zoo.load("cifar-cnn"), Load(device_bytes=1000)).memory.fit
    assert fit is not None
    assert (fit.training_fits, fit.largest_training_batch, fit.largest_inference_batch) == (False, 0, 0)


def test_an_output_that_is_needed_later_stays_in_memory() -> None:
    net = Net("skip")
    first = net.input("in", 100)
    net.add("a", "Dense", units=10)
    net.add("b", "Dense", units=100)
    net.add("out", "Add", first, "b")
    totals = summary(net.spec())
    # At the sum: the input, b and the sum itself.
    assert totals.memory.inference_bytes == totals.memory.weights_bytes + 4 * 300


def test_frozen_values_need_no_gradient() -> None:
    net = Net("frozen")
    net.input("in", 4)
    net.add("out", "Dense", units=3, trainable=False)
    memory = summary(net.spec()).memory
    assert memory.training_bytes == memory.weights_bytes + 4 * (4 + 3)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"batch_size": 0}, "batch_size must be an integer of at least 1"),
        ({"batch_size": True}, "batch_size must be an integer of at least 1"),
        ({"optimizer": "adamm"}, "optimizer must be one of sgd, rmsprop"),
        ({"optimizer": {"name": ["adam"]}}, "optimizer must be one of sgd, rmsprop"),
        ({"optimizer": {}}, "optimizer must be one of sgd, rmsprop"),
        ({"dtype": "float8"}, "dtype must be one of float32, float16"),
        ({"device_bytes": 0}, "device_bytes must be an integer of at least 1"),
    ],
)
def test_a_wrong_question_is_refused(options: dict[str, Any], rule: str) -> None:
    with pytest.raises(Invalid) as caught:
        summary(zoo.load("linear"), Load(**options))
    assert caught.value.problems[0].rule.startswith(rule)


def test_a_spec_with_problems_has_no_summary_but_every_problem() -> None:
    spec = Spec(name="x", layers=(Layer(name="a", type="Dens"), Layer(name="b", type="Relu")), outputs=("c",))
    with pytest.raises(SpecInvalid) as caught:
        summarise(resolve(spec))
    assert len(caught.value.problems) == 3


def test_a_summary_survives_its_json() -> None:
    totals = summary(zoo.load("imdb-lstm"))
    assert type(totals).model_validate_json(totals.model_dump_json()) == totals
