"""How far a job is that goes through its batches once."""

import time

from visualnn_worker.child.channel import Channel


class Pace:
    """Says the progress, at most every ``say_s`` seconds."""

    def __init__(self, channel: Channel, batches: int, say_s: float) -> None:
        self._done = 0
        self._channel = channel
        self._batches = batches
        self._say_s = say_s
        self._began = time.monotonic()
        self._said = self._began

    def step(self) -> None:
        """One more batch is done."""
        self._done += 1
        now = time.monotonic()
        if now - self._said < self._say_s:
            return
        self._said = now
        progress = self._done / self._batches
        eta = round((now - self._began) * (self._batches - self._done) / self._done, 1)
        data = {"epoch": 1, "batch": self._done, "batches": self._batches, "metrics": {}}
        self._channel.event("batch", {**data, "progress": progress, "eta_s": eta}, progress=progress, eta_s=eta)
