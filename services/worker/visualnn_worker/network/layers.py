"""One layer of a spec as a call on Keras tensors.

Most types are Keras' own, under the parameters that the catalogue's Keras map writes. The few that Keras does not have,
or not with these parameters, are in the table at the end.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import keras
from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.catalogue.keras_maps import config
from visualnn_shared.catalogue.mapping import write_layer
from visualnn_shared.catalogue.maps import Context
from visualnn_shared.catalogue.padding import Sides
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.problem import problem

from visualnn_worker import keras_layers
from visualnn_worker.network.names import keras_name

Made = list[keras.layers.Layer]
"""The Keras layers that stand for one layer of the spec, in order; the last one carries its name and weights."""


def make(layer: ResolvedLayer) -> Made:
    """The Keras layers of ``layer``, not yet called. Raises ``SpecInvalid`` for what Keras cannot do."""
    special = _SPECIAL.get(layer.type)
    made = special(layer) if special else None
    if made is None:
        made = [_own(layer) if layer.entry.keras_class else _plain(layer)]
    return made


def _plain(layer: ResolvedLayer, **changed: Any) -> keras.layers.Layer:
    context = Context(input_shapes=tuple(_numbers(shape) for shape in layer.input_shapes))
    op, attributes = write_layer("keras", layer.type, {**layer.params, **changed}, context, layer=layer.name)
    made: keras.layers.Layer = getattr(keras.layers, op).from_config({"name": keras_name(layer.name), **attributes})
    return made


def _numbers(shape: Sequence[Any]) -> tuple[int | None, ...]:
    return tuple(n if isinstance(n, int) else None for n in shape)


def _own(layer: ResolvedLayer) -> keras.layers.Layer:
    """A layer that Keras lacks: the class that the entry names takes the spec's parameters, under the same names."""
    module, _, name = str(layer.entry.keras_class).partition(":")
    params = {name: config(layer.entry.kinds[name], value) for name, value in layer.params.items()}
    made: keras.layers.Layer = getattr(import_module(module), name)(name=keras_name(layer.name), **params)
    return made


def _convolution(layer: ResolvedLayer) -> Made | None:
    """Keras convolutions pad by a word only: explicit cells become zeros before a ``valid`` one."""
    padding = layer.params["padding"]
    if isinstance(padding, str):
        return None
    rank = len(padding)
    cells = padding[0] if rank == 1 else padding
    zeros = getattr(keras.layers, f"ZeroPadding{rank}D")(cells, name=f"{keras_name(layer.name)}>padding")
    return [zeros, _plain(layer, padding="valid")]


def _max_pooling(layer: ResolvedLayer) -> Made | None:
    params = layer.params
    if isinstance(params["padding"], str) and not params["ceil_mode"]:
        return None
    return [_own_pooling(layer)]


def _average_pooling(layer: ResolvedLayer) -> Made | None:
    params = layer.params
    padding = params["padding"]
    counts = params["count_include_pad"] and padding != "valid"
    if isinstance(padding, str) and not params["ceil_mode"] and not counts:
        return [_plain(layer, count_include_pad=False)]
    return [_own_pooling(layer, count_include_pad=params["count_include_pad"])]


def _own_pooling(layer: ResolvedLayer, **more: Any) -> keras.layers.Layer:
    """Our pooling class of the same name, with the padding in cells."""
    params = layer.params
    made: keras.layers.Layer = getattr(keras_layers, layer.type)(
        params["pool_size"], params["strides"], _sides(layer), params["ceil_mode"], name=keras_name(layer.name), **more
    )
    return made


def _sides(layer: ResolvedLayer) -> Sides:
    """The padding in cells; ``same`` puts the odd cell at the end, as TensorFlow does."""
    padding, pool_size = layer.params["padding"], layer.params["pool_size"]
    if padding == "valid":
        return ((0, 0),) * len(pool_size)
    if padding != "same":
        return padding  # type: ignore[no-any-return]
    sides = []
    for n, size, stride in zip(layer.input_shapes[0][:-1], pool_size, layer.params["strides"], strict=True):
        if 1 in (size, stride):
            n = 1  # whatever the input's size, the padding is size - 1 cells
        if not isinstance(n, int):
            rule = "count_include_pad must be false where padding is 'same', strides are not 1 and the size is free"
            raise SpecInvalid([problem(rule, True, layer=layer.name, param="count_include_pad")])
        total = max((-(-n // stride) - 1) * stride + size - n, 0)
        sides.append((total // 2, total - total // 2))
    return tuple(sides)


def _adaptive_pooling(layer: ResolvedLayer) -> Made | None:
    """Ours where an axis has a single cell, before or after: TensorFlow cannot run Keras' own there."""
    size = layer.params["output_size"]
    if 1 not in size and 1 not in layer.input_shapes[0][:-1]:
        return None
    made = keras_layers.AdaptiveMaxPooling if "Max" in layer.type else keras_layers.AdaptiveAveragePooling
    return [made(size, name=keras_name(layer.name))]


def _add(layer: ResolvedLayer) -> Made | None:
    coefficients = layer.params["coefficients"]
    if coefficients is None or all(c == 1 for c in coefficients):
        return [keras.layers.Add(name=keras_name(layer.name))]
    return [keras_layers.WeightedSum(coefficients, name=keras_name(layer.name))]


_SPECIAL: dict[str, Callable[[ResolvedLayer], Made | None]] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"), _convolution),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _convolution),
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D", "MaxPooling3D"), _max_pooling),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"), _average_pooling),
    **dict.fromkeys((f"AdaptiveMaxPooling{rank}D" for rank in (1, 2, 3)), _adaptive_pooling),
    **dict.fromkeys((f"AdaptiveAveragePooling{rank}D" for rank in (1, 2, 3)), _adaptive_pooling),
    "Add": _add,
}
