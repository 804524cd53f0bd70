"""Graph rewrites: structure, weights, and what they report; inverses give the net back."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from visualnn_converter.canonical import canonical
from visualnn_converter.passes import (
    calls_in_order,
    canonical_types,
    depthwise_of_one,
    expand_activations,
    explicit_padding,
    keep_dims,
    legal_names,
    merge_batchnorm_scale,
    padding_in_cells,
    padding_of_nothing,
    pools_as_same,
    split_batchnorm_scale,
)
from visualnn_converter.report import Report
from visualnn_shared.spec.model import Spec

Chain = Callable[..., Spec]
PICTURE = ("x", "Input", {"shape": [8, 7, 3]})
ALL = (
    calls_in_order, canonical_types, depthwise_of_one, expand_activations, explicit_padding, keep_dims,
    merge_batchnorm_scale, padding_in_cells, padding_of_nothing, pools_as_same, split_batchnorm_scale,
)  # fmt: skip


def _report() -> Report:
    return Report(source="native", target="test")


def _shape(spec: Spec) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(layer.name, layer.type, layer.inputs) for layer in spec.layers]


@pytest.mark.parametrize("rewrite", ALL, ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_pass_with_nothing_to_do_gives_the_same_object(rewrite: Any, chain: Chain) -> None:
    spec, report = chain(PICTURE, ("f", "Flatten", {}), ("d", "Dense", {"units": 2})), _report()
    weights = {"d/bias": np.zeros(2)}
    assert rewrite.run(spec, weights, report) == (spec, weights)
    assert report == _report()


def test_fused_activations_take_over_consumers_and_outputs(chain: Chain) -> None:
    spec = chain(
        ("x", "Input", {"shape": [3]}), ("a", "Dense", {"units": 3, "activation": "relu"}),
        ("b", "Dense", {"units": 3, "activation": "linear"}, ["a"]), ("s", "Add", {}, ["a", "b"]), outputs=("s", "a"),
    )  # fmt: skip
    report = _report()
    found, _ = expand_activations.run(spec, None, report)
    assert _shape(found) == [
        ("x", "Input", ()), ("a", "Dense", ("x",)), ("a/activation", "Activation", ("a",)), ("b", "Dense",
         ("a/activation",)),
        ("s", "Add", ("a/activation", "b")),
    ]  # fmt: skip
    assert found.outputs == ("s", "a/activation")
    assert [one.layer for one in report.rewritten] == ["a"]


@pytest.mark.parametrize(("scale", "center"), [(True, True), (True, False), (False, True)])
def test_batch_norm_splits_and_merges_back_with_its_weights(
    chain: Chain, random_weights: Any, scale: bool, center: bool
) -> None:
    bn = {"scale": scale, "center": center, "epsilon": 0.1, "gamma_initializer": "zeros", "beta_initializer": "ones"}
    spec = chain(PICTURE, ("bn", "BatchNormalization", bn), ("r", "ReLU", {}), outputs=("r",))
    weights = random_weights(spec)
    split, moved = split_batchnorm_scale.run(spec, weights, _report())
    assert [layer.type for layer in split.layers][1:3] == {
        (True, True): ["BatchNormalization", "Scale"], (True, False): ["BatchNormalization", "Scale"],
        (False, True): ["BatchNormalization", "BiasAdd"],
    }[scale, center]  # fmt: skip
    assert moved is not None
    assert set(moved) == set(random_weights(split))
    merged, back = merge_batchnorm_scale.run(split, moved, _report())
    used = {key for key in bn if not key.startswith(("gamma_" * (not scale) or "-", "beta_" * (not center) or "-"))}
    kept = spec.layers[1].model_copy(update={"params": {key: bn[key] for key in used}})
    assert canonical(merged) == canonical(spec.model_copy(update={"layers": (spec.layers[0], kept, spec.layers[2])}))
    assert back is not None
    assert {name: value.tobytes() for name, value in back.items()} == {
        name: value.tobytes() for name, value in weights.items()
    }


def test_same_padding_in_cells_follows_the_input(chain: Chain) -> None:
    conv = {"filters": 2, "kernel_size": 3, "padding": "same", "strides": 2}
    found, _ = padding_in_cells.run(chain(PICTURE, ("c", "Conv2D", conv)), None, _report())
    assert found.layers[1].params["padding"] == [[0, 1], [1, 1]]
    free = chain(("x", "Input", {"shape": [None, 7, 3]}), ("c", "Conv2D", conv))
    assert padding_in_cells.run(free, None, _report())[0].layers[1].params["padding"] == "same"


# size, pool, stride, padding, rounding up -> the word that says the same windows
POOLS = [
    (8, 3, 2, "valid", True, "same"), (9, 3, 2, "valid", True, None), (8, 2, 2, "valid", True, None),
    (7, 3, 2, [[1, 1], [1, 1]], False, "same"), (8, 3, 2, [[1, 1], [1, 1]], False, "explicit"),
    (8, 3, 2, [[0, 1], [0, 1]], False, "same"), (8, 3, 1, [[1, 1], [1, 1]], False, "same"),
]  # fmt: skip


@pytest.mark.parametrize(("size", "pool", "stride", "padding", "ceil", "word"), POOLS)
def test_pools_become_words_only_where_the_windows_agree(
    chain: Chain, size: int, pool: int, stride: int, padding: Any, ceil: bool, word: str | None
) -> None:
    params = {"pool_size": pool, "strides": stride, "padding": padding, "ceil_mode": ceil}
    spec = chain(("x", "Input", {"shape": [size, size, 1]}), ("p", "MaxPooling2D", params))
    found = pools_as_same.run(spec, None, _report())[0].layers[1].params
    if word == "explicit":
        assert found == params
    else:
        assert found == {"pool_size": pool, "strides": stride, **({"padding": word} if word else {})}


def test_explicit_padding_moves_into_a_layer_where_zeros_mean_the_same(chain: Chain) -> None:
    pads = [[1, 0], [2, 3]]
    spec = chain(
        PICTURE, ("c", "Conv2D", {"filters": 2, "kernel_size": 3, "padding": pads}),
        ("a", "AveragePooling2D", {"pool_size": 4, "padding": pads, "count_include_pad": True}),
        ("m", "MaxPooling2D", {"pool_size": 4, "padding": pads}),
    )  # fmt: skip
    found, _ = explicit_padding.run(spec, None, _report())
    assert [(layer.name, layer.type) for layer in found.layers] == [
        ("x", "Input"), ("c/padding", "ZeroPadding2D"), ("c", "Conv2D"), ("a/padding", "ZeroPadding2D"),
        ("a", "AveragePooling2D"), ("m", "MaxPooling2D"),
    ]  # fmt: skip
    assert found.layers[-1].params["padding"] == pads


def test_global_pools_keep_their_axes_and_flatten(chain: Chain) -> None:
    found, _ = keep_dims.run(chain(PICTURE, ("g", "GlobalAveragePooling2D", {})), None, _report())
    assert _shape(found)[1:] == [("g", "GlobalAveragePooling2D", ("x",)), ("g/flatten", "Flatten", ("g",))]
    assert found.outputs == ("g/flatten",)


@pytest.mark.parametrize(
    ("type", "params", "expected"),
    [
        ("Activation", {"activation": "relu"}, ("ReLU", {})),
        ("Activation", {"activation": "softmax"}, ("Softmax", {})),
        ("Activation", {"activation": "tanh"}, ("Activation", {"activation": "tanh"})),
        ("ReLU", {"negative_slope": 0.1}, ("LeakyReLU", {"negative_slope": 0.1})),
        ("ReLU", {"negative_slope": 0.1, "max_value": 6.0}, ("ReLU", {"negative_slope": 0.1, "max_value": 6.0})),
        ("LeakyReLU", {"negative_slope": 0.0}, ("ReLU", {})),
    ],
)
def test_layers_that_say_the_same_have_one_form(chain: Chain, type: str, params: Any, expected: Any) -> None:
    found = canonical_types.run(chain(PICTURE, ("y", type, params)), None, _report())[0].layers[1]
    assert (found.type, found.params) == expected


@pytest.mark.parametrize(
    ("type", "params", "expected"),
    [
        ("AveragePooling2D", {"pool_size": 2, "count_include_pad": True}, {"pool_size": 2}),
        ("MaxPooling2D", {"padding": [[0, 0], [0, 0]]}, {}),
        ("Conv2D", {"padding": "same"}, {"padding": "same"}),
    ],
)
def test_padding_of_no_cells_is_left_out(chain: Chain, type: str, params: Any, expected: Any) -> None:
    base = {"filters": 2, "kernel_size": 1} if type == "Conv2D" else {}
    found = padding_of_nothing.run(chain(PICTURE, ("y", type, {**base, **params})), None, _report())[0].layers[1]
    assert found.params == {**base, **expected}


def test_a_depthwise_convolution_of_one_channel_is_a_convolution(chain: Chain) -> None:
    depthwise = ("d", "DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2, "depthwise_initializer": "zeros"})
    found, _ = depthwise_of_one.run(chain(("x", "Input", {"shape": [8, 7, 1]}), depthwise), None, _report())
    assert (found.layers[1].type, found.layers[1].params) == (
        "Conv2D", {"kernel_size": 3, "filters": 2, "kernel_initializer": "zeros"},
    )  # fmt: skip
    spec = chain(PICTURE, depthwise)
    assert depthwise_of_one.run(spec, None, _report())[0].layers == spec.layers


def test_renaming_takes_references_sharers_and_tensors_along_and_stays_unique(chain: Chain) -> None:
    spec = chain(
        ("a/b", "Input", {"shape": [3]}), ("a_b", "Dense", {"units": 3}), ("c/d", "Dense", {"units": 3}, ["a_b"]),
        ("e", "Dense", {"units": 3}, ["a/b"], "c/d"), outputs=("c/d", "e"),
    )  # fmt: skip
    report = _report()
    found, moved = legal_names.run(spec, {"c/d/kernel": np.zeros(1)}, report, lambda name: name.replace("/", "_"))
    assert report.renamed == {"a/b": "a_b_1", "c/d": "c_d"}
    assert _shape(found)[1:] == [("a_b", "Dense", ("a_b_1",)), ("c_d", "Dense", ("a_b",)), ("e", "Dense", ("a_b_1",))]
    assert (found.layers[3].weights_of, found.outputs, list(moved or {})) == ("c_d", ("c_d", "e"), ["c_d/kernel"])


def test_the_first_call_owns_the_weights(chain: Chain) -> None:
    spec = chain(
        ("x", "Input", {"shape": [3]}), ("first", "Dense", {"units": 3}, ["x"], "own"), ("own", "Dense", {"units": 3}),
    )  # fmt: skip
    found, moved = calls_in_order.run(spec, {"own/kernel": np.zeros(1)}, _report())
    assert [(layer.name, layer.inputs, layer.weights_of) for layer in found.layers[1:]] == [
        ("own", ("x",), None), ("own@1", ("own",), "own"),
    ]  # fmt: skip
    assert list(moved or {}) == ["own/kernel"]
