"""Micro-batches: all samples that wait for a model when the event loop turns to it go through it in one call.

There is no timer that would make the first request wait: under load requests pile up while the model works, and the
next call takes them all; without load each goes alone. Only samples of one model and one shape share a call. A call
that fails is repeated for each request alone, so that nobody pays for a neighbour's value.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.errors import Overloaded, VisualNNError
from visualnn_shared.spec.problem import problem

from visualnn_predictor.errors import RequestInvalid, TooLate
from visualnn_predictor.metrics import ModelMetrics
from visualnn_predictor.model import RUN_ERRORS, Arrays, Model


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """See PredictorSettings."""

    waiting: int
    deadline_s: float
    inline_s: float


class _Waiting:
    """One request: its samples, and where its part of the answer goes."""

    __slots__ = ("arrays", "deadline", "future", "rows", "shapes")

    def __init__(self, arrays: Arrays, rows: int, future: "asyncio.Future[Arrays]", deadline: float) -> None:
        self.arrays, self.rows, self.future, self.deadline = arrays, rows, future, deadline
        self.shapes = tuple(values.shape[1:] for values in arrays.values())


class Batcher:
    """The queue in front of one model. All methods belong to the event loop's thread."""

    def __init__(self, model: Model, limits: BatchLimits, threads: Executor, metrics: ModelMetrics) -> None:
        self.model, self.limits, self.metrics = model, limits, metrics
        self._threads = threads
        self._loop = asyncio.get_running_loop()
        self._queue: deque[_Waiting] = deque()
        self._rows = 0
        self._scheduled = False
        self._busy = False
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not (self._queue or self._busy)

    async def run(self, arrays: Arrays) -> Arrays:
        """Outputs for raw inputs in the operator's dtypes, all with the same number of samples.

        Raises Overloaded where too many wait, TooLate where it waited too long, RequestInvalid for values that the
        model does not take.
        """
        rows = len(next(iter(arrays.values())))
        if self._queue and self._rows + rows > self.limits.waiting:
            raise Overloaded(f"samples that wait for operator {self.model.name}", self.limits.waiting)
        future: asyncio.Future[Arrays] = self._loop.create_future()
        self._queue.append(_Waiting(arrays, rows, future, self._loop.time() + self.limits.deadline_s))
        self._rows += rows
        self._wake()
        return await future

    def _wake(self) -> None:
        if not self._scheduled and not self._busy and self._queue:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """One model call with what waits now."""
        self._scheduled = False
        batch = self._take()
        if not batch:
            return
        rows = sum(one.rows for one in batch)
        arrays = _joined(batch)
        self.metrics.batch(rows)
        if self.model.seconds(rows) <= self.limits.inline_s:
            self._answer(batch, *_attempt(self.model, arrays))
            self._wake()
            return
        self._busy = True
        self._expire_later()
        running = self._loop.run_in_executor(self._threads, _attempt, self.model, arrays)
        running.add_done_callback(partial(self._done, batch))

    def _done(self, batch: list[_Waiting], running: "asyncio.Future[tuple[Arrays | None, Exception | None]]") -> None:
        self._busy = False
        if running.cancelled():
            self._answer(batch, None, TooLate(self.limits.deadline_s))
        else:
            self._answer(batch, *running.result())
        self._wake()

    def _take(self) -> list[_Waiting]:
        """The first that waits, and those behind it with samples of the same shapes, up to one call's worth."""
        now, batch, rows = self._loop.time(), list[_Waiting](), 0
        left: deque[_Waiting] = deque()
        while self._queue:
            one = self._queue.popleft()
            if one.future.done() or one.deadline < now:
                self._give_up(one)
            elif not batch or (one.shapes == batch[0].shapes and rows + one.rows <= self.model.max_batch):
                batch.append(one)
                rows += one.rows
                self._rows -= one.rows
                if rows >= self.model.max_batch:
                    break
            else:
                left.append(one)
        left.extend(self._queue)
        self._queue = left
        return batch

    def _answer(self, batch: list[_Waiting], outputs: Arrays | None, error: Exception | None) -> None:
        """Give each request its own rows."""
        if outputs is None and len(batch) > 1 and isinstance(error, RUN_ERRORS):
            self._one_by_one(batch)
            return
        start = 0
        for one in batch:
            stop = start + one.rows
            if not one.future.done():
                if outputs is None:
                    one.future.set_exception(_shown(error))
                else:
                    one.future.set_result({name: values[start:stop] for name, values in outputs.items()})
            start = stop

    def _one_by_one(self, alone: list[_Waiting]) -> None:
        """Repeat a failed call for each of its requests alone, off the event loop."""
        self._busy = True

        def repeat() -> list[tuple[Arrays | None, Exception | None]]:
            return [_attempt(self.model, one.arrays) for one in alone]

        def scatter(running: "asyncio.Future[list[tuple[Arrays | None, Exception | None]]]") -> None:
            self._busy = False
            for one, (outputs, error) in zip(alone, running.result(), strict=True):
                self._answer([one], outputs, error)
            self._wake()

        self._loop.run_in_executor(self._threads, repeat).add_done_callback(scatter)

    def _give_up(self, one: _Waiting) -> None:
        self._rows -= one.rows
        if not one.future.done():
            one.future.set_exception(TooLate(self.limits.deadline_s))

    def _expire_later(self) -> None:
        """While a call runs in a thread, requests behind it may pass their deadline."""
        if self._expiry is None:
            self._expiry = self._loop.call_later(min(0.25, self.limits.deadline_s), self._expire)

    def _expire(self) -> None:
        self._expiry = None
        now = self._loop.time()
        late = [one for one in self._queue if one.deadline < now]
        if late:
            self._queue = deque(one for one in self._queue if one.deadline >= now)
            for one in late:
                self._give_up(one)
        if self._busy:
            self._expire_later()


def _joined(batch: list[_Waiting]) -> Arrays:
    if len(batch) == 1:
        return batch[0].arrays
    return {name: np.concatenate([one.arrays[name] for one in batch]) for name in batch[0].arrays}


def _attempt(model: Model, arrays: Mapping[str, NDArray[Any]]) -> tuple[Arrays | None, Exception | None]:
    try:
        return model.run(arrays), None
    except Exception as error:  # noqa: BLE001 - it is handed to every request of the batch
        return None, error


def _shown(error: Exception | None) -> Exception:
    """A failed call as its caller sees it: values the model does not take are a mistake in the request."""
    if isinstance(error, VisualNNError):
        return error
    if isinstance(error, RUN_ERRORS):
        hint = "look for values outside the training data's range, such as unknown tokens"
        return RequestInvalid(problem("the model must accept the values", _reason(error), field="inputs", hint=hint))
    return error or RuntimeError("a model call gave nothing")


def _reason(error: Exception) -> str:
    """ONNX Runtime's last line, without the paths of its own source."""
    return str(error).strip().splitlines()[-1].split("Status Message: ")[-1][:200]
