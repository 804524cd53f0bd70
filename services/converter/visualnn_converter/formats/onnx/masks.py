"""Which steps a layer is to skip: masks, which Keras passes along beside the values.

Masking and Embedding make one, (batch, steps); most layers pass it on, some use it, some lose it, as Keras' own do.
"""

from collections.abc import Callable, Mapping

from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx.composed import steps
from visualnn_converter.formats.onnx.emission import Emission, Mask, axes_of
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity

PASS = frozenset({
    "ReLU", "LeakyReLU", "ELU", "PReLU", "ThresholdedReLU", "SELU", "Softplus", "Softsign", "Sigmoid", "Tanh",
    "HardSigmoid", "GELU", "Swish", "Dense", "Activation", "Dropout", "Scale", "BiasAdd", "GaussianNoise",
    "GaussianDropout", "AlphaDropout", "LayerNormalization", "GroupNormalization", "UnitNormalization", "Rescaling",
    "Normalization", "ActivityRegularization", "Identity", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "BatchNormalization", "TimeDistributed",
})  # fmt: skip
"""Their output has the mask of their input, which changes none of their values outside training."""
MERGE = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
"""A step counts that counts in one of the inputs; all count where an input has no mask."""
RECURRENT = frozenset({"SimpleRNN", "GRU", "LSTM", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
ATTENTION = frozenset({"Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"})
"""Their output has the mask of the query."""
END = frozenset({"GlobalAveragePooling1D", "Dot"})
"""Nothing is left to mask behind them."""
MAKE = frozenset({"Masking", "Embedding"})


def _mean(e: Emission) -> list[Value]:
    """GlobalAveragePooling1D over the steps that count."""
    counts = e.op("Cast", e.op("Unsqueeze", e.masks[0].name, [2]), to=1)  # type: ignore[union-attr]
    keep = int(e.p["keepdims"])
    total = e.op("ReduceSum", e.op("Mul", e.plain(), counts), [1], keepdims=keep)
    found = e.op("Div", total, e.op("ReduceSum", counts, [1], keepdims=keep))
    return [e.made(found, label=identity(2 + keep))]


INSTEAD: Mapping[str, Callable[[Emission], list[Value]]] = {
    "GlobalAveragePooling1D": _mean, "SimpleRNN": steps.stepped, "GRU": steps.stepped, "LSTM": steps.stepped,
}  # fmt: skip
"""What is written in place of an operator that knows no mask."""


def check(e: Emission) -> None:
    """Raises ``Unmappable`` where a mask reaches a layer that would use it otherwise than we can say."""
    masks = [mask for mask in e.masks if mask is not None]
    if not masks:
        return
    kind = e.layer.type
    alone = e.written.op == "Identity" or kind == "Split"
    if kind == "Softmax" or (alone and kind not in PASS):
        hint = "put the layer before the Masking or Embedding layer, or take mask_zero away"
        raise Unmappable("no mask must reach this layer in this format", kind, hint=hint)
    used = kind in RECURRENT | ATTENTION | END | {"Concatenate"}
    if used and (any(mask.rank != 2 for mask in masks) or (kind in ATTENTION and e.inputs[0].rank != 3)):
        raise Unmappable("the mask must be one of steps, (batch, steps)", kind)
    if kind == "TimeDistributed" and e.p["layer"]["type"] in RECURRENT | END | {"Softmax", "TimeDistributed"}:
        raise Unmappable("no mask must reach a layer that uses it at each step", e.p["layer"]["type"], "layer")


def after(e: Emission) -> list[Mask | None]:
    """The mask of each output."""
    kind = e.layer.type
    none: list[Mask | None] = [None] * len(e.layer.output_shapes)
    if kind in MAKE:
        return [e.mask, *none[1:]]
    if all(mask is None for mask in e.masks):
        return none
    if kind in PASS or kind in ATTENTION:
        return [e.masks[0], *none[1:]]
    if kind in RECURRENT:
        return _of_sequences(e, none)
    if kind in MERGE:
        return [None if None in e.masks else _either(e)]
    return [_joined(e)] if kind == "Concatenate" else none


def _of_sequences(e: Emission, none: list[Mask | None]) -> list[Mask | None]:
    layer = e.p["layer"]["params"] if e.layer.type == "Bidirectional" else e.p
    if not layer.get("return_sequences"):
        return none
    count = 2 if e.layer.type == "Bidirectional" and e.p["merge_mode"] is None else 1
    return [*[e.masks[0]] * count, *none[count:]]


def _either(e: Emission) -> Mask:
    found = e.masks[0].name  # type: ignore[union-attr]
    for mask in e.masks[1:]:
        found = e.op("Or", found, mask.name)  # type: ignore[union-attr]
    return Mask(found, 2)


def _joined(e: Emission) -> Mask | None:
    """Masks one behind the other where steps are joined; else a step counts that counts in one of the inputs."""
    rank = e.inputs[0].rank
    if axes_of(e.p["axis"], rank)[0] != 1 or rank != 3:
        return None if None in e.masks else _either(e)
    parts = []
    for index, mask in enumerate(e.masks):
        value = e.plain(index)
        all_ = e.op("Expand", e.graph.constant("bool", True), e.sizes([(value, 0), (value, 1)]))
        parts.append(all_ if mask is None else mask.name)
    return Mask(e.op("Concat", *parts, axis=1), 2)
