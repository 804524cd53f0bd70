from typing import Any

import pytest
from visualnn_shared.catalogue.kinds import Refused
from visualnn_shared.catalogue.named import ACTIVATION, CONSTRAINT, INITIALIZER, REGULARIZER, Named


@pytest.mark.parametrize(
    ("kind", "value", "normal"),
    [
        (INITIALIZER, "glorot_uniform", "glorot_uniform"),
        (INITIALIZER, "GlorotUniform", "glorot_uniform"),
        (INITIALIZER, "uniform", "random_uniform"),
        (INITIALIZER, {"name": "random_normal", "stddev": 0.05}, "random_normal"),
        (INITIALIZER, {"name": "random_normal", "stddev": 1}, {"name": "random_normal", "stddev": 1.0}),
        (
            INITIALIZER,
            {"class_name": "HeNormal", "config": {"seed": 3, "input_axes": None}, "module": "keras.initializers"},
            {"name": "he_normal", "seed": 3},
        ),
        (REGULARIZER, None, None),
        (REGULARIZER, {"name": "l2", "l2": 0.5}, {"name": "l2", "l2": 0.5}),
        (
            CONSTRAINT,
            {"class_name": "MaxNorm", "config": {"max_value": 3, "axis": 0}},
            {"name": "max_norm", "max_value": 3.0},
        ),
        (ACTIVATION, None, "linear"),
        (ACTIVATION, "swish", "silu"),
        (ACTIVATION, {"name": "relu"}, "relu"),
    ],
)
def test_every_spelling_has_one_normal_form(kind: Any, value: Any, normal: Any) -> None:
    assert kind.clean(value) == normal
    assert kind.clean(normal) == normal


@pytest.mark.parametrize(
    ("kind", "value", "rule", "path", "hint"),
    [
        (INITIALIZER, "glorot_unifrom", "an initializer: one of", "", "did you mean 'glorot_uniform'?"),
        (INITIALIZER, 3, "the name of an initializer", "", None),
        (INITIALIZER, None, "the name of an initializer", "", None),
        (INITIALIZER, {}, "an initializer: one of", "", None),
        (INITIALIZER, {"name": ["zeros"]}, "an initializer: one of", "", None),
        (
            INITIALIZER,
            {"name": "random_normal", "std": 1},
            "an object with the parameters of random_normal",
            ".std",
            None,
        ),
        (INITIALIZER, {"name": "zeros", "value": 1}, "an object with the parameters of zeros (none)", ".value", None),
        (INITIALIZER, {"name": "random_normal", "stddev": "1"}, "a finite number of at least 0", ".stddev", None),
        (REGULARIZER, {"name": "l2", "l2": -1}, "a finite number of at least 0", ".l2", None),
        (ACTIVATION, "glu", "an activation: one of", "", "did you mean 'gelu'?"),
    ],
)
def test_what_is_wrong_is_said_with_the_place(kind: Any, value: Any, rule: str, path: str, hint: str | None) -> None:
    with pytest.raises(Refused) as caught:
        kind.clean(value)
    assert caught.value.must_be.startswith(rule)
    assert caught.value.path == path
    assert hint is None or caught.value.hint == hint


@pytest.mark.parametrize("kind", [INITIALIZER, REGULARIZER.of, CONSTRAINT.of, ACTIVATION], ids=lambda k: k.what)
def test_every_variants_defaults_are_clean(kind: Named) -> None:
    for variant in kind.variants.values():
        defaults = {name: default for name, (_inner, default) in variant.params.items()}
        assert kind.clean({"name": variant.name, **defaults}) == variant.name
        assert kind.clean({"class_name": variant.keras_class, "config": defaults}) == variant.name
        assert kind.complete(variant.name) == (variant, defaults)


@pytest.mark.parametrize(
    ("kind", "value", "rule"),
    [
        (INITIALIZER, {"name": "random_uniform", "minval": 2, "maxval": 1}, "an initializer whose minval is at most"),
        (INITIALIZER, {"name": "random_uniform", "minval": 1}, "an initializer whose minval is at most its maxval"),
        (
            CONSTRAINT,
            {"name": "min_max_norm", "min_value": 2, "max_value": 1},
            "a constraint whose min_value is at most",
        ),
    ],
)
def test_a_range_does_not_end_before_it_begins(kind: Any, value: Any, rule: str) -> None:
    with pytest.raises(Refused) as caught:
        kind.clean(value)
    assert caught.value.must_be.startswith(rule)
