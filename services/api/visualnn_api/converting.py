"""Conversions, done by the converter: reading a file into a spec, writing a spec (with weights) into a file."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from anyio import to_thread
from visualnn_shared.errors import Unavailable
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import canonical_json, read_spec
from visualnn_shared.training.weights import WEIGHTS

from visualnn_api.downloads import File, file_at
from visualnn_api.uploads import Upload
from visualnn_api.upstream import Upstream

REPORT = "report.json"
_MEDIA_TYPES = {".json": "application/json", ".prototxt": "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """A converted file, with the report of how it was made."""

    bundle: Path
    """A zip of the file and its report."""
    path: Path
    """The file alone."""
    report: dict[str, Any]

    def file(self) -> File:
        """The converted file alone, to download."""
        name = str(self.report["file"])
        return file_at(self.path, name, _MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream"))

    def bundle_file(self) -> File:
        """The zip with the report, to download."""
        return file_at(self.bundle, f"{Path(self.report['file']).stem}.zip", "application/zip")


async def read_model(converter: Upstream, upload: Upload, given: Mapping[str, str]) -> tuple[Spec, dict[str, Any]]:
    """The spec in an uploaded file, and where it came from; ``given`` may hold ``format`` and ``input_shape``.

    Raises Refused with every obstacle.
    """
    fields = {"filename": upload.filename} | {name: given[name] for name in ("format", "input_shape") if name in given}
    with await to_thread.run_sync(upload.path.open, "rb") as file:
        async with converter.stream(
            "POST", "/read", data=fields, files={"file": (upload.filename or "model", file)}
        ) as answer:
            body = json.loads(await answer.aread())
    origin = {"format": body["format"], "filename": upload.filename, "report": body["report"]}
    return read_spec(body["spec"]), origin


@asynccontextmanager
async def convert(
    converter: Upstream,
    *,
    target: str,
    spool_dir: str,
    spec: Spec | None = None,
    upload: Upload | None = None,
    given: Mapping[str, str] = MappingProxyType({}),
    weights: Path | None = None,
    samples: Path | None = None,
) -> AsyncIterator[Conversion]:
    """``spec``, or the uploaded file, in the format ``target``; the files are gone after the block.

    Of a file, ``given`` may hold ``source``, its format, ``input_shape``, and how to rewrite and verify; ``samples``
    are inputs to verify with.

    Raises Refused with every obstacle, Unavailable where the converter does not answer.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visualnn-", dir=spool_dir or None)))
        files: dict[str, Any] = {}
        if upload is not None:
            content: Any = stack.enter_context(upload.path.open("rb"))
            files["file"] = (upload.filename or "model", content)
        else:
            assert spec is not None
            files["file"] = ("spec.json", canonical_json(spec))
            given = {"source": "native", "filename": spec.name.replace(".", "-").replace("/", "-")}
        if weights is not None:
            files["weights"] = (WEIGHTS, stack.enter_context(weights.open("rb")))
        if samples is not None:
            files["samples"] = ("samples", stack.enter_context(samples.open("rb")))
        fields = {"target": target, **({"filename": upload.filename} if upload else {}), **given}
        bundle = folder / "bundle.zip"
        async with converter.stream("POST", "/convert", data=fields, files=files) as answer:
            await _save(answer, bundle)
        yield await to_thread.run_sync(_opened, bundle)


async def _save(answer: httpx.Response, path: Path) -> None:
    with path.open("wb") as file:
        async for chunk in answer.aiter_bytes(1024 * 1024):
            await to_thread.run_sync(file.write, chunk)


def _opened(bundle: Path) -> Conversion:
    target = bundle.with_name("converted")
    try:
        with zipfile.ZipFile(bundle) as members:
            report = json.loads(members.read(REPORT))
            with members.open(report["file"]) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Unavailable("the converter", f"an unreadable bundle ({error})") from error
    return Conversion(bundle, target, report)
