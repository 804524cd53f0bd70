"""A GraphDef as nodes, constants, inputs and outputs: what training added is gone, names are resolved."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import TooLarge
from visualnn_shared.spec.problem import Problem

from visualnn_converter.formats.tensorflow import branches, initializers, marks, values
from visualnn_converter.formats.tensorflow.folding import Unknown, unknown
from visualnn_converter.formats.tensorflow.values import Array
from visualnn_converter.formats.tensorflow.written import KEY, OPERATOR, Mark
from visualnn_converter.graphreading import Node
from visualnn_converter.report import Report
from visualnn_converter.specnames import spec_name

MOST_NODES = 300_000
INPUTS = frozenset({"Placeholder", "PlaceholderWithDefault"})
VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp"})
ALIASES = frozenset({
    "Identity", "StopGradient", "PreventGradient", "CheckNumerics", "Snapshot", "ReadVariableOp", "EnsureShape",
})  # fmt: skip
"""Operators that pass on their first input."""
UPDATES = frozenset({
    "NoOp", "Assert", "Print", "PrintV2", "SaveV2", "Save", "RestoreV2", "Shape", "ShapeN", "Rank", "Size",
    "IsVariableInitialized", "VarIsInitializedOp",
})  # fmt: skip
"""Operators that no output of a net is, beside those of ``_UPDATING``: nothing is made of what they compute."""
_UPDATING = ("Assign", "Apply", "ResourceApply", "SparseApply", "ResourceScatter", "Scatter", "ResourceSparseApply")
_GRADIENTS = re.compile(r"(?:\A|/)gradients(?:_\d+)?/")
"""The scope that tf.gradients opens."""
HEADS = frozenset({
    "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits", "L2Loss", "CTCLoss", "ArgMax", "InTopK",
    "InTopKV2", "TopK", "TopKV2",
})  # fmt: skip
"""Losses and measures: they and all that is made of them are left out."""
CONTROL = frozenset({
    "Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond", "RefSwitch", "RefMerge", "RefEnter", "RefExit",
    "While", "StatelessWhile", "If", "StatelessIf", "Case", "For", "PartitionedCall", "StatefulPartitionedCall",
    "SymbolicGradient", "PyFunc", "EagerPyFunc", "PyFuncStateless",
})  # fmt: skip


@dataclass(slots=True)
class Source:
    """The graph as read; ``nodes`` are those that the outputs depend on, in dependency order."""

    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    inputs: list[Node] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    users: dict[str, list[Node]] = field(default_factory=dict)
    makers: dict[str, Node] = field(default_factory=dict)
    """Value -> the node that makes it, also of constants that were worked out."""
    initial: dict[str, Any] = field(default_factory=dict)
    """Variable -> the initialiser that fills it, as a layer's parameter says it."""
    problems: list[Problem] = field(default_factory=list)


class Graph:
    """The nodes of a file by name, with inputs resolved through those that only pass on."""

    def __init__(self, message: Any) -> None:
        if len(message.node) > MOST_NODES:
            raise TooLarge("the nodes of the graph", MOST_NODES, len(message.node))
        self.problems: list[Problem] = []
        self.messages: dict[str, Any] = {}
        for one in message.node:
            if one.name in self.messages or not one.name or not one.op:
                rule = "every node must have an operator and a name of its own"
                self.problems.append(Unmappable(rule, one.name or one.op or None).problem(spec_name(one.name)))
            self.messages.setdefault(one.name, one)
        self.functions = {one.signature.name for one in message.library.function}
        self.inputs = {name: [tensor(ref) for ref in one.input if not ref.startswith("^")]
                       for name, one in self.messages.items()}  # fmt: skip
        self._check_inputs()
        self.dead = set[str]()
        """Nodes of branches that are not taken."""
        self.flags: dict[str, bool] = {}
        """Placeholders of truth values, which inference takes as false."""
        self.heads: set[str] = set()
        """Losses and measures."""
        self.alias: dict[str, str] = {}
        self.marks = {name for name, one in self.messages.items() if any(entry.key == KEY for entry in one.attr)}
        """Nodes that say of themselves that they end a layer of many nodes, and below what they say."""
        self.marked: dict[str, Mark] = {}
        self.passed: set[str] = set()
        """Nodes that only pass on what a layer of many nodes reads."""
        for name, one in self.messages.items():
            if name in self.marks:
                continue
            if one.op in ALIASES and self.inputs[name]:
                self.alias[name] = self.inputs[name][0]
            elif one.op == "IdentityN":
                self.alias.update({f"{name}:{i}" if i else name: ref for i, ref in enumerate(self.inputs[name])})

    def _check_inputs(self) -> None:
        for name, refs in self.inputs.items():
            missing = [ref for ref in refs if maker(ref) not in self.messages]
            if missing:
                broken = Unmappable("every input of a node must be a node of the graph", missing[0])
                self.problems.append(broken.problem(spec_name(name)))
                self.inputs[name] = [ref for ref in refs if ref not in missing]

    def resolved(self, ref: str) -> str:
        """The value that a reference stands for; a ring of nodes that pass on ends at itself."""
        seen = set[str]()
        while ref in self.alias and ref not in seen:
            seen.add(ref)
            ref = self.alias[ref]
        return ref

    def attribute(self, name: str, key: str, default: Any = None) -> Any:
        """One attribute of a node."""
        found = [entry.value for entry in self.messages[name].attr if entry.key == key]
        return values.value(found[-1]) if found else default

    def node(self, name: str) -> Node:
        """The node with plain attributes. Raises ``Unmappable``."""
        one, mark = self.messages[name], self.marked.get(name)
        if mark is not None:
            ports = (name, *(f"{name}:{port}" for port in range(1, len(mark.outputs))))
            return Node(name, OPERATOR, "", tuple(self.inputs[name]), ports, {"mark": mark})
        given = {entry.key: values.value(entry.value) for entry in one.attr if not entry.key.startswith("_")}
        outputs = (name, *(f"{name}:{port}" for port in range(1, 6)))
        return Node(name, one.op, "", tuple(map(self.resolved, self.inputs[name])), outputs, given)


def tensor(ref: str) -> str:
    """``name:0`` is ``name``."""
    return ref.removesuffix(":0")


def maker(ref: str) -> str:
    """The node's name in a reference to one of its outputs."""
    return ref.rpartition(":")[0] if ":" in ref else ref


def source_of(message: Any, report: Report) -> Source:
    """The graph that computes the outputs. Problems are gathered; raises ``TooLarge``."""
    graph, found = Graph(message), Source()
    marks.collapse(graph)
    branches.choose(graph, report)
    fed = [name for name, one in graph.messages.items() if one.op in INPUTS and name not in graph.alias | graph.flags]
    live = _reached(graph, fed)
    _drop_heads(graph, live, report)
    ends = _ends(graph, live)
    found.outputs = list(dict.fromkeys(graph.resolved(name) for name in ends))
    if not found.outputs and not graph.problems:
        graph.problems.append(Unmappable("the graph must compute something from a Placeholder", None).problem(None))
    _walk(graph, found)
    found.problems = [*graph.problems, *found.problems]
    return found


def _reached(graph: Graph, begin: Iterable[str]) -> set[str]:
    """Nodes whose values depend on these."""
    users: dict[str, list[str]] = {}
    for name, refs in graph.inputs.items():
        for ref in refs:
            users.setdefault(maker(graph.resolved(ref)), []).append(name)
            users.setdefault(maker(ref), []).append(name)
    found = set(begin)
    waiting = deque(found)
    while waiting:
        for user in users.get(waiting.popleft(), ()):
            if user not in found:
                found.add(user)
                waiting.append(user)
    return found


def _drop_heads(graph: Graph, live: set[str], report: Report) -> None:
    heads = [name for name in graph.messages if name in live and graph.messages[name].op in HEADS]
    for name in heads:
        report.drops(spec_name(name), graph.messages[name].op, "losses and measures are no part of the net")
    graph.heads = set(heads)
    live -= _reached(graph, heads) | graph.dead | {name for name in live if _GRADIENTS.search(name)}


def _is_update(op: str) -> bool:
    return op in UPDATES or op.startswith(_UPDATING) or op.endswith(("Summary", "SummaryV2"))


def _ends(graph: Graph, live: set[str]) -> list[str]:
    """Nodes that depend on the inputs and that nothing reads, once updates and what only they read are gone.

    What only a gradient reads is none either; what a loss reads first is, its labels are not.
    """
    readers: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    for name, refs in graph.inputs.items():
        for ref in refs:
            (readers if name in live else others).setdefault(maker(ref), set()).add(name)
    gone = {name for name in live if _is_update(graph.messages[name].op)}
    waiting = deque(gone)
    while waiting:
        for ref in graph.inputs[waiting.popleft()]:
            name = maker(ref)
            if name in live and name not in gone and readers[name] <= gone:
                if graph.messages[name].op in INPUTS:
                    continue
                gone.add(name)
                waiting.append(name)
    left = live - gone
    unread = left - graph.passed
    ends = [name for name in graph.messages if name in unread and not readers.get(name, set()) - gone]
    scored = {maker(graph.inputs[head][0]) for head in graph.heads if graph.inputs[head]}
    ends = [name for name in ends if name in readers or not others.get(name) or name in scored]
    return [name for name in ends if graph.messages[name].op not in INPUTS] if len(ends) > 1 else ends


def _walk(graph: Graph, found: Source) -> None:
    """Nodes in dependency order, variables and constants beside them."""
    needed = _needed(graph, found.outputs)
    order = _order(graph, needed)
    if len(order) < len(needed):
        ring = sorted(needed - set(order))
        if not any(graph.messages[name].op in CONTROL for name in ring):
            rule = "the graph must have no cycle"
            graph.problems.append(Unmappable(rule, ring[:4]).problem(spec_name(ring[0])))
        order += ring
    assigned = {graph.resolved(refs[0]): refs[1] for name, refs in graph.inputs.items() if len(refs) == 2
                and graph.messages[name].op in ("Assign", "AssignVariableOp")}  # fmt: skip
    for name in order:
        try:
            _keep(graph, found, name)
        except Unmappable as broken:
            graph.problems.append(broken.problem(spec_name(name)))
    for variable, ref in assigned.items():
        array = found.constants.get(variable)
        config = initializers.config(graph, ref, array.shape) if isinstance(array, Unknown) else None
        if config is not None:
            found.initial[variable] = config
    for node in found.nodes:
        for ref in dict.fromkeys(node.inputs):
            found.users.setdefault(ref, []).append(node)


def _needed(graph: Graph, outputs: Iterable[str]) -> set[str]:
    waiting = [maker(ref) for ref in outputs]
    found = set(waiting)
    while waiting:
        for ref in graph.inputs.get(waiting.pop(), ()):
            name = maker(graph.resolved(ref))
            if name not in found and name in graph.messages:
                found.add(name)
                waiting.append(name)
    return found


def _order(graph: Graph, needed: set[str]) -> list[str]:
    """Kahn's algorithm, in the order of the file where it leaves a choice."""
    left: dict[str, int] = {}
    users: dict[str, list[str]] = {}
    for name in (name for name in graph.messages if name in needed):
        before = {maker(graph.resolved(ref)) for ref in graph.inputs[name]}
        left[name] = len(before)
        for one in before:
            users.setdefault(one, []).append(name)
    ready, order = deque(name for name, count in left.items() if not count), list[str]()
    while ready:
        name = ready.popleft()
        order.append(name)
        for user in users.get(name, ()):
            left[user] -= 1
            if not left[user]:
                ready.append(user)
    return order


def _keep(graph: Graph, found: Source, name: str) -> None:
    """Sort one node into constants, inputs and nodes. Raises ``Unmappable``."""
    op = graph.messages[name].op
    if op in CONTROL or op in graph.functions:
        hint = "freeze the graph for inference, functions inlined, recurrent layers built with unroll=True"
        raise Unmappable("control flow and functions must not be in the graph", op, hint=hint)
    node = graph.node(name)
    if op == "Const":
        value = node.attributes.get("value")
        if not isinstance(value, np.ndarray):  # a text, or nothing: what reads it says so
            return
        found.constants[name] = value
    elif op in VARIABLES:
        sizes = node.attributes.get("shape")
        if sizes is None or None in sizes:
            raise Unmappable("a variable must have a known shape", sizes)
        if any(size > 2**31 for size in sizes) or len(sizes) > 16:
            raise Unmappable("a variable must have a shape that fits into memory", sizes)
        found.constants[name] = unknown(sizes, name)
    elif op in INPUTS:
        found.inputs.append(node)
    else:
        found.nodes.append(node)
    found.makers[name] = node
