"""``python -m visualnn_api``: the gateway on uvicorn."""

import argparse

import uvicorn

from visualnn_api.main import create_app

_LEAVE_S = 5
"""How long event streams and downloads may go on after a signal to end."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="visualnn_api", description="The gateway: /api/v1.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")
    parser.add_argument("--fd", type=int, help="listen on this inherited socket instead")
    given = parser.parse_args()
    uvicorn.run(
        create_app(),
        host=given.host,
        port=given.port,
        fd=given.fd,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_LEAVE_S,
    )


if __name__ == "__main__":
    main()
