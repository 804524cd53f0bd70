"""Changes to a layer that conversions are known to make by mistake."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.catalogue.maps import Context
from visualnn_shared.catalogue.window_lenses import same_pads

from visualnn_standalone.verify.comparing import Array

_EPSILONS = (1e-3, 1e-5, 1e-4, 1e-6, 1e-7, 1e-12, 1e-2, 2e-5, 1.001e-5, 0.0)
_ACTIVATIONS = (
    "linear", "relu", "sigmoid", "tanh", "softmax", "elu", "selu", "gelu", "silu", "softplus", "softsign",
    "hard_sigmoid", "relu6", "leaky_relu", "mish", "hard_silu", "exponential", "log_softmax",
)  # fmt: skip
_NUMBERS: dict[str, tuple[Any, ...]] = {
    "negative_slope": (0.0, 0.01, 0.1, 0.2, 0.25, 0.3),
    "alpha": (1.0, 0.01, 0.1, 0.2, 0.3, 1e-4),
    "max_value": (None, 6.0, 1.0),
    "momentum": (),
    "k": (1.0, 2.0),
    "rate": (),
}
_FLAGS = ("ceil_mode", "count_include_pad", "go_backwards", "reset_after", "return_sequences", "align_corners")
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
CALLED_WITH_MASKS = frozenset({
    *_RECURRENT, "Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention",
})  # fmt: skip
"""Layers whose call may take a mask or states besides their inputs."""
_GATES = {"LSTM": 4, "GRU": 3}


@dataclass(frozen=True, slots=True)
class Variant:
    """A layer with one thing changed."""

    kind: str
    text: str
    params: Mapping[str, Any]
    weights: Mapping[str, Array]
    type: str | None = None
    """Another type of layer."""
    reversed: bool = False
    """Inputs in the other order."""
    call: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the layer's call."""


def variants(
    layer: ResolvedLayer, inputs: Sequence[Array], weights: Mapping[str, Array], flattened: Sequence[int] | None
) -> Iterator[Variant]:
    """Every change to try, those to the tensors first: they are the cheapest."""
    tensors = (*_gates(layer, weights), *_statistics(layer, inputs, weights), *_kernels(weights, flattened))
    for kind, text, changed in tensors:
        yield Variant(kind, text, layer.params, {**weights, **changed})
    for kind, text, change in (*_epsilons(layer), *_paddings(layer), *_flags(layer), *_axes(layer), *_functions(layer)):
        yield Variant(kind, text, {**layer.params, **change}, weights)
    if not layer.weights and len(inputs) == 1 and layer.type != "Activation":
        for name in _ACTIVATIONS:
            yield Variant("activation", f"the values are those of {name}", {"activation": name}, {}, "Activation")
    if layer.type in CALLED_WITH_MASKS and layer.type not in _RECURRENT:
        text = "the layer is called with use_causal_mask=True"
        yield Variant("call", text, layer.params, weights, call={"use_causal_mask": True})
    if len(inputs) > 1:
        yield Variant("order of inputs", "the inputs are in the reverse order", layer.params, weights, reversed=True)


Change = tuple[str, str, dict[str, Any]]


def _epsilons(layer: ResolvedLayer) -> Iterator[Change]:
    known = layer.params.get("epsilon")
    if isinstance(known, int | float):
        for value in _EPSILONS:
            if value != known:
                yield "epsilon", f"epsilon is {value:g} instead of {known:g}", {"epsilon": value}


def _paddings(layer: ResolvedLayer) -> Iterator[Change]:
    padding = layer.params.get("padding")
    if padding is None:
        return
    for found in _other_paddings(layer, padding):
        text = f"padding is {_shown(found)} instead of {_shown(padding)}"
        yield "padding", text, {"padding": found}


def _shown(padding: Any) -> str:
    return repr(padding) if isinstance(padding, str) else str([list(side) for side in padding])


def _other_paddings(layer: ResolvedLayer, padding: Any) -> Iterator[Any]:
    yield from (word for word in ("valid", "same") if word != padding)
    cells = cells_of(layer, padding)
    if cells is None:
        return
    tried = {cells}
    swapped = tuple((after, before) for before, after in cells)
    even = [tuple((n, n) for _ in cells) for n in range(4)]
    shifted = [
        tuple((b + by, a - by) if axis == at or at is None else (b, a) for axis, (b, a) in enumerate(cells))
        for at in (None, *range(len(cells)))
        for by in (1, -1)
    ]
    one_more = [
        tuple(
            (b + by * (side == 0), a + by * (side == 1)) if axis == at else (b, a) for axis, (b, a) in enumerate(cells)
        )
        for at in range(len(cells))
        for side in (0, 1)
        for by in (1, -1)
    ]
    for found in (swapped, *even, *shifted, *one_more):
        if found not in tried and all(n >= 0 for side in found for n in side):
            tried.add(found)
            yield found


def cells_of(layer: ResolvedLayer, padding: Any) -> tuple[tuple[int, int], ...] | None:
    """The padding in cells; None where the layer has no windows or the size is free."""
    p = layer.params
    window = p.get("kernel_size") or p.get("pool_size")
    if window is None:
        return None if isinstance(padding, str) else _pairs(padding)
    if padding == "valid":
        return ((0, 0),) * len(window)
    if padding == "same":
        dilation = p.get("dilation_rate", (1,) * len(window))
        found = same_pads(window, p["strides"], dilation, Context(input_shapes=layer.input_shapes))
        return None if found is None else _pairs(found)
    return None if isinstance(padding, str) else _pairs(padding)


def _pairs(padding: Any) -> tuple[tuple[int, int], ...] | None:
    try:
        return tuple((int(before), int(after)) for before, after in padding)
    except (TypeError, ValueError):
        return None


def _flags(layer: ResolvedLayer) -> Iterator[Change]:
    for name in _FLAGS:
        value = layer.params.get(name)
        if isinstance(value, bool):
            yield name.replace("_", " "), f"{name} is {not value} instead of {value}", {name: not value}
    for name, tried in _NUMBERS.items():
        value = layer.params.get(name, ...)
        if value is None or isinstance(value, int | float):
            for other in tried:
                if other != value:
                    kind = "activation" if name in ("negative_slope", "max_value") else name
                    yield kind, f"{name} is {other} instead of {value}", {name: other}
    if layer.type == "LRN" and "alpha" in layer.params and "local_size" in layer.params:
        alpha, size = layer.params["alpha"], layer.params["local_size"]
        yield "alpha", "alpha is not divided by the window's size", {"alpha": alpha * size}
        yield "alpha", "alpha is divided by the window's size once more", {"alpha": alpha / size}


def _axes(layer: ResolvedLayer) -> Iterator[Change]:
    rank, known = len(layer.input_shapes[0]) + 1 if layer.input_shapes else 0, layer.params.get("axis")
    if isinstance(known, int) and not isinstance(known, bool):
        for axis in range(1, rank):
            if axis not in (known, known + rank):
                yield "axis", f"axis is {axis} instead of {known}", {"axis": axis}


def _functions(layer: ResolvedLayer) -> Iterator[Change]:
    for name in ("activation", "recurrent_activation"):
        known = layer.params.get(name)
        if name in layer.params:
            for other in _ACTIVATIONS:
                if other != known:
                    yield "activation", f"{name} is {other} instead of {known}", {name: other}


def _statistics(
    layer: ResolvedLayer, inputs: Sequence[Array], weights: Mapping[str, Array]
) -> Iterator[tuple[str, str, dict[str, Array]]]:
    if layer.type != "BatchNormalization":
        return
    x = np.asarray(inputs[0], np.float64)
    axes = tuple(axis for axis in range(x.ndim) if axis != layer.params["axis"] % x.ndim)
    mean, spread = (found(x, axes).astype(np.float32) for found in (np.mean, np.var))
    batch: dict[str, Array] = {"moving_mean": mean, "moving_variance": spread}
    yield "batch-norm mode", "the statistics are the batch's, as in training", batch
    variance = weights["moving_variance"]
    yield "batch-norm mode", "the variance is taken for a standard deviation", {"moving_variance": variance**2}
    yield "batch-norm mode", "the standard deviation is taken for a variance", {"moving_variance": np.sqrt(variance)}
    for name, value, text in (("gamma", 1.0, "gamma is left out"), ("beta", 0.0, "beta is left out")):
        if name in weights:
            yield "weights", text, {name: np.full_like(weights[name], value)}


def _kernels(
    weights: Mapping[str, Array], flattened: Sequence[int] | None
) -> Iterator[tuple[str, str, dict[str, Array]]]:
    for name, tensor in weights.items():
        if not name.endswith("kernel"):
            continue
        spatial = tuple(range(tensor.ndim - 2))
        if spatial:
            yield "kernel flip", f"{name} is flipped along its windows", {name: np.flip(tensor, spatial)}
        for a, b, text in ((-1, -2, "inputs and outputs"), (0, 1, "height and width")):
            if tensor.ndim >= (2 if a == -1 else 4) and tensor.shape[a] == tensor.shape[b]:
                yield "kernel", f"{name} has {text} exchanged", {name: np.swapaxes(tensor, a, b)}
        if flattened is not None and len(flattened) > 1 and len(tensor) == np.prod(flattened):
            moved = np.moveaxis(tensor.reshape(*flattened, -1), -2, 0).reshape(tensor.shape)
            yield "layout", f"the rows of {name} are in the order channels, height, width", {name: moved}
            back = np.moveaxis(tensor.reshape(flattened[-1], *flattened[:-1], -1), 0, -2).reshape(tensor.shape)
            yield "layout", f"the rows of {name} are taken for channels, height, width", {name: back}
    for name in ("bias",):
        if name in weights:
            yield "weights", f"{name} is left out", {name: np.zeros_like(weights[name])}


def _gates(layer: ResolvedLayer, weights: Mapping[str, Array]) -> Iterator[tuple[str, str, dict[str, Array]]]:
    count = _GATES.get(layer.type, 0)
    if not count or not {"kernel", "recurrent_kernel"} <= weights.keys():
        return
    for order in permutations(range(count)):
        if order == tuple(range(count)):
            continue
        changed = {
            name: np.concatenate([np.split(tensor, count, -1)[gate] for gate in order], -1)
            for name, tensor in weights.items()
        }
        letters = "ifco" if count == 4 else "zrh"
        text = f"the gates are in the order {', '.join(letters[gate] for gate in order)}"
        yield "gate order", f"{text} instead of {', '.join(letters)}", changed
