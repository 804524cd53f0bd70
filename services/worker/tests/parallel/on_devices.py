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
from visualnn_shared.spec.reading import read_spec
from visualnn_worker.child.devices import devices, divide_cpu

from services.worker.tests.desk import Desk, class_data, small_spec

DEVICES = 3
NET = small_spec(
    {"name": "fc", "type": "Dense", "params": {"units": 6, "use_bias": False, "kernel_regularizer": "l2"}},
    {"name": "bn", "type": "BatchNormalization"},
    {"name": "act", "type": "Activation", "params": {"activation": "relu"}},
)
HEADS = read_spec({
    "visualnn": 1, "name": "heads", "outputs": ["out", "size"],
    "layers": [{"name": "in", "type": "Input", "params": {"shape": [4]}},
               {"name": "out", "type": "Dense", "params": {"units": 3, "activation": "softmax"}, "inputs": ["in"]},
               {"name": "size", "type": "Dense", "params": {"units": 1}, "inputs": ["in"]}],
})  # fmt: skip
RECIPE: dict[str, Any] = {
    "epochs": 2, "batch_size": 6, "learning_rate": 0.05, "validation_split": 0.2, "keep": "last",
    "optimizer": {
        "name": "adamw", "global_clipnorm": 0.1, "gradient_accumulation_steps": 2, "use_ema": True, "epsilon": 1e-3,
    },
    "class_weight": [1.0, 2.0, 0.5], "schedule": {"name": "cosine"},
}  # fmt: skip


def trained(at: Desk, devices: Any, recipe: dict[str, Any], **more: Any) -> tuple[dict[str, Any], Any]:
    result, said = at.run(at.order("train", NET, params={**RECIPE, **recipe, "devices": devices}, **more))
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


def heads(folder: Path) -> list[Any]:
    """Weights of a net whose outputs have labels of their own: on one device, and on several."""
    data = class_data(
        samples=14
    )  # two batches, both of which are looked into; the second is no multiple of the devices
    sizes = {f"y_{split}_size": data[f"x_{split}"].sum(1) for split in ("train", "test")}
    folder.mkdir()
    at, found = Desk(folder, {**data, **sizes}), []
    for count in (1, DEVICES):
        params = {"epochs": 1, "batch_size": 9, "learning_rate": 0.05, "class_weight": "balanced", "devices": count}
        result, _ = at.run(at.order("train", HEADS, params=params))
        weights = load(at.get(result, "weights.safetensors"))
        found.append({name: np.asarray(one, np.float64).tolist() for name, one in weights.items()})
    return found


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
    shared, said = trained(at, "all", {}, checkpoint_s=0.0)
    middle = next(manifest for _n, manifest in said.checkpoints if _batches(at, manifest))  # of an epoch
    return {
        "seen": devices(backend),
        "plain": trained(at, 1, {})[0],
        "shared": shared,
        "resumed": trained(at, DEVICES, {}, checkpoint=middle)[0],
        "alone": trained(at, 1, {}, checkpoint=middle)[0],
        "heads": heads(folder / "heads"),
        "refused": refusals(at, [{"devices": 6, "precision": "mixed_float16"}]),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
