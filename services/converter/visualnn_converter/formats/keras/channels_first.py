"""A net whose file has channels before rows and columns, with channels last.

A tensor of the file is (channels, height, width) where ours is (height, width, channels). Layers that the file calls
channels-first become ordinary ones; layers that treat each value by itself keep the order of their inputs; before all
others, a Permute restores the file's order, so that what follows (a Flatten, say) sees what it saw.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from visualnn_shared.catalogue.kinds import Axis, Optional
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.catalogue.registry import CATALOGUE
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.refs import split_ref

from visualnn_converter.layout import channels_first
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Names

_KEEPS = frozenset({
    "ReLU", "LeakyReLU", "ELU", "ThresholdedReLU", "Activation", "Dropout", "GaussianNoise", "GaussianDropout",
    "AlphaDropout", "BatchNormalization", "ActivityRegularization", "Identity", "Add", "Subtract", "Multiply",
    "Average", "Maximum", "Minimum", "Concatenate", "Softmax",
})  # fmt: skip
_ROWWISE = ("softmax", "log_softmax", "sparsemax")
TURNED = frozenset({
    "SeparableConv2D", "DepthwiseConv2D", "Conv2DTranspose", "Conv3DTranspose", "Flatten",
    *(f"{name}{rank}D" for rank in (1, 2, 3) for name in (
        "Conv", "MaxPooling", "AveragePooling", "GlobalMaxPooling", "GlobalAveragePooling", "ZeroPadding", "Cropping",
        "UpSampling", "SpatialDropout")),
})  # fmt: skip
"""Layers that a file may call channels-first."""
ENDS = frozenset({f"Global{how}Pooling{rank}D" for how in ("Average", "Max") for rank in (1, 2, 3)} | {"Flatten"})


def run(spec: Spec, marked: Collection[str], report: Report) -> Spec:
    """The spec with channels last; ``marked`` are the layers that the file calls channels-first."""
    if not marked:
        return spec
    return _Turning(spec, marked, report).spec()


class _Turning:
    def __init__(self, spec: Spec, marked: Collection[str], report: Report) -> None:
        self._spec, self._marked, self._report = spec, marked, report
        self._names = Names(layer.name for layer in spec.layers)
        self._made: list[Layer] = []
        self._ranks: dict[str, int] = {}
        """Layers whose outputs have channels last where the file has them first, with the rank."""
        self._orders: dict[tuple[str, str], str] = {}
        self._pictures = _pictures(spec, marked)

    def spec(self) -> Spec:
        layers = {layer.name: layer for layer in self._spec.layers}
        for layer in in_order(layers):
            self._layer(layer)
        for name in {split_ref(ref)[0] for ref in self._spec.outputs} & set(self._ranks):
            self._report.rewrote(name, "channels last", "an output; the file has channels first")
        return self._spec.model_copy(update={"layers": tuple(self._made)})

    def _layer(self, layer: Layer) -> None:
        if layer.type == "Input":
            self._input(layer)
            return
        turned = [self._ranks.get(split_ref(ref)[0]) for ref in layer.inputs]
        params = layer.params
        if layer.name in self._marked:
            inputs = tuple(self._last(ref, layer) for ref in layer.inputs)
            if layer.type not in ENDS or params.get("keepdims"):
                self._ranks[layer.name] = _rank(layer.type)
        elif turned and all(turned) and _keeps(layer):
            inputs, rank = layer.inputs, int(turned[0] or 0)
            self._ranks[layer.name] = rank
            params = _axes(layer, rank)
        else:
            inputs = tuple(self._first(ref) for ref in layer.inputs)
        self._made.append(layer.model_copy(update={"inputs": inputs, "params": params}))

    def _input(self, layer: Layer) -> None:
        given = layer.params["shape"]
        shape = list(given) if isinstance(given, list | tuple) else []  # the check tells what is wrong with others
        if layer.name in self._pictures and len(shape) > 1:
            self._ranks[layer.name] = len(shape) + 1
            layer = layer.model_copy(update={"params": {**layer.params, "shape": [*shape[1:], shape[0]]}})
            self._report.rewrote(layer.name, "channels last", "the file has channels first: feed it the other order")
        self._made.append(layer)

    def _last(self, ref: str, reader: Layer) -> str:
        """The tensor with channels last. Raises ``Unmappable`` where its axes are not known."""
        if split_ref(ref)[0] in self._ranks:
            return ref
        if reader.type == "Flatten":
            raise Unmappable("data_format must be channels_last behind layers without one", reader.name, "data_format")
        return self._ordered(ref, "last", [*range(2, _rank(reader.type)), 1])

    def _first(self, ref: str) -> str:
        """The tensor in the file's order."""
        rank = self._ranks.get(split_ref(ref)[0])
        return ref if rank is None else self._ordered(ref, "first", [rank - 1, *range(1, rank - 1)])

    def _ordered(self, ref: str, which: str, dims: list[int]) -> str:
        if (ref, which) not in self._orders:
            made = self._orders[ref, which] = self._names.fresh(f"{split_ref(ref)[0]}/channels_{which}")
            self._made.append(Layer(name=made, type="Permute", params={"dims": dims}, inputs=(ref,)))
            self._report.rewrote(made, "order of the axes", "the file's tensors have channels first here")
        return self._orders[ref, which]


def _rank(type: str) -> int:
    """Axes of the input, the batch's among them."""
    return int(type.removesuffix("Transpose")[-2]) + 2


def _keeps(layer: Layer) -> bool:
    if layer.type == "Activation" and layer.params.get("activation") in _ROWWISE:
        return False
    return layer.type in _KEEPS and not layer.params.get("noise_shape")


def _axes(layer: Layer, rank: int) -> dict[str, Any]:
    """Axis parameters as they are with channels last."""
    entry, label = CATALOGUE[layer.type], channels_first(rank)
    made = dict(layer.params)
    for name, kind in entry.kinds.items():
        if isinstance(kind.of if isinstance(kind, Optional) else kind, Axis):
            given = made.get(name, entry.defaults.get(name))
            if isinstance(given, int) and -rank <= given < rank:
                axis = label[given]
                made[name] = -1 if axis == rank - 1 else axis
    return made


def in_order(layers: Mapping[str, Layer]) -> Iterator[Layer]:
    """Each layer after those that it reads; the rest of a cycle, which the check reports, as it comes."""
    done: set[str] = set()
    for start in layers.values():
        waiting = [start]
        on_way: set[str] = set()
        while waiting:
            layer = waiting[-1]
            before = [layers[name] for ref in layer.inputs if (name := split_ref(ref)[0]) in layers]
            open_ones = [one for one in before if one.name not in done and one.name not in on_way]
            on_way.add(layer.name)
            if open_ones:
                waiting += open_ones
                continue
            waiting.pop()
            if layer.name not in done:
                done.add(layer.name)
                yield layer


def _pictures(spec: Spec, marked: Collection[str]) -> set[str]:
    """Layers that reach a channels-first layer as they are, or through layers that keep the order."""
    found: set[str] = set()
    readers = {layer.name: layer for layer in spec.layers if layer.name in marked or _keeps(layer)}
    waiting = [layer for layer in spec.layers if layer.name in marked]
    while waiting:
        for ref in waiting.pop().inputs:
            name = split_ref(ref)[0]
            if name not in found:
                found.add(name)
                if name in readers and name not in marked:
                    waiting.append(readers[name])
    return found
