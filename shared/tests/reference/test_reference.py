"""What the NumPy reference makes of a whole spec; numbers by hand. Layers against Keras: the worker's tests."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.reference import Reference, Unsupported, forward
from visualnn_shared.spec.model import Layer, Spec


def _layer(name: str, type: str, *inputs: str, weights_of: str | None = None, **params: Any) -> Layer:
    return Layer(name=name, type=type, params=params, inputs=inputs, weights_of=weights_of)


def _spec(*layers: Layer, outputs: tuple[str, ...], size: int = 2) -> Spec:
    return Spec(name="net", layers=(_layer("x", "Input", shape=[size]), *layers), outputs=outputs)


def test_layers_share_weights_and_every_output_is_given_in_order() -> None:
    spec = _spec(
        _layer("a", "Dense", "x", units=2), _layer("b", "Dense", "a", weights_of="a", units=2),
        _layer("s", "Slice", "b", slice_points=[1]), outputs=("s:1", "a", "s"),
    )  # fmt: skip
    weights = {"a/kernel": np.array([[0.0, 1.0], [2.0, 0.0]]), "a/bias": np.array([1.0, 0.0])}
    last, middle, first = Reference(spec, weights).outputs({"x": np.array([[3.0, 5.0]])})
    np.testing.assert_array_equal(middle, [[11, 3]])
    np.testing.assert_array_equal(np.hstack([first, last]), [[7, 11]])


def test_a_block_is_computed_by_its_layers() -> None:
    spec = Spec(
        name="net",
        layers=(_layer("x", "Input", shape=[1, 1, 2]), _layer("b", "SqueezeExcitation", "x", channels=2, squeeze=1)),
        outputs=("b",),
    )
    net = Reference(spec, _zeros(spec))
    (found,) = net.outputs({"x": np.array([[[[2.0, 4.0]]]])})
    np.testing.assert_array_equal(found, [[[[1, 2]]]])  # the gate is sigmoid(0)
    assert [name for name in net.layers({"x": np.ones((1, 1, 1, 2))}) if name.startswith("b/")]


def _zeros(spec: Spec) -> dict[str, Any]:
    from visualnn_shared.analysis.walk import resolve

    return {
        f"{layer.name}/{one.name}": np.zeros([int(n) for n in one.shape])
        for layer in resolve(spec).layers
        for one in layer.weights
    }


def test_floats_are_as_told_and_float64_otherwise() -> None:
    spec = _spec(_layer("y", "Activation", "x", activation="gelu"), outputs=("y",))
    x = {"x": np.array([[-1.0, 2.0]], np.float32)}
    assert Reference(spec, {}).outputs(x)[0].dtype == np.float64
    assert Reference(spec, {}, np.float32).outputs(x)[0].dtype == np.float32
    np.testing.assert_allclose(Reference(spec, {}).outputs(x)[0], [[-0.15865525393145707, 1.9544997361036416]], 1e-14)


def test_every_layer_without_a_reference_is_named() -> None:
    spec = Spec(
        name="net",
        layers=(
            _layer("x", "Input", shape=[1], dtype="int32"), _layer("h", "Hashing", "x", num_bins=3),
            _layer("c", "HashedCrossing", "x", "x", num_bins=3),
            _layer("t", "TimeDistributed", "x2", layer={"type": "Hashing", "params": {"num_bins": 3}}),
            _layer("x2", "Input", shape=[4, 1], dtype="int32"),
        ),
        outputs=("h", "c", "t"),
    )  # fmt: skip
    with pytest.raises(Unsupported) as caught:
        Reference(spec, {})
    assert {problem.where.layer for problem in caught.value.problems} == {"h", "c", "t"}
    assert caught.value.code == "no-reference"


def test_tensors_that_are_missing_or_of_another_shape_are_all_told() -> None:
    spec = _spec(_layer("y", "Dense", "x", units=3), outputs=("y",))
    with pytest.raises(Invalid) as caught:
        Reference(spec, {"y/kernel": np.zeros((3, 2))})
    assert [problem.where.field for problem in caught.value.problems] == ["y/kernel", "y/bias"]


def test_a_spec_with_problems_is_refused() -> None:
    with pytest.raises(SpecInvalid):
        Reference(_spec(_layer("y", "Dense", "x", units=0), outputs=("y",)), {})


def test_a_number_that_an_embedding_does_not_have_is_refused_by_name() -> None:
    spec = _spec(_layer("e", "Embedding", "x", input_dim=2, output_dim=1), outputs=("e",))
    with pytest.raises(Unsupported, match=r"numbers must be from 0 to input_dim - 1.*layer e"):
        Reference(spec, {"e/embeddings": np.zeros((2, 1))}).outputs({"x": np.array([[0, 2]])})


def test_a_layer_type_has_one_reference() -> None:
    Reference(_spec(_layer("y", "Flatten", "x"), outputs=("y",)), {})  # brings them in
    with pytest.raises(ValueError, match="received another for 'Dense'"):
        forward("Dense")(lambda call: call.x)


PLUGIN = """
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import same_shape
from visualnn_shared.reference import forward

layer("Twice", doc="Twice the input.", group="activation", shape=same_shape)

@forward("Twice")
def twice(c):
    return 2 * c.x
"""
NET = """
import numpy as np
from visualnn_shared.reference import Reference
from visualnn_shared.spec.model import Layer, Spec
x = Layer(name="x", type="Input", params={"shape": [1]})
spec = Spec(name="n", layers=(x, Layer(name="y", type="Twice", inputs=("x",))), outputs=("y",))
print(Reference(spec, {}).outputs({"x": np.array([[21.0]])})[0][0, 0])
"""


def test_a_plugin_brings_the_reference_of_its_layers_and_no_framework_is_imported(tmp_path: Path) -> None:
    (tmp_path / "twice_plugin.py").write_text(PLUGIN)
    code = f"{NET}\nimport sys\nprint([name for name in ('keras', 'tensorflow', 'scipy') if name in sys.modules])"
    variables = {"PYTHONPATH": str(tmp_path), "VISUALNN_PLUGINS": "twice_plugin"}
    told = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[:2] == ["42.0", "[]"]
