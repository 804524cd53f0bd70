import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_shared import zoo
from visualnn_shared.analysis.check import check, checked
from visualnn_shared.analysis.memory import Load
from visualnn_shared.analysis.summary import summary
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Spec

from shared.tests.zoo_nets import SMALL

IN = {"name": "in", "type": "Input", "params": {"shape": [8, 8, 3]}}


def net(*layers: dict[str, Any], outputs: Any = ("out",)) -> dict[str, Any]:
    return {"visualnn": 1, "name": "net", "layers": list(layers), "outputs": list(outputs)}


def out(type_: str, *inputs: str, **params: Any) -> dict[str, Any]:
    return {"name": "out", "type": type_, "params": params, "inputs": list(inputs or ("in",))}


def problems_of(document: Any) -> list[str]:
    return [str(problem) for problem in check(Spec.model_validate(document))]


CASES = [
    (
        net(IN, out("Conv2d", filters=1, kernel_size=1)),
        "the layer type must be one of the catalogue; received 'Conv2d'; layer out; did you mean 'Conv2D'?",
    ),
    (
        net(IN, out("Conv2D", filter=4, filters=4, kernel_size=3)),
        "the parameter must be one that Conv2D has; received 'filter'; layer out, param filter; "
        "did you mean 'filters'?",
    ),
    (
        net(IN, out("MaxPooling2D", data_format="channels_last")),
        "the parameter must be one that MaxPooling2D has; received 'data_format'; layer out, param data_format; "
        "a spec is always channels-last; leave it out",
    ),
    (
        net(IN, out("Flatten", axis=1)),
        "the parameter must be one that Flatten has; received 'axis'; layer out, param axis; Flatten has no parameters",
    ),
    (
        net(IN, out("Dense")),
        "units must be given; received None; layer out, param units; Size of the output's last axis.",
    ),
    (
        net(IN, out("Dense", units=True)),
        "units must be an integer of at least 1; received True; layer out, param units",
    ),
    (
        net(IN, out("Dense", units=2.0)),
        "units must be an integer of at least 1; received 2.0; layer out, param units",
    ),
    (
        net(IN, out("Dropout", rate=1.5)),
        "rate must be a number from 0 to 1; received 1.5; layer out, param rate",
    ),
    (
        net(IN, out("Dropout", rate=float("nan"))),
        "rate must be a number from 0 to 1; received 'nan'; layer out, param rate",
    ),
    (
        net(IN, out("Conv2D", filters=4, kernel_size=[3, 3, 3])),
        "kernel_size must be an integer of at least 1, or a list of 2 of them; received [3, 3, 3]; "
        "layer out, param kernel_size",
    ),
    (
        net(IN, out("Conv2D", filters=4, kernel_size=3, padding="SAME")),
        'padding must be "valid", "same" or [[top, bottom], [left, right]] in cells; received \'SAME\'; '
        "layer out, param padding; write 'same'",
    ),
    (
        net(IN, out("Conv2D", filters=4, kernel_size=3, groups=2)),
        "groups must divide the input's channels; received 2; layer out, param groups; the input has 3",
    ),
    (
        net(IN, out("Conv2D", filters=4, kernel_size=3, groups=3)),
        "groups must divide filters; received 3; layer out, param groups; filters is 4",
    ),
    (
        net(IN, out("Conv2D", filters=4, kernel_size=3, strides=2, dilation_rate=2)),
        "dilation_rate must be 1 where strides are above 1; received [2, 2]; layer out, param dilation_rate; "
        "strides are [2, 2]",
    ),
    (
        net(IN, out("MaxPooling2D", pool_size=9)),
        "pool_size must fit into the padded input; received [9, 9]; layer out, param pool_size; "
        "the input is 8 x 8; use a smaller window or padding 'same'",
    ),
    (
        net(IN, out("MaxPooling2D", padding=[[2, 0], [0, 0]])),
        "padding must be smaller than pool_size; received [[2, 0], [0, 0]]; layer out, param padding; "
        "pool_size is [2, 2]",
    ),
    (
        net(IN, out("MaxPooling2D", padding="same", ceil_mode=True)),
        "ceil_mode must be false where padding is 'same'; received True; layer out, param ceil_mode",
    ),
    (
        net(IN, out("LSTM", units=3)),
        "the input must have 2 axes (steps, features) besides the batch; received [8, 8, 3]; layer out",
    ),
    (
        net(IN, out("LSTM", units=3, stateful=True)),
        "stateful must be false, because a spec has no batch size; received True; layer out, param stateful",
    ),
    (
        net(IN, out("BatchNormalization", axis=4)),
        "axis must be one of the input's axes, 1 to 3 or -3 to -1; received 4; layer out, param axis",
    ),
    (
        net(IN, out("Reshape", target_shape=[7, -1])),
        "target_shape must hold as many values as the input; received [7, -1]; layer out, param target_shape; "
        "the input (8, 8, 3) has 192 values",
    ),
    (
        net(IN, out("Permute", dims=[1, 1, 2])),
        "dims must hold every axis from 1 once; received [1, 1, 2]; layer out, param dims",
    ),
    (
        net(IN, out("Dense", units=2, activation="rleu")),
        "activation must be an activation: one of linear, relu, relu6",
    ),
    (
        net(IN, out("Dense", units=2, kernel_initializer={"name": "random_normal", "stddev": -1})),
        "kernel_initializer.stddev must be a finite number of at least 0; received -1; "
        "layer out, param kernel_initializer.stddev",
    ),
    (net(IN, out("Add", "in")), "Add must have at least 2 inputs; received ['in']; layer out, field inputs"),
    (
        net(IN, out("Subtract", "in", "in", "in")),
        "Subtract must have 2 inputs; received ['in', 'in', 'in']; layer out, field inputs",
    ),
    (
        net(IN, out("Flatten", "inn")),
        "inputs must name layers of the spec; received 'inn'; layer out, field inputs; did you mean 'in'?",
    ),
    (
        net(IN, out("Flatten", "in:1")),
        "a reference must name an output that the layer has; received 'in:1'; layer out, field inputs; "
        "in has one output, counted from 0",
    ),
    (
        net(IN, {**IN, "name": "other", "params": {"shape": [8, 7, 3]}}, out("Add", "in", "other")),
        "the inputs must have the same shape, or axes of 1 that stretch; received [[8, 8, 3], [8, 7, 3]]; layer out",
    ),
    (
        net(IN, {**IN, "name": "other", "params": {"shape": [8, 7, 3]}}, out("Concatenate", "in", "other")),
        "the inputs must have the same shape but for axis 3, along which they are joined",
    ),
    (net(IN, out("Flatten"), IN), "a layer's name must occur once; received '2 layers of this name'; layer in"),
    (net(), "a spec must have layers; received []; field layers; add an Input layer and at least one more"),
    (
        net(IN, out("Flatten"), outputs=()),
        "outputs must name at least one layer; received []; field outputs; candidates: out",
    ),
    (
        net(IN, out("Flatten"), outputs=("uot",)),
        "outputs must name layers of the spec; received 'uot'; field outputs; did you mean 'out'?",
    ),
    (
        net(IN, out("Flatten"), outputs=("out", "out")),
        "outputs must be different; received 'out'; field outputs",
    ),
    (
        net(IN, out("Flatten"), outputs=("out:1",)),
        "a reference must name an output that the layer has; received 'out:1'; field outputs; "
        "out has one output, counted from 0",
    ),
    (
        net(IN, out("Flatten"), {**out("ReLU"), "name": "lost"}),
        "a layer must lead to an output; received 'lost'; layer lost; connect it, name it in outputs, or remove it",
    ),
    (
        net(IN, {**out("ReLU", "b"), "name": "a"}, {**out("ReLU", "a"), "name": "b"}, out("Add", "in", "b")),
        "layers must not feed back into themselves; received ['a', 'b']; layer a, field inputs; "
        "remove one of the connections a -> b -> a",
    ),
    (
        net({**IN, "name": "a:b"}, out("Flatten", "a:b")),
        "a layer's name must be printable, without a colon and without spaces at its ends; received 'a:b'; layer a:b",
    ),
]


@pytest.mark.parametrize(("document", "expected"), CASES, ids=[expected[:50] for _, expected in CASES])
def test_a_mistake_gives_one_problem_with_rule_received_place_and_hint(document: dict[str, Any], expected: str) -> None:
    (found,) = problems_of(document)
    assert found.startswith(expected)


def test_a_net_without_an_input_layer_says_so() -> None:
    assert problems_of(net({"name": "out", "type": "Dense", "params": {"units": 1}}))[0].startswith(
        "Dense must have 1 input"
    )


SEEDS = {
    "unknown type": lambda d: d["layers"][2].update(type="LeakyRelu"),
    "wrong value": lambda d: d["layers"][1]["params"].update(filters=-3),
    "unknown parameter": lambda d: d["layers"][5]["params"].update(epsilonn=1),
    "missing input": lambda d: d["layers"][8].update(inputs=["nowhere"]),
    "too many inputs": lambda d: d["layers"][10].update(inputs=["bn2", "bn1"]),
    "wrong output": lambda d: d.update(outputs=["probe"]),
    "missing parameter": lambda d: d["layers"][-1]["params"].pop("units"),
    "cycle": lambda d: d["layers"][4].update(inputs=["act2"]),
}


@pytest.mark.parametrize("names", list(itertools.combinations(SEEDS, 4)), ids=", ".join)
def test_four_mistakes_give_exactly_four_problems(names: tuple[str, ...]) -> None:
    document = zoo.load("cifar-cnn").model_dump(mode="json")
    for name in names:
        SEEDS[name](document)
    assert len(problems_of(document)) == 4


def test_every_built_in_network_is_a_net() -> None:
    assert {name: check(zoo.load(name)) for name in zoo.NAMES} == {name: [] for name in zoo.NAMES}


def test_form_and_meaning_are_reported_together() -> None:
    document = net(IN, {**out("Dense", units=-1), "inptus": []})
    with pytest.raises(SpecInvalid) as caught:
        checked(document)
    assert [p.rule for p in caught.value.problems] == [
        "a key must be one that a layer has",
        "units must be an integer of at least 1",
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["in", "out", "same", "valid", "relu", "Dense", "Conv2D", "LSTM", "in:1", "glorot_uniform"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A built-in network as JSON with a few parts replaced, removed, doubled or filled with other parameters."""
    document: Any = zoo.load(draw(st.sampled_from(SMALL))).model_dump(mode="json")
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(places(document)))
        action = draw(st.sampled_from(["replace", "remove", "double", "param", "type"]))
        if not path or action in ("param", "type"):
            layers = document.get("layers") if isinstance(document, dict) else None
            layer = draw(st.sampled_from(layers)) if isinstance(layers, list) and layers else None
            if isinstance(layer, dict) and isinstance(layer.get("params"), dict):
                kind = draw(st.sampled_from(sorted(CATALOGUE)))
                entry = CATALOGUE.get(str(layer.get("type")))
                names = sorted(entry.kinds) if entry else []
                if action == "type" or not names:
                    layer["type"] = kind
                else:
                    layer["params"][draw(st.sampled_from(names))] = draw(JSON)
            continue
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        if action == "replace":
            parent[path[-1]] = draw(JSON)
        elif action == "remove":
            del parent[path[-1]]
        elif isinstance(parent, list):
            parent.append(parent[path[-1]])
    return document


def outcome(text: str | bytes) -> tuple[Spec | None, SpecInvalid | None]:
    """The spec, or the one error that may be raised."""
    try:
        return checked(text), None
    except SpecInvalid as error:
        return None, error


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_whatever_the_json_it_is_a_net_or_a_list_of_problems(document: Any) -> None:
    spec, error = outcome(json.dumps(document))
    if spec is None:
        assert error is not None
        assert all(p.rule for p in error.problems)
        assert 0 < len(json.dumps(error.as_problem_json(), allow_nan=False)) < 100_000
        return
    totals = summary(spec, Load(batch_size=3))
    assert totals.params == sum(layer.params for layer in totals.layers)
    assert json.dumps(totals.model_dump(mode="json"), allow_nan=False)


@settings(max_examples=80, deadline=None)
@given(st.text() | st.binary() | JSON.map(json.dumps))
def test_whatever_the_text_reading_gives_a_spec_or_problems(text: str | bytes) -> None:
    spec, error = outcome(text)
    assert (spec is None) == bool(error and error.problems)
    if error is not None:
        assert json.dumps(error.as_problem_json(), allow_nan=False)
