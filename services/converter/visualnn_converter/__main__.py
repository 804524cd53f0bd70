"""``python -m visualnn_converter``: the converter on uvicorn."""

import argparse

import uvicorn

from visualnn_converter.app import create_app


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="visualnn_converter", description="The converter: spec <-> Keras, Caffe, ONNX."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8001, help="port to listen on")
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
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
