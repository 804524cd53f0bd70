"""Spec and weights to a GraphDef for inference; every obstacle is reported at once."""

import re
from collections.abc import Sequence
from typing import Any

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.mapping import Written, write_node
from visualnn_shared.catalogue.maps import Context, Unmappable
from visualnn_shared.errors import ConversionImpossible, SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem

from visualnn_converter.formats.tensorflow import written as marked
from visualnn_converter.formats.tensorflow.around import AROUND
from visualnn_converter.formats.tensorflow.composed import COMPOSED
from visualnn_converter.formats.tensorflow.emission import MOVES, Emission
from visualnn_converter.formats.tensorflow.graph import Graph, whole
from visualnn_converter.formats.tensorflow.templates import OWN
from visualnn_converter.formats.tensorflow.values import DType
from visualnn_converter.layout import identity
from visualnn_converter.passes import (
    expand_activations,
    expand_separable,
    explicit_padding,
    legal_names,
    padding_of_nothing,
    pools_as_same,
)
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights
from visualnn_converter.tensors import weight_problems

LARGEST = 2**31 - 2**20
"""Protobuf messages end at 2 GiB."""
_ILLEGAL = re.compile(r"[^A-Za-z0-9_.\\/>-]")
PADDED = frozenset({"Conv3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "MaxPooling3D"})
"""Layers whose operators pad by no cells."""


def legal(name: str) -> str:
    """As TensorFlow allows names of nodes."""
    cleaned = _ILLEGAL.sub("_", name).strip("/") or "layer"
    return cleaned if re.match(r"[A-Za-z0-9.]", cleaned) else f"n{cleaned}"


def lower(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """The spec in layers that one operator or template says."""
    spec, weights = expand_separable.run(spec, weights, report)
    spec, weights = expand_activations.run(spec, weights, report)
    for each in (padding_of_nothing, pools_as_same):
        spec, weights = each.run(spec, weights, report)
    return explicit_padding.run(spec, weights, report, PADDED)


def write_model(spec: Spec, weights: Weights | None, report: Report) -> Any:
    """The GraphDef message. Raises ``ConversionImpossible`` with every obstacle."""
    spec, weights = legal_names.run(spec, weights, report, legal)
    spec, weights = lower(spec, weights, report)
    resolved = resolve(spec)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, spec.name)
    problems = weight_problems(resolved, weights, "TensorFlow", LARGEST)
    writer = _Writer(resolved, weights or {}, report)
    for layer in resolved.layers:
        writer.layer(layer)
    problems += writer.problems
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    report.note("the graph is for inference: dropout, noise, initialisers, regularisers and constraints are left out")
    writer.outputs()
    return writer.graph.message


class _Writer:
    """Walks the layers in dependency order."""

    def __init__(self, resolved: Resolved, weights: Weights, report: Report) -> None:
        self.resolved, self.weights, self.report = resolved, weights, report
        self.problems: list[Problem] = []
        self.graph = Graph([layer.name for layer in resolved.layers])
        self.needed = _needed(resolved)
        self.shared: dict[tuple[str, str, tuple[int, ...]], str] = {}

    def layer(self, layer: ResolvedLayer) -> None:
        """Write one layer; one that cannot be said leaves a value behind, so that the others are still tried."""
        if layer.name not in self.needed:
            self.report.drops(layer.name, layer.type, "no output of the net depends on it")
            self.graph.dtypes[layer.name] = "float32"
            return
        if layer.type == "Input":
            shape = (None, *map(known, layer.output_shapes[0]))
            self.graph.placeholder(layer.name, layer.params["dtype"], shape)
            return
        try:
            written = self._written(layer)
            if written is not None:
                self._emit(layer, written)
        except Unmappable as broken:
            self.problems.append(broken.problem(layer.name))
        for port in range(len(layer.output_shapes)):
            self.graph.dtypes.setdefault(_value(layer.name, port), "float32")

    def _written(self, layer: ResolvedLayer) -> Written | None:
        context = Context(
            input_shapes=[_sizes(shape) for shape in layer.input_shapes],
            output_shapes=[_sizes(shape) for shape in layer.output_shapes],
            labels=[identity(len(shape) + 1) for shape in layer.input_shapes],
        )
        found = write_node("tensorflow", layer.entry, layer.params, context, layer.name)
        if isinstance(found, Written):
            return found
        self.problems += found
        return None

    def _emit(self, layer: ResolvedLayer, written: Written) -> None:
        e = Emission(
            self.graph,
            layer,
            written,
            [_value(ref.layer, ref.output) for ref in layer.inputs],
            self.weights,
            self.shared,
        )
        e.inputs = self._inputs(e)
        if written.map.around in COMPOSED:
            marked.emit(e)
        elif written.map.around:
            AROUND[written.map.around](e)
        elif written.op.startswith(OWN):
            e.template(written.op[1:], {})
        else:
            e.last(written.op, e.inputs, **e.attributes)
        if written.op == "Identity":
            self.report.drops(layer.name, layer.type, "it acts in training only, or changes nothing")
        else:
            self.report.maps(layer.name, layer.type, written.op.removeprefix(OWN))

    def _inputs(self, e: Emission) -> list[str]:
        """Inputs of the type and the rank that the operator takes."""
        dtypes = {self.graph.dtypes[name] for name in e.inputs}
        names = list(e.inputs)
        if e.layer.type != "Embedding" and not (e.layer.type in MOVES and len(dtypes) == 1):
            names = [name if self.graph.dtypes[name] == "float32" else e.node("Cast", [name], DstT=DType("float32"))
                     for name in names]  # fmt: skip
        if e.written.map.around in COMPOSED:
            return names
        rank = max(len(shape) for shape in e.layer.input_shapes)
        for number, shape in enumerate(e.layer.input_shapes):
            for _ in range(rank - len(shape)):
                names[number] = e.node("ExpandDims", [names[number], e.constant("axis", whole(1))])
        return names

    def outputs(self) -> None:
        """A graph lists no outputs: they are what nothing reads, in order; where that is not so, it is made so."""
        names = [_value(ref.layer, ref.output) for ref, _ in self.resolved.outputs]
        read = {ref.layer for layer in self.resolved.layers for ref in layer.inputs}
        order = [layer.name for layer in self.resolved.layers if layer.name in names]
        if names == order and not read.intersection(names) and not any(self._is_input(name) for name in names):
            return
        for name in names:
            first, _, port = name.partition(":")
            output = self.graph.fresh(f"{first}/output" + (f"_{port}" if port else ""))
            self.graph.node("Identity", [name], output)
            self.report.note(f"the output {name!r} is {output!r} in the graph")

    def _is_input(self, name: str) -> bool:
        return any(layer.name == name for layer in self.resolved.inputs)


def _value(layer: str, output: int) -> str:
    """A layer's output as TensorFlow names it."""
    return f"{layer}:{output}" if output else layer


def _needed(resolved: Resolved) -> set[str]:
    """Layers that outputs depend on, and all inputs."""
    found = {ref.layer for ref, _ in resolved.outputs} | {layer.name for layer in resolved.inputs}
    for layer in reversed(resolved.layers):
        if layer.name in found:
            found.update(ref.layer for ref in layer.inputs)
    return found


def _sizes(shape: Sequence[Any]) -> tuple[Any, ...]:
    """A shape with None for what is not known, as lenses take it."""
    return tuple(None if dim is FREE else dim for dim in shape)
