"""``python -m visualnn_predictor``: the predictor on uvicorn, in one or more processes that share the socket."""

import argparse
import os
import shutil
import tempfile

import uvicorn

from visualnn_predictor.metrics import SHARED_FOLDER
from visualnn_predictor.settings import PredictorSettings

_LEAVE_S = 5
"""How long running requests may go on after a signal to end."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="visualnn_predictor", description="The predictor: operators over HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8002, help="port to listen on")
    parser.add_argument("--fd", type=int, help="listen on this inherited socket instead")
    parser.add_argument("--processes", type=int, help="processes that share the socket; default: a setting, 1")
    given = parser.parse_args()
    processes = given.processes or PredictorSettings().predictor_processes
    folder = tempfile.mkdtemp(prefix="visualnn-metrics-") if processes > 1 else None
    if folder is not None:
        os.environ[SHARED_FOLDER] = folder
    try:
        uvicorn.run(
            "visualnn_predictor.app:create_app",
            factory=True,
            host=given.host,
            port=given.port,
            fd=given.fd,
            workers=processes if processes > 1 else None,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_LEAVE_S,
        )
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
