"""A platform in the foreground: says where it listens, runs until told to stop, and ends in order."""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from visualnn_standalone.platform import Platform


def run(data_dir: Path, *, host: str, port: int, workers: int, as_json: bool = False) -> int:
    """Exit status 0 after Ctrl-C, SIGTERM or SIGHUP. Raises ``PlatformError`` when it cannot start or go on."""
    stop = threading.Event()
    platform = Platform(data_dir, host=host, port=port, workers=workers, temporary=False, say=_say)

    def on_signal(signum: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            _say("stopping at once")
            platform.hurry()
        else:
            stop.set()
            _say(f"{signal.Signals(signum).name}: stopping (once more: at once)")

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signum) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(signum, on_signal)
    _say(f"starting on {data_dir}")
    try:
        if platform.start(stop):
            _announce(platform, as_json=as_json)
            while not stop.is_set() and not platform.wait(0.2):
                pass
    finally:
        platform.stop()
    if platform.failure is not None:
        raise platform.failure
    _say("stopped")
    return 0


def _announce(platform: Platform, *, as_json: bool) -> None:
    if as_json:
        ready = {"url": platform.url, "pid": os.getpid(), "data_dir": str(platform.data_dir), "parts": platform.pids()}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
    _say(f"listening on {platform.url} (its API: {platform.url}/docs)")
    _say(f"ready; data and logs in {platform.data_dir}; Ctrl-C stops everything")


def _say(text: str) -> None:
    os.write(2, f"visualnn: {text}\n".encode())  # from signal handlers too: no lock, no buffer
