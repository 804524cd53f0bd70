"""Which steps later layers are to skip: masks go along beside the values, as Keras documents it.

Masking and Embedding make one; layers that work on each step by itself pass it on; what uses it up or mixes steps has
none behind it.
"""

from collections.abc import Sequence
from functools import reduce

import numpy as np

from visualnn_shared.reference.calling import Array, Call, Mask

PASS = frozenset({
    "ReLU", "LeakyReLU", "ELU", "PReLU", "ThresholdedReLU", "SELU", "Softplus", "Softsign", "Sigmoid", "Tanh",
    "HardSigmoid", "GELU", "Swish", "Softmax", "Dense", "Activation", "Dropout", "Scale", "BiasAdd", "GaussianNoise",
    "GaussianDropout", "AlphaDropout", "LayerNormalization", "GroupNormalization", "UnitNormalization", "Rescaling",
    "Normalization", "ActivityRegularization", "Identity", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "BatchNormalization", "TimeDistributed",
    "Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention",
})  # fmt: skip
"""Their output has the mask of their first input; of attention that is the query."""
MERGE = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
"""A step counts that counts in one of the inputs; all count where an input has no mask."""
RECURRENT = frozenset({"SimpleRNN", "GRU", "LSTM", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})


def after(call: Call, answer: Sequence[Array]) -> list[Mask]:
    """The mask of each output."""
    none: list[Mask] = [None] * len(answer)
    if call.type == "Masking":
        return [np.any(call.x != call.p["mask_value"], axis=-1)]
    if call.type == "Embedding":
        return [call.x != 0] if call.p["mask_zero"] else none
    if all(mask is None for mask in call.masks):
        return none
    if call.type in PASS:
        return [call.masks[0], *none[1:]]
    if call.type in RECURRENT:
        return _of_sequences(call, none)
    if call.type in MERGE:
        given = [mask for mask in call.masks if mask is not None]
        return [reduce(np.logical_or, given) if len(given) == len(call.masks) else None]
    return [_joined(call)] if call.type == "Concatenate" else none


def _of_sequences(call: Call, none: list[Mask]) -> list[Mask]:
    """Of outputs that still have steps; states have none."""
    layer = call.p["layer"]["params"] if call.type == "Bidirectional" else call.p
    if not layer.get("return_sequences"):
        return none
    count = 2 if call.type == "Bidirectional" and call.p["merge_mode"] is None else 1
    return [*[call.masks[0]] * count, *none[count:]]


def _joined(call: Call) -> Mask:
    """Masks joined as the values are; a step counts that counts for one of its features."""
    parts = [
        np.ones(x.shape, bool) if mask is None else np.broadcast_to(spread(mask, x), x.shape)
        for x, mask in zip(call.inputs, call.masks, strict=True)
    ]
    return np.asarray(np.concatenate(parts, axis=call.p["axis"]).any(-1))


def spread(mask: Array, x: Array) -> Array:
    """The mask with as many axes as ``x``."""
    return mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))
