"""One job in this process: load Keras, do it, say how it ended."""

import importlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from visualnn_shared.objects import open_store

from visualnn_worker.child.channel import Channel
from visualnn_worker.child.failures import classify, trace
from visualnn_worker.order import JobOrder
from visualnn_worker.page import Page
from visualnn_worker.settings import WorkerSettings


@contextmanager
def without(module: str) -> Iterator[None]:
    """Imports within find no such module, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # Python's own way to say "not there"
    try:
        yield
    finally:
        del sys.modules[module]


def load_keras() -> tuple[str, list[dict[str, Any]]]:
    """Load Keras and everything a job needs, and train a net of one weight, so that a job finds all in place.

    The backend's name and the devices it sees.
    """
    with without("sklearn"):  # Keras loads it, and SciPy's statistics, for wrappers that no job uses: 0.8 s of 3.7
        import keras

    from visualnn_worker.child.devices import devices, divide_cpu

    divide_cpu(keras.backend.backend(), WorkerSettings().worker_cpu_devices)
    for kind in ("train", "evaluate", "predict", "check", "export", "dqn", "ensemble"):
        importlib.import_module(f"visualnn_worker.kinds.{kind}")
    found = devices(keras.backend.backend())
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.train_on_batch(keras.ops.zeros((1, 1)), keras.ops.zeros((1, 1)))
    return keras.backend.backend(), found


def work(order: JobOrder, channel: Channel, page: Page) -> None:
    """Do the job, and say ``done`` or ``failed``."""
    folder = Path(tempfile.mkdtemp(prefix="visualnn-job-"))
    try:
        run = importlib.import_module(f"visualnn_worker.kinds.{order.kind}").run
        with _device(order):
            result = run(_context(order, channel, page, folder))
        channel.done(result.manifest, result.metrics, result.chosen)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the job's row must say it
        failure = classify(error, limit_mb=order.memory_limit_mb, gpu=order.gpu and _has_gpu())
        if failure.code == "unexpected":
            channel.log(trace(error), "error")
            sys.stderr.write(trace(error))
        channel.failed(failure)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _context(order: JobOrder, channel: Channel, page: Page, folder: Path) -> Any:
    from visualnn_worker.kinds.context import Context

    return Context(order, open_store(WorkerSettings()), channel, page, folder)


def _device(order: JobOrder) -> AbstractContextManager[Any]:
    """A job of a CPU queue stays off the GPU of a worker that has one."""
    import keras

    device: Callable[[str], AbstractContextManager[Any]] = keras.device
    return device("cpu:0") if _has_gpu() and not order.gpu else nullcontext()


def _has_gpu() -> bool:
    import keras

    from visualnn_worker.child.devices import devices

    return any(device["kind"] == "gpu" for device in devices(keras.backend.backend()))
