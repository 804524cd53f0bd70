"""What we write for Keras 2, in TensorFlow's Keras 2 and in Keras 3: every layer, and whole nets, the same answers."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared import zoo
from visualnn_shared.analysis.expand import expand
from visualnn_shared.analysis.summary import summary
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec

from shared.tests.layer_nets import gathered

if TYPE_CHECKING:
    from tests.parts.keras_two import KerasTwo

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
PROGRAM = Path(__file__).with_name("keras_two_answers.py")
ZOO = ("two-input", "char-rnn", "denoising-autoencoder", "siamese", "transformer-encoder", "mnist-cnn")
NOT_IN_KERAS_2 = {
    "GroupQueryAttention", "RMSNormalization", "SpectralNormalization", "STFTSpectrogram", "MelSpectrogram",
    *(f"Adaptive{how}Pooling{rank}D" for how in ("Average", "Max") for rank in (1, 2, 3)),
    "RandomColorDegeneration", "RandomSaturation", "RandomHue", "RandomColorJitter", "RandomGrayscale",
    "RandomInvert", "RandomPosterization", "RandomSharpness", "Solarization", "AutoContrast", "RandomShear",
    "ContrastLimitedAdaptiveHistogramEqualization", "RandomPerspective", "RandomElasticTransform", "RandomErasing",
    "RandomGaussianBlur", "RandAugment", "AugMix", "RandomContrast", "RandomCrop", "HardSigmoid",
    "activation celu", "activation hard_silu", "activation hard_sigmoid",
}  # fmt: skip


def _nets() -> dict[str, Spec]:
    return {**gathered(NOT_IN_KERAS_2), **{name: zoo.load(name) for name in ZOO}}


def test_each_layer_that_keras_2_lacks_is_an_obstacle_by_name(random_weights: Any) -> None:
    refused = set()
    for spec in gathered().values():
        try:
            conversion.write(spec, "keras-h5", random_weights(spec))
        except ConversionImpossible as impossible:
            refused |= {problem.where.layer for problem in impossible.problems}
    assert refused == NOT_IN_KERAS_2


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, random_weights: Any, random_inputs: Any) -> Path:
    """A folder with an .h5 and inputs for every net."""
    folder = tmp_path_factory.mktemp("keras2")
    for name, spec in _nets().items():
        model = conversion.write(spec, "keras-h5", random_weights(expand(spec)))
        (folder / f"{name}.h5").write_bytes(model.data)
        np.savez(folder / f"{name}.npz", *random_inputs(expand(spec)).values())
    return folder


@pytest.fixture(scope="module")
def wanted(random_weights: Any, random_inputs: Any, worker_outputs: Any) -> dict[str, list[np.ndarray]]:
    """What Keras 3 answers to the same inputs, built by the worker."""
    plain = {name: expand(spec) for name, spec in _nets().items()}
    return {name: worker_outputs(spec, random_weights(spec), random_inputs(spec)) for name, spec in plain.items()}


def _differences(name: str, found: list[np.ndarray], wanted: list[np.ndarray]) -> list[str]:
    spec = expand(_nets()[name])
    assert len(found) == len(wanted) == len(spec.outputs)
    pairs = zip(spec.outputs, found, wanted, strict=True)
    return [
        f"{ref}: {one.shape} and {other.shape}, off by {np.abs(one - other).max() if one.shape == other.shape else ''}"
        for ref, one, other in pairs
        if one.shape != other.shape or not np.allclose(one, other, rtol=1e-4, atol=1e-5)
    ]


def test_keras_2_itself_loads_every_net_and_answers_as_keras_3(
    written: Path, wanted: dict[str, list[np.ndarray]], keras_two: "KerasTwo"
) -> None:
    done = keras_two.run(str(PROGRAM), str(written))
    assert done.returncode == 0, done.stderr[-2000:]
    wrong = [f"{path.stem}: {path.read_text()[:300]}" for path in written.glob("*.error")]
    for name, outputs in wanted.items():
        answers = written / f"{name}.answers.npz"
        if answers.exists():
            with np.load(answers) as given:
                wrong += _differences(name, [given[key] for key in given.files], outputs)
    assert not wrong, "\n".join(wrong)


@pytest.mark.filterwarnings("ignore:Argument `alpha` is deprecated:UserWarning")  # as Keras 2 called it
def test_keras_3_loads_every_hdf5_file_and_answers_the_same(written: Path, wanted: dict[str, list[np.ndarray]]) -> None:
    wrong = []
    for name, outputs in wanted.items():
        if any(layer.type == "MultiHeadAttention" for layer in expand(_nets()[name]).layers):
            continue  # Keras 2 needs shapes in its config, which Keras 3 refuses: Keras 2's own files neither
        model = keras.models.load_model(written / f"{name}.h5", compile=False)
        with np.load(written / f"{name}.npz") as given:
            inputs = [given[key] for key in given.files]
        answer = model(inputs, training=False)
        found = [np.asarray(one) for one in (answer if isinstance(answer, list | tuple) else [answer])]
        wrong += _differences(name, found, outputs)
    assert not wrong, "\n".join(wrong)


def _with_states(type: str, states: int, shape: list[int], params: dict[str, Any]) -> Spec:
    inputs = [{"name": "x", "type": "Input", "params": {"shape": [5, *(size + 1 for size in shape[:-1]), 2]}}]
    inputs += [{"name": f"state{n}", "type": "Input", "params": {"shape": shape}} for n in range(states)]
    layer = {"name": "r", "type": type, "inputs": [one["name"] for one in inputs], "params": params}
    return Spec.model_validate({"visualnn": 1, "name": "m", "layers": [*inputs, layer], "outputs": ["r"]})


def _attending(type: str, params: dict[str, Any]) -> Spec:
    inputs = {"name": "x", "type": "Input", "params": {"shape": [5, 4]}}
    layer = {"name": "r", "type": type, "inputs": ["x", "x"], "params": params}
    return Spec.model_validate({"visualnn": 1, "name": "m", "layers": [inputs, layer], "outputs": ["r"]})


ONLY_KERAS_2: dict[str, Spec] = {
    "LSTM": _with_states("LSTM", 2, [3], {"units": 3}),
    "GRU": _with_states("GRU", 1, [3], {"units": 3}),
    "SimpleRNN": _with_states("SimpleRNN", 1, [3], {"units": 3}),
    "ConvLSTM1D": _with_states("ConvLSTM1D", 2, [3, 2], {"filters": 2, "kernel_size": [2]}),
    "LSTM without states": _with_states("LSTM", 0, [3], {"units": 3}),
    "MultiHeadAttention": _attending("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}),
    "Attention": _attending("Attention", {}),
}


@pytest.mark.parametrize("target", ["keras2", "keras-h5"])
@pytest.mark.parametrize("name", ONLY_KERAS_2)
def test_what_keras_3_does_not_load_from_keras_2s_form_is_noted(
    name: str, target: str, random_weights: Any, tmp_path: Path
) -> None:
    spec = ONLY_KERAS_2[name]
    made = conversion.write(spec, target, random_weights(spec))
    path = tmp_path / "m.h5"
    path.write_bytes(made.data)
    try:
        if target == "keras-h5":
            keras.models.load_model(path, compile=False)
        else:
            keras.models.model_from_json(made.data.decode())
        loads = True
    except (TypeError, ValueError):
        loads = False
    told = [note for note in made.report.notes if note.startswith("Keras 3 does not load this file")]
    assert bool(told) is not loads
    assert all(f"({spec.layers[-1].name})" in note for note in told)


@pytest.mark.parametrize("name", ["mnist-cnn", "siamese"])
def test_the_json_is_the_configuration_in_the_hdf5_file(name: str, random_weights: Any, tmp_path: Path) -> None:
    spec = zoo.load(name)
    path = tmp_path / "m.h5"
    path.write_bytes(conversion.write(spec, "keras-h5", random_weights(expand(spec))).data)
    with h5py.File(path) as file:
        inside = json.loads(file.attrs["model_config"])
    assert json.loads(conversion.write(spec, "keras2").data) == inside
    assert inside["keras_version"].startswith("2.")
    assert keras.models.model_from_json(json.dumps(inside)).count_params() == summary(spec).params
