"""Layers within parameters: their normal form, and problems that carry the path."""

from typing import Any

import pytest
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.inner import DEEPEST, Inner
from visualnn_shared.catalogue.kinds import Refused
from visualnn_shared.spec.problem import Problem

from shared.tests.layer_uses import one_layer

ANY = Inner()
DENSE = {"type": "Dense", "params": {"units": 3}}
LSTM = {"type": "LSTM", "params": {"units": 3}}
BACK = {"type": "LSTM", "params": {"units": 3, "go_backwards": True}}


def nested(depth: int) -> dict[str, Any]:
    """A Dense within so many wrappers."""
    value: dict[str, Any] = DENSE
    for _ in range(depth):
        value = {"type": "TimeDistributed", "params": {"layer": value}}
    return value


@pytest.mark.parametrize(
    ("value", "normal"),
    [
        (DENSE, DENSE),
        ({"type": "Flatten"}, {"type": "Flatten", "params": {}}),
        ({"type": "Dense", "params": {"units": 3, "use_bias": True, "activation": None}}, DENSE),
        ({"type": "MaxPooling2D", "params": {"pool_size": 2, "strides": None}}, {"type": "MaxPooling2D", "params": {}}),
        (nested(DEEPEST - 1), nested(DEEPEST - 1)),
    ],
)
def test_the_normal_form_leaves_defaults_out_and_is_its_own(value: Any, normal: Any) -> None:
    assert ANY.clean(value) == normal
    assert ANY.clean(ANY.clean(value)) == normal


@pytest.mark.parametrize(
    ("value", "path", "must_be"),
    [
        ("Dense", "", "a layer: an object with its type and params"),
        ({"type": "Dense", "params": {"units": 3}, "name": "d"}, "", "a layer: an object with its type and params"),
        ({"type": "Dens", "params": {}}, ".type", "the type of a Keras layer with one input"),
        ({"type": "Add"}, ".type", "the type of a Keras layer with one input"),
        ({"type": "LRN"}, ".type", "the type of a Keras layer with one input"),
        ({"type": "Input", "params": {"shape": [3]}}, ".type", "the type of a Keras layer with one input"),
        ({"type": "Dense", "params": [3]}, ".params", "an object"),
        ({"type": "Dense"}, ".params.units", "given"),
        ({"type": "Dense", "params": {"units": 0}}, ".params.units", "an integer of at least 1"),
        ({"type": "Dense", "params": {"unit": 1}}, ".params.unit", "a parameter that Dense has"),
        ({"type": "TimeDistributed", "params": {"layer": {"type": "Dense", "params": {"units": True}}}},
         ".params.layer.params.units", "an integer of at least 1"),
        ({"type": "Conv2D", "params": {"filters": 3, "kernel_size": 1, "groups": 2}}, ".params.groups",
         "valid: groups must divide filters"),
        ({"type": "Conv2D", "params": {"filters": 3, "kernel_size": 3, "padding": [[1, 1], [1, 1]]}}, ".params.padding",
         "such that Keras can wrap the layer: padding must be 'valid' or 'same' in this format"),
        (nested(DEEPEST), ".type", f"a layer with at most {DEEPEST} wrappers within each other"),
        (nested(5000), ".type", f"a layer with at most {DEEPEST} wrappers within each other"),
    ],
)  # fmt: skip
def test_a_refusal_has_the_path_within_the_parameter(value: Any, path: str, must_be: str) -> None:
    with pytest.raises(Refused) as refused:
        ANY.clean(value)
    assert refused.value.path == path
    assert refused.value.must_be.startswith(must_be)


def problems(type: str, inputs: list[Any], params: dict[str, Any]) -> list[Problem]:
    return resolve(one_layer(CATALOGUE[type], inputs, params)).problems


@pytest.mark.parametrize(
    ("type", "inputs", "params", "param", "rule"),
    [
        ("TimeDistributed", [(4,)], {"layer": DENSE}, None, "the input must have at least 2 axes besides the batch"),
        ("TimeDistributed", [(4, 5)], {"layer": {"type": "Dense", "params": {"unit": 3}}}, "layer.params.unit",
         "layer.params.unit must be a parameter that Dense has"),
        ("TimeDistributed", [(4, 5, 2)], {"layer": {**LSTM, "params": {"units": 3, "return_state": True}}}, "layer",
         "layer must have one output"),
        ("TimeDistributed", [(4, 5)], {"layer": {"type": "Permute", "params": {"dims": [2, 1]}}}, "layer",
         "the input must have 2 axes"),
        ("TimeDistributed", [(4, 5)], {"layer": {"type": "LayerNormalization", "params": {"axis": 2}}},
         "layer.params.axis", "axis must be one of the input's axes"),
        ("TimeDistributed", [(4, 5)], {"layer": {**DENSE, "params": {"units": 3, "bias_initializer": "orthogonal"}}},
         "layer.params.bias_initializer", "bias_initializer must suit bias: this initializer needs at least 2 axes"),
        ("Bidirectional", [(4, 5)], {"layer": DENSE}, "layer.type", "layer.type must be one of LSTM, GRU"),
        ("Bidirectional", [(4, 5)], {"layer": BACK}, "layer.params.go_backwards",
         "go_backwards of layer must be false"),
        ("Bidirectional", [(4, 5)], {"layer": LSTM, "backward_layer": LSTM}, "backward_layer.params.go_backwards",
         "go_backwards of backward_layer must be another"),
        ("Bidirectional", [(4, 5)],
         {"layer": LSTM, "backward_layer": {**BACK, "params": {**BACK["params"], "units": 4}}}, "backward_layer",
         "backward_layer must have outputs of the same shapes as layer"),
        ("Bidirectional", [(4, 5), (3,)], {"layer": LSTM}, None, "the initial states must be as many"),
        ("Bidirectional", [(4, 5), (3,), (3,)], {"layer": LSTM}, "layer", "the initial state must be 2 inputs"),
        ("SpectralNormalization", [(4, 5)], {"layer": LSTM}, "layer.type", "layer.type must be one of Dense"),
    ],
)  # fmt: skip
def test_what_a_wrapper_cannot_do_is_said_at_the_parameter(
    type: str, inputs: list[Any], params: dict[str, Any], param: str | None, rule: str
) -> None:
    found = problems(type, inputs, params)
    assert len(found) == 1
    assert found[0].rule.startswith(rule)
    assert found[0].where.param == param


def test_costs_are_those_of_the_layer_inside() -> None:
    dense, each = CATALOGUE["Dense"], CATALOGUE["TimeDistributed"]
    params = {**each.defaults, "layer": ANY.clean(DENSE)}
    alone = dense.macs({"units": 3}, [(5,)], [(3,)])
    assert each.macs(params, [(7, 5)], [(7, 3)]) == 7 * alone == 7 * 15
    both = CATALOGUE["Bidirectional"]
    params = {**both.defaults, "layer": both.kinds["layer"].clean(LSTM)}
    assert both.macs(params, [(7, 5)], [(6,)]) == 2 * 7 * 4 * 3 * (5 + 3)


@pytest.mark.parametrize(
    ("shape", "params", "rule"),
    [
        ((1,), {"kernel_regularizer": "orthogonal_regularizer"},
         "kernel_regularizer must suit kernel: this regularizer needs at least 2 rows"),
        ((4,), {"bias_regularizer": "orthogonal_regularizer"},
         "bias_regularizer must suit bias: this regularizer needs 2 axes"),
        ((4,), {"kernel_initializer": "stft"}, "kernel_initializer must suit kernel: this initializer needs 3 axes"),
    ],
)  # fmt: skip
def test_what_a_variable_starts_from_and_is_held_by_suits_its_shape(
    shape: Any, params: dict[str, Any], rule: str
) -> None:
    assert [p.rule for p in problems("Dense", [shape], {"units": 2, **params})] == [rule]
