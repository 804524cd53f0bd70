"""Blocks unfolded for good."""

from typing import Any

import pytest
from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.unfold import unfold
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.reading import read_spec

BLOCKS = [name for name, entry in CATALOGUE.items() if entry.expand is not None]


def _net(*layers: dict[str, Any], **more: Any) -> Spec:
    start = {"name": "in", "type": "Input", "params": {"shape": [8, 8, 4]}}
    return read_spec({"visualnn": 1, "name": "n", "layers": [start, *layers], "outputs": [layers[-1]["name"]], **more})


def _residual(name: str, source: str = "in", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "ResidualBlock", "params": {"filters": 4}, "inputs": [source], **more}


@pytest.mark.parametrize("type", BLOCKS)
def test_an_unfolded_block_costs_the_same_and_its_variables_keep_their_names(type: str) -> None:
    example = CATALOGUE[type].example
    inputs = [Layer(name=f"in{at}", type="Input", params={"shape": list(s)}) for at, s in enumerate(example.inputs)]
    names = tuple(one.name for one in inputs)
    block = Layer(name="b", type=type, params=dict(example.params), inputs=names)
    spec = Spec(visualnn=1, name="n", layers=(*inputs, block), outputs=("b",))
    after = unfold(spec, ["b"])
    assert after.made["b"][-1] == "b"
    assert len(after.spec.layers) == len(inputs) + len(after.made["b"])
    before, now = summary(spec), summary(after.spec)
    assert (before.params, before.macs) == (now.params, now.macs)
    assert before.layers[-1].output_shapes == now.layers[-1].output_shapes
    assert _variables(spec) == _variables(after.spec)


def _variables(spec: Spec) -> dict[str, tuple[Any, ...]]:
    return {f"{one.name}/{weight.name}": weight.shape for one in resolve(spec).layers for weight in one.weights}


def test_groups_notes_and_the_layers_that_follow_go_along() -> None:
    spec = _net(
        _residual("a", note="first"),
        _residual("b", "a"),
        groups=[{"name": "body", "layers": ["a", "b"], "folded": False}],
    )
    found = unfold(spec, ["a"])
    assert [layer.inputs for layer in found.spec.layers if layer.name == "b"] == [("a",)]
    assert {layer.name: layer.note for layer in found.spec.layers if layer.note} == {"a": "first"}
    groups = {group.name: list(group.layers) for group in found.spec.groups}
    assert groups == {"body": [*found.made["a"], "b"], "a": found.made["a"]}


def test_blocks_that_share_weights_are_unfolded_together() -> None:
    spec = _net(_residual("a"), _residual("b", "a", weights_of="a"), _residual("c", "b"))
    found = unfold(spec, ["b"])
    assert sorted(found.made) == ["a", "b"]
    assert {layer.name: layer.weights_of for layer in found.spec.layers}["b/conv1"] == "a/conv1"
    assert _variables(spec) == _variables(found.spec)


@pytest.mark.parametrize(
    ("layers", "names", "rule"),
    [
        ([_residual("a")], ["in"], "only blocks can be unfolded"),
        ([_residual("a")], ["nobody"], "layer must name a layer of the spec"),
        ([_residual("a") | {"params": {"filters": 0}}], ["a"], "filters must be an integer of at least 1"),
        ([_residual("a"), _residual("a/conv1", "a")], ["a"], "a layer's name must occur once"),
    ],
)
def test_what_cannot_be_unfolded_is_refused(layers: list[dict[str, Any]], names: list[str], rule: str) -> None:
    with pytest.raises(SpecInvalid) as refused:
        unfold(_net(*layers), names)
    assert [one.rule for one in refused.value.problems] == [rule]
