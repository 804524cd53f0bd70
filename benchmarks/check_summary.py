"""Time of check + summary, alone and against building the same net in Keras, in one run.

``python benchmarks/check_summary.py [--keras]`` prints the best of several runs, in processor time of this process, so
that a busy machine disturbs little; the ratio says how much longer Keras takes for the same net.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from visualnn_shared import zoo
from visualnn_shared.analysis.summary import summarise
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import canonical_json, read_spec
from visualnn_shared.zoo.builder import Net

RESNET_152 = 60_419_944
"""Parameters of keras.applications.ResNet152."""


def chain(layers: int) -> Spec:
    """Convolutions, batch normalisations and activations in turn."""
    net = Net(f"chain-{layers}")
    net.input("in", 32, 32, 8)
    for i in range(layers - 1):
        kind = i % 3
        if kind == 0:
            net.add(f"l{i}", "Conv2D", filters=8, kernel_size=[3, 3], padding="same")
        else:
            net.add(f"l{i}", "BatchNormalization" if kind == 1 else "ReLU")
    return net.spec()


def best(run: Callable[[], Any], times: int = 7) -> float:
    """Shortest of several runs, in milliseconds."""
    durations = []
    for _ in range(times):
        start = time.process_time()
        run()
        durations.append(time.process_time() - start)
    return 1000 * min(durations)


def import_time() -> float:
    code = "import time; t = time.process_time(); import visualnn_shared.catalogue; print(time.process_time() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    return 1000 * min(float(run.stdout) for run in runs)


def keras_build(spec: Spec) -> Callable[[], Any]:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    def build() -> None:
        tensors: dict[str, Any] = {}
        for layer in spec.layers:
            if layer.type == "Input":
                tensors[layer.name] = keras.Input(layer.params["shape"])
            else:
                ins = [tensors[name] for name in layer.inputs]
                tensors[layer.name] = getattr(keras.layers, layer.type)(**layer.params)(ins if len(ins) > 1 else ins[0])
        model = keras.Model(tensors[spec.layers[0].name], tensors[spec.outputs[0]])
        assert model.count_params() == summarise(resolve(spec)).params

    return build


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", action="store_true", help="build ResNet-152 in Keras too, and give the ratio")
    wanted = parser.parse_args()
    resnet = zoo.load("resnet152")
    assert summarise(resolve(resnet)).params == RESNET_152
    rows: dict[str, float] = {"import of spec and catalogue, ms": import_time()}
    for spec in (resnet, chain(500), chain(1000), chain(10_000)):
        text = canonical_json(spec)
        label = f"{spec.name}, {len(spec.layers)} layers"
        rows[f"check, ms: {label}"] = best(lambda s=spec: resolve(s))  # type: ignore[misc]
        rows[f"check + summary, ms: {label}"] = best(lambda s=spec: summarise(resolve(s)))  # type: ignore[misc]
        rows[f"read from JSON, ms: {label}"] = best(lambda t=text: read_spec(t))  # type: ignore[misc]
    if wanted.keras:
        ours = rows[f"check + summary, ms: {resnet.name}, {len(resnet.layers)} layers"]
        theirs = best(keras_build(resnet), times=2)
        rows["build in Keras, ms: resnet152"] = theirs
        rows["Keras / check + summary"] = theirs / ours
    print(json.dumps({name: round(value, 2) for name, value in rows.items()}, indent=1))


if __name__ == "__main__":
    main()
