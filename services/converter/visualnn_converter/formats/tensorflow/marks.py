"""Nodes that a mark says are one layer: found in the file, and taken as one node (``written.py`` reads it)."""

from typing import TYPE_CHECKING

from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.written import HINT, KEY, Mark, mark_of
from visualnn_converter.graphreading import Node
from visualnn_converter.specnames import spec_name

if TYPE_CHECKING:
    from visualnn_converter.formats.tensorflow.source import Graph


def collapse(graph: "Graph") -> None:
    """Put one node in the place of all that each mark covers. What is wrong with a mark becomes a problem."""
    readers: dict[str, set[str]] = {}
    for name, refs in graph.inputs.items():
        for ref in refs:
            readers.setdefault(_maker(graph.resolved(ref)), set()).add(name)
    for name in sorted(graph.marks):
        try:
            mark = mark_of(graph.attribute(name, KEY), graph.inputs.get(name, ()))
            _collapse(graph, name, mark, readers)
        except Unmappable as broken:
            graph.problems.append(broken.problem(spec_name(name)))


def _collapse(graph: "Graph", name: str, mark: Mark, readers: dict[str, set[str]]) -> None:
    inputs, weights = ([graph.resolved(ref) for ref in refs] for refs in (mark.inputs, mark.weights.values()))
    missing = [ref for ref in (*inputs, *weights) if _maker(ref) not in graph.messages or _maker(ref) == name]
    if missing:
        raise Unmappable(f"what {KEY} names must be nodes of the graph", missing[0][:100], hint=HINT)
    inside: dict[str, Node] = {}
    outputs = [graph.resolved(ref) for ref in mark.outputs]
    waiting = [ref for ref in outputs if ref not in inputs]
    while waiting:
        maker = _maker(waiting.pop())
        if maker in inside:
            continue
        if maker not in graph.messages or maker == name or maker in graph.marks:
            raise Unmappable(f"the nodes must be those that {KEY} names", maker, hint=HINT)
        inside[maker] = graph.node(maker)
        waiting += [ref for ref in inside[maker].inputs if ref not in inputs]
    for one, node in inside.items():
        if node.op != "Const" and not readers.get(one, set()) <= {*inside, name}:
            raise Unmappable(f"nodes inside of a layer that {KEY} names must not be read from outside", one, hint=HINT)
    graph.inputs[name] = [*inputs, *weights]
    graph.marked[name] = Mark(mark.type, mark.params, tuple(inputs), mark.weights, tuple(outputs), inside)
    for one, node in inside.items():
        if node.op != "Const":
            graph.passed.update(name for ref in graph.inputs[one] for name in _through(graph, ref))
            del graph.messages[one], graph.inputs[one]


def _through(graph: "Graph", ref: str) -> list[str]:
    """Nodes that only pass a value on, on the way from a reader to what makes it."""
    found: list[str] = []
    while ref in graph.alias and _maker(ref) not in found:
        found.append(_maker(ref))
        ref = graph.alias[ref]
    return found


def _maker(ref: str) -> str:
    return ref.rpartition(":")[0] if ":" in ref else ref
