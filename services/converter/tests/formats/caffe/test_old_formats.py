"""Caffe's first format and its second: as Caffe's own upgrade has them; and phases, levels and stages."""

from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_converter.formats.caffe.state import NetState
from visualnn_converter.formats.caffe.wire import message, text
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

HEAD = 'input: "data" input_dim: 1 input_dim: 3 input_dim: 12 input_dim: 12\n'


def _old(name: str, type: str, bottom: str, fields: str = "", top: str = "") -> str:
    inner = f'layer {{ name: "{name}" type: "{type}" {fields} }}'
    return f'layers {{ {inner} bottom: "{bottom}" top: "{top or name}" }}\n'


def _read(text: str, **options: Any) -> Spec:
    return conversion.read(text.encode(), "caffe", **options)[0]


def _layers(spec: Spec) -> dict[str, Layer]:
    return {layer.name: layer for layer in spec.layers}


FILLERS = 'weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.5 }'
FIRST = [
    ("conv", f"num_output: 4 kernelsize: 3 stride: 2 pad: 1 group: 1 biasterm: false blobs_lr: 1. {FILLERS}",
     "Conv2D", {"filters": 4, "kernel_size": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]],
     "use_bias": False, "kernel_initializer": {"name": "random_normal", "stddev": 0.01},
     "bias_initializer": {"name": "constant", "value": 0.5}}),
    ("pool", "pool: AVE kernelsize: 3 stride: 2", "AveragePooling2D",
     {"pool_size": [3, 3], "strides": [2, 2], "ceil_mode": True}),
    ("pool", "kernelsize: 3", "MaxPooling2D", {"pool_size": [3, 3], "strides": [1, 1], "ceil_mode": True}),
    ("lrn", "local_size: 3 alpha: 0.001 beta: 0.5", "LRN", {"local_size": 3, "alpha": 0.001, "beta": 0.5}),
    ("dropout", "dropout_ratio: 0.25", "Dropout", {"rate": 0.25}),
    ("relu", "", "ReLU", {}),
    ("tanh", "", "Activation", {"activation": "tanh"}),
    ("sigmoid", "", "Activation", {"activation": "sigmoid"}),
    ("softmax", "", "Softmax", {}),
    ("softmax_loss", "", "Softmax", {}),
    ("bnll", "", "Activation", {"activation": "softplus"}),
]  # fmt: skip


@pytest.mark.parametrize(("type", "fields", "expected", "params"), FIRST)
def test_each_layer_of_the_first_format_is_read(type: str, fields: str, expected: str, params: dict[str, Any]) -> None:
    found = _layers(_read(HEAD + _old("x", type, "data", fields)))["x"]
    assert (found.type, found.params) == (expected, params)


def test_a_padding_layer_goes_into_the_layer_behind_it() -> None:
    net = HEAD + _old("p", "padding", "data", "pad: 2") + _old("c", "conv", "p", "num_output: 2 kernelsize: 5")
    net += _old("q", "padding", "c", "pad: 1") + _old("m", "pool", "q", "pool: AVE kernelsize: 3 stride: 3")
    spec = _read(net + _old("i", "innerproduct", "m", "num_output: 3"))
    found = _layers(spec)
    assert list(found) == ["data", "c", "m", "i/flatten", "i"]
    assert found["c"].params["padding"] == [[2, 2], [2, 2]]
    assert found["c"].inputs == ("data",)
    assert found["m"].params["padding"] == [[1, 1], [1, 1]]


def test_padding_before_another_layer_is_an_obstacle_with_its_place() -> None:
    net = HEAD + _old("p", "padding", "data", "pad: 2") + _old("r", "relu", "p")
    with pytest.raises(ConversionImpossible) as error:
        _read(net)
    first = error.value.problems[0]
    assert (first.where.line, first.where.column, first.received) == (3, 1, "relu")


def test_the_first_format_reads_as_todays() -> None:
    """AlexNet's first stage in both forms; one is what Caffe's upgrade makes of the other."""
    old = HEAD + _old("p", "padding", "data", "pad: 1") + _old("c", "conv", "p", "num_output: 4 kernelsize: 3 group: 1")
    old += _old("r", "relu", "c", top="c") + _old("n", "lrn", "c", "local_size: 5 alpha: 0.0001 beta: 0.75")
    new = f"""{HEAD}
    layer {{ name: "c" type: "Convolution" bottom: "data" top: "c"
             convolution_param {{ num_output: 4 kernel_size: 3 pad: 1 group: 1 }} }}
    layer {{ name: "r" type: "ReLU" bottom: "c" top: "c" }}
    layer {{ name: "n" type: "LRN" bottom: "c" top: "n" lrn_param {{ local_size: 5 alpha: 0.0001 beta: 0.75 }} }}"""
    assert _layers(_read(old)) == _layers(_read(new))


def test_a_field_that_a_type_of_the_first_format_has_not_is_reported() -> None:
    _, _, report = conversion.read((HEAD + _old("r", "relu", "data", "kernelsize: 3")).encode(), "caffe")
    assert [(one.layer, one.what) for one in report.dropped] == [("r", "field kernelsize, line 2")]


def test_a_caffemodel_of_the_first_format_is_read() -> None:
    def blob(values: list[float], *shape: int) -> list[bytes]:
        sizes = b"".join(bytes([number << 3, size]) for number, size in enumerate(shape, start=1))
        return [b"".join(message(50, [sizes, *message(5, [np.float32(values).tobytes()])]))]

    kernel = [float(i) for i in range(6)]
    inner = [*text(1, "i"), *text(2, "innerproduct"), *blob(kernel, 1, 1, 2, 3), *blob([7, 8], 1, 1, 1, 2)]
    file = b"".join(message(2, [*message(1, inner), *text(2, "data"), *text(3, "i")]))
    net = 'input: "data" input_shape { dim: 1 dim: 3 }' + _old("i", "innerproduct", "data", "num_output: 2")
    _, weights, _ = conversion.read(net.encode(), "caffe", weights_file=file)
    assert weights is not None
    np.testing.assert_array_equal(weights["i/kernel"], np.reshape(kernel, (2, 3)).T)
    np.testing.assert_array_equal(weights["i/bias"], [7, 8])


SECOND = [
    "ABSVAL", "BNLL", "CONCAT", "CONVOLUTION", "DECONVOLUTION", "DROPOUT", "ELTWISE", "EXP", "FLATTEN", "INNER_PRODUCT",
    "LRN", "MVN", "POOLING", "POWER", "RELU", "SIGMOID", "SLICE", "SOFTMAX", "SPLIT", "TANH", "THRESHOLD", "ARGMAX",
]  # fmt: skip
NEEDS = {
    "CONVOLUTION": "convolution_param { num_output: 2 kernel_size: 3 }",
    "DECONVOLUTION": "convolution_param { num_output: 2 kernel_size: 3 }",
    "POOLING": "pooling_param { kernel_size: 2 }",
    "INNER_PRODUCT": "inner_product_param { num_output: 2 }", "SLICE": 'top: "y" slice_param { slice_point: 1 }',
    "CONCAT": 'bottom: "data"', "ELTWISE": 'bottom: "data"', "ARGMAX": "argmax_param { axis: 1 }",
}  # fmt: skip


@pytest.mark.parametrize("type", SECOND)
def test_each_enum_type_of_the_second_format_is_read(type: str) -> None:
    net = f'{HEAD} layers {{ name: "x" type: {type} bottom: "data" top: "x" {NEEDS.get(type, "")} }}'
    assert "x" in _layers(_read(net))


RULES = """input: "data" input_shape { dim: 1 dim: 4 }
layer { name: "x" type: "TanH" bottom: "data" top: "x" %s }
layer { name: "y" type: "Sigmoid" bottom: "data" top: "y" }"""
TEST = NetState(phase="TEST")
CASES = [
    ("include { phase: TEST }", None, False), ("include { phase: TEST }", TEST, True),
    ("exclude { phase: TEST }", None, True), ("exclude { phase: TEST }", TEST, False),
    ('include { stage: "deploy" }', None, False), ('include { stage: "deploy" }', NetState(stages=("deploy",)), True),
    ('include { stage: "a" stage: "b" }', NetState(stages=("a",)), False),
    ('include { stage: "a" } include { stage: "b" }', NetState(stages=("b",)), True),
    ('include { not_stage: "deploy" }', None, True),
    ('include { not_stage: "deploy" }', NetState(stages=("deploy",)), False),
    ("include { min_level: 2 }", None, False), ("include { min_level: 2 }", NetState(level=3), True),
    ("include { min_level: 1 max_level: 2 }", NetState(level=3), False),
    ('include { phase: TEST stage: "a" }', TEST, False),
    ('exclude { phase: TRAIN stage: "a" }', None, True),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "state", "there"), CASES)
def test_rules_choose_layers_by_phase_level_and_stages(rule: str, state: NetState | None, there: bool) -> None:
    assert ("x" in _layers(_read(RULES % rule, state=state))) is there


def test_the_nets_own_state_counts_where_nothing_else_is_asked_for() -> None:
    net = 'state { phase: TEST stage: "a" }\n' + RULES % 'include { phase: TEST stage: "a" }'
    assert "x" in _layers(_read(net))
    assert "x" not in _layers(_read(net, state=NetState(phase="TRAIN")))


@pytest.mark.parametrize(
    ("rule", "said", "column"),
    [("include { phase: TRIAN }", "phase must be one of TRAIN, TEST", 66),
     ("include { phase: TEST } exclude { phase: TRAIN }", "a layer must have include rules or exclude rules, not both",
      80)],
)  # fmt: skip
def test_rules_that_cannot_be_are_problems_with_their_place(rule: str, said: str, column: int) -> None:
    with pytest.raises(ConversionImpossible) as error:
        _read(RULES % rule)
    assert [(one.rule, one.where.line, one.where.column) for one in error.value.problems] == [(said, 2, column)]
