"""Data sets: stored samples."""

import builtins
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from visualnn.records import Dataset
from visualnn.resources.paging import pages
from visualnn.resources.parts import LARGE, send_in_parts
from visualnn.transport import Transport

_PATIENCE_S = 600.0
"""A large file is looked through, a known one fetched, before the answer."""


class Datasets:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(
        self,
        path: str | Path,
        *more: str | Path,
        name: str | None = None,
        format: str | None = None,
        picture_size: str | None = None,
    ) -> Dataset:
        """Store a file of samples; the same content under the same name again is the same data set.

        Several files (``x_train.npy``, ``y_train.npy``) make one data set. A large file goes in parts, so that a broken
        connection costs one of them. Raises ``ApiError`` 422 with every problem, ``OSError`` where it cannot be read.
        """
        paths = [Path(path), *map(Path, more)]
        given = {"name": name, "format": format, "picture_size": picture_size}
        form = {key: value for key, value in given.items() if value}
        if len(paths) == 1 and paths[0].stat().st_size > LARGE:
            return self._stored({"upload": send_in_parts(self._transport, paths[0]), **form})
        with ExitStack() as opened:

            def files() -> Any:
                return [
                    ("file", (one.name, opened.enter_context(one.open("rb")), "application/octet-stream"))
                    for one in paths
                ]

            answer = self._transport.json(
                "POST", "/datasets", files=files, form=form or None, safe=True, timeout_s=_PATIENCE_S
            )
        return Dataset.model_validate(answer)

    def known(self, name: str) -> Dataset:
        """The data set that is known by this name, such as ``digits``; made or fetched where it is new."""
        return self._stored({"known": name})

    def _stored(self, body: dict[str, Any]) -> Dataset:
        answer = self._transport.json("POST", "/datasets", body=body, safe=True, timeout_s=_PATIENCE_S)
        return Dataset.model_validate(answer)

    def quality(self, dataset: str) -> dict[str, Any]:
        """Balance of classes, statistics, and what is odd: ``classes``, ``columns``, ``oddities``."""
        found: dict[str, Any] = self._transport.json("GET", f"/datasets/{dataset}/quality", timeout_s=_PATIENCE_S)
        return found

    def picture(self, dataset: str, *, split: str = "train", offset: int = 0, count: int = 48) -> bytes:
        """A PNG of samples with their labels."""
        params = {"split": split, "offset": offset, "count": count}
        with self._transport.stream(f"/datasets/{dataset}/samples.png", params=params) as answer:
            return answer.read()

    def divide(
        self, dataset: str, *, test: float = 0.2, seed: int = 0, stratify: bool = False, name: str | None = None
    ) -> Dataset:
        """A new data set of the same samples in a training and a test split."""
        body = {"test": test, "seed": seed, "stratify": stratify, **({"name": name} if name else {})}
        answer = self._transport.json("POST", f"/datasets/{dataset}/split", body=body, safe=True, timeout_s=_PATIENCE_S)
        return Dataset.model_validate(answer)

    def list_known(self) -> "builtins.list[dict[str, Any]]":
        """Every data set that is known by name: ``name``, ``title``, ``available``, ..."""
        found: builtins.list[dict[str, Any]] = self._transport.get("/datasets/known")
        return found

    def list(self) -> Iterator[Dataset]:
        return pages(self._transport, "/datasets", Dataset)

    def get(self, dataset: str) -> Dataset:
        return Dataset.model_validate(self._transport.get(f"/datasets/{dataset}"))

    def delete(self, dataset: str) -> None:
        """Delete a data set and its samples. Raises ``ApiError`` 409 while a job that has not ended uses it."""
        self._transport.json("DELETE", f"/datasets/{dataset}", safe=True)
