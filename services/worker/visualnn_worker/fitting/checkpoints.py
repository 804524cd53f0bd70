"""Checkpoints of a running training: copied between two batches, written and stored by a thread beside it."""

import threading
import time
from pathlib import Path

import keras
from visualnn_shared.objects import ObjectStore
from visualnn_shared.store.tables import Manifest

from visualnn_worker.child.channel import Channel
from visualnn_worker.child.patience import Patience
from visualnn_worker.fitting import state
from visualnn_worker.kinds.objects import get_verified, put_verified
from visualnn_worker.page import Page

NAME = "state.safetensors"
_SHARE = 50
"""Training is held up for at most 1/50 of its time, whatever a copy of its state costs."""
_WRITING_SHARE = 5


class Checkpoints:
    """Writes at most one at a time, no more often than asked for, and less often where they are costly."""

    def __init__(
        self, objects: ObjectStore, channel: Channel, page: Page, prefix: str, folder: Path, least_s: float,
        patience: Patience | None = None,
    ) -> None:  # fmt: skip
        self._patience = patience or Patience(channel, 0)
        self._objects = objects
        self._channel = channel
        self._page = page
        self._prefix = prefix
        self._folder = folder
        self._least_s = least_s
        self._next = time.monotonic() + least_s
        self._number = 0
        self._kept: dict[int, str] = {}
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def due(self) -> bool:
        """Whether it is time for the next one. Raises what went wrong with the last."""
        if time.monotonic() < self._next or (self._thread is not None and self._thread.is_alive()):
            return False
        self._raise_failure()
        return True

    def hold(self) -> None:
        """Wait with the training while a checkpoint cannot be stored: what is done then could be lost."""
        while self._patience.waiting and self._thread is not None and self._thread.is_alive():
            self._thread.join(0.2)

    def take(
        self, model: keras.Model, position: state.Position, more: state.Arrays, best_epoch: int | None = None
    ) -> None:
        """Copy the state now, store it, and ``more`` which nobody changes, while training goes on.

        ``best_epoch``: the one whose weights are in ``more``.
        """
        began = time.monotonic()
        arrays = {**state.snapshot(model), **more}
        held_up = time.monotonic() - began
        self._number += 1
        self._next = began + max(self._least_s, _SHARE * held_up)
        self._thread = threading.Thread(
            target=self._store, args=(self._number, arrays, position, best_epoch), name="checkpoint", daemon=True
        )
        self._thread.start()

    def finish(self) -> None:
        """Wait for the one under way. Raises what went wrong with it."""
        if self._thread is not None:
            self._thread.join()
        self._raise_failure()

    def _store(
        self, number: int, arrays: state.Arrays, position: state.Position, best_epoch: int | None = None
    ) -> None:
        try:
            began = time.monotonic()
            path = self._folder / f"checkpoint-{number}.safetensors"
            key = f"{self._prefix}checkpoint-{number}/{NAME}"
            self._patience.insist(lambda: state.save(path, arrays, position))
            entry = self._patience.insist(lambda: put_verified(self._objects, key, path))
            path.unlink()
            where = {"epoch": position.epoch, "batch": position.batches, "best_epoch": best_epoch}
            self._channel.checkpoint(number, {NAME: {**entry, **where}})
            self._kept[number] = key
            self._remove_old()
            self._next = max(self._next, time.monotonic() + _WRITING_SHARE * (time.monotonic() - began))
        except BaseException as error:  # noqa: BLE001 - handed to the training thread
            self._failure = error

    def _remove_old(self) -> None:
        """Delete own checkpoints that are older than the one the job's row names."""
        for number in [n for n in self._kept if n < self._page.recorded]:
            self._objects.delete(self._kept.pop(number))

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure


def read_checkpoint(objects: ObjectStore, manifest: Manifest, folder: Path) -> tuple[state.Arrays, state.Position]:
    """The state that a manifest names. Raises ``Unavailable`` where its object is damaged or gone."""
    path = folder / "resume.safetensors"
    get_verified(objects, manifest[NAME], path)
    loaded = state.load(path)
    path.unlink()
    return loaded
