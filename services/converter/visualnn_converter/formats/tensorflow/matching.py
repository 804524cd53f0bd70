"""Nodes that together are one layer, found by the templates and replaced by one node of an operator of ours."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from visualnn_converter.formats.tensorflow.folding import Unknown
from visualnn_converter.formats.tensorflow.source import Source
from visualnn_converter.formats.tensorflow.templates import OWN, TEMPLATES, E, K, P, W, Whatever, X
from visualnn_converter.formats.tensorflow.values import decimal
from visualnn_converter.graphreading import Node, needed

NATIVE = frozenset({"LeakyRelu"})
"""Templates of what newer versions have an operator for."""
_SAME: Mapping[str, str] = {"AddV2": "Add", "Div": "RealDiv", "Select": "SelectV2"}
_COMMUTES = frozenset({"Add", "Mul", "Maximum", "Minimum", "SquaredDifference"})
_FORMS: dict[str, list[tuple[str, E]]] = {}
for _name, _forms in TEMPLATES.items():
    for _form in _forms:
        _FORMS.setdefault(_form.op, []).append((_name, _form))
Found = dict[str, Any]


def replace_templates(source: Source) -> None:
    """Put one node in the place of each match; nodes inside it go."""
    gone = set[str]()
    outputs = set(source.outputs)
    for place in range(len(source.nodes) - 1, -1, -1):
        node = source.nodes[place]
        if node.name in gone:
            continue
        for name, form in _FORMS.get(_SAME.get(node.op, node.op), ()):
            match = _Match(source, outputs)
            found = next(match.all(form, node.name, {}), None)
            if found is None or not match.closed(found, node.name):
                continue
            inner = found.pop("nodes")
            gone |= {one for one in inner if one != node.name}
            source.nodes[place] = _own(node, name, found)
            break
    # what only the nodes that went have read, such as shapes of noise, goes too
    source.nodes = needed([node for node in source.nodes if node.name not in gone], source.outputs)
    source.users = {}
    for node in source.nodes:
        for ref in dict.fromkeys(node.inputs):
            source.users.setdefault(ref, []).append(node)


def _own(node: Node, name: str, found: Found) -> Node:
    """``inputs`` are the tensor and then the constants, by the names in ``weights``."""
    weights = {key[1:]: ref for key, ref in found.items() if key[0] == "W"}
    params = {key[1:]: value for key, value in found.items() if key[0] == "P"}
    inputs = (found["Xx"], *weights.values())
    op = name if name in NATIVE else OWN + name
    return Node(node.name, op, "", inputs, node.outputs, {**params, "weights": tuple(weights)})


class _Match:
    """One attempt at one node."""

    def __init__(self, source: Source, outputs: set[str]) -> None:
        self._source, self._outputs = source, outputs

    def all(self, form: Any, ref: str, found: Found) -> Iterator[Found]:
        """Every way in which the value matches the form, given what is bound already."""
        if isinstance(form, E):
            yield from self._node(form, ref, found)
            return
        key = type(form).__name__[0] + getattr(form, "name", "")
        constant = self._source.constants.get(ref)
        if isinstance(form, Whatever):
            yield found
        elif isinstance(form, X):
            if constant is None and found.get(key, ref) == ref:
                yield {**found, key: ref}
        elif isinstance(form, W):
            if constant is not None and constant.dtype.kind in "fi" and self._same(found.get(key, ref), ref):
                yield {**found, key: ref}
        else:
            yield from self._number(form, constant, ref, key, found)

    def _same(self, one: str, other: str) -> bool:
        """Whether two constants are one, or hold the same whole numbers: axes are said again at every use."""
        if one == other:
            return True
        first, second = self._source.constants[one], self._source.constants[other]
        return first.dtype.kind == "i" and np.array_equal(first, second)

    def _number(self, form: K | P, constant: Any, ref: str, key: str, found: Found) -> Iterator[Found]:
        if constant is None:
            fed = ref in {one.name for one in self._source.inputs} and isinstance(form, P) and form.open
            if fed and found.get(key) is None:
                yield {**found, key: None}
            return
        if constant.size != 1 or constant.dtype.kind not in "fi" or isinstance(constant, Unknown):
            return
        value = decimal(constant.ravel()[0])
        if isinstance(form, K):
            if np.isclose(value, form.value, rtol=1e-6, atol=1e-9):
                yield found
        elif found.get(key, value) == value:
            yield {**found, key: value}

    def _node(self, form: E, ref: str, found: Found) -> Iterator[Found]:
        node = self._source.makers.get(ref)
        if node is None or node.name != ref or _SAME.get(node.op, node.op) != form.op:
            return
        if len(node.inputs) < len(form.args) or len(node.inputs) > len(form.args) + (form.op == "Cast"):
            return
        if any(node.attributes.get(key) != value for key, value in form.attributes.items()):
            return
        begin = {**found, "nodes": found.get("nodes", frozenset()) | {ref}}
        orders = [node.inputs, node.inputs[::-1]] if form.op in _COMMUTES else [node.inputs]
        for inputs in orders:
            states = [begin]
            for one, value in zip(form.args, inputs, strict=False):
                states = [after for state in states for after in self.all(one, value, state)]
            yield from states

    def closed(self, found: Found, root: str) -> bool:
        """Whether nothing outside reads a value inside; constants may be read by others."""
        inner = found["nodes"]
        for ref in inner:
            if ref == root or ref in self._source.constants:
                continue
            users = self._source.users.get(ref, ())
            if ref in self._outputs or any(user.name not in inner for user in users):
                return False
        return "Xx" in found
