"""Caffe nets as specs: layers, in-place blobs, phases, heads, shared weights, and what is wrong where."""

import re
from pathlib import Path
from typing import Any

import pytest
from visualnn_converter import conversion
from visualnn_converter.formats.caffe import fields
from visualnn_shared.analysis.check import check
from visualnn_shared.analysis.summary import summary
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

INPUT = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 10 dim: 3 dim: 12 dim: 10 } } }\n'
ROW = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 10 dim: 8 } } }\n'


def _layer(name: str, type: str, bottom: str, more: str = "", top: str = "") -> str:
    bottoms = " ".join(f'bottom: "{one}"' for one in bottom.split())
    return f'layer {{ name: "{name}" type: "{type}" {bottoms} top: "{top or name}" {more} }}\n'


def read(text: str, **options: Any) -> Spec:
    return conversion.read(text.encode(), "caffe", **options)[0]


def _layers(spec: Spec) -> dict[str, Layer]:
    return {layer.name: layer for layer in spec.layers}


def _problems(text: str) -> list[tuple[str | None, int | None, str, Any]]:
    with pytest.raises(ConversionImpossible) as error:
        read(text)
    return [(p.where.layer, p.where.line, p.rule, p.received) for p in error.value.problems]


FILLED = 'weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.5 }'
ONE_LAYER = [
    ("Convolution",
     "convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 group: 1 dilation: 1 bias_term: false }",
     "Conv2D", {"filters": 4, "kernel_size": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]],
     "use_bias": False}),
    ("Convolution",
     "convolution_param { num_output: 4 kernel_h: 3 kernel_w: 1 pad_h: 0 pad_w: 2 stride_h: 2 stride_w: 1 }",
     "Conv2D", {"filters": 4, "kernel_size": [3, 1], "strides": [2, 1], "padding": [[0, 0], [2, 2]]}),
    ("Convolution", "convolution_param { num_output: 6 kernel_size: 3 kernel_size: 2 group: 3 }",
     "DepthwiseConv2D", {"kernel_size": [3, 2], "depth_multiplier": 2}),
    ("Convolution", f"convolution_param {{ num_output: 4 kernel_size: 1 {FILLED} }}",
     "Conv2D", {"filters": 4, "kernel_size": [1, 1], "kernel_initializer": {"name": "random_normal", "stddev": 0.01},
                "bias_initializer": {"name": "constant", "value": 0.5}}),
    ("Pooling", "pooling_param { pool: MAX kernel_size: 3 stride: 2 }", "MaxPooling2D",
     {"pool_size": [3, 3], "strides": [2, 2], "ceil_mode": True}),
    ("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 3 pad: 1 round_mode: FLOOR }", "AveragePooling2D",
     {"pool_size": [3, 3], "padding": [[1, 1], [1, 1]], "count_include_pad": True}),
    ("Pooling", "pooling_param { kernel_size: 3 stride: 2 ceil_mode: false }", "MaxPooling2D",
     {"pool_size": [3, 3], "strides": [2, 2]}),
    ("Pooling", "pooling_param { kernel_size: 3 stride: 2 ceil_mode: true }", "MaxPooling2D",
     {"pool_size": [3, 3], "strides": [2, 2], "ceil_mode": True}),
    ("Convolution", "convolution_param { num_output: 4 kernel_size: 3 hole: 2 }", "Conv2D",
     {"filters": 4, "kernel_size": [3, 3], "dilation_rate": [2, 2]}),
    ("Pooling", "pooling_param { pool: AVE global_pooling: true }", "GlobalAveragePooling2D", {"keepdims": True}),
    ("Pooling", "pooling_param { global_pooling: true }", "GlobalMaxPooling2D", {"keepdims": True}),
    ("LRN", "lrn_param { local_size: 3 alpha: 0.0001 norm_region: WITHIN_CHANNEL }", "LRN",
     {"local_size": 3, "alpha": 0.0001, "norm_region": "WITHIN_CHANNEL"}),
    ("BatchNorm", "batch_norm_param { use_global_stats: true }", "BatchNormalization",
     {"momentum": 0.999, "epsilon": 1e-5, "scale": False, "center": False}),
    ("Scale", "scale_param { bias_term: true }", "Scale", {}),
    ("Softmax", "", "Softmax", {}),
    ("Softmax", "softmax_param { axis: 2 }", "Softmax", {"axis": 1}),
    ("ReLU", "relu_param { engine: CUDNN }", "ReLU", {}),
    ("ReLU", "relu_param { negative_slope: 0.1 }", "LeakyReLU", {"negative_slope": 0.1}),
    ("PReLU", "", "PReLU", {"alpha_initializer": {"name": "constant", "value": 0.25}, "shared_axes": [1, 2]}),
    ("TanH", "", "Activation", {"activation": "tanh"}),
    ("Exp", "", "Activation", {"activation": "exponential"}),
    ("Dropout", "", "Dropout", {"rate": 0.5}),
]  # fmt: skip


@pytest.mark.parametrize(("type", "more", "expected", "params"), ONE_LAYER)
def test_each_layer_is_read(type: str, more: str, expected: str, params: dict[str, Any]) -> None:
    found = _layers(read(INPUT + _layer("x", type, "data", more)))["x"]
    assert (found.type, found.params) == (expected, params)


MERGES = [
    ("Concat", "", "Concatenate", {}),
    ("Concat", "concat_param { axis: 2 }", "Concatenate", {"axis": 1}),
    ("Concat", "concat_param { concat_dim: 1 }", "Concatenate", {}),
    ("Eltwise", "", "Add", {}),
    ("Eltwise", "eltwise_param { operation: PROD }", "Multiply", {}),
    ("Eltwise", "eltwise_param { operation: MAX }", "Maximum", {}),
    ("Eltwise", "eltwise_param { coeff: 1 coeff: -1 }", "Subtract", {}),
    ("Eltwise", "eltwise_param { coeff: 0.5 coeff: 0.5 }", "Average", {}),
    ("Eltwise", "eltwise_param { coeff: 2 coeff: -1 }", "Add", {"coefficients": [2.0, -1.0]}),
]


@pytest.mark.parametrize(("type", "more", "expected", "params"), MERGES)
def test_each_merge_is_read(type: str, more: str, expected: str, params: dict[str, Any]) -> None:
    found = _layers(read(INPUT + _layer("r", "ReLU", "data") + _layer("x", type, "data r", more)))["x"]
    assert (found.type, found.params, found.inputs) == (expected, params, ("data", "r"))


def test_in_place_layers_follow_each_other() -> None:
    text = INPUT + _layer("conv", "Convolution", "data", "convolution_param { num_output: 2 kernel_size: 1 }")
    text += (
        _layer("relu", "ReLU", "conv", top="conv")
        + _layer("drop", "Dropout", "conv", top="conv")
        + _layer("p", "TanH", "conv")
    )
    found = _layers(read(text))
    assert (found["relu"].inputs, found["drop"].inputs, found["p"].inputs) == (("conv",), ("relu",), ("drop",))


def test_batch_norm_and_scale_become_one_layer() -> None:
    text = (
        INPUT + _layer("bn", "BatchNorm", "data") + _layer("s", "Scale", "bn", "scale_param { bias_term: true }", "bn")
    )
    spec = read(text + _layer("r", "ReLU", "bn"))
    assert [layer.name for layer in spec.layers] == ["data", "bn", "r"]
    assert _layers(spec)["bn"].params == {"momentum": 0.999, "epsilon": 1e-5}
    assert _layers(spec)["r"].inputs == ("bn",)


def test_a_batch_norm_that_two_read_is_not_merged() -> None:
    text = INPUT + _layer("bn", "BatchNorm", "data") + _layer("s", "Scale", "bn") + _layer("r", "ReLU", "bn")
    assert {layer.type for layer in read(text).layers} == {"Input", "BatchNormalization", "Scale", "ReLU"}


def test_inner_product_flattens_by_a_layer_of_its_own() -> None:
    spec = read(INPUT + _layer("ip", "InnerProduct", "data", "inner_product_param { num_output: 2 }"))
    assert [(layer.name, layer.type) for layer in spec.layers] == [
        ("data", "Input"),
        ("ip/flatten", "Flatten"),
        ("ip", "Dense"),
    ]


def test_order_that_is_seen_makes_a_permute() -> None:
    flat = INPUT + _layer("f", "Flatten", "data")
    assert [layer.type for layer in read(flat + _layer("s", "Softmax", "f")).layers] == [
        "Input",
        "Permute",
        "Flatten",
        "Softmax",
    ]
    dense = _layer("r", "ReLU", "f") + _layer("ip", "InnerProduct", "r", "inner_product_param { num_output: 2 }")
    assert [layer.type for layer in read(flat + dense).layers] == ["Input", "Flatten", "ReLU", "Dense"]


TRAIN = """
layer { name: "d" type: "MemoryData" top: "data" top: "label" include { phase: TRAIN }
  memory_data_param { batch_size: 2 channels: 1 height: 8 width: 8 } }
layer { name: "d" type: "MemoryData" top: "data" top: "label" include { phase: TEST }
  memory_data_param { batch_size: 9 channels: 1 height: 8 width: 8 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" param { lr_mult: 1 }
  inner_product_param { num_output: 3 } }
layer { name: "acc" type: "Accuracy" bottom: "ip" bottom: "label" top: "acc" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


def test_training_nets_lose_their_data_and_keep_the_head_of_their_loss() -> None:
    spec, _, report = conversion.read(TRAIN.encode(), "caffe")
    assert [(layer.name, layer.type) for layer in spec.layers] == [
        ("data", "Input"), ("ip/flatten", "Flatten"), ("ip", "Dense"), ("loss", "Softmax"),
    ]  # fmt: skip
    assert spec.outputs == ("loss",)
    assert ("acc", "Accuracy") in [(one.layer, one.what) for one in report.dropped]
    assert "categorical cross-entropy" in next(one.why for one in report.rewritten if one.layer == "loss")


def test_old_nets_with_enum_types_and_declared_inputs_are_read() -> None:
    text = """name: "old" input: "data" input_dim: 1 input_dim: 3 input_dim: 6 input_dim: 6
    layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" blobs_lr: 1
             convolution_param { num_output: 2 kernel_size: 3 } }
    layers { name: "r" type: RELU bottom: "c" top: "c" }
    layers { name: "p" type: SOFTMAX bottom: "c" top: "p" }"""
    spec = read(text)
    assert [(layer.name, layer.type) for layer in spec.layers] == [
        ("data", "Input"),
        ("c", "Conv2D"),
        ("r", "ReLU"),
        ("p", "Softmax"),
    ]
    assert spec.layers[0].params == {"shape": [6, 6, 3]}


def test_named_params_share_weights() -> None:
    ip = "inner_product_param { num_output: 3 }"
    text = ROW + _layer("a", "InnerProduct", "data", f'param {{ name: "w" }} param {{ name: "b" }} {ip}')
    text += _layer("t", "TanH", "data") + _layer(
        "a2", "InnerProduct", "t", f'param {{ name: "w" }} param {{ name: "b" }} {ip}'
    )
    found = _layers(read(text))
    assert (found["a"].weights_of, found["a2"].weights_of) == (None, "a")


PROBLEMS = [
    (_layer("x", "Rubbish", "data"), [("x", 2, "the layer type must be one that VisualNN knows", "Rubbish")]),
    (_layer("x", "Pooling", "data", "\npooling_param { pool: STOCHASTIC kernel_size: 2 }"),
     [("x", 3, "pool must be MAX or AVE", "STOCHASTIC")]),
    (_layer("x", "Convolution", "data", "convolution_param {\n num_output: 0\n kernel_size: 3 }"),
     [("x", 2, "filters must be an integer of at least 1", 0)]),
    (_layer("x", "Convolution", "data"), [("x", 2, "filters must be given", None), ("x", 2,
     "kernel_size must be given", None)]),
    (_layer("x", "Convolution", "data", "convolution_param { num_output: 2 kernel_size: 30 }"),
     [("x", 2, "kernel_size must fit into the padded input", [30, 30])]),
    (_layer("x", "Convolution", "data", "convolution_param { num_output: 2 kernel_size: 1 axis: 2 }"),
     [("x", 2, "axis must be 1", 2)]),
    (_layer("x", "ReLU", "nowhere"), [(None, 2, "a bottom must be the top of an earlier layer", "nowhere")]),
    (_layer("x", "Eltwise", "data"), [("x", 2, "Eltwise must have at least 2 bottoms here", 1)]),
    (_layer("x", "Softmax", "data", "softmax_param { axis: 7 }"), [("x", 2, "axis must lie in -4..3", 7)]),
    (_layer("x", "Python", "data") + _layer("y", "ReLU", "x") + _layer("z", "Filter", "y"),
     [("x", 2, "the layer type must be one that VisualNN knows", "Python"), ("z", 4,
     "the layer type must be one that VisualNN knows", "Filter")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PROBLEMS)
def test_each_mistake_is_one_problem_with_its_line(text: str, expected: list[Any]) -> None:
    assert _problems(INPUT + text) == expected


def test_what_is_not_understood_is_reported() -> None:
    text = INPUT + _layer("x", "Pooling", "data", "pooling_param { kernel_size: 2 } sparkle_param { glitter: 1 }")
    _, _, report = conversion.read(text.encode(), "caffe")
    assert [(one.layer, one.what) for one in report.dropped] == [("x", "field sparkle_param, line 2")]


UNKNOWN: list[tuple[str, str, str, str]] = [
    ("Convolution", "convolution_param { num_output: 2 kernel_size: 1 stryde: 1 }", "stryde", "did you mean 'stride'?"),
    ("Convolution", "convolutoin_param { num_output: 2 }", "convolutoin_param", "did you mean 'convolution_param'?"),
    ("Convolution", "convolution_param { num_output: 2 kernel_size: 1 weight_filler { typ: 'xavier' } }", "typ",
     "did you mean 'type'?"),
    ("Convolution", "convolution_param { num_output: 2 kernel_size: 1 hole_h: 2 }", "hole_h",
     "write dilation, as Caffe has it now"),
    ("ReLU", "botom: 'data'", "botom", "did you mean 'bottom'?"),
    ("ReLU", "relu_param { zzz: 1 }", "zzz", "take it out; known are engine, negative_slope"),
    ("ReLU", "param { lr_mul: 1 }", "lr_mul", "did you mean 'lr_mult'?"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "more", "field", "hint"), UNKNOWN)
def test_a_field_that_caffe_does_not_have_is_a_problem_with_its_place(
    op: str, more: str, field: str, hint: str
) -> None:
    text = INPUT + _layer("x", op, "data", more)
    with pytest.raises(ConversionImpossible) as raised:
        conversion.read(text.encode(), "caffe")
    found = [one for one in raised.value.problems if "must be one that Caffe has" in one.rule]
    place = re.search(rf"\b{field}\b", text.splitlines()[1])
    column = place.start() + 1 if place else None
    assert [(one.where.layer, one.where.line, one.where.column, one.received, one.hint) for one in found] == [
        ("x", 2, column, field, hint)
    ]


def test_unknown_fields_and_what_else_is_wrong_are_told_at_once() -> None:
    data = 'inputt: 3\nlayer { name: "data" type: "Data" top: "data" data_param { batchsize: 8 } }\n'
    text = data + _layer("x", "Convolution", "data", "convolution_param { num_output: 2 kernel_size: 1 stryde: 1 }")
    received = [found[3] for found in _problems(text)]
    assert received == ["inputt", "batchsize", "stryde", None]


def test_fields_of_forks_go_on() -> None:
    """NVIDIA's and SegNet's, in layers of Caffe's own types; and any in layers that Caffe does not have."""
    text = "default_forward_type: FLOAT\n" + INPUT
    text += _layer("x", "BatchNorm", "data", "batch_norm_param { scale_bias: true } forward_type: FLOAT16")
    text += _layer("y", "ReLU6", "x", "relu6_param { sparkle: 1 } glitter: 2")
    text += _layer("z", "SoftmaxWithLoss", "y", "loss_param { weight_by_label_freqs: true class_weighting: 1 }")
    spec, _, _ = conversion.read(text.encode(), "caffe")
    assert [layer.name for layer in spec.layers][1:] == ["x", "y", "z"]


def test_a_file_of_nothing_but_unknown_fields_is_answered_soon_and_short() -> None:
    text = INPUT + _layer("x", "ReLU", "data", "".join(f"glitter{n}: 1 " for n in range(20_000)))
    assert len(_problems(text)) == fields.MOST


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('net: "a.prototxt"\nbase_lr: 0.1', "the file must describe a net; this one describes a solver"),
        ('name: "x"', "the file must have layers"),
        ("layer: 3", "a layer must be a message"),
    ],
)
def test_files_that_are_no_net(text: str, rule: str) -> None:
    assert [found[2] for found in _problems(text)] == [rule]


CORPUS = [
    ("alexnet", 60_965_224), ("GoogleNet", 6_998_552), ("vgg16", 138_357_544), ("Squeezenet", 1_235_496),
    ("resnet101", 44_654_504 + 6_144_000),  # at 227 x 227 rounding up leaves 2 x 2 cells before the classifier
    ("densenet", 1_037_818), ("lenet", 431_080), ("lenet_train_test", 431_080),
    ("fcn", 149_251_964),  # FCN-32s of VGG-16 with 60 classes: trunk, fc6, fc7, score, upscore
    ("pix2pix", 134_473_084),  # FCN-8s of VGG-16 with 20 classes
    ("siamese_mnist", 431_080 + 22),  # LeNet, once for both pictures, and a feature of two values
]  # fmt: skip
INPUT_SHAPES = {
    "fcn": [224, 224, 3],
    "lenet": [28, 28, 1],
    "lenet_train_test": [28, 28, 1],
    "siamese_mnist": [28, 28, 2],
}
"""Of the nets whose files do not say it."""


@pytest.mark.parametrize(("name", "params"), CORPUS)
def test_real_nets_have_their_published_parameters(corpus: Path, name: str, params: int) -> None:
    data = (corpus / "caffe" / f"{name}.prototxt").read_bytes()
    spec, _, _ = conversion.read(data, input_shape=INPUT_SHAPES.get(name))
    assert summary(spec).params == params
    again, _, _ = conversion.read(conversion.write(spec, "caffe").data)
    assert _layers(again) == _layers(spec)


def test_a_real_captioning_net_is_read_whole(corpus: Path) -> None:
    spec, _, _ = conversion.read((corpus / "caffe" / "CoCo_Caption.prototxt").read_bytes(), input_shape=[20])
    assert [layer.type for layer in spec.layers] == ["Input", "Embedding", "LSTM", "Dense", "Softmax"]
    lstm, words = 4 * 1000 * (1000 + 1000 + 1), 8801
    assert summary(spec).params == words * 1000 + lstm + (1000 + 1) * words


CUT_AND_SHARED = [("pix2pix", [256, 256, 3], 47), ("siamese_mnist", [28, 28, 2], 20)]


@pytest.mark.parametrize(("name", "shape", "layers"), CUT_AND_SHARED)
def test_real_nets_that_cut_and_share_are_read_whole(corpus: Path, name: str, shape: list[int], layers: int) -> None:
    text = (corpus / "caffe" / f"{name}.prototxt").read_bytes()
    spec, _, report = conversion.read(text, input_shape=shape)
    assert len(spec.layers) == layers
    assert check(spec) == []
    assert not [one for one in report.dropped if one.why == "not understood"]


@pytest.mark.parametrize(
    ("loss", "hint"),
    [("EuclideanLoss", "train with mean squared error"), ("HingeLoss", "train with hinge"),
     ("MultinomialLogisticLoss", "train with categorical cross-entropy")],
)  # fmt: skip
def test_a_loss_becomes_a_hint_for_training(loss: str, hint: str) -> None:
    text = f"""
        input: "data" input_shape {{ dim: 1 dim: 4 }}
        layer {{ name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param {{ num_output: 2 }} }}
        layer {{ name: "loss" type: "{loss}" bottom: "fc" bottom: "data" top: "loss" }}
    """
    spec, _, report = conversion.read(text.encode())
    assert spec.outputs == ("fc",)
    (told,) = [one for one in report.dropped if one.layer == "loss"]
    assert hint in told.why


@pytest.mark.parametrize(
    ("data", "what"), [(b"PK\x03\x04rest", "zip"), (b"\x89HDF\r\n\x1a\nrest", "HDF5"), (b"\x1f\x8b\x08", "gzip")]
)
def test_a_file_that_is_no_text_is_called_what_it_seems_to_be(data: bytes, what: str) -> None:
    with pytest.raises(ConversionImpossible) as raised:
        conversion.read(data, "caffe")
    (one,) = raised.value.problems
    assert one.rule == "the file must be a prototxt, which is text"
    assert what in str(one.received)
