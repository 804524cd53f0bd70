"""``weights.safetensors``: the canonical file of a trained net, complete enough to run it again."""

from dataclasses import dataclass
from pathlib import Path

from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import canonical_json
from visualnn_shared.training.recipe import TrainParams
from visualnn_shared.training.serving import Serving

from visualnn_worker.network import safetensors
from visualnn_worker.network.safetensors import Tensors


@dataclass(frozen=True, slots=True)
class Trained:
    """A net, how it was trained, and how it answers."""

    spec: Spec
    params: TrainParams
    """Complete."""
    serving: Serving
    job: str


def write(path: Path, tensors: Tensors, trained: Trained) -> None:
    """Tensors ``layer/variable`` in Keras layout; the rest as metadata ``visualnn.*``."""
    metadata = {
        "visualnn.spec": canonical_json(trained.spec).decode(),
        "visualnn.training": trained.params.model_dump_json(),
        "visualnn.serving": trained.serving.model_dump_json(),
        "visualnn.job": trained.job,
    }
    safetensors.write(path, tensors, metadata)


def read(path: Path) -> tuple[Tensors, Trained]:
    """What ``write`` wrote."""
    tensors, metadata = safetensors.read(path)
    return tensors, Trained(
        Spec.model_validate_json(metadata["visualnn.spec"]),
        TrainParams.model_validate_json(metadata["visualnn.training"]),
        Serving.model_validate_json(metadata["visualnn.serving"]),
        metadata["visualnn.job"],
    )
