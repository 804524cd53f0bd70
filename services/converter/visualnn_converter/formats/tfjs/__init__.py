"""A layers model of TensorFlow.js, for ``tf.loadLayersModel`` in a web page: written, with weights."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem

from visualnn_converter.formats.keras.keras2 import under_own_names
from visualnn_converter.formats.tfjs.topology import axis_problems, topology, variable_name
from visualnn_converter.kerasweights.archive import packed
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "tfjs"
TITLE = "TensorFlow.js layers model"
EXTENSIONS = (".tfjs.zip", ".zip")
MEDIA_TYPE = "application/zip"
CARRIES_WEIGHTS = True
CAN_RUN = shutil.which("node") is not None and any(
    (Path(folder) / "@tensorflow" / "tfjs").is_dir() for folder in os.environ.get("NODE_PATH", "").split(os.pathsep)
)
"""TensorFlow.js runs it, where Node finds it."""
SHARD = 4 * 2**20
"""Bytes of a file of weights: what browsers keep in their caches."""


def sniff(_data: bytes) -> bool:
    """Never: the format is written only."""
    return False


def write(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """A zip of ``model.json`` and files of weights, to unpack. Raises ``ConversionImpossible`` with every obstacle."""
    from visualnn_converter.kerasweights.old_writing import draft  # h5py takes its time to import

    document, resolved, moved, problems = draft(spec, weights, report)
    own: list[Problem] = []
    made = topology(document, report, own)
    own += axis_problems(resolved.layers)
    said = [found for found in problems if not found.rule.startswith("weights must be given")]
    told = {(found.where.layer, found.where.param) for found in said}
    problems += [found for found in under_own_names(own, report) if (found.where.layer, found.where.param) not in told]
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    manifest, values = _weights(resolved, moved)
    shards = [values[at : at + SHARD] for at in range(0, len(values), SHARD)]
    paths = [f"group1-shard{number}of{len(shards)}.bin" for number in range(1, len(shards) + 1)]
    groups = [{"paths": paths, "weights": manifest}] if manifest else []
    model = {
        "format": "layers-model", "generatedBy": "VisualNN", "convertedBy": None, "modelTopology": made,
        "weightsManifest": groups,
    }  # fmt: skip
    return packed({"model.json": json.dumps(model).encode(), **dict(zip(paths, shards, strict=True))})


def _weights(resolved: Resolved, weights: Weights) -> tuple[list[dict[str, Any]], bytes]:
    """What the manifest says of each tensor, in order, and their values one after the other."""
    manifest, pieces = [], []
    for layer in resolved.layers:
        for variable in layer.weights if layer.weights_of is None else ():
            tensor = np.asarray(weights[f"{layer.name}/{variable.name}"], "<f4")
            name = variable_name(layer.name, layer.type, variable.name, _inner_type(layer))
            manifest.append({"name": name, "shape": list(tensor.shape), "dtype": "float32"})
            pieces.append(tensor.tobytes())
    return manifest, b"".join(pieces)


def _inner_type(layer: ResolvedLayer) -> str | None:
    inner = layer.params.get("layer")
    return str(inner["type"]) if isinstance(inner, Mapping) else None
