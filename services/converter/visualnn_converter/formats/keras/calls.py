"""What a call of a layer takes, in Keras 2's form and in Keras 3's: tensors, masks, and what is neither."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from visualnn_shared.catalogue.maps import Unmappable, plain

MAX_CALLS = 100_000
MASKS = ("mask", "query_mask", "value_mask", "key_mask")
"""Arguments by which Keras hands on the masks of Embedding and Masking."""
_READ_IN_ORDER = {"query": 0, "sequence": 0, "inputs": 0, "value": 1, "key": 2}
"""Places of arguments that may be given by name, in any order; others come behind as they are written."""
_ONLY_IN_TRAINING = frozenset({
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "GaussianNoise",
    "AlphaDropout", "BatchNormalization",
})  # fmt: skip
"""Classes that compute something else when they are called with ``training=True``; others write it by default."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An output of a call of a layer."""

    layer: str
    node: int
    index: int


@dataclass(slots=True)
class Call:
    """One call of a layer."""

    tensors: list[Tensor] = field(default_factory=list)
    masks: list[Tensor] = field(default_factory=list)
    numbers: list[tuple[int, float]] = field(default_factory=list)
    """Numbers among the arguments by position, each with its place: ``2 * x``."""
    wrong: list[Unmappable] = field(default_factory=list)
    """Arguments that a spec has no word for."""
    flat: list[Tensor] = field(default_factory=list)
    """Tensors and masks as Keras 3 walks through them: by position, then by sorted names."""


def read_call(node: Any, type: str = "") -> Call:
    """A call of a layer of class ``type``. Raises ``Unmappable`` for what is no call."""
    call = Call()
    if isinstance(node, dict) and "args" in node:
        args, named = node.get("args"), node.get("kwargs")
        for place, value in enumerate(args if isinstance(args, list) else [args]):
            _positional(call, place, value)
        named = named if isinstance(named, dict) else {}
        for key in sorted(named, key=lambda key: _READ_IN_ORDER.get(key, len(named) + 2)):
            _by_name(call, str(key), named[key], type)
        call.flat = [*_tensors(args), *_tensors(named)]
    elif isinstance(node, list):
        for item in node:
            call.tensors.append(keras2_tensor(item))
            _keras2_names(call, item[3] if len(item) == 4 else None, type)
    else:
        raise Unmappable("a call must be a list of tensors, or an object with args", node)
    return call


def _positional(call: Call, place: int, value: Any) -> None:
    found = list(_tensors(value))
    call.tensors += found
    if found or value is None or value == []:
        return
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        call.numbers.append((place, float(value)))
    else:
        call.wrong.append(Unmappable("an argument of a call must be an output of a layer", plain(value)))


def _by_name(call: Call, key: str, value: Any, type: str) -> None:
    found = list(_tensors(value))
    if found:
        (call.masks if key in MASKS else call.tensors).extend(found)
    elif not _nothing(value) and (key != "training" or type in _ONLY_IN_TRAINING):
        rule = f"the call's argument {key} must be left out: a spec has no word for it"
        call.wrong.append(Unmappable(rule, plain(value)))


def _nothing(value: Any) -> bool:
    """Whether an argument says nothing: ``mask=[None, None]`` of a model with two inputs."""
    if isinstance(value, list | dict):
        return all(_nothing(inner) for inner in (value.values() if isinstance(value, dict) else value))
    return value is None or value is False


def _keras2_names(call: Call, given: Any, type: str) -> None:
    """What Keras 2 gives by name: ``attention(query, value=..., key=...)``."""
    named = given if isinstance(given, dict) else {}
    for key in sorted(named, key=lambda key: {"value": 0, "key": 1}.get(key, 2)):  # the order in which attention reads
        value = named[key]
        if isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str):
            (call.masks if key in MASKS else call.tensors).append(keras2_tensor(value))
        elif not (isinstance(value, list) and value and isinstance(value[0], list)):
            _by_name(call, str(key), value, type)


def keras2_tensor(item: Any) -> Tensor:
    """``[layer, node, tensor]``, with arguments behind it or without. Raises ``Unmappable``."""
    if (
        isinstance(item, list)
        and len(item) in (3, 4)
        and isinstance(item[0], str)
        and all(type(n) is int and 0 <= n <= MAX_CALLS for n in item[1:3])
    ):
        return Tensor(item[0], item[1], item[2])
    raise Unmappable("a tensor must be [layer, node, tensor]", item)


def _tensors(value: Any) -> Iterator[Tensor]:
    """Tensors in nested lists, left to right, and objects, by sorted keys as Keras takes them."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            config = value.get("config")
            yield keras2_tensor(config.get("keras_history") if isinstance(config, dict) else None)
        else:
            for key in sorted(value):
                yield from _tensors(value[key])
    elif isinstance(value, list):
        for inner in value:
            yield from _tensors(inner)
