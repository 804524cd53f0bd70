"""Dense layers become convolutions, so that a classifier slides over a larger picture (Sermanet et al. 2014, OverFeat).

A Dense layer behind a Flatten of (h, w, c) is a convolution with a window of h x w over that map; further Dense layers
are convolutions of 1 x 1. Each vector of the new output is what the old head says of one window of the last map. Where
the body pads, that is not quite what the old net says of a crop of the picture: a crop ends in zeros, a window goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue.mapping import without_defaults
from visualnn_shared.catalogue.maps import plain
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem, problem

Weights = Mapping[str, Any]
"""Arrays by ``layer/variable``, in Keras layout."""

_POINTWISE = frozenset({
    "Activation", "ReLU", "LeakyReLU", "ELU", "Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout", "Identity",
    "SELU", "GELU", "Softplus", "Softsign", "Sigmoid", "Tanh", "HardSigmoid", "Swish", "ThresholdedReLU",
    "ActivityRegularization",
})  # fmt: skip
"""Layers that treat every value alike."""
_POOLS = {"GlobalAveragePooling2D": "AveragePooling2D", "GlobalMaxPooling2D": "MaxPooling2D"}
_MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"})


@dataclass(slots=True)
class Rewritten:
    """The new net; its weights where the old ones were given; and which layer became what."""

    spec: Spec
    weights: dict[str, Any] | None
    changed: dict[str, str] = field(default_factory=dict)


def dense_to_conv(spec: Spec, size: tuple[int, int] | None = None, weights: Weights | None = None) -> Rewritten:
    """The net with convolutions for dense layers, over pictures of ``size`` (height, width; None leaves it free).

    Raises ``SpecInvalid`` for a net with problems, ``Invalid`` with every layer that cannot slide, or with every tensor
    that is not the net's.
    """
    resolved = resolve(spec)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, spec.name)
    if weights is not None and (foreign := _foreign(resolved, weights)):
        raise Invalid("the weights", foreign)
    slide = _Slide(resolved, size)
    for layer in resolved.layers:
        slide.add(layer)
    if not any(kind.startswith("Conv2D") for kind in slide.changed.values()) and not slide.problems:
        slide.problems.append(problem("the net must have a dense layer over a map of a picture", None, field="layers"))
    if slide.problems:
        raise Invalid(f"rewriting {spec.name!r}", slide.problems)
    outputs = tuple(slide.ref(str(ref)) for ref, _shape in resolved.outputs)
    new = Spec(name=spec.name, layers=tuple(slide.layers), outputs=outputs)
    left = resolve(new).problems
    if left:
        raise SpecInvalid(left, spec.name)
    return Rewritten(new, None if weights is None else slide.reshaped(weights), slide.changed)


def _foreign(resolved: Resolved, weights: Weights) -> list[Problem]:
    """Tensors that the net lacks, or has in another shape."""
    wanted = {f"{one.name}/{w.name}": w.shape for one in resolved.layers if not one.weights_of for w in one.weights}
    given = {name: tuple(value.shape) for name, value in weights.items()}
    return [
        problem("the weights must hold each variable of the net in its shape", given.get(name), field=name,
                hint=f"its shape is {wanted[name]}" if name in wanted else "the net has no such variable")
        for name in sorted({*wanted, *given})
        if wanted.get(name) != given.get(name)
    ]  # fmt: skip


class _Slide:
    """The new layers, and what the old vectors are now."""

    def __init__(self, resolved: Resolved, size: tuple[int, int] | None) -> None:
        self.layers: list[Layer] = []
        self.changed: dict[str, str] = {}
        self.problems: list[Problem] = []
        self._windows: dict[str, tuple[int, ...]] = {}
        """Layer whose vector was a window of a map -> (height, width, channels) of that window."""
        self._instead: dict[str, str] = {}
        """Removed layer -> what stands for it."""
        self._kernels: dict[str, tuple[int, ...]] = {}
        pictures = [layer for layer in resolved.inputs if len(layer.output_shapes[0]) == 3]
        if len(pictures) != 1:
            names = [layer.name for layer in pictures]
            self.problems.append(problem("the net must have one input of pictures", names, field="layers"))
        self._picture = pictures[0].name if pictures else None
        self._size = size

    def ref(self, text: str) -> str:
        """A reference in the new net."""
        return self._instead.get(text, text)

    def add(self, layer: ResolvedLayer) -> None:
        """The layer as the new net has it."""
        if layer.name == self._picture:
            shape = [*(self._size or (None, None)), layer.output_shapes[0][-1]]
            self._keep(layer, params={"shape": shape})
            return
        windows = [self._windows.get(ref.layer) for ref in layer.inputs]
        flat = layer.type == "Flatten" or (layer.type == "Reshape" and len(layer.output_shapes[0]) == 1)
        if flat and len(layer.input_shapes[0]) == 3 and windows == [None]:
            self._flatten(layer)
        elif layer.type in _POOLS and windows == [None]:
            self._pool(layer)
        elif not any(windows):
            self._keep(layer)
        else:
            self._slides(layer, windows)

    def _slides(self, layer: ResolvedLayer, windows: list[tuple[int, ...] | None]) -> None:
        """A layer behind a vector that has become a map."""
        first = windows[0]
        single = all(window is not None and window[:2] == (1, 1) for window in windows)
        if layer.type == "Dense" and first is not None:
            self._dense(layer, first)
        elif layer.type in _POINTWISE and first is not None and not (_softmax(layer) and not single):
            self._keep(layer)
            self._windows[layer.name] = first
        elif single and _over_channels(layer):
            axis = {"axis": -1} if "axis" in layer.params else {}
            self._keep(layer, params=axis)
            self._windows[layer.name] = (1, 1, *_channels(layer))
        elif layer.type in ("Flatten", "Reshape") and single and len(layer.output_shapes[0]) == 1:
            self._instead[layer.name] = self.ref(str(layer.inputs[0]))
            self._windows[layer.name] = first or ()
        else:
            hint = "only dense layers, activations, dropout and, over channels, normalisation and merges can"
            rule = "every layer behind the map must be able to slide over it"
            self.problems.append(problem(rule, layer.type, layer=layer.name, hint=hint))

    def _flatten(self, layer: ResolvedLayer) -> None:
        window = self._fixed(layer)
        if window is not None:
            self._windows[layer.name] = window
            self._instead[layer.name] = self.ref(str(layer.inputs[0]))
            self.changed[layer.name] = "removed"

    def _pool(self, layer: ResolvedLayer) -> None:
        window = self._fixed(layer)
        if window is not None:
            height, width, channels = window
            self._keep(layer, _POOLS[layer.type], {"pool_size": [height, width], "strides": 1}, only=True)
            self._windows[layer.name] = (1, 1, channels)
            self.changed[layer.name] = _POOLS[layer.type]

    def _dense(self, layer: ResolvedLayer, window: tuple[int, ...]) -> None:
        height, width, channels = window
        units = layer.params["units"]
        self._keep(layer, "Conv2D", {"filters": units, "kernel_size": [height, width]}, drop=("units",))
        self._windows[layer.name] = (1, 1, units)
        self._kernels[f"{layer.name}/kernel"] = (height, width, channels, units)
        self.changed[layer.name] = f"Conv2D {height} x {width}"

    def _fixed(self, layer: ResolvedLayer) -> tuple[int, ...] | None:
        shape = layer.input_shapes[0]
        found = tuple(n for n in shape if isinstance(n, int))
        if len(found) == len(shape):
            return found
        hint = "give the Input layer the size that the net was made for"
        self.problems.append(problem("the map must have a known size", str(shape), layer=layer.name, hint=hint))
        return None

    def _keep(
        self, layer: ResolvedLayer, type: str | None = None, params: dict[str, Any] | None = None, *,
        drop: tuple[str, ...] = (), only: bool = False,
    ) -> None:  # fmt: skip
        said = {} if only else plain(without_defaults(layer.entry, layer.params))
        kept = {name: value for name, value in said.items() if name not in drop}
        inputs = tuple(self.ref(str(ref)) for ref in layer.inputs)
        self.layers.append(Layer(
            name=layer.name, type=type or layer.type, params={**kept, **(params or {})}, inputs=inputs,
            weights_of=layer.weights_of,
        ))  # fmt: skip

    def reshaped(self, weights: Weights) -> dict[str, Any]:
        """Dense kernels (h * w * c, units) as convolution kernels (h, w, c, units); all else as it was."""
        return {
            name: value.reshape(self._kernels[name]) if name in self._kernels else value
            for name, value in weights.items()
        }


def _softmax(layer: ResolvedLayer) -> bool:
    return layer.params.get("activation") == "softmax"


def _over_channels(layer: ResolvedLayer) -> bool:
    """Whether the layer works along the only axis of its vectors, or on each value."""
    if layer.type in ("Softmax", "BatchNormalization", "LayerNormalization"):
        return True
    return layer.type in _MERGES


def _channels(layer: ResolvedLayer) -> tuple[int, ...]:
    return tuple(n for n in layer.output_shapes[0] if isinstance(n, int))
