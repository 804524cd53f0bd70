"""The NumPy reference in the certificate: a third opinion, and what runs where Keras cannot."""

import sys
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared.spec.model import Layer, Spec
from visualnn_standalone.verify import Asked, verify
from visualnn_standalone.verify.drawing import draw_weights
from visualnn_standalone.verify.runtimes import read_back
from visualnn_standalone.verify.runtimes.base import ModelFile

SPEC = Spec(
    name="net",
    layers=(
        Layer(name="x", type="Input", params={"shape": [6, 6, 2]}),
        Layer(name="c", type="Conv2D", params={"filters": 3, "kernel_size": 3, "activation": "relu"}, inputs=("x",)),
        Layer(name="g", type="GlobalAveragePooling2D", inputs=("c",)),
        Layer(name="y", type="Dense", params={"units": 4}, inputs=("g",)),
    ),
    outputs=("y",),
)


def native(spec: Spec = SPEC) -> ModelFile:
    return ModelFile("native", "net.json", b"{}", spec, draw_weights(spec, 1))


def onnx_of(spec: Spec = SPEC) -> ModelFile:
    weights = draw_weights(spec, 1)
    return ModelFile("onnx", "net.onnx", conversion.write(spec, "onnx", weights).data, spec, weights)


def test_the_opinion_is_of_both_sides_and_names_what_computed_it() -> None:
    found = verify(native(), onnx_of(), Asked())
    assert found.passed
    assert found.reference is not None
    assert found.reference.agrees
    assert max(found.reference.source or 0, found.reference.target or 0) < 1e-5
    assert found.reference.runtime.version == f"NumPy {np.__version__}, float64"
    assert found.as_json()["reference"]["runtime"]["name"] == "NumPy reference"


def test_a_source_and_a_target_that_err_alike_are_told_from_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sides run with a kernel that neither the file nor the spec holds, as a mistake that they share would."""
    right = read_back.of_spec

    def wrong(spec: Spec, weights: Any, *args: Any) -> Any:
        return right(spec, {name: 2 * one if name == "c/kernel" else one for name, one in weights.items()}, *args)

    monkeypatch.setattr(read_back, "of_spec", wrong)
    found = verify(native(), native(), Asked())
    assert found.passed
    assert found.reference is not None
    assert not found.reference.agrees
    assert found.reference.layer == "c"
    (note,) = found.notes
    assert note.startswith("source and target agree, and the source differs from the NumPy reference by up to")
    assert note.endswith("first at the layer c")


def test_without_keras_the_reference_runs_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    found = verify(native(), onnx_of(), Asked())
    assert found.passed
    assert (found.source.runtime.name, found.target.runtime.name) == ("NumPy reference", "ONNX Runtime")
    assert "Keras: not installed" in found.source.runtime.instead_of[0]


def test_without_keras_a_planted_error_is_still_followed_to_its_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    layers = tuple(
        one.model_copy(update={"params": {**one.params, "padding": "same"}}) if one.name == "c" else one
        for one in SPEC.layers
    )
    target = onnx_of(SPEC.model_copy(update={"layers": layers}))
    found = verify(native(), ModelFile("onnx", "net.onnx", target.data, SPEC, target.weights), Asked())
    assert found.divergence is not None
    assert (found.divergence.layer, found.divergence.between) == ("c", "writing the target")
    assert found.divergence.causes[0].text == "padding is 'same' instead of 'valid'"


def test_numpy_can_be_asked_for_in_place_of_keras() -> None:
    found = verify(native(), native(), Asked(reference="numpy"))
    assert {found.source.runtime.name, found.target.runtime.name} == {"NumPy reference"}
    assert found.max_abs == 0


def test_keras_alone_can_be_asked_for() -> None:
    found = verify(native(), native(), Asked(reference="keras"))
    assert found.reference is None
    assert found.no_reference == "--reference keras: it was not asked for"


def test_what_the_backend_cannot_run_the_reference_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backends have operations that they refuse only when they see values: TensorFlow's double 3-D pools, say."""

    def refuses(*_args: Any) -> Any:
        raise RuntimeError("no such kernel on this device")

    monkeypatch.setattr(read_back, "evaluate", refuses)
    found = verify(native(), onnx_of(), Asked())
    assert found.passed
    assert found.source.runtime.name == "NumPy reference"
    assert found.source.runtime.instead_of == ("Keras: no such kernel on this device",)


def test_a_net_with_a_layer_that_has_no_reference_says_so() -> None:
    layers = (
        Layer(name="x", type="Input", params={"shape": [2], "dtype": "int32"}),
        Layer(name="y", type="Hashing", params={"num_bins": 5}, inputs=("x",)),
    )
    found = verify(*[native(Spec(name="net", layers=layers, outputs=("y",)))] * 2, Asked())
    assert found.reference is None
    assert "received 'Hashing'; layer y" in str(found.no_reference)


def test_a_large_net_has_an_opinion_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visualnn_standalone.verify.third_opinion.MOST_MACS", 10)
    assert str(verify(native(), native(), Asked()).no_reference).startswith("the net is large for it")
    assert verify(native(), native(), Asked(reference="numpy")).reference is not None
