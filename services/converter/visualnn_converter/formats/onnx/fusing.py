"""Chains of elementary operators that stand for one layer, as that layer's own operator, before anything is read.

Only chains whose inner values nothing else reads are taken; any other is read operator by operator.
"""

from collections.abc import Callable, Iterator
from math import sqrt

import numpy as np
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx import folding
from visualnn_converter.formats.onnx.checking import check
from visualnn_converter.formats.onnx.indices import every_cell, plain_rows
from visualnn_converter.formats.onnx.source import Source
from visualnn_converter.graphreading import Node, needed

_ROOT_HALF = 1 / sqrt(2)


class Chains:
    """The graph as chains are looked for in it."""

    def __init__(self, source: Source, sound: set[int]) -> None:
        self.source, self.sound = source, sound
        self.makers = {out: node for node in source.nodes for out in node.outputs if out and id(node) in sound}
        self.gone: set[int] = set()
        self.new: dict[int, Node] = {}

    def number(self, name: str) -> float | None:
        """The one number that a constant holds."""
        array = self.source.constants.get(name)
        return float(array.ravel()[0]) if array is not None and array.size == 1 and array.dtype.kind in "fiu" else None

    def is_number(self, name: str, value: float) -> bool:
        """Whether it is a constant of about this value."""
        found = self.number(name)
        return found is not None and abs(found - value) <= 1e-4 * max(abs(value), 1e-3)

    def user(self, name: str, *ops: str) -> Node | None:
        """The only node that reads the value, if it is one of these operators and the value no output of the net."""
        users = self.source.users.get(name, [])
        alone = len(users) == 1 and name not in self.source.outputs and id(users[0]) in self.sound
        return users[0] if alone and (not ops or users[0].op in ops) else None

    def maker(self, name: str, *ops: str) -> Node | None:
        """The node that makes the value, if it is one of these operators and nothing but one node reads the value."""
        node = self.makers.get(name)
        inner = node is not None and node.op in ops and name not in self.source.outputs
        return node if inner and len(self.source.users.get(name, [])) == 1 else None

    def other(self, node: Node, name: str) -> str | None:
        """The other input of a node of two."""
        rest = [one for one in node.inputs if one != name]
        return rest[0] if len(node.inputs) == 2 and len(rest) == 1 else None

    def scaled(self, name: str) -> Iterator[tuple[str, float, list[Node]]]:
        """The value as a tensor times a number: as it is, and without the node that multiplies it."""
        yield name, 1.0, []
        node = self.makers.get(name)
        if node is None or node.op not in ("Mul", "Div") or len(node.inputs) != 2:
            return
        for tensor, factor in (node.inputs, node.inputs[::-1]):
            found = self.number(factor)
            if found and (node.op == "Mul" or tensor == node.inputs[0]):
                inner = [node] if self.maker(name, node.op) else []
                yield tensor, found if node.op == "Mul" else 1 / found, inner

    def becomes(self, last: Node, op: str, inputs: tuple[str, ...], nodes: list[Node], **attributes: object) -> None:
        """The chain is this operator, in the place of its last node."""
        self.gone.update(id(node) for node in nodes if node is not last)
        self.source.fused.add(last.outputs[0])
        self.new[id(last)] = Node(last.name, op, "", inputs, last.outputs, dict(attributes))


def fuse(source: Source) -> None:
    """Folds what is constant, then rewrites the chains in ``source``."""
    _fold(source, _sound(source))
    while _rewritten(source):
        pass


def _rewritten(source: Source) -> bool:
    """Whether there were chains; each is shorter afterwards, so that this ends."""
    sound = _sound(source)
    chains = Chains(source, sound)
    for node in source.nodes:
        rule = _RULES.get(node.op)
        if rule is not None and id(node) in sound and id(node) not in chains.gone:
            rule(chains, node)
    if not chains.new:
        return False
    left = [chains.new.get(id(node), node) for node in source.nodes if id(node) not in chains.gone]
    source.nodes = needed(left, source.outputs)
    source.users.clear()
    for node in source.nodes:
        for name in dict.fromkeys(node.inputs):
            source.users.setdefault(name, []).append(node)
    return True


def _sound(source: Source) -> set[int]:
    """Nodes whose inputs and attributes are those of their operators."""
    return {id(node) for node in source.nodes if _is_sound(node, source)}


def _is_sound(node: Node, source: Source) -> bool:
    """Whether the node has the inputs and attributes of its operator; the reader says what is wrong with others."""
    try:
        if node.outputs[:1] == () or node.outputs[0] not in source.fused:
            check(node, source.opset)
    except Unmappable:
        return False
    return not node.domain


def _fold(source: Source, sound: set[int]) -> None:
    """Nodes over constants alone become constants; the reader does so too, where it knows more of shapes."""
    left = []
    for node in source.nodes:
        given = [name for name in node.inputs if name]
        constant = given and all(name in source.constants for name in given)
        if constant and len(node.outputs) == 1 and id(node) in sound:
            found = folding.fold(node, [source.constants[name] for name in given])
            if found is not None:
                source.constants[node.outputs[0]] = found
                continue
        left.append(node)
    source.nodes = left


def _halved(c: Chains, start: Node, base: str, factor: float) -> tuple[Node, str, list[Node]] | None:
    """(1 + start) * x / 2 in any order: the last node, x, and the nodes. ``base * factor`` is x."""
    add = c.user(start.outputs[0], "Add")
    one = c.other(add, start.outputs[0]) if add else None
    if add is None or one is None or not c.is_number(one, 1):
        return None
    nodes, last, product, tensor = [start, add], add, 1.0, ""
    while (node := c.user(last.outputs[0], "Mul", "Div")) is not None:
        other = c.other(node, last.outputs[0])
        found = c.number(other) if other else None
        if other is None or (node.op == "Div" and (found is None or node.inputs[0] != last.outputs[0])):
            break
        if found is not None:
            product *= found if node.op == "Mul" else 1 / found
        elif tensor:
            break
        else:
            tensor = other
        nodes.append(node)
        last = node
        if tensor:
            for name, times, inner in c.scaled(tensor):
                if name == base and abs(product * times - 0.5 * factor) < 1e-4:
                    return last, base, [*nodes, *inner]
    return None


def _erf(c: Chains, node: Node) -> None:
    """x * (1 + erf(x / sqrt(2))) / 2 is the exact GELU."""
    for base, factor, inner in c.scaled(node.inputs[0]):
        if abs(factor - _ROOT_HALF) > 1e-4:
            continue
        found = _halved(c, node, base, 1.0)
        if found is not None:
            last, x, nodes = found
            c.becomes(last, "Gelu", (x,), [*nodes, *inner])
            return


def _layer_norm(c: Chains, node: Node) -> None:
    """ReduceMean, Sub, Pow or Mul, ReduceMean, Add, Sqrt, Div; then Mul and Add with constants."""
    axes = _last_axes(c, node)
    subs = [one for one in c.source.users.get(node.outputs[0], []) if one.op == "Sub"]
    if axes is None or not subs or any(one.inputs != (node.inputs[0], node.outputs[0]) for one in subs):
        return
    if len(subs) != len(c.source.users.get(node.outputs[0], [])) or node.outputs[0] in c.source.outputs:
        return
    for sub in subs:
        squared = [u for u in c.source.users.get(sub.outputs[0], []) if _is_square(c, u, sub.outputs[0])]
        if squared and (found := _deviation(c, squared[0], axes)) is not None:
            root, epsilon, nodes = found
            div = c.user(root.outputs[0], "Div")
            others = {id(u) for one in subs for u in c.source.users.get(one.outputs[0], [])}
            if div is None or others != {id(div), id(squared[0])} or div.inputs[1] != root.outputs[0]:
                return
            if any(one.outputs[0] in c.source.outputs for one in subs):
                return
            _affine(c, "LayerNormalization", node.inputs[0], div, [node, *subs, squared[0], *nodes], axes, epsilon)
            return


def _rms_norm(c: Chains, node: Node) -> None:
    """Pow, ReduceMean, Add, Sqrt, then x / it, or Reciprocal and x * it; then Mul with a constant."""
    x = node.inputs[0]
    mean = c.user(node.outputs[0], "ReduceMean") if _is_square(c, node, x) else None
    axes = _last_axes(c, mean) if mean is not None else None
    found = _deviation(c, node, axes) if axes is not None else None
    if found is None or axes is None:
        return
    root, epsilon, nodes = found
    last = c.user(root.outputs[0], "Div", "Reciprocal")
    if last is not None and (last.op == "Reciprocal" or c.is_number(last.inputs[0], 1)):
        nodes = [*nodes, last]
        last = c.user(last.outputs[0], "Mul")
        fits = last is not None and set(last.inputs) == {x, nodes[-1].outputs[0]}
    else:
        fits = last is not None and last.inputs == (x, root.outputs[0])
    if last is not None and fits:
        _affine(c, "RMSNormalization", x, last, [node, *nodes], axes, epsilon)


def _last_axes(c: Chains, node: Node) -> int | None:
    """The first of the last axes, counted from the end, that a mean keeps as one; None where it takes others."""
    constants = [c.source.constants[one] for one in node.inputs[1:2] if one in c.source.constants]
    given = node.attributes.get("axes") or (constants[0].ravel().tolist() if constants else None)
    if node.op != "ReduceMean" or not node.attributes.get("keepdims", 1) or not isinstance(given, list) or not given:
        return None
    axes = sorted(given)
    return axes[0] if axes == list(range(-len(axes), 0)) else None


def _is_square(c: Chains, node: Node, name: str) -> bool:
    if node.op == "Mul":
        return node.inputs == (name, name)
    return node.op == "Pow" and node.inputs[0] == name and len(node.inputs) > 1 and c.is_number(node.inputs[1], 2)


def _deviation(c: Chains, square: Node, axes: int) -> tuple[Node, float, list[Node]] | None:
    """Behind a square: its mean, plus a small number, and the root; the root, the number, and the nodes."""
    mean = c.user(square.outputs[0], "ReduceMean")
    add = c.user(mean.outputs[0], "Add") if mean is not None and _last_axes(c, mean) == axes else None
    other = c.other(add, mean.outputs[0]) if add is not None and mean is not None else None
    epsilon = c.number(other) if other else None
    root = c.user(add.outputs[0], "Sqrt") if add is not None and epsilon is not None and epsilon >= 0 else None
    if mean is None or add is None or root is None or epsilon is None:
        return None
    return root, epsilon, [mean, add, root]


def _affine(c: Chains, op: str, x: str, last: Node, nodes: list[Node], axes: int, epsilon: float) -> None:
    """The factors behind a normalisation, and for a LayerNormalization what is added: arrays along the same axes."""
    inputs, nodes = [x], [*nodes, last]
    for step in ("Mul", "Add")[: 2 if op == "LayerNormalization" else 1]:
        node = c.user(last.outputs[0], step)
        other = c.other(node, last.outputs[0]) if node is not None else None
        array = c.source.constants.get(other or "")
        if node is None or other is None or array is None or array.dtype.kind != "f" or array.ndim != -axes:
            break
        nodes, last = [*nodes, node], node
        inputs.append(other)
    if op == "LayerNormalization" and len(inputs) == 1:
        inputs.append("")
    c.becomes(last, op, tuple(inputs), nodes, axis=axes, epsilon=epsilon)


def _softplus(c: Chains, node: Node) -> None:
    """log(1 + exp(x)), which overflows in parts, is softplus(x)."""
    add = c.user(node.outputs[0], "Add")
    one = c.other(add, node.outputs[0]) if add is not None else None
    log = c.user(add.outputs[0], "Log") if add is not None and one and c.is_number(one, 1) else None
    if log is not None and add is not None:
        c.becomes(log, "Softplus", node.inputs[:1], [node, add, log])


def _mish(c: Chains, node: Node) -> None:
    """x * tanh(softplus(x)); -softplus(-x) is the logarithm of the sigmoid."""
    before, behind = c.maker(node.inputs[0], "Neg"), c.user(node.outputs[0], "Neg")
    if before is not None and behind is not None:
        c.becomes(behind, "LogSigmoid", before.inputs[:1], [before, node, behind])
        return
    tanh = c.user(node.outputs[0], "Tanh")
    mul = c.user(tanh.outputs[0], "Mul") if tanh is not None else None
    if mul is not None and tanh is not None and c.other(mul, tanh.outputs[0]) == node.inputs[0]:
        c.becomes(mul, "Mish", node.inputs[:1], [node, tanh, mul])


def _hard_swish(c: Chains, node: Node) -> None:
    """x * HardSigmoid(x) with a slope of 1/6."""
    mul = c.user(node.outputs[0], "Mul")
    slope = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    if mul is not None and c.other(mul, node.outputs[0]) == node.inputs[0] and slope == (1 / 6, 0.5):
        c.becomes(mul, "HardSwish", node.inputs[:1], [node, mul])


def _clip(c: Chains, node: Node) -> None:
    """x * clip(x + 3, 0, 6) / 6 is HardSwish; without x, a hard sigmoid."""
    ends = [c.number(one) for one in node.inputs[1:3]] or [node.attributes.get(key) for key in ("min", "max")]
    add = c.maker(node.inputs[0], "Add")
    if ends != [0, 6] or add is None or len(add.inputs) != 2:
        return
    x, three = add.inputs if c.is_number(add.inputs[1], 3) else add.inputs[::-1]
    if not c.is_number(three, 3):
        return
    nodes, last, product, gated = [add, node], node, 1.0, False
    while (step := c.user(last.outputs[0], "Mul", "Div")) is not None:
        other = c.other(step, last.outputs[0])
        found = c.number(other) if other else None
        if found and (step.op == "Mul" or step.inputs[0] == last.outputs[0]):
            product *= found if step.op == "Mul" else 1 / found
        elif other == x and not gated and step.op == "Mul":
            gated = True
        else:
            break
        nodes, last = [*nodes, step], step
        if abs(product - 1 / 6) < 1e-5 and gated:
            c.becomes(last, "HardSwish", (x,), nodes)
            return


def _thresholded(c: Chains, node: Node) -> None:
    """Where x > 20, x, else softplus(x), as PyTorch computes it: the same in float32."""
    x, limit = node.inputs[0], c.number(node.inputs[1])
    where = c.user(node.outputs[0], "Where")
    if where is None or limit is None or limit < 20 or where.inputs[:2] != (node.outputs[0], x):
        return
    soft = c.maker(where.inputs[2], "Log", "Softplus")
    made = c.new.get(id(soft), soft) if soft is not None else None
    if soft is not None and made is not None and made.op == "Softplus" and made.inputs == (x,):
        c.new.pop(id(soft), None)
        c.becomes(where, "Softplus", (x,), [node, soft, where])


def _rows(c: Chains, node: Node) -> None:
    """A look-up by row numbers that are computed again, as for negative ones."""
    whole = every_cell(c.source, c.makers, node)
    if whole is not None:
        shape = f"{node.outputs[0]}/shape"
        c.source.constants[shape] = np.array([0, *whole[1]])
        c.becomes(node, "Reshape", (whole[0], shape), [node])
        return
    found = plain_rows(c.source, c.makers, node)
    if found is not None:
        name, nodes = found
        c.becomes(node, "Gather", (node.inputs[0], name), nodes, **node.attributes)


Rule = Callable[[Chains, Node], None]
_RULES: dict[str, Rule] = {
    "Erf": _erf, "ReduceMean": _layer_norm, "Pow": _rms_norm, "Exp": _softplus, "Softplus": _mish,
    "HardSigmoid": _hard_swish, "Clip": _clip, "Greater": _thresholded, "Gather": _rows,
}  # fmt: skip
