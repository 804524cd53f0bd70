import pytest
from pydantic import ValidationError
from visualnn_shared.spec.model import Layer, Spec


def test_a_spec_is_frozen() -> None:
    spec = Spec(name="x", layers=(Layer(name="a", type="Input"),))
    with pytest.raises(ValidationError, match="frozen"):
        spec.name = "y"  # type: ignore[misc]


def test_unknown_keys_are_errors() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Layer.model_validate({"name": "a", "type": "Input", "colour": "red"})


def test_absent_keys_are_filled_in() -> None:
    layer = Layer(name="a", type="Input")
    assert (layer.params, layer.inputs, layer.weights_of) == ({}, (), None)
    assert Spec(name="x", layers=(layer,)).visualnn == 1
