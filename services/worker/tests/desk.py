"""A desk to do jobs at in this process: a folder store with a data set, and a channel that keeps what is said."""

import importlib
import json
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from visualnn_shared.datasets.reading import inspect
from visualnn_shared.objects.folder import FolderStore
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import canonical_json, read_spec
from visualnn_worker import page
from visualnn_worker.order import DatasetRef, JobOrder


class Recorder:
    """A channel that keeps what is said."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.rows: list[dict[str, Any]] = []
        self.checkpoints: list[tuple[int, dict[str, Any]]] = []

    def event(self, kind: str, data: Mapping[str, Any], **row: Any) -> None:
        self.events.append((kind, dict(data)))
        self.rows.append(row)

    def log(self, text: str, level: str = "info") -> None:
        self.event("log", {"level": level, "text": text})

    def checkpoint(self, number: int, manifest: Mapping[str, Any]) -> None:
        self.checkpoints.append((number, dict(manifest)))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [data for found, data in self.events if found == kind]


def small_spec(*layers: dict[str, Any], classes: int = 3, inputs: list[int] | None = None) -> Spec:
    """Input -> the layers in a chain -> a softmax over ``classes``."""
    chain = [{"name": "in", "type": "Input", "params": {"shape": inputs or [4]}}, *layers]
    chain.append({"name": "out", "type": "Dense", "params": {"units": classes, "activation": "softmax"}})
    for before, after in pairwise(chain):
        after.setdefault("inputs", [before["name"]])
    return read_spec({"visualnn": 1, "name": "small", "layers": chain, "outputs": ["out"]})


class Desk:
    """A folder store with a data set, and jobs on it."""

    def __init__(self, folder: Path, arrays: Mapping[str, np.ndarray]) -> None:
        self.folder = folder
        self.store = FolderStore(folder / "objects")
        self._number = 0
        path = folder / "data.npz"
        np.savez(path, **arrays)
        self.inspected = inspect(path, "data.npz")
        self.store.put_file("datasets/d", path)

    def order(self, kind: str, spec: Spec | None = None, **more: Any) -> JobOrder:
        self._number += 1
        dataset = DatasetRef(
            id="d", name="data", key="datasets/d", format=self.inspected.format, schema_=self.inspected.schema,
            splits=self.inspected.splits,
        )  # fmt: skip
        values: dict[str, Any] = {
            "params": {}, "chosen": None, "weights": None, "checkpoint": None, "checkpoint_s": 1e6, "gpu": False,
        }  # fmt: skip
        return JobOrder(
            kind=kind, job_id="job-1", attempt=self._number, prefix=f"jobs/job-1/{self._number}/",
            spec=json.loads(canonical_json(spec)) if spec else None, **({"dataset": dataset} | values | more),
        )  # fmt: skip

    def run(self, order: JobOrder) -> tuple[Any, Recorder]:
        """Do the job in this process: its result, and what was said."""
        from visualnn_worker.kinds.context import Context

        recorder = Recorder()
        fd, shared = page.create()
        os.close(fd)
        folder = self.folder / f"work-{order.attempt}"
        folder.mkdir()
        run = importlib.import_module(f"visualnn_worker.kinds.{order.kind}").run
        return run(Context(order, self.store, recorder, shared, folder)), recorder

    def get(self, result: Any, name: str) -> bytes:
        return self.store.get(result.manifest[name]["key"])


def class_data(samples: int = 40, test: int = 10, shape: tuple[int, ...] = (4,), classes: int = 3) -> dict[str, Any]:
    """Separable classes, sorted, as stored data often is."""
    rng = np.random.default_rng(7)

    def split(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.sort(np.arange(count) % classes)
        noise = rng.normal(0, 0.3, (count, *shape)).astype(np.float32)
        return noise + labels.reshape(-1, *[1] * len(shape)), labels.astype(np.int64)

    (x, y), (x_test, y_test) = split(samples), split(test)
    return {"x_train": x, "y_train": y, **({"x_test": x_test, "y_test": y_test} if test else {})}
