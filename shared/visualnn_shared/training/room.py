"""The memory that a training should need beside the memory that there is, and the largest batch that fits.

An estimate: what ``analysis.memory`` counts, as many gradients of outputs as outputs live at once in a forward pass,
the data set once it is loaded, and the framework itself. Kernels' workspace and a framework's own copies are not in it,
so a job that is said to fit may still be too large; one that is said not to fit does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from visualnn_shared.analysis.memory import DTYPES, SLOTS, kept_and_peak_values, slots
from visualnn_shared.analysis.walk import Resolved, resolve
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.freezing import freeze, frozen_layers
from visualnn_shared.training.recipe import Optimizer, TrainParams

MIB = 2**20
FRAMEWORK_BYTES = 600 * MIB
"""Keras with TensorFlow and what a job needs besides, before the first layer is built."""
_BYTES = {"float32": 4, "float64": 8, "int32": 4, "int64": 8, "uint8": 1, "bool": 1, "text": 200}


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes: ``fixed`` whatever the batch, ``per_sample`` of a batch, ``available``; ``holder`` is what has those."""

    fixed: int
    per_sample: int
    batch_size: int
    available: int
    holder: str

    @property
    def needed(self) -> int:
        return self.fixed + self.per_sample * self.batch_size

    @property
    def largest(self) -> int:
        """The largest batch size that fits, 0 where none does."""
        return max(self.available - self.fixed, 0) // max(self.per_sample, 1)

    def warning(self) -> Problem | None:
        """What to say before the job is queued, None where it should fit."""
        if self.needed <= self.available:
            return None
        return problem(
            f"{self.holder} must hold the job: at most {self.available // MIB:,} MiB",
            f"about {-(-self.needed // MIB):,} MiB by the estimate",
            field="params.batch_size",
            hint=self.advice(self.largest),
        )

    def advice(self, largest: int) -> str:
        """What to do where a batch of ``largest`` is the most that fits."""
        if largest:
            return f"use a batch_size of at most {largest}"
        return (
            f"no batch fits: all but the batch takes {-(-self.fixed // MIB):,} MiB; use a smaller net or data set, "
            "a higher memory limit, or a worker with more memory"
        )


def room_for(
    model: Spec | Resolved, params: TrainParams, data_bytes: int, available: int, holder: str, *, device: bool = False
) -> Room | None:
    """The room for a training, None where a free axis leaves its size open.

    ``device``: the memory of an accelerator, which holds neither the framework nor the data set.
    """
    resolved = resolve(model) if isinstance(model, Spec) else model
    if resolved.problems:
        return None
    frozen = freeze(resolved, frozen_layers(resolved, params.frozen)[0])
    kept, live = kept_and_peak_values(frozen)
    if not isinstance(kept, int) or not isinstance(live, int):
        return None
    variable, value = DTYPES.get(params.precision, DTYPES["float32"])
    owned = [layer for layer in frozen.layers if not layer.weights_of]
    count = sum(prod(weight.shape) for layer in owned for weight in layer.weights)
    trainable = sum(prod(weight.shape) for layer in owned for weight in layer.weights if weight.trainable)
    if not isinstance(count, int) or not isinstance(trainable, int):
        return None
    fixed = variable * count + variable * trainable * (1 + _slots(params))
    fixed += 0 if device else FRAMEWORK_BYTES + data_bytes
    return Room(fixed, (kept + live) * value, params.batch_size, available, holder)


def loaded_bytes(schema: DatasetSchema, splits: Mapping[str, int]) -> int:
    """What all samples take once they are in memory."""
    of_sample = sum(prod(feature.shape) * _BYTES[feature.dtype] for feature in schema.features)
    of_sample += sum(prod(label.shape) * _BYTES[label.dtype] for label in schema.labels)
    return sum(splits.values()) * of_sample


def _slots(params: TrainParams) -> int:
    chosen = params.optimizer or "adam"
    name = chosen.name if isinstance(chosen, Optimizer) else chosen
    if name not in SLOTS:  # L-BFGS keeps ten pairs of vectors
        return 20
    return slots({"name": name, **(chosen.model_extra or {})} if isinstance(chosen, Optimizer) else name)
