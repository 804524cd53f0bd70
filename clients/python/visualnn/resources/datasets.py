"""Data sets: stored samples."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from visualnn.records import Dataset
from visualnn.resources.paging import pages
from visualnn.transport import Transport


class Datasets:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, path: str | Path, *, name: str | None = None, format: str | None = None) -> Dataset:
        """Store an npz or csv file; the same content under the same name again is the same data set.

        Raises ``ApiError`` 422 with every problem of the file, ``OSError`` where it cannot be read.
        """
        path = Path(path)
        form = {key: value for key, value in (("name", name), ("format", format)) if value}
        with ExitStack() as opened:

            def files() -> dict[str, Any]:
                return {"file": (path.name, opened.enter_context(path.open("rb")), "application/octet-stream")}

            answer = self._transport.json("POST", "/datasets", files=files, form=form or None, safe=True)
        return Dataset.model_validate(answer)

    def list(self) -> Iterator[Dataset]:
        return pages(self._transport, "/datasets", Dataset)

    def get(self, dataset: str) -> Dataset:
        return Dataset.model_validate(self._transport.get(f"/datasets/{dataset}"))
