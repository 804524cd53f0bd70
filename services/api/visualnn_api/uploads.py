"""Multipart uploads, streamed to a folder of their own while their sha256 is taken; nothing large is in memory."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from visualnn_shared.errors import Invalid, TooLarge
from visualnn_shared.spec.problem import Problem, problem

from visualnn_api.bodies import content_type
from visualnn_api.errors import Malformed, UnsupportedMedia

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_FLUSH_AT = 1024 * 1024
_MAX_FIELD = 64 * 1024
_MAX_PARTS = 32
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Upload:
    """A received file."""

    path: Path
    filename: str
    """What the sender called it, for show and for guessing its format; never used as a path."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Form:
    files: dict[str, Upload]
    fields: dict[str, str]
    more: dict[str, list[Upload]] = field(default_factory=dict)
    """Every file of a part that may come several times."""


@asynccontextmanager
async def receive_form(
    request: Request,
    *,
    spool_dir: str,
    files: Collection[str],
    fields: Collection[str],
    max_bytes: int,
    several: Collection[str] = (),
) -> AsyncIterator[Form]:
    """The form in the request's body; its files are gone after the block.

    ``files`` and ``fields`` name the parts that may come; the part ``file`` must. Those in ``several`` may come more
    than once. Raises UnsupportedMedia, Malformed,
    TooLarge (a file of more than ``max_bytes``), and Invalid with every unknown, repeated or missing part.
    """
    if content_type(request) != "multipart/form-data":
        raise UnsupportedMedia("multipart/form-data", request.headers.get("content-type", ""))
    folder = Path(await to_thread.run_sync(lambda: tempfile.mkdtemp(prefix="visualnn-", dir=spool_dir or None)))
    try:
        receiver = _Receiver(folder, frozenset(files), frozenset(fields), max_bytes, frozenset(several))
        yield await receiver.receive(request)
    finally:
        await to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))


@dataclass(slots=True)
class _Part:
    """A part of the form as it arrives; ``out`` is open for files only."""

    headers: dict[str, bytes] = field(default_factory=dict)
    name: str = ""
    filename: str | None = None
    data: bytearray = field(default_factory=bytearray)
    out: IO[bytes] | None = None
    path: Path = Path()
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


class _Receiver:
    def __init__(
        self,
        folder: Path,
        files: frozenset[str],
        fields: frozenset[str],
        max_bytes: int,
        several: frozenset[str] = frozenset(),
    ) -> None:
        self._folder, self._files, self._fields, self._max_bytes = folder, files, fields, max_bytes
        self._several = several
        self._parts: list[_Part] = []
        self._header = bytearray()
        self._value = bytearray()
        self._problems: list[Problem] = []
        self._ended = False

    async def receive(self, request: Request) -> Form:
        _, options = parse_options_header(request.headers["content-type"])
        boundary = options.get(b"boundary")
        if not boundary:
            raise Malformed([problem("Content-Type multipart/form-data must name its boundary", None)])
        try:
            parser = MultipartParser(boundary, self._callbacks())
            async for chunk in request.stream():
                parser.write(chunk)
                await self._flush(_FLUSH_AT)
            parser.finalize()
        except FormParserError as error:
            raise Malformed([problem("the body must be a well-formed multipart form", str(error)[:200])]) from None
        finally:
            await self._flush(0)
            for part in self._parts:
                if part.out is not None:
                    part.out.close()
        if not self._ended:
            raise Malformed([problem("the body must be a complete multipart form", "its end is missing")])
        return self._form()

    def _form(self) -> Form:
        if not any(part.name == "file" for part in self._parts):
            self._problems.append(problem("the form must have the part 'file'", None, field="file"))
        names = [part.name for part in self._parts if part.name not in self._several]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._problems.append(problem(f"the part {name!r} must come once", names.count(name), field=name))
        fields = {part.name: self._text(part) for part in self._parts if part.name in self._fields}
        if self._problems:
            raise Invalid("the form", self._problems)
        uploads: dict[str, Upload] = {}
        more: dict[str, list[Upload]] = {}
        for part in self._parts:
            if part.out is not None:
                upload = Upload(part.path, part.filename or "", part.size, part.digest.hexdigest())
                uploads.setdefault(part.name, upload)
                more.setdefault(part.name, []).append(upload)
        return Form(uploads, fields, more)

    def _text(self, part: _Part) -> str:
        text = part.data.decode("utf-8", "replace").strip()
        if "\ufffd" in text or "\0" in text:
            self._problems.append(
                problem(f"{part.name} must be UTF-8 text without NUL", ascii(text[:80]), field=part.name)
            )
        return text

    async def _flush(self, at: int) -> None:
        """Write what has come of each file, off the event loop, once it is worth it."""
        for part in self._parts:
            if part.out is not None and len(part.data) > at:
                data, part.data = bytes(part.data), bytearray()
                await to_thread.run_sync(_write, part, data)

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_end": self._on_end,
        }

    def _on_part_begin(self) -> None:
        if len(self._parts) >= _MAX_PARTS:
            raise Malformed([problem(f"a form must have at most {_MAX_PARTS} parts", "more")])
        self._parts.append(_Part())

    def _on_header_end(self) -> None:
        self._parts[-1].headers[self._header.decode("latin-1").lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _on_headers_finished(self) -> None:
        part = self._parts[-1]
        _, options = parse_options_header(part.headers.get("content-disposition", b""))
        part.name = _clean(options.get(b"name", b""))
        filename = options.get(b"filename")
        part.filename = None if filename is None else _last_step(_clean(filename))
        if part.name in self._files:
            part.path = self._folder / f"part-{len(self._parts)}"
            part.out = part.path.open("wb")
        elif part.name not in self._fields:
            known = ", ".join(sorted(self._files | self._fields))
            self._problems.append(problem(f"a part of the form must be one of {known}", part.name, field=part.name))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._parts[-1]
        if part.out is None and part.name not in self._fields:
            return
        part.data += data[start:end]
        part.size += end - start
        if part.out is None and part.size > _MAX_FIELD:
            raise TooLarge(f"the form field {part.name} (bytes)", _MAX_FIELD, "more")
        if sum(one.size for one in self._parts if one.out is not None) > self._max_bytes:
            raise TooLarge(f"the uploaded {part.name} (bytes)", self._max_bytes, "more")

    def _on_end(self) -> None:
        self._ended = True


def _write(part: _Part, data: bytes) -> None:
    assert part.out is not None
    part.out.write(data)
    part.digest.update(data)


def _clean(raw: bytes) -> str:
    """A sender's name for a part or file, without control characters."""
    return _CONTROL.sub("", raw.decode("utf-8", "replace"))[:200]


def _last_step(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
