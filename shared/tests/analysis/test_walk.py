import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.graph import MOST_PROBLEMS
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.free import FREE
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.refs import Ref


def layer(name: str, type_: str, *inputs: str, of: str | None = None, **params: object) -> Layer:
    return Layer(name=name, type=type_, params=params, inputs=inputs, weights_of=of)


def spec(*layers: Layer, outputs: tuple[str, ...] = ("out",)) -> Spec:
    return Spec(name="net", layers=layers, outputs=outputs)


def test_layers_come_in_dependency_order_whatever_their_order_in_the_spec() -> None:
    forward = zoo.load("cifar-cnn")
    backward = Spec(name=forward.name, layers=forward.layers[::-1], outputs=forward.outputs)
    assert [r.name for r in resolve(backward).layers] == [r.name for r in resolve(forward).layers]


def test_parameters_are_complete_and_normal() -> None:
    net = spec(layer("in", "Input", shape=[8, 8, 3]), layer("out", "MaxPooling2D", "in", pool_size=3))
    params = resolve(net).layer("out").params
    assert params["pool_size"] == params["strides"] == (3, 3)
    assert params["padding"] == "valid"


def test_null_strides_are_derived_as_in_keras() -> None:
    net = spec(layer("in", "Input", shape=[8, 8, 3]), layer("out", "MaxPooling2D", "in", pool_size=2, strides=None))
    assert resolve(net).layer("out").params["strides"] == (2, 2)


def test_outputs_of_a_layer_are_named_by_number() -> None:
    net = spec(
        layer("in", "Input", shape=[None, 4]),
        layer("lstm", "LSTM", "in", units=3, return_sequences=True, return_state=True),
        layer("out", "Concatenate", "lstm:1", "lstm:2"),
        outputs=("out", "lstm"),
    )
    resolved = resolve(net)
    assert resolved.problems == []
    assert resolved.outputs == [(Ref("out"), (6,)), (Ref("lstm"), (FREE, 3))]


def test_inputs_keep_the_order_of_the_spec() -> None:
    assert [r.name for r in resolve(zoo.load("two-input")).inputs] == ["left", "right"]


SIAMESE = (
    layer("a", "Input", shape=[4]),
    layer("b", "Input", shape=[4]),
    layer("left", "Dense", "a", units=3),
    layer("right", "Dense", "b", of="left", units=3),
    layer("out", "Subtract", "left", "right"),
)


def test_a_layer_with_weights_of_uses_its_owners_variables() -> None:
    resolved = resolve(spec(*SIAMESE))
    assert resolved.problems == []
    assert resolved.layer("right").weights == resolved.layer("left").weights


@pytest.mark.parametrize(
    ("shared", "rule"),
    [
        (layer("right", "Dense", "b", of="lft", units=3), "weights_of must name a layer of the spec"),
        (layer("right", "Dense", "b", of="right", units=3), "weights_of must name a layer with weights of its own"),
        (layer("right", "Dense", "b", of="a", units=3), "weights_of must name a layer of the same type, Dense"),
        (layer("right", "ReLU", "b", of="left"), "weights_of must be left out for a layer without weights"),
        (
            layer("right", "Dense", "b", of="left", units=3, use_bias=False),
            "weights_of must name a layer whose weights have the same shapes",
        ),
    ],
)
def test_weights_of_must_name_a_layer_whose_weights_fit(shared: Layer, rule: str) -> None:
    layers = [shared if one.name == "right" else one for one in SIAMESE]
    if shared.type == "ReLU":
        layers[-1] = layer("out", "Concatenate", "left", "right")
    (problem,) = resolve(spec(*layers)).problems
    assert problem.rule == rule
    assert problem.where.layer == "right"
    assert problem.where.field == "weights_of"


def test_weights_need_a_known_size_and_the_shape_still_goes_on() -> None:
    net = spec(
        layer("in", "Input", shape=[None, None, None]),
        layer("conv", "Conv2D", "in", filters=4, kernel_size=3),
        layer("out", "GlobalAveragePooling2D", "conv"),
    )
    resolved = resolve(net)
    (problem,) = resolved.problems
    assert problem.rule == "weights must have a known shape"
    assert resolved.outputs == [(Ref("out"), (4,))]


def test_an_initializer_must_suit_the_rank_of_its_variable() -> None:
    net = spec(layer("in", "Input", shape=[4]), layer("out", "Dense", "in", units=3, bias_initializer="orthogonal"))
    (problem,) = resolve(net).problems
    assert problem.where.param == "bias_initializer"
    assert problem.rule.endswith("needs at least 2 axes")


def test_tensors_cannot_grow_without_end() -> None:
    chain = [layer("in", "Input", shape=[2, 2, 1])]
    for i in range(3):
        chain.append(layer(f"up{i}", "UpSampling2D", chain[-1].name, size=2**20))
    problems = resolve(spec(*chain, layer("out", "Flatten", "up2"))).problems
    assert [p.where.layer for p in problems] == ["up1"]
    deep = [layer("in", "Input", shape=[2])]
    for i in range(100):
        deep.append(layer(f"e{i}", "Embedding", deep[-1].name, input_dim=2, output_dim=2))
    (problem,) = resolve(spec(*deep, layer("out", "Flatten", "e99"))).problems
    assert problem.rule == "a tensor must have at most 64 axes"


def test_a_spec_of_nothing_but_mistakes_is_cut_short() -> None:
    wrong = [layer(f"l{i}", "Dens", f"m{i}", uints=3) for i in range(3000)]
    problems = resolve(spec(*wrong)).problems
    assert len(problems) == MOST_PROBLEMS + 1
    assert "fewer than" in problems[-1].rule


def test_a_missing_name_raises_a_key_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        resolve(zoo.load("linear")).layer("nothing")
