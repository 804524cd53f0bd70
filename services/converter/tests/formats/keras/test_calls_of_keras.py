"""What Keras 3 writes into the calls of layers: masks as layers, numbers as operands, arguments by name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared.errors import ConversionImpossible

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras")
L = keras.layers
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Layer .* does not support masking:UserWarning"),
]


def words(after: Callable[[Any], Any]) -> Any:
    """Padded rows of words, a mask, and what comes after."""
    inputs = keras.Input((7,), dtype="int32")
    return keras.Model(inputs, L.Dense(2)(after(L.Embedding(20, 8, mask_zero=True)(inputs))))


def numbers(make: Callable[[Any], Any]) -> Any:
    inputs = keras.Input((6, 4))
    return keras.Model(inputs, make(inputs))


READ: dict[str, Callable[[], Any]] = {
    "an LSTM behind a masked Embedding": lambda: words(lambda x: L.LSTM(5)(x)),
    "a mean over steps that are not masked": lambda: words(lambda x: L.GlobalAveragePooling1D()(x)),
    "both directions": lambda: words(lambda x: L.Bidirectional(L.GRU(4))(x)),
    "two recurrent layers": lambda: words(lambda x: L.LSTM(5)(L.LSTM(5, return_sequences=True)(x))),
    "attention": lambda: words(lambda x: L.Flatten()(L.MultiHeadAttention(2, 3)(x, x))),
    "Masking": lambda: numbers(lambda x: L.GRU(3)(L.Masking()(x))),
    "sums and products with numbers": lambda: numbers(lambda x: 1 - ((x * 2 + 1) / 4 - 3)),
    "functions": lambda: numbers(lambda x: keras.ops.tanh(keras.ops.relu(x)) * keras.ops.sigmoid(x)),
    "a state by name": lambda: numbers(lambda x: L.GRU(6)(x, initial_state=L.Dense(6)(L.Flatten()(x)))),
}


@pytest.mark.parametrize("name", READ)
def test_what_keras_adds_by_itself_is_read(name: str, tmp_path: Path, worker_outputs: Callable[..., Any]) -> None:
    model = READ[name]()
    model.save(tmp_path / "model.keras")
    random = np.random.default_rng(0)
    shape = (3, *model.inputs[0].shape[1:])
    whole = "int" in str(model.inputs[0].dtype)
    fed = random.integers(0, 20, shape).astype("int32") if whole else random.normal(size=shape).astype("float32")
    spec, weights, _ = conversion.read((tmp_path / "model.keras").read_bytes())
    (found,) = worker_outputs(spec, weights, {model.inputs[0].name: fed})
    np.testing.assert_allclose(found, model.predict(fed, verbose=0), rtol=1e-5, atol=1e-6)


def masked_by_hand() -> Any:
    values, mask = keras.Input((6, 4)), keras.Input((6,), dtype="bool")
    return keras.Model([values, mask], L.GRU(6)(values, mask=mask))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a causal mask": (
        lambda: numbers(lambda x: L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)),
        "use_causal_mask",
    ),
    "dropout that stays on": (lambda: numbers(lambda x: L.Dropout(0.5)(x, training=True)), "training must be left out"),
    "a mask from elsewhere": (masked_by_hand, "a mask must be that of an Embedding or a Masking"),
    "a number divided by a tensor": (lambda: numbers(lambda x: 2 / (x + 3)), "must be an output of a layer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_spec_has_no_word_for_is_an_obstacle_of_its_layer(name: str, tmp_path: Path) -> None:
    make, rule = REFUSED[name]
    make().save(tmp_path / "model.keras")
    with pytest.raises(ConversionImpossible) as caught:
        conversion.read((tmp_path / "model.keras").read_bytes())
    assert any(rule in found.rule and found.where.layer for found in caught.value.problems)
    if rule.startswith(("use_causal_mask", "training")):
        assert all("call the layer without" in (found.hint or "") for found in caught.value.problems)


def test_convolutions_over_steps_are_understood_whole() -> None:
    """Keras writes ``unroll`` for them too."""
    model = keras.Sequential([keras.Input((3, 5, 5, 2)), L.ConvLSTM2D(2, 3)])
    _, _, report = conversion.read(model.to_json().encode())
    assert not report.dropped
