"""Layers that walk along a sequence of (steps, features)."""

from collections.abc import Iterator
from typing import Any

from visualnn_shared.catalogue.common import ACTIVITY, SEED, USE_BIAS, activation, bias, variable
from visualnn_shared.catalogue.entry import (
    Broken,
    Example,
    MacsRule,
    Param,
    Params,
    Ports,
    ShapeRule,
    Shapes,
    Weight,
)
from visualnn_shared.catalogue.free import FREE, Dim, Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Bool, Float, Int
from visualnn_shared.catalogue.lenses import Around, At, Drop, Fn, Harmless, HasWeight, Map, Sets, Training
from visualnn_shared.catalogue.maps import Bag, Context
from visualnn_shared.catalogue.named import ACTIVATION
from visualnn_shared.catalogue.onnx_maps import (
    Flag,
    composed,
    read_gate_functions,
    read_gru_functions,
    read_rnn_function,
    write_gate_functions,
    write_gru_functions,
    write_rnn_function,
)
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import need_rank
from visualnn_shared.catalogue.steps import Gates, GruBias, HalfZero, Lead, Perm
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_composed
from visualnn_shared.catalogue.torch_maps import RECURRENT_TRAINING

TORCH_RNN = (
    Around(("activation", "recurrent_activation", "use_bias", "return_sequences", "return_state", "go_backwards")),
    At("units", "hidden_size"),
    RECURRENT_TRAINING,
)
"""Functions and directions are the writer's."""
KERAS_RNN = (
    Harmless("zero_output_for_mask", (False,)),
    Harmless("time_major", (False,)),
    Drop(("implementation", "use_cudnn")),
)
RNN_TRAINING = (
    "dropout", "recurrent_dropout", "unroll", "stateful", "unit_forget_bias", "activity_regularizer", "seed",
)  # fmt: skip
ONNX_RNN = (
    HasWeight("use_bias", "bias"),
    Around(("return_sequences", "return_state", "go_backwards")),
    Training(RNN_TRAINING),
)


def stepped(*said: str, gates: tuple[str, ...] = ("recurrent_activation",)) -> Map:
    """A layer with a function that ONNX' recurrent operators lack, or with a mask: a Scan over the steps."""
    everywhere = ("units", "activation", "use_bias", "return_sequences", "return_state", "go_backwards")
    return composed(
        "Scan", "stepped", *everywhere, *gates, *said, training=RNN_TRAINING,
        weights=("kernel", "recurrent_kernel", "bias"),
    )  # fmt: skip


def steps_laid_out(*gates: str) -> list[Map]:
    """A recurrent layer of TensorFlow as the nodes of each step."""
    everywhere = ("units", "activation", "use_bias", "return_sequences", "return_state", "go_backwards")
    return tensorflow_composed("recurrent", *everywhere, *gates, training=RNN_TRAINING)


RNN_PARAMS = [
    Param("units", Int(1), doc="Size of the output and of each state."),
    activation("tanh", "Function of the new content and of the output."),
    Param("recurrent_activation", ACTIVATION, "sigmoid", "Function of the gates."),
    USE_BIAS,
    Param("return_sequences", Bool(), False, "Whether every step's output is returned, not only the last."),
    Param("return_state", Bool(), False, "Whether the last states are outputs too, after the first."),
    Param("go_backwards", Bool(), False, "Whether the sequence is walked, and returned, from its end."),
    Param("dropout", Float(0, 1), 0.0, "Share of the inputs that is dropped while training."),
    Param("recurrent_dropout", Float(0, 1), 0.0, "Share of the state that is dropped while training."),
    Param(
        "unroll", Bool(), False, "Whether the steps are laid out instead of looped over: faster for few, more memory."
    ),
    Param("stateful", Bool(), False, "Keras' stateful batches; must be false, because a spec has no batch size."),
    *variable("kernel", "glorot_uniform"),
    *variable("recurrent", "orthogonal"),
    *variable("bias", "zeros"),
    ACTIVITY,
    SEED,
]


def rnn_shape(states: int) -> ShapeRule:
    """(steps, features) -> the output, then ``states`` states where ``return_state``. The rule raises ``Broken``."""

    def shape(p: Params, ins: Shapes) -> list[Shape]:
        need_rank(ins[0], 2, "steps, features")
        steps, _features = ins[0]
        state: Shape = (p["units"],)
        need_states(ins, states, state)
        if p["unroll"] and steps is FREE:
            raise Broken("unroll must be false where the number of steps is free", True, param="unroll")
        first: Shape = (steps, p["units"]) if p["return_sequences"] else state
        return [first, *[state] * states] if p["return_state"] else [first]

    return shape


def need_states(ins: Shapes, states: int, state: Shape) -> None:
    """Raises ``Broken`` where the initial states, the inputs after the first, are not ``states`` of this shape."""
    if len(ins) not in (1, 1 + states):
        raise Broken(f"the initial state must be {states} inputs, one for each state of the layer", len(ins) - 1)
    if any(given != state for given in ins[1:]):
        raise Broken(f"each initial state must have the shape {state}", list(ins[1:]))


def rnn_rules(p: Params) -> Iterator[Broken]:
    """No layer keeps its states between batches."""
    if p["stateful"]:
        yield Broken("stateful must be false, because a spec has no batch size", True, param="stateful")


def _rnn_macs(gates: int) -> MacsRule:
    """Each step multiplies (features + units) values into the gates of units; element-wise products do not count."""

    def macs(p: Params, ins: Shapes, _outs: Shapes) -> Dim:
        steps, features = ins[0]
        units: int = p["units"]
        return steps * (gates * units * (features + units))

    return macs


def _kernels(gates: int) -> list[Weight]:
    """The kernels of the inputs and of the state, with all gates along the last axis."""
    return [
        Weight("kernel", lambda p, ins: (ins[0][-1], gates * p["units"]), initializer="kernel_initializer"),
        Weight(
            "recurrent_kernel",
            lambda p, _ins: (p["units"], gates * p["units"]),
            initializer="recurrent_initializer",
        ),
    ]


def _gru_bias(p: Params, _ins: Shapes) -> Shape:
    """With ``reset_after`` the inputs and the state have a bias each."""
    return (2, 3 * p["units"]) if p["reset_after"] else (3 * p["units"],)


layer(
    "SimpleRNN",
    doc="A recurrent layer without gates: each step's output is a function of the inputs and of the step before.",
    group="recurrent",
    params=[param for param in RNN_PARAMS if param.name != "recurrent_activation"],
    ports=Ports(1, 2, ("sequence", "initial_state"), "state"),
    shape=rnn_shape(1),
    rules=rnn_rules,
    weights=[*_kernels(1), bias("units")],
    macs=_rnn_macs(1),
    layout="plain",
    maps={
        "keras": [keras("SimpleRNN", *KERAS_RNN)],
        "onnx": [
            Map(
                "RNN",
                [
                    At("units", "hidden_size"),
                    Fn(("activation",), read_rnn_function, write_rnn_function),
                    *ONNX_RNN,
                ],
                blobs=[
                    ("kernel", Perm("io", "oi"), Lead()),
                    ("recurrent_kernel", Perm("io", "oi"), Lead()),
                    ("bias", HalfZero(), Lead()),
                ],
                around="recurrent",
                reads=False,
            ),
            stepped(gates=()),
        ],
        "tensorflow": steps_laid_out(),
        "torch": [
            Map(
                "nn.RNN",
                TORCH_RNN,
                blobs=[
                    ("kernel", Perm("io", "oi")),
                    ("recurrent_kernel", Perm("io", "oi")),
                    ("bias", HalfZero()),
                ],
                around="recurrent",
            ),
        ],
    },
    example=Example(((80, 16),), {"units": 8}),
)


# Early versions of Keras 2 had GRUs of one form and no word for it. Keras: reset_after or nothing; ours: reset_after.
def _read_reset(bag: Bag, p: dict[str, Any], _ctx: Context) -> None:
    p["reset_after"] = bag.one("reset_after", False)


def _write_reset(p: Params, bag: Bag, _ctx: Context) -> None:
    bag.put("reset_after", p["reset_after"])


GRU_IN_TORCH = Gates("zrh", "rzh")

# Gates lie in the order z, r, h along the last axis.
layer(
    "GRU",
    doc="Gated recurrent units: gates decide what each step keeps of the state and what it takes in.",
    group="recurrent",
    params=[
        *RNN_PARAMS,
        Param(
            "reset_after", Bool(), True,
            "Whether the reset gate acts after the matrix product (cuDNN's form, with two biases) or before it.",
        ),
    ],
    ports=Ports(1, 2, ("sequence", "initial_state"), "state"),
    shape=rnn_shape(1),
    rules=rnn_rules,
    weights=[*_kernels(3), Weight("bias", _gru_bias, when="use_bias", initializer="bias_initializer")],
    macs=_rnn_macs(3),
    layout="plain",
    maps={
        "keras": [keras("GRU", Fn(("reset_after",), _read_reset, _write_reset), *KERAS_RNN)],
        "onnx": [
            Map(
                "GRU",
                [
                    At("units", "hidden_size"), At("reset_after", "linear_before_reset", 0, Flag()),
                    Fn(("activation", "recurrent_activation"), read_gru_functions, write_gru_functions),
                    *ONNX_RNN,
                ],
                blobs=[
                    ("kernel", Perm("io", "oi"), Lead()),
                    ("recurrent_kernel", Perm("io", "oi"), Lead()),
                    ("bias", GruBias(), Lead()),
                ],
                around="recurrent",
                reads=False,
            ),
            stepped("reset_after"),
        ],
        "tensorflow": steps_laid_out("recurrent_activation", "reset_after"),
        "torch": [
            Map("nn.GRU", [*TORCH_RNN, Sets("reset_after", after)], blobs=[
                ("kernel", GRU_IN_TORCH, Perm("io", "oi")), ("recurrent_kernel", GRU_IN_TORCH, Perm("io", "oi")),
                ("bias", GRU_IN_TORCH, *([] if after else [HalfZero()])),
            ], around="recurrent") for after in (True, False)
        ],
    },
    example=Example(((80, 16),), {"units": 8, "return_sequences": True}),
)  # fmt: skip

# Gates lie in the order i, f, c, o along the last axis.
layer(
    "LSTM",
    doc="A long short-term memory: gates decide what a cell keeps, takes in and gives out at each step.",
    group="recurrent",
    params=[
        *RNN_PARAMS,
        Param("unit_forget_bias", Bool(), True, "Whether the forget gate's bias starts at 1."),
    ],
    ports=Ports(1, 3, ("sequence", "initial_h", "initial_c"), "state"),
    shape=rnn_shape(2),
    rules=rnn_rules,
    weights=[
        *_kernels(4),
        Weight("bias", lambda p, _ins: (4 * p["units"],), when="use_bias", initializer="bias_initializer"),
    ],
    macs=_rnn_macs(4),
    layout="plain",
    maps={
        "keras": [keras("LSTM", *KERAS_RNN)],
        "onnx": [
            Map(
                "LSTM",
                [
                    At("units", "hidden_size"),
                    Fn(("activation", "recurrent_activation"), read_gate_functions, write_gate_functions),
                    *ONNX_RNN,
                ],
                blobs=[
                    ("kernel", Gates("ifco", "iofc"), Perm("io", "oi"), Lead()),
                    ("recurrent_kernel", Gates("ifco", "iofc"), Perm("io", "oi"), Lead()),
                    ("bias", Gates("ifco", "iofc"), HalfZero(), Lead()),
                ],
                around="recurrent",
            ),
            stepped(),
        ],
        "tensorflow": steps_laid_out("recurrent_activation"),
        "torch": [
            Map(
                "nn.LSTM",
                TORCH_RNN,
                blobs=[
                    ("kernel", Perm("io", "oi")),
                    ("recurrent_kernel", Perm("io", "oi")),
                    ("bias", HalfZero()),
                ],
                around="recurrent",
            ),
        ],
    },
    example=Example(((80, 16),), {"units": 8, "return_sequences": True, "return_state": True}),
)
