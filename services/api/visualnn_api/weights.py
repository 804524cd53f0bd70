"""A train job's weights: what their file says of itself, and the file in the formats a user asks for."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from visualnn_shared.errors import Unavailable
from visualnn_shared.objects import ObjectStore
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.serving import Serving
from visualnn_shared.training.weights import WEIGHTS, WeightsFormat

SAMPLES = "samples.npz"
_MAX_HEADER = 100 * 1024 * 1024  # the limit of the format's own reader
STORED = {
    WeightsFormat.SAFETENSORS: WEIGHTS,
    WeightsFormat.KERAS: "model.keras",
    WeightsFormat.H5: "model.weights.h5",
}
"""Formats that the worker wrote; the others are made when asked for."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a weights file says of itself."""

    spec: Spec
    serving: Serving


def trained(objects: ObjectStore, key: str) -> Trained:
    """The spec and serving in the header of a safetensors object, without reading its tensors.

    The file begins with the header's length (8 bytes, little-endian) and the header, a JSON object
    (https://github.com/huggingface/safetensors#format). Raises ObjectMissing.
    """
    with objects.open(key, 0, 8) as reader:
        (length,) = struct.unpack("<Q", reader.read(8))
    if length > _MAX_HEADER:
        raise Unavailable("the object store", f"a damaged weights file (a header of {length} bytes)")
    with objects.open(key, 8, length) as reader:
        metadata: dict[str, Any] = json.loads(reader.read())["__metadata__"]
    spec, serving = metadata["visualnn.spec"], metadata["visualnn.serving"]
    return Trained(read_spec(spec), Serving.model_validate_json(serving))


def as_npz(source: Path, target: Path) -> None:
    """The tensors of a safetensors file as an npz of the same names (``layer/variable``)."""
    np.savez(target, allow_pickle=False, **load_file(source))
