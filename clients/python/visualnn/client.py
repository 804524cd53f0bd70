"""The door of the SDK."""

import os
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from visualnn.resources.datasets import Datasets
from visualnn.resources.jobs import Jobs
from visualnn.resources.models import Models
from visualnn.resources.operators import Operators
from visualnn.transport import Retries, Transport

DEFAULT_URL = "http://127.0.0.1:8000"


class Client:
    """Calls one VisualNN server; use it as a context manager or ``close()`` it.

    ``url`` defaults to ``VISUALNN_URL``, else to ``http://127.0.0.1:8000``. Every call raises ``ApiError`` for an error
    answer (its ``problems`` say what is wrong and where) and ``ServerUnreachable`` when no server answers in time.

    >>> with Client() as client:
    ...     job = client.jobs.train("zoo:mnist-dnn", client.datasets.upload("mnist.npz"), epochs=5)
    ...     client.jobs.wait(job.id, on_event=print)
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        timeout_s: float = 60.0,
        retries: Retries = Retries(),  # noqa: B008 - frozen
    ) -> None:
        address = url or os.environ.get("VISUALNN_URL") or DEFAULT_URL
        self.transport = Transport(address, timeout_s=timeout_s, retries=retries)
        self.alone = False
        """The platform was started for this client: no other worker ever comes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.transport.close()

    @property
    def url(self) -> str:
        return self.transport.url

    @cached_property
    def models(self) -> Models:
        return Models(self.transport)

    @cached_property
    def datasets(self) -> Datasets:
        return Datasets(self.transport)

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.transport)

    @cached_property
    def operators(self) -> Operators:
        return Operators(self.transport)

    def layers(self) -> list[dict[str, Any]]:
        """The catalogue: every layer type with its params, ports and formats."""
        return _items(self.transport.get("/layers"))

    def formats(self) -> list[dict[str, Any]]:
        """The file formats the server reads and writes."""
        return _items(self.transport.get("/formats"))

    def zoo(self) -> list[dict[str, Any]]:
        """The built-in networks."""
        return _items(self.transport.get("/zoo"))


def _items(answer: Any) -> list[dict[str, Any]]:
    return list(answer["items"] if isinstance(answer, dict) else answer)
