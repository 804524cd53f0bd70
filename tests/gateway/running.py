"""A gateway on real sockets in this process, and the real converter and predictor as processes of their own."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from visualnn_api.main import create_app
from visualnn_api.parts import Parts
from visualnn_api.settings import ApiSettings

READY_S = 60.0
CLOSED = "http://127.0.0.1:9"
"""Nobody listens there."""


class Gateway:
    """A running gateway: ``http`` speaks to it, ``parts`` is what it works with."""

    def __init__(self, url: str, parts: Parts) -> None:
        self.url, self.parts = url, parts
        self.http = httpx.Client(base_url=url, timeout=60)

    @property
    def api(self) -> httpx.Client:
        """A client below /api/v1."""
        return httpx.Client(base_url=f"{self.url}/api/v1/", timeout=60, transport=self.http._transport)


@contextmanager
def running(settings: ApiSettings) -> Iterator[Gateway]:
    """A gateway in a thread of this process."""
    app = create_app(settings)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    _wait(lambda: server.started or not thread.is_alive(), "the gateway")
    assert server.started
    gateway = Gateway(f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.parts)
    try:
        yield gateway
    finally:
        gateway.http.close()
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def process(module: str, ready: str, **environment: str) -> Iterator[str]:
    """``python -m module`` on a free port; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        child = subprocess.Popen(
            [sys.executable, "-m", module, "--fd", str(listener.fileno())],
            pass_fds=[listener.fileno()],
            env={**os.environ, **environment},
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(lambda: child.poll() is not None or _answers(url + ready), module)
            assert child.poll() is None, f"{module} ended with {child.returncode}"
            yield url
        finally:
            child.terminate()
            child.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.TransportError:
        return False


def _wait(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + READY_S
    while not done():
        assert time.monotonic() < until, f"{what} was not ready within {READY_S:g} s"
        time.sleep(0.05)
