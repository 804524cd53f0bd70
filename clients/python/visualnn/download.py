"""Files from the server: resumed where they broke off, checked, and only then given their name."""

import hashlib
from pathlib import Path

import httpx

from visualnn.errors import ApiError, DownloadDamaged
from visualnn.records import Download
from visualnn.transport import Transport


def download(transport: Transport, path: str, target: Path, **params: str | None) -> Download:
    """``GET path`` into the file ``target``.

    What a broken connection, or an earlier call, left in ``target.part`` is completed with a range request; the
    server's ETag is the sha256 that the whole file must have. Raises ``DownloadDamaged``.
    """
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    tried, damaged = 0, False
    while True:
        try:
            expected = _fetch(transport, path, part, params)
        except (httpx.TransportError, ApiError) as error:
            tried += 1
            transport.give_up(tried, error)
            transport.pause(tried)
            continue
        received = _sha256(part)
        if expected in (None, received):
            part.replace(target)
            return Download(path=str(target), size=target.stat().st_size, sha256=received)
        part.unlink()
        if damaged:
            raise DownloadDamaged(path, str(expected), received)
        damaged = True  # what was there before may have been of another file: once more, from the start


def _fetch(transport: Transport, path: str, part: Path, params: dict[str, str | None]) -> str | None:
    """Fetch what ``part`` still lacks; the sha256 the server promises, where it does."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with transport.stream(path, params=params, headers=headers, accept=(416,)) as answer:
        expected = _etag(answer)
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return expected or ""  # complete already, or longer than the file: the sha256 tells
        mode = "ab" if answer.status_code == httpx.codes.PARTIAL_CONTENT else "wb"
        with part.open(mode) as file:
            for piece in answer.iter_raw():  # what is gathered into larger pieces is lost with the connection
                file.write(piece)
    return expected


def _etag(answer: httpx.Response) -> str | None:
    value = answer.headers.get("ETag", "").removeprefix("W/").strip('"')
    return value if len(value) == 64 else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
