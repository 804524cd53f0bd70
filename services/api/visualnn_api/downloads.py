"""Files as answers: whole or a range of bytes, with an ETag, streamed (RFC 9110, sections 13 and 14)."""

import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from anyio import to_thread
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from visualnn_shared.web import problem_response

from visualnn_api.conditional import none_match, quoted
from visualnn_api.errors import RangeNotSatisfiable

_CHUNK = 256 * 1024
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class File:
    """Something to download: ``open(start, length)`` gives a reader of those bytes."""

    name: str
    media_type: str
    size: int
    sha256: str
    open: Callable[[int, int], BinaryIO]


def file_at(path: Path, name: str, media_type: str) -> File:
    """A file on this machine; reads it once for its sha256."""
    with path.open("rb") as whole:
        sha256 = hashlib.file_digest(whole, "sha256").hexdigest()

    def reader(start: int, _length: int) -> BinaryIO:
        file = path.open("rb")
        file.seek(start)
        return file

    return File(name, media_type, path.stat().st_size, sha256, reader)


def asked_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, length) of a single satisfiable range; None where the whole file is the answer.

    Several ranges, other units and texts that are no range may be ignored by RFC 9110 (section 14.2), and are.
    Raises RangeNotSatisfiable.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
        if int(last) == 0 or size == 0:
            raise RangeNotSatisfiable(str(header), size)
        return start, end - start
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise RangeNotSatisfiable(str(header), size)
    return int(first), min(int(last) + 1 if last else size, size) - int(first)


class FileAnswer(StreamingResponse):
    """Closes ``held`` (readers, folders) once it is sent, also where the client went away before the first byte."""

    def __init__(
        self, held: AsyncExitStack, content: AsyncIterator[bytes], status: int, headers: dict[str, str], media_type: str
    ) -> None:
        super().__init__(content, status, headers, media_type)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            await super().__call__(scope, receive, send)


async def answer(request: Request, file: File, held: AsyncExitStack | None = None) -> Response:
    """The answer to GET or HEAD: 200, 206, 304 or 416; it closes ``held``. Raises ObjectMissing."""
    held = held or AsyncExitStack()
    headers = {
        "ETag": quoted(file.sha256),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
        "X-Content-Type-Options": "nosniff",
    }
    if none_match(request.headers.get("if-none-match"), file.sha256):
        return FileAnswer(held, _nothing(), 304, headers, file.media_type)
    try:
        part = _wanted_range(request, file)
    except RangeNotSatisfiable as error:
        await held.aclose()
        sizes = {"Content-Range": f"bytes */{file.size}", "ETag": quoted(file.sha256), "Accept-Ranges": "bytes"}
        return problem_response(error, sizes)
    start, length = part or (0, file.size)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{file.size}"
    headers["Content-Length"] = str(length)
    content = _nothing()
    if request.method != "HEAD":  # opened before the status is sent: a missing object is a 404
        reader = held.enter_context(closing(await to_thread.run_sync(file.open, start, length)))
        content = _chunks(reader, length)
    return FileAnswer(held, content, 200 if part is None else 206, headers, file.media_type)


def _wanted_range(request: Request, file: File) -> tuple[int, int] | None:
    """The range, unless the request is a HEAD or If-Range names other bytes than these."""
    if_range = request.headers.get("if-range")
    if request.method != "GET" or (if_range is not None and if_range.strip() != quoted(file.sha256)):
        return None
    return asked_range(request.headers.get("range"), file.size)


async def _chunks(reader: BinaryIO, length: int) -> AsyncIterator[bytes]:
    while length > 0:
        chunk = await to_thread.run_sync(reader.read, min(_CHUNK, length))
        if not chunk:
            return  # shorter than announced: the server breaks the connection, the client sees it
        length -= len(chunk)
        yield chunk


async def _nothing() -> AsyncIterator[bytes]:
    yield b""
