"""A real HTTP server on this machine that misbehaves as told."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Asked:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Say:
    """One answer. ``cut`` closes the connection after so many bytes of the body; ``status`` None closes it at once."""

    status: int | None = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


Answer = Callable[[Asked], Say]


@dataclass
class Server:
    """Answers with ``script``, one entry a request, the last one for ever; or with what ``answer`` makes of it."""

    url: str = ""
    script: list[Say] = field(default_factory=list)
    answer: Answer | None = None
    asked: list[Asked] = field(default_factory=list)

    def next(self, asked: Asked) -> Say:
        self.asked.append(asked)
        if self.answer is not None:
            return self.answer(asked)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@pytest.fixture
def server() -> Iterator[Server]:
    known = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            understood = bool(self.raw_requestline) and self.parse_request()
            self.close_connection = True
            if not understood:
                return
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                body = self._chunks()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            say = known.next(asked)
            if say.status is None:
                return
            self.send_response(say.status)
            for name, value in {"Content-Length": str(len(say.body)), "Connection": "close", **say.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(say.body[: say.cut])

        def _chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        known.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield known
        http.shutdown()
        thread.join()
