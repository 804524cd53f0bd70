"""Uploads that go on where they broke off, as the protocol tus 1.0.0 has it; what has come lies in the object store.

``uploads/{id}/info`` is what was announced, ``uploads/{id}/parts/{offset}`` what came at an offset. So any gateway can
go on with an upload, also after a restart.
"""

import base64
import binascii
import json
import re
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import Request
from starlette.requests import ClientDisconnect
from visualnn_shared.errors import Conflict, Invalid, NotFound, TooLarge
from visualnn_shared.ids import new_id
from visualnn_shared.objects import ObjectMissing, ObjectStore
from visualnn_shared.spec.problem import problem

from visualnn_api import storing
from visualnn_api.parts import Parts
from visualnn_api.settings import ApiSettings
from visualnn_api.uploads import Upload

KEPT_S = 24 * 3600
"""How long an upload that nobody finishes is kept."""
_ROOT = "uploads/"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Info:
    """An upload as announced."""

    id: str
    owner: str
    length: int
    filename: str
    began: float


def begin(objects: ObjectStore, owner: str, length: int, filename: str) -> Info:
    """A new upload; those that nobody finished in a day are removed."""
    _sweep(objects)
    info = Info(new_id("upload"), owner, length, filename, time.time())
    told = {"owner": owner, "length": length, "filename": filename, "began": info.began}
    objects.put(f"{_ROOT}{info.id}/info", json.dumps(told).encode())
    return info


def find(objects: ObjectStore, owner: str, upload_id: str) -> Info:
    """Raises NotFound, also for another owner's upload."""
    try:
        told = json.loads(objects.get(f"{_ROOT}{upload_id}/info"))
    except ObjectMissing:
        raise NotFound("upload", upload_id) from None
    if told["owner"] != owner:
        raise NotFound("upload", upload_id)
    return Info(upload_id, **told)


def offset(objects: ObjectStore, upload_id: str) -> int:
    """How many bytes have come, from the first one on without a gap."""
    return sum(size for _key, size in _parts(objects, upload_id))


def _parts(objects: ObjectStore, upload_id: str) -> list[tuple[str, int]]:
    """Key and size of the parts that follow each other; ordered by key, which is by offset."""
    found, at = [], 0
    for one in objects.list(f"{_ROOT}{upload_id}/parts/"):
        if int(one.key.rpartition("/")[2]) == at:
            found.append((one.key, one.size))
            at += one.size
    return found


async def append(request: Request, parts: Parts, info: Info, at: int) -> int:
    """Take the body as what comes at offset ``at``; the new offset. What has come before a break is kept.

    Raises Conflict where ``at`` is not the offset, TooLarge where more comes than was announced.
    """
    known = await to_thread.run_sync(offset, parts.objects, info.id)
    if at != known:
        raise Conflict(f"Upload-Offset must be {known}, where the upload is", at)
    with tempfile.TemporaryDirectory(prefix="visualnn-", dir=parts.settings.spool_dir or None) as folder:
        path = Path(folder) / "part"
        size = await _receive(request, path, info.length - at)
        if size:
            key = f"{_ROOT}{info.id}/parts/{at:020d}"
            await to_thread.run_sync(parts.objects.put_file, key, path)
    return at + size


async def _receive(request: Request, path: Path, most: int) -> int:
    size, waiting = 0, bytearray()
    with path.open("wb") as file:
        try:
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise TooLarge("the rest of the upload (bytes)", most, "more")
                waiting += piece
                if len(waiting) >= _PIECE:
                    block, waiting = bytes(waiting), bytearray()
                    await to_thread.run_sync(file.write, block)
        except ClientDisconnect:
            size = min(size, most)
        file.write(waiting)
    return size


@asynccontextmanager
async def finished(parts: Parts, owner: str, upload_id: str) -> AsyncIterator[Upload]:
    """The whole file, gone after the block. Raises NotFound, and Conflict where some of it has not come."""
    info = await to_thread.run_sync(find, parts.objects, owner, upload_id)
    known = await to_thread.run_sync(_parts, parts.objects, upload_id)
    have = sum(size for _key, size in known)
    if have != info.length:
        raise Conflict(f"an upload must be complete ({info.length:,} bytes)", f"{have:,} bytes")
    with tempfile.TemporaryDirectory(prefix="visualnn-", dir=parts.settings.spool_dir or None) as folder:
        path = Path(folder) / "whole"

        def join() -> Upload:
            with path.open("wb") as whole:
                for key, _size in known:
                    with parts.objects.open(key) as part:
                        while block := part.read(_PIECE):
                            whole.write(block)
            return storing.received(path, info.filename)

        yield await to_thread.run_sync(join)


def remove(objects: ObjectStore, upload_id: str) -> None:
    """Forget an upload and what has come of it."""
    for one in list(objects.list(f"{_ROOT}{upload_id}/")):
        objects.delete(one.key)


def _sweep(objects: ObjectStore) -> None:
    for one in list(objects.list(_ROOT)):
        if one.key.endswith("/info"):
            upload_id = one.key.split("/")[1]
            try:
                old = json.loads(objects.get(one.key))["began"] < time.time() - KEPT_S
            except ObjectMissing:
                continue
            if old:
                remove(objects, upload_id)


def announced(headers: Any, settings: ApiSettings) -> tuple[int, str]:
    """Length and file name that the headers of a creation give. Raises Invalid, TooLarge."""
    length = headers.get("upload-length", "")
    if not re.fullmatch(r"\d{1,15}", length):
        raise _wrong("Upload-Length must be the file's size in bytes", length or None, "Upload-Length")
    if int(length) > settings.max_dataset_bytes:
        raise TooLarge("the uploaded file (bytes)", settings.max_dataset_bytes, int(length))
    return int(length), _filename(headers.get("upload-metadata", ""))


def _filename(metadata: str) -> str:
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key in ("filename", "name"):
            try:
                name = base64.b64decode(value, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                raise _wrong("Upload-Metadata must be base64 of UTF-8", value[:80], "Upload-Metadata") from None
            return re.sub(r"[\x00-\x1f\x7f]", "", name).replace("\\", "/").rpartition("/")[2][:200]
    return ""


def number(text: str | None, name: str) -> int:
    """A header that is a whole number. Raises Invalid."""
    if text is None or not re.fullmatch(r"\d{1,15}", text):
        raise _wrong(f"{name} must be a whole number", text, name)
    return int(text)


def _wrong(rule: str, received: Any, field: str) -> Invalid:
    return Invalid("the request", [problem(rule, received, field=field)])
