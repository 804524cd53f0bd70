"""What L-BFGS cannot be combined with, and which layers begin with other weights."""

from typing import Any

import pytest
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.training.full_batch import differing
from visualnn_shared.training.initial import taken

from shared.tests.training.test_choose import classes, dense, feature, planned, refused, schema


def net(*middle: tuple[str, dict[str, Any]], units: int = 3) -> Spec:
    chain = [("Input", {"shape": [4]}), *middle, ("Dense", {"units": units, "activation": "softmax"})]
    layers = [
        Layer(name=f"l{n}", type=kind, params=params, inputs=(f"l{n - 1}",) if n else ())
        for n, (kind, params) in enumerate(chain)
    ]
    return Spec(name="net", layers=tuple(layers), outputs=(layers[-1].name,))


@pytest.mark.parametrize(
    ("kind", "params", "differs"),
    [
        ("Dropout", {"rate": 0.5}, True),
        ("Dropout", {"rate": 0}, False),
        ("GaussianNoise", {"stddev": 0.1}, True),
        ("BatchNormalization", {}, True),
        ("LayerNormalization", {}, False),
        ("Dense", {"units": 4}, False),
    ],
)
def test_layers_that_differ_in_training_are_found(kind: str, params: dict[str, Any], differs: bool) -> None:
    assert differing(resolve(net((kind, params)))) == (["l1"] if differs else [])
    if differs:
        found = refused(net((kind, params)), schema(classes(3)), optimizer="lbfgs")
        assert len(found) == 1
        assert "compute the same in training" in found[0]
    else:
        assert planned(net((kind, params)), schema(classes(3)), optimizer="lbfgs").params.learning_rate == 1.0


def test_lbfgs_has_steps_and_a_precision_of_its_own() -> None:
    found = refused(net(), schema(classes(3)), optimizer={"name": "lbfgs", "momentum": 0.9, "history": 0},
                    schedule={"name": "cosine"}, precision="mixed_float16")  # fmt: skip
    assert [any(word in one for one in found) for word in ("without a schedule", "float32", "momentum", "history")] == [
        True
    ] * 4


def test_lbfgs_takes_no_augmentation_because_its_samples_must_stay() -> None:
    pictures = schema(classes(3), feature((8, 8, 1)))
    flat = dense(3, "softmax", (64,))
    found = refused(flat, pictures, optimizer="lbfgs", augmentation=[{"step": "flip"}])
    assert any("without augmentation" in one for one in found)


def test_layers_of_the_same_name_and_shape_take_the_weights() -> None:
    one, other = net(("Dense", {"units": 4}), units=3), net(("Dense", {"units": 4}), units=5)
    assert taken(resolve(one), resolve(other)) == (["l1"], [])
    layers, problems = taken(resolve(net()), resolve(net(units=5)))
    assert (layers, len(problems)) == ([], 1)
