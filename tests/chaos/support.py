"""Trainings to disturb, and what must be true of them afterwards."""

import os
import signal
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from visualnn import Client
from visualnn.records import Event, Job
from visualnn_standalone.platform import Platform

from tests.end_to_end.support import until

EPOCHS = 14
Tensors = dict[str, np.ndarray]


class Hurt:
    """A platform on the embedded parts whose processes tests may kill."""

    def __init__(self, platform: Platform, client: Client, digits: Path) -> None:
        self.platform, self.client = platform, client
        self._digits = digits

    @cached_property
    def dataset(self) -> str:
        return self.client.datasets.upload(self._digits).id

    @cached_property
    def undisturbed(self) -> Tensors:
        """The weights of a training that nobody disturbed."""
        return self.weights(self.client.jobs.wait(self.train().id))

    def train(self, **params: Any) -> Job:
        return self.client.jobs.train(
            "zoo:digits-dnn", self.dataset, **{"epochs": EPOCHS, "batch_size": 64, "seed": 3, **params}
        )

    def weights(self, job: Job) -> Tensors:
        path = self.platform.data_dir.parent / f"{job.id}.safetensors"
        self.client.jobs.weights(job.id, path)
        return dict(load_file(path))

    def until_mid_training(self, job: Job) -> None:
        """Return when some epochs are over and some are not."""

        def middle() -> bool:
            epoch = self.client.jobs.get(job.id).metrics.get("epoch", 0)
            assert epoch < EPOCHS - 2, "the training was over before it could be disturbed"
            return bool(epoch >= 2)

        until(middle, 240, "the second epoch")

    def kill(self, part: str) -> None:
        os.kill(self.platform.pids()[part], signal.SIGKILL)

    def children(self, part: str) -> list[int]:
        """Processes that the part started."""
        pid = self.platform.pids()[part]
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]

    def assert_succeeded_once(self, job: Job, *, attempts: int) -> None:
        """One success after so many attempts, and the weights of a training that nobody disturbed, bit by bit."""
        seen: list[Event] = []
        ended = self.client.jobs.wait(job.id, on_event=seen.append)
        assert ended.state == "succeeded"
        assert ended.attempt == attempts
        states = [event.data["state"] for event in seen if event.kind == "state"]
        assert states.count("succeeded") == 1
        assert states[-1] == "succeeded"
        assert states.count("running") == attempts
        found = self.weights(ended)
        assert found.keys() == self.undisturbed.keys()
        for name, tensor in self.undisturbed.items():
            assert np.array_equal(found[name], tensor), f"{name} differs from an undisturbed training's"
