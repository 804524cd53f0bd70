"""Networks of the zoo that Caffe distributes are what its own files say, layer by layer."""

from pathlib import Path
from typing import Any

import pytest
from visualnn_converter import conversion
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import ResolvedLayer, resolve
from visualnn_shared.spec.model import Spec

FILES = {"alexnet": "alexnet", "lenet": "lenet", "googlenet": "GoogleNet", "squeezenet_1_1": "Squeezenet"}
FUSED = {"ReLU", "Activation", "Flatten", "Softmax"}
"""Layers of their own in one, in the layer before in the other."""
PICTURES = {"squeezenet_1_1": [227, 227, 3], "lenet": [28, 28, 1]}
"""Files that read a database do not say how large its pictures are."""


def computing(spec: Spec) -> list[ResolvedLayer]:
    """The layers that are written alike in both, in the order of computation."""
    resolved = resolve(spec)
    assert resolved.problems == []
    return [layer for layer in resolved.layers if layer.type not in FUSED]


def facts(layer: ResolvedLayer) -> tuple[Any, ...]:
    """What decides the layer's numbers, besides weights and training; alpha is not given for each LRN of the files."""
    keys = ("filters", "kernel_size", "strides", "groups", "pool_size", "ceil_mode", "units", "rate", "local_size",
            "beta", "k", "axis")  # fmt: skip
    params = tuple((key, layer.params[key]) for key in keys if key in layer.params)
    return (
        layer.type,
        tuple(n for n in layer.output_shapes[0] if n != 1),
        params,
        tuple(tuple(w) for w in layer.weights),
    )


@pytest.mark.parametrize("name", FILES)
def test_a_network_is_that_of_caffes_file(name: str, corpus: Path) -> None:
    file, _, _ = conversion.read(
        (corpus / "caffe" / f"{FILES[name]}.prototxt").read_bytes(), "caffe", input_shape=PICTURES.get(name)
    )
    theirs, ours = computing(file), computing(zoo.load(name))
    assert sorted(map(facts, ours), key=repr) == sorted(map(facts, theirs), key=repr)
