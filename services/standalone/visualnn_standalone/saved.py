"""A finished conversion as TensorFlow's SavedModel, made by the worker's Keras in this process."""

import io
import os
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from visualnn_converter.conversion import Converted
from visualnn_converter.tensors import weight_problems
from visualnn_shared.analysis.expand import expand
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import ConversionImpossible, Invalid, SpecInvalid
from visualnn_shared.spec.problem import problem
from visualnn_shared.spec.reading import canonical_json

FORMAT = "savedmodel"
ENDING = ".savedmodel.zip"
_LARGEST = 2**40
"""Variables lie in files of their own: no bound of protobuf's is near."""


def saved_model(made: Converted) -> Converted:
    """The spec and weights of a conversion as a zip of a SavedModel. Raises ``Invalid`` where Keras does not run on
    TensorFlow here, ``SpecInvalid``, and ``ConversionImpossible`` with every missing weight."""
    report = made.report.model_copy(update={"target": FORMAT}, deep=True)
    spec = expand(made.spec)
    resolved = resolve(spec)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, spec.name)
    problems = weight_problems(resolved, made.weights, "SavedModel", _LARGEST)
    if problems:
        raise ConversionImpossible(problems, report.source, FORMAT)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        from visualnn_worker.child.failures import KerasRefused, refusals
        from visualnn_worker.network import saved_model as saving
        from visualnn_worker.network.build import build
        from visualnn_worker.network.weights import set_weights
    except ImportError as error:
        rule = "a SavedModel must be made where Keras and TensorFlow are installed"
        raise Invalid("the export", [problem(rule, str(error)[:200], field="to")]) from None
    saving.must_be_possible()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.zip"
        try:
            with refusals("export"):
                network = build(spec)
                set_weights(network, dict(made.weights or {}))
                saving.save_zip(network, path, saving.about(canonical_json(spec)))
        except KerasRefused as refused:
            broken = problem("Keras must be able to export the net", str(refused)[:300])
            raise ConversionImpossible([broken], report.source, FORMAT) from None
        data = path.read_bytes()
    for layer in resolved.layers:
        report.maps(layer.name, layer.type, layer.type)
    filename = made.filename.split(".")[0] + ENDING
    return replace(made, data=data, filename=filename, media_type="application/zip", report=report, said=spec,
                   said_weights=made.weights)  # fmt: skip


def unpack(data: bytes, folder: Path) -> None:
    """A zip that we made, into a new folder."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
