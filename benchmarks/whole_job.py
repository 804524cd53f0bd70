"""What a user waits for: a training job from the request to its end, beside the same training as a bare Keras script.

Both train mnist-dnn (784-512-512-10, RMSprop, batches of 128) and take turns; the script is a Python process that
imports Keras, reads the file, trains, evaluates on the test split and saves its weights. The platform has one worker,
whose child has Keras imported before the job comes, and does what every job does: checkpoints, looks into the layers,
the test split's report and pictures, the operator.

    python benchmarks/whole_job.py [--turns 3] [--epochs 20] [--data ../shared/data/mnist.npz]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from visualnn import Client
from visualnn_standalone.platform import Platform

BATCH = 128
SCRIPT = f"""
import sys
import keras
import numpy as np

path, epochs, weights = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with np.load(path) as file:
    x, y, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
x, x_test = (part.reshape(-1, 784).astype("float32") / 255 for part in (x, x_test))
layers = keras.layers
model = keras.Sequential([
    keras.Input((784,)), layers.Dense(512, activation="relu"), layers.Dropout(0.2),
    layers.Dense(512, activation="relu"), layers.Dropout(0.2), layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y.astype("int32"), batch_size={BATCH}, epochs=epochs, verbose=0)
print(model.evaluate(x_test, y_test.astype("int32"), verbose=0)[1])
model.save_weights(weights)
"""


def bare(data: Path, epochs: int, folder: Path) -> float:
    """Seconds of the script."""
    began = time.perf_counter()
    command = [sys.executable, "-c", SCRIPT, str(data), str(epochs), str(folder / "bare.weights.h5")]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def job(client: Client, dataset: str, epochs: int) -> tuple[float, float]:
    """Seconds from the request to the job's end, and to the first batch that the platform tells of."""
    began = time.perf_counter()
    made = client.jobs.train("zoo:mnist-dnn", dataset, epochs=epochs, batch_size=BATCH, optimizer="rmsprop")
    ended = client.jobs.wait(made.id)
    took = time.perf_counter() - began
    if ended.state != "succeeded":
        raise SystemExit(f"the job is {ended.state}: {ended.error}")
    told = list(client.jobs.events(made.id))
    first = next(one for one in told if one.kind == "batch")
    return took, first.data["at"] - told[0].data["at"]  # which tells that it is queued


def main() -> None:
    """Print both sides of each turn, and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data/mnist.npz")
    given = parser.parse_args()
    ratios, firsts = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        Platform(Path(folder), workers=1) as platform,
        Client(platform.url) as client,
    ):
        dataset = client.datasets.upload(given.data).id
        job(client, dataset, 1)  # the gateway and the worker are warm
        for number in range(given.turns):
            time.sleep(10)  # until the next child is ready and the machine at rest
            alone = bare(given.data, given.epochs, Path(folder))
            time.sleep(2)
            whole, first = job(client, dataset, given.epochs)
            ratios.append(whole / alone)
            firsts.append(first)
            print(f"turn {number + 1}: script {alone:.1f} s, job {whole:.1f} s, ratio {ratios[-1]:.3f}; "
                  f"first batch after {first:.2f} s", flush=True)  # fmt: skip
    print(f"median ratio {statistics.median(ratios):.3f} (the aim is 1.02), "
          f"first batch after {statistics.median(firsts):.2f} s (the aim is 1)")  # fmt: skip


if __name__ == "__main__":
    main()
