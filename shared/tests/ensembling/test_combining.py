"""Several nets as one: a net like any other, whose layers are its members' side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared import zoo
from visualnn_shared.analysis.check import check
from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.ensembling.combining import (
    combine,
    serving_of,
    with_scores,
    without_logits,
    without_penalties,
)
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.recipe import LossChoice, TrainParams
from visualnn_shared.training.untrained import untrained_serving

DENSE = {"type": "Dense", "params": {"units": 3, "kernel_regularizer": "l2"}}
SHARED = {
    "visualnn": 1, "name": "shared", "outputs": ["lstm:1", "b"],
    "layers": [
        {"name": "x", "type": "Input", "params": {"shape": [5, 3]}},
        {"name": "lstm", "type": "LSTM", "params": {"units": 3, "return_state": True}, "inputs": ["x"]},
        {"name": "a", **DENSE, "inputs": ["lstm:2"]},
        {"name": "b", "type": "Dense", "params": {"units": 3}, "inputs": ["a"], "weights_of": "a"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ["mnist-dnn", "two-input", "highway", "imdb-lstm", "digits-dnn"])
@given(count=st.integers(2, 4))
def test_an_ensemble_of_a_net_is_a_net_with_so_many_times_its_parameters(name: str, count: int) -> None:
    if name not in zoo.NAMES:
        pytest.skip("the zoo has no such net")
    spec = zoo.load(name)
    one = combine([spec] * count, "many")
    assert check(one.spec) == []
    assert one.spec.outputs == spec.outputs
    assert summary(one.spec).params == count * summary(spec).params
    before, after = resolve(spec), resolve(one.spec)
    assert [shape for _ref, shape in before.outputs] == [shape for _ref, shape in after.outputs]
    assert [layer.name for layer in before.inputs] == [layer.name for layer in after.inputs]
    assert len({new for names in one.layers for new in names.values()}) == len(one.spec.layers) - len(spec.outputs)
    assert {layer.type for layer in one.spec.layers if layer.name in spec.outputs} == {"Average"}
    assert [group.name for group in one.spec.groups] == [f"member {n}" for n in range(1, count + 1)]


def test_shared_weights_states_and_strange_names_are_kept_apart() -> None:
    spec = read_spec(SHARED)
    one = combine([spec, spec], "two")
    layers = {layer.name: layer for layer in one.spec.layers}
    assert check(one.spec) == []
    assert one.spec.outputs == ("lstm_1", "b")
    assert layers["lstm_1"].inputs == ("member1_lstm:1", "member2_lstm:1")
    assert layers["member2_b"].weights_of == "member2_a"
    assert layers["member2_a"].inputs == ("member2_lstm:2",)
    assert one.weights([{"a/kernel": 1}, {"a/kernel": 2}]) == {
        "member1_a/kernel": 1, "member2_a/kernel": 2,
    }  # fmt: skip


def test_names_that_are_taken_or_too_long_are_changed() -> None:
    long = "n" * 200
    spec = read_spec({
        "visualnn": 1, "name": "long", "outputs": [long],
        "layers": [{"name": "member1_h", "type": "Input", "params": {"shape": [2]}},
                   {"name": "h", **DENSE, "inputs": ["member1_h"]}, {"name": long, **DENSE, "inputs": ["h"]}],
    })  # fmt: skip
    one = combine([spec, spec], "two")
    assert check(one.spec) == []
    assert one.layers[0]["h"] == "member1_h_2"
    assert all(len(layer.name) <= 200 for layer in one.spec.layers)


def test_a_net_of_logits_gets_the_function_that_makes_shares_of_them() -> None:
    spec = read_spec({**SHARED, "outputs": ["b"]})
    serving = untrained_serving(resolve(spec)).model_copy(update={"scores_by": "softmax", "task": "classification"})
    scored = with_scores(spec, serving)
    assert (scored.outputs, scored.layers[-1].inputs) == (("b_scores",), ("b",))
    assert with_scores(spec, serving.model_copy(update={"scores_by": None})) is spec
    served = serving_of(serving, combine([scored, scored], "two").spec)
    assert (served.scores_by, served.outputs[0].name, served.outputs[0].shape) == (None, "b_scores", (3,))
    margins = serving.model_copy(update={"scores_by": "margin"})
    assert with_scores(spec, margins) is spec  # their mean is a margin too
    assert serving_of(margins, combine([spec, spec], "two").spec).scores_by == "margin"
    recipe = TrainParams(loss=LossChoice.model_validate({"name": "binary_crossentropy", "from_logits": True}))
    assert without_logits(recipe).loss == "binary_crossentropy"
    smoothed = {"name": "binary_crossentropy", "from_logits": True, "label_smoothing": 0.1}
    changed = without_logits(TrainParams(loss=LossChoice.model_validate(smoothed))).loss
    assert isinstance(changed, LossChoice)
    assert changed.model_extra == {"label_smoothing": 0.1}


def test_penalties_are_taken_off_within_wrappers_too() -> None:
    inner = {"type": "Dense", "params": {"units": 2, "bias_regularizer": "l1", "activation": "relu"}}
    spec = read_spec({
        "visualnn": 1, "name": "n", "outputs": ["a"],
        "layers": [{"name": "x", "type": "Input", "params": {"shape": [5, 3]}},
                   {"name": "t", "type": "TimeDistributed", "params": {"layer": inner}, "inputs": ["x"]},
                   {"name": "a", "type": "ActivityRegularization", "params": {"l2": 0.5}, "inputs": ["t"]}],
    })  # fmt: skip
    _, wrapper, activity = without_penalties(spec).layers
    assert wrapper.params == {"layer": {"type": "Dense", "params": {"units": 2, "activation": "relu"}}}
    assert activity.params == {}
