"""Jobs: work that the server does in its own time."""

import builtins
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from visualnn.download import download
from visualnn.errors import ApiError, JobCancelled, JobFailed
from visualnn.records import Artifact, Dataset, Download, Event, Job, Model
from visualnn.resources.paging import pages
from visualnn.sse import parse
from visualnn.transport import Transport

OnEvent = Callable[[Event], None]
_WAIT_S = 15.0
_SILENCE_S = 60.0
"""A stream that says nothing for so long, not even a comment, is opened anew."""


class Jobs:
    """In ``params`` what is left out is the server's default; None is sent as JSON's null.

    Each kind takes ``priority``, -100 to 100 (the highest goes first), and ``idempotency_key``: the same key with the
    same request is the same job.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(self, kind: str, *, idempotency_key: str | None = None, **body: Any) -> Job:
        """``POST /jobs``. Without a key a fresh one is made, so that a repeated request is still one job.

        Of ``body`` (model, dataset, params, priority) what is None is left out.
        """
        given = _set(body)
        key = idempotency_key or str(uuid.uuid4())
        answer = self._transport.json("POST", "/jobs", body={"kind": kind, **given}, headers={"Idempotency-Key": key})
        return Job.model_validate(answer)

    def train(
        self,
        model: Model | str,
        dataset: Dataset | str,
        *,
        idempotency_key: str | None = None,
        priority: int | None = None,
        **params: Any,
    ) -> Job:
        """Queue a training. ``params``: epochs, batch_size, optimizer, loss, metrics, learning_rate,
        validation_split, seed, time_limit_s, memory_limit_mb, ...; what is left out is chosen and told in
        ``job.chosen``.

        ``model`` may be a stored model, its id, ``id@version`` or ``zoo:NAME``. Raises ``ApiError`` 422 with every
        problem of the params, and with every way in which the data set does not fit the model.
        """
        return self.submit(
            "train", idempotency_key=idempotency_key, model=_id(model), dataset=_id(dataset), params=params,
            priority=priority,
        )  # fmt: skip

    def dqn(
        self,
        model: Model | str,
        environment: str,
        *,
        idempotency_key: str | None = None,
        priority: int | None = None,
        **params: Any,
    ) -> Job:
        """Queue deep Q-learning in an environment of gymnasium, such as ``CartPole-v1``. ``params``: steps, double,
        learning_rate, discount, replay_size, seed, ... It leaves weights as a training does, ``returns.json`` and
        ``returns.png``. Raises ``ApiError`` 422 with every way in which the model does not fit the environment.
        """
        given = {"environment": environment, **params}
        return self.submit("dqn", idempotency_key=idempotency_key, model=_id(model), params=given, priority=priority)

    def evaluate(
        self,
        job: Job | str,
        dataset: Dataset | str,
        *,
        idempotency_key: str | None = None,
        priority: int | None = None,
        **params: Any,
    ) -> Job:
        """Queue an evaluation of a train job's weights on a data set."""
        return self.submit(
            "evaluate", idempotency_key=idempotency_key, priority=priority, dataset=_id(dataset),
            params={"job": _id(job), **params},
        )  # fmt: skip

    def predict(
        self,
        job: Job | str,
        dataset: Dataset | str,
        *,
        idempotency_key: str | None = None,
        priority: int | None = None,
        **params: Any,
    ) -> Job:
        """Queue predictions of a train job's weights for a whole data set."""
        return self.submit(
            "predict", idempotency_key=idempotency_key, priority=priority, dataset=_id(dataset),
            params={"job": _id(job), **params},
        )  # fmt: skip

    def export(
        self,
        job: Job | str,
        *,
        idempotency_key: str | None = None,
        priority: int | None = None,
        **params: Any,
    ) -> Job:
        """Queue an export of a train job's weights: its file is ``model.savedmodel.zip``, TensorFlow's SavedModel."""
        return self.submit(
            "export", idempotency_key=idempotency_key, priority=priority, params={"job": _id(job), **params},
        )  # fmt: skip

    def check(
        self,
        model: Model | str,
        dataset: Dataset | str,
        *,
        idempotency_key: str | None = None,
        priority: int | None = None,
        **params: Any,
    ) -> Job:
        """Queue a check: is the model, with its loss and this data, fit to be trained? It leaves ``check.json``."""
        return self.submit(
            "check", idempotency_key=idempotency_key, priority=priority, model=_id(model),
            dataset=_id(dataset), params=params,
        )  # fmt: skip

    def tune(
        self,
        model: Model | str,
        dataset: Dataset | str,
        space: dict[str, dict[str, Any]],
        *,
        recipe: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
        priority: int | None = None,
        **params: Any,
    ) -> Job:
        """Queue a search: trials are trainings of the recipe with values from ``space``, such as
        ``{"params.learning_rate": {"type": "float", "low": 1e-4, "high": 0.1, "log": True}}``.

        ``params``: trials, parallel, search, pruner, monitor, seed, ... It leaves ``trials.json`` and pictures. Raises
        ``ApiError`` 422 with every problem of recipe and space.
        """
        given = {"space": space, **_set({"recipe": recipe}), **params}
        return self.submit(
            "tune", idempotency_key=idempotency_key, priority=priority, model=_id(model), dataset=_id(dataset),
            params=given,
        )  # fmt: skip

    def ensemble(
        self,
        model: Model | str | None = None,
        dataset: Dataset | str | None = None,
        *,
        idempotency_key: str | None = None,
        priority: int | None = None,
        **params: Any,
    ) -> Job:
        """Queue an ensemble: trainings of the model with several seeds, snapshots of one, the average of its weights
        (``method``: seeds, snapshots, average), or jobs that are there, which bring model and data set (top_k with
        ``tune``, jobs with ``jobs``).

        ``params``: members, recipe, epochs, monitor, parallel, ... The one network is the job's weights, as a
        training's are; it leaves ``ensemble.json`` and ``gain.png``. Raises ``ApiError`` 422 with every problem.
        """
        given = {name: _id(one) for name, one in (("model", model), ("dataset", dataset)) if one is not None}
        return self.submit("ensemble", idempotency_key=idempotency_key, priority=priority, params=params, **given)

    def members(self, job: Job | str) -> dict[str, Any]:
        """What an ensemble is made of and, once it is done, what it gained: {"trainings", "report", ...}."""
        return dict(self._transport.get(f"/jobs/{_id(job)}/members"))

    def trials(self, job: Job | str) -> dict[str, Any]:
        """What a tune job has tried so far: {"monitor", "best", "warnings", "trials", ...}."""
        return dict(self._transport.get(f"/jobs/{_id(job)}/trials"))

    def json(self, job: str, name: str) -> Any:
        """A file of the job's result that is JSON, such as ``check.json`` or ``history.json``."""
        return self._transport.get(f"/jobs/{job}/artifacts/{name}")

    def list(self, **filters: Any) -> Iterator[Job]:
        return pages(self._transport, "/jobs", Job, **filters)

    def get(self, job: str) -> Job:
        return Job.model_validate(self._transport.get(f"/jobs/{job}"))

    def cancel(self, job: str, *, wait_s: float = 0) -> Job:
        """Ask for the end of a job; a running one is cancelled when its process is gone, for which ``wait_s`` waits.

        Raises ``ApiError`` 409 where it has ended.
        """
        until = time.monotonic() + wait_s
        while True:  # in short requests, which no proxy cuts
            rest = max(until - time.monotonic(), 0)
            path = f"/jobs/{job}/cancel?wait_s={min(rest, _WAIT_S):.1f}"
            found = Job.model_validate(self._transport.json("POST", path, safe=True))
            if found.final or rest <= 0:
                return found

    def delete(self, job: str) -> None:
        """Delete a job that has ended, with its result. Raises ``ApiError`` 409 where it has not."""
        self._transport.json("DELETE", f"/jobs/{job}", safe=True)

    def freed(self, job: str) -> dict[str, int]:
        """What the end of a cancelled job gave back, in MiB: memory_mb, device_memory_mb where there is a device."""
        told = [event.data["freed"] for event in self.events(job) if event.kind == "state" and event.data.get("freed")]
        return dict(told[-1]) if told else {}

    def resume(self, job: str) -> Job:
        """Queue a failed or cancelled job again; it goes on from its last checkpoint."""
        return Job.model_validate(self._transport.json("POST", f"/jobs/{job}/resume", safe=True))

    def reproduce(self, job: str) -> Job:
        """Queue the same training again; ``reproduction`` of the new job compares the two."""
        return Job.model_validate(self._transport.json("POST", f"/jobs/{job}/reproduce"))

    def reproduction(self, job: str) -> dict[str, Any]:
        """How a repetition ended beside the first time: {"verdict", "conditions", "results", ...}."""
        return dict(self._transport.get(f"/jobs/{job}/reproduction"))

    def events(self, job: str, *, after: int = 0) -> Iterator[Event]:
        """Everything the job says, from event ``after`` on, until it has ended. Broken streams are taken up again."""
        failed = 0
        while True:
            try:
                for event in self._stream(job, after):
                    after, failed = event.id, 0
                    yield event
                if self.get(job).final:
                    return
            except (httpx.TransportError, ApiError) as error:
                failed += 1
                self._transport.give_up(failed, error)
            self._transport.pause(failed)

    def wait(self, job: str, *, on_event: OnEvent | None = None, check: bool = True) -> Job:
        """The job when it has ended. Raises ``JobFailed`` or ``JobCancelled``, unless ``check`` is false."""
        for event in self.events(job):
            if on_event is not None:
                on_event(event)
        ended = self.get(job)
        if check and ended.state == "failed":
            raise JobFailed(job, ended.error or {})
        if check and ended.state == "cancelled":
            raise JobCancelled(job)
        return ended

    def weights(self, job: str, path: str | Path, *, format: str = "safetensors") -> Download:
        """Fetch the trained weights into ``path``; resumed after a broken connection, and checked by sha256."""
        return download(self._transport, f"/jobs/{job}/weights", Path(path), format=format)

    def artifacts(self, job: str) -> builtins.list[Artifact]:
        """The files that a succeeded job has left; none before."""
        return [Artifact.model_validate(one) for one in self._transport.get(f"/jobs/{job}/artifacts")["items"]]

    def artifact(self, job: str, name: str, path: str | Path) -> Download:
        """Fetch another file of the job's result, such as ``predictions.npz``."""
        return download(self._transport, f"/jobs/{job}/artifacts/{name}", Path(path))

    def _stream(self, job: str, after: int) -> Iterator[Event]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        with self._transport.stream(f"/jobs/{job}/events", headers=headers, silence_s=_SILENCE_S) as answer:
            yield from parse(answer.iter_lines())


def _id(thing: Any) -> Any:
    return thing if isinstance(thing, str) else thing.id


def _set(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
