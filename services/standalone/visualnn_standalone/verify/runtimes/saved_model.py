"""TensorFlow itself, on a SavedModel: loaded from its folder, its endpoint called; Keras takes no part."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from visualnn_standalone.saved import FORMAT, unpack
from visualnn_standalone.verify.certificate import Runtime
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Unable

FORMATS = (FORMAT,)


def load(file: ModelFile) -> "InSavedModel":
    """The model, restored. Raises ``Unable`` where TensorFlow is not installed or refuses it."""
    try:
        import tensorflow
    except ImportError:
        raise Unable("TensorFlow: not installed") from None
    with tempfile.TemporaryDirectory() as folder:
        unpack(file.data, Path(folder))
        try:
            found = tensorflow.saved_model.load(folder)
        except Exception as error:  # noqa: BLE001 - TensorFlow's errors have no common base
            raise Unable(f"TensorFlow: {' '.join(str(error).split())[:200]}") from None
    return InSavedModel(found, file, tensorflow)


class InSavedModel:
    """A restored model; its endpoint takes the inputs in the spec's order."""

    def __init__(self, model: Any, file: ModelFile, tensorflow: Any) -> None:
        self._model, self._names, self._tf = model, file.input_names, tensorflow

    @property
    def runtime(self) -> Runtime:
        """For the certificate."""
        how = "the SavedModel loaded by TensorFlow itself, its endpoint serve called"
        return Runtime(name="TensorFlow", version=str(self._tf.__version__), how=how, independent=True)

    def outputs(self, inputs: Arrays) -> list[Any]:
        """In the spec's order."""
        given = [self._tf.constant(inputs[name]) for name in self._names]
        try:
            found = self._model.serve(given[0] if len(given) == 1 else given)
        except (self._tf.errors.OpError, ValueError, TypeError) as error:
            raise Unable(f"TensorFlow: {' '.join(str(error).split())[:200]}") from None
        return [np.asarray(one) for one in (found if isinstance(found, list | tuple) else [found])]

    def layers(self, _inputs: Arrays) -> Arrays:
        """None: a SavedModel shows its endpoint only."""
        return {}
