"""Time and memory of conversions: a prototxt to Keras JSON, 1,000 and 10,000 layers, a caffemodel to safetensors.

``python benchmarks/convert.py [--keras] [--megabytes 100]`` prints the best of several runs, in processor time of this
process. ``--keras`` has Keras read and write the same JSON. The big file is beside a plain copy through SHA-256.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from visualnn_converter import conversion
from visualnn_converter.formats.caffe.weights import sizes
from visualnn_converter.tensors import as_safetensors
from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Spec

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.check_summary import chain
from tools.famous_nets import resnet_152

RESNET_152 = 60_344_232
"""Parameters of the authors' net with the statistics of its normalisations, which Keras counts too."""
RUNS = 15


def best(run: Callable[[], Any], times: int = RUNS) -> float:
    """Shortest of several runs, in milliseconds."""
    durations = []
    for _ in range(times):
        start = time.process_time()
        run()
        durations.append(time.process_time() - start)
    return 1000 * min(durations)


def texts(keras: bool) -> dict[str, Any]:
    """ResNet-152 from prototxt to Keras JSON, and what Keras takes for the same net."""
    text = resnet_152().encode()
    made = conversion.convert(text, "keras", "caffe")
    assert summary(made.spec).params == RESNET_152
    ours = best(lambda: conversion.convert(text, "keras", "caffe"))
    found = {
        "resnet152 prototxt -> Keras JSON, ms": round(ours, 1),
        "reading the prototxt alone, ms": round(best(lambda: conversion.read(text, "caffe")), 1),
        "Keras JSON -> prototxt, ms": round(best(lambda: conversion.convert(made.data, "caffe", "keras")), 1),
    }
    if keras:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from keras.models import model_from_json

        model = model_from_json(made.data.decode())
        assert model.count_params() == RESNET_152
        both = best(lambda: model_from_json(made.data.decode()).to_json(), 3)
        found |= {
            "Keras: from_json and to_json, ms": round(both, 1),
            "Keras: to_json alone, ms": round(best(model.to_json, 3), 1),
            "Keras takes times as long": round(both / ours, 1),
        }
    return found


def weights_of(spec: Spec) -> dict[str, Any]:
    """Ones for every variable."""
    return {
        f"{layer.name}/{variable.name}": np.ones(sizes(variable.shape), np.float32)
        for layer in resolve(spec).layers
        for variable in layer.weights
    }


def growth() -> dict[str, Any]:
    """10,000 layers against 1,000."""
    found = {}
    small, large = chain(1_000), chain(10_000)
    for source, target in (("caffe", "keras"), ("keras", "caffe"), ("onnx", "keras"), ("keras", "onnx")):
        times = []
        for spec in (small, large):
            weights = weights_of(spec)
            data = conversion.write(spec, source, weights).data
            given = weights if target == "onnx" else None
            times.append(best(lambda d=data, g=given, s=source, t=target: conversion.convert(d, t, s, weights=g), 3))  # type: ignore[misc]
        found[f"{source} -> {target}: ms of 1,000 and 10,000 layers, ratio"] = [
            round(times[0]), round(times[1]), round(times[1] / times[0], 1),
        ]  # fmt: skip
    return found


def perceptron(megabytes: int) -> bytes:
    """A prototxt with some such weight of InnerProduct and Convolution layers."""
    parts = ['input: "data" input_dim: 1 input_dim: 512 input_dim: 4 input_dim: 4\n']
    for i in range(max(1, megabytes * 2**20 // (4 * 9 * 512 * 512))):
        bottom = f"c{i - 1}" if i else "data"
        parts.append(f'layer {{ name: "c{i}" type: "Convolution" bottom: "{bottom}" top: "c{i}" '
                     "convolution_param { num_output: 512 kernel_size: 3 pad: 1 } }\n")  # fmt: skip
    return "".join(parts).encode()


def copied(source: Path, target: Path) -> None:
    """The bar: the bytes through the same hash into a new file."""
    data = source.read_bytes()
    hashlib.sha256(data).hexdigest()
    target.write_bytes(data)


def converted(text: bytes, source: Path, target: Path) -> None:
    """The prototxt and its caffemodel as one safetensors file, with its hash."""
    _, weights, _ = conversion.read(text, "caffe", weights_file=source.read_bytes())
    assert weights is not None
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for piece in as_safetensors(weights, {}):
            digest.update(piece)
            file.write(piece)
    digest.hexdigest()


def weights(megabytes: int) -> dict[str, Any]:
    """A caffemodel of some size to safetensors beside a copy, and the most memory that it takes."""
    with tempfile.TemporaryDirectory() as folder:
        text, source, target = perceptron(megabytes), Path(folder, "net.caffemodel"), Path(folder, "out")
        spec, _, _ = conversion.read(text, "caffe")
        source.write_bytes(conversion.write_weights(spec, "caffe", weights_of(spec)))
        size = source.stat().st_size
        copy, ours = best(lambda: copied(source, target)), best(lambda: converted(text, source, target))
        command = [sys.executable, __file__, "--peak", folder, "--megabytes", str(megabytes)]
        peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {
        f"caffemodel of {size / 1e6:.0f} MB -> safetensors, ms": round(ours),
        "copying it through the same hash, ms": round(copy),
        "share of the copy's speed": round(copy / ours, 2),
        "peak memory over that of the idle process, in file sizes": round(peak / size, 2),
    }


def _most() -> int:
    """Most memory of this process until now, in bytes (Linux)."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return 1024 * int(found[1]) if found else 0


def _peak(folder: str, megabytes: int) -> None:
    """In a process of its own: how much the most memory in use grew, in bytes."""
    text = perceptron(megabytes)
    conversion.read(text, "caffe")
    idle = _most()
    converted(text, Path(folder, "net.caffemodel"), Path(folder, "out"))
    print(_most() - idle)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", action="store_true", help="have Keras do the same, and give the ratio")
    parser.add_argument("--megabytes", type=int, default=100, help="size of the file of weights")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.peak:
        _peak(wanted.peak, wanted.megabytes)
        return
    print(json.dumps({**texts(wanted.keras), **weights(wanted.megabytes), **growth()}, indent=1))


if __name__ == "__main__":
    main()
