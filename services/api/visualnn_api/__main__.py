"""``python -m visualnn_api``: the gateway on uvicorn."""

import argparse
import socket
import sys

import uvicorn
from fastapi import FastAPI

from visualnn_api.main import create_app
from visualnn_api.settings import ApiSettings

_LEAVE_S = 5
"""How long downloads may go on after a signal to end."""


class LeavingServer(uvicorn.Server):  # type: ignore[misc]  # mypy does not follow uvicorn
    """Tells the application's streams to end before it waits for them."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.parts.leaving.set()
        await super().shutdown(sockets)


def main() -> None:
    parser = argparse.ArgumentParser(prog="visualnn_api", description="The gateway: /api/v1.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")
    parser.add_argument("--fd", type=int, help="listen on this inherited socket instead")
    given = parser.parse_args()
    settings = ApiSettings()
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=given.host,
        port=given.port,
        fd=given.fd,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_LEAVE_S,
        ws_max_size=settings.max_room_message_bytes,
    )
    server = LeavingServer(config, app)
    server.run()
    if not server.started:
        sys.exit(3)  # as ``uvicorn.run`` does


if __name__ == "__main__":
    main()
