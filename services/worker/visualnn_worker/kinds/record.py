"""The record of what a training depended on."""

import hashlib
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import keras
import numpy as np
from visualnn_shared.spec.reading import canonical_json
from visualnn_shared.training.reproduction import RunRecord

from visualnn_worker.kinds.weights_file import Trained
from visualnn_worker.network.safetensors import Tensors
from visualnn_worker.order import JobOrder

_PACKAGES = ("visualnn-worker", "keras", "tensorflow", "tensorflow-cpu", "jax", "torch", "numpy")
_OF_ENVIRONMENTS = ("gymnasium",)


def tensors_sha256(tensors: Tensors) -> str:
    """Of names, types, shapes and bytes; the weights file itself also names its job."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def record(
    order: JobOrder, trained: Trained, tensors: Tensors, metrics: Mapping[str, float], devices: int = 1
) -> RunRecord:
    """What decides how this training ends, and its end. ``devices``: among how many batches were shared out."""
    params: dict[str, Any] = trained.params.model_dump(mode="json")
    return RunRecord(
        versions=_versions(() if order.dataset else _OF_ENVIRONMENTS), backend=keras.backend.backend(),
        device="gpu" if order.gpu and _gpus() else "cpu", devices=devices,
        machine=f"{platform.machine()} {platform.system()}", threads=_threads(), seed=trained.params.seed,
        params=params, spec_sha256=hashlib.sha256(canonical_json(trained.spec)).hexdigest(),
        dataset_sha256=order.dataset.sha256 if order.dataset else "", weights_sha256=tensors_sha256(tensors),
        metrics={name: float(value) for name, value in metrics.items()},
    )  # fmt: skip


def _gpus() -> bool:
    return any("gpu" in str(device).lower() for device in keras.distribution.list_devices())


def _threads() -> int:
    """Sums are made in an order that depends on it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _versions(more: tuple[str, ...]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in (*_PACKAGES, *more):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
