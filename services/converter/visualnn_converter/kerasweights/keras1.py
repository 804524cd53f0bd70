"""Tensors of Keras 1, and of the Theano backend, as Keras 2 with TensorFlow has them.

Source: ``preprocess_weights_for_loading`` and ``convert_kernel`` of Keras 2. Keras 1 kept each gate of a recurrent
layer by itself, and kernels of channels-first layers as (filters, channels, rows, columns). Theano turns kernels around
before it slides them. Keras 1 does not say its backend: its channels-first layers are taken for Theano's, whose
default they were, and the report says so.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.keras.source import Source
from visualnn_converter.kerasweights.hdf5 import Tree

Arrays = list[NDArray[Any]]
CONVOLUTIONS = {"Conv1D": 1, "Conv2D": 2, "Conv3D": 3, "Conv2DTranspose": 2}
"""Layers with kernels that Theano turns around, and how many axes of the kernel are spatial."""
_GATES = {"LSTM": (12, (0, 6, 3, 9)), "GRU": (9, (0, 3, 6))}
"""Tensors of a layer, and where the gates' kernels are, in the order of Keras 2; then the state's, then the biases."""
_HIGHWAY = ("kernel", "transform_kernel", "bias", "transform_bias")
_WRAPPERS = ("TimeDistributed", "Bidirectional")


def is_keras_1(tree: Tree) -> bool:
    """Whether Keras 1 wrote the file; before 1.2 it said nothing of itself."""
    version = tree.text("", "keras_version") or _root_text(tree, "keras_version") or "1"
    return version.startswith("1")


def is_turned(tree: Tree, source: Source) -> bool:
    """Whether the layer's kernel is one that Theano turns around."""
    if source.type not in CONVOLUTIONS:
        return False
    backend = tree.text("", "backend") or _root_text(tree, "backend")
    return backend == "theano" or (backend is None and is_keras_1(tree) and source.channels_first)


def variables(type: str, names: list[str]) -> list[str]:
    """The layer's variables in the order of the file."""
    return [name for name in _HIGHWAY if name in names] if type == "Highway" else names


def rearranged(tree: Tree, source: Source, paths: list[str]) -> Arrays | None:
    """The tensors in the order and form of Keras 2, or None where they are that already."""
    old, turned = is_keras_1(tree), is_turned(tree, source)
    if not (old or turned):
        return None
    try:
        arrays = [tree.tensor(path) for path in paths if path in tree.datasets]
        if len(arrays) != len(paths):
            return None
        made = _modern(source.type, source.config, arrays, first=source.channels_first) if old else arrays
    except (Unmappable, ValueError, IndexError):  # the caller finds out what is missing or of another shape
        return None
    if turned and made and made[0].ndim == CONVOLUTIONS[source.type] + 2:
        spatial = tuple(range(CONVOLUTIONS[source.type]))
        made = [np.flip(made[0], spatial), *made[1:]]
    return [np.ascontiguousarray(one) for one in made]


def _root_text(tree: Tree, name: str) -> str | None:
    return tree.text("model_weights", name) if "model_weights" in tree.groups else None


def _modern(type: str, config: dict[str, Any], arrays: Arrays, *, first: bool) -> Arrays:
    if type in _WRAPPERS:
        inner = config.get("layer")
        if not isinstance(inner, dict) or not isinstance(inner.get("config"), dict):
            return arrays
        parts = [arrays] if type == "TimeDistributed" else [arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]]
        return [one for part in parts for one in _modern(str(inner["class_name"]), inner["config"], part, first=False)]
    if type in _GATES and len(arrays) == _GATES[type][0]:
        gates = _GATES[type][1]
        return [np.concatenate([arrays[gate + part] for gate in gates], axis=-1) for part in range(3)]
    if type == "Maxout":
        return [_pieces(one) for one in arrays]
    return [_kernel(type, one, first=first) for one in arrays]


def _pieces(array: NDArray[Any]) -> NDArray[Any]:
    """(pieces, inputs, units) or (pieces, units); ours has the pieces of a unit side by side, along the last axis."""
    moved = np.moveaxis(array, 0, -1)
    return moved.reshape(*moved.shape[:-2], -1)


def _kernel(type: str, array: NDArray[Any], *, first: bool) -> NDArray[Any]:
    if array.ndim == 4 and type == "Conv1D":
        return (array if array.shape[1] == 1 else np.transpose(array, (2, 3, 1, 0)))[:, 0]
    if array.ndim == 4 and type == "Conv2DTranspose":
        return np.transpose(array, (2, 3, 0, 1) if first else (0, 1, 3, 2))
    if array.ndim == 4 and first and type in ("Conv2D", "SeparableConv2D"):
        return np.transpose(array, (2, 3, 1, 0))
    if array.ndim == 5 and first and type == "Conv3D":
        return np.transpose(array, (2, 3, 4, 1, 0))
    return array
