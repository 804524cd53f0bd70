"""The built editor on disk: its files, how they are cached, and what a browser may do with them."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fastapi import Request, Response

_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Scripts, styles, workers, fonts and connections come from this server only; nothing inline."""
_RUNTIME = "onnx.worker-"
_RUNTIME_POLICY = f"{_POLICY}; script-src 'self' 'wasm-unsafe-eval'"
"""Of the worker that runs operators in the tab, which is WebAssembly: a worker has the policy of its own file, so that
the page itself may still compile none."""

_FOREVER = "public, max-age=31536000, immutable"
_MEDIA_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
_PACKED = (".html", ".js", ".css", ".svg", ".json", ".wasm")


@dataclass(frozen=True)
class BuiltFile:
    """A file of the build; its bytes are read once."""

    path: Path

    @cached_property
    def content(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def packed(self) -> bytes | None:
        """With gzip, where that helps."""
        return gzip.compress(self.content, 9, mtime=0) if self.path.suffix in _PACKED else None


class Editor:
    """The editor in a folder, as it was when it was first asked for; a new build is seen by its index's time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built = 0
        self._files: dict[str, BuiltFile] = {}

    def file(self, name: str) -> BuiltFile | None:
        """A file of the build by its path in it; None where there is none. Only listed files are ever read."""
        index = self._folder / "index.html"
        built = index.stat().st_mtime_ns if index.is_file() else 0
        if built != self._built:
            found = (path for path in self._folder.rglob("*") if path.is_file()) if built else ()
            self._files = {path.relative_to(self._folder).as_posix(): BuiltFile(path) for path in found}
            self._built = built
        return self._files.get(name)


def default_folder() -> Path:
    """Where `make setup` builds the editor."""
    return Path(__file__).resolve().parents[2] / "web" / "dist"


def answer(request: Request, file: BuiltFile, *, hashed: bool) -> Response:
    """The file, packed for clients that take that; ``hashed`` names never change their content."""
    headers = SECURITY | {"Cache-Control": _FOREVER if hashed else "no-cache", "Vary": "Accept-Encoding"}
    if file.path.name.startswith(_RUNTIME):
        headers["Content-Security-Policy"] = _RUNTIME_POLICY
    content = file.content
    if "gzip" in request.headers.get("accept-encoding", "") and file.packed is not None:
        content = file.packed
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers=headers, media_type=_MEDIA_TYPES.get(file.path.suffix, "application/octet-stream"))
