"""The table against Keras' own signatures, read from its source so that no backend is loaded."""

import ast
import importlib.util
from pathlib import Path
from typing import Any

import pytest
from visualnn_shared.catalogue.kinds import Refused
from visualnn_shared.training.optimizers import OPTIMIZERS, clean_optimizer
from visualnn_shared.training.recipe import Optimizer

KERAS = importlib.util.find_spec("keras")
pytestmark = pytest.mark.skipif(KERAS is None, reason="Keras is not installed beside these tests")


def signature(keras_class: str) -> dict[str, Any]:
    """Parameter -> default of the class's constructor."""
    assert KERAS is not None
    assert KERAS.origin is not None
    source = Path(KERAS.origin).parent / "src" / "optimizers" / f"{keras_class.lower()}.py"
    classes = [node for node in ast.parse(source.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
    init = next(
        node
        for one in classes
        if one.name == keras_class
        for node in one.body
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    names = [arg.arg for arg in init.args.args[1:]]
    return dict(zip(names, [ast.literal_eval(default) for default in init.args.defaults], strict=True))


@pytest.mark.parametrize("name", [name for name, entry in OPTIMIZERS.items() if entry.keras_class])
def test_parameters_and_defaults_are_those_of_keras(name: str) -> None:
    entry = OPTIMIZERS[name]
    expected = signature(entry.keras_class)
    expected.pop("name")
    assert {param: default for param, (_, default) in entry.params.items()} == expected


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_default_is_a_value_its_own_limits_allow(name: str) -> None:
    for kind, default in OPTIMIZERS[name].params.values():
        assert kind.clean(default) == default
        with pytest.raises(Refused):
            kind.clean("a text")


def test_whole_numbers_become_the_floats_that_keras_asks_for() -> None:
    found, problems = clean_optimizer(Optimizer(name="sgd", momentum=1), 1)
    assert not problems
    assert found.model_dump() == {"name": "sgd", "momentum": 1.0, "learning_rate": 1.0}
    assert all(type(value) is float for value in (found.model_extra or {}).values())
