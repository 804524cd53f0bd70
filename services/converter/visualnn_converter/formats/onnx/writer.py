"""Spec and weights to an ONNX model: labels keep the transposes few, and every obstacle is reported at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import onnx
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue.free import FREE
from visualnn_shared.catalogue.mapping import Written, write_node
from visualnn_shared.catalogue.maps import Context, Label, Map, Unmappable
from visualnn_shared.errors import ConversionImpossible, SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.refs import Ref

from visualnn_converter.formats.onnx import masks
from visualnn_converter.formats.onnx.around import AROUND
from visualnn_converter.formats.onnx.emission import MOVES, Emission, Mask
from visualnn_converter.formats.onnx.graph import Graph, Value
from visualnn_converter.layout import channel_second, channels_first, flat_order, identity, read_by_dense_only
from visualnn_converter.passes import expand_activations
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights
from visualnn_converter.tensors import weight_problems

NUMBERS = frozenset({"Embedding", "CategoryEncoding", "IntegerLookup"})
"""Layers that take whole numbers as they are."""
BROADCASTS = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
"""Layers whose inputs may have different ranks, as Keras broadcasts them."""
LARGEST = 2**31 - 2**20
"""Protobuf messages end at 2 GiB."""


def write_model(spec: Spec, weights: Weights | None, report: Report) -> onnx.ModelProto:
    """The model. Raises ``ConversionImpossible`` with every obstacle."""
    names = spec.outputs
    lowered, _ = expand_activations.run(spec, None, report)
    resolved = resolve(lowered)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, spec.name)
    problems = weight_problems(resolved, weights, "ONNX", LARGEST)
    writer = _Writer(resolved, names, weights or {}, report, dry=bool(problems))
    for layer in resolved.layers:
        writer.layer(layer)
    writer.heads_see_masks()
    problems += writer.problems
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    report.note("ONNX carries inference: dropout, noise, initialisers, regularisers and constraints are left out")
    return writer.model()


class _Writer:
    """Walks the layers in dependency order and keeps the value of every output."""

    def __init__(
        self, resolved: Resolved, names: tuple[str, ...], weights: Weights, report: Report, *, dry: bool
    ) -> None:
        self.resolved, self.weights, self.report = resolved, weights, report
        self.problems: list[Problem] = []
        self.names = names
        reserved = [*names, *(layer.name for layer in resolved.inputs)]
        self.graph = Graph(reserved, dry=dry)
        self.values: dict[Ref, Value] = {}
        self.masks: dict[Ref, Mask | None] = {}
        self.masked_heads: list[str] = []
        self.flattens = read_by_dense_only(resolved)
        self.output_names: dict[str, dict[int, str]] = {}
        inputs = {layer.name for layer in resolved.inputs}
        for (ref, _), name in zip(resolved.outputs, names, strict=True):
            if ref.layer not in inputs:
                self.output_names.setdefault(ref.layer, {}).setdefault(ref.output, name)

    def layer(self, layer: ResolvedLayer) -> None:
        """Emit one layer; a layer that cannot be said leaves values behind, so that the others are still tried."""
        if layer.type == "Input":
            shape = layer.output_shapes[0]
            self.values[Ref(layer.name)] = Value(layer.name, identity(len(shape) + 1), shape, layer.params["dtype"])
            return
        inputs = [self.values[ref] for ref in layer.inputs]
        written = self._written(layer, inputs)
        names = self.output_names.get(layer.name, {})
        given = [self.masks.get(ref) for ref in layer.inputs]
        for index, (value, mask) in enumerate(self._outputs(layer, written, inputs, names, given)):
            ref = Ref(layer.name, index)
            self.values[ref], self.masks[ref] = value, mask
        if layer.type == "MultiHeadAttention" and any(given):
            self.masked_heads.append(layer.name)
        if written is not None:
            self._report(layer, written)

    def heads_see_masks(self) -> None:
        """Of several MultiHeadAttention with masks, Keras lets but one see its own, by the order of its calls."""
        if len(self.masked_heads) > 1:
            rule = "a mask must reach only one MultiHeadAttention of a net: Keras lets the others see none"
            hint = "use GroupQueryAttention, or take mask_zero or the Masking layer away"
            self.problems += [problem(rule, name, layer=name, hint=hint) for name in self.masked_heads]

    def _outputs(
        self,
        layer: ResolvedLayer,
        written: Written | None,
        inputs: list[Value],
        names: Mapping[int, str],
        given: list[Mask | None],
    ) -> list[tuple[Value, Mask | None]]:
        """The values of the layer's outputs with their masks; stand-ins where it cannot be said."""
        if written is not None:
            try:
                emission = self._emission(layer, written, inputs, names)
                emission.masks = given
                masks.check(emission)
                return list(zip(self._emit(emission), masks.after(emission), strict=True))
            except Unmappable as broken:
                self.problems.append(broken.problem(layer.name))
        return [(Value(layer.name, identity(len(shape) + 1), shape), None) for shape in layer.output_shapes]

    def _inner(self, outer: str) -> Callable[[ResolvedLayer, list[Value], list[Mask | None]], list[Value]]:
        """Writes layers that ``outer`` is made of; their problems are its own."""

        def emit(layer: ResolvedLayer, inputs: list[Value], given: list[Mask | None]) -> list[Value]:
            before = len(self.problems)
            outputs = self._outputs(layer, self._written(layer, inputs), inputs, {}, given)
            path = layer.name.removeprefix(f"{outer}/").replace("/", ".")
            for index, found in enumerate(self.problems[before:], start=before):
                param = f"{path}.{found.where.param}" if found.where.param else path
                where = found.where.model_copy(update={"layer": outer, "param": param})
                self.problems[index] = found.model_copy(update={"where": where})
            return [value for value, _ in outputs]

        return emit

    def _written(self, layer: ResolvedLayer, inputs: list[Value]) -> Written | None:
        """The node that says the layer, with labels as the map will have them."""
        problems: list[Problem] = []
        for candidate in layer.entry.maps.get("onnx", ()):
            label = self._label(layer, candidate, inputs)
            context = Context(
                input_shapes=[_sizes(shape) for shape in layer.input_shapes],
                output_shapes=[_sizes(shape) for shape in layer.output_shapes],
                labels=[label] * len(inputs),
            )
            found = write_node("onnx", layer.entry, layer.params, context, layer.name, [candidate])
            if isinstance(found, Written):
                return found
            if found and (not problems or len(found) < len(problems)):
                problems = found
        if not problems:
            rule = "the layer type must have a counterpart in ONNX"
            problems = [problem(rule, layer.type, layer=layer.name, hint=layer.entry.unsaid.get("onnx"))]
        self.problems += problems
        return None

    def _label(self, layer: ResolvedLayer, chosen: Map, inputs: list[Value]) -> Label:
        """The label in which the operator wants its inputs."""
        first = inputs[0]
        layout = chosen.layout or layer.entry.layout
        if layout == "plain" or len({value.rank for value in inputs}) > 1:
            return identity(max(value.rank for value in inputs))
        if layout == "spatial":
            return channels_first(first.rank)
        if layout == "channel":
            return channel_second(first.label, layer.params["axis"])
        if layout == "flatten":
            fixed = FREE not in first.shape
            return first.label if fixed and layer.name in self.flattens else identity(first.rank)
        return max((value.label for value in inputs), key=[value.label for value in inputs].count)

    def _emission(
        self, layer: ResolvedLayer, written: Written, inputs: list[Value], names: Mapping[int, str]
    ) -> Emission:
        """Inputs cast and transposed as the operator wants them."""
        label = self._label(layer, written.map, inputs)
        laid = []
        for value in inputs:
            same_type = layer.type in NUMBERS or (layer.type in MOVES and len({v.dtype for v in inputs}) == 1)
            typed = value if same_type else self.graph.cast(value, "float32")
            laid.append(self.graph.moved(typed, label if typed.rank == len(label) else identity(typed.rank)))
        if layer.type in BROADCASTS:
            laid = [self._raised(value, len(label)) for value in laid]
        return Emission(self.graph, layer, written, laid, self.weights, names, self._inner(layer.name))

    def _raised(self, value: Value, rank: int) -> Value:
        """A merge of different ranks: axes of one behind the batch, as Keras broadcasts."""
        if value.rank == rank:
            return value
        name = self.graph.fresh(f"{value.name}/raised")
        axes = self.graph.constant("int64", list(range(1, 1 + rank - value.rank)))
        self.graph.node("Unsqueeze", [value.name, axes], name, name)
        return replace(value, name=name, label=identity(rank), shape=(*[1] * (rank - value.rank), *value.shape))

    def _emit(self, e: Emission) -> list[Value]:
        if e.layer.type in masks.INSTEAD and e.masks and e.masks[0] and len(e.inputs) == 1:
            return masks.INSTEAD[e.layer.type](e)
        if e.written.map.around:
            return AROUND[e.written.map.around](e)
        if e.written.op == "Identity":
            return [replace(e.inputs[0], shape=e.layer.output_shapes[0])]
        out = e.out()
        if e.layer.type == "Flatten":
            first = e.inputs[0]
            out = replace(out, flat=flat_order(first.label, first.shape))
        e.main(out.name)
        return [out]

    def _report(self, layer: ResolvedLayer, written: Written) -> None:
        if written.op == "Identity" and not written.map.around:
            self.report.drops(layer.name, layer.type, "it acts in training only, or changes nothing")
        else:
            self.report.maps(layer.name, layer.type, written.op)

    def model(self) -> onnx.ModelProto:
        """Outputs in spec order under the spec's names; transposes where a value lies otherwise."""
        outputs = []
        for (ref, _), name in zip(self.resolved.outputs, self.names, strict=True):
            value = self.values[ref]
            plain = identity(value.rank)
            if value.label != plain:
                perm = [value.label.index(axis) for axis in plain]
                self.graph.node("Transpose", [value.name], name, name, perm=perm)
            elif value.name != name:
                self.graph.node("Identity", [value.name], name, name)
            outputs.append(replace(value, name=name, label=plain))
        inputs = [self.values[Ref(layer.name)] for layer in self.resolved.inputs]
        return self.graph.model(self.resolved.name, inputs, outputs)


def _sizes(shape: Any) -> tuple[Any, ...]:
    """A shape with None for what is not known, as lenses take it."""
    return tuple(None if dim is FREE else dim for dim in shape)
