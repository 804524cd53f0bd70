"""A GraphDef to a spec and its weights: constants are worked out, templates and the catalogue's maps read the rest."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.maps import Label, Unmappable
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.formats.tensorflow import folding, grouping, moving, normalizing, operators, windows, written
from visualnn_converter.formats.tensorflow.folding import BATCH, OPEN
from visualnn_converter.formats.tensorflow.mapped import attributes, place_mapped, table
from visualnn_converter.formats.tensorflow.matching import replace_templates
from visualnn_converter.formats.tensorflow.moving import FIRST_CHANNELS, Placed
from visualnn_converter.formats.tensorflow.parsing import message
from visualnn_converter.formats.tensorflow.reading import Reading
from visualnn_converter.formats.tensorflow.source import Source, source_of
from visualnn_converter.formats.tensorflow.values import DType
from visualnn_converter.formats.tensorflow.written import OPERATOR
from visualnn_converter.graphreading import REPORTED, Node, Value
from visualnn_converter.lacking import shape_unknown
from visualnn_converter.layout import channels_first, identity
from visualnn_converter.passes import canonical_types, depthwise_of_one, merge_global_flatten, padding_of_nothing
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights
from visualnn_converter.specnames import spec_name

_ODD = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
Operator = Callable[[Any, Node], Placed]
OPERATORS: Mapping[str, Operator] = {
    "Conv2D": windows.convolution, "Conv3D": windows.convolution, "DepthwiseConv2dNative": windows.convolution,
    "Conv2DBackpropInput": windows.convolution, "Conv3DBackpropInputV2": windows.convolution,
    "MaxPool": windows.pool, "AvgPool": windows.pool, "MaxPool3D": windows.pool, "AvgPool3D": windows.pool,
    "ResizeNearestNeighbor": windows.resize, "ResizeBilinear": windows.resize, "@Repeat": windows.repeated,
    "MatMul": operators.product, "BatchMatMul": operators.product, "BatchMatMulV2": operators.product,
    "BiasAdd": operators.bias_add, "Add": operators.arithmetic, "AddV2": operators.arithmetic,
    "Sub": operators.arithmetic, "Mul": operators.arithmetic, "RealDiv": operators.arithmetic,
    "Div": operators.arithmetic, "Neg": operators.negative, "AddN": operators.merge, "Maximum": operators.merge,
    "Minimum": operators.merge, "Concat": operators.concat, "ConcatV2": operators.concat, "Mean": operators.reduced,
    "Max": operators.reduced, "Pad": operators.pad, "PadV2": operators.pad, "StridedSlice": operators.crop,
    "GatherV2": operators.gather, "Gather": operators.gather, "ResourceGather": operators.gather,
    "@Wrapped": operators.wrapped, OPERATOR: written.read, "@Dropout": operators.dropout, "@PRelu": normalizing.prelu,
    "@RmsNorm": normalizing.layer_norm, "@UnitNorm": normalizing.layer_norm,
    "@Normalization": normalizing.normalization,
    "FusedBatchNorm": normalizing.fused, "FusedBatchNormV2": normalizing.fused, "FusedBatchNormV3": normalizing.fused,
    **{f"@BatchNorm{form}": normalizing.batch_norm for form in ("ScaleCenter", "Scale", "Center", "")},
    **{f"@LayerNorm{form}": normalizing.layer_norm for form in ("ScaleCenter", "Scale", "Center", "")},
    "Softmax": normalizing.softmax, "LogSoftmax": normalizing.softmax, "Cast": moving.cast,
    "Transpose": moving.transpose, "ExpandDims": moving.expand, "Squeeze": moving.squeeze, "Reshape": moving.reshape,
    "SpaceToBatchND": moving.spaced, "BatchToSpaceND": moving.gathered,
}  # fmt: skip
_KEEPS_AXES = frozenset({
    "BiasAdd", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Pad", "PadV2", "@PRelu", "@BatchNormScaleCenter",
    "@BatchNormScale", "@BatchNormCenter", "@BatchNorm", "ConcatV2", "Concat",
})  # fmt: skip


def read_model(data: bytes, report: Report, input_shape: Any = None) -> tuple[Spec, Weights | None]:
    """Spec, and weights where the graph holds them. Raises ``ConversionImpossible`` with every obstacle."""
    try:
        reader = _walked(data, report, input_shape)
    except _ODD as error:  # an attribute of another type than TensorFlow gives it
        rule = "the attributes of nodes must have the types and sizes that TensorFlow gives them"
        raise Unmappable(rule, str(error)[:200]) from None
    spec = reader.spec() if not reader.problems else None
    if spec is None or reader.problems:
        raise ConversionImpossible(reader.problems, report.source, report.target)
    for each in (canonical_types, padding_of_nothing, depthwise_of_one, merge_global_flatten):
        spec, _ = each.run(spec, None, report)
    resolved = resolve(spec)
    problems = list(resolved.problems) or _misshapen(resolved, reader)
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    return spec, reader.found_weights()


def _walked(data: bytes, report: Report, input_shape: Any) -> "_Reader":
    source = source_of(message(data), report)
    _fold_constants(source)
    grouping.join(source)
    replace_templates(source)
    reader = _Reader(source, report)
    if not source.problems:
        reader.inputs(input_shape)
        for node in source.nodes:
            reader.node(node)
    reader.problems += source.problems
    return reader


def _fold_constants(source: Source) -> None:
    """Nodes of constants only become constants."""
    left = []
    for node in source.nodes:
        found = None
        if node.inputs and all(ref in source.constants for ref in node.inputs):
            found = folding.fold(node, [source.constants[ref] for ref in node.inputs])
        if found is None:
            left.append(node)
        else:
            source.constants[node.name] = found
    source.nodes = left


def _misshapen(resolved: Any, reader: Reading) -> list[Problem]:
    """Weights that have another shape than the layer, or are not there."""
    problems = []
    for layer in resolved.layers:
        for variable in layer.weights:
            name = f"{layer.weights_of or layer.name}/{variable.name}"
            tensor = reader.weights.get(name)
            found = None if tensor is None else list(tensor.shape)
            if found != list(variable.shape) and name not in reader.missing:
                rule = f"{variable.name} must have the shape {[known(n) for n in variable.shape]}"
                problems.append(problem(rule, found, layer=layer.name))
    return problems


class _Reader(Reading):
    """Walks the nodes in order."""

    def inputs(self, input_shape: Any) -> None:
        """Input layers; pictures with channels first get them last."""
        self.channels_first = False
        for one in self.source.inputs:
            if one.name not in self.source.users and one.name not in self.source.outputs:
                continue
            name = self.name(one.name)
            self.values[one.name] = None
            try:
                self.values[one.name] = self._input(one, name, input_shape)
            except REPORTED:
                continue
            except Unmappable as broken:
                self.problems.append(broken.problem(name))

    def _input(self, one: Node, name: str, input_shape: Any) -> Value:
        given = input_shape.get(one.name) if isinstance(input_shape, dict) else input_shape
        sizes = one.attributes.get("shape")
        if sizes is None or (given is not None and (not sizes or None in sizes[1:])):
            if given is None:
                raise shape_unknown(hint="give input_shape, such as [28, 28, 1]")
            sizes = [None, *given]
        if not isinstance(sizes, list) or not sizes or 0 in sizes:
            raise Unmappable("an input must have a batch axis, and sizes of at least 1", sizes)
        kind = one.attributes.get("dtype")
        dtype = kind.name if isinstance(kind, DType) else "nothing"
        if sizes[0] is not None:
            self.batch.add(sizes[0])
            self.report.note(f"the batch of {sizes[0]} that the file has became a free one")
        label, shape = identity(len(sizes)), sizes[1:]
        if 4 <= len(sizes) <= 5 and self._is_picture(one.name):
            label, shape = channels_first(len(sizes)), [*sizes[2:], sizes[1]]
            self.channels_first = True
            self.report.rewrote(name, f"{sizes[1:]} as {shape}", "channels come last in a spec, first in this file")
        params = {"shape": shape, **({} if dtype == "float32" else {"dtype": dtype})}
        return Value(name, self.place(name, "Placeholder", "Input", params, [])[0], label, dtype)

    def _is_picture(self, name: str) -> bool:
        """Whether the input reaches an operator with channels first, through others that keep the axes."""
        waiting, seen = [name], {name}
        while waiting:
            for user in self.source.users.get(waiting.pop(), []):
                if user.attributes.get("data_format") in FIRST_CHANNELS:
                    return True
                if (user.op in self.elementwise or user.op in _KEEPS_AXES) and user.outputs[0] not in seen:
                    seen.add(user.outputs[0])
                    waiting.append(user.outputs[0])
        return False

    def node(self, node: Node) -> None:
        """Read one node; a node that cannot be read leaves a value behind that nothing is said of."""
        out = node.outputs[0]
        try:
            if out in self.passing:
                self._pass_on(node)
            elif not self._folded(node) and not self._waits(node):
                self.values[out] = None
                self.values[out] = self._read(node)[0]
        except REPORTED:
            pass
        except Unmappable as broken:
            self.problems.append(broken.problem(spec_name(node.name)))
        except _ODD as error:  # sizes that contradict one another
            odd = Unmappable(f"the sizes and attributes of {node.op} must fit together", str(error)[:200])
            self.problems.append(odd.problem(spec_name(node.name)))

    def _pass_on(self, node: Node) -> None:
        ref = next(one for one in node.inputs if one not in self.constants)
        self.values[node.outputs[0]] = self.values.get(ref)
        if ref in self.forms:
            self.forms[node.outputs[0]] = self.forms[ref]

    def _waits(self, node: Node) -> bool:
        """Whether an input could not be read, which is reported already."""
        lost = [ref for ref in node.inputs if self.values.get(ref, self) is None and ref not in self.forms]
        if lost:
            self.values[node.outputs[0]] = None
        return bool(lost)

    def _read(self, node: Node) -> Placed:
        special = OPERATORS.get(node.op)
        if special is None and node.op not in table():
            raise Unmappable("the operator must be one that VisualNN reads", node.op.removeprefix("@"))
        if not node.inputs or len(node.inputs) < _LEAST.get(node.op, 1):
            raise Unmappable(f"{node.op} must have more inputs", len(node.inputs))
        if special is not None:
            return special(self, node)
        if len(node.inputs) > 1:
            raise Unmappable(f"{node.op} must have one input", len(node.inputs))
        value = self.value(node.inputs[0])
        return [place_mapped(self, node, self.scope(node), [value], attributes(node))]

    def _folded(self, node: Node) -> bool:
        """Whether the node's value is a constant, which it is where all its inputs are, or where it is a shape."""
        found = None
        if node.op == "Shape" and node.inputs and node.inputs[0] in self.values:
            if self.values[node.inputs[0]] is None and node.inputs[0] not in self.forms:
                self.values[node.outputs[0]] = None
                return True
            value = self.value(node.inputs[0])
            sizes = [BATCH if axis == 0 else known(value.shape[axis - 1]) or OPEN for axis in value.label]
            found = np.array(sizes, np.int64)
        elif node.inputs and all(ref in self.constants for ref in node.inputs):
            found = folding.fold(node, [self.constants[ref] for ref in node.inputs])
        if found is not None:
            self.constants[node.outputs[0]] = found
        return found is not None

    def spec(self) -> Spec:
        """The spec; outputs lie as in the file unless its pictures do not."""
        outputs: list[str] = []
        for name in self.source.outputs:
            try:
                value = self._output(self.value(name), name)
            except Unmappable as broken:
                self.problems.append(broken.problem(spec_name(name)))
                continue
            if value.ref not in outputs:
                outputs.append(value.ref)
        self.report.mapped = [one for one in self.report.mapped if one.layer in self.layers]
        used = {ref for layer in self.layers.values() for ref in layer.inputs} | set(outputs)
        layers: list[Layer] = []
        for name, layer in self.layers.items():
            if layer.type == "Input" and name not in used:
                self.report.drops(name, "Input", "nothing of the net reads it")
            else:
                layers.append(layer)
        return Spec(name="graph", layers=tuple(layers), outputs=tuple(outputs))

    def _output(self, value: Value, name: str) -> Value:
        plain: Label = identity(value.rank)
        if value.label == plain:
            return value
        if self.channels_first and value.label == channels_first(value.rank):
            self.report.note(f"the output {name!r} has its channels last, as its inputs; in the file they come first")
            return value
        return self.laid(value, plain, name)

    def found_weights(self) -> Weights | None:
        """The tensors; None where the graph is not frozen."""
        if not self.missing:
            return self.weights
        self.report.note(f"the graph is not frozen: the values of {len(self.missing)} weights are not in the file")
        for name in self.weights:
            layer, _, variable = name.rpartition("/")
            self.report.drops(layer, variable, "the file holds some weights only")
        return None


_LEAST = dict.fromkeys((
    "MatMul", "BatchMatMul", "BatchMatMulV2", "BiasAdd", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum",
    "Minimum", "Concat", "ConcatV2", "Mean", "Max", "Pad", "GatherV2", "Gather", "ResourceGather", "Transpose",
    "ExpandDims", "Reshape", "ResizeNearestNeighbor", "ResizeBilinear",
), 2) | {"StridedSlice": 4, "SpaceToBatchND": 3, "BatchToSpaceND": 3, "PadV2": 3}  # fmt: skip
