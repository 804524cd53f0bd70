"""Generated nets, written with random weights and read again, answer as before; reading again changes nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from hypothesis import HealthCheck, example, given, settings
from visualnn_converter import conversion
from visualnn_converter.canonical import canonical
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

from services.converter.tests.test_round_trips import specs


def _answers(data: bytes, inputs: dict[str, np.ndarray]) -> Any:
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, inputs)


def _branches() -> Spec:
    """Two layers behind one Flatten of a convolution, one of which sees the order of values."""
    layers = [
        Layer(name="x", type="Input", params={"shape": [4, 4, 2]}),
        Layer(name="c", type="Conv2D", params={"filters": 3, "kernel_size": 2}, inputs=("x",)),
        Layer(name="f", type="Flatten", inputs=("c",)),
        Layer(name="d", type="Dense", params={"units": 2}, inputs=("f",)),
        Layer(name="p", type="PReLU", inputs=("f",)),
    ]
    return Spec(name="net", layers=tuple(layers), outputs=("d", "p"))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example(spec=_branches())
@given(spec=specs())
def test_generated_nets_answer_as_before(
    spec: Spec, random_weights: Callable[..., Any], random_inputs: Callable[..., Any]
) -> None:
    try:
        data = conversion.write(spec, "onnx", random_weights(spec)).data
    except ConversionImpossible:
        return
    try:
        again, weights, _ = conversion.read(data)
    except ConversionImpossible:
        assert any(not found.reads for layer in spec.layers for found in CATALOGUE[layer.type].maps.get("onnx", ()))
        return
    second = conversion.write(again, "onnx", weights).data
    inputs = random_inputs(spec)
    kept = [layer.name for layer in again.layers if layer.type == "Input"]
    expected = _answers(data, inputs)
    found = _answers(second, {name: inputs[name] for name in kept})
    if len(again.outputs) == len(spec.outputs):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    if any(not found.reads for layer in spec.layers for found in CATALOGUE[layer.type].maps.get("onnx", ())):
        return  # such a layer is written as several operators, which may come back as other layers each time
    third, more, _ = conversion.read(second)
    assert _types(canonical(third)) == _types(canonical(again))
    assert more is not None
    assert weights is not None
    assert sorted(array.tobytes() for array in more.values()) == sorted(array.tobytes() for array in weights.values())


def _types(form: dict[str, Any]) -> list[str]:
    return sorted(layer["type"] for layer in form["layers"].values())
