"""Memory that a net needs: what is counted, and what is not.

Inference: every variable, and the largest set of layer outputs that must be there at once when layers run in
dependency order and an output is dropped after its last use, times the batch. Training: every variable, a gradient and
the optimizer's slots for each trainable value, and every layer's output, kept for the backward pass, times the batch.
Not counted: workspace of the kernels, dropout masks, copies that a framework makes, and the framework itself. The sizes
of values are those of a dtype policy (``DTYPES``); with mixed precision the variables stay in float32 (Micikevicius et
al. 2018, Mixed Precision Training).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from pydantic import BaseModel, ConfigDict

from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.catalogue.free import Dim
from visualnn_shared.spec.problem import Problem, problem

DTYPES: Mapping[str, tuple[int, int]] = {
    "float32": (4, 4), "float16": (2, 2), "bfloat16": (2, 2), "float64": (8, 8), "mixed_float16": (4, 2),
    "mixed_bfloat16": (4, 2),
}  # fmt: skip
"""Keras' dtype policies: bytes of a variable's value, of its gradient and optimizer slots; bytes of an activation."""

MOST = 2**53
"""Largest integer that every reader of JSON takes exactly."""

SLOTS: Mapping[str, int] = {
    "sgd": 0, "rmsprop": 1, "adam": 2, "adamw": 2, "adagrad": 1, "adadelta": 2, "adamax": 2, "nadam": 2,
    "ftrl": 2, "lion": 1, "lamb": 2,
}  # fmt: skip
"""Variables that a Keras optimizer keeps for each trainable value, at its defaults."""


def slots(optimizer: str | Mapping[str, Any]) -> int:
    """Slots of an optimizer, by name or with parameters: ``{"name": "sgd", "momentum": 0.9}``. Raises ``KeyError``."""
    if isinstance(optimizer, str):
        return SLOTS[optimizer]
    count = SLOTS[optimizer["name"]]
    if optimizer["name"] in ("sgd", "rmsprop"):
        count += bool(optimizer.get("momentum"))
    return count + bool(optimizer.get("centered")) + bool(optimizer.get("amsgrad"))


def optimizer_problems(optimizer: str | Mapping[str, Any]) -> list[Problem]:
    """What keeps ``slots`` from knowing the optimizer."""
    name = optimizer if isinstance(optimizer, str) else optimizer.get("name")
    if isinstance(name, str) and name in SLOTS:
        return []
    return [problem(f"optimizer must be one of {', '.join(SLOTS)}", name, field="optimizer")]


@dataclass(frozen=True, slots=True)
class Load:
    """What memory is needed for: the batch, the optimizer, the dtype policy, and the device that must hold it all."""

    batch_size: int = 1
    optimizer: str | Mapping[str, Any] = "adam"
    dtype: str = "float32"
    device_bytes: int | None = None

    def problems(self) -> list[Problem]:
        """What keeps the memory from being computed."""
        found = optimizer_problems(self.optimizer)
        for name in ("batch_size", "device_bytes"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or not 1 <= value <= MOST):
                found.append(problem(f"{name} must be an integer of at least 1", value, field=name))
        if self.dtype not in DTYPES:
            found.append(problem(f"dtype must be one of {', '.join(DTYPES)}", self.dtype, field="dtype"))
        return found


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fit(_Frozen):
    """Whether a device's memory holds the net; None where a free axis leaves that open. Batches of 0 are none."""

    device_bytes: int
    training_fits: bool | None
    largest_training_batch: int | None
    inference_fits: bool | None
    largest_inference_batch: int | None


class Memory(_Frozen):
    """Bytes for ``batch_size`` samples; the module says what is counted."""

    weights_bytes: int
    gradients_bytes: int
    optimizer_bytes: int
    activations_bytes: int | None
    """Every layer's output, kept for the backward pass."""
    inference_bytes: int | None
    training_bytes: int | None
    batch_size: int
    optimizer: str
    dtype: str
    fit: Fit | None


def memory(resolved: Resolved, params: int, trainable: int, load: Load) -> Memory:
    """Bytes of a net with so many values in its variables. Raises ``KeyError`` where ``load`` has problems."""
    variable, value = DTYPES[load.dtype]
    weights, gradients = variable * params, variable * trainable
    state = gradients * slots(load.optimizer)
    all_values, peak = kept_and_peak_values(resolved)
    kept = all_values * value if isinstance(all_values, int) else None
    live = peak * value if isinstance(peak, int) else None
    fixed = weights + gradients + state
    return Memory(
        weights_bytes=weights,
        gradients_bytes=gradients,
        optimizer_bytes=state,
        activations_bytes=None if kept is None else kept * load.batch_size,
        inference_bytes=None if live is None else weights + live * load.batch_size,
        training_bytes=None if kept is None else fixed + kept * load.batch_size,
        batch_size=load.batch_size,
        optimizer=load.optimizer if isinstance(load.optimizer, str) else str(load.optimizer["name"]),
        dtype=load.dtype,
        fit=None if load.device_bytes is None else _fit(load, (fixed, kept), (weights, live)),
    )


def _fit(load: Load, training: tuple[int, int | None], inference: tuple[int, int | None]) -> Fit:
    """Each is (bytes whatever the batch, bytes a sample)."""
    device = load.device_bytes or 0
    largest = [
        None if each is None else max(device - fixed, 0) // max(each, 1) for fixed, each in (training, inference)
    ]
    fits = [None if batch is None else batch >= load.batch_size for batch in largest]
    return Fit(
        device_bytes=device, training_fits=fits[0], largest_training_batch=largest[0],
        inference_fits=fits[1], largest_inference_batch=largest[1],
    )  # fmt: skip


def kept_and_peak_values(resolved: Resolved) -> tuple[Dim, Dim]:
    """Numbers of output values of one sample: of all layers together, and the largest that is needed at once.

    FREE where an axis is free.
    """
    ends = {ref.layer for ref, _shape in resolved.outputs}
    last_use = {ref.layer: i for i, layer in enumerate(resolved.layers) for ref in layer.inputs}
    alike: dict[int, Dim] = {}
    sizes: dict[str, Dim] = {}
    kept: Dim = 0
    live: Dim = 0
    peak: Dim = 0
    for i, layer in enumerate(resolved.layers):
        values = alike.get(id(layer.params))
        if values is None:
            values = alike[id(layer.params)] = layer_values(layer.output_shapes)
        sizes[layer.name] = values
        kept, live = kept + values, live + values
        peak = live if not isinstance(live, int) or live > peak else peak
        for ref in layer.inputs if len(layer.inputs) < 2 else set(layer.inputs):
            if last_use[ref.layer] == i and ref.layer not in ends:
                live = live - sizes.pop(ref.layer, 0)
    return kept, peak


def layer_values(shapes: tuple[tuple[Dim, ...], ...]) -> Dim:
    """Number of values of all outputs of a layer, for one sample."""
    total: Dim = prod(shapes[0])
    for other in shapes[1:]:
        total = total + prod(other)
    return total
