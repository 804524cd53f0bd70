"""What our reader finds in the target's file at one layer, against the spec it was written from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from visualnn_converter import conversion
from visualnn_shared.analysis.walk import ResolvedLayer, resolve
from visualnn_shared.errors import VisualNNError
from visualnn_shared.spec.model import Spec

from visualnn_standalone.verify.runtimes.base import ModelFile
from visualnn_standalone.verify.variants import cells_of

_IN_TRAINING = ("_initializer", "_regularizer", "_constraint", "seed", "trainable", "momentum")


def differences(target: ModelFile, layer: str) -> tuple[str, ...]:
    """Parameters and tensors of the layer that differ; empty where the file cannot be read, or nothing does."""
    try:
        spec, weights, _ = conversion.read(
            target.data, target.format, target.name, weights_file=target.weights_file, **target.options
        )
    except VisualNNError:
        return ()
    name = target.renamed.get(layer, layer)
    read, ours = _known(spec), _known(target.spec).get(layer)
    if ours is None or name not in read:
        return ()
    alone = f"{name}/activation" in read  # what is fused in one may be a layer of its own in the other
    return (*_params(ours, read[name], alone), *_tensors(target, layer, read[name], weights or {}))


def _known(spec: Spec) -> dict[str, ResolvedLayer]:
    return {one.name: one for one in resolve(spec).layers}


def _params(ours: ResolvedLayer, theirs: ResolvedLayer, alone: bool) -> list[str]:
    if ours.type != theirs.type:
        return [f"{theirs.name}: type is {theirs.type} instead of {ours.type}"]
    found = []
    for key, mine in ours.params.items():
        other = theirs.params.get(key, mine)
        if key == "padding":
            mine, other = cells_of(ours, mine) or mine, cells_of(theirs, other) or other
        if mine == other or (key == "activation" and alone) or key.endswith(_IN_TRAINING):
            continue
        if key == "count_include_pad" and not any(map(any, cells_of(ours, ours.params["padding"]) or ())):
            continue
        found.append(f"{theirs.name}: {key} is {_shown(other)} instead of {_shown(mine)}")
    return found


def _shown(value: Any) -> str:
    return (
        str([list(side) for side in value]) if isinstance(value, tuple) and isinstance(value[0], tuple) else str(value)
    )


def _tensors(target: ModelFile, layer: str, read: ResolvedLayer, weights: Mapping[str, Any]) -> list[str]:
    found = []
    for variable in read.weights:
        mine = target.weights.get(f"{layer}/{variable.name}")
        other = weights.get(f"{read.name}/{variable.name}")
        if mine is not None and other is not None and not np.array_equal(mine, other):
            found.append(f"{read.name}: the values of {variable.name} differ")
    return found
