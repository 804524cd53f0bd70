"""Every entry of the catalogue is built by Keras with the shapes and weights that the catalogue says."""

import keras
import numpy as np
import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.spec.reading import read_spec
from visualnn_worker.network.build import build
from visualnn_worker.network.weights import read_weights, set_weights

from shared.tests.zoo_nets import SMALL


def one_layer(kind, params, shapes, name="it"):
    """A net of one layer between inputs of these shapes and all of its outputs."""
    inputs = [{"name": f"in{i}", "type": "Input", "params": {"shape": list(s)}} for i, s in enumerate(shapes)]
    if kind == "Input":
        return read_spec(
            {"visualnn": 1, "name": "n", "layers": [{"name": name, "type": kind, "params": params}], "outputs": [name]}
        )
    layer = {"name": name, "type": kind, "params": params, "inputs": [i["name"] for i in inputs]}
    draft = {"visualnn": 1, "name": "n", "layers": [*inputs, layer], "outputs": [name]}
    found = resolve(read_spec(draft)).layer(name)
    outputs = [name, *(f"{name}:{i}" for i in range(1, len(found.output_shapes)))]
    return read_spec({**draft, "outputs": outputs})


@pytest.mark.parametrize("name", SMALL)
def test_a_built_in_net_has_the_parameters_of_its_summary_in_keras(name):
    spec = zoo.load(name)
    network, said = build(spec), summary(spec)
    assert network.model.count_params() == said.params
    frozen = sum(int(np.prod(v.shape)) for v in network.model.non_trainable_weights)
    assert frozen == said.non_trainable_params


IN_KERAS = {name.lower() for name in dir(keras.applications)}
"""Networks that are compared with ``keras.applications`` elsewhere."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in zoo.NAMES if name not in SMALL and name.replace("_", "") not in IN_KERAS]
)
def test_a_large_net_answers_in_keras_with_numbers_of_the_shape_that_its_summary_says(name):
    network = build(zoo.load(name))
    samples = {}
    for layer in network.resolved.inputs:
        samples[layer.name] = np.ones((1, *layer.output_shapes[0]), layer.params["dtype"])
    found = np.asarray(network.model(network.pack(samples), training=False))
    assert found.shape == (1, *network.resolved.outputs[0][1])
    assert np.isfinite(found).all()
    keras.utils.clear_session()


def test_the_same_seed_gives_the_same_start_and_another_one_another():
    spec = zoo.load("linear")
    one, same, other = (read_weights(build(spec, seed)) for seed in (1, 1, 2))
    assert one["y/kernel"] == same["y/kernel"] != other["y/kernel"]


@pytest.mark.parametrize("name", ["a/b", "größe 1", ">x", ".dot", "_under"])
def test_a_layer_may_have_a_name_that_keras_forbids(name):
    network = build(one_layer("Dense", {"units": 2}, [(3,)], name))
    assert set(read_weights(network)) == {f"{name}/kernel", f"{name}/bias"}
    assert network.output_names == [name]
    network.model.predict(np.ones((1, 3), np.float32), verbose=0)  # TensorFlow names a scope by it


SIAMESE = {
    "visualnn": 1, "name": "siamese", "outputs": ["sum"],
    "layers": [
        {"name": "l", "type": "Input", "params": {"shape": [3]}},
        {"name": "r", "type": "Input", "params": {"shape": [3]}},
        {"name": "again", "type": "Dense", "params": {"units": 2}, "inputs": ["l"], "weights_of": "own"},
        {"name": "own", "type": "Dense", "params": {"units": 2}, "inputs": ["r"]},
        {"name": "sum", "type": "Subtract", "inputs": ["again", "own"]},
    ],
}  # fmt: skip


def test_shared_weights_are_one_layer_whichever_comes_first():
    network = build(read_spec(SIAMESE))
    assert set(read_weights(network)) == {"own/kernel", "own/bias"}
    x = np.array([[1.0, 2.0, 3.0]], np.float32)
    assert np.abs(network.model([x, x])).max() == 0


def test_shared_weights_with_another_activation_are_refused():
    layers = [dict(layer) for layer in SIAMESE["layers"]]
    layers[2]["params"] = {"units": 2, "activation": "relu"}
    with pytest.raises(SpecInvalid, match="must equal those of own"):
        build(read_spec({**SIAMESE, "layers": layers}))


def test_a_second_output_and_an_initial_state_are_wired():
    spec = read_spec({
        "visualnn": 1, "name": "states", "outputs": ["b", "a:2"],
        "layers": [
            {"name": "x", "type": "Input", "params": {"shape": [5, 3]}},
            {"name": "a", "type": "LSTM", "params": {"units": 2, "return_state": True}, "inputs": ["x"]},
            {"name": "b", "type": "LSTM", "params": {"units": 2}, "inputs": ["x", "a:1", "a:2"]},
        ],
    })  # fmt: skip
    network = build(spec)
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    found = network.unpack(network.model(x))
    own = {layer.name: layer for layer in network.model.layers}
    _y, h, c = own["a"](x)
    np.testing.assert_allclose(found["b"], own["b"](x, initial_state=[h, c]), rtol=1e-6)
    np.testing.assert_allclose(found["a:2"], c, rtol=1e-6)


def test_weights_come_back_and_wrong_ones_are_all_named():
    network = build(one_layer("Dense", {"units": 2}, [(3,)]))
    tensors = {name: np.full_like(array, 5) for name, array in read_weights(network).items()}
    set_weights(network, tensors)
    assert all((array == 5).all() for array in read_weights(network).values())
    with pytest.raises(Invalid) as caught:
        set_weights(network, {"it/kernel": np.zeros((2, 2), np.float32), "other/kernel": np.zeros(1)})
    assert [p.where.field for p in caught.value.problems] == ["it/bias", "it/kernel", "other/kernel"]


def test_a_saved_model_with_own_layers_loads_again(tmp_path):
    spec = one_layer("LRN", {"local_size": 3}, [(4, 4, 6)])
    network = build(spec)
    path = tmp_path / "m.keras"
    network.model.save(path)
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 6)).astype(np.float32)
    np.testing.assert_array_equal(keras.models.load_model(path)(x), network.model(x))
