"""What a job that makes a trained net leaves: the net in three formats, how it answers, and samples with answers."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.weights import WEIGHTS

from visualnn_worker.fitting.batches import Batches
from visualnn_worker.fitting.naming import told
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.fitting.schedules import settle
from visualnn_worker.kinds import weights_file
from visualnn_worker.network.build import Network
from visualnn_worker.network.weights import read_weights

SAMPLES = 16
"""Samples that are stored with Keras' own predictions, to compare an operator with."""
_LEAST_BATCH = 256


def evaluate(network: Network, samples: Samples, batch_size: int) -> dict[str, float]:
    """Loss and metrics on ``samples``. The network is compiled."""
    batches = Batches(network, samples, max(batch_size, _LEAST_BATCH))
    return told(network, network.model.evaluate(batches, verbose=0, return_dict=True))


def store_json(path: Path, content: Any) -> Path:
    """Write the file."""
    path.write_text(json.dumps(content))
    return path


def net_files(folder: Path, network: Network, trained: weights_file.Trained, samples: Samples) -> list[Path]:
    """Write them; answers are stored for the first of ``samples``."""
    weights_file.write(folder / WEIGHTS, read_weights(network), trained)
    settle(network.model)
    network.model.save(folder / "model.keras")
    network.model.save_weights(folder / "model.weights.h5")
    (folder / "serving.json").write_text(trained.serving.model_dump_json())
    np.savez(folder / "samples.npz", **_predicted(network, samples.part(slice(0, SAMPLES))))
    names = (WEIGHTS, "model.keras", "model.weights.h5", "serving.json", "samples.npz")
    return [folder / name for name in names]


def _kept(array: NDArray[Any]) -> NDArray[Any]:
    """Texts in a form that needs no pickle."""
    return array.astype(np.str_) if array.dtype == object else array


def _predicted(network: Network, samples: Samples) -> dict[str, Any]:
    """``x:<input>`` raw, ``y:<output>`` as Keras predicts, ``label`` raw, ``label:<output>`` of others."""
    everything = slice(None)
    outputs = network.unpack(network.model(network.pack(samples.inputs(everything)), training=False))
    arrays = {f"x:{name}": _kept(array) for name, array in samples.raw(everything).items()}
    arrays |= {f"y:{name}": keras.ops.convert_to_numpy(array) for name, array in outputs.items()}
    return {**arrays, **samples.all_labels()}
