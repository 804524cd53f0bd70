"""Keras, running what VisualNN's own reader finds in a file: the builder that trains. It proves the numbers, and reader
and writer only together. Where Keras is not installed, or cannot run a net, the NumPy reference does."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from visualnn_converter import conversion
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import VisualNNError
from visualnn_shared.spec.model import Spec

from visualnn_standalone.verify.certificate import Runtime
from visualnn_standalone.verify.runtimes import numpy_reference
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Running, Unable

BATCH = 32


def keras_or_unable() -> Any:
    """The module. Raises ``Unable`` where it is not installed."""
    try:
        import keras
    except ImportError as error:
        raise Unable(f"Keras: not installed ({error})") from None
    return keras


def load(file: ModelFile, instead_of: tuple[str, ...] = (), prefer: str = "keras") -> Running:
    """The file as our reader reads it, on Keras or where that cannot run it in NumPy; ``prefer`` numpy: at once there.

    Raises ``Unable`` where neither can.
    """
    if file.format == "native":
        return either(file.spec, file.weights, "the spec", instead_of, prefer)
    try:
        spec, weights, _ = conversion.read(
            file.data, file.format, file.name, weights_file=file.weights_file, **file.options
        )
    except VisualNNError as error:
        reasons = "; ".join([*instead_of, f"VisualNN's reader: {error.detail}"])
        raise Unable(f"no runtime can run a file of the format {file.format}: {reasons}") from None
    how = "read back by VisualNN's own reader"
    if weights is None:
        weights, how = (
            _by_name(spec, file),
            f"{how}; the file holds no weights: those of the conversion are given to it",
        )
    return either(spec, weights, how, instead_of, prefer)


def either(spec: Spec, weights: Any, how: str, instead_of: tuple[str, ...] = (), prefer: str = "keras") -> Running:
    """The spec on Keras, or in NumPy. Raises ``Unable`` where neither can compute it."""
    if prefer == "numpy":
        return numpy_reference.of_spec(spec, weights, how, instead_of)
    try:
        first = of_spec(spec, weights, f"{how}, built by VisualNN's worker", instead_of)
    except Unable as unable:
        return _in_numpy(spec, weights, how, instead_of, unable)
    return _InTurn(first, lambda unable: _in_numpy(spec, weights, how, instead_of, unable))


def _in_numpy(spec: Spec, weights: Any, how: str, instead_of: tuple[str, ...], unable: Unable) -> Running:
    """Instead of Keras, for that reason; raises the reason where NumPy cannot either."""
    try:
        return numpy_reference.of_spec(spec, weights, how, (*instead_of, str(unable)))
    except Unable as too:
        raise Unable(f"{unable}; {too}") from None


class _InTurn:
    """Keras, and the NumPy reference from when Keras turns out to be unable to run the net: that shows with inputs."""

    def __init__(self, first: "OnKeras", otherwise: Callable[[Unable], Running]) -> None:
        self._side: Running = first
        self._otherwise = otherwise

    @property
    def runtime(self) -> Runtime:
        """What computed last."""
        return self._side.runtime

    def outputs(self, inputs: Arrays) -> list[Any]:
        """In the spec's order."""
        try:
            return self._side.outputs(inputs)
        except Unable as unable:
            self._turn(unable)
        return self._side.outputs(inputs)

    def layers(self, inputs: Arrays) -> Arrays:
        """First output of every layer, by the spec's names."""
        try:
            return self._side.layers(inputs)
        except Unable as unable:
            self._turn(unable)
        return self._side.layers(inputs)

    def _turn(self, unable: Unable) -> None:
        if not isinstance(self._side, OnKeras):
            raise unable
        self._side = self._otherwise(unable)


def _by_name(spec: Spec, file: ModelFile) -> dict[str, Any]:
    """The conversion's tensors under the names that the file's layers have. Raises ``Unable``."""
    new_names = {f"{file.renamed.get(layer.name, layer.name)}/{one.name}": f"{layer.name}/{one.name}"
                 for layer in resolve(file.spec).layers for one in layer.weights}  # fmt: skip
    found = {}
    for layer in resolve(spec).layers:
        for one in layer.weights if layer.weights_of is None else ():
            name = f"{layer.name}/{one.name}"
            tensor = file.weights.get(new_names.get(name, name))
            if tensor is None:
                raise Unable(f"the file holds no weights, and those of {name} cannot be told by name")
            found[name] = tensor
    return found


def of_spec(spec: Spec, weights: Any, how: str, instead_of: tuple[str, ...] = ()) -> "OnKeras":
    """A spec with its tensors on Keras. Raises ``Unable`` where Keras cannot compute it."""
    keras = keras_or_unable()
    from visualnn_worker.network.build import build
    from visualnn_worker.network.weights import set_weights

    try:
        network = build(spec)
        set_weights(network, dict(weights))
    except (VisualNNError, ValueError, TypeError) as error:
        raise Unable(f"Keras: {str(error)[:300]}") from None
    runtime = Runtime(
        name="Keras",
        version=f"{keras.__version__} on {keras.backend.backend()} {backend_version(keras)}",
        how=how,
        independent=False,
        instead_of=instead_of,
    )
    return OnKeras(network, runtime)


def backend_version(keras: Any) -> str:
    """Version of the library below Keras."""
    from importlib import import_module

    return str(getattr(import_module(keras.backend.backend()), "__version__", "?"))


class OnKeras:
    """A net that the worker's builder made."""

    def __init__(self, network: Any, runtime: Runtime) -> None:
        self._network, self.runtime = network, runtime

    def outputs(self, inputs: Arrays) -> list[Any]:
        """In the spec's order. Raises ``Unable`` where the backend has no operation for it."""
        try:
            return evaluate(self._network.model, [inputs[name] for name in self._network.input_names])
        except Exception as error:  # noqa: BLE001 - backends' errors have no common base
            raise Unable(f"Keras: {' '.join(str(error).split())[:300]}") from None

    def called(self, name: str, inputs: Sequence[Any], arguments: Mapping[str, Any]) -> Any:
        """What one layer answers when it is called with more arguments."""
        from visualnn_worker.network.names import keras_name

        layer = self._network.model.get_layer(keras_name(name))
        found = layer(*inputs, **arguments) if len(inputs) > 1 else layer(inputs[0], **arguments)
        return np.asarray(found[0] if isinstance(found, list | tuple) else found)

    def layers(self, inputs: Arrays) -> Arrays:
        """First output of every layer, by the spec's names."""
        from visualnn_worker.network.names import keras_name

        tensors = _first_outputs(self._network.model)
        named = {layer.name: tensors[keras_name(layer.name)] for layer in self._network.resolved.layers
                 if keras_name(layer.name) in tensors}  # fmt: skip
        try:
            return values(self._network.model, named, [inputs[name] for name in self._network.input_names])
        except Exception as error:  # noqa: BLE001 - backends' errors have no common base
            raise Unable(f"Keras: {' '.join(str(error).split())[:300]}") from None


def _first_outputs(model: Any) -> dict[str, Any]:
    """Layer's name -> its first output at its only call."""
    found = {}
    for operation in model._operations:
        nodes = operation._inbound_nodes
        if nodes:
            found[operation.name] = nodes[0].output_tensors[0]
    return found


def evaluate(model: Any, arrays: list[Any]) -> list[Any]:
    """All outputs of a Keras model at inference, as arrays, a few samples at a time."""
    import numpy as np
    from keras import ops

    parts = []
    for start in range(0, len(arrays[0]), BATCH):
        part = [array[start : start + BATCH] for array in arrays]
        alone = len(part) == 1 and not isinstance(getattr(model, "_inputs_struct", None), list | tuple)
        out = model(part[0] if alone else part, training=False)  # older files have a list of one input
        parts.append([ops.convert_to_numpy(one) for one in (out if isinstance(out, list | tuple) else [out])])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def values(model: Any, tensors: dict[str, Any], arrays: list[Any]) -> Arrays:
    """Values of some of a Keras model's tensors, by name."""
    import keras

    inner = keras.Model(model.inputs if len(model.inputs) > 1 else model.inputs[0], list(tensors.values()))
    return dict(zip(tensors, evaluate(inner, arrays), strict=True))
