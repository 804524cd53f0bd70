"""What Keras 3 writes as layers though nobody put them there: masks, operations, sums and products with numbers."""

from typing import TYPE_CHECKING

from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.keras.calls import Tensor

if TYPE_CHECKING:
    from visualnn_converter.formats.keras.source import Net, Source

_MAKES_MASKS = ("NotEqual", "Any")
_NUMBERS = {"Multiply", "Add", "Subtract", "TrueDivide", "Divide"}


_FUNCTIONS = {
    "Relu": "relu", "Relu6": "relu6", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus",
    "Softsign": "softsign", "Silu": "silu", "Selu": "selu",
}  # fmt: skip
"""Classes of ``keras.ops.relu(x)`` and others without parameters -> the activation."""


def function(module: object, type: str) -> str | None:
    """The activation that an operation is, where it is one."""
    return _FUNCTIONS.get(type) if str(module).startswith("keras.src.ops") else None


def affine(source: "Source", numbers: list[list[tuple[int, float]]]) -> None:
    """``2 * x + 1``: a Multiply and an Add of a tensor and a number each become a Rescaling."""
    if source.type in _MAKES_MASKS or not any(numbers):
        return
    found = {tuple(one) for one in numbers}
    if source.type in _NUMBERS and len(found) == 1 and all(len(call) == 1 for call in source.calls):
        ((place, number),) = found.pop()
        config = _rescaling(source.type, place, number)
        if config is not None:
            source.type, source.config = "Rescaling", {"name": source.name, **config}
            return
    received = [number for call in numbers for _, number in call]
    source.wrong.append(Unmappable("an argument of a call must be an output of a layer", received))


def _rescaling(type: str, place: int, number: float) -> dict[str, float] | None:
    """``scale`` and ``offset``; None for a number divided by a tensor."""
    if type == "Add":
        return {"scale": 1.0, "offset": number}
    if type == "Multiply":
        return {"scale": number, "offset": 0.0}
    if type == "Subtract":
        return {"scale": 1.0, "offset": -number} if place else {"scale": -1.0, "offset": number}
    return {"scale": 1 / number, "offset": 0.0} if place and number else None


def find_masks(net: "Net") -> None:
    """Marks the layers that only make the masks of Embedding and Masking; any other mask is an argument we lack."""
    for source in net.layers.values():
        for tensors, masks in zip(source.calls, source.masks, strict=False):
            for mask in masks:
                owner = _owner(net, mask)
                if owner is None or not _behind(net, tensors, owner):
                    rule = "a mask must be that of an Embedding or a Masking before the layer: a spec has no other"
                    source.wrong.append(Unmappable(rule, mask.layer))
    ends = {tensor.layer for tensor in net.outputs}
    handed = {mask.layer for source in net.layers.values() for masks in source.masks for mask in masks}
    for name in sorted(handed):
        while name in net.layers and net.layers[name].type in _MAKES_MASKS:
            source, readers = net.layers[name], [one for one in net.layers.values() if not one.only_masks]
            if name in ends or any(tensor.layer == name for one in readers for call in one.calls for tensor in call):
                break
            source.only_masks = True
            name = source.calls[0][0].layer if source.calls and source.calls[0] else ""


def _owner(net: "Net", mask: Tensor) -> str | None:
    """The Embedding or Masking whose mask this is: it reads what the mask is made of."""
    source = net.layers.get(mask.layer)
    if source is not None and source.type == "Any" and source.calls and source.calls[0]:
        source, wanted = net.layers.get(source.calls[0][0].layer), "Masking"
    else:
        wanted = "Embedding"
    if source is None or source.type != "NotEqual" or not source.calls or not source.calls[0]:
        return None
    read = source.calls[0][0]
    for one in net.layers.values():
        masks = one.type == wanted and (wanted == "Masking" or one.config.get("mask_zero"))
        if masks and any(call[:1] == [read] for call in one.calls):
            return one.name
    return None


def _behind(net: "Net", tensors: list[Tensor], owner: str) -> bool:
    """Whether the layer that reads ``tensors`` stands behind ``owner``."""
    waiting, seen = [tensor.layer for tensor in tensors], set[str]()
    while waiting:
        name = waiting.pop()
        if name == owner:
            return True
        source = net.layers.get(name)
        if source is not None and name not in seen:
            seen.add(name)
            waiting += [tensor.layer for call in source.calls for tensor in call]
    return False
