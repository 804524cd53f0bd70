"""What a training learns from its samples travels with the weights; predictions and an operator's answers agree."""

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_shared.datasets.reading import inspect, load
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.preprocess import apply_inputs
from visualnn_shared.training.serving import Fill, Normalise, Project, Tokens
from visualnn_worker.kinds import weights_file

from services.worker.tests.desk import Desk, class_data, small_spec

NET = small_spec({"name": "h", "type": "Dense", "params": {"units": 8, "activation": "relu"}})
FAST = {"epochs": 30, "batch_size": 8, "optimizer": {"name": "adam", "learning_rate": 0.02}}


def served(at: Desk, result: Any, folder: Path) -> weights_file.Trained:
    (folder / "w").write_bytes(at.get(result, "weights.safetensors"))
    return weights_file.read(folder / "w")[1]


def predicted(at: Desk, result: Any) -> dict[str, np.ndarray]:
    weights = result.manifest["weights.safetensors"]["key"]
    found, _ = at.run(at.order("predict", params={"job": "job-1", "split": "test"}, weights=weights))
    with np.load(io.BytesIO(at.get(found, "predictions.npz"))) as file:
        return dict(file)


def test_steps_are_fitted_on_what_trains_and_on_nothing_else(tmp_path: Path) -> None:
    data = class_data()
    data["x_train"] = data["x_train"] * np.array([1, 100, 1, 1], np.float32) + 7
    at = Desk(tmp_path, data)
    params = {**FAST, "preprocessing": [{"step": "standardise"}], "validation_split": 0.25, "stratify": True}
    result, _ = at.run(at.order("train", NET, params=params))
    (step,) = served(at, result, tmp_path).serving.preprocessing["in"]
    assert isinstance(step, Normalise)
    labels = data["y_train"]
    means = step.subtract.array
    assert not np.allclose(means, data["x_train"].mean(0), rtol=1e-6)  # ten of the forty validate
    assert np.allclose(means, data["x_train"].mean(0), rtol=0.3)
    assert result.chosen["preprocessing"]["value"] == {"in": [{"step": "standardise", "over": "feature"}]}
    assert len(labels) == 40


def test_predictions_and_stored_samples_agree_with_the_packed_steps(tmp_path: Path) -> None:
    at = Desk(tmp_path, class_data())
    params = {**FAST, "preprocessing": {"in": [{"step": "min_max"}, {"step": "whiten", "components": 4}]}}
    result, _ = at.run(at.order("train", NET, params=params))
    assert result.metrics["test_accuracy"] > 0.8
    about = served(at, result, tmp_path)
    assert [type(step) for step in about.serving.preprocessing["in"]] == [Normalise, Project]
    with np.load(io.BytesIO(at.get(result, "samples.npz"))) as samples:
        raw, said = samples["x:in"], samples["y:out"]
    found = predicted(at, result)
    np.testing.assert_allclose(found["out"][: len(said)], said, atol=1e-5)
    (tmp_path / "model.keras").write_bytes(at.get(result, "model.keras"))
    import keras

    model = keras.models.load_model(tmp_path / "model.keras")
    fed = apply_inputs(about.serving, {"in": raw})["in"]
    np.testing.assert_allclose(model.predict(fed, verbose=0), said, atol=1e-5)


REVIEWS = [("so good and fine", "good"), ("bad and dull", "bad"), ("fine film", "good"), ("dull dull film", "bad")]


@pytest.fixture(scope="module")
def read_texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Any]:
    """A net that read texts."""
    folder = tmp_path_factory.mktemp("texts")
    rows = [*REVIEWS * 8, *REVIEWS]
    lines = [f"{text},{label},{'train' if n < 32 else 'test'}" for n, (text, label) in enumerate(rows)]
    lines.append("never seen word,good,test")
    path = folder / "data.csv"
    path.write_text("\n".join(["text,label,split", *lines]))
    at = Desk(folder, class_data())
    at.inspected = inspect(path, "data.csv")
    os.remove(folder / "data.npz")
    at.store.put_file("datasets/d", path)
    spec = read_spec(
        {
            "visualnn": 1,
            "name": "reader",
            "layers": [
                {"name": "words", "type": "Input", "params": {"shape": [6], "dtype": "int32"}, "inputs": []},
                {"name": "e", "type": "Embedding", "params": {"input_dim": 20, "output_dim": 8}, "inputs": ["words"]},
                {"name": "r", "type": "GRU", "params": {"units": 8}, "inputs": ["e"]},
                {"name": "out", "type": "Dense", "params": {"units": 1, "activation": "sigmoid"}, "inputs": ["r"]},
            ],
            "outputs": ["out"],
        }
    )
    result, _ = at.run(at.order("train", spec, params={**FAST, "epochs": 15}))
    assert load(path, "text", at.inspected.schema).splits["test"].x["text"][-1] == "never seen word"
    return at, result


def test_a_recurrent_net_learns_texts_with_the_words_of_training(read_texts: tuple[Desk, Any], tmp_path: Path) -> None:
    at, result = read_texts
    assert result.metrics["test_accuracy"] >= 0.8
    about = served(at, result, tmp_path)
    (step,) = about.serving.preprocessing["words"]
    assert isinstance(step, Tokens)
    assert "never" not in step.vocabulary
    assert step.vocabulary[0] == "dull"
    assert about.serving.classes == ("bad", "good")
    chosen = json.dumps(result.chosen["preprocessing"])
    assert "most frequent words" in chosen
    assert "vocabulary" not in chosen


def test_texts_are_predicted_raw(read_texts: tuple[Desk, Any]) -> None:
    at, result = read_texts
    with np.load(io.BytesIO(at.get(result, "samples.npz"))) as samples:
        assert samples["x:words"].tolist() == [text for text, _ in REVIEWS] + ["never seen word"]
        said = samples["y:out"]
    np.testing.assert_allclose(predicted(at, result)["out"], said, atol=1e-5)


def test_what_is_missing_is_filled_by_what_trains_and_the_filling_is_packed(tmp_path: Path) -> None:
    data = class_data()
    data["x_train"][::5, 1] = np.nan
    data["x_test"] = data["x_test"] + 100
    data["x_test"][3, 0] = np.nan
    at = Desk(tmp_path, data)
    params = {**FAST, "preprocessing": [{"step": "fill", "strategy": "median"}, {"step": "standardise"}]}
    result, _ = at.run(at.order("train", NET, params=params))
    serving = served(at, result, tmp_path).serving
    (fill, _standardise) = serving.preprocessing["in"]
    assert isinstance(fill, Fill)
    np.testing.assert_allclose(fill.values.array, np.nanmedian(data["x_train"], axis=0), rtol=1e-6)
    assert np.isfinite(predicted(at, result)["out"]).all()
    assert np.isfinite(result.metrics["test_loss"])
    assert serving.may_miss("in")


def test_the_mean_of_whole_numbers_fills_what_a_later_sample_lacks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = {"x_train": rng.integers(50, 100, (40, 4)), "y_train": np.arange(40) % 3}
    at = Desk(tmp_path, data)
    params = {**FAST, "epochs": 1, "preprocessing": [{"step": "fill"}, {"step": "standardise"}]}
    result, _ = at.run(at.order("train", NET, params=params))
    serving = served(at, result, tmp_path).serving
    assert serving.inputs[0].dtype == "int64"
    later, x = np.array([[92, np.nan, 75, 63]]), data["x_train"]
    fed = apply_inputs(serving, {"in": later})["in"]
    np.testing.assert_allclose(fed, np.nan_to_num((later - x.mean(0)) / x.std(0)), atol=1e-5)
