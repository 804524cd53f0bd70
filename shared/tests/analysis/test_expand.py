"""Blocks: what they stand for, and that they are summed up as what they stand for."""

from typing import Any

import pytest
from visualnn_shared.analysis.check import check
from visualnn_shared.analysis.expand import expand
from visualnn_shared.analysis.params import clean_params
from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.free import from_json
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.zoo.builder import Net

from shared.tests.layer_uses import one_layer

BLOCKS = sorted(name for name, entry in CATALOGUE.items() if entry.expand)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_says_of_itself_what_its_layers_say(name: str) -> None:
    entry = CATALOGUE[name]
    params, _ = clean_params(entry, entry.example.params)
    ins = [from_json(shape) for shape in entry.example.inputs]
    resolved = resolve(one_layer(entry, entry.example.inputs, dict(entry.example.params)))
    assert list(resolved.layer("it").output_shapes) == entry.shape(params, ins)
    mine = {(f"it/{w.name}", w.shape(params, ins), w.trainable) for w in entry.variables(params, ins)}
    theirs = {(f"{layer.name}/{w.name}", w.shape, w.trainable) for layer in resolved.layers for w in layer.weights}
    assert mine == theirs
    inner = [layer for layer in resolved.layers if layer.type != "Input"]
    assert entry.macs(params, ins, []) == sum(
        layer.entry.macs(layer.params, layer.input_shapes, layer.output_shapes)  # type: ignore[misc]
        for layer in inner
    )


def net(*layers: tuple[str, str, dict[str, Any]], shape: tuple[int, ...] = (28, 28, 192)) -> Spec:
    made = Net("net")
    made.input("in", *shape)
    for name, type, params in layers:
        made.add(name, type, **params)
    return made.spec()


INCEPTION_3A = {
    "filters_1x1": 64, "reduce_3x3": 96, "filters_3x3": 128, "reduce_5x5": 16, "filters_5x5": 32, "filters_pool": 32,
}  # fmt: skip


@pytest.mark.parametrize(
    ("type", "params", "shape", "count", "out"),
    [
        # GoogLeNet, table 1, inception (3a): 159K; with biases 163,696
        ("InceptionBlock", INCEPTION_3A, (28, 28, 192), 163_696, (28, 28, 256)),
        # SqueezeNet, table 1, fire2: 11,920
        ("FireBlock", {"squeeze": 16, "expand_1x1": 64, "expand_3x3": 64}, (55, 55, 96), 11_920, (55, 55, 128)),
        # two convolutions of 3 x 3 x 64 x 64, and 4 values a channel for each normalisation
        # the Transformer's base model, a layer of the encoder: 3,152,384 with its biases
        ("TransformerBlock", {"units": 512, "num_heads": 8, "hidden": 2048}, (10, 512), 3_152_384, (10, 512)),
        ("ResidualBlock", {"filters": 64}, (56, 56, 64), 2 * 9 * 64 * 64 + 2 * 4 * 64, (56, 56, 64)),
    ],
)
def test_published_counts_of_blocks(
    type: str, params: dict[str, Any], shape: tuple[int, ...], count: int, out: tuple[int, ...]
) -> None:
    found = summary(net(("b", type, params), shape=shape))
    assert (found.params, found.layers[-1].output_shape) == (count, out)


def test_the_inner_layers_have_the_blocks_name_in_front_and_the_last_one_has_it_alone() -> None:
    spec = expand(net(("fire2", "FireBlock", {"squeeze": 3, "expand_1x1": 4, "expand_3x3": 4})))
    assert [layer.name for layer in spec.layers] == [
        "in", "fire2/squeeze1x1", "fire2/expand1x1", "fire2/expand3x3", "fire2",
    ]  # fmt: skip
    assert spec.outputs == ("fire2",)


def test_a_block_may_share_the_weights_of_another_and_may_be_frozen() -> None:
    params = {"filters": 4, "projection": True}
    layers = (
        Layer(name="in", type="Input", params={"shape": [8, 8, 3]}),
        Layer(name="other", type="Input", params={"shape": [8, 8, 3]}),
        Layer(name="a", type="ResidualBlock", params={**params, "trainable": False}, inputs=("in",)),
        Layer(name="b", type="ResidualBlock", params=params, inputs=("other",), weights_of="a"),
    )
    spec = Spec(name="siamese", layers=layers, outputs=("a", "b"))
    found = summary(spec)
    alone = summary(Spec(name="one", layers=(layers[0], layers[2]), outputs=("a",)))
    assert found.params == alone.params == alone.non_trainable_params


def test_a_shortcut_that_does_not_fit_is_told_with_the_layer_inside() -> None:
    (found,) = check(net(("res", "ResidualBlock", {"filters": 64})))
    assert found.where.layer == "res/add"
    assert found.rule.startswith("the inputs must have the same shape")


def test_blocks_that_stand_for_too_many_layers_are_refused_at_once() -> None:
    dense = ("DenseBlock", {"layers": 64, "growth_rate": 1})
    (found,) = check(net(*((f"b{i}", *dense) for i in range(300)), shape=(8, 8, 8)))
    assert found.rule == "a spec must have at most 20000 layers once its blocks are replaced by theirs"
    assert found.where.layer == "b44"


def test_a_block_shares_the_weights_of_its_own_kind_only() -> None:
    spec = net(("a", "ResidualBlock", {"filters": 192}), ("b", "ResidualBlock", {"filters": 192}))
    layers = (*spec.layers[:-1], spec.layers[-1].model_copy(update={"weights_of": "in"}))
    (found,) = check(spec.model_copy(update={"layers": layers}))
    assert (found.where.layer, found.where.field, found.received) == ("b", "weights_of", "in")


def test_parameters_of_a_block_are_checked_like_those_of_a_layer() -> None:
    problems = check(net(("res", "ResidualBlock", {"filters": 0, "stride": 2})))
    assert {(p.where.layer, p.where.param) for p in problems} == {("res", "filters"), ("res", "stride")}
