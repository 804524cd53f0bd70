"""Files of trained weights: the names and formats that worker, gateway and command line share."""

from enum import StrEnum

WEIGHTS = "weights.safetensors"
"""The canonical file, complete enough to run the net again; its name among the files of a train job."""


TRAINED = frozenset({"train", "dqn", "ensemble"})
"""Kinds of jobs that leave such weights: they can be fetched, registered as an operator, and predicted with."""


class WeightsFormat(StrEnum):
    """What `GET /jobs/{id}/weights` gives."""

    SAFETENSORS = "safetensors"
    KERAS = "keras"
    H5 = "h5"
    ONNX = "onnx"
    NPZ = "npz"


ENDINGS = {
    WeightsFormat.SAFETENSORS: ".safetensors",
    WeightsFormat.KERAS: ".keras",
    WeightsFormat.H5: ".weights.h5",
    WeightsFormat.ONNX: ".onnx",
    WeightsFormat.NPZ: ".npz",
}
"""Format -> how files of it are named."""


def format_of(filename: str) -> WeightsFormat | None:
    """The format that a file's name tells by its last ending (``.h5`` alone will do); None for any other ending."""
    last = "." + filename.lower().rpartition(".")[2]
    return next((format for format, ending in ENDINGS.items() if ending.endswith(last)), None)
