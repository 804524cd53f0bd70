"""What Keras cannot say, names, shapes and obstacles of ONNX files; references in NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from visualnn_converter import conversion
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

PICTURE = ("x", "Input", {"shape": [9, 8, 6]})


def _run(spec: Spec, weights: Any, inputs: dict[str, np.ndarray]) -> np.ndarray:
    data = conversion.write(spec, "onnx", weights).data
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, inputs)[0])


def _windows(x: np.ndarray, size: int, stride: int, pads: Any, count: tuple[int, int], outside: float) -> np.ndarray:
    """(batch, rows, columns, window, window, channels): what each window sees; beyond the input it sees ``outside``."""
    (top, _), (left, _) = pads
    canvas = np.full((x.shape[0], 40, 40, x.shape[3]), outside, np.float32)
    canvas[:, top : top + x.shape[1], left : left + x.shape[2]] = x
    rows = [
        [canvas[:, i * stride : i * stride + size, j * stride : j * stride + size] for j in range(count[1])]
        for i in range(count[0])
    ]
    return np.stack([np.stack(row, 1) for row in rows], 1)


@pytest.mark.parametrize(
    ("pads", "count"),
    [([[0, 0], [0, 0]], (4, 4)), ([[1, 1], [1, 1]], (5, 5)), ([[0, 1], [2, 0]], (5, 5)), ([[2, 2], [2, 2]], (6, 5))],
)
def test_max_pooling_rounds_up_as_caffe_does(
    chain: Callable[..., Spec], random_inputs: Any, pads: Any, count: Any
) -> None:
    pool = {"pool_size": 3, "strides": 2, "padding": pads, "ceil_mode": True}
    spec = chain(PICTURE, ("pool", "MaxPooling2D", pool))
    inputs = random_inputs(spec)
    expected = _windows(inputs["x"], 3, 2, pads, count, -np.inf).max((3, 4))
    np.testing.assert_array_equal(_run(spec, {}, inputs), expected)


@pytest.mark.parametrize(("pads", "count"), [([[0, 0], [0, 0]], (4, 4)), ([[1, 1], [1, 1]], (5, 5))])
def test_average_pooling_that_rounds_up_averages_real_cells_only(
    chain: Callable[..., Spec], random_inputs: Any, pads: Any, count: Any
) -> None:
    pool = {"pool_size": 3, "strides": 2, "padding": pads, "ceil_mode": True}
    spec = chain(PICTURE, ("pool", "AveragePooling2D", pool))
    inputs = random_inputs(spec)
    expected = np.nanmean(_windows(inputs["x"], 3, 2, pads, count, np.nan), (3, 4))
    np.testing.assert_allclose(_run(spec, {}, inputs), expected, atol=1e-6)


def test_local_response_normalisation_divides_alpha_by_the_size(chain: Callable[..., Spec], random_inputs: Any) -> None:
    spec = chain(PICTURE, ("n", "LRN", {"local_size": 5, "alpha": 0.2, "beta": 0.6, "k": 2.0}))
    inputs = random_inputs(spec)
    x = inputs["x"]
    padded = np.pad(x**2, [(0, 0)] * 3 + [(2, 2)])
    energy = sum(padded[..., i : i + 6] for i in range(5))
    np.testing.assert_allclose(_run(spec, {}, inputs), x / (2.0 + 0.2 / 5 * energy) ** 0.6, rtol=1e-5)


def test_scale_and_bias_lie_along_their_axis(
    chain: Callable[..., Spec], random_inputs: Any, random_weights: Any
) -> None:
    conv = ("conv", "Conv2D", {"filters": 6, "kernel_size": 1})
    spec = chain(PICTURE, conv, ("s", "Scale", {}), ("b", "BiasAdd", {"axis": 1}))
    inputs, w = random_inputs(spec), random_weights(spec)
    y = inputs["x"] @ w["conv/kernel"][0, 0] + w["conv/bias"]
    expected = y * w["s/gamma"] + w["s/beta"] + w["b/bias"][:, None, None]
    np.testing.assert_allclose(_run(spec, w, inputs), expected, atol=1e-5)


def test_a_sum_with_coefficients_weighs_its_terms(chain: Callable[..., Spec], random_inputs: Any) -> None:
    spec = chain(
        ("a", "Input", {"shape": [4]}),
        ("b", "Input", {"shape": [4]}),
        ("s", "Add", {"coefficients": [2.0, -0.5]}, ["a", "b"]),
    )
    inputs = random_inputs(spec)
    np.testing.assert_allclose(_run(spec, {}, inputs), 2 * inputs["a"] - 0.5 * inputs["b"], rtol=1e-6)


def test_pictures_of_whole_numbers_are_computed_with_as_floats(chain: Callable[..., Spec], random_weights: Any) -> None:
    conv = ("conv", "Conv2D", {"filters": 2, "kernel_size": 3})
    whole = chain(("x", "Input", {"shape": [5, 5, 1], "dtype": "uint8"}), conv)
    real = chain(("x", "Input", {"shape": [5, 5, 1]}), conv)
    x = np.arange(50, dtype=np.uint8).reshape(2, 5, 5, 1)
    w = random_weights(real)
    np.testing.assert_array_equal(_run(whole, w, {"x": x}), _run(real, w, {"x": x.astype(np.float32)}))


def test_the_net_keeps_the_names_the_types_and_a_free_batch(chain: Callable[..., Spec], random_weights: Any) -> None:
    spec = chain(
        ("left", "Input", {"shape": [None], "dtype": "int32"}),
        ("e", "Embedding", {"input_dim": 4, "output_dim": 2}),
        ("lstm", "LSTM", {"units": 2, "return_state": True}),
        ("prob", "Dense", {"units": 2, "activation": "softmax"}, ["lstm"]),
        outputs=("prob", "lstm:2", "lstm"),
    )
    session = onnxruntime.InferenceSession(conversion.write(spec, "onnx", random_weights(spec)).data)
    assert [(one.name, one.type, one.shape[0]) for one in session.get_inputs()] == [("left", "tensor(int32)", "batch")]
    assert [(one.name, one.shape) for one in session.get_outputs()] == [
        ("prob", ["batch", 2]), ("lstm:2", ["batch", 2]), ("lstm", ["batch", 2]),
    ]  # fmt: skip
    assert session.run(None, {"left": np.zeros((5, 4), np.int32)})[1].shape == (5, 2)


def test_an_output_that_is_dropped_or_an_input_still_has_its_name(
    chain: Callable[..., Spec], random_inputs: Any
) -> None:
    spec = chain(
        ("x", "Input", {"shape": [3]}), ("drop", "Dropout", {"rate": 0.5}), ("a", "ReLU", {}), outputs=("drop", "a")
    )
    inputs = random_inputs(spec)
    data = conversion.write(spec, "onnx", {}).data
    found = onnxruntime.InferenceSession(data).run(["drop", "a"], inputs)
    np.testing.assert_array_equal(found[0], inputs["x"])
    np.testing.assert_array_equal(found[1], np.maximum(inputs["x"], 0))


def test_transposes_are_few(chain: Callable[..., Spec], random_weights: Any) -> None:
    conv = {"filters": 6, "kernel_size": 3, "padding": "same", "activation": "relu"}
    spec = chain(
        PICTURE, ("c1", "Conv2D", conv), ("bn", "BatchNormalization", {}), ("c2", "Conv2D", conv), ("s", "Add", {},
            ["bn", "c2"]),
        ("p", "MaxPooling2D", {}), ("f", "Flatten", {}), ("d", "Dense", {"units": 3}), ("o", "Softmax", {}),
    )  # fmt: skip
    model = onnx.load_from_string(conversion.write(spec, "onnx", random_weights(spec)).data)
    assert [node.op_type for node in model.graph.node].count("Transpose") == 1


def test_writing_twice_gives_the_same_bytes(chain: Callable[..., Spec], random_weights: Any) -> None:
    spec = chain(PICTURE, ("c1", "Conv2D", {"filters": 6, "kernel_size": 3}))
    weights = random_weights(spec)
    assert conversion.write(spec, "onnx", weights).data == conversion.write(spec, "onnx", weights).data


def test_every_layer_without_weights_is_named_and_nothing_is_written(chain: Callable[..., Spec]) -> None:
    spec = chain(
        PICTURE,
        ("c1", "Conv2D", {"filters": 6, "kernel_size": 3}),
        ("a", "ReLU", {}),
        ("c2", "Conv2D", {"filters": 2, "kernel_size": 1}),
    )
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "onnx", {"c2/kernel": np.zeros((1, 1, 6, 2), np.float32)})
    assert [(p.where.layer, p.received) for p in error.value.problems] == [
        ("c1", "none for kernel, bias"), ("c2", "none for bias"),
    ]  # fmt: skip


def test_weights_of_another_shape_or_type_are_refused(chain: Callable[..., Spec]) -> None:
    spec = chain(("x", "Input", {"shape": [3]}), ("d", "Dense", {"units": 2}))
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "onnx", {"d/kernel": np.zeros((2, 3), np.float32), "d/bias": np.zeros(2, np.int32)})
    assert [p.rule for p in error.value.problems] == [
        "kernel must have the shape [3, 2]", "bias must hold floating-point numbers",
    ]  # fmt: skip


def test_all_obstacles_are_listed_at_once(chain: Callable[..., Spec], random_weights: Any) -> None:
    spec = chain(
        ("x", "Input", {"shape": [6], "dtype": "int32"}), ("e", "Embedding", {"input_dim": 5, "output_dim": 4,
            "mask_zero": True}),
        ("a", "Softmax", {}), ("h", "Hashing", {"num_bins": 3}, ["x"]), ("l", "LSTM", {"units": 3}, ["e"]),
        ("c", "Concatenate", {}, ["h", "l"]), ("d", "Concatenate", {"axis": 1}, ["a", "a"]), outputs=("c", "d"),
    )  # fmt: skip
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "onnx", random_weights(spec))
    assert sorted(p.where.layer or "" for p in error.value.problems) == ["a", "h"]
    assert all(p.rule and p.received is not None for p in error.value.problems)


def test_a_name_with_slashes_clashes_with_nothing(random_weights: Any, random_inputs: Any) -> None:
    """Internal values are named after layers; layers may be named like internal values."""
    dense = {"units": 3, "activation": "relu"}
    spec = Spec(name="n", outputs=("d/kernel",), layers=(
        Layer(name="x", type="Input", params={"shape": [3]}),
        Layer(name="d", type="Dense", params=dense, inputs=("x",)),
        Layer(name="d/activation", type="Dense", params=dense, inputs=("d",)),
        Layer(name="d/kernel", type="Dense", params=dense, inputs=("d/activation",)),
    ))  # fmt: skip
    w, inputs = random_weights(spec), random_inputs(spec)
    y = inputs["x"]
    for name in ("d", "d/activation", "d/kernel"):
        y = np.maximum(y @ w[f"{name}/kernel"] + w[f"{name}/bias"], 0)
    np.testing.assert_allclose(_run(spec, w, inputs), y, atol=1e-5)
