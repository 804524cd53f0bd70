"""The NumPy reference against Keras: every layer type of the catalogue, masks, and whole networks.

In float64 both agree to 1e-10, wherever Keras itself computes in float64: some of its layers, and of TensorFlow's
operations, hold a constant or a whole step in float32.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from visualnn_shared import zoo
from visualnn_shared.analysis.expand import expand
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.reference import Call, Reference, Unsupported, unsupported
from visualnn_shared.reference.layers import REASONS
from visualnn_shared.reference.layers.convolution import convolved
from visualnn_shared.reference.running import compute
from visualnn_shared.spec.model import Layer, Spec
from visualnn_standalone.verify.drawing import draw_inputs
from visualnn_worker.network.build import Network, build
from visualnn_worker.network.weights import set_weights, variables

from shared.tests.layer_uses import one_layer, uses

SINGLE = {
    "LeakyReLU", "GELU", "MultiHeadAttention", "GroupQueryAttention", "ContrastLimitedAdaptiveHistogramEqualization",
    "ConvNeXtBlock", "TransformerBlock", "LayerNormalization", "GroupNormalization", "MaxPooling3D", "AveragePooling3D",
    "Rescaling", "Resizing", "MelSpectrogram", "AdaptiveAveragePooling3D", "AdaptiveMaxPooling3D", "UpSampling2D",
    "CenterCrop", "RandomCrop",
}  # fmt: skip
"""Layers that Keras, or TensorFlow, computes in float32 or not at all in float64."""
IN_SINGLE = (*SINGLE, "gelu", "leaky_relu", "negative_slope")
TYPES = sorted(set(CATALOGUE) - {"Input", *REASONS})
BATCH = 3


@pytest.fixture(autouse=True)
def float32_afterwards() -> Iterator[None]:
    yield
    _compute_in("float32")


def _compute_in(floats: str) -> None:
    keras.config.set_floatx(floats)
    keras.config.set_dtype_policy(floats)


def tolerance_of(spec: Spec) -> float:
    """Relative to the largest value; says Keras which precision to use."""
    told = " ".join(f"{layer.type} {layer.params}" for layer in [*spec.layers, *expand(spec).layers])
    single = any(word in told for word in IN_SINGLE)
    _compute_in("float32" if single else "float64")
    if "bicubic" in told:
        return 2e-3  # TensorFlow takes its factors from a table of 1024 places between two cells
    return 3e-5 if single else 1e-10


def drawn_weights(network: Network, rng: np.random.Generator) -> dict[str, Any]:
    """Between 1/2 and 3/2 where 0 and less would not do."""
    found = {}
    for name, variable in variables(network).items():
        drawn = rng.uniform(0.5, 1.5, tuple(variable.shape))
        positive = any(word in name for word in ("variance", "gamma", "scale"))
        size = max(np.prod(drawn.shape[:-1]), 1) ** 0.5
        found[name] = drawn if positive else (drawn - 1) * 2 / size
    return found


def agrees(spec: Spec, inputs: dict[str, Any] | None = None, least: float = 0.0) -> None:
    """All outputs, with drawn weights and inputs."""
    tolerance = max(tolerance_of(spec), least)
    network, rng = build(spec, precision=keras.config.floatx()), np.random.default_rng(0)
    weights = drawn_weights(network, rng)
    set_weights(network, {n: w.astype(keras.config.floatx()) for n, w in weights.items()})
    weights = {name: np.asarray(variable) for name, variable in variables(network).items()}
    inputs = inputs or draw_inputs(spec, 0, BATCH)
    ours = Reference(spec, weights).outputs(inputs)
    theirs = network.unpack(network.model(network.pack(inputs), training=False))
    for mine, wanted in zip(ours, map(np.asarray, theirs.values()), strict=True):
        assert mine.shape == wanted.shape
        largest = np.abs(wanted[np.isfinite(wanted)]).max(initial=1)
        np.testing.assert_allclose(mine, wanted, rtol=10 * tolerance, atol=tolerance * largest)


@pytest.mark.parametrize("name", TYPES)
def test_the_example_of_every_layer_answers_as_keras_does(name: str) -> None:
    entry = CATALOGUE[name]
    agrees(one_layer(entry, entry.example.inputs, dict(entry.example.params)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Exception encountered|You are using a softmax:UserWarning")
@settings(
    max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)  # fmt: skip
@given(data=st.data())
def test_whatever_the_check_accepts_answers_as_keras_does(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(TYPES))
    inputs, params = data.draw(uses(CATALOGUE[name]))
    spec = one_layer(CATALOGUE[name], [[n or 1 for n in shape] for shape in inputs], params)
    assume(not resolve(spec).problems)
    try:
        agrees(spec, least=1e-4)
    except Unsupported:
        assert name == "IntegerLookup"  # whose farmhash is refused
    except tensorflow.errors.InvalidArgumentError:
        assert name.startswith(("Depthwise", "Separable")) or name.endswith("Transpose")  # TensorFlow's own limits


ROWS: list[tuple[str, list[tuple[int, ...]], dict[str, Any]]] = [
    ("Conv2D", [(7, 6, 4)], {"filters": 6, "kernel_size": [3, 2], "groups": 2, "strides": [2, 1], "padding": "same"}),
    ("Conv2D", [(9, 8, 2)], {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "padding": [[1, 0], [2, 3]]}),
    ("Conv1D", [(9, 2)], {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}),
    ("Conv3D", [(4, 5, 4, 2)], {"filters": 3, "kernel_size": [2, 3, 1], "strides": 2, "padding": "same"}),
    ("DepthwiseConv2D", [(6, 7, 3)], {"kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2}),
    ("SeparableConv1D", [(9, 3)], {"filters": 4, "kernel_size": 3, "depth_multiplier": 2, "activation": "relu"}),
    ("Conv2DTranspose", [(4, 5, 3)], {"filters": 2, "kernel_size": [3, 2], "strides": 3, "output_padding": 1}),
    ("Conv2DTranspose", [(4, 5, 3)], {"filters": 2, "kernel_size": 4, "strides": 2, "padding": "same"}),
    ("MaxPooling2D", [(7, 6, 2)], {"pool_size": 3, "strides": 2, "padding": [[1, 0], [0, 1]], "ceil_mode": True}),
    ("AveragePooling2D", [(7, 6, 2)], {"pool_size": 3, "strides": 2, "padding": "same", "count_include_pad": True}),
    ("AveragePooling2D", [(7, 6, 2)], {"pool_size": 3, "strides": 2, "padding": [[1, 1], [1, 1]], "ceil_mode": True}),
    ("SimpleRNN", [(5, 3), (4,)], {"units": 4, "go_backwards": True, "return_sequences": True, "return_state": True}),
    ("LSTM", [(5, 3), (4,), (4,)], {"units": 4, "return_state": True, "use_bias": False}),
    ("GRU", [(5, 3)], {"units": 4, "reset_after": False, "return_sequences": True}),
    ("GRU", [(5, 3)], {"units": 4, "use_bias": False, "go_backwards": True}),
    ("Bidirectional", [(5, 3)], {"layer": {"type": "GRU", "params": {"units": 2, "return_sequences": True}},
                                 "merge_mode": None}),
    ("MultiHeadAttention", [(3, 4, 8), (3, 5, 8)], {"num_heads": 2, "key_dim": 3, "attention_axes": [2]}),
    ("MultiHeadAttention", [(6, 8), (6, 8)], {"num_heads": 2, "key_dim": 3, "value_dim": 5, "use_gate": True,
                                              "sliding_window": 2, "output_shape": 7}),
    ("GroupQueryAttention", [(6, 8), (5, 8)], {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2,
                                               "use_gate": True}),
    ("Attention", [(4, 3), (5, 3), (5, 3)], {"score_mode": "concat", "use_scale": True}),
    ("Dot", [(3, 4, 5), (5, 2)], {"axes": [3, 1], "normalize": True}),
    ("Add", [(3, 4), (4,)], {}),
    ("LayerNormalization", [(3, 4, 5)], {"axis": [1, 3]}),
    ("GroupNormalization", [(3, 4, 6)], {"axis": 1, "groups": 3}),
    ("EinsumDense", [(3, 4, 5)], {"equation": "ab...,bc->ac...", "output_shape": [6], "bias_axes": "c"}),
    ("Resizing", [(7, 5, 2)], {"height": 4, "width": 9, "interpolation": "lanczos3", "antialias": True}),
    ("Resizing", [(7, 5, 2)], {"height": 4, "width": 6, "pad_to_aspect_ratio": True, "fill_value": 2.0}),
    ("UpSampling2D", [(5, 4, 2)], {"size": [2, 3], "interpolation": "bicubic"}),
    ("Activation", [(4, 5)], {"activation": "sparsemax"}),
    ("ReLU", [(20,)], {"threshold": 0.5, "negative_slope": 0.25, "max_value": 1.0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "inputs", "params"), ROWS, ids=[row[0] for row in ROWS])
def test_uses_with_every_switch_answer_as_keras_does(name: str, inputs: Any, params: dict[str, Any]) -> None:
    agrees(one_layer(CATALOGUE[name], inputs, params))


def masked(*layers: Layer, outputs: tuple[str, ...]) -> Spec:
    """Numbers, of which 0 is none, as vectors; then these layers."""
    words = Layer(name="words", type="Input", params={"shape": [6], "dtype": "int32"})
    vectors = Layer(
        name="v", type="Embedding", params={"input_dim": 5, "output_dim": 4, "mask_zero": True}, inputs=("words",)
    )
    return Spec(name="masked", layers=(words, vectors, *layers), outputs=outputs)


def _layer(name: str, type: str, *inputs: str, **params: Any) -> Layer:
    return Layer(name=name, type=type, params=params, inputs=inputs or ("v",))


LSTM = {"type": "LSTM", "params": {"units": 3, "return_sequences": True}}
MASKED: dict[str, Spec] = {
    "recurrent": masked(
        _layer("a", "LSTM", units=3, return_sequences=True), _layer("b", "GRU", "a", units=2, return_state=True),
        _layer("c", "SimpleRNN", "a", units=2, go_backwards=True, return_sequences=True),
        outputs=("a", "b", "b:1", "c"),
    ),
    "both directions": masked(
        _layer("a", "Bidirectional", layer=LSTM), _layer("b", "Bidirectional", "a", layer=LSTM, merge_mode="sum"),
        _layer("c", "GlobalAveragePooling1D", "b"), outputs=("a", "c"),
    ),
    "attention": masked(
        _layer("d", "Dense", units=4), _layer("a", "Attention", "v", "d", use_scale=True),
        _layer("b", "AdditiveAttention", "d", "v"), outputs=("a", "b"),
    ),
    "heads": masked(_layer("a", "MultiHeadAttention", "v", "v", num_heads=2, key_dim=3), outputs=("a",)),
    "merged": masked(
        _layer("r", "Masking", "v", mask_value=0.5), _layer("d", "Conv1D", "v", filters=4, kernel_size=1),
        _layer("a", "Maximum", "v", "d"), _layer("b", "Multiply", "v", "r"), _layer("c", "Add", "v", "r"),
        _layer("e", "Concatenate", "v", "d", axis=1), _layer("f", "GlobalAveragePooling1D", "e"),
        _layer("g", "GlobalAveragePooling1D", "c"), outputs=("a", "b", "f", "g"),
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Layer 'd':UserWarning")  # the convolution, which loses the mask
@pytest.mark.parametrize("spec", MASKED.values(), ids=list(MASKED))
def test_masked_steps_are_skipped_where_keras_skips_them(spec: Spec) -> None:
    words = np.array([[1, 2, 0, 3, 0, 0], [0, 0, 4, 1, 2, 3], [1, 1, 2, 2, 3, 3]], np.int32)
    agrees(spec, inputs={"words": words})


@pytest.mark.parametrize(
    "name", ["lenet", "cifar-cnn", "transformer-encoder", "imdb-bidirectional", "seq2seq", "siamese"]
)
def test_networks_of_the_zoo_answer_as_keras_does(name: str) -> None:
    agrees(zoo.load(name))


def test_layers_without_a_reference_are_those_that_have_a_reason() -> None:
    found = {}
    for name, entry in CATALOGUE.items():
        alone = resolve(one_layer(entry, entry.example.inputs, dict(entry.example.params)))
        for wrong in unsupported(alone):
            found[name] = wrong.hint
    assert found == REASONS


@pytest.mark.parametrize(("strides", "dilation"), [((2, 1), (1, 1)), ((1, 1), (2, 3))])
def test_a_transposed_convolution_is_the_transpose_of_a_convolution(strides: Any, dilation: Any) -> None:
    """<y, transposed(x)> = <convolved(y), x>; TensorFlow runs no dilated one on a CPU."""
    rng = np.random.default_rng(1)
    x, kernel = rng.standard_normal((2, 4, 3, 5)), rng.standard_normal((3, 2, 4, 5))
    params = {
        "kernel_size": (3, 2), "strides": strides, "dilation_rate": dilation, "padding": "valid",
        "output_padding": None, "activation": "linear",
    }  # fmt: skip
    (larger,) = compute(Call("Conv2DTranspose", params, [x], {"kernel": kernel}))
    y = rng.standard_normal(larger.shape)
    assert (y * larger).sum() == pytest.approx((convolved(y, kernel, strides, "valid", dilation) * x).sum())
