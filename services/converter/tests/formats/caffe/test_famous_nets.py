"""Well-known nets as their authors wrote them for Caffe: published parameters, and every format that can say them."""

from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared.analysis.check import check
from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Layer, Spec

from tools.famous_nets import NETS, mobilenet


def _trained(spec: Spec) -> int:
    return sum(
        int(np.prod([int(n) for n in variable.shape]))
        for layer in resolve(spec).layers
        for variable in layer.weights
        if layer.weights_of is None and variable.trainable
    )


@pytest.mark.parametrize("name", NETS)
def test_a_famous_net_has_its_published_parameters(name: str) -> None:
    text, published = NETS[name]
    spec, _, report = conversion.read(text().encode(), "caffe")
    assert check(spec) == []
    assert _trained(spec) == published
    assert not [one for one in report.dropped if one.why == "not understood"]


@pytest.mark.parametrize("name", NETS)
def test_a_famous_net_comes_back_from_caffe_and_goes_to_keras_and_back(name: str) -> None:
    spec, _, _ = conversion.read(NETS[name][0]().encode(), "caffe")
    again, _, _ = conversion.read(conversion.write(spec, "caffe").data, "caffe")
    assert {layer.name: layer for layer in again.layers} == {layer.name: layer for layer in spec.layers}
    through, _, _ = conversion.read(conversion.write(spec, "keras").data, "keras")
    assert summary(through).params == summary(spec).params
    last, _, _ = conversion.read(conversion.write(through, "caffe").data, "caffe")
    assert summary(last).params == summary(spec).params


def test_the_products_and_sums_of_axpy_are_what_it_computes(random_inputs: Any) -> None:
    """Against NumPy, through Keras."""
    import keras

    text = """input: "a" input_shape { dim: 1 dim: 3 dim: 1 dim: 1 }
    input: "x" input_shape { dim: 1 dim: 3 dim: 4 dim: 5 }
    input: "y" input_shape { dim: 1 dim: 3 dim: 4 dim: 5 }
    layer { name: "z" type: "Axpy" bottom: "a" bottom: "x" bottom: "y" top: "z" }"""
    spec, _, _ = conversion.read(text.encode(), "caffe")
    model = keras.models.model_from_json(conversion.write(spec, "keras").data.decode())
    given = random_inputs(spec)
    found = model.predict([given["a"], given["x"], given["y"]], verbose=0)
    np.testing.assert_allclose(found, given["a"] * given["x"] + given["y"], rtol=1e-5, atol=1e-6)


def test_forks_have_the_layers_of_caffes_own() -> None:
    def layers(text: str) -> dict[str, Layer]:
        return {layer.name: layer for layer in conversion.read(text.encode(), "caffe")[0].layers}

    assert layers(mobilenet("ConvolutionDepthwise")) == layers(mobilenet())
    assert layers(mobilenet("DepthwiseConvolution")) == layers(mobilenet())


def test_scale_by_a_second_blob_is_a_product() -> None:
    text = """input: "x" input_shape { dim: 1 dim: 3 dim: 4 dim: 5 } input: "s" input_shape { dim: 1 dim: 3 }
    layer { name: "z" type: "Scale" bottom: "x" bottom: "s" top: "z" scale_param { axis: 0 } }"""
    spec, _, _ = conversion.read(text.encode(), "caffe")
    assert [(layer.type, layer.inputs) for layer in spec.layers if layer.name == "z"] == [("Multiply", ("x", "s"))]
