"""Reading what was written gives the spec back, for generated specs and for the networks of the zoo."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.canonical import canonical
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.reading import canonical_json

from shared.tests import zoo_nets

BOTH_WAYS = [
    one["name"]
    for one in conversion.formats()
    if one["reads"] and one["writes"] and one["name"] not in ("onnx", "tensorflow-text")
]
"""ONNX needs weights and keeps answers rather than layers: formats/onnx/test_round_trips.py."""
SLOW = "keras-h5"
"""A process of its own opens each file, as for ``keras-file``, whose specs are the same but for some layers."""
WEIGHTY = {one["name"] for one in conversion.formats() if one["carries_weights"]}
NAMES = st.text("abcXY01_-/. é@", min_size=1, max_size=12).map(str.strip).filter(bool)
SMALL = st.integers(1, 4)
INITIALIZERS = st.sampled_from([
    "zeros", "glorot_uniform", "he_normal", "lecun_uniform", {"name": "random_normal", "mean": 0.5, "stddev": 0.1},
    {"name": "constant", "value": 0.25}, {"name": "variance_scaling", "scale": 2.0,
        "distribution": "untruncated_normal"},
])  # fmt: skip
ACTIVATIONS = st.sampled_from(["linear", "relu", "tanh", "softmax", "sigmoid", "elu", "gelu"])
PADDINGS = st.sampled_from(["valid", "same", [[0, 0], [0, 0]], [[1, 1], [1, 1]], [[0, 1], [1, 0]]])


def _some(**strategies: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these parameters."""
    return st.fixed_dictionaries({}, optional=strategies)


def _with(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


DENSE = {"units": SMALL}
CONV = {"kernel_size": st.integers(1, 3), "strides": st.integers(1, 2)}
TRAINED = {
    "use_bias": st.booleans(), "bias_initializer": INITIALIZERS, "kernel_regularizer": st.sampled_from([None, "l2"]),
    "kernel_constraint": st.sampled_from([None, {"name": "max_norm", "max_value": 3.0}]), "trainable": st.booleans(),
}  # fmt: skip
ANY = {
    "Activation": _with({"activation": ACTIVATIONS}),
    "ReLU": _some(max_value=st.sampled_from([None, 6.0]), negative_slope=st.sampled_from([0.0, 0.1])),
    "LeakyReLU": _some(negative_slope=st.sampled_from([0.0, 0.3, 0.2])),
    "ELU": _some(alpha=st.sampled_from([1.0, 0.5])),
    "PReLU": _some(alpha_initializer=INITIALIZERS),
    "Softmax": _some(axis=st.just(-1)),
    "Dropout": _with({"rate": st.sampled_from([0.0, 0.5])}, seed=st.sampled_from([None, 3])),
    "GaussianNoise": _with({"stddev": st.just(0.5)}),
    "BatchNormalization": _some(
        epsilon=st.sampled_from([1e-3, 1e-5]), momentum=st.sampled_from([0.99, 0.9]), scale=st.booleans(),
        center=st.booleans(),
        gamma_initializer=INITIALIZERS, beta_initializer=INITIALIZERS,
    ),
    "LayerNormalization": _some(epsilon=st.just(0.1), center=st.booleans()),
    "Flatten": st.just({}),
    **dict.fromkeys(
        ("SELU", "Softplus", "Softsign", "Sigmoid", "Tanh", "HardSigmoid", "GELU", "Swish", "Identity",
         "UnitNormalization", "RMSNormalization"), st.just({})),
    "ThresholdedReLU": _some(theta=st.sampled_from([0.0, 0.5])),
    "GroupNormalization": _with({"groups": st.just(-1)}, epsilon=st.just(0.1)),
    "GaussianDropout": _with({"rate": st.just(0.5)}),
    "AlphaDropout": _with({"rate": st.just(0.5)}, seed=st.just(3)),
    "ActivityRegularization": _some(l2=st.just(0.5)),
}  # fmt: skip
PICTURE = {
    "Conv2D": _with({"filters": SMALL, **CONV}, padding=PADDINGS, activation=ACTIVATIONS,
        kernel_initializer=INITIALIZERS, **TRAINED),
    "DepthwiseConv2D": _with(CONV, padding=PADDINGS, depth_multiplier=SMALL, activation=ACTIVATIONS),
    "MaxPooling2D": _with({"pool_size": st.integers(2, 3)}, strides=SMALL, padding=PADDINGS, ceil_mode=st.booleans()),
    "AveragePooling2D": _with({"pool_size": st.integers(2, 3)}, strides=SMALL, padding=PADDINGS,
        count_include_pad=st.booleans()),
    "GlobalAveragePooling2D": _some(keepdims=st.booleans()),
    "GlobalMaxPooling2D": _some(keepdims=st.booleans()),
    "ZeroPadding2D": _with({"padding": st.sampled_from([1, [[0, 1], [2, 0]]])}),
    "UpSampling2D": _some(interpolation=st.sampled_from(["nearest", "bilinear"])),
    "LRN": _some(alpha=st.just(0.1), norm_region=st.sampled_from(["ACROSS_CHANNELS", "WITHIN_CHANNEL"])),
}  # fmt: skip
STEPS = {
    "LSTM": _with(DENSE, return_sequences=st.booleans(), go_backwards=st.booleans(), use_bias=st.booleans()),
    "Permute": st.just({"dims": [2, 1]}),
    "GRU": _with(DENSE, reset_after=st.booleans(), return_sequences=st.booleans()),
    "SimpleRNN": _with(DENSE, return_sequences=st.booleans()),
    "Masking": _some(mask_value=st.just(-1.0)),
    "EinsumDense": _with({"equation": st.just("abc,cd->abd"), "output_shape": st.just([None, 3])},
        bias_axes=st.sampled_from([None, "d"]), kernel_initializer=INITIALIZERS),
    "TimeDistributed": _with({"layer": st.sampled_from([
        {"type": "Dense", "params": {"units": 2, "kernel_initializer": {"name": "constant", "value": 0.5}}},
        {"type": "Dense", "params": {"units": 2, "kernel_regularizer": "orthogonal_regularizer"}},
        {"type": "BatchNormalization", "params": {"trainable": False}}, {"type": "Swish"}, {"type": "Flatten"},
        {"type": "Activation", "params": {"activation": "relu"}},
    ])}, trainable=st.booleans()),
    "Bidirectional": _with({"layer": st.sampled_from([
        {"type": "LSTM", "params": {"units": 2}}, {"type": "GRU", "params": {"units": 2, "return_sequences": True}},
    ])}, merge_mode=st.sampled_from(["concat", "sum"]), backward_layer=st.sampled_from([
        None, {"type": "LSTM", "params": {"units": 2, "go_backwards": True, "activation": "relu"}},
        {"type": "LSTM", "params": {"units": 2, "go_backwards": True}},
    ])),
}  # fmt: skip
ROW = {"Dense": _with(DENSE, activation=ACTIVATIONS, kernel_initializer=INITIALIZERS, **TRAINED)}
MERGES = (
    "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Attention", "MultiHeadAttention",
)  # fmt: skip
MERGE_PARAMS = {"MultiHeadAttention": {"num_heads": 2, "key_dim": 3}}


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Chains with merges of a layer's input and output, and with layers that share weights."""
    shape = draw(st.sampled_from([[7, 6, 3], [5, 4], [6]]))
    layers = [Layer(name="x", type="Input", params={"shape": shape})]
    names = draw(st.lists(NAMES.filter(lambda name: name != "x"), min_size=2, max_size=8, unique=True))
    rank, before = len(shape), "x"
    for name in names:
        choices = {**ANY, **(PICTURE if rank == 3 else STEPS if rank == 2 else {}), **(ROW if rank < 3 else {})}
        type = draw(st.sampled_from([*choices, *MERGES, "again"]))
        last = layers[-1]
        if type == "again":
            if last.type not in ("Dense", "BatchNormalization", "PReLU"):
                continue
            made = last.model_copy(update={"name": name, "weights_of": last.weights_of or last.name})
        elif type in MERGES:
            made = Layer(name=name, type=type, params=MERGE_PARAMS.get(type, {}), inputs=(last.name, before))
        else:
            made = Layer(name=name, type=type, params=draw(choices[type]), inputs=(last.name,))
        resolved = resolve(_spec([*layers, made]))
        if resolved.problems:
            continue
        before = last.name
        layers.append(made)
        rank = len(resolved.layers[-1].output_shapes[0])
    return _spec(layers)


def _spec(layers: list[Layer]) -> Spec:
    """Every end is an output."""
    used = {ref for layer in layers for ref in layer.inputs}
    return Spec(
        name="net", layers=tuple(layers), outputs=tuple(layer.name for layer in layers if layer.name not in used)
    )


def _chain(*layers: tuple[str, dict[str, Any]], shape: list[int]) -> Spec:
    made = [Layer(name="x", type="Input", params={"shape": shape})]
    for number, (type, params) in enumerate(layers):
        made.append(Layer(name=f"y{number}", type=type, params=params, inputs=(made[-1].name,)))
    return _spec(made)


def _values(tensor: Any) -> list[float]:
    return [float(value) for value in tensor.reshape(-1)]


def _check(spec: Spec, format: str, random_weights: Callable[[Spec], Any]) -> bool:
    """The round trip holds; False where the format cannot say the net, which then names a layer."""
    weights = random_weights(spec) if format in WEIGHTY else None
    try:
        written = conversion.write(spec, format, weights)
    except ConversionImpossible as error:
        problems = error.problems
    else:
        problems = ()
    assert all(problem.where.layer and problem.rule for problem in problems)
    if problems:
        return False
    again, found, report = conversion.read(written.data, format)
    if weights is not None:
        if format.startswith("keras"):
            _check_names(spec, format, written.data, found)
        assert found is not None
        assert sorted(map(_values, found.values())) == sorted(map(_values, weights.values()))
    assert canonical(again) == canonical(spec, format)
    assert not report.dropped
    return True


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@example(
    spec=Spec(name=".", layers=(Layer(name=".", type="Input", params={"shape": [3]}),
                                Layer(name="..", type="Dense", params={"units": 2}, inputs=(".",))), outputs=("..",))
)  # fmt: skip
@given(spec=specs())
def test_generated_specs_come_back_from_hdf5(spec: Spec, random_weights: Callable[[Spec], Any]) -> None:
    _check(spec, SLOW, random_weights)


def _check_names(spec: Spec, format: str, data: bytes, found: Any) -> None:
    """A Keras file as the weights of the spec gives the same tensors, under the spec's own names."""
    back = conversion.convert(canonical_json(spec), format, weights=data)
    again_found = conversion.read(back.data)[1]
    assert found is not None
    assert again_found is not None
    assert {n: t.tolist() for n, t in again_found.items()} == {n: t.tolist() for n, t in found.items()}


@pytest.mark.parametrize("format", [format for format in BOTH_WAYS if format != SLOW])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example(spec=_chain(("Dense", {"units": 1, "kernel_initializer": "zeros"}), shape=[6]))
@example(spec=_chain(("AveragePooling2D", {"pool_size": 2, "strides": 1, "count_include_pad": True}), shape=[7, 6, 3]))
@example(spec=_chain(("PReLU", {"alpha_initializer": "he_normal"}), shape=[6]))
@example(spec=_chain(("DepthwiseConv2D", {"kernel_size": 1, "depth_multiplier": 2}), shape=[7, 6, 1]))
@given(spec=specs())
def test_generated_specs_come_back(spec: Spec, format: str, random_weights: Callable[[Spec], Any]) -> None:
    _check(spec, format, random_weights)


@pytest.mark.parametrize("format", BOTH_WAYS)
def test_blocks_come_back_as_the_layers_they_stand_for(format: str, random_weights: Callable[[Spec], Any]) -> None:
    fire = {"squeeze": 2, "expand_1x1": 3, "expand_3x3": 3}
    assert _check(
        _chain(("FireBlock", fire), ("ResidualBlock", {"filters": 6}), shape=[8, 8, 3]), format, random_weights
    )


IN_CAFFE = {
    "linear", "two-input", "neurons-4-2", "neurons-4-4-1", "mnist-dnn", "mnist-cnn", "digits-dnn", "cifar-fnn", "lenet",
    "alexnet", "zfnet", "vgg16", "vgg19", "googlenet", "squeezenet_1_0", "squeezenet_1_1", "dqn",
}  # fmt: skip
"""Networks without recurrent layers, "same" with strides on even sizes, shared weights of other layers, ..."""
NOT_IN_KERAS = {"alexnet", "zfnet", "googlenet", "inception_resnet_v2", "highway", "convnext_tiny"}
"""LRN, sums with factors, highway layers, LayerScale."""
NOT_IN_TENSORFLOW = {
    "highway", "transformer-encoder", "imdb-lstm", "imdb-rnn", "imdb-gru", "imdb-bidirectional", "imdb-cnn-lstm",
    "char-rnn", "seq2seq", "vqa",
}  # fmt: skip
"""Recurrent layers, attention, highway layers."""


@pytest.mark.parametrize(
    ("format", "name"),
    [
        (format, name)
        for format in BOTH_WAYS
        for name in (zoo_nets.SMALL[::4] if format == SLOW else zoo_nets.SMALL if format in WEIGHTY else zoo.NAMES)
    ],
)
def test_networks_of_the_zoo_come_back(name: str, format: str, random_weights: Callable[[Spec], Any]) -> None:
    """Or the format names the layers that it cannot say."""
    without = NOT_IN_KERAS if format.startswith("keras") else NOT_IN_TENSORFLOW if format == "tensorflow" else ()
    wanted = name in IN_CAFFE if format == "caffe" else name not in without
    assert _check(zoo.load(name), format, random_weights) or not wanted
