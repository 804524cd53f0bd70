"""Every layer type of the catalogue can be served: ONNX says it as Keras does, or there is a reason why it cannot."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared.analysis.expand import expand
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

from services.converter.tests.formats.onnx.test_writer_against_keras import run_onnx

BLOCKS = [name for name, entry in CATALOGUE.items() if entry.expand is not None]
SAID = [name for name, entry in CATALOGUE.items() if entry.maps.get("onnx")]
UNSAID = [name for name, entry in CATALOGUE.items() if "onnx" in entry.unsaid]
GROUPS = sorted({CATALOGUE[name].group for name in SAID})


def _examples(types: list[str]) -> Spec:
    """The examples of these types side by side, all outputs given."""
    layers: list[Layer] = []
    outputs: list[str] = []
    for type in types:
        example = CATALOGUE[type].example
        dtypes = example.dtypes or ("float32",) * len(example.inputs)
        inputs = [f"{type}/{number}" for number in range(len(example.inputs))]
        for name, shape, dtype in zip(inputs, example.inputs, dtypes, strict=True):
            layers.append(Layer(name=name, type="Input", params={"shape": list(shape), "dtype": dtype}))
        layers.append(Layer(name=type, type=type, params=dict(example.params), inputs=tuple(inputs)))
        outputs.append(type)
    return Spec(name="net", layers=tuple(layers), outputs=tuple(outputs))


def test_every_layer_type_is_written_or_has_a_reason() -> None:
    """Blocks are written as the layers that they stand for."""
    for name, entry in CATALOGUE.items():
        if name != "Input" and entry.expand is None:
            assert (name in SAID) != (name in UNSAID), name
    assert all(len(CATALOGUE[name].unsaid["onnx"]) > 20 for name in UNSAID)
    stood_for = {layer.type for name in BLOCKS for layer in expand(_examples([name])).layers}
    assert stood_for - {"Input"} <= set(SAID)


@pytest.mark.parametrize("group", GROUPS)
def test_examples_answer_as_in_keras(
    group: str,
    random_weights: Callable[..., Any],
    random_inputs: Callable[..., Any],
    worker_outputs: Callable[..., Any],
) -> None:
    spec = _examples([name for name in SAID if CATALOGUE[name].group == group])
    weights, inputs = random_weights(spec), random_inputs(spec)
    expected = worker_outputs(spec, weights, inputs)
    found = run_onnx(conversion.write(spec, "onnx", weights).data, inputs)
    for name, wanted in zip(spec.outputs, expected, strict=True):
        assert (found[name].dtype, found[name].shape) == (wanted.dtype, wanted.shape), name
        np.testing.assert_allclose(found[name], wanted, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("type", UNSAID)
def test_a_layer_that_cannot_be_said_tells_why(type: str, random_weights: Callable[..., Any]) -> None:
    spec = _examples([type])
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "onnx", random_weights(spec))
    (found,) = error.value.problems
    assert (found.where.layer, found.hint) == (type, CATALOGUE[type].unsaid["onnx"])
