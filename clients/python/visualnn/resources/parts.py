"""Large files in parts (the protocol tus): what a broken connection interrupts goes on where it was."""

import base64
from pathlib import Path

import httpx

from visualnn.errors import ApiError
from visualnn.transport import Transport

LARGE = 16 * 2**20
"""Bytes from which a file goes in parts."""
PART = 16 * 2**20
_TUS = {"Tus-Resumable": "1.0.0"}
_ELSEWHERE = 409


def send_in_parts(transport: Transport, path: Path, part: int = PART) -> str:
    """The id of the finished upload. Raises ``ApiError``, ``ServerUnreachable``, ``OSError``."""
    size = path.stat().st_size
    name = base64.b64encode(path.name.encode()).decode()
    headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
    location = transport.answer("POST", "/uploads", headers=headers).headers["Location"]
    upload = str(location).rpartition("/")[2]
    at, failed = 0, 0
    with path.open("rb") as file:
        while at < size:
            file.seek(at)
            try:
                at = _send(transport, upload, at, file.read(part))
                failed = 0
            except (httpx.TransportError, ApiError) as error:
                failed += 1
                if not (isinstance(error, ApiError) and error.status == _ELSEWHERE):
                    transport.give_up(failed, error)
                transport.pause(failed)
                at = int(transport.answer("HEAD", f"/uploads/{upload}", headers=_TUS).headers["Upload-Offset"])
    return upload


def _send(transport: Transport, upload: str, at: int, data: bytes) -> int:
    headers = {**_TUS, "Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
    answer = transport.once("PATCH", f"/uploads/{upload}", headers=headers, content=data)
    return int(answer.headers["Upload-Offset"])
