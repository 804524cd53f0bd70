"""Layers that apply another layer: at each step, in both directions, or with a bounded kernel."""
# ruff: noqa: ARG001  (a lens' function takes what every lens takes)

from collections.abc import Iterator, Mapping
from typing import Any

from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Ports, Shapes, Weight
from visualnn_shared.catalogue.free import Dim, Shape
from visualnn_shared.catalogue.inner import Applied, Inner, applied
from visualnn_shared.catalogue.inner_maps import KerasInner, read_inner
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Choice, Int, Optional
from visualnn_shared.catalogue.lenses import Around, Fn, Map, Training
from visualnn_shared.catalogue.maps import Bag, Context, plain
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_composed

RECURRENT = ("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
WITH_KERNEL = (
    "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
    "DepthwiseConv1D", "DepthwiseConv2D",
)  # fmt: skip
"""Embedding is left out: Keras casts the wrapper's output to the type of the input, and vectors would be rounded."""


def _each_step(p: Params, ins: Shapes) -> Applied:
    return applied(p["layer"], [ins[0][1:]])


def _distributed_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(steps, *input of the layer) -> (steps, *output of the layer). Raises ``Broken``."""
    if len(ins[0]) < 2:
        raise Broken("the input must have at least 2 axes besides the batch, the steps first", ins[0])
    outs = _each_step(p, ins).shapes()
    if len(outs) != 1:
        raise Broken("layer must have one output", p["layer"]["type"], param="layer")
    return [(ins[0][0], *outs[0])]


layer(
    "TimeDistributed",
    doc="Applies the same layer, with the same weights, to each step of a sequence.",
    group="wrapper",
    params=[Param("layer", Inner(), doc="The layer that each step goes through, as an object with type and params.")],
    shape=_distributed_shape,
    weights_rule=lambda p, ins: _each_step(p, ins).weights("layer"),
    macs=lambda p, ins, _outs: ins[0][0] * _each_step(p, ins).macs(),
    layout="plain",
    maps={
        "keras": [keras("TimeDistributed", KerasInner())],
        "onnx": [composed("Reshape", "each_step", "layer")],
        "torch": [Map("each_step", [Around(("layer",)), Training()], around="each_step")],
    },
    example=Example(((10, 32),), {"layer": {"type": "Dense", "params": {"units": 8}}}),
)


def directions(p: Params, ins: Shapes) -> tuple[Applied, Applied]:
    """The forward layer, and the backward one: by itself the same the other way. Each has half of the states."""
    states = ins[1:]
    half = len(states) // 2
    forward = applied(p["layer"], [ins[0], *states[:half]])
    given = p["backward_layer"]
    if given is None:
        return forward, applied(p["layer"], [ins[0], *states[half:]], go_backwards=not forward.params["go_backwards"])
    return forward, applied(given, [ins[0], *states[half:]], "backward_layer")


def _bidirectional_shape(p: Params, ins: Shapes) -> list[Shape]:
    """The merged outputs, or both without ``merge_mode``, then the states of both. Raises ``Broken``."""
    if len(ins) % 2 == 0:
        raise Broken("the initial states must be as many for each direction", len(ins) - 1)
    forward, backward = (each.shapes() for each in directions(p, ins))
    if forward != backward:
        rule = "backward_layer must have outputs of the same shapes as layer"
        raise Broken(rule, backward, param="backward_layer", hint=f"layer has {forward}")
    out = forward[0]
    if p["merge_mode"] is None:
        return [out, out, *forward[1:], *backward[1:]]
    return [(*out[:-1], 2 * out[-1]) if p["merge_mode"] == "concat" else out, *forward[1:], *backward[1:]]


def _bidirectional_rules(p: Params) -> Iterator[Broken]:
    forward, other = applied(p["layer"], ()).params, p["backward_layer"]
    if other is None:
        if forward["go_backwards"]:
            rule = "go_backwards of layer must be false where there is no backward_layer"
            yield Broken(rule, True, param="layer.params.go_backwards")
        return
    backward = applied(other, ()).params
    if backward["go_backwards"] == forward["go_backwards"]:
        yield Broken(
            "go_backwards of backward_layer must be another than that of layer", backward["go_backwards"],
            param="backward_layer.params.go_backwards",
        )  # fmt: skip
    for name in ("return_sequences", "return_state"):
        if backward[name] != forward[name]:
            rule = f"{name} of backward_layer must be that of layer"
            yield Broken(rule, backward[name], param=f"backward_layer.params.{name}")


def _bidirectional_weights(p: Params, ins: Shapes) -> list[Weight]:
    forward, backward = directions(p, ins)
    return [*forward.weights("forward_layer"), *backward.weights("backward_layer")]


def _bidirectional_macs(p: Params, ins: Shapes, _outs: Shapes) -> Dim:
    forward, backward = directions(p, ins)
    return forward.macs() + backward.macs()


FORCED = ("zero_output_for_mask",)
"""Keras' Bidirectional sets it to return_sequences."""


# Keras always writes a backward_layer; one that is the layer the other way says nothing.
# Keras: backward_layer {class_name, config}; ours: backward_layer {type, params} or null.
def _read_backward(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    if bag.peek("backward_layer") is None:
        bag.one("backward_layer")
        return
    found = read_inner(bag, "backward_layer", FORCED)
    forward = p.get("layer")
    if isinstance(forward, Mapping):
        mirrored = {"type": forward["type"], "params": {**forward["params"], "go_backwards": True}}
        if plain(found) == plain(mirrored):
            return
    p["backward_layer"] = found


layer(
    "Bidirectional",
    doc="Walks a sequence from its start and from its end, with a recurrent layer each, and merges what they find.",
    group="wrapper",
    params=[
        Param("layer", Inner(RECURRENT), doc="The recurrent layer, as an object with type and params."),
        Param("merge_mode", Optional(Choice(("concat", "sum", "mul", "ave"))), "concat",
              "How the outputs of both directions become one; null gives both."),
        Param("backward_layer", Optional(Inner(RECURRENT)), None,
              "The layer that walks from the end, with go_backwards; null: as layer, with weights of its own."),
    ],
    ports=Ports(1, 5, ("sequence", "initial_states"), "state"),
    shape=_bidirectional_shape,
    rules=_bidirectional_rules,
    weights_rule=_bidirectional_weights,
    macs=_bidirectional_macs,
    layout="plain",
    maps={
        "keras": [keras("Bidirectional", KerasInner(forced=FORCED),
                        Fn(("backward_layer",), _read_backward, KerasInner("backward_layer").write))],
        "onnx": [composed("Concat", "two_directions", "layer", "merge_mode", "backward_layer")],
        "tensorflow": tensorflow_composed("two_directions", "layer", "merge_mode", "backward_layer"),
        "torch": [Map("bidirectional", [Around(("layer", "merge_mode", "backward_layer")), Training()],
                      around="bidirectional")],
    },
    example=Example(((80, 16),), {"layer": {"type": "LSTM", "params": {"units": 8, "return_sequences": True}}}),
)  # fmt: skip


def _as_it_is(p: Params, ins: Shapes) -> Applied:
    return applied(p["layer"], ins)


def _spectral_weights(p: Params, ins: Shapes) -> list[Weight]:
    """The kernel, the vector that finds its largest singular value, then the layer's other variables."""
    inner = _as_it_is(p, ins)
    kernel, *others = inner.weights("layer")
    columns = kernel.shape(p, ins)[-1]
    return [kernel, Weight("vector_u", lambda _p, _ins: (1, columns), trainable=False), *others]


layer(
    "SpectralNormalization",
    doc="Divides the kernel of a layer by its largest singular value at each training step: a bound on its slope.",
    group="wrapper",
    params=[
        Param("layer", Inner(WITH_KERNEL), doc="The layer whose kernel is bounded, as an object with type and params."),
        Param("power_iterations", Int(1), 1, "Iterations that estimate the singular value at each step."),
    ],
    shape=lambda p, ins: _as_it_is(p, ins).shapes(),
    weights_rule=_spectral_weights,
    macs=lambda p, ins, _outs: _as_it_is(p, ins).macs(),
    layout="plain",
    maps={
        "keras": [keras("SpectralNormalization", KerasInner())],
        "onnx": [composed("Conv", "as_it_is", "layer", training=("power_iterations",))],
        "torch": [Map("wrapped", [Around(("layer",)), Training(("power_iterations",))], around="wrapped")],
    },
    example=Example(((8, 8, 3),), {"layer": {"type": "Conv2D", "params": {"filters": 4, "kernel_size": 3}}}),
)
