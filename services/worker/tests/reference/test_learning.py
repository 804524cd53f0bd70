"""Networks of the zoo learn on data that is here: accuracies on samples that they were not trained on."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from visualnn_shared import zoo
from visualnn_shared.training.choose import plan
from visualnn_shared.training.recipe import TrainParams

from services.worker.tests.desk import Desk


def split(order, **arrays):
    """A fifth is for the test."""
    test = len(order) // 5
    return {
        f"{name}_{part}": rows[order[which]]
        for name, rows in arrays.items()
        for part, which in (("train", slice(test, None)), ("test", slice(test)))
    }


def digits():
    """Scikit-learn's 1,797 digits of 8 x 8, each pixel as 3 x 3, in a frame: the size of MNIST's."""
    found = load_digits()
    pixels = np.kron(found.images, np.ones((1, 3, 3)))
    pictures = np.pad(pixels * 255 / 16, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    return split(np.random.default_rng(0).permutation(len(pictures)), x=pictures, y=found.target)


def wine():
    """Scikit-learn's 178 wines: eight measurements on the left, four on the right."""
    x, y = load_wine(return_X_y=True)
    x = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
    return split(np.random.default_rng(0).permutation(len(x)), left=x[:, :8], right=x[:, 8:12], y=y)


def reviews():
    """Sequences of 80 word numbers, zeros in front: friendly where more words are of one set of ten than of another."""
    rng = np.random.default_rng(0)
    words = rng.integers(100, 2000, (1000, 80))
    friendly = rng.integers(0, 2, len(words))
    for row, good in zip(words, friendly, strict=True):
        row[rng.choice(80, 12, replace=False)] = rng.integers(10, 20, 12) + 10 * (rng.random(12) < 0.8 - 0.6 * good)
        row[: rng.integers(0, 40)] = 0
    return split(rng.permutation(len(words)), words=words.astype(np.int32), y=friendly)


@pytest.mark.parametrize(
    ("net", "data", "recipe", "least"),
    [
        ("highway", digits, {"epochs": 5}, 0.9),
        ("snn-8", digits, {"epochs": 5, "learning_rate": 0.0005}, 0.9),
        ("two-input", wine, {"epochs": 30, "learning_rate": 0.01}, 0.9),
        ("imdb-lstm", reviews, {"epochs": 3}, 0.8),
    ],
    ids=["highway", "snn-8", "two-input", "imdb-lstm"],
)
def test_a_network_learns(tmp_path, net, data, recipe, least):
    desk = Desk(tmp_path, data())
    spec = zoo.load(net)
    planned = plan(spec, desk.inspected.schema, desk.inspected.splits, TrainParams(**recipe))
    params = json.loads(planned.params.model_dump_json())
    result, _ = desk.run(desk.order("train", spec, params=params))
    assert result.metrics["test_accuracy"] >= least
