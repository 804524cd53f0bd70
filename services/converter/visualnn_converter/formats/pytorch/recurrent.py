"""Recurrent layers, and layers that hold another one."""

from visualnn_shared.analysis.walk import ResolvedLayer, Variable
from visualnn_shared.catalogue.inner import Applied, applied

from visualnn_converter.formats.pytorch.emission import Emission, Value
from visualnn_converter.formats.pytorch.names import call
from visualnn_converter.layout import identity

_OWN = {"LSTM": "nn.LSTM", "GRU": "nn.GRU", "SimpleRNN": "nn.RNN"}


def recurrent(e: Emission) -> list[Value]:
    """LSTM, GRU and SimpleRNN: PyTorch's own where its functions are the layer's, else a helper of the same weights."""
    module = _module(e)
    sequence, *states = e.texts
    if e.p["go_backwards"]:
        sequence = f"{sequence}.flip(1)"
    started = [f"{state}.unsqueeze(0)" for state in states]
    if len(started) == 2:
        started = [f"({', '.join(started)})"]
    return _outputs(e, call(module, sequence, *started))


def _module(e: Emission) -> str:
    p = e.p
    arguments = [str(e.layer.input_shapes[0][-1]), str(p["units"])]
    bias = [] if p["use_bias"] else ["bias=False"]
    function = p["activation"]
    usual = p.get("recurrent_activation", "sigmoid") == "sigmoid" and p.get("reset_after", True)
    if usual and function == "tanh":
        return e.module(_OWN[e.layer.type], [*arguments, *bias, "batch_first=True"])
    if e.layer.type == "SimpleRNN" and function == "relu":
        return e.module("nn.RNN", [*arguments, 'nonlinearity="relu"', *bias, "batch_first=True"])
    helper = e.layer.type if p.get("reset_after", True) else "GRUResetBefore"
    gate = [] if e.layer.type == "SimpleRNN" else [e.function(p["recurrent_activation"])]
    return e.module(helper, [*arguments, e.function(function), *gate, *bias])


def _outputs(e: Emission, text: str) -> list[Value]:
    """The sequence or its last step, then the last states."""
    shapes, names = e.layer.output_shapes, e.variables
    lstm = e.layer.type == "LSTM"
    hidden = e.state.names.fresh(f"{names[0]}_state")
    states = f"({hidden}, {(cell := e.state.names.fresh(f'{names[0]}_cell'))})" if lstm else hidden
    if e.p["return_sequences"] and len(shapes) == 1:
        first = e.say(f"{call_first(text)}", label=identity(3))
        return [first]
    e.line(f"{names[0] if e.p['return_sequences'] else '_'}, {states} = {text}")
    values = [e.say(names[0] if e.p["return_sequences"] else f"{hidden}[-1]", 0, identity(len(shapes[0]) + 1))]
    for index, state in enumerate([hidden, *([cell] if lstm else [])][: len(shapes) - 1], start=1):
        values.append(e.say(f"{state}[-1]", index, identity(2)))
    return values


def call_first(text: str) -> str:
    """The first of a call's results."""
    return f"{text}[0]"


def bidirectional(e: Emission) -> list[Value]:
    """Two modules; the backward one walks the reversed sequence, and its outputs are turned around again."""
    p, ins = e.p, e.layer.input_shapes
    half = len(ins[1:]) // 2
    forward = applied(p["layer"], [ins[0], *ins[1 : 1 + half]])
    if p["backward_layer"] is None:
        backward = applied(p["layer"], [ins[0], *ins[1 + half :]], go_backwards=not forward.params["go_backwards"])
    else:
        backward = applied(p["backward_layer"], [ins[0], *ins[1 + half :]], "backward_layer")
    first, *states = e.inputs
    runs = (("forward", forward, states[:half]), ("backward", backward, states[half:]))
    made = []
    for name, inner, given in runs:
        names = [e.state.names.fresh(f"{e.variables[0]}_{name}") for _ in inner.shapes()]
        layer = _held(e.layer, inner, f"{name}_layer")
        made.append(e.inner(layer, [first, *given], names, f"{name}_layer/", f"_{name}"))
    (one, *more), (other, *last) = made
    turned = f"{other.text}.flip(1)" if forward.params["return_sequences"] else other.text
    outputs = _merged(e, one.text, turned, one.rank)
    rest = [*more, *last]
    start = len(outputs)
    return outputs + [e.say(value.text, start + index, identity(value.rank)) for index, value in enumerate(rest)]


def _merged(e: Emission, one: str, other: str, rank: int) -> list[Value]:
    mode = e.p["merge_mode"]
    if mode is None:
        return [e.say(one, 0, identity(rank)), e.say(other, 1, identity(rank))]
    text = {
        "concat": f"torch.cat([{one}, {other}], dim=-1)",
        "sum": f"{one} + {other}",
        "mul": f"{one} * {other}",
        "ave": f"({one} + {other}) / 2",
    }[mode]
    return [e.say(text, 0, identity(rank))]


def _held(layer: ResolvedLayer, inner: Applied, prefix: str) -> ResolvedLayer:
    """The layer that another one holds, as one of the net; its weights without the holder's prefix."""
    weights = [v for v in layer.weights if v.name.startswith(f"{prefix}/")]
    return layer._replace(
        type=inner.entry.type,
        entry=inner.entry,
        params=inner.params,
        input_shapes=tuple(inner.inputs),
        output_shapes=tuple(inner.shapes()),
        weights=tuple(Variable(v.name.removeprefix(f"{prefix}/"), v.shape, v.trainable) for v in weights),
    )


def each_step(e: Emission) -> list[Value]:
    """TimeDistributed: steps become samples, and samples steps again."""
    first, ins = e.inputs[0], e.layer.input_shapes
    inner = applied(e.p["layer"], [ins[0][1:]])
    steps = Value(f"{first.text}.flatten(0, 1)", identity(first.rank - 1), ins[0][1:], first.dtype)
    name = e.state.names.fresh(f"{e.variables[0]}_steps")
    made = e.inner(_held(e.layer, inner, "layer"), [steps], [name], "layer/", "")[0].moved(
        identity(len(inner.shapes()[0]) + 1)
    )
    return [e.say(f"{made.text}.unflatten(0, ({first.text}.shape[0], -1))", label=identity(made.rank + 1))]


def wrapped_layer(e: Emission) -> list[Value]:
    """SpectralNormalization: after training, the layer with the kernel as it is kept."""
    inner = applied(e.p["layer"], e.layer.input_shapes)
    return e.inner(_held(e.layer, inner, "layer"), e.inputs, e.variables, "layer/", "")
