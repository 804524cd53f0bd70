"""Every entry of the catalogue is built by Keras with the shapes and weights that the catalogue says.

Walks the catalogue: an entry that is new there is tested here without another line.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.free import to_json
from visualnn_shared.errors import SpecInvalid
from visualnn_worker.network.build import Network, build
from visualnn_worker.network.weights import variables

from shared.tests.layer_uses import one_layer, uses

TYPES = sorted(set(CATALOGUE) - {"Input"})


def how_many(name: str) -> int:
    """Random valid uses of a type: more where there are more parameters to choose."""
    return min(100, 16 + 6 * len(CATALOGUE[name].params))


def agrees(network: Network) -> None:
    """Output shapes; every variable's shape and trainability; the count of all parameters."""
    found = network.resolved.layer("it")
    assert [list(t.shape[1:]) for t in network.model.outputs] == [to_json(shape) for shape in found.output_shapes]
    weights = {
        f"{layer.name}/{w.name}": (tuple(w.shape), w.trainable)
        for layer in network.resolved.layers  # a block is several layers
        for w in layer.weights
    }
    assert {n: (tuple(v.shape), bool(v.trainable)) for n, v in variables(network).items()} == weights
    assert network.model.count_params() == sum(int(np.prod(shape)) for shape, _ in weights.values())


@pytest.mark.parametrize("name", TYPES)
def test_the_example_is_built_and_runs(name):
    entry = CATALOGUE[name]
    network = build(one_layer(entry, entry.example.inputs, dict(entry.example.params)))
    agrees(network)
    dtypes = entry.example.dtypes or ["float32"] * len(entry.example.inputs)
    samples = {
        f"in{i}": np.ones((2, *shape), dtype)
        for i, (shape, dtype) in enumerate(zip(entry.example.inputs, dtypes, strict=True))
    }
    outputs = network.unpack(network.model(network.pack(samples)))
    found = network.resolved.layer("it")
    assert [list(out.shape) for out in outputs.values()] == [[2, *to_json(shape)] for shape in found.output_shapes]


@pytest.mark.slow
@pytest.mark.parametrize("name", TYPES)
def test_whatever_the_check_accepts_keras_builds_alike(name):
    @settings(
        max_examples=how_many(name), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
        database=None,
    )  # fmt: skip
    @given(use=uses(CATALOGUE[name]))
    def alike(use):
        inputs, params = use
        try:
            agrees(build(one_layer(CATALOGUE[name], inputs, params)))
        except SpecInvalid as refused:  # the one thing of this kind: how much it pads is not known when it is built
            if "strides are not 1 and the size is free" not in str(refused):
                raise

    alike()


def test_an_average_of_padding_too_needs_no_size_where_the_padding_is_the_same_for_all():
    params = {"pool_size": 3, "strides": 1, "padding": "same", "count_include_pad": True}
    free, known = (build(one_layer(CATALOGUE["AveragePooling1D"], [(n, 2)], params)) for n in (None, 4))
    x = np.arange(8, dtype="float32").reshape(1, 4, 2)
    found = [np.asarray(network.model(x)) for network in (free, known)]
    np.testing.assert_array_equal(*found)
    np.testing.assert_allclose(found[0][0, :, 0], [2 / 3, 2, 4, 10 / 3], rtol=1e-6)  # 0, 2, 4, 6 and a zero at each end
    with pytest.raises(SpecInvalid, match="strides are not 1"):
        build(one_layer(CATALOGUE["AveragePooling1D"], [(None, 2)], {**params, "strides": 2}))
