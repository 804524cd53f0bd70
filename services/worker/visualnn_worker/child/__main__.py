"""``python -m visualnn_worker.child``: started by a worker, does one job and exits. Not for people."""

import argparse
import os
import sys
from pathlib import Path

from visualnn_worker.child.guard import Guard
from visualnn_worker.page import Page


def main() -> None:
    """Guard first, then Keras, then the path of the order from standard input, whenever it comes."""
    parser = argparse.ArgumentParser(prog="python -m visualnn_worker.child")
    parser.add_argument("--page", type=int, required=True, help="descriptor of the shared page")
    parser.add_argument("--say", type=int, required=True, help="descriptor of the pipe to the worker")
    parser.add_argument("--parent", type=int, required=True, help="process id of the worker")
    args = parser.parse_args()
    guard = Guard(Page(args.page), args.parent)
    guard.start()

    from visualnn_worker.child.channel import Channel
    from visualnn_worker.child.work import load_keras, work
    from visualnn_worker.order import JobOrder

    channel = Channel(args.say)
    channel.ready(*load_keras())
    line = sys.stdin.buffer.readline()
    if not line:  # no job will come
        os._exit(0)
    guard.look()
    path = Path(line.decode().strip())
    order = JobOrder.model_validate_json(path.read_bytes())
    path.unlink()
    work(order, channel, guard.page)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # tearing a backend down takes long and can hang; the kernel frees everything at once


if __name__ == "__main__":
    main()
