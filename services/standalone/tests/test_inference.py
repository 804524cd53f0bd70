from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.reading import canonical_json
from visualnn_shared.training.serving import Meaning, Reshape, Scale, Serving, TensorSpec
from visualnn_shared.zoo import load
from visualnn_standalone.inference import LocalOperator

SPEC = load("digits-dnn")


def serving() -> Serving:
    return Serving(
        inputs=(TensorSpec(name="input", shape=(8, 8), dtype="uint8"),),
        outputs=(TensorSpec(name="prob", shape=(10,), dtype="float32"),),
        preprocessing={"input": (Reshape(shape=(64,)), Scale(factor=1 / 255))},
        task="classification",
        classes=("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    )


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Random weights of the digits network."""
    from visualnn_shared.analysis.summary import summary

    random = np.random.default_rng(5)
    tensors = {
        one.name: (random.standard_normal(one.shape) * 0.1).astype(np.float32)
        for layer in summary(SPEC).layers
        for one in layer.weights
    }
    path = tmp_path / "digits.safetensors"
    save_file(tensors, path)
    return path


def by_hand(weights: Path, pictures: np.ndarray) -> np.ndarray:
    """Dense, ReLU, Dense, ReLU, Dense, softmax in NumPy."""
    from safetensors.numpy import load_file

    known = load_file(weights)
    layers = [layer.name for layer in SPEC.layers if layer.type == "Dense"]
    x = pictures.reshape(len(pictures), 64) / 255
    for name in layers:
        x = x @ known[f"{name}/kernel"] + known[f"{name}/bias"]
        if name != layers[-1]:
            x = np.maximum(x, 0)
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def test_a_weights_file_answers_as_numpy_does_by_hand(weights: Path) -> None:
    operator = LocalOperator.of(weights, spec=canonical_json(SPEC).decode(), serving=serving().model_dump_json())
    pictures = np.random.default_rng(1).integers(0, 256, (20, 8, 8), np.uint8)
    expected = by_hand(weights, pictures)
    found = operator.predict({operator.signature["inputs"][0]["name"]: pictures})
    assert np.allclose([one["scores"] for one in found], expected, atol=1e-5)
    assert [one["index"] for one in found] == expected.argmax(axis=1).tolist()
    assert {one["class"] for one in found} <= set(serving().classes or ())


def test_a_file_that_came_from_another_tool_takes_values_as_the_net_does(weights: Path) -> None:
    operator = LocalOperator.of(weights, spec=canonical_json(SPEC).decode(), serving=None)
    values = np.random.default_rng(1).random((20, 64), np.float32)
    found = operator.predict({"input": values})
    expected = by_hand(weights, values * 255)
    assert np.allclose([one["scores"] for one in found], expected, atol=1e-5)
    assert [one["class"] for one in found] == [str(index) for index in expected.argmax(axis=1)]


def test_a_file_with_a_damaged_serving_part_is_refused(weights: Path) -> None:
    for told in ("", "{}", "nope"):
        with pytest.raises(Invalid, match=r"visualnn\.serving"):
            LocalOperator.of(weights, spec=canonical_json(SPEC).decode(), serving=told)


def test_a_damaged_file_is_refused(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(Invalid, match="whole safetensors file"):
        LocalOperator.of(weights, spec=canonical_json(SPEC).decode(), serving=serving().model_dump_json())


def test_samples_that_do_not_fit_are_refused(weights: Path) -> None:
    operator = LocalOperator.of(weights, spec=canonical_json(SPEC).decode(), serving=serving().model_dump_json())
    with pytest.raises(Invalid, match="64 values"):
        operator.predict({"input": np.zeros((2, 9))})


@pytest.mark.parametrize(
    "layers",
    [
        [("GRU", {"units": 4, "return_sequences": True}), ("SimpleRNN", {"units": 3})],
        [("Masking", {}), ("Bidirectional", {"layer": {"type": "LSTM", "params": {"units": 3}}})],
        [("SeparableConv1D", {"filters": 4, "kernel_size": 3}), ("GlobalAveragePooling1D", {})],
    ],
)
def test_nets_of_sequences_can_be_served(layers: list[tuple[str, dict[str, object]]], tmp_path: Path) -> None:
    """Each sample alone answers as among others: nothing leaks over the batch."""
    from visualnn_shared.analysis.walk import resolve
    from visualnn_shared.spec.model import Layer, Spec

    made = [Layer(name="x", type="Input", params={"shape": [6, 5]})]
    for number, (type, params) in enumerate(layers):
        made.append(Layer(name=f"y{number}", type=type, params=params, inputs=(made[-1].name,)))
    spec = Spec(name="net", layers=tuple(made), outputs=(made[-1].name,))
    random = np.random.default_rng(5)
    tensors = {
        f"{layer.name}/{one.name}": (random.standard_normal([int(n) for n in one.shape]) * 0.5).astype(np.float32)
        for layer in resolve(spec).layers
        for one in layer.weights
    }
    save_file(tensors, tmp_path / "net.safetensors")
    operator = LocalOperator.of(tmp_path / "net.safetensors", spec=canonical_json(spec).decode(), serving=None)
    rows = random.standard_normal((3, 6, 5)).astype(np.float32)
    together = operator.predict({"x": rows})
    alone = [operator.predict({"x": row[None]}) for row in rows]
    assert len(together) == 3
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one["values"], other[0]["values"], atol=1e-6)


def test_every_output_is_answered_and_the_first_alone_where_it_is_asked(weights: Path) -> None:
    shares, logits = (TensorSpec(name=name, shape=(10,), dtype="float32") for name in ("prob", "fc2"))
    spec = SPEC.model_copy(update={"outputs": ("prob", "fc2")})
    told = serving().model_copy(
        update={
            "outputs": (shares, logits.model_copy(update={"shape": (512,)})),
            "others": {"fc2": Meaning(label="hidden")},
        }
    )
    operator = LocalOperator.of(weights, spec=canonical_json(spec).decode(), serving=told.model_dump_json())
    pictures = {"input": np.zeros((2, 8, 8), np.uint8)}
    found = operator.answers(pictures)
    assert list(found) == ["prob", "fc2"]
    assert found["prob"] == operator.predict(pictures)
    assert np.shape(found["fc2"][1]["values"]) == (512,)
