"""TensorFlow.js itself loads what we write, and answers as Keras does."""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared import zoo
from visualnn_shared.analysis.expand import expand
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec

from shared.tests.layer_nets import VARIANTS, gathered

if TYPE_CHECKING:
    from tests.parts.tfjs import Tfjs

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
PROGRAM = Path(__file__).with_name("answers.js")
ZOO = ("two-input", "char-rnn", "denoising-autoencoder", "mnist-cnn", "imdb-lstm", "imdb-bidirectional", "seq2seq")


def _refused(spec: Spec, weights: Any) -> set[str]:
    try:
        conversion.write(spec, "tfjs", weights)
    except ConversionImpossible as impossible:
        return {str(problem.where.layer) for problem in impossible.problems}
    return set()


def _calm(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Smaller weights: a recurrent net makes much of each rounding otherwise."""
    return {name: values if "variance" in name else values * np.float32(0.3) for name, values in weights.items()}


@pytest.fixture(scope="module")
def refused(random_weights: Any) -> set[str]:
    """Layers that TensorFlow.js lacks, or has in another form."""
    return set().union(*(_refused(spec, random_weights(spec)) for spec in gathered().values()))


@pytest.fixture(scope="module")
def nets(refused: set[str]) -> dict[str, Spec]:
    return {**gathered(refused), **{name: expand(zoo.load(name)) for name in ZOO}}


@pytest.fixture(scope="module")
def written(tmp_path_factory: Any, nets: dict[str, Spec], random_weights: Any, random_inputs: Any) -> Path:
    """A folder a net: the model unpacked, and inputs."""
    root: Path = tmp_path_factory.mktemp("tfjs")
    for name, spec in nets.items():
        folder = root / name
        with zipfile.ZipFile(io.BytesIO(conversion.write(spec, "tfjs", _calm(random_weights(spec))).data)) as archive:
            archive.extractall(folder)
        inputs = [
            {"shape": one.shape, "values": one.reshape(-1).tolist(), "dtype": str(one.dtype)}
            for one in random_inputs(spec).values()
        ]
        (folder / "inputs.json").write_text(json.dumps(inputs))
    return root


def test_tensorflow_js_loads_every_net_and_answers_as_keras(
    written: Path, nets: dict[str, Spec], tfjs: "Tfjs", random_weights: Any, random_inputs: Any, worker_outputs: Any
) -> None:
    done = tfjs.run(str(PROGRAM), str(written))
    assert done.returncode == 0, done.stderr[-2000:]
    wrong = [f"{path.parent.name}: {path.read_text()}" for path in written.glob("*/error.txt")]
    for name, spec in nets.items():
        answers = written / name / "answers.json"
        if not answers.exists():
            continue
        found = [np.reshape(one["values"], one["shape"]) for one in json.loads(answers.read_text())]
        wanted = worker_outputs(spec, _calm(random_weights(spec)), random_inputs(spec))
        for ref, one, other in zip(spec.outputs, found, wanted, strict=True):
            if one.shape != other.shape or not np.allclose(one, other, rtol=1e-4, atol=1e-4):
                wrong.append(f"{name}, {ref}: {one.shape} and {other.shape}, {np.abs(one - other).max()}")
    assert not wrong, "\n".join(wrong)


IN_TFJS = {
    "Activation", "Add", "AlphaDropout", "Average", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
    "BatchNormalization", "Bidirectional", "Concatenate", "Conv2D", "Conv2DTranspose", "Conv3D", "ConvLSTM2D",
    "Cropping2D", "Dense", "DepthwiseConv2D", "Dot", "Dropout", "ELU", "Embedding", "Flatten", "GELU",
    "GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "LSTM",
    "LayerNormalization", "LeakyReLU", "Masking", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Maximum", "Minimum",
    "Multiply", "PReLU", "Permute", "ReLU", "RepeatVector", "Rescaling", "Reshape", "SELU", "SeparableConv2D",
    "Sigmoid", "SimpleRNN", "Softmax", "Softplus", "Softsign", "SpatialDropout1D", "Swish", "Tanh", "TimeDistributed",
    "UpSampling2D", "ZeroPadding2D",
}  # fmt: skip
"""The layers whose examples TensorFlow.js can say."""
VARIANTS_NOT_IN_TFJS = {
    "BatchNormalization of an axis", "GRU both ways", "bounded ReLU", "convolution of groups", "smooth upsampling",
    "activation celu", "activation exponential", "activation hard_sigmoid", "activation hard_silu",
    "activation leaky_relu",
}  # fmt: skip


def test_each_layer_that_tensorflow_js_lacks_is_an_obstacle_by_name(refused: set[str]) -> None:
    layers = {layer.name for spec in gathered().values() for layer in spec.layers if layer.type != "Input"}
    assert layers - refused == (IN_TFJS | set(VARIANTS)) - VARIANTS_NOT_IN_TFJS


def test_a_large_net_is_split_into_files_of_four_mebibytes(chain: Any, random_weights: Any) -> None:
    spec = chain(("x", "Input", {"shape": [1500]}), ("d", "Dense", {"units": 1000}))
    weights = random_weights(spec)
    with zipfile.ZipFile(io.BytesIO(conversion.write(spec, "tfjs", weights).data)) as archive:
        model = json.loads(archive.read("model.json"))
        (group,) = model["weightsManifest"]
        shards = [archive.read(path) for path in group["paths"]]
    assert [len(shard) for shard in shards] == [4 * 2**20, 6_004_000 - 4 * 2**20]
    assert group["weights"] == [
        {"name": "d/kernel", "shape": [1500, 1000], "dtype": "float32"},
        {"name": "d/bias", "shape": [1000], "dtype": "float32"},
    ]
    assert b"".join(shards) == weights["d/kernel"].tobytes() + weights["d/bias"].tobytes()


def test_obstacles_are_told_under_the_spec_names_and_all_at_once(chain: Any, random_weights: Any) -> None:
    spec = chain(
        ("x", "Input", {"shape": [7, 6, 4]}), ("a/b é", "GroupNormalization", {"groups": 2}),
        ("c", "Activation", {"activation": "celu"}), ("d e", "Activation", {"activation": "hard_sigmoid"}),
        ("f", "Conv2D", {"filters": 2, "kernel_size": 1, "groups": 2}), ("g", "LRN", {}),
    )  # fmt: skip
    weights = {name: one for name, one in random_weights(spec).items() if not name.startswith("f/")}
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "tfjs", weights)
    assert {problem.where.layer for problem in error.value.problems} == {"a/b é", "c", "d e", "f", "g"}
    assert {problem.where.param for problem in error.value.problems} == {None, "activation", "groups"}


def test_a_layer_without_a_counterpart_is_told_beside_weights_that_are_missing(chain: Any) -> None:
    spec = chain(("x", "Input", {"shape": [7, 6, 4]}), ("g", "GroupNormalization", {"groups": 2}))
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "tfjs", None)
    rules = {problem.rule.split(" ", 1)[0] for problem in error.value.problems}
    assert rules == {"weights", "the"}
