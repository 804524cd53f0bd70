"""Long short-term memories whose matrix products are convolutions: over sequences of lines, pictures or volumes."""

from collections.abc import Iterator
from math import prod

from visualnn_shared.catalogue.common import ACTIVITY, USE_BIAS
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Ports, Shapes, Weight
from visualnn_shared.catalogue.free import FREE, Dim, Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Bool, Choice, Int, Tuple
from visualnn_shared.catalogue.layers.recurrent import KERAS_RNN, RNN_PARAMS, RNN_TRAINING, need_states, rnn_rules
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import need_rank
from visualnn_shared.catalogue.windows import window

_AXES = {1: "cells", 2: "height, width", 3: "depth, height, width"}
_NAMES = {1: "lines", 2: "pictures", 3: "volumes"}
_WITHOUT = {"units", "unroll", USE_BIAS.name, ACTIVITY.name}


def _shape(p: Params, ins: Shapes) -> list[Shape]:
    """(steps, *cells, channels) -> the output, then the states h and c where ``return_state``. Raises ``Broken``."""
    rank = len(p["kernel_size"])
    need_rank(ins[0], rank + 2, f"steps, {_AXES[rank]}, channels")
    steps, *cells, _channels = ins[0]
    if FREE in cells:
        raise Broken("only the number of steps may be free", ins[0])
    found = tuple(
        window(n, size, stride, p["padding"], dilation=dilation)
        for n, size, stride, dilation in zip(cells, p["kernel_size"], p["strides"], p["dilation_rate"], strict=True)
    )
    if any(n < 1 for n in found):
        hint = f"the input has {cells} cells; use a smaller kernel or padding 'same'"
        raise Broken("kernel_size must fit into the input", p["kernel_size"], param="kernel_size", hint=hint)
    state: Shape = (*found, p["filters"])
    need_states(ins, 2, state)
    first: Shape = (steps, *state) if p["return_sequences"] else state
    return [first, state, state] if p["return_state"] else [first]


def _rules(p: Params) -> Iterator[Broken]:
    yield from rnn_rules(p)
    if max(p["strides"]) > 1 and max(p["dilation_rate"]) > 1:
        rule = "dilation_rate must be 1 where strides are above 1"
        yield Broken(rule, p["dilation_rate"], param="dilation_rate", hint=f"strides are {list(p['strides'])}")


def _macs(p: Params, ins: Shapes, outs: Shapes) -> Dim:
    """Each step sums kernel x (channels + filters) products for each of 4 gates and each cell of the state."""
    state = outs[0][1:] if p["return_sequences"] else outs[0]
    products: Dim = prod(p["kernel_size"]) * (ins[0][-1] + p["filters"])
    return ins[0][0] * prod(state) * 4 * products


def _params(rank: int) -> list[Param]:
    kept = [param for param in RNN_PARAMS if param.name not in _WITHOUT]
    return [
        Param("filters", Int(1), doc="Number of channels of the output and of each state."),
        Param("kernel_size", Tuple(rank), doc="Size of the window, for the inputs and for the state."),
        Param("strides", Tuple(rank), (1,) * rank, "Steps of the window over the inputs."),
        Param("padding", Choice(("valid", "same")), "valid", "valid: none; same: as many cells as strides leave."),
        Param("dilation_rate", Tuple(rank), (1,) * rank, "Distance of the window's cells in the inputs."),
        USE_BIAS,
        *kept,
        Param("unit_forget_bias", Bool(), True, "Whether the forget gate's bias starts at 1."),
        ACTIVITY,
    ]


# Gates lie in the order i, f, c, o along the last axis. The state is padded so that it keeps its size.
for _rank in (1, 2, 3):
    layer(
        f"ConvLSTM{_rank}D",
        doc=f"A long short-term memory over a sequence of {_NAMES[_rank]}: its matrix products are convolutions.",
        group="recurrent",
        params=_params(_rank),
        ports=Ports(1, 3, ("sequence", "initial_h", "initial_c"), "state"),
        shape=_shape,
        rules=_rules,
        weights=[
            Weight(
                "kernel",
                lambda p, ins: (*p["kernel_size"], ins[0][-1], 4 * p["filters"]),
                initializer="kernel_initializer",
            ),
            Weight(
                "recurrent_kernel",
                lambda p, _ins: (*p["kernel_size"], p["filters"], 4 * p["filters"]),
                initializer="recurrent_initializer",
            ),
            Weight("bias", lambda p, _ins: (4 * p["filters"],), when="use_bias", initializer="bias_initializer"),
        ],
        macs=_macs,
        layout="plain",
        maps={
            "keras": [keras(f"ConvLSTM{_rank}D", *KERAS_RNN)],
            "onnx": [
                composed(
                    "Scan",
                    "convolved",
                    "filters",
                    "kernel_size",
                    "strides",
                    "padding",
                    "dilation_rate",
                    "use_bias",
                    "activation",
                    "recurrent_activation",
                    "return_sequences",
                    "return_state",
                    "go_backwards",
                    training=RNN_TRAINING,
                    weights=("kernel", "recurrent_kernel", "bias"),
                )
            ],
        },
        example=Example(((5, *(6,) * _rank, 3),), {"filters": 4, "kernel_size": 3}),
    )
