"""Keras itself, loading the file: independent of VisualNN's reader and builder."""

import io
import tempfile
from pathlib import Path
from typing import Any

import h5py
from visualnn_converter import conversion
from visualnn_shared.errors import VisualNNError

from visualnn_standalone.verify.certificate import Runtime
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Unable
from visualnn_standalone.verify.runtimes.read_back import backend_version, evaluate, keras_or_unable, values

FORMATS = ("keras", "keras-file", "keras-h5", "keras-weights")
_ENDINGS = {"keras-file": ".keras", "keras-h5": ".h5"}


def load(file: ModelFile) -> "LoadedByKeras":
    """The model as Keras loads it, weights from the file or from the one beside it. Raises ``Unable``."""
    keras = keras_or_unable()
    with tempfile.TemporaryDirectory() as folder:
        try:
            model, how = _loaded(keras, file, Path(folder))
        except Unable:
            raise
        except VisualNNError as error:
            raise Unable(f"Keras itself: {error.detail}") from None
        except Exception as error:  # noqa: BLE001 - Keras raises anything for what it cannot load
            raise Unable(f"Keras itself: {type(error).__name__}: {' '.join(str(error).split())[:200]}") from None
    model = getattr(model, "_functional", None) or model  # what a Sequential is made of
    if not hasattr(model, "_operations"):
        raise Unable("Keras itself: the model is not a graph of layers")
    runtime = Runtime(
        name="Keras",
        version=f"{keras.__version__} on {keras.backend.backend()} {backend_version(keras)}",
        how=how,
        independent=True,
    )
    return LoadedByKeras(model, file, runtime)


def _loaded(keras: Any, file: ModelFile, folder: Path) -> tuple[Any, str]:
    if file.format in _ENDINGS:
        path = folder / f"model{_ENDINGS[file.format]}"
        path.write_bytes(file.data)
        return keras.saving.load_model(path, compile=False, safe_mode=True), "loaded by Keras itself"
    alone = file.format == "keras-weights"
    weights = file.data if alone else file.weights_file
    if weights is None:
        raise Unable("Keras itself: Keras JSON has no weights, and no Keras file of weights is beside it")
    text = conversion.write(file.spec, "keras").data if alone else file.data
    model = keras.models.model_from_json(text.decode())
    path = folder / ("model.weights.h5" if _new(weights) else "model.h5")
    path.write_bytes(weights)
    model.load_weights(path)
    return model, "the model from its Keras JSON and the weights from a file, both loaded by Keras itself"


def _new(weights: bytes) -> bool:
    """Whether the weights are as Keras 3 writes them: it tells the two forms of HDF5 by the file's ending."""
    with h5py.File(io.BytesIO(weights), "r") as file:
        return "layer_names" not in file.attrs and "model_weights" not in file


class LoadedByKeras:
    """A model that Keras loaded."""

    def __init__(self, model: Any, file: ModelFile, runtime: Runtime) -> None:
        self._model, self.runtime = model, runtime
        self._inputs = file.input_names

    def _arrays(self, inputs: Arrays) -> list[Any]:
        return [inputs[name] for name in self._inputs]

    def outputs(self, inputs: Arrays) -> list[Any]:
        """In the file's order, which is the spec's."""
        return evaluate(self._model, self._arrays(inputs))

    def layers(self, inputs: Arrays) -> Arrays:
        """First output of every layer, by its name in the file; further calls of a layer as ``name@1``."""
        tensors = {}
        kept = {id(node) for nodes in self._model._nodes_by_depth.values() for node in nodes}
        for operation in self._model._operations:
            nodes = [node for node in operation._inbound_nodes if id(node) in kept]
            for number, node in enumerate(nodes):
                tensors[f"{operation.name}@{number}" if number else operation.name] = node.output_tensors[0]
        return values(self._model, tensors, self._arrays(inputs))
