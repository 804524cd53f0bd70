"""A spec as a prototxt for inference: Input layers, one ``layer`` each, channels first."""

from typing import Any

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue.free import FREE
from visualnn_shared.catalogue.mapping import Written, left, lost, write_node
from visualnn_shared.catalogue.maps import Context, Label
from visualnn_shared.errors import ConversionImpossible, SpecInvalid
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.refs import Ref

from visualnn_converter.formats.caffe.caffemodel import render as render_net
from visualnn_converter.formats.caffe.prototxt import render
from visualnn_converter.formats.caffe.schema import PARAMS
from visualnn_converter.formats.caffe.weights import Carrier, sizes, unlike
from visualnn_converter.layout import (
    Flat,
    channels_first,
    flat_order,
    identity,
    is_elementwise,
    matters,
    read_by_dense_only,
)
from visualnn_converter.passes import (
    canonical_types,
    depthwise_of_one,
    expand_activations,
    fold_padding,
    keep_dims,
    padding_in_cells,
    padding_of_nothing,
    pools_rounding_up,
    short_types,
    split_batchnorm_scale,
)
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights, resolved_once
from visualnn_converter.tensors import weight_problems

_PASSES = (
    short_types, expand_activations, canonical_types, depthwise_of_one, padding_of_nothing, keep_dims,
    padding_in_cells, fold_padding, pools_rounding_up, split_batchnorm_scale,
)  # fmt: skip


LARGEST = 2**31 - 2**20
"""Protobuf messages end at 2 GiB."""


def lower(spec: Spec, report: Report, weights: Weights | None = None) -> tuple[Spec, Weights | None]:
    """The spec in Caffe's terms: one layer is one Caffe layer; tensors go along."""
    for rewrite in _PASSES:
        spec, weights = rewrite.run(spec, weights, report)
    return spec, weights


def without_lost(spec: Spec) -> Spec:
    """Without what the text does not carry: training parameters and types of inputs."""
    layers = []
    for layer in resolve(spec).layers:
        context = Context(
            input_shapes=layer.input_shapes, labels=[_label(len(shape) + 1) for shape in layer.input_shapes]
        )
        written = write_node("caffe", layer.entry, layer.params, context, layer.name)
        params = left(written.map, layer.entry, layer.params) if isinstance(written, Written) else dict(layer.params)
        if layer.type == "Input":
            params.pop("dtype", None)
        inputs = tuple(map(str, layer.inputs))
        layers.append(
            Layer(name=layer.name, type=layer.type, params=params, inputs=inputs, weights_of=layer.weights_of)
        )
    return spec.model_copy(update={"layers": tuple(layers)})


def write_model(spec: Spec, report: Report) -> str:
    """The text. Raises ``ConversionImpossible`` with every obstacle."""
    lowered, _ = lower(spec, report)
    writer = _written(lowered, report)
    if writer.problems:
        raise ConversionImpossible(writer.problems, report.source, report.target)
    return render({"name": spec.name, "layer": writer.messages})


def write_blobs(spec: Spec, weights: Weights, report: Report) -> bytes:
    """The weights as the binary file that belongs to the text. Raises ``ConversionImpossible`` with every obstacle."""
    resolved = resolve(spec)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, spec.name)
    problems = weight_problems(resolved, weights, "Caffe", LARGEST)
    lowered, tensors = lower(spec, report, weights)
    writer = _written(lowered, report)
    problems += [*writer.problems, *unlike(writer.carriers)]
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    layers = []
    for message in writer.messages:
        carrier = writer.carriers.get(message["name"])
        layers.append((message, carrier.written(tensors or {}) if carrier else []))
    return render_net(spec.name, layers)


def _written(lowered: Spec, report: Report) -> "_Writer":
    resolved = resolved_once(lowered)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, lowered.name)
    writer = _Writer(resolved, report)
    for layer in _in_order(resolved):
        writer.layer(layer)
    writer.check_outputs()
    return writer


def _in_order(resolved: Resolved) -> list[ResolvedLayer]:
    """Layers in an order in which a reader meets the outputs as the spec lists them: the format has no list of them."""
    wanted = list(dict.fromkeys(ref.layer for ref, _ in resolved.outputs))
    if [layer.name for layer in resolved.layers if layer.name in wanted] == wanted:
        return list(resolved.layers)
    kept = {ref.layer for layer in resolved.layers for ref in layer.inputs} | {
        layer.weights_of for layer in resolved.layers
    }
    last = {layer.name: layer for layer in resolved.layers if layer.name in wanted and layer.name not in kept}
    return [*(one for one in resolved.layers if one.name not in last), *(last[name] for name in wanted if name in last)]


class _Writer:
    def __init__(self, resolved: Resolved, report: Report) -> None:
        self.resolved, self.report = resolved, report
        self.messages: list[dict[str, Any]] = []
        self.problems: list[Problem] = []
        self.carriers: dict[str, Carrier] = {}
        self._by_name = {layer.name: layer for layer in resolved.layers}
        self._free = read_by_dense_only(resolved)
        self._owners = {layer.weights_of for layer in resolved.layers if layer.weights_of}
        self._implicit = self._implicit_flattens()

    def _implicit_flattens(self) -> dict[str, Ref]:
        """Flatten layers that only an InnerProduct reads, which flattens by itself, and what they flatten."""
        users: dict[str, list[ResolvedLayer]] = {}
        for layer in self.resolved.layers:
            for ref in layer.inputs:
                users.setdefault(ref.layer, []).append(layer)
        return {
            layer.name: layer.inputs[0]
            for layer in self.resolved.layers
            if layer.type == "Flatten"
            and layer.name in self._free
            and users.get(layer.name)
            and all(user.type == "Dense" and f"{user.name}/flatten" == layer.name for user in users[layer.name])
        }

    def layer(self, layer: ResolvedLayer) -> None:
        """Append one layer; what cannot be said is a problem."""
        if layer.type == "Input":
            self._input(layer)
        elif layer.name in self._implicit:
            self.report.rewrote(layer.name, "left to InnerProduct", "InnerProduct flattens by itself")
        else:
            self._computing(layer)

    def _input(self, layer: ResolvedLayer) -> None:
        shape = layer.output_shapes[0]
        if FREE in shape:
            rule = "the input must have a known size in this format"
            self.problems.append(problem(rule, layer.params["shape"], layer=layer.name))
            return
        dims = [1, *(shape[axis - 1] for axis in _label(len(shape) + 1)[1:])]
        if len(shape) == 3:
            self.report.note("inputs of pictures are channels, height, width in Caffe")
        if layer.params["dtype"] != "float32":
            self.report.drops(layer.name, f"dtype {layer.params['dtype']}", "Caffe's blobs are floats")
        self.messages.append(
            {"name": layer.name, "type": "Input", "top": layer.name, "input_param": {"shape": {"dim": dims}}}
        )
        self.report.maps(layer.name, "Input", "Input")

    def _computing(self, layer: ResolvedLayer) -> None:
        if self._order_is_seen(layer):
            return
        context = Context(
            input_shapes=[tuple(None if dim is FREE else dim for dim in shape) for shape in layer.input_shapes],
            output_shapes=layer.output_shapes,
            labels=[_label(len(shape) + 1) for shape in layer.input_shapes],
        )
        if layer.type == "Dense" and layer.inputs[0].layer in self._implicit:
            context.labels = [identity(2)]
        written = write_node("caffe", layer.entry, layer.params, context, layer.name)
        if not isinstance(written, Written):
            self.problems += written
            return
        bottoms = [str(self._source(ref)) for ref in layer.inputs]
        message: dict[str, Any] = {"name": layer.name, "type": written.op, "bottom": bottoms, "top": _tops(layer)}
        shared = layer.weights_of or (layer.name if layer.name in self._owners else None)
        if shared is not None:
            message["param"] = [{"name": f"{shared}/{variable.name}"} for variable in layer.weights]
        if written.attributes:
            message[PARAMS[written.op]] = written.attributes
        self.messages.append(message)
        if layer.weights:
            self.carriers[layer.name] = self._carrier(layer, written)
        self.report.maps(layer.name, layer.type, written.op)
        for param in lost(written.map, layer.entry, layer.params):
            self.report.drops(layer.name, param, "Caffe has no counterpart; it acts in training only")

    def _carrier(self, layer: ResolvedLayer, written: Written) -> Carrier:
        """What the layer's blobs are."""
        shapes = {variable.name: sizes(variable.shape) for variable in layer.weights}
        flat = self._flattened(layer.inputs[0]) if layer.type == "Dense" else None
        return Carrier(layer.name, layer.name, written.map, layer.params, shapes, layer.weights_of, flat)

    def _flattened(self, ref: Ref) -> Flat | None:
        """What the values were flattened from, where Caffe's order is not the spec's."""
        layer = self._by_name[ref.layer]
        while is_elementwise(layer):
            layer = self._by_name[layer.inputs[0].layer]
        shape = layer.input_shapes[0] if layer.type == "Flatten" else ()
        return flat_order(_label(len(shape) + 1), shape)

    def _source(self, ref: Ref) -> Ref:
        """Through an implicit Flatten to what it flattens."""
        return self._implicit.get(ref.layer, ref)

    def _order_is_seen(self, layer: ResolvedLayer) -> bool:
        """Layers that see the order of a picture's values, which Caffe has channels first."""
        shape = layer.input_shapes[0]
        label = _label(len(shape) + 1)
        seen = layer.type == "Reshape" or (layer.type == "Flatten" and layer.name not in self._free)
        made = layer.type in ("Reshape", "Embedding") and len(layer.output_shapes[0]) == 3
        picture = layer.type == "Dense" and len(shape) == 3
        if not (seen and matters(label, shape)) and not made and not picture:
            return False
        rule = f"{layer.type} must not depend on the order of a picture's values: Caffe has channels first"
        hint = "use a 1 x 1 Conv2D" if picture else None
        self.problems.append(
            problem(rule, [None if dim is FREE else dim for dim in shape], layer=layer.name, hint=hint)
        )
        return True

    def check_outputs(self) -> None:
        """Caffe's outputs are the tops of layers that nothing reads."""
        used = {ref for layer in self.resolved.layers for ref in layer.inputs}
        used.update(Ref(layer.name) for layer in self.resolved.inputs)
        outputs = {ref for ref, _ in self.resolved.outputs}
        for layer in self.resolved.layers:
            made = [Ref(layer.name, position) for position in range(len(layer.output_shapes))]
            unread = [str(ref) for ref in made if ref not in used and ref not in outputs]
            if unread:
                self.messages.append({"name": f"{layer.name}/silence", "type": "Silence", "bottom": unread})
        for ref in outputs:
            if ref in used:
                rule = "an output must be a layer that computes and that no other layer reads, in this format"
                self.problems.append(problem(rule, str(ref), layer=ref.layer, field="outputs"))


def _tops(layer: ResolvedLayer) -> str | list[str]:
    """A blob for each output, named as a spec refers to it."""
    tops = [str(Ref(layer.name, position)) for position in range(len(layer.output_shapes))]
    return tops[0] if len(tops) == 1 else tops


def _label(rank: int) -> Label:
    return channels_first(rank) if rank == 4 else identity(rank)
