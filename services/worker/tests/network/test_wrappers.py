"""Layers within layers: what Keras builds from what the catalogue writes, and under which names its variables lie."""

import numpy as np
import pytest
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.free import to_json
from visualnn_shared.catalogue.inner import Inner
from visualnn_worker.network.build import Network, build
from visualnn_worker.network.weights import read_weights, set_weights, variables

from shared.tests.layer_uses import one_layer

LSTM = {"type": "LSTM", "params": {"units": 3}}
GRU_BACK = {"type": "GRU", "params": {"units": 3, "go_backwards": True, "activation": "relu"}}


def made(type, inputs, params) -> Network:
    return build(one_layer(CATALOGUE[type], inputs, params))


def shapes(network: Network) -> list[list[int | None]]:
    assert [list(t.shape[1:]) for t in network.model.outputs] == [
        to_json(shape) for shape in network.resolved.layer("it").output_shapes
    ]
    return [list(t.shape[1:]) for t in network.model.outputs]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`build:UserWarning")  # Keras' RandAugment has layers and no build
@pytest.mark.parametrize("name", [one for one in Inner().choices if one != "TimeDistributed"])
def test_whatever_layer_is_wrapped_each_step_is_what_the_layer_makes_of_it(name):
    """Steps that are known and steps that are free: Keras walks them in different ways."""
    entry = CATALOGUE[name]
    (shape, *_), params = entry.example.inputs, dict(entry.example.params)
    single = made(name, [shape], params)
    if len(single.model.outputs) > 1:
        pytest.skip("has several outputs, which the check refuses")
    wrapped = made("TimeDistributed", [(3, *shape)], {"layer": {"type": name, "params": params}})
    found = {key.replace("it/", "it/layer/"): value for key, value in read_weights(single).items()}
    set_weights(wrapped, found)
    rng = np.random.default_rng(3)
    steps = np.float32(rng.integers(0, 2, (2, 3, *shape)))
    each = [np.asarray(single.model(steps[:, i], training=False)) for i in range(3)]
    np.testing.assert_allclose(np.asarray(wrapped.model(steps, training=False)), np.stack(each, 1), atol=1e-5)


def test_steps_may_be_free():
    wrapped = made("TimeDistributed", [(None, 4)], {"layer": {"type": "Dense", "params": {"units": 2}}})
    assert shapes(wrapped) == [[None, 2]]
    assert wrapped.model(np.ones((2, 5, 4), "float32")).shape == (2, 5, 2)


@pytest.mark.parametrize(
    ("inputs", "params", "outputs"),
    [
        ([(7, 5)], {"layer": LSTM}, [[6]]),
        ([(7, 5)], {"layer": LSTM, "merge_mode": None}, [[3], [3]]),
        ([(7, 5)], {"layer": LSTM, "merge_mode": "sum"}, [[3]]),
        ([(7, 5), (3,), (3,), (3,), (3,)], {"layer": LSTM}, [[6]]),
        ([(7, 5)], {"layer": {"type": "LSTM", "params": {"units": 3, "return_state": True}}}, [[6], *[[3]] * 4]),
        ([(7, 5)], {"layer": {"type": "GRU", "params": {"units": 3}}, "backward_layer": GRU_BACK}, [[6]]),
        ([(7, 5)], {"layer": LSTM, "backward_layer": GRU_BACK, "merge_mode": "mul"}, [[3]]),
        ([(7, 5), (3,), (3,)], {"layer": {"type": "SimpleRNN", "params": {"units": 3}}}, [[6]]),
        ([(4, 6, 6, 2)], {"layer": {"type": "ConvLSTM2D", "params": {"filters": 2, "kernel_size": 3}}}, [[4, 4, 4]]),
        ([(None, 5)], {"layer": {"type": "GRU", "params": {"units": 3, "return_sequences": True}}}, [[None, 6]]),
    ],
)  # fmt: skip
def test_both_directions_have_outputs_states_and_variables_of_their_own(inputs, params, outputs):
    network = made("Bidirectional", inputs, params)
    assert shapes(network) == outputs
    sides = {name: variable.path.split("/")[1] for name, variable in variables(network).items()}
    assert {(name.split("/")[1], side) for name, side in sides.items()} == {
        ("forward_layer", "forward_layer"), ("backward_layer", "backward_layer"),
    }  # fmt: skip
    ones = {f"in{i}": np.ones((2, *(n or 7 for n in shape)), "float32") for i, shape in enumerate(inputs)}
    assert np.isfinite(np.asarray(next(iter(network.unpack(network.model(network.pack(ones))).values())))).all()


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4, "use_gate": True}),
        ("GroupQueryAttention", {"num_query_heads": 4, "num_key_value_heads": 4, "head_dim": 2, "use_gate": True}),
    ],
)
def test_projections_of_the_same_shape_are_told_apart(name, params):
    network = made(name, [(5, 8), (5, 8), (5, 8)], params)
    assert [variable.path for variable in variables(network).values()] == [*variables(network)]


def test_variables_of_a_normalized_kernel_are_told_apart():
    params = {"layer": {"type": "Dense", "params": {"units": 3}}}
    network = made("SpectralNormalization", [(4,)], params)
    assert [(name, v.path) for name, v in variables(network).items()] == [
        (name, name) for name in ("it/layer/kernel", "it/vector_u", "it/layer/bias")
    ]


def test_training_divides_the_kernel_by_its_largest_singular_value():
    network = made("SpectralNormalization", [(4,)], {
        "layer": {"type": "Dense", "params": {"units": 3}}, "power_iterations": 50,
    })  # fmt: skip
    network.model(np.ones((2, 4), "float32"), training=True)
    kernel = read_weights(network)["it/layer/kernel"]
    assert np.linalg.svd(kernel)[1][0] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("outer", "inner"), [(True, False), (False, True), (False, False)])
def test_a_wrapper_that_is_not_trained_and_a_layer_that_is_not_freeze_the_variables(outer, inner):
    layer = {"type": "LSTM", "params": {"units": 3, "trainable": inner}}
    network = made("Bidirectional", [(7, 5)], {"layer": layer, "trainable": outer})
    assert network.model.trainable_variables == []
    assert {w.trainable for w in network.resolved.layer("it").weights} == {False}
