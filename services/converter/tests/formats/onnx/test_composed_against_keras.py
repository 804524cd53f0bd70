"""Layers that ONNX says by several operators answer as the networks that the worker trains."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from visualnn_converter import conversion
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

from services.converter.tests.formats.onnx.families import BEHIND, FAMILIES, NUMBERS, Family
from services.converter.tests.formats.onnx.test_writer_against_keras import run_onnx

Checks = Callable[..., None]


def _with_all_outputs(layers: list[Layer], names: list[str]) -> Spec:
    """Every output of the layers named."""
    loose = Spec(name="net", layers=tuple(layers), outputs=tuple(names))
    counts = {layer.name: len(layer.output_shapes) for layer in resolve(loose).layers}
    outputs = [name if number == 0 else f"{name}:{number}" for name in names for number in range(counts[name])]
    return Spec(name="net", layers=tuple(layers), outputs=tuple(outputs))


def _net(family: Family, dtype: str = "float32") -> Spec:
    """A layer for each set of parameters, all at the same inputs."""
    type, shapes, variants = family
    inputs = tuple(f"x{number}" for number in range(len(shapes)))
    layers = [
        Layer(name=name, type="Input", params={"shape": list(shape), "dtype": dtype})
        for name, shape in zip(inputs, shapes, strict=True)
    ]
    names = [f"y{number}" for number in range(len(variants))]
    for name, params in zip(names, variants, strict=True):
        layers.append(Layer(name=name, type=type, params=params, inputs=inputs))
    return _with_all_outputs(layers, names)


@pytest.fixture
def check(
    random_weights: Callable[..., Any], random_inputs: Callable[..., Any], worker_outputs: Callable[..., Any]
) -> Checks:
    """Fails where ONNX Runtime and the worker's network disagree; says which output."""

    def compare(spec: Spec, inputs: dict[str, Any] | None = None) -> None:
        weights, fed = random_weights(spec), inputs or random_inputs(spec)
        expected = worker_outputs(spec, weights, fed)
        found = run_onnx(conversion.write(spec, "onnx", weights).data, fed)
        assert list(found) == list(spec.outputs)
        params = {layer.name: f"{layer.type} {layer.params}" for layer in spec.layers}
        for (name, one), other in zip(found.items(), expected, strict=True):
            said = f"{name}: {params[name.split(':')[0]]}"
            assert (one.shape, one.dtype) == (other.shape, other.dtype), said
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4, err_msg=said)

    return compare


@pytest.mark.parametrize("name", FAMILIES)
def test_a_layer_answers_as_in_keras_whatever_its_parameters(name: str, check: Checks) -> None:
    check(_net(FAMILIES[name]))


@pytest.mark.parametrize("name", NUMBERS)
def test_whole_numbers_stay_whole_numbers(name: str, check: Checks) -> None:
    check(_net(NUMBERS[name], "int64"))


def test_layers_behind_a_convolution_answer_as_in_keras(check: Checks) -> None:
    layers = [
        Layer(name="x", type="Input", params={"shape": [9, 8, 6]}),
        Layer(name="conv", type="Conv2D", params={"filters": 4, "kernel_size": 3}, inputs=("x",)),
        Layer(name="crop", type="Crop", params={"offset": 1}, inputs=("x", "conv")),
    ]
    for number, (type, params) in enumerate(BEHIND):
        layers.append(Layer(name=f"y{number}", type=type, params=params, inputs=("conv",)))
    check(_with_all_outputs(layers, [layer.name for layer in layers[2:]]))


def test_of_equal_values_the_last_comes_first(check: Checks) -> None:
    """As Caffe's ArgMax has it."""
    net = _net(("ArgMax", [(5,)], [{"top_k": 3, "out_max_val": True}]))
    check(net, {"x0": np.float32([[1, 1, 2, 2, 1], [0, 0, 0, 0, 0], [3, 1, 3, 1, 3]])})


def test_both_directions_of_one_form_are_one_node(random_weights: Callable[..., Any]) -> None:
    spec = _net(("Bidirectional", [(6, 5)], [{"layer": {"type": "GRU", "params": {"units": 3}}}]))
    model = onnx.load_from_string(conversion.write(spec, "onnx", random_weights(spec)).data)
    (node,) = [node for node in model.graph.node if node.op_type == "GRU"]
    assert [one.s for one in node.attribute if one.name == "direction"] == [b"bidirectional"]


def test_what_follows_from_a_size_needs_it(random_weights: Callable[..., Any]) -> None:
    """All of them are told at once, with the layer."""
    spec = _net(("Resizing", [(None, None, 3)], [
        {"height": 4, "width": 5, "interpolation": "lanczos3"}, {"height": 4, "width": 5, "crop_to_aspect_ratio": True},
    ]))  # fmt: skip
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "onnx", random_weights(spec))
    assert [found.where.layer for found in error.value.problems] == ["y0", "y1"]
    assert all("size must be known" in found.rule and found.hint for found in error.value.problems)


def test_a_lookup_that_may_fail_or_hash_is_refused(random_weights: Callable[..., Any]) -> None:
    spec = _net(("IntegerLookup", [(4,)], [
        {"vocabulary": [3, 1], "num_oov_indices": 0},
        {"vocabulary": [3, 1], "num_oov_indices": 2, "oov_method": "farmhash"},
    ]), "int64")  # fmt: skip
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "onnx", random_weights(spec))
    assert [found.where.param for found in error.value.problems] == ["num_oov_indices", "oov_method"]


def test_a_problem_of_an_inner_layer_names_its_parameter(random_weights: Callable[..., Any]) -> None:
    inner = {"type": "Resizing", "params": {"height": 4, "width": 5, "interpolation": "area"}}
    spec = _net(("TimeDistributed", [(3, None, None, 2)], [{"layer": inner}]))
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "onnx", random_weights(spec))
    (found,) = error.value.problems
    assert (found.where.layer, found.where.param) == ("y0", "layer")
