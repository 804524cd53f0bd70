"""Run by the tests in a process of its own: trainings on one and on several virtual devices; what came out, as JSON.

``python -m services.worker.tests.parallel.on_devices FOLDER`` with ``KERAS_BACKEND`` set.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors.numpy import load
from visualnn_shared.errors import Invalid
from visualnn_worker.child.devices import devices, divide_cpu

from services.worker.tests.desk import Desk, class_data, small_spec

DEVICES = 3
NET = small_spec(
    {"name": "fc", "type": "Dense", "params": {"units": 6, "use_bias": False, "kernel_regularizer": "l2"}},
    {"name": "bn", "type": "BatchNormalization"},
    {"name": "act", "type": "Activation", "params": {"activation": "relu"}},
)
RECIPES: dict[str, dict[str, Any]] = {
    "clipped": {
        "optimizer": {"name": "sgd", "momentum": 0.9, "global_clipnorm": 0.1, "gradient_accumulation_steps": 2},
        "class_weight": [1.0, 2.0, 0.5], "schedule": {"name": "cosine"},
    },
    "averaged": {"optimizer": {"name": "adam", "use_ema": True, "weight_decay": 0.01}, "precision": "mixed_bfloat16"},
}  # fmt: skip
COMMON = {"epochs": 3, "batch_size": 6, "learning_rate": 0.05, "validation_split": 0.2, "keep": "last"}


def trained(at: Desk, devices: Any, recipe: dict[str, Any], **more: Any) -> tuple[dict[str, Any], Any]:
    result, said = at.run(at.order("train", NET, params={**COMMON, **recipe, "devices": devices}, **more))
    weights = load(at.get(result, "weights.safetensors"))
    digest = sha256()
    for name in sorted(weights):
        digest.update(weights[name].tobytes())
    told = {
        "history": json.loads(at.get(result, "history.json")),
        "weights": {name: np.asarray(one, np.float64).tolist() for name, one in weights.items()},
        "sha256": digest.hexdigest(), "chosen": (result.chosen or {}).get("devices"),
        "run": json.loads(at.get(result, "run.json"))["devices"],
        "epoch": said.of("epoch")[-1]["devices"], "test": result.metrics["test_loss"],
        "logs": [one["text"] for one in said.of("log")],
    }  # fmt: skip
    return told, said


def resumed(at: Desk, recipe: dict[str, Any]) -> dict[str, Any]:
    """A training that goes on from the middle of an epoch, on as many devices and on one."""
    whole, said = trained(at, DEVICES, recipe, checkpoint_s=0.0)
    manifest = next(m for _n, m in said.checkpoints if _batches(at, m))
    return {
        "whole": whole,
        "same": trained(at, DEVICES, recipe, checkpoint=manifest)[0],
        "alone": trained(at, 1, recipe, checkpoint=manifest)[0],
    }


def _batches(at: Desk, manifest: dict[str, Any]) -> int:
    from visualnn_worker.fitting import state

    path = at.folder / "looked-at"
    at.store.get_file(manifest["state.safetensors"]["key"], path)
    return state.load(path)[1].batches


def refusals(at: Desk, asked: list[dict[str, Any]]) -> list[Any]:
    found: list[Any] = []
    for recipe in asked:
        try:
            trained(at, recipe["devices"], recipe)
        except Invalid as error:
            found.append([str(one) for one in error.problems])
        else:
            found.append(None)
    return found


def main(folder: Path) -> dict[str, Any]:
    backend = keras.backend.backend()
    divide_cpu(backend, DEVICES)
    at = Desk(folder, class_data(samples=40))  # 32 train: six batches of 5, one of 2; 8 validate
    return {
        "seen": devices(backend),
        "plain": {name: trained(at, 1, recipe)[0] for name, recipe in RECIPES.items()},
        "shared": {name: trained(at, DEVICES, recipe)[0] for name, recipe in RECIPES.items()},
        "all": trained(at, "all", {"epochs": 1})[0],
        "resumed": resumed(at, RECIPES["clipped"]),
        "refused": refusals(at, [{"devices": 6, "precision": "mixed_float16", "epochs": 1}]),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
