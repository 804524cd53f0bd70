"""Steps that Masking or Embedding leave out are left out by what Keras lets see the mask, and by nothing else."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec

from services.converter.tests.formats.onnx.test_writer_against_keras import run_onnx

Tuples = list[tuple[Any, ...]]
X, Z = ("x", "Input", {"shape": [6, 5]}), ("z", "Input", {"shape": [7, 5]})
M, N = ("m", "Masking", {}, ["x"]), ("n", "Masking", {}, ["z"])
LSTM = ("LSTM", {"units": 3})


def _samples() -> dict[str, np.ndarray]:
    """Steps left out at the beginning and in the middle, at the end, everywhere, nowhere."""
    rng = np.random.default_rng(3)
    x, z = (rng.normal(0, 1, (4, steps, 5)).astype(np.float32) for steps in (6, 7))
    for sample, gone in enumerate(([0, 3], [4, 5], [0, 1, 2, 3, 4, 5])):
        x[sample, gone] = 0
    z[0, 2:4] = z[2, 0] = 0
    return {"x": x, "z": z}


def _recurrent() -> dict[str, Tuples]:
    nets: dict[str, Tuples] = {}
    for type in ("SimpleRNN", "GRU", "LSTM"):
        forms: Tuples = [
            ({}, "{}"), ({"return_sequences": True}, "{}"), ({"return_state": True}, "{} {}:1"),
            ({"return_sequences": True, "go_backwards": True}, "{}"),
        ]  # fmt: skip
        nets[type] = [X, M, *((f"y{n}", type, {"units": 4, **form}, ["m"]) for n, (form, _) in enumerate(forms))]
        both = [({"layer": {"type": type, "params": {"units": 3, **form}}, "merge_mode": mode})
                for form in ({}, {"return_sequences": True}) for mode in ("concat", "sum")]  # fmt: skip
        nets[f"both directions of {type}"] = [
            X, M, *((f"y{n}", "Bidirectional", params, ["m"]) for n, params in enumerate(both))
        ]  # fmt: skip
    return nets


def _masked(*, query: bool, value: bool) -> Tuples:
    """A query and a value of their own for each layer: Keras takes the mask off what MultiHeadAttention has read."""
    return [("m", "Masking" if query else "Identity", {}, ["x"]), ("n", "Masking" if value else "Identity", {}, ["z"])]


def _attention() -> dict[str, Tuples]:
    kinds = {
        "Attention": {}, "AdditiveAttention": {}, "MultiHeadAttention": {"num_heads": 2, "key_dim": 3},
        "GroupQueryAttention": {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
    }  # fmt: skip
    nets: dict[str, Tuples] = {}
    for type, params in kinds.items():
        both, query, value = (_masked(query=q, value=v) for q, v in ((True, True), (True, False), (False, True)))
        nets[f"{type}, query and value"] = [
            X,
            Z,
            *both,
            ("y", type, params, ["m", "n"]),
            ("end", *LSTM),
        ]
        nets[f"{type}, query"] = [X, Z, *query, ("y", type, params, ["m", "n"])]
        nets[f"{type}, value"] = [X, Z, *value, ("y", type, params, ["m", "n"])]
    many = kinds["MultiHeadAttention"]
    nets["shares that are dropped"] = [X, Z, *both, ("y", "MultiHeadAttention", {**many, "dropout": 0.5}, ["m", "n"])]
    nets["a key"] = [X, Z, *both, ("y", "MultiHeadAttention", many, ["m", "z", "n"])]
    nets["a transformer"] = [
        X, M, ("a", "MultiHeadAttention", many, ["m", "m"]), ("b", "Add", {}, ["m", "a"]),
        ("c", "LayerNormalization", {}), ("y", "GlobalAveragePooling1D", {}),
    ]  # fmt: skip
    grouped = kinds["GroupQueryAttention"]
    nets["two grouped transformers"] = [
        X, M, ("a", "GroupQueryAttention", grouped, ["m", "m"]), ("b", "Add", {}, ["m", "a"]),
        ("c", "LayerNormalization", {}), ("d", "GroupQueryAttention", grouped, ["c", "c"]),
        ("e", "Add", {}, ["c", "d"]), ("y", "GlobalAveragePooling1D", {}),
    ]  # fmt: skip
    return nets


NETS: dict[str, Tuples] = {
    **_recurrent(),
    **_attention(),
    "layers that pass it on": [
        X, M, ("d", "Dense", {"units": 3, "activation": "relu"}), ("b", "BatchNormalization", {}),
        ("l", "LayerNormalization", {}), ("o", "Dropout", {"rate": 0.5}),
        ("a", "Activation", {"activation": "softmax"}),
        ("t", "TimeDistributed", {"layer": {"type": "Dense", "params": {"units": 3}}}),
        ("g", "Bidirectional", {"layer": {"type": "GRU", "params": {"units": 4, "return_sequences": True}}}),
        ("y", *LSTM),
    ],
    "layers that lose it": [
        X, M, ("c", "Conv1D", {"filters": 4, "kernel_size": 1}), ("y", *LSTM), ("f", "Flatten", {}, ["m"]),
        ("y2", "Dense", {"units": 3}), ("y3", "GlobalMaxPooling1D", {}, ["m"]), ("r", "RepeatVector", {"n": 3}, ["y"]),
        ("y4", *LSTM),
    ],
    "merges": [
        X, M, ("d", "Dense", {"units": 5}, ["m"]), ("a", "Add", {}, ["m", "d"]), ("y", *LSTM),
        ("b", "Add", {}, ["m", "x"]), ("y1", *LSTM), ("c", "Concatenate", {}, ["m", "x"]), ("y2", *LSTM),
        ("e", "Concatenate", {}, ["m", "d"]), ("y3", *LSTM), ("f", "Concatenate", {"axis": 1}, ["m", "x"]),
        ("y4", *LSTM),
    ],
    "a layer with an initial state sees none, as in Keras": [
        X, M, ("h", "Input", {"shape": [4]}), ("g", "GRU", {"units": 4, "return_sequences": True}, ["m", "h"]),
        ("y", *LSTM),
    ],
}  # fmt: skip


def _ends(layers: Tuples) -> tuple[str, ...]:
    read = {name for layer, before in zip(layers, [("",), *layers], strict=False) if layer[1] != "Input"
            for name in (layer[3] if layer[3:] else [before[0]])}  # fmt: skip
    return tuple(layer[0] for layer in layers if layer[0] not in read)


@pytest.mark.filterwarnings("ignore:(?s).*does not support masking")
@pytest.mark.parametrize("name", NETS)
def test_masked_steps_are_left_out_as_in_keras(
    name: str, chain: Callable[..., Spec], random_weights: Callable[..., Any], worker_outputs: Callable[..., Any]
) -> None:
    spec = chain(*NETS[name], outputs=_ends(NETS[name]))
    samples = {**_samples(), "h": np.float32(np.random.default_rng(4).normal(0, 1, (4, 4)))}
    inputs = {layer.name: samples[layer.name] for layer in spec.layers if layer.type == "Input"}
    weights = random_weights(spec)
    expected = worker_outputs(spec, weights, inputs)
    found = run_onnx(conversion.write(spec, "onnx", weights).data, inputs)
    for (output, one), other in zip(found.items(), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4, err_msg=output)


def test_words_that_are_padded_away_are_left_out(
    chain: Callable[..., Spec], random_weights: Callable[..., Any], worker_outputs: Callable[..., Any]
) -> None:
    embedding = {"input_dim": 5, "output_dim": 3, "mask_zero": True}
    spec = chain(
        ("x", "Input", {"shape": [None], "dtype": "int32"}), ("e", "Embedding", embedding),
        ("g", "GRU", {"units": 4}), ("a", "GlobalAveragePooling1D", {}, ["e"]), outputs=("g", "a"),
    )  # fmt: skip
    inputs = {"x": np.int32([[1, 2, 0, 0], [0, 3, 0, 1]])}
    weights = random_weights(spec)
    expected = worker_outputs(spec, weights, inputs)
    found = run_onnx(conversion.write(spec, "onnx", weights).data, inputs)
    for one, other in zip(found.values(), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("type", "params"),
    [
        ("Softmax", {}),
        ("StochasticDepth", {"rate": 0.1}),
        ("TimeDistributed", {"layer": {"type": "Softmax", "params": {}}}),
    ],
)
def test_a_mask_that_would_be_used_otherwise_is_an_obstacle(
    type: str, params: dict[str, Any], chain: Callable[..., Spec], random_weights: Callable[..., Any]
) -> None:
    spec = chain(X, M, ("y", type, params), ("z", *LSTM))
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "onnx", random_weights(spec))
    assert [found.where.layer for found in error.value.problems] == ["y"]


def test_masks_of_several_attentions_are_an_obstacle(
    chain: Callable[..., Spec], random_weights: Callable[..., Any]
) -> None:
    """Of two MultiHeadAttention, Keras lets but one see its masks, and which one follows from the order of calls."""
    heads = {"num_heads": 2, "key_dim": 3}
    two = [(name, "MultiHeadAttention", heads, ["m", "m"]) for name in ("a", "b")]
    spec = chain(X, M, *two, outputs=("a", "b"))
    weights = random_weights(spec)
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "onnx", weights)
    assert [found.where.layer for found in error.value.problems] == ["a", "b"]
