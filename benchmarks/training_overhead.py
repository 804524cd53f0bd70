"""What a training job costs beside the same training in a bare Keras script: time per epoch, as a ratio.

Both train mnist-dnn (784-512-512-10) in this process, epochs taking turns, so that a busy machine slows both alike:

    python benchmarks/training_overhead.py [--samples 30000] [--epochs 5] [--data ../shared/data/mnist.npz]

The job's side includes its preprocessing batch by batch, its order of samples, progress, the look at each loss, its
looks into the layers, and its checkpoints (written to a folder and read back). Random pictures stand in where the data
file is absent.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from visualnn_shared import zoo
from visualnn_shared.datasets.reading import inspect, load
from visualnn_shared.objects.folder import FolderStore
from visualnn_shared.training.choose import plan
from visualnn_shared.training.recipe import TrainParams
from visualnn_worker import page
from visualnn_worker.child.channel import Channel
from visualnn_worker.fitting.checkpoints import Checkpoints
from visualnn_worker.fitting.compiling import compile_model, prepare
from visualnn_worker.fitting.naming import Renamed
from visualnn_worker.fitting.reporting import Reporter
from visualnn_worker.fitting.samples import all_of
from visualnn_worker.fitting.state import Position
from visualnn_worker.fitting.stopping import Best
from visualnn_worker.fitting.train import Training
from visualnn_worker.insight.live import Live
from visualnn_worker.network.build import build

BATCH = 128


def pictures(path: Path, samples: int) -> dict[str, np.ndarray]:
    """8-bit pictures of 28 x 28 and their classes."""
    if path.exists():
        with np.load(path) as file:
            return {name: file[name][:samples] for name in ("x_train", "y_train")}
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (samples, 28, 28), dtype=np.uint8),
        "y_train": rng.integers(0, 10, samples),
    }


class Bare:
    """What a user would write."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        layers = keras.layers
        self.x = arrays["x_train"].reshape(-1, 784).astype("float32") / 255
        self.y = arrays["y_train"].astype("int32")
        self.model = keras.Sequential([
            keras.Input((784,)), layers.Dense(512, activation="relu"), layers.Dropout(0.2),
            layers.Dense(512, activation="relu"), layers.Dropout(0.2), layers.Dense(10, activation="softmax"),
        ])  # fmt: skip
        self.model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    def epoch(self, _number: int) -> None:
        self.model.fit(self.x, self.y, batch_size=BATCH, epochs=1, verbose=0)


class Job:
    """What a worker's child does."""

    def __init__(self, arrays: dict[str, np.ndarray], folder: Path, epochs: int) -> None:
        np.savez(folder / "data.npz", **arrays)  # type: ignore[arg-type]
        found = inspect(folder / "data.npz", "data.npz")
        spec = zoo.load("mnist-dnn")
        planned = plan(
            spec, found.schema, found.splits, TrainParams(batch_size=BATCH, optimizer="rmsprop", epochs=epochs)
        )
        split = load(folder / "data.npz", found.format, found.schema).splits["train"]
        network = build(spec)
        compile_model(network, planned.params)
        samples = all_of(split, planned.serving, planned.features)
        prepare(network, samples)
        channel = Channel(os.open(os.devnull, os.O_WRONLY))
        _fd, shared = page.create()
        checkpoints = Checkpoints(FolderStore(folder / "objects"), channel, shared, "jobs/j/1/", folder, 10.0)
        self.training = Training(network, planned.params, samples, None)
        self.per_epoch = self.training.epochs().per_epoch
        self.best = Best(planned.params, False, [], {})
        reporter = Reporter(channel, checkpoints, epochs, self.per_epoch, Position(), self.best)
        self.told = Renamed(network, [self.best, reporter])
        self.live = Live(network, samples, channel, BATCH)

    def epoch(self, number: int) -> None:
        self.training.network.model.fit(
            self.training.epochs(number * self.per_epoch), steps_per_epoch=self.per_epoch,
            initial_epoch=number, epochs=number + 1, verbose=0, shuffle=False, callbacks=[self.told, self.live],
        )  # fmt: skip


def main() -> None:
    """Print seconds per epoch and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=30_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data/mnist.npz")
    args = parser.parse_args()
    arrays = pictures(args.data, args.samples)
    with tempfile.TemporaryDirectory() as folder:
        sides: dict[str, Bare | Job] = {"bare": Bare(arrays), "job": Job(arrays, Path(folder), args.epochs + 1)}
        wall: dict[str, list[float]] = {name: [] for name in sides}
        cpu: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(args.epochs + 1):
            for name, side in sides.items():
                began, began_cpu = time.perf_counter(), time.process_time()
                side.epoch(number)
                if number:  # the first one traces
                    wall[name].append(time.perf_counter() - began)
                    cpu[name].append(time.process_time() - began_cpu)
    for name in sides:
        print(f"{name:5} wall s {_show(wall[name])}   cpu s {_show(cpu[name])}")
    print(f"ratio job / bare: wall {_ratio(wall)}, cpu {_ratio(cpu)} (median of turns; below 1.02 is the aim)")


def _show(seconds: list[float]) -> str:
    return f"best {min(seconds):6.2f} median {statistics.median(seconds):6.2f}"


def _ratio(seconds: dict[str, list[float]]) -> str:
    pairs = [job / bare for job, bare in zip(seconds["job"], seconds["bare"], strict=True)]
    return f"{statistics.median(pairs):.3f}"


if __name__ == "__main__":
    main()
